import type { Answer } from "../../core/answer.ts";
import { namesBeside } from "../../core/gate/about.ts";
import { quantitiesIn } from "../../core/gate/claims.ts";
import { plainOf } from "../../core/gate/clean.ts";
import { type Measure, measureIn } from "../../core/gate/measure.ts";
import { type Quantity, quantityOf } from "../../core/gate/quantity.ts";
import { spellingsOf } from "../../core/gate/spelling.ts";
import type { Fact, Judged, Known } from "../../core/gate.ts";
import type { ProposedAction } from "../../core/proposal.ts";
import type { Labels, Point } from "../../core/series.ts";
import type { MetricUnit } from "../../core/units.ts";
import { offsetAt } from "../../core/zone.ts";
import type { Inquiry } from "../../ports/metrics.ts";

/** A value that a tool gave the model, under the name by which `compute` takes it: "q1.s2.max". */
export type Noted = {
  readonly value: number;
  readonly unit: MetricUnit;
  readonly labels: Labels;
  readonly promql: string;
  readonly measure: Measure;
  readonly quantity: Quantity | undefined;
};

/** One query that the model asked, as it was answered. */
export type Sheet = {
  readonly promql: string;
  readonly unit: MetricUnit;
  /** Index among the evidence. */
  readonly query: number;
  readonly series: readonly { readonly labels: Labels; readonly points: readonly Point[] }[];
};

const FIRST_BASIS = 1_000_000;

/** What is known in this turn, and what came of it: the one place that the gate reads from. */
export class Notebook implements Known {
  readonly facts: Fact[] = [];
  readonly sheets: Sheet[] = [];
  readonly values = new Map<string, Noted>();
  readonly proposals: ProposedAction[] = [];
  /** Queries that were not asked for this question but a little earlier, and when. */
  readonly recalled = new Map<string, number>();
  /** Sentences about proposals, by code. */
  readonly proposed: string[] = [];
  readonly #names = new Set<string>(WORDS);
  readonly #bases: (readonly number[])[] = [];
  readonly #ask: Inquiry;

  readonly when: NonNullable<Known["when"]>;

  constructor(ask: Inquiry, question: string, found: Answer, zone: string) {
    this.#ask = ask;
    this.when = { now: ask.now, ahead: offsetAt(ask.now, zone) };
    for (const quantity of quantitiesIn(question)) this.facts.push({ ...quantity, origin: "question" });
    this.addNames(...wordsOf(question));
    // What the templates say was worked out by code from queries of this turn.
    for (const text of [found.verdict, ...found.details, ...(found.list ?? [])]) this.addSaid(text);
    for (const { labels } of found.values) this.addLabels(labels);
  }

  hasName = (name: string): boolean => spellingsOf(name).some((one) => this.#names.has(one));

  /** All names, in all their spellings. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  addNames(...names: readonly string[]): void {
    for (const name of names) for (const one of spellingsOf(name)) if (one !== "") this.#names.add(one);
  }

  addLabels(labels: Labels): void {
    for (const [name, value] of Object.entries(labels)) this.addNames(name, value, `${name}=${value}`);
  }

  addFact(value: number, unit: MetricUnit, more: Omit<Fact, "value" | "family">): void {
    const quantity = quantityOf(value * unit.scale, unit.unit);
    if (quantity !== undefined && Number.isFinite(value)) this.facts.push({ ...quantity, ...more });
  }

  /** A sentence of ours: its numbers may be said of what it names and measures, and its names. */
  addSaid(text: string, { query = -1, at }: { readonly query?: number; readonly at?: number } = {}): void {
    const plain = plainOf(text);
    const about = { beside: namesBeside(plain), measure: measureIn(plain), ...(at !== undefined && { at }) };
    const from = query < 0 ? { origin: "computed" as const } : { origin: "returned" as const, query };
    for (const quantity of quantitiesIn(text)) this.facts.push({ ...quantity, ...from, ...about });
    this.addNames(...wordsOf(text));
  }

  /** Text of a rule or a query: its numbers and names may be said. `query` is the query that it came with. */
  addText(text: string, query?: number): void {
    const from = query === undefined || query < 0 ? {} : { query };
    for (const quantity of quantitiesIn(text)) this.facts.push({ ...quantity, ...from, origin: "returned" });
    this.addNames(text, ...wordsOf(text));
  }

  /** Index of the newest query with that text, among all of the turn's evidence. */
  indexOf(promql: string): number {
    return this.#ask.evidence.findLastIndex((one) => one.promql === promql);
  }

  /**
   * A number for several queries together, such as those that a sum was worked out from: facts refer to it as to one query. The evidence of a
   * question has fewer queries than the first of these numbers.
   */
  basisOf(promqls: readonly string[]): number | undefined {
    const queries = [...new Set(promqls)].map((promql) => this.indexOf(promql)).filter((index) => index >= 0);
    if (queries.length < 2) return queries[0];
    return FIRST_BASIS + this.#bases.push(queries) - 1;
  }

  /** The same judgement, on the queries that its numbers stand for. */
  onQueries(one: Judged): Judged {
    if (!one.kept) return one;
    const expanded = one.queries.flatMap((query) =>
      query < FIRST_BASIS ? [query] : (this.#bases[query - FIRST_BASIS] ?? []),
    );
    return { ...one, queries: [...new Set(expanded)] };
  }

  promqlAt(index: number): string | undefined {
    return this.#ask.evidence[index]?.promql;
  }

  /** What may be said, to be kept: a fact of several queries stands for the first of them. */
  get keptFacts(): readonly Fact[] {
    return this.facts.map((fact) =>
      fact.query === undefined || fact.query < FIRST_BASIS
        ? fact
        : { ...fact, query: this.#bases[fact.query - FIRST_BASIS]?.[0] ?? -1 },
    );
  }
}

/** Words of the trade that look like names. */
const WORDS = "promql p50 p90 p95 p99 rate increase histogram_quantile sum avg max min count topk le up by k8s".split(
  " ",
);

function wordsOf(text: string): readonly string[] {
  return text.split(/[\s,;()“”"'`=]+/).map((word) => word.replace(/^[^\p{L}\p{N}_/]+|[^\p{L}\p{N}_]+$/gu, ""));
}
