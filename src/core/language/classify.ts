import { tokens } from "./normalise.ts";
import { PHRASES } from "./phrases/index.ts";
import { SYNONYMS } from "./phrases/synonyms.ts";
import { matchWord } from "./words.ts";

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

let shipped: Trained | undefined;

/**
 * A question with names and numbers replaced by placeholders (see phrases/index.ts) -> the intents it may have.
 * Trained on first use, unless `useTraining` came before.
 */
export function classify(delexicalised: string): Classification {
  shipped ??= train(trainingExamples());
  return reader(shipped)(delexicalised);
}

/** What the shipped classifier learnt, as bytes for this machine's own use; undefined before it was needed. */
export function keptTraining(): Uint8Array | undefined {
  return shipped === undefined ? undefined : pack(shipped);
}

/**
 * Takes over what `keptTraining` gave, which saves the training. The caller answers for it being of this very code and
 * these phrases. False, and nothing changes, when the bytes are none of ours.
 */
export function useTraining(bytes: Uint8Array): boolean {
  const known = unpack(bytes);
  if (known === undefined) return false;
  shipped = known;
  return true;
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

type Concepts = {
  readonly byWords: ReadonlyMap<string, number>;
  readonly longestFrom: ReadonlyMap<string, number>;
  readonly single: readonly string[];
};
let knownConcepts: Concepts | undefined;

function concepts(): Concepts {
  if (knownConcepts !== undefined) return knownConcepts;
  const byWords = new Map<string, number>();
  const longestFrom = new Map<string, number>();
  for (const group of SYNONYMS.trim().split("\n")) {
    const [name, ...expressions] = group.split("|") as [string, ...string[]];
    for (const expression of expressions) {
      if (!byWords.has(expression)) byWords.set(expression, hash(SEED.concept, name));
      const words = expression.split(" ");
      const first = words[0] as string;
      longestFrom.set(first, Math.max(longestFrom.get(first) ?? 0, words.length));
    }
  }
  knownConcepts = { byWords, longestFrom, single: [...byWords.keys()].filter((word) => !word.includes(" ")) };
  return knownConcepts;
}

/** Which groups of synonyms a question mentions, in order, placeholders included. */
function conceptsOf(words: readonly string[]): number[] {
  const { byWords, longestFrom } = concepts();
  const found: number[] = [];
  for (let i = 0; i < words.length; ) {
    const word = words[i] as string;
    let taken = 1;
    for (let n = Math.min(longestFrom.get(word) ?? 0, words.length - i); n > 0; n -= 1) {
      const expression = n === 1 ? word : words.slice(i, i + n).join(" ");
      const concept = byWords.get(expression);
      if (concept === undefined) continue;
      if (!found.includes(concept)) found.push(concept);
      taken = n;
      break;
    }
    if (taken === 1 && word.startsWith("<")) {
      const placeholder = hash(SEED.concept, word);
      if (!found.includes(placeholder)) found.push(placeholder);
    }
    i += taken;
  }
  return found;
}

/** Hands over the features of a question with their weights: words, pairs of neighbours, letters, concepts, their pairs. */
function eachFeature(words: readonly string[], hand: (feature: number, weight: number, isWord: boolean) => void): void {
  let before = hash(SEED.bigram, "^");
  for (const word of words) {
    hand(hash(SEED.word, word), WORD, true);
    hand(hash(before, word), BIGRAM, false);
    before = hash(SEED.bigram, word);
    if (word.startsWith("<")) continue;
    const padded = `_${word}_`;
    for (let i = 0; i + LETTERS_LONG <= padded.length; i += 1) {
      hand(hash(SEED.letters, padded, i, i + LETTERS_LONG), LETTERS, false);
    }
  }
  hand(hash(before, "$"), BIGRAM, false);
  const mentioned = conceptsOf(words);
  for (let i = 0; i < mentioned.length; i += 1) {
    const one = mentioned[i] as number;
    hand(one, CONCEPT, false);
    for (let j = i + 1; j < mentioned.length && j < i + 4; j += 1) {
      hand(Math.imul(one ^ (mentioned[j] as number), 0x9e3779b1) ^ SEED.pair, CONCEPT_PAIR, false);
    }
  }
  if (words.length <= 2) hand(hash(SEED.short, String(words.length)), SHORT, false);
}

/** Features -> 0, 1, 2 … in the order they were met: an open hash table, which is several times faster than a Map. */
class FeatureIds {
  size = 1;
  readonly #keys = new Int32Array(SLOTS);
  /** 0 is an empty slot; the id 0 is kept for "has a word never seen". */
  readonly #ids = new Int32Array(SLOTS);

  of(feature: number, add: boolean): number {
    let slot = Math.imul(feature, 0x9e3779b1) >>> (32 - SLOT_BITS);
    while (this.#ids[slot] !== 0) {
      if (this.#keys[slot] === feature) return this.#ids[slot] as number;
      slot = (slot + 1) & (SLOTS - 1);
    }
    if (!add || this.size >= SLOTS / 2) return -1;
    this.#keys[slot] = feature;
    this.#ids[slot] = this.size;
    this.size += 1;
    return this.size - 1;
  }

  /** The features in the order of their ids, from 1. */
  inOrder(): Int32Array {
    const keys = new Int32Array(this.size - 1);
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const id = this.#ids[slot] as number;
      if (id !== 0) keys[id - 1] = this.#keys[slot] as number;
    }
    return keys;
  }
}
const SLOT_BITS = 16;
const SLOTS = 1 << SLOT_BITS;
const UNKNOWN_ID = 0;

// ---------------------------------------------------------------- keeping

/** Tells our bytes from others, and one layout of them from the next. */
const MARK = 0x5c0c1a01;
const HEAD = 3;

/** Mark, classes, features, bias, features' numbers, weights: all four bytes wide, in this machine's order. */
function pack({ ids, weights, bias }: Trained): Uint8Array {
  const keys = ids.inOrder();
  const whole = new ArrayBuffer(4 * (HEAD + CLASSES + keys.length + weights.length));
  new Int32Array(whole, 0, HEAD).set([MARK, CLASSES, keys.length]);
  new Float32Array(whole, 4 * HEAD, CLASSES).set(bias);
  new Int32Array(whole, 4 * (HEAD + CLASSES), keys.length).set(keys);
  new Float32Array(whole, 4 * (HEAD + CLASSES + keys.length)).set(weights);
  return new Uint8Array(whole);
}

function unpack(bytes: Uint8Array): Trained | undefined {
  if (bytes.byteLength % 4 !== 0 || bytes.byteLength < 4 * HEAD) return undefined;
  // A file's bytes may lie anywhere in a shared buffer; numbers must begin at a multiple of four.
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = { buffer: whole.buffer, at: whole.byteOffset };
  const [mark, classes, features] = new Int32Array(words.buffer, words.at, HEAD) as unknown as [number, number, number];
  if (mark !== MARK || classes !== CLASSES || features < 0 || features >= SLOTS / 2) return undefined;
  const total = HEAD + CLASSES + features + (features + 1) * CLASSES;
  if (bytes.byteLength !== 4 * total) return undefined;
  const ids = new FeatureIds();
  const keys = new Int32Array(words.buffer, words.at + 4 * (HEAD + CLASSES), features);
  for (const key of keys) ids.of(key, true);
  if (ids.size !== features + 1) return undefined;
  const weights = new Float32Array(words.buffer, words.at + 4 * (HEAD + CLASSES + features));
  const bias = new Float32Array(words.buffer, words.at + 4 * HEAD, CLASSES);
  return { ids, weights: weights.subarray(0, ids.size * CLASSES), bias };
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
  return reader(train(examples));
}

/** `weights` has a row of one number per class for each feature, `bias` one per class. */
type Trained = { readonly ids: FeatureIds; readonly weights: Float32Array; readonly bias: Float32Array };

function train(examples: readonly Example[]): Trained {
  const ids = new FeatureIds();
  const data = readExamples(examples, ids);
  const weights = bayes(data, ids.size);
  const bias = new Float32Array(CLASSES);
  correct(data, weights, bias);
  return { ids, weights, bias };
}

function reader({ ids, weights, bias }: Trained): (text: string) => Classification {
  return (text) => {
    const words = tokens(text.length > 4_000 ? text.slice(0, 4_000) : text).slice(0, MOST_WORDS);
    const { single } = concepts();
    const spelled = words.map(({ fold }) =>
      ids.of(hash(SEED.word, fold), false) < 0 ? (matchWord(fold, single) ?? fold) : fold,
    );
    const found = new Map<number, number>();
    eachFeature(spelled, (feature, weight, isWord) => {
      const id = ids.of(feature, false);
      if (id > 0) found.set(id, weight);
      else if (isWord) found.set(UNKNOWN_ID, UNKNOWN);
    });
    const p = Float32Array.from(bias);
    score(Int32Array.from(found.keys()), Float32Array.from(found.values()), 0, found.size, weights, p);
    softmax(p);
    return { ranked: INTENTS.map((intent, k) => ({ intent, p: p[k] as number })).sort((a, b) => b.p - a.p) };
  };
}

const CLASSES = INTENTS.length;

/** All examples in two long arrays: example i has the features ids[starts[i]] … ids[starts[i + 1] - 1]. */
type Data = {
  readonly ids: Int32Array;
  readonly by: Float32Array;
  readonly starts: Int32Array;
  readonly labels: Int32Array;
};

function readExamples(examples: readonly Example[], known: FeatureIds): Data {
  let ids = new Int32Array(examples.length * 32);
  let by = new Float32Array(ids.length);
  const starts = new Int32Array(examples.length + 1);
  const labels = Int32Array.from(examples, ({ intent }) => INTENTS.indexOf(intent));
  const lastRow = new Int32Array(SLOTS).fill(-1);
  const phrasesWith = new Int32Array(SLOTS);
  let end = 0;
  let row = 0;
  const hand = (feature: number, weight: number, isWord: boolean) => {
    const id = known.of(feature, true);
    if (id < 0 || lastRow[id] === row) return;
    lastRow[id] = row;
    if (isWord) phrasesWith[id]! += 1;
    if (end === ids.length) {
      const [longerIds, longerBy] = [new Int32Array(end * 2), new Float32Array(end * 2)];
      longerIds.set(ids);
      longerBy.set(by);
      [ids, by] = [longerIds, longerBy];
    }
    ids[end] = id;
    by[end] = weight;
    end += 1;
  };
  for (const { text } of examples) {
    // Phrases are folded and plain already: parting them at blanks is enough.
    eachFeature(
      text
        .replace(/[?!,:#'"]|(?<= )-+/g, "")
        .trim()
        .split(/ +/),
      hand,
    );
    // Room for "has a word never seen"; it weighs nothing until the next step.
    if (end < ids.length) end += 1;
    row += 1;
    starts[row] = end;
  }
  // A word that occurs in one phrase only is unknown to all others: that is how the classifier learns what the
  // unknown looks like.
  for (let i = 0; i < examples.length; i += 1) {
    const last = (starts[i + 1] as number) - 1;
    for (let f = starts[i] as number; f < last; f += 1) if (phrasesWith[ids[f] as number] === 1) by[last] = UNKNOWN;
  }
  return { ids, by, starts, labels };
}

/** Softmax regression over the examples, one at a time. Changes `weights` and `bias`. */
function correct({ ids, by, starts, labels }: Data, weights: Float32Array, bias: Float32Array): void {
  const p = new Float32Array(CLASSES);
  const pushed = new Int32Array(CLASSES);
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    for (const i of shuffled(labels.length, epoch + 1)) {
      const from = starts[i] as number;
      const to = starts[i + 1] as number;
      p.set(bias);
      score(ids, by, from, to, weights, p);
      softmax(p);
      p[labels[i] as number]! -= 1;
      let n = 0;
      for (let k = 0; k < CLASSES; k += 1) {
        if (Math.abs(p[k] as number) < LEAST_PUSH) continue;
        pushed[n] = k;
        n += 1;
        bias[k]! -= STEP * 0.1 * (p[k] as number);
      }
      for (let f = from; f < to; f += 1) {
        const at = (ids[f] as number) * CLASSES;
        const step = STEP * (by[f] as number);
        for (let j = 0; j < n; j += 1) {
          const k = pushed[j] as number;
          weights[at + k] = (weights[at + k] as number) - step * (p[k] as number);
        }
      }
    }
  }
}

/** Log likelihood of each feature in each class, centred per feature and scaled down to leave room for correction. */
function bayes({ ids, by, starts, labels }: Data, features: number): Float32Array {
  const weights = new Float32Array(features * CLASSES);
  const totals = new Float64Array(CLASSES);
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i] as number;
    for (let f = starts[i] as number; f < (starts[i + 1] as number); f += 1) {
      const at = (ids[f] as number) * CLASSES + label;
      weights[at] = (weights[at] as number) + (by[f] as number);
      totals[label] = (totals[label] as number) + (by[f] as number);
    }
  }
  // Most counts are zero: the logarithm of the smoothed zero is the same for a whole class.
  const bottom = Float64Array.from(totals, (total) => Math.log(total + SMOOTHING * features));
  const zero = Math.log(SMOOTHING);
  for (let row = 0; row < weights.length; row += CLASSES) {
    let sum = 0;
    for (let k = 0; k < CLASSES; k += 1) {
      const count = weights[row + k] as number;
      const likelihood = (count === 0 ? zero : Math.log(count + SMOOTHING)) - (bottom[k] as number);
      weights[row + k] = likelihood;
      sum += likelihood;
    }
    const mean = sum / CLASSES;
    for (let k = 0; k < CLASSES; k += 1) weights[row + k] = ((weights[row + k] as number) - mean) * PRIOR_SCALE;
  }
  return weights;
}

/** Adds the weights of the features from … to-1 to the classes' scores. */
function score(
  ids: Int32Array,
  by: Float32Array,
  from: number,
  to: number,
  weights: Float32Array,
  into: Float32Array,
): void {
  for (let f = from; f < to; f += 1) {
    const at = (ids[f] as number) * CLASSES;
    const weight = by[f] as number;
    if (weight === 0) continue;
    for (let k = 0; k < CLASSES; k += 1) into[k] = (into[k] as number) + weight * (weights[at + k] as number);
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
