import { areSame, type Identity } from "../people.ts";
import { isEnough, type Rule, type Vote } from "../policy.ts";

/** The votes and who asked, with the people and roles of one moment. */
export type Standing = { readonly votes: readonly Vote[]; readonly requester: Identity | undefined };

/**
 * Why approvals that were enough are not any more, as a sentence. `given` is how they stood when they were given, `today` the
 * same votes in the same order with the people and roles of now; `rule` is the rule of now, and `hash` what they approved.
 */
export function whyShort(rule: Rule, hash: string, given: Standing, today: Standing): string {
  if (!isEnough(rule, given.votes, hash, given.requester))
    return "The policy became stricter since this was approved: it asks for other or more people.";
  const reasons = today.votes.flatMap((vote, at) => {
    const before = given.votes[at];
    return vote.decision === "approve" && before !== undefined ? changesOf(rule, before, vote, today, at) : [];
  });
  const said = [...new Set(reasons)];
  return said.length === 0 ? "Its approvals are not enough any more." : `${said.join("; ")}.`;
}

/** What is different about one vote, as clauses. */
function changesOf(rule: Rule, before: Vote, vote: Vote, { votes, requester }: Standing, at: number): string[] {
  const counting = new Set([...rule.approvers, ...rule.distinctRoles, ...(rule.breakGlass?.roles ?? [])]);
  const lost = before.roles.filter((role) => counting.has(role) && !vote.roles.includes(role));
  const asked = requester === undefined ? "different" : areSame(requester, vote);
  const other = votes.slice(0, at).find((one) => one.decision === "approve" && areSame(one, vote) === "same");
  return [
    ...lost.map((role) => `${vote.name} has the role ${role} no longer`),
    ...(before.isLinked && !vote.isLinked ? [`the account of ${vote.name} is linked to no person any more`] : []),
    ...(asked === "same" ? [`${vote.name} is the person who asked for it`] : []),
    ...(asked === "unknown" ? [`${vote.name} may be the person who asked for it`] : []),
    ...(other === undefined ? [] : [`${other.name} and ${vote.name} are one person`]),
  ];
}
