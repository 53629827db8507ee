import { tokens } from "./normalise.ts";
import { PHRASES } from "./phrases/index.ts";
import { SYNONYMS } from "./phrases/synonyms.ts";

export { type HostileReason, isHostile, isUrgent } from "./hostile.ts";

/** What a question can be about. */
export const INTENTS = [
  "status_overview",
  "health_check",
  "resource_usage",
  "golden_signal",
  "metric_query",
  "top_k",
  "compare",
  "anomaly",
  "alerts",
  "silence",
  "ack",
  "forecast",
  "root_cause",
  "capacity",
  "slo",
  "cert_expiry",
  "ci_status",
  "deploy_status",
  "k8s_state",
  "logs",
  "remediation",
  "approvals",
  "audit",
  "schedule",
  "help",
  "smalltalk",
  "clarify",
  "out_of_scope",
  "hostile",
  "discovery",
  "promql_query",
] as const;
export type Intent = (typeof INTENTS)[number];

export type Classification = {
  /** Every intent, likeliest first; the probabilities add up to one. */
  readonly ranked: readonly { readonly intent: Intent; readonly p: number }[];
};

export type Example = { readonly text: string; readonly intent: Intent };

/** The phrases the shipped classifier learns from, each once per intent. */
export function trainingExamples(): Example[] {
  return INTENTS.flatMap((intent) =>
    [...new Set(PHRASES[intent].trim().split("\n"))].map((text) => ({ text, intent })),
  );
}

let shipped: ((text: string) => Classification) | undefined;

/**
 * A question with names and numbers replaced by placeholders (see phrases/index.ts) -> the intents it may have.
 * Trained on first use.
 */
export function classify(delexicalised: string): Classification {
  shipped ??= trainClassifier(trainingExamples());
  return shipped(delexicalised);
}

// ---------------------------------------------------------------- features

/** Weights chosen by cross-validation over the training phrases. */
const WORD = 1;
const BIGRAM = 0.7;
const LETTERS = 0.4;
const CONCEPT = 1;
const CONCEPT_PAIR = 0.5;
const SHORT = 0.5;
const UNKNOWN = 0.7;
const LETTERS_LONG = 4;

/** FNV-1a over a part of a text, going on from `seed`. Features are numbers, so that no strings are built for them. */
function hash(seed: number, text: string, from = 0, to = text.length): number {
  let value = seed;
  for (let i = from; i < to; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value | 0;
}

const SEED = { word: 11, bigram: 22, letters: 33, concept: 44, pair: 55, short: 66 };
const UNKNOWN_FEATURE = 1;

type Concepts = { readonly byWords: ReadonlyMap<string, number>; readonly longest: number };
let knownConcepts: Concepts | undefined;

function concepts(): Concepts {
  if (knownConcepts !== undefined) return knownConcepts;
  const byWords = new Map<string, number>();
  let longest = 1;
  for (const group of SYNONYMS.trim().split("\n")) {
    const [name, ...expressions] = group.split("|") as [string, ...string[]];
    for (const expression of expressions) {
      if (!byWords.has(expression)) byWords.set(expression, hash(SEED.concept, name));
      longest = Math.max(longest, expression.split(" ").length);
    }
  }
  knownConcepts = { byWords, longest };
  return knownConcepts;
}

/** Which groups of synonyms a question mentions, in order, placeholders included. */
function conceptsOf(words: readonly string[]): number[] {
  const { byWords, longest } = concepts();
  const found: number[] = [];
  for (let i = 0; i < words.length; ) {
    let taken = 1;
    for (let n = Math.min(longest, words.length - i); n > 0; n -= 1) {
      const expression = n === 1 ? (words[i] as string) : words.slice(i, i + n).join(" ");
      const concept = byWords.get(expression);
      if (concept === undefined) continue;
      if (!found.includes(concept)) found.push(concept);
      taken = n;
      break;
    }
    const word = words[i] as string;
    if (taken === 1 && word.startsWith("<")) {
      const placeholder = hash(SEED.concept, word);
      if (!found.includes(placeholder)) found.push(placeholder);
    }
    i += taken;
  }
  return found;
}

/** Words, pairs of neighbours, letters, concepts and pairs of concepts -> weight. Also the words' own features. */
function featuresOf(words: readonly string[]): { features: Map<number, number>; own: number[] } {
  const features = new Map<number, number>();
  const own: number[] = [];
  let before = hash(SEED.bigram, "^");
  for (const word of words) {
    const self = hash(SEED.word, word);
    own.push(self);
    features.set(self, WORD);
    features.set(hash(before, word), BIGRAM);
    before = hash(SEED.bigram, word);
    if (word.startsWith("<")) continue;
    const padded = `_${word}_`;
    for (let i = 0; i + LETTERS_LONG <= padded.length; i += 1) {
      features.set(hash(SEED.letters, padded, i, i + LETTERS_LONG), LETTERS);
    }
  }
  features.set(hash(before, "$"), BIGRAM);
  const mentioned = conceptsOf(words);
  for (let i = 0; i < mentioned.length; i += 1) {
    const one = mentioned[i] as number;
    features.set(one, CONCEPT);
    for (let j = i + 1; j < mentioned.length && j < i + 4; j += 1) {
      const other = mentioned[j] as number;
      features.set(Math.imul(one ^ other, 0x9e3779b1) ^ SEED.pair, CONCEPT_PAIR);
    }
  }
  if (words.length <= 2) features.set(hash(SEED.short, String(words.length)), SHORT);
  return { features, own };
}

// ---------------------------------------------------------------- learning

const SMOOTHING = 0.1;
const PRIOR_SCALE = 0.2;
const EPOCHS = 2;
const STEP = 0.2;
/** A push smaller than this changes nothing worth its time. */
const LEAST_PUSH = 0.02;
/** A pasted page is classified by its beginning; what matters beyond that was found by the rules. */
const MOST_WORDS = 80;

/**
 * Learns to tell intents apart: weights start as those of multinomial naive Bayes and are corrected by softmax
 * regression (stochastic gradient, fixed order, so that training gives the same result every time).
 */
export function trainClassifier(examples: readonly Example[]): (text: string) => Classification {
  const classes = INTENTS.length;
  const ids = new Map<number, number>([[UNKNOWN_FEATURE, 0]]);
  const rows = examples.map(({ text, intent }) => ({
    ...featuresOf(text.replace(/[?!,:#'"]|(?<= )-+/g, "").split(" ").filter((word) => word !== "")),
    label: INTENTS.indexOf(intent),
  }));

  // A word that occurs in one phrase only was unknown to all others: that is how the classifier learns what the
  // unknown looks like.
  const phrasesWith = new Map<number, number>();
  for (const row of rows) for (const word of row.own) phrasesWith.set(word, (phrasesWith.get(word) ?? 0) + 1);
  const data = rows.map(({ features, own, label }) => {
    if (own.some((word) => phrasesWith.get(word) === 1)) features.set(UNKNOWN_FEATURE, UNKNOWN);
    const at = new Int32Array(features.size);
    const by = new Float32Array(features.size);
    let i = 0;
    for (const [feature, weight] of features) {
      let id = ids.get(feature);
      if (id === undefined) {
        id = ids.size;
        ids.set(feature, id);
      }
      at[i] = id * classes;
      by[i] = weight;
      i += 1;
    }
    return { at, by, label };
  });

  const weights = bayes(data, ids.size, classes);
  const bias = new Float32Array(classes);
  const p = new Float32Array(classes);
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    for (const i of shuffled(data.length, epoch + 1)) {
      const { at, by, label } = data[i] as Row;
      score(at, by, at.length, weights, bias, p);
      softmax(p);
      for (let k = 0; k < classes; k += 1) {
        const push = (p[k] as number) - (k === label ? 1 : 0);
        if (Math.abs(push) < LEAST_PUSH) continue;
        for (let f = 0; f < at.length; f += 1) weights[(at[f] as number) + k]! -= STEP * push * (by[f] as number);
        bias[k]! -= STEP * push * 0.1;
      }
    }
  }

  return (text) => {
    const words = tokens(text.length > 4_000 ? text.slice(0, 4_000) : text).slice(0, MOST_WORDS);
    const { features, own } = featuresOf(words.map((token) => token.fold));
    if (own.some((word) => !ids.has(word))) features.set(UNKNOWN_FEATURE, UNKNOWN);
    const at = new Int32Array(features.size);
    const by = new Float32Array(features.size);
    let n = 0;
    for (const [feature, weight] of features) {
      const id = ids.get(feature);
      if (id === undefined) continue;
      at[n] = id * classes;
      by[n] = weight;
      n += 1;
    }
    const found = new Float32Array(classes);
    score(at, by, n, weights, bias, found);
    softmax(found);
    return {
      ranked: INTENTS.map((intent, k) => ({ intent, p: found[k] as number })).sort((a, b) => b.p - a.p),
    };
  };
}

type Row = { readonly at: Int32Array; readonly by: Float32Array; readonly label: number };

/** Log likelihood of each feature in each class, centred per feature and scaled down to leave room for correction. */
function bayes(data: readonly Row[], features: number, classes: number): Float32Array {
  const weights = new Float32Array(features * classes);
  const totals = new Float64Array(classes);
  for (const { at, by, label } of data) {
    for (let f = 0; f < at.length; f += 1) {
      weights[(at[f] as number) + label]! += by[f] as number;
      totals[label]! += by[f] as number;
    }
  }
  // Most counts are zero: the logarithm of the smoothed zero is the same for a whole class.
  const bottom = Array.from(totals, (total) => Math.log(total + SMOOTHING * features));
  const zero = Math.log(SMOOTHING);
  for (let row = 0; row < weights.length; row += classes) {
    let sum = 0;
    for (let k = 0; k < classes; k += 1) {
      const count = weights[row + k] as number;
      const likelihood = (count === 0 ? zero : Math.log(count + SMOOTHING)) - (bottom[k] as number);
      weights[row + k] = likelihood;
      sum += likelihood;
    }
    const mean = sum / classes;
    for (let k = 0; k < classes; k += 1) weights[row + k] = ((weights[row + k] as number) - mean) * PRIOR_SCALE;
  }
  return weights;
}

function score(
  at: Int32Array,
  by: Float32Array,
  n: number,
  weights: Float32Array,
  bias: Float32Array,
  into: Float32Array,
): void {
  into.set(bias);
  for (let f = 0; f < n; f += 1) {
    const row = at[f] as number;
    const weight = by[f] as number;
    for (let k = 0; k < into.length; k += 1) into[k]! += weight * (weights[row + k] as number);
  }
}

function softmax(scores: Float32Array): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of scores) highest = Math.max(highest, value);
  let sum = 0;
  for (let k = 0; k < scores.length; k += 1) {
    const value = Math.exp((scores[k] as number) - highest);
    scores[k] = value;
    sum += value;
  }
  for (let k = 0; k < scores.length; k += 1) scores[k]! /= sum;
}

/** 0 … n-1 in an order that looks random and is the same every time (Fisher-Yates over a linear congruential generator). */
function shuffled(n: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  let state = seed;
  for (let i = n - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const j = state % (i + 1);
    const kept = order[i] as number;
    order[i] = order[j] as number;
    order[j] = kept;
  }
  return order;
}
