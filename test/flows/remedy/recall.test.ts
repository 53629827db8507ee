import { expect, it } from "vitest";
import { type Proposal, stepKey } from "../../../src/core/proposal.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { recall } from "../../../src/flows/remedy/recall.ts";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { verify } from "../../../src/flows/remedy/verify.ts";
import { aLook } from "../../fakes/actions.ts";
import { aProposal } from "../../fakes/proposals.ts";
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
    open: async () => [{ key: stepKey(proposal, 0), proposal: proposal.id, fence: 3 }],
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
