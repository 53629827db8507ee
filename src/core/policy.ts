import { areSame, type Identity, type Voter } from "./people.ts";

/** Who must agree before something runs, and whose votes count. The rest of a policy is in core/policy/. */

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
  /** One person of these roles may approve alone, with a reason. `own`: also what they asked for themselves. */
  readonly breakGlass?: { readonly roles: readonly string[]; readonly own: boolean };
};

export type Vote = {
  readonly person: string;
  readonly name: string;
  readonly platform: string;
  readonly account: string;
  readonly isLinked: boolean;
  readonly directory?: string;
  readonly decision: "approve" | "reject";
  /** Whole hash of the spec that was decided on. */
  readonly hash: string;
  readonly roles: readonly string[];
  readonly reason?: string;
  /** Given alone, past the number that the rule asks for. Marked as such in the audit. */
  readonly breakGlass?: true;
  /** Unix seconds. */
  readonly at: number;
};

/**
 * Why this person's vote cannot count, as a sentence for that person; undefined when it can. Rules: one of the approver
 * roles, no guest, nobody from outside and no bot, not the requester and nobody who might be (four eyes), and an account
 * that is linked to a person wherever a second account of the same person could otherwise count twice.
 */
export function whyNotVote(
  rule: Rule,
  voter: Voter,
  decision: "approve" | "reject",
  requester: Identity | undefined,
): string | undefined {
  const mayNever = whyNever(voter);
  if (mayNever !== undefined) return mayNever;
  if (!voter.roles.some((role) => rule.approvers.includes(role)))
    return rule.approvers.length === 0
      ? "Nobody may decide this: the policy names no approvers."
      : `Only people with the role ${list(rule.approvers)} may decide this.`;
  // Rejecting is always safe: whoever may decide may also withdraw their own wish.
  if (decision === "reject") return undefined;
  if (peopleNeeded(rule) > 1 && !voter.isLinked) return `This needs several people, and ${NOT_LINKED}.`;
  return rule.fourEyes ? whyNotTheirs(voter, requester) : undefined;
}

/** Why this person cannot approve it alone by break-glass, as a sentence for that person; undefined when they can. */
export function whyNotBreakGlass(
  rule: Rule,
  voter: Voter,
  reason: string | undefined,
  requester: Identity | undefined,
): string | undefined {
  const mayNever = whyNever(voter);
  if (mayNever !== undefined) return mayNever;
  const { roles, own } = rule.breakGlass ?? { roles: [], own: false };
  if (roles.length === 0) return "Nobody may approve this alone: the policy names no break-glass role.";
  if (!voter.roles.some((role) => roles.includes(role)))
    return `Only people with the role ${list(roles)} may approve this alone.`;
  if (!voter.isLinked) return `Who approves alone must be known, and ${NOT_LINKED}.`;
  if ((reason ?? "").trim() === "") return "Approving alone takes a reason.";
  return own ? undefined : whyNotTheirs(voter, requester);
}

/** People whose approval it takes, whichever way the rule asks for several. At least 1, whatever the rule says. */
export function peopleNeeded(rule: Rule): number {
  return Math.max(1, rule.approvals, rule.distinctRoles.length);
}

/** True when these votes are enough: distinct people, the votes of those who may, each of `distinctRoles` by another one. */
export function isEnough(rule: Rule, votes: readonly Vote[], hash: string, requester: Identity | undefined): boolean {
  const counting = countingVotes(rule, votes, hash, requester);
  if (counting.some(({ breakGlass }) => breakGlass === true)) return true;
  return (
    counting.length >= peopleNeeded(rule) &&
    canAssign(
      rule.distinctRoles,
      counting.map(({ roles }) => roles),
    )
  );
}

/** Distinct people who approved and may. */
export function approvalsOf(rule: Rule, votes: readonly Vote[], hash: string, requester: Identity | undefined): number {
  return countingVotes(rule, votes, hash, requester).length;
}

/**
 * Who may say what became of something unknown, and how many have to agree: as many and as distinct people as its approval takes
 * by the policy of now, and two at least for what is risky, since nobody checks their word. Where an approval takes only
 * one, whoever asked may be one of those two. Breaking the glass settles nothing: there is no hurry any more.
 */
export function settlingRule(rule: Rule, now: Rule, isRisky: boolean): Rule {
  const { breakGlass: _, ...base } = now;
  const wanted = Math.max(peopleNeeded(rule), peopleNeeded(now));
  const isRaised = isRisky && wanted < 2;
  return {
    ...base,
    approvals: isRaised ? 2 : wanted,
    fourEyes: !isRaised && (rule.fourEyes || now.fourEyes),
  };
}

/** The approvals that count: the last word of each person, and of two accounts that may be one person's the later one. */
function countingVotes(
  rule: Rule,
  votes: readonly Vote[],
  hash: string,
  requester: Identity | undefined,
): readonly Vote[] {
  const counting: Vote[] = [];
  const seen: Vote[] = [];
  for (const vote of votes.toReversed()) {
    // Only somebody's last word counts, whatever it is.
    if (seen.some((other) => areSame(other, vote) === "same")) continue;
    seen.push(vote);
    if (vote.decision !== "approve" || vote.hash !== hash) continue;
    const voter: Voter = { ...vote, isGuest: false, isExternal: false };
    const reason =
      vote.breakGlass === true
        ? whyNotBreakGlass(rule, voter, vote.reason, requester)
        : whyNotVote(rule, voter, "approve", requester);
    if (reason === undefined && counting.every((other) => areSame(other, vote) === "different")) counting.push(vote);
  }
  return counting;
}

const NOT_LINKED = "your account is not linked to a person in the configuration (`people`)";

function whyNever({ isGuest, isExternal, isBot }: Voter): string | undefined {
  if (isBot === true) return "Only people can decide about changes.";
  return isGuest || isExternal ? "Guests and people of other organisations cannot decide about changes." : undefined;
}

/** Four eyes: whoever asked cannot approve, and neither can an account that may be theirs. */
function whyNotTheirs(voter: Voter, requester: Identity | undefined): string | undefined {
  if (requester === undefined) return undefined;
  const same = areSame(requester, voter);
  if (same === "different") return undefined;
  if (same === "same") return "You asked for this change, so somebody else has to approve it (four eyes).";
  return voter.isLinked
    ? "Whoever asked for it did so from an account that is linked to no person in the configuration (`people`), which may be yours: four eyes cannot be told."
    : `It was asked for from an account elsewhere, which may be yours, and ${NOT_LINKED}: four eyes cannot be told.`;
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
