import { titleOf } from "../../cards/proposal-card.ts";
import { mayReadProposal } from "../../core/access.ts";
import type { Voter } from "../../core/people.ts";
import { whyNotVote } from "../../core/policy.ts";
import { OPEN, type Proposal } from "../../core/proposal.ts";
import { messageId } from "../../core/proposal-message.ts";
import type { ProposalLine, ProposalLists } from "../../ports/chat.ts";
import { inertName } from "../../util/inert.ts";
import type { RemedyDeps } from "./deps.ts";
import { ruleNow } from "./rule.ts";

const SHOWN = 10;
const LATELY = 7 * 86_400;

/**
 * What waits for one person's decision, what they asked for, and what was decided lately, of what is `open` to them; newest
 * first, ten of each.
 */
export async function listsOf(
  { store, policy, clock }: Pick<RemedyDeps, "store" | "policy" | "clock">,
  voter: Voter,
  open: Parameters<typeof mayReadProposal>[0],
): Promise<ProposalLists> {
  const found = await store.proposals.find({ since: clock() - LATELY, limit: 500 });
  const mayDecide = (one: Proposal) =>
    one.status === "pending" &&
    one.spec.runbook !== undefined &&
    one.votes.every(({ person }) => person !== voter.person) &&
    whyNotVote(ruleNow(policy(), one.spec), voter, "approve", one.spec.requester) === undefined;
  const took = (one: Proposal) => one.votes.some(({ person }) => person === voter.person);
  const isTheirs = (one: Proposal) => mayDecide(one) || one.spec.requester?.person === voter.person || took(one);
  const all = found.filter((one) => mayReadProposal(open, one, isTheirs(one)));
  const lines = (wanted: (one: Proposal) => boolean) =>
    Promise.all(
      all
        .filter(wanted)
        .slice(0, SHOWN)
        .map((one) => lineOf(store, one, voter.platform)),
    );
  const [waiting, own, decided] = await Promise.all([
    lines(mayDecide),
    lines((one) => one.spec.requester?.person === voter.person && OPEN.has(one.status)),
    lines((one) => one.status !== "pending" && (took(one) || one.spec.requester?.person === voter.person)),
  ]);
  return { waiting, own, decided };
}

async function lineOf(
  { outbox }: RemedyDeps["store"],
  { id, spec, status, places }: Proposal,
  platform: string,
): Promise<ProposalLine> {
  const at = places.findIndex((place) => place.platform === platform);
  const who = spec.requester === undefined ? "the bot itself" : inertName(spec.requester.name);
  return {
    title: titleOf(spec),
    text: `${status.replace("_", " ")}, ${spec.risk} risk, asked by ${who}`,
    message: at < 0 ? undefined : await outbox.referenceOf(messageId(id, at)),
  };
}
