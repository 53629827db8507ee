import type { Identity, Voter } from "./people.ts";
import type { Risk } from "./runbook.ts";

/** Who must agree before something runs, and when nothing may. All of it comes from the configuration. */

/** What one proposal needs. */
export type Rule = {
  /** Distinct people who must approve. */
  readonly approvals: number;
  /** Roles whose people may decide. Empty: nobody. */
  readonly approvers: readonly string[];
  /** Each of these roles must be had by a different one of those who approve. */
  readonly distinctRoles: readonly string[];
  /** Whoever asked for it cannot approve it. */
  readonly fourEyes: boolean;
  /** Seconds from the proposal to its end without enough votes, and from approval to the end without a start. */
  readonly approveWithin: number;
  readonly executeWithin: number;
  /** Seconds between approval and start: the time to press stop. */
  readonly executeDelay: number;
  readonly rejectsToKill: number;
  readonly reason: "optional" | "required";
  /** Approving takes the proposal's code, typed. */
  readonly typedCode: boolean;
};

export type Mode = "observe" | "propose" | "act";

/** Recurring time in which only the risks of `allow` may run. Times are local to `zone`: minutes of a week from Monday 00:00. */
export type Freeze = {
  readonly name: string;
  readonly zone: string;
  readonly from: number;
  readonly to: number;
  readonly allow: readonly Risk[];
};

export type Vote = {
  readonly person: string;
  readonly name: string;
  readonly platform: string;
  readonly account: string;
  readonly isLinked: boolean;
  readonly decision: "approve" | "reject";
  /** Whole hash of the spec that was decided on. */
  readonly hash: string;
  readonly roles: readonly string[];
  readonly reason?: string;
  /** Unix seconds. */
  readonly at: number;
};

/**
 * Why this person's vote cannot count, as a sentence for that person; undefined when it can. Rules: one of the approver
 * roles, no guest and nobody from outside, not the requester (four eyes), and an account that is linked to a person
 * wherever a second account of the same person could otherwise count twice.
 */
export function whyNotVote(
  rule: Rule,
  voter: Voter,
  decision: "approve" | "reject",
  requester: Identity | undefined,
): string | undefined {
  if (voter.isGuest || voter.isExternal) return "Guests and people of other organisations cannot decide about changes.";
  const mine = voter.roles.filter((role) => rule.approvers.includes(role));
  if (mine.length === 0)
    return rule.approvers.length === 0
      ? "Nobody may decide this: the policy names no approvers."
      : `Only people with the role ${list(rule.approvers)} may decide this.`;
  // Rejecting is always safe: whoever may decide may also withdraw their own wish.
  if (decision === "reject") return undefined;
  if (rule.fourEyes && requester?.person === voter.person)
    return "You asked for this change, so somebody else has to approve it (four eyes).";
  if (voter.isLinked) return undefined;
  if (rule.approvals > 1)
    return "This needs several people, and your account is not linked to a person in the configuration (`people`).";
  if (rule.fourEyes && requester !== undefined && (!requester.isLinked || requester.platform !== voter.platform)) {
    if (requester.platform !== voter.platform)
      return "It was asked for on another platform, and your account is not linked to a person in the configuration (`people`), so four eyes cannot be told.";
  }
  return undefined;
}

/** True when these votes are enough: distinct people, the votes of those who may, each of `distinctRoles` by another one. */
export function isEnough(rule: Rule, votes: readonly Vote[], hash: string, requester: Identity | undefined): boolean {
  const people = new Map<string, readonly string[]>();
  for (const vote of votes) {
    if (vote.decision !== "approve" || vote.hash !== hash) continue;
    const voter: Voter = { ...vote, isGuest: false, isExternal: false };
    if (whyNotVote(rule, voter, "approve", requester) === undefined) people.set(vote.person, vote.roles);
  }
  return people.size >= Math.max(1, rule.approvals) && canAssign(rule.distinctRoles, [...people.values()]);
}

/** Distinct people who approved and may. */
export function approvalsOf(rule: Rule, votes: readonly Vote[], hash: string, requester: Identity | undefined): number {
  return new Set(
    votes
      .filter(
        (vote) =>
          vote.decision === "approve" &&
          vote.hash === hash &&
          whyNotVote(rule, { ...vote, isGuest: false, isExternal: false }, "approve", requester) === undefined,
      )
      .map(({ person }) => person),
  ).size;
}

/** A different holder for each role: a matching, found by trying. Few roles and few people. */
function canAssign(roles: readonly string[], holders: readonly (readonly string[])[]): boolean {
  const [role, ...others] = roles;
  if (role === undefined) return true;
  return holders.some(
    (held, at) =>
      held.includes(role) &&
      canAssign(
        others,
        holders.filter((_, index) => index !== at),
      ),
  );
}

function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
