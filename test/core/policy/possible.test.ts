import { describe, expect, it } from "vitest";
import type { Person, Role, Roles } from "../../../src/core/people.ts";
import { impossible } from "../../../src/core/policy/possible.ts";
import { DEFAULT_RULES } from "../../../src/core/policy/rules.ts";
import type { Rule } from "../../../src/core/policy.ts";

const person = (id: string, platform = "slack"): Person => ({ id, name: id, accounts: { [platform]: [`U-${id}`] } });
const role = (more: Partial<Role> = {}): Role => ({ people: [], accounts: {}, groups: {}, ...more });
const PEOPLE = ["ann", "bob", "eve"].map((id) => person(id));
const UNSETTLED = /^it takes two people of `people` among the approvers to say what became/;
const said = (more: Partial<Rule>, roles: Roles, people = PEOPLE) => {
  const rule = { ...DEFAULT_RULES.low, approvers: Object.keys(roles), ...more };
  const all = impossible({ rules: { low: rule, medium: rule, high: rule, critical: rule } }, roles, people);
  const found = all.filter(({ text }) => !UNSETTLED.test(text));
  const own = found.filter(({ risk }) => risk === "low");
  expect(found).toHaveLength(own.length * 4);
  return own.map(({ isProblem, text }) => `${isProblem ? "problem" : "notice"}: ${text}`);
};

describe("a policy that cannot be met", () => {
  it("is one with too few people, the requester counted out", () => {
    const roles = { sre: role({ people: ["ann", "bob"] }) };
    expect(said({ approvals: 2 }, roles)).toEqual([
      "problem: it takes 2 people, and only 2 people can have the role sre, and whoever asks cannot be one of those who approve (four_eyes).",
    ]);
    expect(said({ approvals: 2, fourEyes: false }, roles)).toEqual([]);
    expect(said({ approvals: 2 }, { sre: role({ people: ["ann", "bob", "eve"] }) })).toEqual([]);
  });

  it("counts people, not accounts, and only accounts that are linked to one", () => {
    const accounts = { sre: role({ accounts: { slack: ["U-ann", "U-9", "U-8"] } }) };
    expect(said({ approvals: 2 }, accounts)[0]).toMatch(/only 1 person can have .* Accounts count here only where/);
    expect(said({}, accounts)).toEqual([]);
  });

  it("takes everybody with an account there for a possible member of a group", () => {
    const roles = { sre: role({ groups: { slack: ["S1"] } }) };
    expect(said({ approvals: 2 }, roles)).toEqual([]);
    expect(said({ approvals: 2 }, roles, [person("ann", "teams")])[0]).toMatch(/only 0 people/);
    expect(said({}, roles, [])).toEqual([]);
  });

  it("is one whose distinct roles are not held by as many different people", () => {
    const roles = { sre: role({ people: ["ann", "bob"] }), owner: role({ people: ["ann"] }) };
    expect(said({ distinctRoles: ["sre", "owner"], fourEyes: false }, roles)).toEqual([]);
    expect(said({ distinctRoles: ["owner", "owner"], fourEyes: false }, roles)[0]).toMatch(
      /problem: distinct_groups needs 2 different/,
    );
    expect(said({ distinctRoles: ["sre", "owner"] }, { ...roles, owner: role() })[0]).toMatch(
      /role owner, and nobody has it/,
    );
    expect(said({ distinctRoles: ["boss"] }, roles)[0]).toMatch(/not among the approvers/);
  });

  it("is one that asks for no approval at all", () => {
    expect(said({ approvals: 0 }, { sre: role({ people: ["ann"] }) })[0]).toMatch(
      /problem: approvals must be at least 1/,
    );
  });

  it("is said where only one person could say what became of something risky that was cut off", () => {
    const risks = (more: Partial<Role>) => {
      const rule = { ...DEFAULT_RULES.low, approvers: ["sre"] };
      const rules = { low: rule, medium: rule, high: rule, critical: { ...rule, approvals: 2 } };
      const found = impossible({ rules }, { sre: role(more) }, PEOPLE);
      return found.filter(({ text, isProblem }) => UNSETTLED.test(text) && !isProblem).map(({ risk }) => risk);
    };
    expect(risks({ people: ["ann"] })).toEqual(["high"]);
    expect(risks({ people: ["ann"], accounts: { slack: ["U-9"] } })).toEqual(["high"]);
    expect(risks({ people: ["ann", "bob"] })).toEqual([]);
    expect(risks({ groups: { slack: ["S1"] } })).toEqual([]);
  });

  it("is said and let through where nobody may approve, or one person only", () => {
    expect(said({ approvers: [] }, {})).toEqual(["notice: the policy names no approvers, so nobody may approve."]);
    expect(said({}, { sre: role() })).toEqual(["notice: nobody has the role sre, so nobody may approve."]);
    expect(said({}, { sre: role({ people: ["ann"] }) })[0]).toMatch(/notice: only ann may approve/);
    expect(said({ fourEyes: false }, { sre: role({ people: ["ann"] }) })).toEqual([]);
  });
});
