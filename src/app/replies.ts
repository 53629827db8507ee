import type { AskReply } from "../core/answer.ts";
import { type Block, type Card, plainText } from "../core/card.ts";
import type { Question } from "../core/chat.ts";
import type { Said } from "../ports/chat.ts";
import { isNo, ReadOnlyError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { TooMany } from "./fairness.ts";

/** Answers for which nothing was asked of Prometheus: what was not understood, could not be asked, took too long or went wrong. */

/** What one question gave, with the reply that programs read. */
export type Asked = Said & {
  readonly reply: AskReply;
  /** It was turned away because the process cannot keep up. */
  readonly isTooBusy?: true;
};

export const NO_SOURCE: Card = {
  title: "I cannot look: no Prometheus is configured.",
  tone: "warning",
  blocks: [
    {
      kind: "text",
      text: "Set PROMETHEUS_URL to its address, or list several under `sources` in smartcloudops.yaml. `smartcloudops demo` brings one to try.",
    },
  ],
};

export const CANCELLED: Card = { title: "Stopped: you cancelled this question.", tone: "info", blocks: [] };

export function tooSlow(limitMs: number): Card {
  const text = "Ask about a shorter time or about fewer things, or see `smartcloudops doctor` when this happens often.";
  return {
    title: `I stopped looking after ${limitMs / 1000} s: Prometheus was too slow for this question.`,
    tone: "warning",
    blocks: [{ kind: "text", text }],
  };
}

export function explainFailure(problem: unknown, question: Question, log: Log): Card {
  if (problem instanceof ReadOnlyError) return { title: problem.message, tone: "warning", blocks: [] };
  if (isNo(problem)) {
    log.warn({ question: question.id, err: problem }, "a question could not be asked");
    return { title: "I could not look.", tone: "warning", blocks: [{ kind: "text", text: problem.message }] };
  }
  const reference = question.id.slice(0, 8);
  log.error({ reference, question: question.id, err: problem }, "a question failed");
  const text = "Nothing was changed. Ask again; if it stays like this, the log has the details under that reference.";
  return {
    title: `That went wrong on my side (reference ${reference}).`,
    tone: "danger",
    blocks: [{ kind: "text", text }],
  };
}

export function failure(card: Card): Asked {
  const asked = said(card, "unclear");
  return { ...asked, reply: { ...asked.reply, degraded: [card.title] }, failed: true };
}

/** A card for which nothing was asked of Prometheus. */
export function said(card: Card, intent: string): Asked {
  const reply = { slots: {}, promql: [], values: [], proposed_actions: [], sources: [] };
  return { card, reply: { intent, reply_text: plainText(card), ...reply } };
}

export function tooMany({ of, most, isFirst }: TooMany): Asked {
  const title =
    of === "person"
      ? `That was more than ${most} questions in a minute: I skip yours until the minute is over.`
      : `That were more than ${most} questions in a minute from this channel: I skip those from here until the minute is over.`;
  const asked = failure({ title, tone: "warning", blocks: [] });
  return isFirst ? asked : { ...asked, repeated: true };
}

export function withBlocks(asked: Asked, blocks: readonly Block[]): Asked {
  if (blocks.length === 0) return asked;
  const text = plainText({ title: asked.reply.reply_text, tone: asked.card.tone, blocks });
  const card = { ...asked.card, blocks: [...asked.card.blocks, ...blocks] };
  return { ...asked, card, reply: { ...asked.reply, reply_text: text } };
}

export function withDegraded(asked: Asked, sentences: readonly string[]): Asked {
  if (sentences.length === 0) return asked;
  const notes = sentences.map((text) => ({ kind: "note" as const, text }));
  const reply = { ...asked.reply, degraded: [...(asked.reply.degraded ?? []), ...sentences] };
  return { ...asked, card: { ...asked.card, blocks: [...asked.card.blocks, ...notes] }, reply };
}
