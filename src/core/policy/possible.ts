import type { Person, Roles } from "../people.ts";
import { peopleNeeded, type Rule } from "../policy.ts";
import { RISKS, type Risk } from "../runbook.ts";
import type { Policy } from "./rules.ts";

/** Whether the people there are can meet a policy at all: better said at the start than at three in the morning. */

export type Finding = {
  readonly risk: Risk;
  /** A sentence. */
  readonly text: string;
  /** False for what is legal but probably not meant. */
  readonly isProblem: boolean;
};

/**
 * What cannot be met, by risk. Members of groups that a platform keeps are not known here: each linked person with an
 * account there may be one, and where one approval is enough, somebody unknown may be too.
 */
export function impossible(policy: Pick<Policy, "rules">, roles: Roles, people: readonly Person[]): readonly Finding[] {
  return RISKS.flatMap((risk) =>
    findings(policy.rules[risk], risk, roles, people).map((finding) => ({ risk, ...finding })),
  );
}

type Found = Omit<Finding, "risk">;

function findings(rule: Rule, risk: Risk, roles: Roles, people: readonly Person[]): readonly Found[] {
  const problem = (text: string): Found => ({ text, isProblem: true });
  const notice = (text: string): Found => ({ text, isProblem: false });
  if (rule.approvals < 1)
    return [problem("approvals must be at least 1: only runbooks that change nothing run without an approval.")];
  if (rule.approvers.length === 0) return [notice("the policy names no approvers, so nobody may approve.")];
  const outside = rule.distinctRoles.filter((role) => !rule.approvers.includes(role));
  if (outside.length > 0)
    return [problem(`distinct_groups names ${list(outside)}, whose people are not among the approvers.`)];
  const holders = (role: string) => holdersOf(role, roles, people);
  const empty = [...new Set(rule.distinctRoles)].filter((role) => holders(role).isEmpty);
  if (empty.length > 0)
    return [problem(`distinct_groups needs somebody with the role ${list(empty)}, and nobody has it.`)];
  const all = rule.approvers.map(holders);
  if (all.every(({ isEmpty }) => isEmpty))
    return [notice(`nobody has the role ${list(rule.approvers, "or")}, so nobody may approve.`)];
  const needed = peopleNeeded(rule);
  const linked = new Set(all.flatMap(({ linked }) => [...linked]));
  if (needed === 1) return [...only(rule, all, linked, notice), ...unsettled(risk, linked, all, notice)];
  if (linked.size < needed + (rule.fourEyes ? 1 : 0)) return [problem(tooFew(rule, all, linked.size, needed))];
  if (!canSeat(rule.distinctRoles, new Map(rule.distinctRoles.map((role) => [role, holders(role).linked]))))
    return [
      problem(
        `distinct_groups needs ${rule.distinctRoles.length} different people with the roles ${list(rule.distinctRoles)}, and the people of \`people\` do not suffice.`,
      ),
    ];
  return [];
}

function only(
  rule: Rule,
  all: readonly Holders[],
  linked: ReadonlySet<string>,
  notice: (text: string) => Found,
): readonly Found[] {
  const unlinked = new Set(all.flatMap((one) => [...one.unlinked]));
  const isOne = linked.size + unlinked.size === 1 && !all.some(({ hasGroups }) => hasGroups);
  if (!isOne || !rule.fourEyes) return [];
  const [who] = [...linked, ...unlinked];
  return [notice(`only ${who} may approve, and with four_eyes nobody may approve what ${who} asks for.`)];
}

/** What became of something risky is said by two people who are known, also where one may approve it. */
function unsettled(
  risk: Risk,
  linked: ReadonlySet<string>,
  all: readonly Holders[],
  notice: (text: string) => Found,
): readonly Found[] {
  const isRisky = risk === "high" || risk === "critical";
  if (!isRisky || linked.size >= 2 || all.some(({ hasGroups }) => hasGroups)) return [];
  return [
    notice(
      "it takes two people of `people` among the approvers to say what became of a change that was cut off, and there are not two: only the target itself could tell.",
    ),
  ];
}

function tooFew(rule: Rule, all: readonly Holders[], count: number, needed: number): string {
  const who = `the role ${list(rule.approvers, "or")}`;
  const have = `${count} ${count === 1 ? "person" : "people"}`;
  const besides = rule.fourEyes ? ", and whoever asks cannot be one of those who approve (four_eyes)" : "";
  const accounts = all.some(({ unlinked, hasGroups }) => hasGroups || unlinked.size > 0)
    ? " Accounts count here only where `people` links them to a person."
    : "";
  return `it takes ${needed} people, and only ${have} can have ${who}${besides}.${accounts}`;
}

type Holders = {
  readonly linked: ReadonlySet<string>;
  readonly unlinked: ReadonlySet<string>;
  readonly hasGroups: boolean;
  readonly isEmpty: boolean;
};

/** Who may have a role: people by id, accounts that belong to nobody known, and whether there may be more. */
function holdersOf(name: string, roles: Roles, people: readonly Person[]): Holders {
  const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
  const linked = new Set(role?.people.filter((id) => people.some((person) => person.id === id)));
  const unlinked = new Set<string>();
  for (const [platform, ids] of Object.entries(role?.accounts ?? {}))
    for (const id of ids) {
      const owner = people.find(({ accounts }) => (accounts[platform] ?? []).some((one) => bare(one) === bare(id)));
      if (owner === undefined) unlinked.add(`${platform}:${id}`);
      else linked.add(owner.id);
    }
  const groups = Object.entries(role?.groups ?? {}).flatMap(([platform, ids]) => (ids.length > 0 ? [platform] : []));
  for (const person of people)
    if (groups.some((platform) => (person.accounts[platform] ?? []).length > 0)) linked.add(person.id);
  const hasGroups = groups.length > 0;
  return { linked, unlinked, hasGroups, isEmpty: linked.size + unlinked.size === 0 && !hasGroups };
}

function bare(account: string): string {
  return (account.split("/").at(-1) ?? "").toLowerCase();
}

/** A different person for each role: augmenting paths (Kuhn's algorithm). */
function canSeat(roles: readonly string[], holders: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const seats = new Map<string, number>();
  const seat = (role: number, seen: Set<string>): boolean =>
    [...(holders.get(roles[role] ?? "") ?? [])].some((person) => {
      if (seen.has(person)) return false;
      seen.add(person);
      const other = seats.get(person);
      if (other !== undefined && !seat(other, seen)) return false;
      seats.set(person, role);
      return true;
    });
  return roles.every((_, role) => seat(role, new Set()));
}

function list(names: readonly string[], word = "and"): string {
  const different = [...new Set(names)];
  return different.length < 2
    ? (different[0] ?? "")
    : `${different.slice(0, -1).join(", ")} ${word} ${different.at(-1)}`;
}
