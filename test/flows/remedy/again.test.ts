import { describe, expect, it } from "vitest";
import type { Need } from "../../../src/core/need.ts";
import type { Proposal } from "../../../src/core/proposal.ts";
import { again, undoByItself } from "../../../src/flows/remedy/again.ts";
import { change } from "../../../src/flows/remedy/change.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { propose } from "../../../src/flows/remedy/propose.ts";
import { verify } from "../../../src/flows/remedy/verify.ts";
import { aLook } from "../../fakes/actions.ts";
import { ann, aProposal, aVote, bob, NOW, THREAD } from "../../fakes/proposals.ts";
import { aRunbook, Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;

const scaling = aRunbook({
  id: "scale",
  params: {
    name: { type: "text", about: "Its name.", pattern: "[a-z-]{1,63}", required: true, from: ["user"] },
    cluster: { type: "text", about: "Which.", oneOf: ["prod"], required: false, from: ["user"], default: "prod" },
    replicas: { type: "integer", about: "How many.", min: 0, max: 50, required: true, from: ["user"] },
  },
  target: { kind: "deployment", name: "{{ params.name }}", key: "{{ params.cluster }}/{{ params.name }}" },
  steps: [
    {
      name: "scale",
      uses: "kubernetes/restart",
      with: { name: "{{ params.name }}", replicas: "{{ params.replicas }}" },
    },
  ],
  matches: { asks: [{ verb: "scale", kinds: ["deployment"] }], alerts: [], anomalies: [] },
});

function aNeed(name: string, replicas: number, more: Partial<Need> = {}): Need {
  return {
    action: { type: "scale", target: name, params: {} },
    kinds: ["deployment"],
    values: { name: { value: name, origin: "user" }, replicas: { value: replicas, origin: "user" } },
    environment: "production",
    source: undefined,
    requester: ann,
    places: [THREAD],
    cause: { kind: "ask", text: `scale ${name}` },
    facts: [],
    ...more,
  };
}

async function proposed(clinic: Clinic): Promise<Proposal> {
  clinic.runbooks.push(scaling);
  const made = await propose(clinic.deps, aNeed("checkout", 3), SIGNAL);
  if (made.kind !== "proposed") throw new Error(JSON.stringify(made));
  return made.proposal;
}

describe("changed parameters", () => {
  const changed = (clinic: Clinic, proposal: Proposal, values: Readonly<Record<string, string>>) =>
    again(clinic.deps, proposal, { kind: "change", values }, bob, SIGNAL);

  it("make a new proposal, whose defaults are the runbook's, and end the old one", async () => {
    const clinic = new Clinic();
    const old = await proposed(clinic);
    const made = await changed(clinic, old, { name: "checkout", cluster: "prod", replicas: "4" });
    expect(made).toMatchObject({
      proposal: {
        status: "pending",
        votes: [],
        spec: { requester: bob, params: { replicas: { value: 4 }, cluster: { value: "prod", origin: "default" } } },
      },
    });
    expect((await clinic.get(old.id)).status).toBe("superseded");
  });

  it("that come to the same values leave the proposal as it is", async () => {
    const clinic = new Clinic();
    const old = await proposed(clinic);
    expect(await changed(clinic, old, { replicas: "03" })).toEqual({
      reason: "Nothing is different, so the proposal stays as it is.",
    });
    expect((await clinic.get(old.id)).status).toBe("pending");
  });

  it("keep the limits of the runbook", async () => {
    const clinic = new Clinic();
    const old = await proposed(clinic);
    expect(await changed(clinic, old, { replicas: "51" })).toHaveProperty("reason");
    expect((await clinic.get(old.id)).status).toBe("pending");
  });

  it("are not for a way back: the runbook would make the change instead", async () => {
    const clinic = new Clinic();
    await proposed(clinic);
    const { spec } = await clinic.get("p1");
    const back = await clinic.put(
      aProposal({ ...spec, id: "b1", cause: { kind: "rollback", text: "takes back", undoes: "p0" } }),
    );
    expect(await changed(clinic, back, { replicas: "9" })).toEqual({
      reason: "A way back is taken as it is, or not at all.",
    });
    expect((await clinic.get("b1")).status).toBe("pending");
  });
});

/** One that ran and is being watched, with a way back. */
async function watched(clinic: Clinic, auto: boolean, more: Partial<Proposal> = {}): Promise<Proposal> {
  const { identity, precondition } = aLook();
  const proposal = aProposal({
    id: "c1",
    looks: [{ identity, precondition }],
    rollback: { auto, steps: [{ name: "back", uses: "kubernetes/restart", with: { name: "checkout", replicas: 2 } }] },
  });
  return clinic.put({
    ...proposal,
    status: "worse",
    votes: [aVote(proposal, bob)],
    startedAt: NOW,
    endedAt: NOW + 10,
    left: [{ identity, precondition }],
    ...more,
  });
}

async function run(clinic: Clinic): Promise<void> {
  const executing = execute(clinic.deps);
  await executing.round(SIGNAL);
  await executing.idle();
}

describe("the way back by itself", () => {
  const round = (clinic: Clinic) =>
    verify({ ...clinic.deps, undo: (proposal, signal) => undoByItself(clinic.deps, proposal, signal) })(SIGNAL);

  it("is taken once, with the votes of the change and for the one who asked for it", async () => {
    const clinic = new Clinic();
    await watched(clinic, true);
    // The verdict was written, and the bot ended before it came to the way back.
    await round(clinic);
    await round(clinic);
    const { successor } = await clinic.get("c1");
    expect(await clinic.get(successor)).toMatchObject({
      status: "approved",
      votes: [{ person: "bob", reason: "approved with proposal c1" }],
      spec: { requester: ann, cause: { kind: "rollback", undoes: "c1" } },
    });
    await run(clinic);
    await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects.map(({ args }) => args)).toEqual([{ name: "checkout", replicas: 2 }]);
  });

  it("is not made a second time where the bot ended before it was noted", async () => {
    const clinic = new Clinic();
    await watched(clinic, true);
    const { replace } = clinic.store.proposals;
    clinic.store.proposals.replace = async (next, entries) => {
      if (next.id === "c1") throw new Error("the disk is full");
      return replace(next, entries);
    };
    await round(clinic);
    await run(clinic);
    clinic.store.proposals.replace = replace;
    await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toHaveLength(1);
    expect((await clinic.get("c1")).successor).toBe("p1");
  });

  it.each([
    ["where that was not approved with it", false, 0, {}],
    ["long after it ended", true, 3600, {}],
  ] as const)("is not taken %s", async (_, auto, later, more) => {
    const clinic = new Clinic();
    await watched(clinic, auto, more);
    clinic.now += later;
    await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    expect((await clinic.get("c1")).successor).toBeUndefined();
    if (auto) expect((await clinic.get("c1")).note).toContain("The time in which that was approved is over.");
  });

  it("is left to people, who are told once, where somebody changed the target since", async () => {
    const clinic = new Clinic();
    await watched(clinic, true);
    clinic.hands.action().state = aLook({ precondition: { generation: 9 } });
    for (let n = 0; n < 3; n++) await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    const { note, successor } = await clinic.get("c1");
    expect(successor).toBeUndefined();
    expect(note).toMatch(
      /^It got worse\. It was not taken back by itself: .* changed since the change was made \(generation was \d+, is 9\)\.$/,
    );
    expect(clinic.said).toEqual(["a change made things worse and was not taken back by itself"]);
  });

  it("is left to people where its target is another one than the change left", async () => {
    const clinic = new Clinic();
    const shared = aLook();
    await watched(clinic, true, { left: [{ ...shared, identity: { ...shared.identity, url: "https://other" } }] });
    await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    expect((await clinic.get("c1")).note).toMatch(/ is another one than when the change was made\.$/);
  });

  it("is left to people where it could not be read how the change left the target", async () => {
    const clinic = new Clinic();
    await watched(clinic, true, { left: undefined });
    await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    expect((await clinic.get("c1")).note).toContain("could not be read");
  });

  it("is not taken on another thing of the same name: people approved it for the one that was shown", async () => {
    const clinic = new Clinic();
    await watched(clinic, true);
    clinic.hands.action().state = aLook({ identity: { uid: "made anew" } });
    await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    expect((await clinic.get("c1")).successor).toBeUndefined();
    expect(clinic.said).toEqual(["a change made things worse and was not taken back by itself"]);
  });

  it.each([
    ["a stop", async (clinic: Clinic) => clinic.store.stop.press(bob, "smoke")],
    [
      "a freeze",
      async (clinic: Clinic) => {
        const freeze = { kind: "once", name: "sale", zone: "UTC", allow: [], from: NOW, to: NOW + 9999 } as const;
        clinic.policy = { ...clinic.policy, freezes: [freeze] };
      },
    ],
    [
      "another mode",
      async (clinic: Clinic) => {
        clinic.policy = { ...clinic.policy, modes: { default: "propose" } };
      },
    ],
    [
      "an approver who lost the role",
      async (clinic: Clinic) => {
        clinic.roles = { bob: [] };
      },
    ],
  ])("waits for %s as any other change does", async (_, happen) => {
    const clinic = new Clinic();
    await watched(clinic, true);
    await happen(clinic);
    await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
  });

  it("is taken though its runbook is out of use by then", async () => {
    const clinic = new Clinic();
    clinic.runbooks[0] = aRunbook({ state: "deprecated" });
    await watched(clinic, true);
    await round(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toHaveLength(1);
  });
});

describe("the way back by a click", () => {
  const undo = (clinic: Clinic) => clinic.get("c1").then((p) => again(clinic.deps, p, { kind: "undo" }, bob, SIGNAL));

  it("is proposed once, and again only when that one came to nothing", async () => {
    const clinic = new Clinic();
    await watched(clinic, false);
    expect(await undo(clinic)).toMatchObject({ proposal: { status: "pending", votes: [], spec: { requester: bob } } });
    expect(await undo(clinic)).toEqual({ reason: "Proposal p1 takes it back already." });
    clinic.now += 3600;
    await change(clinic.deps, "p1", { kind: "expire" });
    expect(await undo(clinic)).toHaveProperty("proposal");
  });
});
