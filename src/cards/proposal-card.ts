import type { Block, Button, Card, Decision, Field, Tone } from "../core/card.ts";
import { isAsBefore, isUnmeasured } from "../core/effect.ts";
import { approvalsOf, peopleNeeded } from "../core/policy.ts";
import { codeOf, type Proposal, type Spec, type Status, shortHash } from "../core/proposal.ts";
import type { RunbookStep, Verification } from "../core/runbook.ts";
import { formatDuration, formatValue, type Unit } from "../core/units.ts";
import { canonicalJson } from "../util/canonical.ts";
import { exact, inert, inertName } from "../util/inert.ts";
import { never } from "../util/never.ts";
import { type CardContext, opinionLines, RESTORED, stoppedText, time, wordsNeeded } from "./proposal-words.ts";

export type { CardContext } from "./proposal-words.ts";

/**
 * A proposal as people decide about it: built from the frozen spec by code, every parameter and every argument of every step whole,
 * the same facts in the same order on each platform. Once it is decided the buttons are gone, and who decided, when and
 * why stands in their place.
 */
export function proposalCard(proposal: Proposal, context: CardContext): Card {
  const { spec, status } = proposal;
  const blocks: Block[] = [];
  const say = (text: string) => blocks.push({ kind: "text", text });
  const state = stateText(proposal, context);
  if (state !== "") say(state);
  if (context.suspended !== undefined) say(inert(context.suspended));
  if (proposal.reenabled !== undefined)
    say(
      `Its runbook was re-enabled after it by ${inertName(proposal.reenabled.by)}, ${time(proposal.reenabled.at, context)}: ${inertName(proposal.reenabled.reason, { max: 500 })}`,
    );
  for (const fact of proposal.facts) say(fact);
  blocks.push({ kind: "facts", items: factsOf(proposal, context) });
  if (proposal.simulated !== undefined && status === "pending")
    say(
      `Dry run by ${inertName(proposal.simulated.by)}, ${time(proposal.simulated.at, context)}:\n${inert(proposal.simulated.text, { keepNewlines: true })}`,
    );
  const ran = stepLines(proposal);
  if (ran.length > 0) blocks.push({ kind: "list", items: ran });
  const measured = measuredLines(proposal);
  if (measured.length > 0) blocks.push({ kind: "list", items: measured });
  // It is of the hour before it was proposed: once it was measured what came of it, that says more, and "now" would be wrong.
  if (proposal.chart !== undefined && measured.length === 0) blocks.push({ kind: "chart", chart: proposal.chart });
  if (proposal.evidence.length > 0) blocks.push({ kind: "evidence", items: proposal.evidence });
  const votes = voteLines(proposal, context);
  if (votes.length > 0) blocks.push({ kind: "list", items: votes });
  const opinions = opinionLines(proposal, context);
  if (opinions.length > 0) blocks.push({ kind: "list", items: opinions });
  const buttons = buttonsOf(proposal, context);
  if (buttons.length > 0) blocks.push({ kind: "buttons", buttons });
  blocks.push({
    kind: "note",
    text: `Proposal ${proposal.id}, code ${codeOf(proposal)}. No text in the chat decides it.`,
  });
  const isWish = spec.runbook === undefined;
  const wished = spec.action.type === "test" ? "TEST, nothing will run" : "Noted, and nothing will run";
  const head = isWish && status === "pending" ? wished : headOf(proposal);
  return { title: `${head}: ${titleOf(spec)}`, tone: isWish ? "info" : toneOf(status), blocks };
}

/** What is done to what, in one line. */
export function titleOf({ runbook, action, target }: Spec): string {
  return runbook === undefined
    ? `${action.type.replaceAll("_", " ")} ${inertName(action.target)}`
    : `${inertName(runbook.title)}: ${inertName(target.name)}`;
}

const TITLES: Readonly<Record<Status, string>> = {
  pending: "Proposed",
  approved: "Approved",
  claimed: "Starting",
  started: "Running",
  unknown: "Unknown whether it ran",
  succeeded: "Done",
  failed: "Failed",
  partial: "Done in part",
  verifying: "Done, watching whether it helped",
  verified: "Done, and it helped",
  no_effect: "Done, without effect",
  worse: "Done, and it got worse",
  rejected: "Rejected",
  expired: "Expired",
  superseded: "Overtaken",
  withdrawn: "Withdrawn",
};

/** The state in a few words. A verdict says no more than was measured. */
function headOf({ status, measured = [] }: Proposal): string {
  if (status === "no_effect" && isUnmeasured(measured)) return "Done, and whether it helped is not known";
  if (status === "verified" && isAsBefore(measured)) return "Done, and every check is fine, as it was before";
  return TITLES[status];
}

function toneOf(status: Status): Tone {
  switch (status) {
    case "unknown":
    case "failed":
    case "partial":
    case "worse":
      return "danger";
    case "no_effect":
      return "warning";
    case "verified":
    case "succeeded":
      return "good";
    case "pending":
    case "approved":
    case "claimed":
    case "started":
    case "verifying":
    case "rejected":
    case "expired":
    case "superseded":
    case "withdrawn":
      return "info";
    default:
      return never(status);
  }
}

function stateText(proposal: Proposal, context: CardContext): string {
  const { status, spec, note = "" } = proposal;
  const why = inert(note);
  if (context.isStopped && (status === "pending" || status === "approved" || status === "claimed"))
    return "The emergency stop is on: nothing starts until two people resume.";
  if (context.isRestored === true && (status === "pending" || status === "approved" || status === "claimed"))
    return RESTORED;
  switch (status) {
    case "pending":
      if (spec.runbook === undefined && spec.action.type === "test")
        return "A proposal would be shown here. Nothing is wrong and nothing has to be done: press Dismiss to see that clicks arrive.";
      if (spec.runbook === undefined) return "Nothing here can do it: it is written down for a person to do by hand.";
      return [waitText(proposal, context), why].filter((part) => part !== "").join(" ");
    case "approved":
    case "claimed":
      if (why !== "") return `It has not started yet. ${why} It is tried again until ${startBy(proposal, context)}.`;
      if (proposal.isFree === true) return "It only reads and needs no approval: it starts now.";
      return spec.rule.executeDelay > 0
        ? `It starts at ${time((proposal.approvedAt ?? 0) + spec.rule.executeDelay, context)}: until then a stop or a no prevents it.`
        : "It starts now.";
    case "started":
      return [`Running since ${time(proposal.startedAt ?? 0, context)}.`, stoppedText(proposal, context)]
        .filter((part) => part !== "")
        .join(" ");
    case "unknown":
      return `${why} Look at the target and say what became of it; it will not be run again by itself. ${wordsNeeded(proposal, context)}`.trim();
    case "verifying":
      return `${why} The verdict comes by ${time((proposal.endedAt ?? 0) + (spec.verify?.deadline ?? 0), context)}.`;
    default:
      return why;
  }
}

function startBy({ executeBy = 0 }: Proposal, context: CardContext): string {
  return time(executeBy, context);
}

function waitText({ votes, hash, spec }: Proposal, { mode }: CardContext): string {
  if (mode !== "act")
    return "The bot does not run changes there (mode propose): these are the steps, to be done by hand.";
  const { rule } = spec;
  if (rule.approvers.length === 0) return "Nobody can approve it: the policy names no approvers.";
  const missing = Math.max(0, peopleNeeded(rule) - approvalsOf(rule, votes, hash, spec.requester));
  return `It waits for ${missing} approval${missing === 1 ? "" : "s"}. Nothing was changed.`;
}

function factsOf(
  { spec, status, isFree }: Pick<Proposal, "spec" | "status" | "isFree">,
  context: CardContext,
): { name: string; value: string }[] {
  const { runbook, requester } = spec;
  const facts: { name: string; value: string }[] = [];
  const add = (name: string, value: string) => facts.push({ name, value });
  if (runbook !== undefined) add("Runbook", `${runbook.id} (version ${runbook.version.slice(0, 12)})`);
  add(
    "Target",
    `${spec.target.kind} ${exact(spec.target.name)}${spec.environment === undefined ? "" : ` in ${exact(spec.environment)}`}`,
  );
  for (const [name, { value, origin }] of Object.entries(spec.params))
    add(name, `${exact(String(value))} (${ORIGINS[origin]})`);
  if (runbook === undefined)
    for (const [name, value] of Object.entries(spec.action.params)) add(name, exact(String(value)));
  for (const [at, step] of spec.steps.entries()) add(`Step ${at + 1}`, stepText(step));
  if (runbook !== undefined) {
    add("Touches", inert(spec.blast));
    add("Way back", inert(spec.backOut));
    for (const [at, step] of (spec.rollback?.steps ?? []).entries()) add(`Way back, step ${at + 1}`, stepText(step));
    for (const extension of spec.extensions ?? [])
      add("Extension", `${extension.name} (version ${extension.hash.slice(0, 12)}), code that is not the bot's own`);
    if (spec.rollback?.auto === true)
      add("Taken back by itself", "when it made things worse; approving it approves that too");
    if (spec.verify !== undefined) add("Checked by", verifyText(spec.verify));
  }
  add(
    "Asked by",
    requester === undefined
      ? "the bot itself"
      : `${exact(requester.name)} (${requester.platform} ${exact(requester.account)})`,
  );
  add("Because", inertName(spec.cause.text, { max: 500 }));
  add("Risk", spec.risk);
  if (runbook !== undefined) {
    if (isFree === true) add("Approval", "none needed: it only reads, and whoever asked may (readers)");
    else add("Who may approve", approversText(spec));
    add("Mode", context.mode === "act" ? "act: it runs once approved" : `${context.mode}: nothing runs`);
  }
  if (isFree !== true && status === "pending") add("Ends without a decision", time(spec.approveBy, context));
  return facts;
}

const ORIGINS = {
  user: "asked for",
  alert: "from the alert",
  label: "from a label in Prometheus",
  model: "the model says",
  default: "the runbook's default",
  captured: "read from the target",
} as const;

/** A step exactly as the executor gets it: the action's name and its arguments as canonical JSON. */
function stepText({ name, uses, with: args }: RunbookStep): string {
  return `${inertName(name)}\n${uses} ${exact(canonicalJson(args))}`;
}

function verifyText({ checks, settle, deadline }: Verification): string {
  return `${checks.map(({ name }) => inertName(name)).join(", ")}, from ${formatDuration(settle)} to ${formatDuration(deadline)} after it`;
}

/** Who may approve, and how, in one line. */
export function approversText({ rule, requester }: Pick<Spec, "rule" | "requester">): string {
  if (rule.approvers.length === 0) return "nobody: the policy names no approvers";
  const parts = [
    `${peopleNeeded(rule)} of ${rule.approvers.map((role) => inertName(role)).join(", ")}`,
    ...(rule.distinctRoles.length > 0
      ? [`one each of ${rule.distinctRoles.map((role) => inertName(role)).join(" and ")}`]
      : []),
    ...(rule.fourEyes && requester !== undefined ? [`not ${inertName(requester.name)}, who asked`] : []),
    ...(rule.typedCode ? ["with the code of this card typed"] : []),
    ...(rule.reason === "required" ? ["with a reason"] : []),
  ];
  return parts.join("; ");
}

function voteLines({ votes }: Proposal, context: CardContext): string[] {
  return votes.map(({ name, platform, account, decision, reason, breakGlass, at }) => {
    const because = reason === undefined ? "" : `: ${inertName(reason, { max: 500 })}`;
    const verb = breakGlass === true ? "BREAK GLASS: approved alone" : decision === "approve" ? "Approved" : "Rejected";
    return `${verb} by ${inertName(name)} (${platform} ${inertName(account)}), ${time(at, context)}${because}`;
  });
}

function stepLines({ steps = [], spec }: Proposal): string[] {
  return steps.map(({ name, state, output, startedAt, endedAt }, at) => {
    const took = endedAt === undefined ? "" : ` in ${formatDuration(Math.max(0, Math.round(endedAt - startedAt)))}`;
    // What was read is the answer; what a change printed is small print.
    const length = spec.runbook?.readOnly === true ? 2000 : 600;
    const tail = output.trim() === "" ? "" : `:\n${inert(output.trim().slice(-length), { keepNewlines: true })}`;
    return `${at + 1} of ${spec.steps.length}, ${inertName(name)}: ${state}${took}${tail}`;
  });
}

function measuredLines({ measured = [] }: Proposal): string[] {
  return measured.map(({ name, unit, before, after, effect, p, verdict }) => {
    const said = (values: readonly number[]) =>
      values.length === 0 ? "not measured" : valueText(middle(values), unit);
    const size =
      effect === undefined
        ? ""
        : Math.abs(effect) >= 99
          ? ", far outside of what was usual"
          : `, ${Math.abs(effect).toFixed(1)} times the usual ups and downs`;
    const chance = p === undefined ? "" : `, p ${p < 0.001 ? "< 0.001" : p.toFixed(3)}`;
    return `${inertName(name)}: ${said(before)} before, ${said(after)} after: ${verdict}${size}${chance}`;
  });
}

/** A runbook may name a unit that has no form of its own. */
function valueText(value: number, unit: string): string {
  const text: string | undefined = formatValue(value, unit as Unit);
  return text === undefined || text.includes("undefined") ? `${Number(value.toPrecision(4))} ${inertName(unit)}` : text;
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function buttonsOf(proposal: Proposal, { mode, suspended }: CardContext): Button[] {
  const { id, spec, status } = proposal;
  const code = shortHash(proposal.hash);
  const button = (
    decision: Decision,
    label: string,
    style: Button["style"],
    more: { confirm?: { title: string; text: string }; fields?: readonly Field[] } = {},
  ): Button => ({
    label,
    style,
    action: { kind: "decide", decision, proposal: id, code, ...more },
  });
  // That it may be left empty is said by each platform in its own way.
  const reason = (isRequired: boolean): Field => ({ id: "reason", label: "Reason", isRequired });
  if (status === "pending") {
    if (spec.runbook === undefined) return [button("reject", "Dismiss", "plain")];
    const canApprove = mode === "act" && spec.rule.approvers.length > 0;
    const fields = [
      ...(spec.rule.typedCode ? [{ id: "typed", label: `Type ${codeOf(proposal)} to approve`, isRequired: true }] : []),
      ...(spec.rule.reason === "required" ? [reason(true)] : []),
    ];
    const confirm = {
      title: "Run this?",
      text: `${titleOf(spec)}. Risk: ${spec.risk}. ${spec.steps.map(({ name }) => inertName(name)).join("; ")}.`,
    };
    return [
      ...(canApprove
        ? [button("approve", "Approve", "primary", fields.length > 0 ? { confirm, fields } : { confirm })]
        : []),
      button("reject", "Reject", "danger", { fields: [reason(false)] }),
      ...(canApprove && spec.rule.breakGlass !== undefined && (peopleNeeded(spec.rule) > 1 || spec.rule.breakGlass.own)
        ? [
            button("break_glass", "Break glass", "danger", {
              confirm,
              fields: [...fields.filter(({ id: one }) => one !== "reason"), reason(true)],
            }),
          ]
        : []),
      button("dry_run", "Dry run", "plain"),
      ...(Object.keys(spec.params).length > 0
        ? [button("change", "Change", "plain", { fields: changeFields(spec) })]
        : []),
      button("details", "Details", "plain"),
    ];
  }
  if ((status === "approved" || status === "claimed") && proposal.isFree === true) return [];
  if (status === "approved" || status === "claimed")
    return [button("reject", "Stop it", "danger", { fields: [reason(false)] })];
  if (status === "unknown")
    return [
      button("look_again", "Look again", "primary"),
      button("it_ran", "It ran", "plain", {
        confirm: { title: "It ran?", text: "You looked at the target and saw that it ran." },
      }),
      button("it_did_not", "It did not run", "plain", {
        confirm: { title: "It did not run?", text: "You looked at the target and saw that nothing happened." },
      }),
    ];
  const mayUndo = ["succeeded", "partial", "verifying", "verified", "no_effect", "worse"].includes(status);
  const ended = suspended !== undefined && DID_NOT_HELP.has(status);
  return [
    // Also where a way back was proposed before: it may have been rejected, or nobody decided in time.
    ...(mayUndo && spec.rollback !== undefined
      ? [button("undo", "Propose the way back", status === "worse" ? "primary" : "plain")]
      : []),
    ...(ended
      ? [
          button("re_enable", "Re-enable runbook", "plain", {
            confirm: {
              title: "Re-enable the runbook?",
              text: `${spec.runbook?.id} may be proposed again for targets of the kind ${spec.target.kind}.`,
            },
            fields: [{ id: "reason", label: "What is different now", isRequired: true }],
          }),
        ]
      : []),
  ];
}

const DID_NOT_HELP: ReadonlySet<Status> = new Set(["failed", "no_effect", "worse"]);

function changeFields({ params }: Spec): Field[] {
  return Object.entries(params).map(([id, { value }]) => ({ id, label: id, isRequired: true, value: String(value) }));
}

/** For the person who clicked alone. */
export function refusalCard(reason: string): Card {
  return { title: reason, tone: "warning", blocks: [{ kind: "note", text: "Nothing was changed." }] };
}

export function outcomeCard(said: string, { id }: Proposal): Card {
  return { title: said, tone: "info", blocks: [{ kind: "note", text: `Proposal ${id}.` }] };
}

/** Everything about it, for one person: the frozen facts, conditions, checks with their queries, and the hash. */
export function detailsCard(proposal: Proposal, context: CardContext): Card {
  const { spec, hash } = proposal;
  const conditions = spec.conditions.map(
    ({ name, promql, expect, none }) =>
      `${inertName(name)}: ${promql} ${expect.op} ${expect.value}${none === "pass" ? " (or no series)" : ""}`,
  );
  const checks = (spec.verify?.checks ?? []).map(
    ({ name, promql, until, better }) =>
      `${inertName(name)}: ${promql}, better is ${better}${until === undefined ? "" : `, until ${until.op} ${until.value}`}`,
  );
  const blocks: Block[] = [
    { kind: "facts", items: factsOf(proposal, context) },
    ...(conditions.length > 0
      ? [
          { kind: "text" as const, text: "Before it runs, these must hold:" },
          { kind: "list" as const, items: conditions },
        ]
      : []),
    ...(checks.length > 0
      ? [
          { kind: "text" as const, text: "Whether it helped is told by:" },
          { kind: "list" as const, items: checks },
        ]
      : []),
    {
      kind: "facts",
      items: spec.looks.flatMap((look, at) =>
        Object.entries({ ...look.identity, ...look.precondition }).map(([name, value]) => ({
          name: `As seen, step ${at + 1}: ${name}`,
          value: exact(typeof value === "string" ? value : canonicalJson(value)),
        })),
      ),
    },
    { kind: "note", text: `Hash ${hash}. Policy ${spec.policyVersion.slice(0, 12)}.` },
  ];
  return {
    title: `Details: ${titleOf(spec)}`,
    tone: "info",
    blocks: blocks.filter((block) => block.kind !== "facts" || block.items.length > 0),
  };
}
