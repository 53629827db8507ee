import { describe, expect, it } from "vitest";
import { simulate } from "../../../src/flows/remedy/simulate.ts";
import { aRule } from "../../fakes/proposals.ts";
import { aPolicy, aRunbook, Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;
const VALUES = { name: { value: "checkout", origin: "user" }, namespace: { value: "shop", origin: "user" } } as const;
const replicas = (value: number) => ({
  series: [{ metric: "replicas", labels: { deployment: "checkout" }, value: () => value }],
});
const CHECKED = aRunbook({
  preconditions: [
    {
      name: "it runs",
      promql: 'replicas{deployment="{{ params.name }}"}',
      expect: { op: ">", value: 0 },
      none: "fail",
    },
  ],
  verify: {
    ...{ settle: 1, deadline: 2 },
    checks: [{ name: "replicas", promql: 'replicas{deployment="{{ params.name }}"}', unit: "count", better: "up" }],
  },
});

async function simulated(clinic: Clinic, runbook = CHECKED, values: Parameters<typeof simulate>[2] = VALUES) {
  const found = await simulate(clinic.deps, runbook, values, undefined, SIGNAL);
  if ("reason" in found) throw new Error(found.reason);
  return found;
}

describe("a simulated runbook", () => {
  it("tells parameters, target, what each step would do, conditions, checks, policy and record, and changes nothing", async () => {
    const clinic = new Clinic({ metrics: replicas(3) });
    const found = await simulated(clinic);
    expect(found).toMatchObject({
      params: { name: { value: "checkout" } },
      target: { kind: "deployment", name: "shop/checkout" },
      steps: [{ uses: "kubernetes/restart", with: { name: "checkout" }, cannot: undefined }],
      conditions: [{ name: "it runs", holds: true }],
      checks: [{ name: "replicas", unit: "count", now: 3 }],
      ...{ risk: "medium", mode: "act", record: "not tried yet", blockers: [] },
      rule: { approvals: 1, approvers: ["oncall"] },
    });
    expect(found.steps[0]?.would).not.toBeUndefined();
    expect(found.steps[0]?.blast).not.toBeUndefined();
    expect(clinic.hands.effects).toEqual([]);
    expect(await clinic.trail()).toEqual([]);
    expect(await clinic.store.proposals.find({ limit: 9 })).toEqual([]);
  });

  it("says of a step that has no dry run that it cannot be simulated, and why", async () => {
    const clinic = new Clinic({ metrics: replicas(3) });
    clinic.hands.action().simulate = async () => ({ kind: "cannot", why: "VACUUM has no dry run." });
    const { steps, blockers } = await simulated(clinic);
    expect(steps).toMatchObject([{ would: undefined, cannot: "VACUUM has no dry run." }]);
    expect(blockers).toEqual([]);
  });

  it("names everything that would keep it from running", async () => {
    const clinic = new Clinic({ metrics: replicas(0) });
    clinic.hands.action().look = () => Promise.reject(new Error("connection refused"));
    clinic.policy = aPolicy({
      rules: { ...aPolicy().rules, medium: aRule({ approvers: [] }) },
      freezes: [{ name: "holidays", zone: "UTC", allow: [], kind: "once", from: clinic.now - 9, to: clinic.now + 9 }],
      modes: { default: "propose" },
    });
    await clinic.store.stop.press({ person: "ann", name: "Ann", platform: "slack", account: "U1", isLinked: true }, "");
    const { blockers } = await simulated(clinic, { ...CHECKED, state: "draft" });
    const said = blockers.join("\n");
    for (const wanted of [
      "The runbook is draft.",
      'The step "restart checkout" could not be looked at: connection refused.',
      "A condition does not hold: it runs (it runs: 0, expected > 0).",
      'The freeze "holidays" is in force, and medium risk may not run in it.',
      "The emergency stop is on.",
      "The bot does not run changes there (mode propose).",
      "Nobody may approve it: the policy names no approvers.",
    ])
      expect(said).toContain(wanted);
  });

  it("refuses values that the runbook does not take, in words", async () => {
    const bad = { ...VALUES, name: { value: "a; rm -rf /", origin: "user" as const } };
    expect(await simulate(new Clinic().deps, CHECKED, bad, undefined, SIGNAL)).toMatchObject({
      reason: expect.stringContaining("name"),
    });
  });

  it("says of a condition that cannot be asked that it could not be asked", async () => {
    const clinic = new Clinic();
    const found = await simulate({ ...clinic.deps, sources: [] }, CHECKED, VALUES, undefined, SIGNAL);
    if ("reason" in found) throw new Error(found.reason);
    expect(found.conditions).toMatchObject([{ holds: undefined, found: "no Prometheus is configured" }]);
    expect(found.blockers[0]).toContain("could not be asked: it runs");
  });
});
