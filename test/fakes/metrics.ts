import type { Catalogue, MetricType } from "../../src/core/catalogue.ts";
import type { Labels, Sample, Series } from "../../src/core/series.ts";
import { buildCatalogue } from "../../src/metrics/catalogue.ts";
import type { RawFacts } from "../../src/metrics/discover.ts";
import type { MetadataEntry } from "../../src/metrics/metadata.ts";
import { parse, type Selector, selectorInfo } from "../../src/metrics/promql.ts";
import type { Metrics, PrometheusAlert, Rule, Target, TimeWindow } from "../../src/ports/metrics.ts";
import { RefusedError, UnreachableError } from "../../src/util/errors.ts";

/**
 * A Prometheus in memory that keeps what it was asked. It is no evaluator: `value` of a series is what a query about it
 * comes to, whatever rates and divisions the query writes around the name. Names, matchers, `by (…)`, a comparison at
 * the end, staleness, and the age of samples are honoured; what needs more is given by `answers`.
 */
export type FakeSeries = {
  /** Name as queried; a classic histogram by its base name. */
  readonly metric: string;
  readonly labels: Labels;
  readonly value: number | ((at: number) => number);
  /** Unix seconds of the last sample, when the series stopped. */
  readonly until?: number;
  /** Unix seconds of the first one, when it began. */
  readonly since?: number;
};

export type Fault = "unreachable" | "refused" | "hangs";

export type FakeOptions = {
  readonly name?: string;
  readonly environment?: string;
  readonly cluster?: string;
  readonly series?: readonly FakeSeries[];
  readonly types?: Readonly<Record<string, MetricType>>;
  readonly helps?: Readonly<Record<string, string>>;
  /** Tried first, in order. A number stands for one sample without labels. */
  readonly answers?: readonly (readonly [pattern: RegExp, answer: number | readonly Sample[]])[];
  readonly alerts?: readonly PrometheusAlert[];
  readonly rules?: readonly Rule[];
  readonly targets?: readonly Target[];
  readonly clock: () => number;
  readonly externalUrl?: string;
};

export type Sent = {
  readonly promql: string;
  readonly at: number | undefined;
  readonly window: TimeWindow | undefined;
};

export type FakeMetrics = Metrics & {
  /** Every query, in the order it arrived. */
  readonly sent: readonly Sent[];
  /** What goes wrong from now on: with everything, or with the queries it picks. Undefined heals it. */
  fail(fault: Fault | ((promql: string) => Fault | undefined) | undefined): void;
};

const LOOKBACK = 300;
/** Of a range query, for each series; Prometheus' own limit. */
const MOST_POINTS = 11_000;
const SCRAPE = 15;
/** The newest sample of a living series is this old. */
const AGE = 7;

export function fakeMetrics(options: FakeOptions): FakeMetrics {
  const { name = "harbour", series = [], answers = [], clock } = options;
  const sent: Sent[] = [];
  let faultOf: (promql: string) => Fault | undefined = () => undefined;
  const known = catalogueOf(name, options);

  /** Fails, waits for ever or goes on, as the test wants. A broken query is refused as Prometheus would. */
  async function arrive(promql: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const fault = faultOf(promql);
    if (fault === "unreachable") throw new UnreachableError(name, "connection refused (fake)");
    if (fault === "refused") throw new RefusedError(name, 503, "too many queries (fake)");
    if (fault === "hangs") {
      await new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
  }

  /** What a query comes to at a moment. It is read once, however many moments a range has. */
  function evaluator(promql: string): (at: number) => readonly Sample[] {
    const parsed = parse(promql);
    if ("errorAt" in parsed) throw new RefusedError(name, 400, `parse error at ${parsed.errorAt} in ${promql}`);
    const given = answers.find(([pattern]) => pattern.test(promql))?.[1];
    if (typeof given === "number") return (at) => [{ labels: {}, at, value: given }];
    return given === undefined ? levels(promql, series) : () => given;
  }

  return {
    name,
    environment: options.environment,
    cluster: options.cluster,
    sent,
    fail: (fault) => {
      faultOf = typeof fault === "function" ? fault : () => fault;
    },
    async instant(promql, at, signal) {
      sent.push({ promql, at, window: undefined });
      await arrive(promql, signal);
      return evaluator(promql)(at ?? clock());
    },
    async range(promql, window, signal) {
      sent.push({ promql, at: undefined, window });
      await arrive(promql, signal);
      if ((window.end - window.start) / window.step > MOST_POINTS)
        throw new RefusedError(name, 400, "exceeded maximum resolution of 11,000 points per timeseries (fake)");
      const evaluate = evaluator(promql);
      const lines = new Map<string, { labels: Labels; points: [number, number][] }>();
      for (let at = window.start; at <= window.end; at += window.step) {
        for (const { labels, value } of evaluate(at)) {
          const key = keyOf(labels);
          const line = lines.get(key) ?? { labels, points: [] };
          lines.set(key, line);
          line.points.push([at, value]);
        }
      }
      return [...lines.values()] satisfies readonly Series[];
    },
    async alerts(signal) {
      await arrive("", signal);
      return options.alerts ?? [];
    },
    async rules(signal) {
      await arrive("", signal);
      return options.rules ?? [];
    },
    async targets(signal) {
      await arrive("", signal);
      return options.targets ?? [];
    },
    async catalogue(signal) {
      signal?.throwIfAborted();
      return known;
    },
    linkTo: (promql) =>
      options.externalUrl === undefined
        ? undefined
        : `${options.externalUrl}/query?g0.expr=${encodeURIComponent(promql)}`,
    async check(signal) {
      await arrive("", signal);
      return { version: "3.0.0" };
    },
  };
}

/** What a query about these series comes to at a moment. */
function levels(promql: string, all: readonly FakeSeries[]): (at: number) => readonly Sample[] {
  const selectors = selectorInfo(promql);
  const asksAge = /\btimestamp\s*\(/.test(promql);
  const lookback = /max_over_time\(timestamp\([^)]*\)\[1d/.test(promql) ? 86_400 : LOOKBACK;
  const [first] = selectors;
  if (first === undefined) return () => [];
  // A ratio of two selections of one metric (errors by requests) is about the more narrowly chosen one.
  const chosen =
    selectors
      .filter((one) => base(one, all) === base(first, all))
      .sort((a, b) => b.matchers.length - a.matchers.length)[0] ?? first;
  const own = all.filter((one) => one.metric === base(chosen, all));
  const labels = new Set(own.flatMap((one) => Object.keys(one.labels)));
  const matching = own.filter((one) => matches(chosen, one.labels, labels));
  const by = /\bby\s*\(([^)]*)\)/
    .exec(promql)?.[1]
    ?.split(",")
    .map((label) => label.trim());
  const aggregator = /\b(sum|avg|max|min|count)\b(?!_over)\s*(?:by|without)?\s*\(/.exec(promql)?.[1];
  const groups = new Map<string, { labels: Labels; members: FakeSeries[] }>();
  for (const one of matching) {
    const labels = aggregator === undefined ? one.labels : pick(one.labels, by ?? []);
    const group = groups.get(keyOf(labels)) ?? { labels, members: [] };
    groups.set(keyOf(labels), group);
    group.members.push(one);
  }
  const counts = /\bcount_over_time\s*\(/.test(promql);
  const measured = ({ until, value }: FakeSeries, at: number): number => {
    if (asksAge) return until ?? at - AGE;
    if (counts) return 1800 / SCRAPE;
    return typeof value === "number" ? value : value(at);
  };
  const demand = /(==|!=|>=|<=|>|<)\s*(-?[\d.]+)\s*$/.exec(promql);
  return (at) =>
    [...groups.values()].flatMap(({ labels, members }) => {
      const living = members.filter(({ until = at, since = at }) => at - until < lookback && since <= at);
      if (living.length === 0) return [];
      const values = living.map((one) => measured(one, at));
      const value = fold(aggregator ?? "max", values);
      return demand === null || holds(value, demand[1]!, Number(demand[2])) ? [{ labels, at, value }] : [];
    });
}

/** The declared name that a selector is about: a histogram's parts belong to it. */
function base(selector: Selector, all: readonly FakeSeries[]): string {
  const name = selector.metric ?? "";
  if (all.some((one) => one.metric === name)) return name;
  return name.replace(/_(?:bucket|sum|count)$/, "");
}

function matches({ matchers }: Selector, labels: Labels, known: ReadonlySet<string>): boolean {
  return matchers.every(({ label, op, value }) => {
    // A series says what a query comes to: modes and codes that no series tells apart are already in it.
    if (!known.has(label)) return true;
    const own = labels[label] ?? "";
    const same = op === "=" || op === "!=" ? own === value : new RegExp(`^(?:${value})$`, "s").test(own);
    return op === "=" || op === "=~" ? same : !same;
  });
}

function pick(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.filter((name) => name in labels).map((name) => [name, labels[name]!]));
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function fold(aggregator: string, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (aggregator) {
    case "sum":
      return sum;
    case "avg":
      return sum / values.length;
    case "min":
      return Math.min(...values);
    case "count":
      return values.length;
    default:
      return Math.max(...values);
  }
}

function holds(value: number, op: string, limit: number): boolean {
  switch (op) {
    case "==":
      return value === limit;
    case "!=":
      return value !== limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "<":
      return value < limit;
    default:
      return value <= limit;
  }
}

/** A catalogue of these series, built as the real one is. */
export function catalogueOf(
  source: string,
  { series = [], types = {}, helps = {} }: Pick<FakeOptions, "series" | "types" | "helps">,
): Catalogue {
  const metrics = new Map<string, Map<string, Set<string>>>();
  const see = (name: string, labels: Labels): void => {
    const known = metrics.get(name) ?? new Map<string, Set<string>>();
    metrics.set(name, known);
    for (const [label, value] of Object.entries(labels)) known.set(label, (known.get(label) ?? new Set()).add(value));
  };
  for (const { metric, labels } of series) {
    if (types[metric] !== "histogram") see(metric, labels);
    else {
      see(`${metric}_bucket`, { ...labels, le: "+Inf" });
      see(`${metric}_sum`, labels);
      see(`${metric}_count`, labels);
    }
  }
  const described = new Set([...Object.keys(types), ...Object.keys(helps)]);
  const metadata = new Map<string, MetadataEntry>(
    [...described].map((name) => [name, { type: types[name] ?? "", help: helps[name] ?? "", unit: "" }]),
  );
  return buildCatalogue({ metrics, metadata, skipped: [] } satisfies RawFacts, source, 1000);
}
