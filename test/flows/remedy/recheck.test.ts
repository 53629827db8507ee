import { describe, expect, it } from "vitest";
import { parseWhen, type When } from "../../../src/core/policy/when.ts";
import type { Proposal, Spec } from "../../../src/core/proposal.ts";
import { recheck } from "../../../src/flows/remedy/recheck.ts";
import { aLook } from "../../fakes/actions.ts";
import { fakeMetrics } from "../../fakes/metrics.ts";
import { aProposal, NOW } from "../../fakes/proposals.ts";
import { aPolicy, Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;

function ready(more: Partial<Spec> = {}): Proposal {
  const { identity, precondition } = aLook();
  return aProposal({ looks: [{ identity, precondition }], ...more });
}

describe("looking again before a change", () => {
  it("asks the source that the card named, and waits where that one is gone rather than believe another", async () => {
    const clinic = new Clinic();
    // The only source that is left says that all is well.
    const metrics = fakeMetrics({
      series: [{ metric: "replicas_ready", labels: {}, value: 3 }],
      clock: () => clinic.now,
    });
    const condition = {
      name: "two are ready",
      promql: "replicas_ready",
      expect: { op: ">=", value: 2 },
      none: "fail",
    } as const;
    const deps = { ...clinic.deps, sources: [metrics] };
    expect(await recheck(deps, ready({ conditions: [condition] }), SIGNAL)).toEqual({ kind: "good" });
    const elsewhere = ready({ conditions: [condition], source: "eu" });
    expect(await recheck(deps, elsewhere, SIGNAL)).toMatchObject({
      kind: "wait",
      reason: expect.stringContaining("eu is not configured any more"),
    });
  });

  it("holds a freeze against the risk that the policy gives it by now", async () => {
    const clinic = new Clinic();
    const freezes = [
      { kind: "once", name: "sale", zone: "UTC", allow: ["low", "medium"], from: NOW - 9, to: NOW + 9999 },
    ] as const;
    clinic.policy = aPolicy({ freezes });
    expect((await recheck(clinic.deps, ready(), SIGNAL)).kind).toBe("good");
    const raise = [{ when: parseWhen("target.env == production") as When, to: "high" as const }];
    clinic.policy = aPolicy({ freezes, raise });
    expect(await recheck(clinic.deps, ready(), SIGNAL)).toEqual({
      kind: "wait",
      reason: 'The freeze "sale" is in force, and high risk may not run in it.',
    });
  });
});
