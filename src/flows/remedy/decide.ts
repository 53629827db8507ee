import { type CardContext, detailsCard, outcomeCard, refusalCard } from "../../cards/proposal-card.ts";
import { RESTORED } from "../../cards/proposal-words.ts";
import type { Visitor } from "../../core/access.ts";
import { type Card, type Decision, isResponse } from "../../core/card.ts";
import type { Voter } from "../../core/people.ts";
import { modeOf } from "../../core/policy/rules.ts";
import { type Vote, whyNotBreakGlass, whyNotVote } from "../../core/policy.ts";
import { isPosted } from "../../core/posted.ts";
import { codeOf, type Proposal, type Spec, shortHash } from "../../core/proposal.ts";
import { messageId } from "../../core/proposal-message.ts";
import { formatDuration } from "../../core/units.ts";
import type { Click as AnyClick } from "../../ports/chat.ts";
import { reasonOf } from "../../util/errors.ts";
import { change } from "./change.ts";
import { BOT, type RemedyDeps } from "./deps.ts";
import { probe } from "./probe.ts";
import { recheck } from "./recheck.ts";
import { suspension } from "./record.ts";
import { ruleNow, ruleToSettle } from "./rule.ts";
import { release } from "./stopping.ts";

/** A click on a proposal's card. */
type Click = AnyClick & { readonly decision: Decision };

export type DecideDeps = RemedyDeps & {
  readonly cardOf: (proposal: Proposal) => Promise<CardContext> | CardContext;
  /** The person behind an account, with the roles they have now. */
  readonly voterOf: (visitor: Visitor, signal: AbortSignal) => Promise<Voter>;
  /** Why somebody who clicked there may not even read the channel, or what the change is about, now: a sentence. */
  readonly whyClosed: (visitor: Visitor, spec?: Pick<Spec, "source">) => Promise<string | undefined>;
  /** Makes the proposal that takes a run back, or the one with other parameters. A sentence when it cannot. */
  readonly again: (
    proposal: Proposal,
    how: { readonly kind: "undo" } | { readonly kind: "change"; readonly values: Readonly<Record<string, string>> },
    by: Voter,
    signal: AbortSignal,
  ) => Promise<{ readonly proposal: Proposal } | { readonly reason: string }>;
};

const REASON_LENGTH = 500;
/** What a click may take: looking at the world again included. */
const CLICK_MS = 20_000;

/**
 * A click on a proposal's card. Decides, and returns what the person who clicked is told alone; the card in the channel
 * follows the store. Every refused click is in the audit. Nothing here makes an effect: approving only records a vote.
 */
export async function decide(deps: DecideDeps, clicked: AnyClick): Promise<Card> {
  const { decision } = clicked;
  if (isResponse(decision)) return refusalCard("That button belongs to an incident, and this is a proposal.");
  const click: Click = { ...clicked, decision };
  const signal = AbortSignal.timeout(CLICK_MS);
  if (click.decision === "resume") {
    if (click.message === undefined && click.visitor.place.platform !== "terminal")
      return refusalCard("Use the button on the message that says it is stopped.");
    const closed = await deps.whyClosed(click.visitor);
    return closed === undefined ? release(deps, await deps.voterOf(click.visitor, signal)) : refusalCard(closed);
  }
  const proposal = await deps.store.proposals.get(click.proposal);
  if (proposal === undefined) return refusalCard("I no longer know this proposal.");
  const [voter, closed] = await Promise.all([
    deps.voterOf(click.visitor, signal),
    deps.whyClosed(click.visitor, proposal.spec),
  ]);
  const refused = async (reason: string): Promise<Card> => {
    await deps.store.audit.append([
      {
        actor: await deps.store.audit.actorOf(voter),
        platform: voter.platform,
        action: `refused ${click.decision}`,
        id: proposal.id,
        hash: proposal.hash,
        from: proposal.status,
        to: proposal.status,
        reason,
      },
    ]);
    return refusalCard(reason);
  };
  if (click.code !== shortHash(proposal.hash))
    return refused("That button belongs to another version of this proposal. Use the one on its newest card.");
  if (!(await isItsOwn(deps, proposal, click)))
    return refused("That message is not the one in which I showed this proposal. Use its own card.");
  if (closed !== undefined) return refused(closed);
  const why = await handle(deps, proposal, click, voter, signal);
  return typeof why === "string" ? refused(why) : why;
}

/** The click came from a message that this proposal was posted as. */
function isItsOwn({ store }: RemedyDeps, { id, places }: Proposal, { visitor, message }: Click): Promise<boolean> {
  return isPosted(places, { place: visitor.place, message }, (at) => store.outbox.referenceOf(messageId(id, at)));
}

/** A card for the person, or a sentence why not. */
async function handle(
  deps: DecideDeps,
  proposal: Proposal,
  click: Click,
  voter: Voter,
  signal: AbortSignal,
): Promise<Card | string> {
  switch (click.decision) {
    case "details":
      return detailsCard(proposal, await deps.cardOf(proposal));
    case "approve":
    case "break_glass":
      return approve(deps, proposal, click, voter, signal);
    case "reject":
      return reject(deps, proposal, click, voter);
    case "re_enable":
      return reEnable(deps, proposal, click, voter);
    case "withdraw":
      return withdraw(deps, proposal, click, voter);
    case "dry_run":
      return dryRun(deps, proposal, voter, signal);
    case "undo":
    case "change": {
      const may = whyNotVote(proposal.spec.rule, voter, "reject", undefined);
      if (may !== undefined && proposal.spec.requester?.person !== voter.person) return may;
      if (click.decision === "change" && !["pending", "approved"].includes(proposal.status))
        return `It is ${proposal.status} already.`;
      const how =
        click.decision === "undo" ? { kind: "undo" as const } : { kind: "change" as const, values: click.fields };
      const made = await deps.again(proposal, how, voter, signal);
      return "reason" in made
        ? made.reason
        : outcomeCard("Proposed anew: see its own card. It needs its own approval.", made.proposal);
    }
    default:
      return settle(deps, proposal, click, voter, signal);
  }
}

async function approve(
  deps: DecideDeps,
  shown: Proposal,
  click: Click,
  voter: Voter,
  signal: AbortSignal,
): Promise<Card | string> {
  const { spec } = shown;
  if (shown.status !== "pending") return `It is ${shown.status.replace("_", " ")} already.`;
  if (spec.runbook === undefined) return "No runbook can do this, so there is nothing to approve.";
  const stopped = await deps.stop.read().catch(() => ({ by: undefined }));
  if (stopped !== undefined) return "The emergency stop is on: nothing can be approved until two people resume.";
  if ((await deps.store.proposals.restored()) !== undefined) return RESTORED;
  if (modeOf(deps.policy(), spec.environment) !== "act")
    return "The bot does not run changes there (mode propose). Its commands are on the card, to be run by hand.";
  // Whoever approves, and in whatever hurry: by break-glass too.
  const suspended = await suspension(deps, spec);
  if (suspended !== undefined) return suspended.reason;
  const rule = ruleNow(deps.policy(), spec);
  const reason = reasonIn(click);
  const isAlone = click.decision === "break_glass";
  const why = isAlone
    ? whyNotBreakGlass(rule, voter, reason, spec.requester)
    : whyNotVote(rule, voter, "approve", spec.requester);
  if (why !== undefined) return why;
  if (rule.reason === "required" && reason === undefined) return "Please say why: this policy wants a reason.";
  if (rule.typedCode && click.fields["typed"]?.trim().toLowerCase() !== codeOf(shown))
    return `Please type the code of the card, ${codeOf(shown)}, to approve something of ${spec.risk} risk.`;
  const world = await recheck(deps, shown, signal);
  if (world.kind === "wait") return world.reason;
  if (world.kind !== "good") {
    await change(deps, shown.id, { kind: world.kind, reason: world.reason });
    return world.reason;
  }
  const epoch = await deps.store.proposals.epoch();
  const vote = { ...voteOf(deps, shown, voter, "approve", reason), ...(isAlone && { breakGlass: true as const }) };
  const done = await change(deps, shown.id, { kind: "vote", vote, rule, epoch }, voter);
  if (!done.ok) return done.reason;
  const starts =
    rule.executeDelay > 0
      ? `It starts in ${formatDuration(rule.executeDelay)}: until then a stop or a no prevents it.`
      : "It starts now.";
  return outcomeCard(
    done.proposal.status === "approved" ? `Approved. ${starts}` : "Your approval counts. More are needed.",
    done.proposal,
  );
}

async function reject(deps: DecideDeps, shown: Proposal, click: Click, voter: Voter): Promise<Card | string> {
  const rule = ruleNow(deps.policy(), shown.spec);
  // Whoever may decide by either policy may say no.
  const why = whyNotVote(rule, voter, "reject", undefined) && whyNotVote(shown.spec.rule, voter, "reject", undefined);
  // Whoever asked takes their own wish back.
  if (why !== undefined && shown.spec.requester?.person === voter.person) return withdraw(deps, shown, click, voter);
  if (why !== undefined) return why;
  const epoch = await deps.store.proposals.epoch();
  const vote = voteOf(deps, shown, voter, "reject", reasonIn(click));
  const done = await change(deps, shown.id, { kind: "vote", vote, rule, epoch }, voter);
  if (!done.ok) return done.reason;
  return outcomeCard(
    done.proposal.status === "rejected" ? "Rejected: nothing will run." : "Your no is noted.",
    done.proposal,
  );
}

async function withdraw(deps: DecideDeps, { id, spec }: Proposal, click: Click, voter: Voter): Promise<Card | string> {
  if (spec.requester?.person !== voter.person) return "Only the person who asked for it can withdraw it.";
  const because = reasonIn(click);
  const reason = `Withdrawn by whoever asked for it${because === undefined ? "." : `: ${because}`}`;
  const done = await change(deps, id, { kind: "withdraw", reason }, voter);
  return done.ok ? outcomeCard("Withdrawn: nothing will run.", done.proposal) : done.reason;
}

/** Everything but the effect; what cannot be tried says so. The result stands on the card. */
async function dryRun(deps: DecideDeps, shown: Proposal, voter: Voter, signal: AbortSignal): Promise<Card | string> {
  const may = whyNotVote(shown.spec.rule, voter, "reject", undefined);
  if (may !== undefined && shown.spec.requester?.person !== voter.person) return may;
  if (shown.status !== "pending") return `It is ${shown.status.replace("_", " ")} already.`;
  const lines: string[] = [];
  for (const step of shown.spec.steps) {
    const action = deps.actions.get(step.uses);
    if (action === undefined) return deps.actions.whyMissing(step.uses);
    try {
      const look = await action.look(step.with, signal);
      const tried = await action.simulate(step.with, look, signal);
      lines.push(
        tried.kind === "simulated" ? `${step.name}: ${tried.text}` : `${step.name}: cannot be simulated, ${tried.why}`,
      );
    } catch (problem) {
      // What the target says no to is what a dry run is for.
      lines.push(`${step.name}: it would not work as it stands: ${reasonOf(problem)}`);
    }
  }
  const world = await recheck(deps, shown, signal);
  lines.push(world.kind === "good" ? "All conditions hold now." : world.reason);
  const done = await change(deps, shown.id, { kind: "simulate", by: voter.name, text: lines.join("\n") }, voter);
  return done.ok ? outcomeCard("Dry run done: nothing was changed.", done.proposal) : done.reason;
}

/** A person says what became of something unknown. It takes as many people as approving it, and two where it is risky. */
async function settle(
  deps: DecideDeps,
  shown: Proposal,
  click: Click,
  voter: Voter,
  signal: AbortSignal,
): Promise<Card | string> {
  if (shown.status !== "unknown") return `It is ${shown.status.replace("_", " ")}, so there is nothing to settle.`;
  const rule = ruleToSettle(deps.policy(), shown.spec);
  if (click.decision === "look_again") {
    const why = whyNotVote(rule, voter, "reject", undefined);
    if (why !== undefined) return why;
    const found = await probe(deps, shown, signal);
    if (found.outcome === undefined) return `I still cannot tell: ${found.reason}`;
    const done = await change(deps, shown.id, { kind: "settle", outcome: found.outcome, reason: found.reason }, BOT);
    return done.ok ? outcomeCard(found.reason, done.proposal) : done.reason;
  }
  const why = whyNotVote(rule, voter, "approve", shown.spec.requester);
  if (why !== undefined) return why;
  const outcome = click.decision === "it_ran" ? ("succeeded" as const) : ("failed" as const);
  const vote = { ...voteOf(deps, shown, voter, "approve", undefined), decision: "approve" as const };
  const done = await change(
    deps,
    shown.id,
    ({ opinions = [], spec }) => ({
      kind: "opine",
      opinion: { ...vote, outcome },
      rule,
      opinions: opinions.map((one) => ({ ...one, ...deps.today(one, one.roles, "voter") })),
      requester: spec.requester && deps.today(spec.requester, [], "asker"),
    }),
    voter,
  );
  if (!done.ok) return done.reason;
  const isSettled = done.proposal.status !== "unknown";
  return outcomeCard(
    isSettled ? (done.proposal.note ?? "") : "Your word is noted. More people have to say the same.",
    done.proposal,
  );
}

/** Lets a suspended runbook go on, for a reason, by somebody who may approve it. Noted at the newest of the runs it was suspended for. */
async function reEnable(deps: DecideDeps, shown: Proposal, click: Click, voter: Voter): Promise<Card | string> {
  const { spec } = shown;
  const why = whyNotVote(ruleNow(deps.policy(), spec), voter, "approve", undefined);
  if (why !== undefined) return why;
  const reason = reasonIn(click);
  if (reason === undefined) return "Please say why it may go on: what is different now?";
  const suspended = await suspension(deps, spec);
  if (suspended === undefined)
    return `The runbook ${spec.runbook?.id ?? "of it"} is not suspended for targets of the kind ${spec.target.kind}.`;
  const done = await change(deps, suspended.newest, { kind: "re_enable", by: voter.name, reason }, voter);
  if (!done.ok) return done.reason;
  const what = `${spec.runbook?.id} may be proposed again for targets of the kind ${spec.target.kind}.`;
  return outcomeCard(`Re-enabled: ${what}`, done.proposal);
}

function reasonIn({ fields }: Click): string | undefined {
  const reason = fields["reason"]?.trim().slice(0, REASON_LENGTH);
  return reason === "" ? undefined : reason;
}

function voteOf(
  { clock }: RemedyDeps,
  { hash }: Proposal,
  voter: Voter,
  decision: Vote["decision"],
  reason: string | undefined,
): Vote {
  const { person, name, platform, account, isLinked, directory, roles } = voter;
  const who = { person, name, platform, account, isLinked, ...(directory !== undefined && { directory }) };
  const vote = { ...who, roles, decision, hash, at: clock() };
  return reason === undefined ? vote : { ...vote, reason };
}
