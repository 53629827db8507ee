import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { plainText } from "../../../src/core/card.ts";
import type { Need } from "../../../src/core/need.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { propose } from "../../../src/flows/remedy/propose.ts";
import { ann, THREAD } from "../../fakes/proposals.ts";
import { aPolicy, aRunbook, Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;
const NEED: Need = {
  action: { type: "logs", target: "checkout", params: {} },
  kinds: ["deployment"],
  values: { name: { value: "checkout", origin: "user" }, namespace: { value: "shop", origin: "label" } },
  environment: "production",
  source: undefined,
  requester: ann,
  places: [THREAD],
  cause: { kind: "ask", text: "logs of checkout" },
  facts: [],
};
const READS = aRunbook({
  ...{ id: "read-logs", title: "Read logs", readOnly: true, risk: "low", cooldown: 0 },
  steps: [{ name: "read the logs", uses: "kubernetes/status", with: { name: "{{ params.name }}" } }],
  matches: { asks: [{ verb: "logs", kinds: ["deployment"] }], alerts: [], anomalies: [] },
});

function clinic(readers: readonly string[] | undefined = ["oncall"], roles: readonly string[] = ["oncall"]): Clinic {
  const made = new Clinic({ actions: ["kubernetes/restart", "kubernetes/status"] });
  made.runbooks.push(READS);
  made.policy = aPolicy(readers === undefined ? {} : { readers });
  made.roles = { ann: roles };
  made.hands.action("kubernetes/status").ran = async () => ({
    outcome: "succeeded",
    output: "12:00 out of memory\n12:01 \u001b[31mrestarting",
  });
  return made;
}

async function asked(world: Clinic, need: Need = NEED) {
  const made = await propose(world.deps, need, SIGNAL);
  if (made.kind !== "proposed") throw new Error(JSON.stringify(made));
  return made.proposal;
}

async function settled(world: Clinic): Promise<void> {
  const executing = execute(world.deps);
  await executing.round(SIGNAL);
  await executing.idle();
}

describe("a runbook that only reads", () => {
  it("runs without an approval for whom the policy lets read, through the journal and the audit, and quotes what it read", async () => {
    const world = clinic();
    const { id, status } = await asked(world);
    expect(status).toBe("approved");
    await settled(world);
    const done = await world.get(id);
    expect(done).toMatchObject({ status: "succeeded", isFree: true, votes: [] });
    expect(await world.trail()).toEqual([
      "propose:  -> approved",
      "claim: approved -> claimed",
      "start: claimed -> started",
      ...["progress: started -> started", "finish: started -> succeeded"],
    ]);
    const card = proposalCard(done, { now: world.now, zone: "UTC", mode: "act", isStopped: false });
    const text = plainText(card);
    expect(text).toContain("12:00 out of memory");
    expect(text).not.toContain("\u001b");
    expect(text).toContain("Approval: none needed: it only reads");
    expect(text).not.toMatch(/Who may approve|Ends without a decision/);
  });

  it.each([
    ["the policy names no readers", clinic([])],
    ["whoever asks has no such role", clinic(["oncall"], ["web"])],
    ["nobody is behind it", clinic(), { requester: undefined }],
  ])("waits for an approval where %s", async (_, world, more: Partial<Need> = {}) => {
    expect((await asked(world, { ...NEED, ...more })).status).toBe("pending");
    await settled(world);
    expect(world.hands.effects).toEqual([]);
  });

  it("waits for an approval when the role is gone by the start", async () => {
    const world = clinic();
    const { id } = await asked(world);
    world.roles = { ann: [] };
    await settled(world);
    expect(world.hands.effects).toEqual([]);
    const after = await world.get(id);
    expect(after.status).toBe("pending");
    expect(after.isFree).toBeUndefined();
  });

  it("is not free, and does not run, when a step of it changes something whatever it says of itself", async () => {
    const world = clinic();
    world.runbooks[1] = { ...READS, steps: [{ ...READS.steps[0]!, uses: "kubernetes/restart" }] };
    const proposal = await asked(world);
    expect(proposal.status).toBe("pending");
    await world.store.proposals.replace(
      {
        ...proposal,
        revision: 2,
        status: "approved",
        isFree: true,
        approvedAt: world.now,
        executeBy: world.now + 60,
        epoch: await world.store.proposals.epoch(),
      },
      [{ actor: "a", platform: "slack", action: "forged", id: proposal.id, hash: "", from: "", to: "", reason: "" }],
    );
    await settled(world);
    expect(world.hands.effects).toEqual([]);
  });

  it("never frees one that changes something", async () => {
    const world = clinic();
    expect((await asked(world, { ...NEED, action: { type: "restart", target: "checkout", params: {} } })).status).toBe(
      "pending",
    );
  });

  it("starts nothing while the emergency stop is on", async () => {
    const world = clinic();
    await asked(world);
    await world.store.stop.press(ann, "");
    await settled(world);
    expect(world.hands.effects).toEqual([]);
  });

  it("is refused with the reason, and nothing is kept, where only what can run is wanted", async () => {
    const bare = new Clinic({ actions: [] });
    bare.runbooks.push(READS);
    expect(await propose(bare.deps, { ...NEED, isOnlyIfRunnable: true }, SIGNAL)).toMatchObject({
      kind: "refused",
      reason: "The runbook read-logs would do it, but no executor for kubernetes/status is configured.",
    });
    expect(await bare.store.proposals.find({ limit: 9 })).toEqual([]);
  });

  it.each(["model", "alert", "anomaly"] as const)("waits for an approval when a %s suggested it", async (kind) => {
    const { status } = await asked(clinic(), { ...NEED, cause: { kind, text: "why is checkout slow?" } });
    expect(status).toBe("pending");
  });
});
