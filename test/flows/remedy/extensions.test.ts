import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { hashOf, type Proposal, type Spec } from "../../../src/core/proposal.ts";
import { again, undoByItself } from "../../../src/flows/remedy/again.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { propose } from "../../../src/flows/remedy/propose.ts";
import { recheck } from "../../../src/flows/remedy/recheck.ts";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { aLook } from "../../fakes/actions.ts";
import { ann, aProposal, aVote, bob, NOW, THREAD } from "../../fakes/proposals.ts";
import { aRunbook, Clinic } from "../../fakes/remedy.ts";

/** An approval is of exactly the code that was shown. */

const SIGNAL = new AbortController().signal;
const DO = "x-board/do";
const BACK = "x-other/back";
const FIRST = { name: "board", hash: "1".repeat(64) };
const SECOND = { name: "board", hash: "2".repeat(64) };
const OTHER = { name: "other", hash: "3".repeat(64) };

const runbook = aRunbook({
  steps: [{ name: "do", uses: DO, with: { name: "{{ params.name }}" } }],
  rollback: { auto: false, steps: [{ name: "back", uses: BACK, with: { name: "{{ params.name }}" } }] },
  cooldown: 0,
});

function clinicOf(): Clinic {
  const clinic = new Clinic({ actions: [DO, BACK, "kubernetes/restart"] });
  clinic.hands.action(DO).extension = FIRST;
  clinic.hands.action(BACK).extension = OTHER;
  clinic.runbooks[0] = runbook;
  return clinic;
}

async function proposed(clinic: Clinic): Promise<Proposal> {
  const made = await propose(
    clinic.deps,
    {
      action: { type: "restart", target: "checkout", params: {} },
      kinds: ["deployment"],
      values: { name: { value: "checkout", origin: "user" }, namespace: { value: "shop", origin: "user" } },
      ...{ environment: "production", source: undefined, requester: ann, places: [THREAD], facts: [] },
      cause: { kind: "ask", text: "restart checkout" },
    },
    SIGNAL,
  );
  if (made.kind !== "proposed") throw new Error(JSON.stringify(made));
  return made.proposal;
}

/** One that is approved, of that code. */
function ready(more: Partial<Spec> = {}): Proposal {
  const { identity, precondition } = aLook();
  return aProposal({
    steps: [{ name: "do", uses: DO, with: { name: "checkout" } }],
    rollback: { auto: false, steps: [{ name: "back", uses: BACK, with: { name: "checkout" } }] },
    looks: [{ identity, precondition }],
    extensions: [FIRST, OTHER],
    ...more,
  });
}

async function run(clinic: Clinic): Promise<void> {
  const executing = execute(clinic.deps);
  await executing.round(SIGNAL);
  await executing.idle();
}

describe("a proposal whose steps are an extension's", () => {
  it("holds the code of each, there and back, in what is hashed, and shows it", async () => {
    const clinic = clinicOf();
    const proposal = await proposed(clinic);
    expect(proposal.spec.extensions).toEqual([FIRST, OTHER]);
    expect(hashOf({ ...proposal.spec, extensions: [SECOND, OTHER] })).not.toBe(proposal.hash);
    const context = { now: NOW, zone: "UTC", mode: "act", isStopped: false, settling: proposal.spec.rule } as const;
    const card = JSON.stringify(proposalCard(proposal, context));
    expect(card).toContain("board (version 111111111111), code that is not the bot's own");
    expect(card).toContain("other (version 333333333333)");
  });

  it("says nothing of extensions where all of it is the bot's own: such a hash is as it ever was", async () => {
    const clinic = clinicOf();
    clinic.runbooks[0] = aRunbook();
    const { spec } = await proposed(clinic);
    expect(Object.keys(spec)).not.toContain("extensions");
  });

  it("runs with the code that was approved", async () => {
    const clinic = clinicOf();
    await clinic.approved(ready());
    await run(clinic);
    expect(clinic.hands.effects.map(({ action }) => action)).toEqual([DO]);
  });

  it.each([
    ["its code was changed", (clinic: Clinic) => (clinic.hands.action(DO).extension = SECOND)],
    [
      "the code of its way back was changed",
      (clinic: Clinic) => (clinic.hands.action(BACK).extension = { ...OTHER, hash: "4".repeat(64) }),
    ],
    [
      "an action of the bot's own became an extension's",
      (clinic: Clinic) => (clinic.hands.action(DO).extension = { name: "new", hash: "5" }),
    ],
  ])("is overtaken after its approval when %s, and nothing is run", async (_, happen) => {
    const clinic = clinicOf();
    await clinic.approved(ready());
    happen(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    const { status, note } = await clinic.get();
    expect(status).toBe("superseded");
    expect(note).toMatch(/^The extension (board|other|new) was changed since this was shown\. Nothing was done\.$/);
  });

  it("waits where its extension is not loaded: another replica may have it", async () => {
    const clinic = clinicOf();
    delete clinic.hands.action(BACK).extension;
    const verdict = await recheck(clinic.deps, ready(), SIGNAL);
    expect(verdict).toEqual({
      kind: "wait",
      reason: "The extension other, whose code was shown, is not in use here.",
    });
  });

  it("is not asked of other code what became of it: a person says", async () => {
    const clinic = clinicOf();
    await clinic.put({
      ...ready(),
      status: "unknown",
      fence: 1,
      startedAt: clinic.now - 100,
      endedAt: clinic.now - 90,
    });
    clinic.hands.action(DO).extension = SECOND;
    clinic.hands.action(DO).found = "ran";
    const round = sweep(clinic.deps, new Set());
    await round(SIGNAL);
    expect((await clinic.get()).status).toBe("unknown");
    clinic.hands.action(DO).extension = FIRST;
    clinic.now += 5;
    await round(SIGNAL);
    expect((await clinic.get()).status).toBe("succeeded");
  });
});

describe("the way back of an extension", () => {
  /** Made worse, with a way back that was approved too. */
  async function worse(clinic: Clinic): Promise<void> {
    const { identity, precondition } = aLook();
    const proposal = ready({
      id: "c1",
      rollback: { auto: true, steps: [{ name: "back", uses: BACK, with: { name: "checkout" } }] },
    });
    await clinic.put({
      ...{ ...proposal, status: "worse", fence: 1, votes: [aVote(proposal)] },
      ...{ startedAt: clinic.now - 60, endedAt: clinic.now - 30, left: [{ identity, precondition }] },
    });
  }

  it("is taken by itself with the code that was approved", async () => {
    const clinic = clinicOf();
    await worse(clinic);
    await undoByItself(clinic.deps, await clinic.get("c1"), SIGNAL);
    const { successor } = await clinic.get("c1");
    expect((await clinic.get(successor)).spec.extensions).toEqual([OTHER]);
    await run(clinic);
    expect(clinic.hands.effects.map(({ action }) => action)).toEqual([BACK]);
  });

  it("is left to people with other code, who approve that by a click", async () => {
    const clinic = clinicOf();
    await worse(clinic);
    const changed = { ...OTHER, hash: "4".repeat(64) };
    clinic.hands.action(BACK).extension = changed;
    await undoByItself(clinic.deps, await clinic.get("c1"), SIGNAL);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    const { note, successor } = await clinic.get("c1");
    expect(successor).toBeUndefined();
    expect(note).toContain("It was not taken back by itself: The extension other was changed since this was shown.");
    const made = await again(clinic.deps, await clinic.get("c1"), { kind: "undo" }, bob, SIGNAL);
    expect(made).toMatchObject({ proposal: { status: "pending", votes: [], spec: { extensions: [changed] } } });
  });
});
