import { answerCard, shownEvidence } from "../cards/answer-card.ts";
import type { ModelAccount } from "../core/answer.ts";
import { type Card, plainText } from "../core/card.ts";
import { checkSentence, HAS_SECRET, IS_INSTRUCTION } from "../core/gate/check.ts";
import { saidFrom } from "../core/gate/said.ts";
import type { Judged } from "../core/gate.ts";
import type { Evidence } from "../core/reading.ts";
import { type Recording, unpack } from "../core/recording.ts";

/** An answer as the store has it. */
export type Stored = {
  readonly at: number;
  readonly text: string;
  readonly evidence: readonly Evidence[];
  readonly model?: ModelAccount;
  readonly recording?: Recording;
};

export type Replayed = {
  /** The answer drawn again. Undefined when not enough was kept. */
  readonly card: Card | undefined;
  /** Whether its text is the one that was said. */
  readonly isSame: boolean;
  /** Each sentence of the model's answer with what was decided then and what this version decides. */
  readonly sentences: readonly {
    readonly sentence: string;
    readonly before: Judged;
    readonly today: Judged | undefined;
  }[];
  /** What was not kept, as sentences. */
  readonly missing: readonly string[];
};

/**
 * An answer in the store -> the same answer, drawn and judged again. Asks nobody: neither Prometheus nor a model. The model's sentences
 * are held against what the gate knew then, by the gate of this version.
 */
export function replay({ text, evidence, model: account, recording }: Stored): Replayed {
  if (recording?.answer === undefined)
    return {
      card: undefined,
      isSame: false,
      sentences: [],
      missing: [
        recording === undefined
          ? "It was given by a version that kept only its text and queries."
          : "The answer was too large to keep; its text and queries are here.",
      ],
    };
  const { answer, degraded, model } = recording;
  const missing: string[] = [];
  let shown = answer;
  let sentences: Replayed["sentences"] = [];
  if (model !== undefined) {
    const known = model.known && unpack(model.known);
    if (known === undefined)
      missing.push("What the gate knew was too large to keep, so its decisions stand as they were.");
    sentences = model.judged.map((before) => ({
      sentence: before.sentence,
      before,
      today: known && (standsForGood(before) ? before : checkSentence(before.sentence, known)),
    }));
    if (answer.said !== undefined) {
      const decided = sentences.map(({ before, today }) => today ?? before);
      shown = { ...answer, said: saidFrom(answer.said.by, decided, (index) => evidence[index]?.promql) };
    }
  } else if (account !== undefined) missing.push("What the model said was not kept, only what it took.");
  const card = answerCard(shown, shownEvidence(shown, evidence), degraded);
  return { card, isSame: plainText(card).slice(0, text.length) === text, sentences, missing };
}

/** What was decided by what is not kept: the secrets of that day, and its prompt. */
function standsForGood(judged: Judged): boolean {
  return !judged.kept && (judged.reason === HAS_SECRET || judged.reason === IS_INSTRUCTION);
}
