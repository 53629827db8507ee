import type { Point, Series } from "../../core/series.ts";
import { seriesKey } from "../../core/series.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { groupFor } from "../../core/watch/group.ts";
import { BACKFILL_SAMPLES } from "../../core/watch/plan.ts";
import { rankOf, subjectOf, type Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { QueryLook } from "./deps.ts";
import { type Followed, feed } from "./follow.ts";
import { recordAll } from "./record.ts";

export type BacktestInput = {
  readonly source: Metrics;
  readonly watch: Watch;
  readonly unit: string;
  readonly look: QueryLook & { readonly ok: true };
  /** Days that are judged; as much before them as there is, up to `learnDays`, is only learnt from. */
  readonly days: number;
  readonly learnDays: number;
  readonly stepSeconds: number;
  /** Unix seconds. */
  readonly now: number;
  readonly zone: string;
  /** Most series. */
  readonly most: number;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly progress: (share: number) => void;
};

export type Backtest = {
  /** Unix seconds: what was judged. */
  readonly from: number;
  readonly to: number;
  readonly series: number;
  /** Series that the query returns, where they are more than were judged. */
  readonly matched: number;
  readonly points: number;
  /** Newest first. */
  readonly anomalies: readonly Anomaly[];
  /** What would have been posted: anomalies that share a message are one. */
  readonly messages: number;
  readonly perDay: number;
  /** For one series and day. */
  readonly perSeriesDay: number;
  /** Courses of the series with most to say. */
  readonly courses: readonly { readonly name: string; readonly points: readonly Point[] }[];
};

const DAY = 86_400;
const DRAWN = 3;
/** Points of one series in one query. */
const MOST_POINTS = 10_000;

/**
 * What a watch would have posted in the days before `now`, by the very code that the schedule runs, point after point. Several range queries,
 * each bounded. Throws what the source throws, and `RangeError` when the query returns nothing.
 */
export async function backtest(input: BacktestInput): Promise<Backtest> {
  const { source, watch, look, stepSeconds, now, days, learnDays, most, signal } = input;
  const to = Math.floor(now / stepSeconds) * stepSeconds;
  const from = to - Math.round((days * DAY) / stepSeconds) * stepSeconds;
  const begin = from - Math.round((learnDays * DAY) / stepSeconds) * stepSeconds;
  const [sample] = await source.instant(`count(${watch.promql})`, to, signal);
  const expected = Math.max(1, sample?.value ?? 1);
  const perQuery = Math.max(10, Math.min(MOST_POINTS, Math.floor(BACKFILL_SAMPLES / expected)));
  const known = new Map<string, Followed>();
  const open = new Map<string, Anomaly>();
  const found = new Map<string, Anomaly>();
  const courses = new Map<string, Point[]>();
  const settings = { stepSeconds, windowSeconds: look.windowSeconds, isCounter: false, thresholdOf: () => 1 };
  let points = 0;
  let matched = 0;
  for (let start = begin; start <= to; start += perQuery * stepSeconds) {
    signal.throwIfAborted();
    const end = Math.min(to, start + (perQuery - 1) * stepSeconds);
    const all = await source.range(watch.promql, { start, end, step: stepSeconds }, signal);
    matched = Math.max(matched, all.length);
    const answer = chosen(all, known, most);
    for (const { labels, points: course } of answer) {
      const key = seriesKey(labels);
      const kept = courses.get(key) ?? [];
      courses.set(key, kept);
      for (const point of course) if (point[0] >= from) kept.push(point);
    }
    const fed = await feed(watch, known, answer, settings);
    points += fed.points;
    const { changed } = recordAll(fed.happened, open, {
      watch,
      unit: input.unit,
      now: end,
      zone: input.zone,
      isFirst: false,
      opinions: [],
      down: [],
    });
    for (const one of changed) found.set(one.id, one);
    input.progress((end - begin) / Math.max(1, to - begin));
  }
  if (known.size === 0) throw new RangeError("The query returned no series in that time.");
  const judged = [...found.values()].filter((one) => (one.endedAt ?? to) >= from).sort((a, b) => a.since - b.since);
  const anomalies = regrouped(judged.filter(({ since }) => since >= from));
  const messages = new Set(anomalies.filter(isPosted).map(({ group }) => group)).size;
  const span = (to - from) / DAY;
  return {
    from,
    to,
    series: known.size,
    matched,
    points,
    anomalies: anomalies.toReversed(),
    messages,
    perDay: messages / span,
    perSeriesDay: anomalies.filter(isPosted).length / span / known.size,
    courses: drawn(anomalies, known, courses, watch),
  };
}

/** Routes post warnings and worse unless they say otherwise. */
export function isPosted({ severity }: Pick<Anomaly, "severity">): boolean {
  return rankOf(severity) >= rankOf("warning");
}

/** Those that are followed already stay, as in the schedule. */
function chosen(all: readonly Series[], known: ReadonlyMap<string, Followed>, most: number): readonly Series[] {
  if (all.length <= most) return all;
  const left = most - known.size;
  const fresh = all.filter(({ labels }) => !known.has(seriesKey(labels)));
  return [...all.filter(({ labels }) => known.has(seriesKey(labels))), ...fresh.slice(0, Math.max(0, left))];
}

/** The messages that they would have shared, in the order of time. */
function regrouped(anomalies: readonly Anomaly[]): readonly Anomaly[] {
  const done: Anomaly[] = [];
  for (const one of anomalies) {
    const open = done.filter((other) => (other.endedAt ?? Number.POSITIVE_INFINITY) >= one.since);
    done.push({ ...one, group: groupFor(one, open) });
  }
  return done;
}

function drawn(
  anomalies: readonly Anomaly[],
  known: ReadonlyMap<string, Followed>,
  courses: ReadonlyMap<string, readonly Point[]>,
  watch: Watch,
): Backtest["courses"] {
  const score = new Map<string, number>();
  for (const one of anomalies) score.set(one.series, Math.max(score.get(one.series) ?? 0, one.score));
  const best = [...known].sort(([a], [b]) => (score.get(b) ?? 0) - (score.get(a) ?? 0)).slice(0, DRAWN);
  return best.map(([key, { labels }]) => ({
    name: subjectOf(watch, labels) || watch.name,
    points: courses.get(key) ?? [],
  }));
}
