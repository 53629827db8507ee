import { expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { plainText } from "../../../src/core/card.ts";
import { type Proposal, stepKey } from "../../../src/core/proposal.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { recall, rememberedUntil } from "../../../src/flows/remedy/recall.ts";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { verify } from "../../../src/flows/remedy/verify.ts";
import type { Ended } from "../../../src/ports/store.ts";
import { aLook } from "../../fakes/actions.ts";
import { advanced, anEntry, aProposal, aVote, bob, NOW } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;

function ready(): Proposal {
  const { identity, precondition } = aLook();
  return aProposal({ looks: [{ identity, precondition }] });
}

/** The bot, when the journal says that the first step of that proposal was begun. */
async function restarted(clinic: Clinic, proposal: Proposal): Promise<string[]> {
  const ended: string[] = [];
  const journal = {
    ...clinic.journal,
    all: async () => [{ key: stepKey(proposal, 0), proposal: proposal.id, fence: 3 }],
    ended: async (key: string) => void ended.push(key),
  };
  await recall({ ...clinic.deps, journal });
  return ended;
}

it.each(["pending", "approved"] as const)(
  "what was begun and is %s in an older copy of the store is unknown, never run",
  async (status) => {
    const clinic = new Clinic();
    const proposal = await (status === "pending" ? clinic.put(ready()) : clinic.approved(ready()));
    expect(await restarted(clinic, proposal)).toEqual([]);
    expect(await clinic.get()).toMatchObject({ status: "unknown", fence: 3 });
    expect(await clinic.trail()).toContain(`recall: ${status} -> unknown`);
    clinic.hands.action().found = "ran";
    await sweep(clinic.deps, new Set())(SIGNAL);
    const executing = execute(clinic.deps);
    await executing.round(SIGNAL);
    await executing.idle();
    expect(clinic.hands.effects).toEqual([]);
    expect((await clinic.get()).status).toBe("succeeded");
  },
);

it("what the store knows as ended is taken out of the journal, and what is open stays", async () => {
  const clinic = new Clinic();
  const proposal = await clinic.put({ ...ready(), status: "started", lease: { owner: "w0", until: clinic.now + 15 } });
  expect(await restarted(clinic, proposal)).toEqual([]);
  expect((await clinic.get()).status).toBe("started");
  const other = new Clinic();
  const ended = await other.put({ ...ready(), status: "succeeded" });
  expect(await restarted(other, ended)).toEqual([stepKey(ended, 0)]);
});

const RAN = { outcome: "succeeded", startedAt: NOW + 30, endedAt: NOW + 31, until: NOW + 99_999 } as const;

/** A clinic whose journal knows how that proposal's first step ended. */
async function remembering(clinic: Clinic, proposal: Proposal, ran: Ended = RAN): Promise<void> {
  await clinic.journal.began(stepKey(proposal, 0), proposal.id, 1);
  await clinic.journal.ended(stepKey(proposal, 0), ran);
}

it.each(["pending", "approved"] as const)(
  "what ran and is %s in an older copy of the store becomes what it came to, and is not offered again",
  async (status) => {
    const clinic = new Clinic();
    const proposal = await (status === "approved" ? clinic.approved(ready()) : clinic.put(ready()));
    await remembering(clinic, proposal);
    expect(await recall(clinic.deps)).toBe(true);
    const found = await clinic.get();
    expect(found).toMatchObject({ status: "succeeded", fence: 1, startedAt: RAN.startedAt, endedAt: RAN.endedAt });
    const card = proposalCard(found, { now: clinic.now, zone: "UTC", mode: "act", isStopped: false });
    expect(plainText(card)).toContain("It ran at 2026-09-21 14:13:50 UTC, though the store no longer knew that");
    expect(JSON.stringify(card)).not.toContain('"approve"');
    expect(await recall(clinic.deps)).toBe(true); // once is enough
    expect(await clinic.trail()).toEqual(expect.arrayContaining([`recall: ${status} -> succeeded`]));
    expect((await clinic.get()).revision).toBe(found.revision);
  },
);

it("what the journal knows is compared with each new incarnation of the store, before anything starts there", async () => {
  const clinic = new Clinic();
  await clinic.approved(ready());
  const executing = execute(clinic.deps);
  await executing.round(SIGNAL);
  await executing.idle();
  expect(clinic.hands.effects).toHaveLength(1);
  expect((await clinic.get()).status).toBe("succeeded");
  // The same proposal in another store that knows nothing of all this, as an older copy does, and approved there once more.
  const older = new Clinic();
  const again = await older.put(ready());
  const vote = { kind: "vote", vote: aVote(again), rule: again.spec.rule, epoch: "another" } as const;
  await older.store.proposals.replace(advanced(again, vote).proposal, [anEntry({ action: "approve" })]);
  clinic.deps.store = { ...older.store, proposals: { ...older.store.proposals, epoch: async () => "another" } };
  await executing.round(SIGNAL);
  await executing.idle();
  expect(clinic.hands.effects).toHaveLength(1);
  expect((await older.get()).status).toBe("succeeded");
  expect(await older.trail()).toContain("recall: approved -> succeeded");
});

it("nothing is begun twice under one key, also where the store came back between two looks", async () => {
  const clinic = new Clinic();
  const executing = execute(clinic.deps);
  await executing.round(SIGNAL);
  const proposal = await clinic.approved(ready());
  await remembering(clinic, proposal);
  await executing.round(SIGNAL);
  await executing.idle();
  expect(clinic.hands.effects).toEqual([]);
  expect((await clinic.get()).status).toBe("succeeded");
});

it("a stop before the first step leaves nothing to remember: it may be offered again", async () => {
  const clinic = new Clinic({ point: (point) => point === "before effect" && void clinic.store.stop.press(bob, "no") });
  await clinic.approved(ready());
  const executing = execute(clinic.deps);
  await executing.round(SIGNAL);
  await executing.idle();
  expect(clinic.hands.effects).toEqual([]);
  expect(await clinic.journal.all()).toEqual([]);
});

it("says nothing about another attempt, which is under way", async () => {
  const clinic = new Clinic();
  const other = { status: "started", startedAt: NOW + 500, lease: { owner: "w2", until: clinic.now + 15 } } as const;
  const proposal = await clinic.put({ ...ready(), ...other });
  await remembering(clinic, proposal);
  await recall(clinic.deps);
  expect((await clinic.get()).status).toBe("started");
});

it("one that was cut off, and that the store calls started, is what the journal says", async () => {
  const clinic = new Clinic();
  const proposal = await clinic.put({ ...ready(), status: "started", startedAt: RAN.startedAt });
  await remembering(clinic, proposal, { ...RAN, outcome: "partial" });
  await recall(clinic.deps);
  expect((await clinic.get()).status).toBe("partial");
});

it("what ended is remembered for longer than any approval of it can be good for", () => {
  const { spec } = ready();
  expect(rememberedUntil(spec)).toBeGreaterThan(spec.approveBy + spec.rule.executeDelay + spec.rule.executeWithin);
});

it("a proposal that the store has lost is told about", async () => {
  const clinic = new Clinic();
  expect(await restarted(clinic, ready())).toEqual([]);
  expect(clinic.said).toEqual(["what the journal says was begun cannot be looked after"]);
});

it("what was begun and found to have run is given a verdict like any other", async () => {
  const clinic = new Clinic();
  const proposal = await clinic.put(ready());
  await restarted(clinic, proposal);
  clinic.hands.action().found = "ran";
  await sweep(clinic.deps, new Set())(SIGNAL);
  await sweep(clinic.deps, new Set())(SIGNAL);
  expect((await clinic.get()).status).toBe("verifying");
  clinic.now += 3600;
  await verify({ ...clinic.deps, undo: async () => {} })(SIGNAL);
  expect((await clinic.get()).status).toBe("no_effect");
});
