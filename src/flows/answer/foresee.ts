import { setImmediate as nextTick } from "node:timers/promises";
import type { Value } from "../../core/answer.ts";
import type { Chart } from "../../core/card.ts";
import type { Bound } from "../../core/concept.ts";
import { type Departure, departureOf } from "../../core/forecast/course.ts";
import { forecastUntil, type Limit } from "../../core/forecast/crossing.ts";
import { type Forecast, farthest, forecast, periodOf } from "../../core/forecast/forecast.ts";
import { type History, historyOf } from "../../core/forecast/history.ts";
import { type KeptForecast, keptOf, sayRecord, scoreOf } from "../../core/forecast/score.ts";
import { type Point, seriesKey } from "../../core/series.ts";
import { formatDuration } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { say } from "./rows.ts";
import type { Turn } from "./turn.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** A series and its forecast. */
export type Foreseen = {
  readonly kind: "told";
  readonly forecast: Forecast;
  readonly history: History;
  /** It has left its course in the last hours: its forecast is not to be believed. */
  readonly departed: Departure | undefined;
};
/** Or why there is none, as the end of a sentence. */
export type Unforeseen = { readonly kind: "cannot"; readonly message: string };

/** How far back and how finely a forecast looks, by how far ahead: one range query of at most 700 points a series. */
const LOOKS = [
  { ahead: 6 * HOUR, step: 15 * MINUTE, back: 7 * DAY },
  { ahead: 14 * DAY, step: HOUR, back: 28 * DAY },
  { ahead: 15 * DAY, step: 6 * HOUR, back: 31 * DAY - 6 * HOUR },
] as const;
/** The farthest that is forecast from the 31 days that a query may reach back. */
const FARTHEST = 15 * DAY;
/** Horizons that are tried first where the moment of a limit is wanted. */
const SHORTER = [DAY, 3 * DAY];
/** Series that are forecast for one answer. Each takes some milliseconds. */
const MOST_SERIES = 24;
/** The stretch that is looked at for an incident under way. */
const RECENT = 6 * HOUR;

/**
 * Forecasts every series of a query for `ahead` seconds, with one range query. By the key of its labels; a series that is not in it had no
 * history at all. With a limit, no farther than it takes to reach it. Undefined when the query failed: what is said then rests on other queries.
 */
export async function foresee(
  turn: Turn,
  bound: Bound,
  promql: string,
  ahead: number,
  limit?: Limit,
): Promise<ReadonlyMap<string, Foreseen | Unforeseen> | undefined> {
  const { ask, now } = turn;
  const look = LOOKS.find((one) => ahead <= one.ahead) ?? LOOKS[LOOKS.length - 1]!;
  const end = Math.floor(now / look.step) * look.step;
  const asked = await ask.range(promql, { start: end - look.back, end, step: look.step });
  if (!asked.ok) return undefined;
  const found = new Map<string, Foreseen | Unforeseen>();
  for (const { labels, points } of asked.data.slice(0, MOST_SERIES)) {
    found.set(seriesKey(labels), one(bound, points, { step: look.step, end, ahead: Math.min(ahead, FARTHEST), limit }));
    await nextTick();
  }
  return found;
}

type Wanted = {
  readonly step: number;
  readonly end: number;
  readonly ahead: number;
  readonly limit: Limit | undefined;
};

function one(bound: Bound, points: readonly Point[], { step, end, ahead, limit }: Wanted): Foreseen | Unforeseen {
  const history = historyOf(points, step);
  if ("kind" in history) return history;
  const last = history.start + (history.values.length - 1) * step;
  if (last < end - 2 * step)
    return { kind: "cannot", message: `its measurements stopped ${formatDuration(end - last)} ago` };
  const limits = limitsOf(bound);
  // From the last measurement, which may be one step before the end.
  const wanted = Math.max(2, Math.ceil((ahead + end - last) / step) + 1);
  const horizon = Math.max(2, Math.min(wanted, farthest(history.values.length, periodOf(step))));
  const told =
    limit === undefined
      ? forecast(history, { horizon, ...limits })
      : forecastUntil(
          history,
          limit,
          [...SHORTER.map((seconds) => seconds / step).filter((steps) => steps < horizon), horizon],
          limits,
        );
  if (told.kind === "cannot") return told;
  return { kind: "told", forecast: told, history, departed: departureOf(history, Math.round(RECENT / step), limits) };
}

/** Whether a forecast reaches as far as that moment. */
export function reaches({ start, step, mean }: Forecast, at: number): boolean {
  return at <= start + mean.length * step;
}

/** What a quantity cannot go beyond. A share of a whole ends at the whole; temperatures and the like go anywhere. */
function limitsOf({ concept }: Bound): { low?: number; high?: number } {
  return concept.unit === "ratio" && concept.warn !== undefined && concept.warn <= 1 ? { low: 0, high: 1 } : {};
}

/** The value of a line of the forecast so many seconds ahead of `now`: between two steps on a straight line. */
export function valueAt({ start, step }: Forecast, line: Float64Array, at: number): number {
  const k = (at - start) / step;
  const [low, high] = [Math.floor(k), Math.ceil(k)].map((i) => Math.min(line.length - 1, Math.max(0, i)));
  const share = Math.min(1, Math.max(0, k - Math.floor(k)));
  return line[low!]! + share * (line[high!]! - line[low!]!);
}

// ---------------------------------------------------------------- saying

/** Which methods, on how much past, and how well they did there. */
export function methodWords({ forecast: told, history }: Foreseen, bound: Bound): string {
  const [first] = told.methods;
  const past = formatDuration(Math.round((history.values.length * history.step) / HOUR) * HOUR, { parts: 1 });
  if (first === undefined || told.tried.times === 0)
    return `Forecast from ${past} of history, in which it never changed.`;
  const mostly = first.share >= 0.999 ? first.name : `mostly ${first.name} (${Math.round(100 * first.share)} %)`;
  return `Forecast from ${past} of history: ${mostly}, on ${told.tried.times} past ${told.tried.times === 1 ? "day" : "days"} off by ${sayMiss(bound, told.tried.meanMiss)} on average; the band holds four of five.`;
}

/** A difference of shares is in points: "off by 2 %" would be 2 % of it. */
function sayMiss(bound: Bound, miss: number): string {
  const text = say(bound, miss);
  return bound.concept.unit === "ratio" ? text.replace(/ %$/, " percentage points") : text;
}

/** Where its level or its growth changed within the last week, or nothing. */
export function breakWords(
  { forecast: { lastBreak } }: Foreseen,
  bound: Bound,
  { now, zone }: Turn,
): readonly string[] {
  if (lastBreak === undefined || lastBreak.at < now - 7 * DAY) return [];
  const [before, after] = [say(bound, lastBreak.before), say(bound, lastBreak.after)];
  if (before === after) return [];
  const when = sayTime(lastBreak.at, now, zone);
  return [
    lastBreak.kind === "level"
      ? `Its level changed about ${when}, from ${before} to ${after}.`
      : `Its trend changed about ${when}, from ${perDay(lastBreak.before)} to ${perDay(lastBreak.after)}.`,
  ];

  function perDay(growth: number): string {
    return `${say(bound, Math.abs(growth))} ${growth < 0 ? "less" : "more"} a day`;
  }
}

/** That an incident is under way, so that the trend counts and not the forecast. */
export function departureWords(departed: Departure, bound: Bound, { now, zone }: Turn): string {
  const [low, high] = [say(bound, departed.low), say(bound, departed.high)];
  return `It left its usual course about ${sayTime(departed.since, now, zone)}: ${low === high ? low : `${low} to ${high}`} was to be expected by now, so its recent trend counts more than its history.`;
}

/** The recent past, the forecast and its band as lines. */
export function forecastChart(
  { forecast: told, history }: Foreseen,
  bound: Bound,
  name: string,
  until: number,
  threshold?: number,
): Chart {
  const { start, step } = told;
  const steps = Math.max(2, Math.min(told.mean.length, Math.ceil((until - start) / step) + 1));
  const past = Math.min(history.values.length, Math.max(steps, Math.round(DAY / step)));
  const first = history.values.length - past;
  const lastPoint: Point = [start - step, history.values[history.values.length - 1]!];
  const ahead = (line: Float64Array): Point[] => [
    lastPoint,
    ...Array.from(line.subarray(0, steps), (value, k): Point => [start + k * step, value]),
  ];
  return {
    title: `${name}, last ${formatDuration(past * step, { parts: 1 })} and forecast`,
    unit: bound.concept.unit,
    series: [
      {
        name: "measured",
        points: Array.from(
          history.values.subarray(first),
          (value, i): Point => [history.start + (first + i) * step, value],
        ),
      },
      { name: "forecast", points: ahead(told.mean) },
      { name: "80 % low", points: ahead(told.lo80) },
      { name: "80 % high", points: ahead(told.hi80) },
    ],
    ...(threshold === undefined ? {} : { threshold }),
  };
}

/** The forecast with its band at one moment, as values of the reply. */
export function bandValues(bound: Bound, name: string, told: Forecast, at: number, labels: Value["labels"]): Value[] {
  const value = (what: string, line: Float64Array): Value => ({
    name: `${name}, ${what}`,
    value: valueAt(told, line, at),
    unit: bound.concept.unit,
    labels,
    at,
  });
  return [value("forecast", told.mean), value("80 % band, low", told.lo80), value("80 % band, high", told.hi80)];
}

// ---------------------------------------------------------------- keeping and scoring

const RECORD = 50;

/**
 * Keeps a forecast that was given to somebody, scores earlier ones of the same query by the history at hand, and says how those of this kind
 * turned out, once there are enough. A store that cannot be used costs the record, not the answer.
 */
export async function keepAndRecall(
  turn: Turn,
  bound: Bound,
  promql: string,
  labels: Value["labels"],
  foreseen: Foreseen,
  reaches?: KeptForecast["reaches"],
): Promise<readonly string[]> {
  const { store, ask, now, newId } = turn;
  const about = bound.concept.id;
  const which = { source: ask.source.name, promql, series: seriesKey(labels) };
  const { values, start, step } = foreseen.history;
  try {
    for (const kept of await store.forecasts.due(now, 20, which)) {
      const came = Array.from(values, (value, i): Point => [start + i * step, value]);
      const score = scoreOf(kept, came);
      if (score !== undefined) await store.forecasts.score(kept.id, score);
    }
    await store.forecasts.keep(
      keptOf(foreseen.forecast, {
        ...{ ...which, id: newId(), about, at: now, last: values[values.length - 1]! },
        ...(reaches !== undefined && { reaches }),
      }),
    );
    const record = sayRecord(await store.forecasts.scores(about, RECORD));
    return record === undefined ? [] : [record];
  } catch {
    return [];
  }
}
