import { describe, expect, it } from "vitest";
import { type Identity, identify, type Person, type Voter } from "../../../src/core/people.ts";
import { DEFAULT_RULES } from "../../../src/core/policy/rules.ts";
import {
  approvalsOf,
  isEnough,
  peopleNeeded,
  type Rule,
  type Vote,
  whyNotBreakGlass,
  whyNotVote,
} from "../../../src/core/policy.ts";

/**
 * Every tier with every requester and every pair of approvers, over every way in which accounts may be linked to people.
 * The test knows which human is behind an account; the bot is only told what the configuration says.
 */

type Account = { readonly human: string; readonly platform: string; readonly id: string };

const HUMANS = ["ann", "bob"];
const ACCOUNTS: readonly Account[] = [
  ...HUMANS.flatMap((human) => [
    { human, platform: "slack", id: `U${human.toUpperCase()}` },
    { human, platform: "teams", id: `t1/${human}-1` },
    // The same human in another tenant, and with a second account of the machine.
    { human, platform: "teams", id: `t2/${human}-2` },
    { human, platform: "terminal", id: human },
    { human, platform: "terminal", id: `${human}-root` },
  ]),
];
const STRANGERS: readonly (Account & Partial<Voter>)[] = [
  { human: "guest", platform: "slack", id: "UGUEST", isGuest: true },
  { human: "external", platform: "teams", id: "t9/ext", isExternal: true },
  { human: "bot", platform: "slack", id: "UBOT", isBot: true },
];

/** Which of a human's accounts the configuration links to them. */
const LINKS: Readonly<Record<string, (account: Account) => boolean>> = {
  none: () => false,
  all: () => true,
  slack: ({ platform }) => platform === "slack",
  teams: ({ id }) => id.startsWith("t1/"),
  terminal: ({ id }) => HUMANS.includes(id),
};

const TIERS: Readonly<Record<string, Rule>> = {
  one: { ...DEFAULT_RULES.low, approvers: ["sre"] },
  two: { ...DEFAULT_RULES.high, approvers: ["sre", "owner"], approvals: 2 },
  distinct: { ...DEFAULT_RULES.high, approvers: ["sre", "owner"], approvals: 1, distinctRoles: ["sre", "owner"] },
  nobody: DEFAULT_RULES.critical,
  glass: { ...DEFAULT_RULES.high, approvers: ["sre"], approvals: 2, breakGlass: { roles: ["sre"], own: false } },
};

const HASH = "h";

function peopleOf(links: readonly string[]): readonly Person[] {
  return HUMANS.map((human, at) => {
    const linked = ACCOUNTS.filter((one) => one.human === human && LINKS[links[at] as string]!(one));
    const accounts = Object.groupBy(linked, ({ platform }) => platform);
    return {
      id: human,
      name: human,
      accounts: Object.fromEntries(
        Object.entries(accounts).map(([name, all]) => [name, (all ?? []).map(({ id }) => id)]),
      ),
    };
  });
}

function voterOf(people: readonly Person[], account: Account & Partial<Voter>): Voter {
  const identity = identify(people, { platform: account.platform, id: account.id, name: account.human });
  const { isGuest = false, isExternal = false, isBot = false } = account;
  return { ...identity, roles: ["sre", "owner"], isGuest, isExternal, isBot };
}

/** What the bot stores of a click, or undefined when it refuses. */
function clicked(rule: Rule, voter: Voter, requester: Identity | undefined, glass: boolean): Vote | undefined {
  const reason = glass
    ? whyNotBreakGlass(rule, voter, "production is down", requester)
    : whyNotVote(rule, voter, "approve", requester);
  if (reason !== undefined) return undefined;
  const { isGuest: _, isExternal: __, isBot: ___, ...rest } = voter;
  const vote: Vote = { ...rest, decision: "approve", hash: HASH, at: 1 };
  return glass ? { ...vote, reason: "production is down", breakGlass: true } : vote;
}

describe("tier x requester x approvers x links", () => {
  const configurations = Object.keys(LINKS).flatMap((a) => Object.keys(LINKS).map((b) => [a, b] as const));
  const everybody = [...ACCOUNTS, ...STRANGERS];
  const counts = { tried: 0, enough: 0, self: 0, double: 0, stranger: 0, nobody: 0 };
  const faults: string[] = [];

  for (const links of configurations) {
    const people = peopleOf(links);
    const voters = everybody.map((account) => ({ account, voter: voterOf(people, account) }));
    // On behalf of somebody, through the model: the human behind it is the requester.
    for (const asker of [undefined, ...ACCOUNTS]) {
      const requester = asker && identify(people, { platform: asker.platform, id: asker.id, name: asker.human });
      for (const [tier, rule] of Object.entries(TIERS))
        for (const [at, first] of voters.entries())
          for (const second of voters.slice(at)) {
            counts.tried += 1;
            const glass = tier === "glass";
            const votes = [first, second].flatMap(({ account, voter }) => {
              const vote = clicked(rule, voter, requester, glass);
              return vote === undefined ? [] : [{ account, vote }];
            });
            const given = votes.map(({ vote }) => vote);
            const humans = new Set(votes.map(({ account }) => account.human));
            const say = () =>
              `${tier} ${links.join("/")} asked by ${asker?.platform}:${asker?.id}, approved by ${votes.map(({ account }) => account.id).join(" and ")}`;
            const fault = (kind: "self" | "double" | "stranger" | "nobody") => {
              counts[kind] += 1;
              if (faults.length < 5) faults.push(`${kind}: ${say()}`);
            };
            if (asker !== undefined && humans.has(asker.human)) fault("self");
            if (votes.some(({ account }) => !HUMANS.includes(account.human))) fault("stranger");
            if (approvalsOf(rule, given, HASH, requester) > humans.size) fault("double");
            if (!isEnough(rule, given, HASH, requester)) continue;
            counts.enough += 1;
            if (rule.approvers.length === 0) fault("nobody");
            if (humans.size < (glass ? 1 : peopleNeeded(rule))) fault("double");
          }
    }
  }

  it("lets nobody approve their own, no one human count twice, and no stranger decide", () => {
    expect(counts.tried).toBeGreaterThan(100_000);
    expect(faults).toEqual([]);
    expect(counts).toMatchObject({ self: 0, double: 0, stranger: 0, nobody: 0 });
  });

  it("lets those approve who may", () => {
    expect(counts.enough).toBeGreaterThan(5000);
    const people = peopleOf(["all", "all"]);
    const ann = ACCOUNTS.filter(({ human }) => human === "ann").map((account) => voterOf(people, account));
    const bob = ACCOUNTS.filter(({ human }) => human === "bob").map((account) => voterOf(people, account));
    const one = TIERS["one"]!;
    for (const asks of ann) for (const votes of bob) expect(whyNotVote(one, votes, "approve", asks)).toBeUndefined();
  });

  it("catches the mistakes it is for", () => {
    // Ann is linked by Slack alone: her Teams account is nobody's, and may be hers.
    const people = peopleOf(["slack", "slack"]);
    const [slack, teams] = [ACCOUNTS[0]!, ACCOUNTS[1]!].map((account) => voterOf(people, account)) as [Voter, Voter];
    const one = TIERS["one"]!;
    expect(whyNotVote(one, slack, "approve", slack)).toMatch(/You asked for this change/);
    expect(whyNotVote(one, teams, "approve", slack)).toMatch(/your account is not linked/);
    expect(whyNotVote(one, slack, "approve", teams)).toMatch(/linked to no person/);
    expect(whyNotVote({ ...one, fourEyes: false }, slack, "approve", slack)).toBeUndefined();
    // Two unlinked accounts, each with one of two roles, where one approval is said and two roles are.
    expect(whyNotVote(TIERS["distinct"]!, { ...teams, roles: ["owner"] }, "approve", undefined)).toMatch(
      /several people/,
    );
  });

  it("does not take a person for another one when the configuration comes to know the account", () => {
    const before = identify([], { platform: "slack", id: "UANN", name: "ann" });
    const after = voterOf(peopleOf(["all", "all"]), ACCOUNTS[0]!);
    expect(before.person).not.toBe(after.person);
    expect(whyNotVote(TIERS["one"]!, after, "approve", before)).toMatch(/You asked for this change/);
  });

  it("takes one account for one, however its id is written", () => {
    const people = peopleOf(["none", "none"]);
    const [a, b] = ["t1/ABC-1", "T1/abc-1"].map((id) => voterOf(people, { human: "x", platform: "teams", id })) as [
      Voter,
      Voter,
    ];
    expect(a.person).toBe(b.person);
    expect(whyNotVote(TIERS["one"]!, a, "approve", b)).toMatch(/You asked/);
  });
});

describe("break-glass", () => {
  const people = peopleOf(["all", "all"]);
  const [ann, bob] = [ACCOUNTS[0]!, ACCOUNTS[5]!].map((account) => voterOf(people, account)) as [Voter, Voter];
  const rule = TIERS["glass"]!;

  it("is one person's, with a reason, who is known and did not ask", () => {
    expect(whyNotBreakGlass(rule, bob, "down", ann)).toBeUndefined();
    expect(whyNotBreakGlass(rule, bob, " ", ann)).toBe("Approving alone takes a reason.");
    expect(whyNotBreakGlass(rule, bob, "down", bob)).toMatch(/You asked/);
    expect(whyNotBreakGlass({ ...rule, breakGlass: { roles: ["sre"], own: true } }, bob, "down", bob)).toBeUndefined();
    expect(whyNotBreakGlass(rule, { ...bob, roles: [] }, "down", ann)).toMatch(/role sre may approve this alone/);
    expect(whyNotBreakGlass(rule, { ...bob, isLinked: false }, "down", ann)).toMatch(/must be known/);
    expect(whyNotBreakGlass(rule, { ...bob, isGuest: true }, "down", ann)).toMatch(/Guests/);
    expect(whyNotBreakGlass(TIERS["two"]!, bob, "down", ann)).toMatch(/names no break-glass role/);
  });

  it("is enough alone, and only as long as the policy knows it", () => {
    const vote = clicked(rule, bob, ann, true)!;
    expect(isEnough(rule, [vote], HASH, ann)).toBe(true);
    expect(isEnough(rule, [{ ...vote, reason: "" }], HASH, ann)).toBe(false);
    expect(isEnough(rule, [vote], "other", ann)).toBe(false);
    expect(isEnough({ ...rule, breakGlass: { roles: ["boss"], own: false } }, [vote], HASH, ann)).toBe(false);
    const { breakGlass: _, ...plain } = vote;
    expect(isEnough(rule, [plain], HASH, ann)).toBe(false);
  });
});
