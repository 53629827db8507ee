import type { Answer, AskReply, SaidByModel } from "../core/answer.ts";
import { type Block, type Button, type Card, type EvidenceLine, plainText } from "../core/card.ts";
import type { Draft } from "../core/draft.ts";
import type { Evidence } from "../core/reading.ts";
import { rfc3339 } from "../core/zone.ts";

/** Suggestions under an ordinary answer. Candidates of a question back are all shown. */
const NEXT_SHOWN = 3;
const CANDIDATES_SHOWN = 8;
const EVIDENCE_SHOWN = 4;
const CITED_SHOWN = 12;

/** An answer and the queries behind it -> a message. `evidence` holds only the queries to show. */
export function answerCard(answer: Answer, evidence: readonly Evidence[], degraded: readonly string[]): Card {
  const blocks: Block[] = [];
  const lines = evidenceLines(evidence, answer.said);
  if (answer.said !== undefined && answer.details.length === 0) blocks.push(saidBlock(answer.said, lines));
  for (const detail of answer.details) blocks.push({ kind: "text", text: detail });
  if (answer.list !== undefined && answer.list.length > 0) blocks.push({ kind: "list", items: answer.list });
  if (answer.table !== undefined) blocks.push({ kind: "table", ...answer.table });
  if (answer.said !== undefined && answer.details.length > 0) blocks.push(saidBlock(answer.said, lines));
  if (answer.chart?.series.some((series) => series.points.length > 2))
    blocks.push({ kind: "chart", chart: answer.chart });
  if (lines.length > 0) blocks.push({ kind: "evidence", items: lines });
  // What failed altogether is said above already.
  const partly = degraded.filter((reason) => !answer.details.includes(reason));
  for (const note of [...answer.notes, ...partly.map((reason) => `Degraded: ${reason}`)])
    blocks.push({ kind: "note", text: note });
  if (answer.next.length > 0)
    blocks.push({
      kind: "buttons",
      buttons: answer.next.slice(0, answer.intent === "clarify" ? CANDIDATES_SHOWN : NEXT_SHOWN) as Button[],
    });
  return { title: answer.verdict, tone: answer.tone, blocks };
}

/** The queries to show, each once. Those that a model's sentences refer to come first, are all shown, and have marks. */
function evidenceLines(evidence: readonly Evidence[], said: SaidByModel | undefined): EvidenceLine[] {
  const cited = [...new Set(said?.sentences.flatMap(({ promql }) => promql))].slice(0, CITED_SHOWN);
  const lines: EvidenceLine[] = [];
  for (const { promql, source, url } of evidence) {
    if (lines.some((line) => line.promql === promql)) continue;
    const at = cited.indexOf(promql);
    lines.push({ promql, source, ...(url !== undefined && { url }), ...(at >= 0 && { mark: `[${at + 1}]` }) });
  }
  const marked = lines.filter(({ mark }) => mark !== undefined);
  const others = lines.filter(({ mark }) => mark === undefined).slice(0, EVIDENCE_SHOWN);
  return [...marked.sort((a, b) => cited.indexOf(a.promql) - cited.indexOf(b.promql)), ...others];
}

/** An answer that is still being worked on. */
export function draftCard(answer: Answer, status: string, evidence: readonly Evidence[]): Draft {
  const lines = evidenceLines(evidence, answer.said);
  const said = answer.said?.sentences.map((sentence) => withMarks(sentence, lines)) ?? [];
  return { card: answerCard(answer, evidence, []), status, said };
}

/** The queries that people see: those of the answer, and what a model's sentence rests on. */
export function shownEvidence<T extends Evidence & { readonly background?: boolean | undefined }>(
  { said }: Pick<Answer, "said">,
  evidence: readonly T[],
): readonly T[] {
  const cited = new Set(said?.sentences.flatMap(({ promql }) => promql));
  return evidence.filter(({ background, promql }) => background !== true || cited.has(promql));
}

function withMarks({ text, promql }: SaidByModel["sentences"][number], lines: readonly EvidenceLine[]): string {
  const marks = lines.flatMap((line) => (line.mark !== undefined && promql.includes(line.promql) ? [line.mark] : []));
  return [text, ...marks].join(" ");
}

function saidBlock({ by, sentences }: SaidByModel, lines: readonly EvidenceLine[]): Block {
  const paragraphs: string[] = [];
  let isNew = true;
  for (const { endsLine, ...one } of sentences) {
    const sentence = withMarks(one, lines);
    if (isNew) paragraphs.push(sentence);
    else paragraphs[paragraphs.length - 1] += ` ${sentence}`;
    isNew = endsLine === true;
  }
  return { kind: "said", by, paragraphs };
}

/** The machine-readable reply of `ask --json`. */
export function askReply(input: {
  readonly id: string;
  readonly intent: string;
  readonly slots: Readonly<Record<string, unknown>>;
  readonly answer: Answer;
  readonly card: Card;
  readonly evidence: readonly (Evidence & { readonly background?: boolean })[];
  readonly degraded: readonly string[];
}): AskReply {
  const { id, intent, slots, answer, card, evidence, degraded } = input;
  return {
    intent,
    slots,
    reply_text: plainText(card),
    promql: [...new Set(evidence.filter((one) => one.background !== true).map((one) => one.promql))],
    values: answer.values.map((value) => ({ ...value, at: rfc3339(value.at) })),
    proposed_actions: answer.proposals,
    sources: evidence.map(({ promql, source, start, end, step, readings }) => ({
      promql,
      source,
      start: rfc3339(start),
      end: rfc3339(end),
      step,
      readings,
    })),
    answer_id: id,
    ...(degraded.length === 0 ? {} : { degraded }),
  };
}
