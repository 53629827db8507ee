import { describe, expect, it } from "vitest";
import type { Proposal } from "../../../src/core/proposal.ts";
import { change } from "../../../src/flows/remedy/change.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { aLook } from "../../fakes/actions.ts";
import { aProposal, aRule, aVote, bob, cleo, NOW } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

/** What changes between an approval and the effect. */

const SIGNAL = new AbortController().signal;

function ready(more: Parameters<typeof aProposal>[0] = {}): Proposal {
  const { identity, precondition } = aLook();
  return aProposal({ looks: [{ identity, precondition }], ...more });
}

async function run(clinic: Clinic): Promise<void> {
  const executing = execute(clinic.deps);
  await executing.round(SIGNAL);
  await executing.idle();
}

describe("an approval that is taken back before the start", () => {
  const rule = aRule({ approvals: 2, rejectsToKill: 2 });

  it("counts no more, though one no alone does not end the proposal", async () => {
    const clinic = new Clinic();
    clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, medium: rule } };
    const proposal = await clinic.put(ready({ rule }));
    const epoch = await clinic.store.proposals.epoch();
    const vote = async (who: typeof bob, decision: "approve" | "reject") =>
      change(clinic.deps, "p1", { kind: "vote", vote: aVote(proposal, who, { decision }), rule, epoch });
    await vote(bob, "approve");
    await vote(cleo, "approve");
    const action = clinic.hands.action();
    const { look } = action;
    // It is claimed by then, and looked at once more.
    action.look = async (...asked) => {
      expect((await clinic.get()).status).toBe("claimed");
      await vote(cleo, "reject");
      return look(...asked);
    };
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    const after = await clinic.get();
    expect(after).toMatchObject({ status: "pending", votes: [{ person: "bob" }, { person: "cleo" }] });
    expect(after).not.toHaveProperty("lease");
    expect(after).not.toHaveProperty("approvedAt");
  });

  it("changes nothing where the others suffice", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.approved(ready());
    const vote = aVote(proposal, cleo, { decision: "reject" });
    await change(clinic.deps, "p1", { kind: "vote", vote, rule: aRule({ rejectsToKill: 2 }), epoch: "" });
    expect((await clinic.get()).status).toBe("approved");
  });
});

it("nothing starts where the mode is no longer act", async () => {
  const clinic = new Clinic();
  await clinic.approved(ready());
  clinic.policy = { ...clinic.policy, modes: { production: "propose", default: "act" } };
  await run(clinic);
  expect(clinic.hands.effects).toEqual([]);
  expect((await clinic.get()).status).toBe("approved");
});

it("a stop that was confirmed while the start was being written comes before the effect", async () => {
  const clinic = new Clinic();
  await clinic.approved(ready());
  const { stop } = clinic.store;
  let reads = 0;
  const read = stop.read.bind(stop);
  clinic.deps.stop.read = async () => {
    const found = await read();
    reads += 1;
    // The second look is the one right before "started" is written.
    if (reads === 2) await stop.press(bob, "smoke");
    return found;
  };
  await run(clinic);
  expect(clinic.hands.effects).toEqual([]);
  expect(await clinic.get()).toMatchObject({ status: "failed", note: expect.stringContaining("emergency stop") });
  expect(clinic.began).toEqual([]);
});

it("a step that is not begun stands behind the one before it, which keeps its own end", async () => {
  const clinic = new Clinic();
  const { identity, precondition } = aLook();
  const steps = ["first", "second"].map((name) => ({
    name,
    uses: "kubernetes/restart",
    with: { name: "checkout" },
  }));
  await clinic.approved(aProposal({ steps, looks: steps.map(() => ({ identity, precondition })) }));
  const action = clinic.hands.action();
  action.ran = async () => {
    action.state = aLook({ identity: { uid: "other" } });
    return { outcome: "succeeded", output: "done" };
  };
  await run(clinic);
  expect(clinic.hands.effects).toHaveLength(1);
  expect(await clinic.get()).toMatchObject({
    status: "partial",
    steps: [
      { name: "first", state: "succeeded", output: "done" },
      { name: "second", state: "failed", output: "Its target is another one than the one that was shown." },
    ],
  });
});

it.each([
  ["started", "unknown"],
  ["pending", "expired"],
] as const)("what was left %s for longer than a week is looked after: %s", async (status, end) => {
  const clinic = new Clinic();
  clinic.hands.action().found = "unknown";
  await clinic.put({ ...ready(), status, fence: 1, lease: { owner: "w0", until: NOW } });
  clinic.now += 30 * 86_400;
  await sweep(clinic.deps, new Set())(SIGNAL);
  expect((await clinic.get()).status).toBe(end);
});
