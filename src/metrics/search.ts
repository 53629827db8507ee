import MiniSearch from "minisearch";
import type { Metric, MetricHit } from "../core/catalogue.ts";
import { editDistance } from "../util/distance.ts";
import { wordsOf } from "./words.ts";

/** A word in a metric's name says more than one in its help, and that more than one among its label names. */
const WEIGHTS = { name: 3, help: 1, label: 0.5 } as const;
const WORDS_PER_TERM = 30;
const WORDS_PER_HELP = 30;

type Word = { readonly text: string; readonly metrics: number[]; readonly weights: number[] };

/**
 * Finds metrics by words. MiniSearch holds the vocabulary (prefixes and typing errors); which metric has which word stands
 * in plain lists, because scoring documents by the ten thousand would take it too long.
 */
export function* createSearch(
  metrics: ReadonlyMap<string, Metric>,
): Generator<void, (text: string, limit: number) => readonly MetricHit[]> {
  const all = [...metrics.values()];
  const words = new Map<string, Word>();
  const lengths = new Float32Array(all.length);
  for (const [number, metric] of all.entries()) {
    for (const [text, weight] of weighted(metric)) {
      let word = words.get(text);
      if (word === undefined) {
        word = { text, metrics: [], weights: [] };
        words.set(text, word);
      }
      word.metrics.push(number);
      word.weights.push(weight);
    }
    lengths[number] = wordsOf(metric.name).length;
    yield;
  }
  const vocabulary = new MiniSearch<{ id: string; text: string }>({
    fields: ["text"],
    tokenize: (text) => [text],
    processTerm: (term) => term,
  });
  for (const text of words.keys()) {
    // A number is found when it is typed as it is.
    if (/\p{L}/u.test(text)) vocabulary.add({ id: text, text });
    yield;
  }

  /** Words of the vocabulary for a typed one, each with how well it fits (0..1). */
  function meant(term: string): readonly (readonly [Word, number])[] {
    const exact = words.get(term);
    const near = vocabulary.search(term, {
      prefix: term.length > 2,
      // A word that exists is no typing error. Two edits, because it counts swapped neighbours as two.
      fuzzy: exact !== undefined || term.length < 4 ? false : 2,
    });
    const allowed = term.length < 8 ? 1 : 2;
    const fits: [Word, number][] = exact === undefined ? [] : [[exact, 1]];
    for (const { id } of near.slice(0, WORDS_PER_TERM)) {
      const text = String(id);
      if (text === term) continue;
      const distance = text.startsWith(term) ? 0 : editDistance(term, text, allowed);
      if (distance > allowed) continue;
      fits.push([words.get(text)!, distance === 0 ? 0.5 + (0.4 * term.length) / text.length : 0.6 - 0.1 * distance]);
    }
    return fits;
  }

  const scores = new Float32Array(all.length);
  const matched = new Uint8Array(all.length);
  const best = new Float32Array(all.length);

  return (text, limit) => {
    const terms = [...new Set(wordsOf(text.slice(0, 300)))].slice(0, 20);
    const touched: number[] = [];
    for (const term of terms) {
      const now: number[] = [];
      for (const [word, fit] of meant(term)) {
        const rarity = Math.log(1 + all.length / word.metrics.length);
        for (let i = 0; i < word.metrics.length; i++) {
          const number = word.metrics[i]!;
          const score = (fit * rarity * word.weights[i]!) / (0.6 + 0.1 * lengths[number]!);
          if (best[number] === 0) now.push(number);
          if (score > best[number]!) best[number] = score;
        }
      }
      for (const number of now) {
        if (matched[number]!++ === 0) touched.push(number);
        scores[number]! += best[number]!;
        best[number] = 0;
      }
    }
    // More of the asked words count for more than one of them often.
    const top = bestOf(touched, limit, (number) => scores[number]! * matched[number]!);
    for (const number of touched) {
      scores[number] = 0;
      matched[number] = 0;
    }
    return top.map(({ item, score }) => ({ metric: all[item]!, score }));
  };
}

function weighted({ name, help, labels }: Metric): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const label of labels.keys()) for (const word of wordsOf(label)) found.set(word, WEIGHTS.label);
  for (const word of wordsOf(help.slice(0, 300)).slice(0, WORDS_PER_HELP)) found.set(word, WEIGHTS.help);
  for (const word of wordsOf(name)) found.set(word, WEIGHTS.name);
  for (const word of found.keys()) if (word.length > 40) found.delete(word);
  return found;
}

/** The `limit` items of the highest score, best first, without sorting all. */
function bestOf(items: readonly number[], limit: number, scoreOf: (item: number) => number) {
  const top: { item: number; score: number }[] = [];
  for (const item of items) {
    const score = scoreOf(item);
    if (top.length >= limit && score <= top.at(-1)!.score) continue;
    let place = top.length;
    while (place > 0 && top[place - 1]!.score < score) place--;
    top.splice(place, 0, { item, score });
    if (top.length > limit) top.pop();
  }
  return top;
}
