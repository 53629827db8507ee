import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { plainText } from "../../../src/core/card.ts";
import { type Proposal, stepKey } from "../../../src/core/proposal.ts";
import { POINTS, type Point } from "../../../src/flows/remedy/deps.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { sweep } from "../../../src/flows/remedy/sweep.ts";
import { aLook } from "../../fakes/actions.ts";
import { aProposal, aRule, aSpec, bob, NOW } from "../../fakes/proposals.ts";
import { Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;
/** Seconds after which every lease is over. */
const LATER = 60;

/** A proposal whose target is as the fake action says it is. */
function ready(more: Partial<Parameters<typeof aSpec>[0]> = {}): Proposal {
  const { identity, precondition } = aLook();
  const spec = aSpec(more);
  return aProposal({ ...more, looks: spec.steps.map(() => ({ identity, precondition })) });
}

async function run(clinic: Clinic): Promise<void> {
  const executing = execute(clinic.deps);
  await executing.round(SIGNAL);
  await executing.idle();
}

describe("an approved proposal", () => {
  it("runs once, with exactly the arguments that were approved, and says how it went", async () => {
    const clinic = new Clinic();
    const proposal = await clinic.approved(ready());
    await run(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([
      { action: "kubernetes/restart", args: proposal.spec.steps[0]!.with, key: stepKey(proposal, 0), fence: 1 },
    ]);
    expect(await clinic.get()).toMatchObject({ status: "succeeded", steps: [{ state: "succeeded", output: "done" }] });
    expect(clinic.began).toEqual([]);
    expect(await clinic.trail()).toEqual([
      "propose:  -> pending",
      "approve:  -> pending",
      "claim: approved -> claimed",
      "start: claimed -> started",
      "progress: started -> started",
      "finish: started -> succeeded",
    ]);
  });

  it("notes how it left its target, where its way back may be taken by itself", async () => {
    const steps = [{ name: "back", uses: "kubernetes/restart", with: { name: "checkout" } }];
    for (const [auto, wanted] of [
      [true, [{ identity: { uid: "6f0c" }, precondition: { generation: 18 } }]],
      [false, undefined],
    ] as const) {
      const clinic = new Clinic();
      await clinic.approved(ready({ rollback: { auto, steps } }));
      clinic.hands.action().ran = async () => {
        clinic.hands.action().state = aLook({ precondition: { generation: 18 } });
        return { outcome: "succeeded", output: "done" };
      };
      await run(clinic);
      expect((await clinic.get()).left).toEqual(wanted);
    }
  });

  it("succeeded also where how it left its target cannot be read", async () => {
    const clinic = new Clinic();
    const steps = [{ name: "back", uses: "kubernetes/gone", with: { name: "checkout" } }];
    await clinic.approved(ready({ rollback: { auto: true, steps } }));
    await run(clinic);
    expect(await clinic.get()).toMatchObject({ status: "succeeded", note: "It ran." });
    expect((await clinic.get()).left).toBeUndefined();
    expect(clinic.said).toEqual(["how a change left its target could not be read: its way back is left to people"]);
  });

  it("is started by one of many workers", async () => {
    const clinic = new Clinic();
    await clinic.approved(ready());
    const workers = Array.from({ length: 20 }, (_, at) => execute({ ...clinic.deps, owner: `w${at}` }));
    await Promise.all(workers.map((worker) => worker.round(SIGNAL)));
    await Promise.all(workers.map((worker) => worker.idle()));
    expect(clinic.hands.effects).toHaveLength(1);
    expect((await clinic.get()).status).toBe("succeeded");
  });

  it.each([
    ["is stopped", async (clinic: Clinic) => clinic.store.stop.press(bob, "smoke")],
    [
      "cannot tell whether it is stopped",
      async (clinic: Clinic) => {
        clinic.deps.stop.read = () => Promise.reject(new Error("unreadable"));
      },
    ],
    [
      "was asked too late",
      async (clinic: Clinic) => {
        clinic.now += 4000;
      },
    ],
    [
      "has a policy that needs two by now",
      async (clinic: Clinic) => {
        clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, medium: aRule({ approvals: 2 }) } };
      },
    ],
    [
      "has a policy that names other approvers",
      async (clinic: Clinic) => {
        clinic.policy = {
          ...clinic.policy,
          rules: { ...clinic.policy.rules, medium: aRule({ approvers: ["owners"] }) },
        };
      },
    ],
    [
      "has an approver who lost the role",
      async (clinic: Clinic) => {
        clinic.roles = { bob: [] };
      },
    ],
    [
      "is in a freeze",
      async (clinic: Clinic) => {
        clinic.policy = {
          ...clinic.policy,
          freezes: [{ kind: "once", name: "sale", zone: "UTC", allow: ["low"], from: NOW - 9, to: NOW + 9999 }],
        };
      },
    ],
    [
      "finds another target of that name",
      async (clinic: Clinic) => {
        clinic.hands.action().state = aLook({ identity: { uid: "other" } });
      },
    ],
    [
      "finds its target changed",
      async (clinic: Clinic) => {
        clinic.hands.action().state = aLook({ precondition: { generation: 18 } });
      },
    ],
    [
      "cannot look at its target",
      async (clinic: Clinic) => {
        clinic.hands.action().look = () => Promise.reject(new Error("connection refused"));
      },
    ],
    [
      "finds its runbook changed",
      async (clinic: Clinic) => {
        clinic.runbooks[0] = { ...clinic.runbooks[0]!, version: "c".repeat(64) };
      },
    ],
    [
      "finds its runbook gone",
      async (clinic: Clinic) => {
        clinic.runbooks.length = 0;
      },
    ],
    [
      "finds its runbook withdrawn from use",
      async (clinic: Clinic) => {
        clinic.runbooks[0] = { ...clinic.runbooks[0]!, state: "deprecated" };
      },
    ],
  ])("makes no effect when the bot %s", async (_, change) => {
    const clinic = new Clinic();
    await clinic.approved(ready());
    await change(clinic);
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    expect(["started", "succeeded", "unknown"]).not.toContain((await clinic.get()).status);
  });

  it("is overtaken, and says how, when its target changed", async () => {
    const clinic = new Clinic();
    await clinic.approved(ready());
    clinic.hands.action().state = aLook({ precondition: { generation: 18 } });
    await run(clinic);
    expect(await clinic.get()).toMatchObject({
      status: "superseded",
      note: "shop/checkout changed since this was shown (generation was 17, is 18). Nothing was done.",
    });
  });

  it.each([
    [
      "the policy asks for two by now",
      (clinic: Clinic) => {
        clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, medium: aRule({ approvals: 2 }) } };
      },
      "The policy became stricter since this was approved: it asks for other or more people. Please approve it again.",
    ],
    [
      "the approver lost the role",
      (clinic: Clinic) => {
        clinic.roles = { bob: [] };
      },
      "Bob has the role oncall no longer. Please approve it again.",
    ],
    [
      "the approver turned out to be the one who asked",
      (clinic: Clinic) => {
        clinic.deps.today = (identity, had) => ({ ...identity, person: "ann", roles: had });
      },
      "Bob is the person who asked for it. Please approve it again.",
    ],
    [
      "the approver's account is nobody's any more",
      (clinic: Clinic) => {
        clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, medium: aRule({ fourEyes: true }) } };
        clinic.deps.today = (identity, had) => ({
          ...identity,
          platform: identity.person === "bob" ? "teams" : identity.platform,
          isLinked: false,
          roles: had,
        });
      },
      "the account of Bob is linked to no person any more; Bob may be the person who asked for it. Please approve it again.",
    ],
  ])("is asked for again, with the true reason, when %s", async (_, change, note) => {
    const clinic = new Clinic();
    await clinic.approved(ready());
    change(clinic);
    await run(clinic);
    expect(await clinic.get()).toMatchObject({ status: "pending", votes: [], note });
  });

  it("waits for its delay, and can be rejected meanwhile", async () => {
    const clinic = new Clinic();
    clinic.policy = { ...clinic.policy, rules: { ...clinic.policy.rules, medium: aRule({ executeDelay: 120 }) } };
    await clinic.approved(ready({ rule: aRule({ executeDelay: 120 }) }));
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    clinic.now += 130;
    await run(clinic);
    expect(clinic.hands.effects).toHaveLength(1);
  });

  it("holds its target: another one of the same target is not started meanwhile", async () => {
    const clinic = new Clinic();
    const gate = Promise.withResolvers<void>();
    clinic.hands.action().ran = async () => {
      await gate.promise;
      return { outcome: "succeeded", output: "" };
    };
    await clinic.approved(ready());
    const other = ready({ id: "p2", params: { name: { value: "checkout", origin: "user" } } });
    await clinic.approved(other);
    const executing = execute(clinic.deps);
    await executing.round(SIGNAL);
    await expect.poll(() => clinic.hands.effects.length).toBe(1);
    await executing.round(SIGNAL);
    expect((await Promise.all([clinic.get("p1"), clinic.get("p2")])).map(({ status }) => status).toSorted()).toEqual([
      "approved",
      "started",
    ]);
    gate.resolve();
    await executing.idle();
    expect(clinic.hands.effects).toHaveLength(1);
  });

  it.each([
    ["failed", "failed"],
    ["partial", "partial"],
    ["unknown", "unknown"],
  ] as const)("whose executor says %s is %s", async (outcome, status) => {
    const clinic = new Clinic();
    clinic.hands.action().ran = async () => ({ outcome, output: "the reason\nis in the last line" });
    await clinic.approved(ready());
    await run(clinic);
    const after = await clinic.get();
    expect(after.status).toBe(status);
    expect(after.note).toContain("is in the last line");
  });

  it("whose executor breaks is unknown, never run again, and then settled by what the target says", async () => {
    const clinic = new Clinic();
    clinic.hands.action().ran = async () => {
      throw new Error("the line broke");
    };
    await clinic.approved(ready());
    await run(clinic);
    expect(await clinic.get()).toMatchObject({ status: "unknown" });
    await run(clinic);
    expect(clinic.hands.effects).toHaveLength(1);
    await sweep(clinic.deps, new Set())(SIGNAL);
    expect(await clinic.get()).toMatchObject({ status: "succeeded" });
  });

  it("goes through its steps in order, and ends at the first that fails", async () => {
    const steps = ["one", "two", "three"].map((name) => ({ ...aSpec().steps[0]!, name, with: { name } }));
    const clinic = new Clinic();
    clinic.hands.action().ran = async ({ name }) => ({
      outcome: name === "two" ? "failed" : "succeeded",
      output: String(name),
    });
    await clinic.approved(ready({ steps }));
    await run(clinic);
    expect(clinic.hands.effects.map(({ args }) => args["name"])).toEqual(["one", "two"]);
    expect(await clinic.get()).toMatchObject({
      status: "partial",
      steps: [{ state: "succeeded" }, { state: "failed" }],
    });
  });

  it("begins no further step after an emergency stop, and says what still runs, why, and what was not begun", async () => {
    const steps = ["one", "two", "three"].map((name) => ({ ...aSpec().steps[0]!, name, with: { name } }));
    const clinic = new Clinic();
    const shown: string[] = [];
    clinic.hands.action().ran = async ({ name }) => {
      await clinic.store.stop.press(bob, "smoke");
      const context = { now: clinic.now, zone: "UTC", mode: "act" as const, isStopped: true };
      shown.push(plainText(proposalCard(await clinic.get(), context)));
      return { outcome: "succeeded", output: String(name) };
    };
    await clinic.approved(ready({ steps }));
    await run(clinic);
    expect(clinic.hands.effects.map(({ args }) => args["name"])).toEqual(["one"]);
    expect(shown[0]).toContain(
      'The emergency stop is on. The step "one" goes on to its end or its deadline, because its runbook says that cutting it off would do harm. Not begun and will not begin: "two", "three".',
    );
    const after = await clinic.get();
    expect(after).toMatchObject({ status: "partial", steps: [{ state: "succeeded" }, { state: "failed" }] });
    expect(after.note).toBe('The emergency stop was pressed: not begun were "two", "three".');
  });

  it("does not begin without its journal", async () => {
    const clinic = new Clinic();
    clinic.journal.began = () => Promise.reject(new Error("no space left"));
    await clinic.approved(ready());
    await run(clinic);
    expect(clinic.hands.effects).toEqual([]);
    expect(await clinic.get()).toMatchObject({ status: "failed" });
    expect((await clinic.get()).note).toContain("no space left");
  });
});

describe("a bot that dies", () => {
  /** Ends the worker at that point for good: nothing of it goes on. */
  async function dieAt(point: Point): Promise<Clinic> {
    const dead = Promise.withResolvers<void>();
    const clinic = new Clinic();
    await clinic.approved(ready());
    const never = new Promise<never>(() => {});
    const stuck = <T>(work: () => Promise<T>): Promise<T> => (isDead ? never : work());
    let isDead = false;
    const { proposals } = clinic.store;
    const worker = execute({
      ...clinic.deps,
      store: {
        ...clinic.store,
        proposals: { ...proposals, replace: (...args) => stuck(() => proposals.replace(...args)) },
      },
      journal: { ...clinic.journal, ended: (key) => stuck(() => clinic.journal.ended(key)) },
      point: (name) => {
        if (name !== point) return;
        isDead = true;
        dead.resolve();
        throw new Error("killed");
      },
    });
    await worker.round(SIGNAL);
    await dead.promise;
    await new Promise((resolve) => setImmediate(resolve));
    return clinic;
  }

  it.each(POINTS)("%s: makes the effect at most once, loses nothing and leaves nothing stuck", async (point) => {
    const clinic = await dieAt(point);
    for (let round = 0; round < 4; round++) {
      clinic.now += LATER;
      const worker = execute({ ...clinic.deps, owner: "w2" });
      await worker.round(SIGNAL);
      await worker.idle();
      await sweep(clinic.deps, worker.running)(SIGNAL);
    }
    const { status } = await clinic.get();
    expect(clinic.hands.effects.length).toBeLessThanOrEqual(1);
    // What ran is known as such by its probe, and what did not run too.
    expect(status).toBe(clinic.hands.effects.length === 1 ? "verifying" : "failed");
    const before = POINTS.indexOf(point) < POINTS.indexOf("after start");
    if (before) expect(status).toBe("verifying");
  });

  it("asks a person when the target cannot tell", async () => {
    const clinic = await dieAt("after effect");
    clinic.hands.action().found = "unknown";
    clinic.now += LATER;
    for (let round = 0; round < 8; round++) {
      await sweep(clinic.deps, new Set())(SIGNAL);
      clinic.now += 700;
    }
    expect(await clinic.get()).toMatchObject({ status: "unknown" });
    expect(clinic.hands.effects).toHaveLength(1);
  });
});

describe("what nobody looks after", () => {
  it("is not asked of a target that may have forgotten it: no mark after a week means nothing", async () => {
    const clinic = new Clinic();
    await clinic.put({ ...ready(), status: "unknown", fence: 1, startedAt: NOW });
    clinic.hands.action().found = "not_run";
    clinic.now = NOW + 8 * 86_400;
    await sweep(clinic.deps, new Set())(SIGNAL);
    expect((await clinic.get()).status).toBe("unknown");
  });

  it("expires when nobody decides, and when it could not start in time", async () => {
    const clinic = new Clinic();
    await clinic.put(ready());
    await clinic.approved(ready({ id: "p2", params: {} }));
    clinic.now += 2000;
    await sweep(clinic.deps, new Set())(SIGNAL);
    expect((await clinic.get("p1")).status).toBe("expired");
    expect((await clinic.get("p2")).status).toBe("expired");
  });

  it("is withdrawn when its reason has gone, and kept when that cannot be told", async () => {
    const trigger = { name: "errors", promql: "errors_now", expect: { op: ">", value: 5 }, none: "fail" } as const;
    const spec = { cause: { kind: "alert", text: "HighErrors", trigger } } as const;
    const clinic = new Clinic({ metrics: { series: [{ metric: "errors_now", labels: {}, value: 9 }] } });
    await clinic.put(ready(spec));
    await sweep(clinic.deps, new Set())(SIGNAL);
    expect((await clinic.get()).status).toBe("pending");
    const calm = new Clinic({ metrics: { series: [{ metric: "errors_now", labels: {}, value: 1 }] } });
    await calm.put(ready(spec));
    await sweep(calm.deps, new Set())(SIGNAL);
    expect(await calm.get()).toMatchObject({ status: "withdrawn" });
  });
});
