import { describe, expect, it } from "vitest";
import { reachOf } from "../../src/core/access.ts";
import { rolesOf } from "../../src/core/people.ts";
import { configIn, problemsIn } from "./helpers.ts";

const said = (yaml: string) => problemsIn(yaml).map(({ where, message }) => `${where}: ${message}`);

const GUID = "01234567-89ab-cdef-0123-456789abcdef";
const PEOPLE = `
people:
  ann: {name: Ann Example, slack: [U1], teams: [${GUID}], terminal: [ann]}
  bob: {slack: [U2]}
  eve: {slack: [U3]}
roles:
  sre: {people: [ann, bob], slack: [U9, S1]}
  owner: {people: [eve], teams_groups: [${GUID}]}
`;

describe("people and roles", () => {
  it("are read with their accounts and groups", () => {
    const { people, roles } = configIn(PEOPLE);
    expect(people[0]).toEqual({
      id: "ann",
      name: "Ann Example",
      accounts: { slack: ["U1"], teams: [GUID], terminal: ["ann"] },
    });
    expect(people[1]?.name).toBe("bob");
    expect(roles["sre"]).toEqual({ people: ["ann", "bob"], accounts: { slack: ["U9"] }, groups: { slack: ["S1"] } });
    expect(roles["owner"]?.groups).toEqual({ teams: [GUID] });
  });

  it("give a person the same roles on every platform, and a group only to who is in it", () => {
    const { people, roles } = configIn(PEOPLE);
    const of = (person: string, platform: string, account: string, groups: readonly string[] = []) =>
      rolesOf(roles, people, { person, platform, account }, groups);
    expect(of("ann", "teams", `t/${GUID}`)).toEqual(["sre"]);
    expect(of("eve", "slack", "U3")).toEqual(["owner"]);
    expect(of("slack:u9", "slack", "U9")).toEqual(["sre"]);
    expect(of("slack:u8", "slack", "U8")).toEqual([]);
    expect(of("slack:u8", "slack", "U8", ["s1"])).toEqual(["sre"]);
    expect(of("teams:x", "teams", "x", ["S1"])).toEqual([]);
    expect(of("teams:sre", "teams", "sre")).toEqual([]);
  });

  it("count for reading too", () => {
    const { access } = configIn(`${PEOPLE}access: [{roles: [sre]}]`);
    const may = (platform: string, id: string) =>
      reachOf(
        access,
        {
          user: { platform, id, name: "x" },
          place: { platform, channel: "c", thread: "t" },
          isGuest: false,
          isExternal: false,
        },
        [],
      ).allowed;
    expect([may("slack", "U1"), may("teams", `t/${GUID}`), may("slack", "U9"), may("slack", "U3")]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it.each([
    ["people: {ann: {slack: [ann]}}", /^smartcloudops.yaml:1:24 people.ann.slack\[0\]: must be the id of a Slack user/],
    ["people: {ann: {slack: [S123]}}", /must be the id of a Slack user/],
    ["people: {ann: {teams: [ann@example.com]}}", /people.ann.teams\[0\]: must be the object id/],
    [
      "people: {a: {slack: [U1]}, b: {slack: [u1, U1]}}",
      /people.b.slack\[0\]: must belong to one person: "u1" is a's too/,
    ],
    [`people: {a: {teams: [${GUID}]}, b: {teams: [x/${GUID}]}}`, /people.b.teams\[0\]/],
    ["people: {'a b': {}}", /people.a b: must be 1 to 63 letters/],
    ["people: {'slack:U1': {}}", /must be 1 to 63 letters/],
    ["people: {ann: {slck: [U1]}}", /people.ann.slck: is not a setting. Did you mean slack\?/],
    ["people: {ann: {}}\nroles: {sre: {people: [an]}}", /roles.sre.people\[0\]: .*did you mean ann\?/],
    ["roles: {sre: {people: [bob]}}", /roles.sre.people\[0\]: .*people has no such id/],
    ["roles: {sre: {teams_groups: [ops]}}", /must be the object id of a group/],
    ["people: []", /people: must be a group of people by id/],
  ])("refuses %s", (yaml, message) => {
    expect(said(yaml)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });
});

describe("approvals", () => {
  it("are nobody's where nothing is said, and said so where something could run", () => {
    expect(configIn("").policy.rules.low.approvers).toEqual([]);
    expect(configIn("").notices).toEqual([]);
    expect(configIn("runbooks: {builtin: true}").notices).toEqual([
      "`approvals` is not set: the policy names no approvers, so nobody may approve a change",
    ]);
  });

  it("are read as they are documented", () => {
    const { policy, notices } = configIn(`${PEOPLE}
approvals:
  default: {approvals: 1, approvers: [group:sre], four_eyes: true, approve_within: 20m, execute_within: 1m, rejects_to_kill: 2}
  risk:
    low: {approvals: 1, approvers: [sre, owner]}
    medium: {reason: required}
    high: {approvals: 2, distinct_groups: [sre, owner]}
    critical: {approvals: 2, execute_delay: 30s, typed_code: false}
  limits: {open_per_thread: 5}
  break_glass: {roles: [owner]}
runbooks: {modes: {default: observe, staging: act}}
`);
    expect(notices).toEqual([]);
    expect(policy.rules.medium).toEqual({
      approvals: 1,
      approvers: ["sre"],
      distinctRoles: [],
      fourEyes: true,
      approveWithin: 1200,
      executeWithin: 60,
      executeDelay: 0,
      rejectsToKill: 2,
      reason: "required",
      typedCode: false,
      breakGlass: { roles: ["owner"], own: false },
    });
    // Whom distinct_groups names may decide, or it could never be met.
    expect(policy.rules.high).toMatchObject({
      approvers: ["sre", "owner"],
      distinctRoles: ["sre", "owner"],
      typedCode: true,
    });
    expect(policy.rules.critical).toMatchObject({ executeDelay: 30, typedCode: false, reason: "required" });
    expect(policy.limits).toEqual({ openPerThread: 5, perChannelHour: 10, perTargetHour: 2 });
    expect(policy.modes).toEqual({ default: "observe", staging: "act" });
    expect(policy.version).toMatch(/^[0-9a-f]{64}$/);
  });

  it("have one version for one content, however it is written", () => {
    const version = (yaml: string) => configIn(PEOPLE + yaml).policy.version;
    const a = version("approvals: {default: {approvals: 1, approvers: [sre]}, limits: {open_per_thread: 3}}");
    expect(version("approvals:\n  limits: {}\n  default:\n    approvers: ['group:sre']\n")).toBe(a);
    expect(version("approvals: {default: {approvers: [owner]}}")).not.toBe(a);
  });

  it.each([
    [
      "default: {approvals: 0, approvers: [sre]}",
      /default.approvals: must be a whole number from 1 to 20: it is the number 0/,
    ],
    ["default: {approvers: [sre], approve_within: 100000d}", /approve_within: must be a duration from 1m to 14d/],
    ["default: {approvers: no}", /default.approvers: must be a list/],
    [
      "default: {approvers: [srs]}",
      /default.approvers\[0\]: must name one of the roles: it is "srs", and did you mean sre\?/,
    ],
    ["break_glass: {roles: [boss]}", /break_glass.roles\[0\]: .*known are sre, owner/],
    [
      "default: {approvers: [owner], approvals: 3}",
      /default: can never be met for low, medium, high, critical risk: it takes 3 people/,
    ],
    ["default: {approvers: [sre], approvals: 2}", undefined],
    [
      "default: {approvers: [owner], approvals: 2}\n  risk: {high: {approvals: 1}}",
      /it takes 2 people, and only 2 people can have the role owner, and whoever asks/,
    ],
    ["default: {approvers: [sre]}\n  risk: {high: {approvals: 9}}", /risk.high: can never be met for high risk/],
    ["risk: {hihg: {}}", /risk.hihg: is not a setting. Did you mean high\?/],
    ["raise_risk: [{when: 'params.replicas = 0', to: high}]", /raise_risk\[0\].when: /],
    ["raise_risk: [{when: 'process.exit() == 1', to: high}]", /"process.exit" is none/],
    ["raise_risk: [{when: 'risk == low', to: highest}]", /must be low, medium, high or critical/],
    ["freeze: [{name: a, from: 'Fri 17:00', to: '2026-01-01 10:00'}]", /freeze\[0\].to: must be written as from is/],
    ["freeze: [{name: a, from: 'Fri 25:00', to: 'Mon 08:00'}]", /freeze\[0\].from: must be a day and a time/],
    ["freeze: [{name: a, from: 'Fri 17:00', to: 'Fri 17:00'}]", /freeze\[0\].to: must be another time/],
    ["freeze: [{name: a, from: '2026-02-30 17:00', to: '2026-03-01 17:00'}]", /freeze\[0\].from/],
    ["freeze: [{name: a, tz: Mars, from: 'Fri 17:00', to: 'Mon 17:00'}]", /freeze\[0\].tz: must be the IANA name/],
    ["freeze: [{name: a, from: Mon 1:00, to: Mon 2:00}, {name: a, from: Mon 1:00, to: Mon 2:00}]", /there twice/],
    ["min_approvals: 0", /approvals.min_approvals: is not a setting/],
  ])("asks of %s what can be", (yaml, message) => {
    const problems = said(`${PEOPLE}approvals:\n  ${yaml}\n`);
    if (message === undefined) expect(problems).toEqual([]);
    else expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  it("say where nobody may approve, or only one whose own wishes are left over", () => {
    expect(configIn(`${PEOPLE}approvals: {default: {approvers: []}}`).notices).toEqual([
      "approvals of low, medium, high, critical risk: the policy names no approvers, so nobody may approve",
    ]);
    const yaml =
      "people: {ann: {slack: [U1]}}\nroles: {sre: {people: [ann]}}\napprovals: {default: {approvers: [sre]}}";
    expect(configIn(yaml).notices).toEqual([
      "approvals of low, medium, high, critical risk: only ann may approve, and with four_eyes nobody may approve what ann asks for",
      expect.stringMatching(/^approvals of high, critical risk: it takes two people of `people` among the approvers/),
    ]);
  });

  it("say where a condition names an environment that nothing has", () => {
    const yaml = `${PEOPLE}sources: [{name: a, url: http://a, environment: Production}]
approvals: {default: {approvers: [sre]}, raise_risk: [{when: "target.env in [prod, production]", to: high}]}`;
    expect(configIn(yaml).notices).toEqual([
      expect.stringMatching(/raise_risk\[0\].when: nothing .* environment "prod"$/),
    ]);
  });
});
