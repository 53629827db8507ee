import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_RULES,
  modeOf,
  NO_POLICY,
  type Policy,
  raised,
  ruleFor,
  sealPolicy,
  stricter,
} from "../../../src/core/policy/rules.ts";
import { type Facts, parseWhen, type When } from "../../../src/core/policy/when.ts";
import { isEnough, type Rule, type Vote } from "../../../src/core/policy.ts";
import { RISKS } from "../../../src/core/runbook.ts";

const FACTS: Facts = {
  risk: "low",
  runbook: "scale-deployment",
  params: { replicas: { value: 0, origin: "user" } },
  target: { kind: "deployment", name: "shop/cart", key: "k" },
  environment: "production",
};
const when = (text: string) => parseWhen(text) as When;
const policyOf = (raise: Policy["raise"]) => {
  const { version: _, ...rest } = NO_POLICY;
  return sealPolicy({ ...rest, raise });
};

const roles = fc.uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 3 });
const rule: fc.Arbitrary<Rule> = fc
  .record({
    approvals: fc.integer({ min: 1, max: 3 }),
    approvers: roles,
    distinctRoles: fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 }),
    fourEyes: fc.boolean(),
    approveWithin: fc.integer({ min: 60, max: 3600 }),
    executeWithin: fc.integer({ min: 10, max: 3600 }),
    executeDelay: fc.integer({ min: 0, max: 300 }),
    rejectsToKill: fc.integer({ min: 1, max: 3 }),
    reason: fc.constantFrom("optional" as const, "required" as const),
    typedCode: fc.boolean(),
    breakGlass: fc.option(fc.record({ roles, own: fc.boolean() }), { nil: undefined }),
  })
  .map(({ breakGlass, ...rest }) => (breakGlass === undefined ? rest : { ...rest, breakGlass }));
const vote: fc.Arbitrary<Vote> = fc
  .record({
    person: fc.constantFrom("p1", "p2", "p3", "p4"),
    roles,
    isLinked: fc.boolean(),
    decision: fc.constantFrom("approve" as const, "reject" as const),
    hash: fc.constantFrom("h", "other"),
    glass: fc.boolean(),
  })
  .map(({ glass, ...rest }) => ({
    ...rest,
    name: rest.person,
    platform: "slack",
    account: `U-${rest.person}`,
    at: 1,
    reason: "because",
    ...(glass && { breakGlass: true as const }),
  }));
const requester = { person: "p1", name: "p1", platform: "slack", account: "U-p1", isLinked: true };

describe("the stricter of two rules", () => {
  it("is met only when both are", () => {
    fc.assert(
      fc.property(rule, rule, fc.array(vote, { maxLength: 6 }), (a, b, votes) => {
        if (!isEnough(stricter(a, b), votes, "h", requester)) return;
        expect([isEnough(a, votes, "h", requester), isEnough(b, votes, "h", requester)]).toEqual([true, true]);
      }),
      { numRuns: 3000 },
    );
  });

  it("does not depend on which is which, and is the rule itself for one with itself", () => {
    const plain = (one: Rule) => ({
      ...one,
      approvers: [...one.approvers].sort(),
      distinctRoles: [...one.distinctRoles].sort(),
      breakGlass: one.breakGlass && { ...one.breakGlass, roles: [...one.breakGlass.roles].sort() },
    });
    fc.assert(
      fc.property(rule, rule, rule, (a, b, c) => {
        expect(plain(stricter(a, b))).toEqual(plain(stricter(b, a)));
        expect(plain(stricter(stricter(a, b), c))).toEqual(plain(stricter(a, stricter(b, c))));
        const { breakGlass, ...rest } = a;
        const self = breakGlass === undefined || breakGlass.roles.length === 0 ? rest : a;
        expect(plain(stricter(a, a))).toEqual(plain(self));
      }),
    );
  });

  it("takes the harder of each", () => {
    const a: Rule = { ...DEFAULT_RULES.low, approvers: ["sre", "owner"], approvals: 1, approveWithin: 600 };
    const b: Rule = { ...DEFAULT_RULES.critical, approvers: ["sre"], approvals: 2, fourEyes: false };
    expect(stricter(a, b)).toEqual({
      ...DEFAULT_RULES.critical,
      approvers: ["sre"],
      approvals: 2,
      approveWithin: 600,
      executeDelay: 120,
    });
  });
});

describe("enough votes", () => {
  it("never become fewer by one more approval of somebody else, and never come from a rejection", () => {
    fc.assert(
      fc.property(rule, fc.array(vote, { maxLength: 5 }), vote, (a, votes, more) => {
        const before = isEnough(a, votes, "h", requester);
        const other = { ...more, person: "p9", account: "U-p9" };
        if (before) expect(isEnough(a, [...votes, other], "h", requester)).toBe(true);
        if (!before && more.decision === "reject") expect(isEnough(a, [...votes, more], "h", requester)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it("need somebody in every case", () => {
    fc.assert(fc.property(rule, (a) => !isEnough({ ...a, approvals: 0 }, [], "h", undefined)));
  });
});

describe("raising the risk", () => {
  const policy = policyOf([
    { when: when("params.replicas == 0"), to: "high" },
    { when: when("target.env == 'production' and risk == 'low'"), to: "medium" },
    { when: when("runbook == drain-node"), to: "critical" },
  ]);

  it("takes the highest that holds, and says why", () => {
    expect(raised(policy, FACTS)).toEqual({
      risk: "high",
      because: ["params.replicas == 0", "target.env == 'production' and risk == 'low'"],
    });
    expect(raised(policy, { ...FACTS, params: {} }).risk).toBe("medium");
    expect(raised(policy, { ...FACTS, params: {}, environment: "staging" })).toEqual({ risk: "low", because: [] });
    expect(ruleFor(policy, { ...FACTS, runbook: "drain-node" })).toMatchObject({
      risk: "critical",
      rule: DEFAULT_RULES.critical,
    });
  });

  it("never lowers it", () => {
    const risk = fc.constantFrom(...RISKS);
    fc.assert(
      fc.property(risk, fc.array(risk, { maxLength: 5 }), (own, tos) => {
        const raise = tos.map((to) => ({ when: when("params.replicas == 0"), to }));
        const after = raised(policyOf(raise), { ...FACTS, risk: own }).risk;
        expect(RISKS.indexOf(after)).toBe(Math.max(RISKS.indexOf(own), ...tos.map((to) => RISKS.indexOf(to))));
      }),
    );
  });
});

describe("modes", () => {
  const policy = { ...NO_POLICY, modes: { default: "observe", Staging: "act" } as const };
  it("go by environment, whatever its case, and else by default", () => {
    expect(["staging", "STAGING", "production", undefined].map((name) => modeOf(policy, name))).toEqual([
      "act",
      "act",
      "observe",
      "observe",
    ]);
    expect(modeOf(NO_POLICY, "production")).toBe("propose");
  });
});
