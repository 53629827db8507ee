import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { readVerdict } from "../../core/change/approval.ts";
import type { Memory } from "../../core/language/understand.ts";
import { inertName } from "../../util/inert.ts";
import { help } from "./help.ts";
import { maySee, sayAction } from "./propose.ts";
import type { Turn } from "./turn.ts";

const ONLY_BUTTONS =
  "Approvals are given with the buttons of a proposal's card by the people whom the policy names; in the terminal by `smartcloudops proposals approve`. Nothing was approved or changed by this message.";

/** Proposals that wait. Approving by text is not possible, and said so. */
export async function approvals(turn: Turn): Promise<Answer> {
  if (/^(?:how (?:do|can|does|should|would|to|are)\b|wie\b|como\b|cómo\b|comment\b|kaise\b)/i.test(turn.read.plain))
    return help(turn);
  const verdict = readVerdict(turn.read.plain);
  const pending = (await turn.store.proposals.find({ status: ["pending"], limit: 200 })).filter((proposal) =>
    maySee(turn, proposal),
  );
  if (
    verdict !== undefined &&
    (verdict.id !== undefined || !/\b(?:show|list|pending|which|any)\b/i.test(turn.read.plain))
  ) {
    const { id } = verdict;
    const known =
      id === undefined ? undefined : pending.find((proposal) => proposal.id === id || proposal.id.startsWith(id));
    if (id !== undefined && known === undefined)
      return answerOf(`There is no pending proposal ${inertName(id)}, and text never approves or denies one.`, {
        tone: "warning",
        details: [ONLY_BUTTONS],
        next: [askButton("Show pending approvals")],
      });
    const what =
      known === undefined ? "No proposal" : `Proposal ${inertName(known.id)}, ${sayAction(known.spec.action)},`;
    const said =
      known === undefined
        ? `${what} was decided: text never approves or denies anything.`
        : `${what} still waits: text never approves or denies anything.`;
    return answerOf(said, {
      tone: "warning",
      details: [
        ONLY_BUTTONS,
        ...(known === undefined && pending.length > 0
          ? [`${pending.length} still wait${pending.length === 1 ? "s" : ""}.`]
          : []),
      ],
      next: [askButton("Show pending approvals")],
    });
  }
  if (pending.length === 0) return answerOf("No pending approvals: nothing waits for a decision.", { tone: "good" });
  const waiting = pending.filter(({ spec }) => spec.runbook !== undefined);
  const noted = pending.length - waiting.length;
  const count = (many: number, singular: string, plural: string) =>
    many === 0 ? [] : [`${many} ${many === 1 ? singular : plural}`];
  return answerOf(
    `${[
      ...count(waiting.length, "proposal waits for approval", "proposals wait for approval"),
      ...count(noted, "wish is only noted: nothing can run it", "wishes are only noted: nothing can run them"),
    ].join("; ")}.`,
    {
      list: [...waiting, ...pending.filter((one) => !waiting.includes(one))].map(
        ({ id, spec }) =>
          `${id}: ${sayAction(spec.action)}, asked by ${inertName(spec.requester?.name ?? "the bot itself")}`,
      ),
    },
  );
}

const CHANGES: ReadonlySet<string> = new Set(["remediation", "silence", "ack", "schedule", "approvals"]);

/** "yes, do it" right after a proposal: what to say. Undefined when it is not that. */
export function refuseByText(turn: Turn): Answer | undefined {
  const last = turn.history.findLast((said) => said.author === "bot")?.memory as Memory | undefined;
  const verdict = readVerdict(turn.read.plain) ?? readVerdict(turn.read.text);
  if (verdict === undefined || last === undefined || !CHANGES.has(last.intent)) return undefined;
  return answerOf(
    `That ${verdict.wish === "approve" ? "approves" : "denies"} nothing: a proposal is decided with buttons, never by text.`,
    { tone: "warning", intent: "approvals", details: [ONLY_BUTTONS], next: [askButton("Show pending approvals")] },
  );
}
