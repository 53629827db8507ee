import type { Entity } from "../core/catalogue.ts";
import { editDistance } from "../util/distance.ts";
import { wordsOf } from "./words.ts";

/** How many candidates that share letter pairs are compared in full. */
const CANDIDATES = 120;
const LEAST = 0.5;

type Name = { readonly entity: Entity; readonly joined: string; readonly words: readonly string[] };

/**
 * Finds entities by names that are nearly right. An index of letter pairs finds candidates among many thousands; they are
 * then compared in full: spelling distance (optimal string alignment), prefix, shared words.
 */
export function* createLikeness(
  entities: readonly Entity[],
): Generator<void, (name: string, limit: number) => readonly Entity[]> {
  const names: Name[] = [];
  const index = new Map<string, number[]>();
  const pairCounts = new Uint16Array(entities.length);
  for (const entity of entities) {
    const words = wordsOf(entity.name.slice(0, 100));
    const number = names.push({ entity, joined: words.join(""), words }) - 1;
    const pairs = letterPairs(words);
    pairCounts[number] = pairs.size;
    for (const pair of pairs) {
      const numbers = index.get(pair);
      if (numbers === undefined) index.set(pair, [number]);
      else numbers.push(number);
    }
    yield;
  }
  const shared = new Uint16Array(names.length);

  return (name, limit) => {
    const words = wordsOf(name.slice(0, 100));
    const joined = words.join("");
    if (joined === "") return [];
    const touched: number[] = [];
    const pairs = letterPairs(words);
    for (const pair of pairs) {
      for (const number of index.get(pair) ?? []) if (shared[number]!++ === 0) touched.push(number);
    }
    const needed = Math.max(1, Math.floor(pairs.size / 4));
    const likely = touched
      .filter((number) => shared[number]! >= needed)
      .map((number) => ({ number, dice: (2 * shared[number]!) / (pairs.size + pairCounts[number]!) }));
    for (const number of touched) shared[number] = 0;
    if (likely.length > CANDIDATES) likely.sort((a, b) => b.dice - a.dice);
    return likely
      .slice(0, CANDIDATES)
      .map(({ number, dice }) => ({
        entity: names[number]!.entity,
        score: likeness(names[number]!, joined, words),
        dice,
      }))
      .filter(({ score }) => score >= LEAST)
      .sort((a, b) => b.score - a.score || b.dice - a.dice || a.entity.name.length - b.entity.name.length)
      .slice(0, limit)
      .map(({ entity }) => entity);
  };
}

/** Pairs of neighbouring letters, with the words' beginnings and ends. */
function letterPairs(words: readonly string[]): ReadonlySet<string> {
  const pairs = new Set<string>();
  for (const word of words) {
    const text = ` ${word} `;
    for (let i = 0; i + 1 < text.length; i++) pairs.add(text.slice(i, i + 2));
  }
  return pairs;
}

/** From 0 to 1. */
function likeness(name: Name, joined: string, words: readonly string[]): number {
  if (name.joined === joined) return 1;
  const whole = spelling(joined, name.joined);
  const prefix =
    joined.length >= 2 && name.joined.startsWith(joined) ? 0.7 + (0.2 * joined.length) / name.joined.length : 0;
  let sum = 0;
  for (const word of words) sum += Math.max(0, ...name.words.map((other) => wordLikeness(word, other)));
  const covered = Math.min(1, words.length / Math.max(1, name.words.length));
  const byWords = (sum / words.length) * (0.75 + 0.2 * covered);
  return Math.max(whole, prefix, byWords);
}

function wordLikeness(word: string, other: string): number {
  if (word === other) return 1;
  const prefix = word.length >= 3 && other.startsWith(word) ? 0.8 : 0;
  return Math.max(prefix, spelling(word, other));
}

/** 0 unless the two differ by few enough letters to be a typing error. */
function spelling(a: string, b: string): number {
  const allowed = a.length < 4 ? 0 : a.length < 6 ? 1 : 2;
  const distance = editDistance(a, b, allowed);
  return distance > allowed ? 0 : 1 - distance / (Math.max(a.length, b.length) + 1);
}
