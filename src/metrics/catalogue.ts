import { setImmediate as breathe } from "node:timers/promises";
import { type Catalogue, type Entity, type Metric, VALUES_PER_LABEL } from "../core/catalogue.ts";
import type { RawFacts } from "./discover.ts";
import { type FoldedMetric, foldMetrics } from "./fold.ts";
import { kindOfLabel, kindOfValue, likeHosts } from "./kinds.ts";
import { createLikeness } from "./likeness.ts";
import { createSearch } from "./search.ts";
import { bareName, wordsOf } from "./words.ts";

/** Longest stretch of building before other work gets its turn. */
const SLICE_MS = 10;

/** Makes the catalogue of what was read. Pure. `at` is unix seconds, undefined for nothing read yet. */
export function buildCatalogue(raw: RawFacts, source: string, at: number | undefined): Catalogue {
  const steps = build(raw, source, at);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, giving way to other work every few milliseconds. Throws the signal's reason when it fires. */
export async function buildCatalogueSlowly(
  raw: RawFacts,
  source: string,
  at: number,
  signal?: AbortSignal,
): Promise<Catalogue> {
  const steps = build(raw, source, at);
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - since < SLICE_MS) continue;
    await breathe();
    signal?.throwIfAborted();
    since = performance.now();
  }
}

/** One label value and the metrics that have it. */
type Pair = { readonly label: string; readonly value: string; readonly metrics: string[] };

function* build(raw: RawFacts, source: string, at: number | undefined): Generator<void, Catalogue> {
  const folded = yield* foldMetrics(raw);
  const metrics = yield* toMetrics(folded);
  const pairs = yield* toPairs(folded);
  const entities = yield* toEntities(pairs, folded);
  const byName = yield* groupBy(entities, (entity) => bareName(entity.name).toLowerCase());
  const byKind = yield* groupBy(entities, (entity) => entity.kind);
  const valueIndex = yield* indexValues(pairs);
  const likeness = yield* createLikeness(entities);
  const search = yield* createSearch(metrics);

  return {
    source,
    refreshedAt: at,
    metrics,
    entities,
    named: (name) => byName.get(bareName(name.trim()).toLowerCase()) ?? [],
    like: (name, limit = 5) => likeness(bareName(name.trim()), limit),
    ofKind: (kind) => byKind.get(kind) ?? [],
    search: (text, limit = 10) => search(text, limit),
    withValue: (word) => findValues(valueIndex, pairs, word),
  };
}

function* toMetrics(folded: ReadonlyMap<string, FoldedMetric>): Generator<void, ReadonlyMap<string, Metric>> {
  const metrics = new Map<string, Metric>();
  for (const [name, { type, help, unit, native, labels }] of folded) {
    const sorted = new Map<string, readonly string[]>();
    for (const [label, values] of labels) {
      if (label === "le") continue;
      const some = values.size > VALUES_PER_LABEL * 4 ? [...values.values().take(VALUES_PER_LABEL * 4)] : [...values];
      sorted.set(label, some.sort().slice(0, VALUES_PER_LABEL));
    }
    metrics.set(name, { name, type, help, unit, labels: sorted, ...(native ? { native } : {}) });
    yield;
  }
  return metrics;
}

/** Every label value once, with the metrics that have it. */
function* toPairs(folded: ReadonlyMap<string, FoldedMetric>): Generator<void, readonly Pair[]> {
  const byLabel = new Map<string, Map<string, Pair>>();
  const pairs: Pair[] = [];
  for (const [name, { labels }] of folded) {
    for (const [label, values] of labels) {
      if (label === "le" || label === "quantile") continue;
      let byValue = byLabel.get(label);
      if (byValue === undefined) {
        byValue = new Map();
        byLabel.set(label, byValue);
      }
      for (const value of values) {
        const pair = byValue.get(value);
        if (pair !== undefined) {
          pair.metrics.push(name);
          continue;
        }
        const first: Pair = { label, value, metrics: [name] };
        byValue.set(value, first);
        pairs.push(first);
      }
      yield;
    }
  }
  return pairs;
}

function* toEntities(
  pairs: readonly Pair[],
  folded: ReadonlyMap<string, FoldedMetric>,
): Generator<void, readonly Entity[]> {
  const hosts = likeHosts(pairs);
  const kinds = new Map<string, string | undefined>();
  for (const [label, values] of yield* groupBy(pairs, (pair) => pair.label)) {
    kinds.set(
      label,
      kindOfLabel(
        label,
        values.map(({ value }) => value),
      ),
    );
    yield;
  }
  const found = new Map<string, { kind: string; name: string; at: Entity["at"][number][] }>();
  for (const { label, value, metrics } of pairs) {
    yield;
    const about = metrics.filter((name) => folded.get(name)?.synthetic !== true);
    if (about.length === 0) continue;
    const kind = kindOfValue(kinds.get(label), label, value, about, hosts);
    if (kind === undefined) continue;
    const name = bareName(value);
    const key = `${kind}\0${name.toLowerCase()}`;
    const place = { label, value, metrics: about.length };
    const entity = found.get(key);
    if (entity !== undefined) entity.at.push(place);
    else found.set(key, { kind, name, at: [place] });
  }
  for (const { at } of found.values()) if (at.length > 1) at.sort((a, b) => b.metrics - a.metrics);
  return [...found.values()];
}

function* groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Generator<void, ReadonlyMap<string, T[]>> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
    yield;
  }
  return groups;
}

type ValueIndex = ReadonlyMap<string, readonly number[]>;

/** Word of a value -> numbers of the pairs that have it. */
function* indexValues(pairs: readonly Pair[]): Generator<void, ValueIndex> {
  const index = new Map<string, number[]>();
  for (const [number, { value }] of pairs.entries()) {
    for (const word of new Set(wordsOf(value.slice(0, 300)))) {
      const numbers = index.get(word);
      if (numbers === undefined) index.set(word, [number]);
      else numbers.push(number);
    }
    yield;
  }
  return index;
}

function findValues(index: ValueIndex, pairs: readonly Pair[], text: string): ReturnType<Catalogue["withValue"]> {
  const wanted = wordsOf(text.slice(0, 300));
  const found = withWords(index, pairs, wanted);
  const last = wanted.at(-1);
  // "confirmations" for a value "order_confirmation"
  if (found.length > 0 || last === undefined || last.length < 4 || !last.endsWith("s")) return found;
  return withWords(index, pairs, [...wanted.slice(0, -1), last.slice(0, -1)]);
}

function withWords(index: ValueIndex, pairs: readonly Pair[], wanted: readonly string[]): readonly Pair[] {
  const lists = wanted.map((word) => index.get(word));
  if (lists.length === 0 || lists.some((list) => list === undefined)) return [];
  const [shortest] = (lists as (readonly number[])[]).toSorted((a, b) => a.length - b.length);
  const phrase = ` ${wanted.join(" ")} `;
  return shortest!
    .map((number) => pairs[number]!)
    .filter(({ value }) => ` ${wordsOf(value.slice(0, 300)).join(" ")} `.includes(phrase))
    .sort((a, b) => b.metrics.length - a.metrics.length);
}
