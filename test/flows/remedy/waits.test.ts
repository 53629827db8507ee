import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { plainText } from "../../../src/core/card.ts";
import { type Proposal, shortHash } from "../../../src/core/proposal.ts";
import { type DecideDeps, decide } from "../../../src/flows/remedy/decide.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { aLook } from "../../fakes/actions.ts";
import { ann, aProposal, aRule, type aSpec, aVoter, bob, NOW } from "../../fakes/proposals.ts";
import { aClick, aPolicy, Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;

function ready(more: Partial<ReturnType<typeof aSpec>> = {}): Proposal {
  const { identity, precondition } = aLook();
  return aProposal({ looks: [{ identity, precondition }], ...more });
}

async function run(clinic: Clinic): Promise<void> {
  const executing = execute(clinic.deps);
  await executing.round(SIGNAL);
  await executing.idle();
}

async function shown(clinic: Clinic, id = "p1", more: object = {}): Promise<string> {
  const context = { now: clinic.now, zone: "UTC", mode: "act", isStopped: false, ...more } as const;
  return plainText(proposalCard(await clinic.get(id), context));
}

async function click(clinic: Clinic, proposal: Proposal, more: Parameters<typeof aClick>[2] = {}): Promise<string> {
  const deps: DecideDeps = {
    ...clinic.deps,
    cardOf: () => ({ now: clinic.now, zone: "UTC", mode: "act", isStopped: false }),
    whyClosed: async () => undefined,
    voterOf: async () => more?.voter ?? aVoter(bob),
    again: async () => ({ reason: "not in this test" }),
  };
  return (await decide(deps, aClick(proposal, shortHash(proposal.hash), more))).title;
}

describe("an approved change that does not start", () => {
  it.each([
    [
      "a freeze began",
      (clinic: Clinic) => {
        const freeze = { kind: "once", name: "sale", zone: "UTC", allow: ["low"], from: NOW, to: NOW + 9999 } as const;
        clinic.policy = aPolicy({ freezes: [freeze] });
      },
      'The freeze "sale" is in force',
    ],
    [
      "its target cannot be looked at",
      (clinic: Clinic) => {
        clinic.hands.action().look = () => Promise.reject(new Error("connection refused"));
      },
      "connection refused",
    ],
    [
      "the mode there is another one by now",
      (clinic: Clinic) => {
        clinic.policy = aPolicy({ modes: { default: "propose" } });
      },
      "(mode propose)",
    ],
    [
      "an older copy of the store was put back",
      (clinic: Clinic) => {
        const { proposals } = clinic.store;
        clinic.deps.store = {
          ...clinic.store,
          proposals: { ...proposals, restored: async () => "audit.anchors knows record 9" },
        };
      },
      "audit accept-restored",
    ],
  ])("says on its card why, when %s, and again when its time is over", async (_, become, why) => {
    const clinic = new Clinic();
    await clinic.approved(ready());
    become(clinic);
    await run(clinic);
    const text = await shown(clinic);
    expect(text).toContain("It has not started yet");
    expect(text).toContain(why);
    expect(text).not.toContain("It starts now");
    const { revision } = await clinic.get();
    clinic.now += 16;
    await run(clinic);
    // Said once, and not at every try.
    expect((await clinic.trail()).filter((line) => line.startsWith("wait:"))).toHaveLength(1);
    expect((await clinic.get()).revision).toBeLessThanOrEqual(revision + 1);
    clinic.now += 400;
    await sweep(clinic.deps, new Set())(SIGNAL);
    expect(await clinic.get()).toMatchObject({ status: "expired", note: expect.stringContaining(why) });
    expect(clinic.hands.effects).toEqual([]);
  });

  it("says that another one holds its target, and starts once that is over", async () => {
    const clinic = new Clinic();
    const params = { name: { value: "checkout", origin: "user" } } as const;
    await clinic.put({ ...ready({ id: "p0", params }), status: "unknown", fence: 1, startedAt: clinic.now });
    await clinic.approved(ready());
    await run(clinic);
    expect(await shown(clinic)).toContain("Another change of the same target is running, or its end is unknown");
  });
});

describe("a bot that is told to end", () => {
  it("begins nothing any more, and what it had claimed is carried out by the next one", async () => {
    const clinic = new Clinic();
    await clinic.approved(ready());
    const looked = Promise.withResolvers<void>();
    const { look } = clinic.hands.action();
    clinic.hands.action().look = async (...args) => {
      await looked.promise;
      return look(...args);
    };
    const executing = execute(clinic.deps);
    await executing.round(SIGNAL);
    await expect.poll(async () => (await clinic.get()).status).toBe("claimed");
    executing.close();
    looked.resolve();
    await executing.idle();
    await executing.round(SIGNAL);
    await executing.idle();
    expect(clinic.hands.effects).toEqual([]);
    expect((await clinic.get()).status).toBe("claimed");
    clinic.now += 20;
    await run(clinic);
    expect(clinic.hands.effects).toHaveLength(1);
  });
});

describe("a click on Approve", () => {
  it("is refused while nothing would start, because an older copy of the store was put back", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    const { proposals } = clinic.store;
    clinic.deps.store = { ...clinic.store, proposals: { ...proposals, restored: async () => "an older copy" } };
    expect(await click(clinic, proposal)).toContain("audit accept-restored");
    expect((await clinic.get()).votes).toEqual([]);
    expect(await shown(clinic, "p1", { isRestored: true })).toContain("audit accept-restored");
  });

  it("says when it starts where there is time to press stop", async () => {
    const clinic = new Clinic();
    clinic.policy = aPolicy({ rules: { ...clinic.policy.rules, medium: aRule({ executeDelay: 120 }) } });
    const proposal = await clinic.put(ready({ rule: aRule({ executeDelay: 120 }) }));
    expect(await click(clinic, proposal)).toBe("Approved. It starts in 2 min: until then a stop or a no prevents it.");
  });
});

describe("the person who asked for a change", () => {
  it("takes the wish back with Reject, whether or not they may decide", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    const voter = aVoter(ann, { roles: [] });
    expect(await click(clinic, proposal, { decision: "reject", voter, fields: { reason: "wrong shop" } })).toBe(
      "Withdrawn: nothing will run.",
    );
    expect(await clinic.get()).toMatchObject({
      status: "withdrawn",
      note: "Withdrawn by whoever asked for it: wrong shop",
    });
  });

  it("is told what a dry run found, also where the target says no", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.put(ready());
    clinic.hands.action().simulate = () => Promise.reject(new Error("the token lacks a right: patch deployments"));
    expect(await click(clinic, proposal, { decision: "dry_run" })).toContain("Dry run done");
    expect(await shown(clinic)).toContain("the token lacks a right: patch deployments");
  });
});
