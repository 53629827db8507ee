import { formatDuration } from "../units.ts";
import { type Break, lastBreak } from "./breaks.ts";
import { combine } from "./combine.ts";
import { bandsAround } from "./conformal.ts";
import { type CannotForecast, cannot, type History } from "./history.ts";
import { asOnSundays, withoutHolidays } from "./holidays.ts";
import { leastSeen, trials } from "./rolling.ts";

/** What a quantity cannot go beyond, and what else is known of its future. */
export type ForecastOptions = {
  /** Steps ahead. */
  readonly horizon: number;
  /** Steps after which it repeats itself: a day's, by default, where the step divides a day into at least two. */
  readonly period?: number;
  /** What it cannot fall below or rise above. A past without a negative value is never forecast below zero. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Days that are not like others, as [from, to) in unix seconds, past and to come. */
  readonly holidays?: readonly (readonly [from: number, to: number])[];
};

/** A forecast with its bands. Arrays are one value a step; the first step is `step` seconds after the last measurement. */
export type Forecast = {
  readonly kind: "forecast";
  /** Unix seconds of the first step ahead. */
  readonly start: number;
  readonly step: number;
  readonly mean: Float64Array;
  readonly lo80: Float64Array;
  readonly hi80: Float64Array;
  readonly lo95: Float64Array;
  readonly hi95: Float64Array;
  /** The methods it rests on, the one with most to say first, with their shares. Those below a twentieth are left out. */
  readonly methods: readonly { readonly name: string; readonly share: number }[];
  /** On how many past periods it was tried, and its mean absolute miss there. */
  readonly tried: { readonly times: number; readonly meanMiss: number };
  /** Where level or growth changed for the last time, when they did. */
  readonly lastBreak: Break | undefined;
  /** The share of the history that had to be filled in. */
  readonly filled: number;
};

const DAY = 86_400;
/** Periods of history from which on a forecast is made: two to learn from and one to be tried on. */
export const LEAST_PERIODS = 3;
/** The horizon may be as long as this part of the history. */
const MOST_AHEAD = 0.5;

/** Steps of one day, of a week where the step is a day, 1 where nothing repeats within reach. */
export function periodOf(step: number): number {
  const perDay = Math.round(DAY / step);
  if (perDay >= 2) return perDay;
  return step === DAY ? 7 : 1;
}

/** Steps ahead that a history of so many values allows: half of it, and whole periods where a trial needs them. */
export function farthest(length: number, period: number): number {
  return Math.min(Math.floor(MOST_AHEAD * length), Math.floor((length - leastSeen(period)) / period) * period);
}

/**
 * Forecasts what comes after a history. A dozen simple methods (`experts.ts`) and damped Holt-Winters (`holt-winters.ts`) forecast the
 * past four weeks as if they stood there; what they missed gives the weights of the mixture (`combine.ts`) and, of the mixture,
 * the bands (`conformal.ts`). A level shift or a new trend therefore changes the weights within days, without a switch.
 */
export function forecast(history: History, options: ForecastOptions): Forecast | CannotForecast {
  const { step, values } = history;
  const period = options.period ?? periodOf(step);
  const { horizon } = options;
  const has = values.length / period;
  if (has < LEAST_PERIODS || values.length < 8) return cannot("too short", tooShort(values.length, period, step));
  if (horizon > farthest(values.length, period))
    return cannot(
      "too far",
      `${formatDuration(horizon * step)} ahead are too far for a past of ${formatDuration(values.length * step)}: it needs twice as much`,
    );
  if (values.every((value) => value === values[0])) return unchanged(history, horizon);
  const holidays = options.holidays ?? [];
  const usual = holidays.length === 0 ? history : withoutHolidays(history, period, holidays);
  const tested = trials(usual.values, period, horizon);
  const { mean, misses, shares } = combine(tested);
  const drawn = { mean, ...bandsAround(mean, misses) };
  const told = holidays.length === 0 ? drawn : asOnSundays(drawn, history, holidays);
  const low = options.low ?? (values.every((value) => value >= 0) ? 0 : Number.NEGATIVE_INFINITY);
  const high = options.high ?? Number.POSITIVE_INFINITY;
  const bounded = (line: Float64Array): Float64Array => line.map((value) => Math.min(high, Math.max(low, value)));
  return {
    kind: "forecast",
    start: history.start + values.length * step,
    step,
    mean: bounded(told.mean),
    lo80: bounded(told.lo80),
    hi80: bounded(told.hi80),
    lo95: bounded(told.lo95),
    hi95: bounded(told.hi95),
    methods: shares.filter(({ share }) => share >= 0.05),
    tried: { times: tested.origins.length, meanMiss: meanSize(misses) },
    lastBreak: lastBreak(history, period),
    filled: history.filled / values.length,
  };
}

/** What never changed is forecast not to, with the one method that needs no trial. */
function unchanged({ start, step, values, filled }: History, horizon: number): Forecast {
  const line = new Float64Array(horizon).fill(values[0]!);
  return {
    kind: "forecast",
    start: start + values.length * step,
    step,
    mean: line,
    lo80: line,
    hi80: line,
    lo95: line,
    hi95: line,
    methods: [{ name: "the last value", share: 1 }],
    tried: { times: 0, meanMiss: 0 },
    lastBreak: undefined,
    filled: filled / values.length,
  };
}

function meanSize(misses: Float64Array): number {
  return misses.length === 0 ? Number.NaN : misses.reduce((sum, one) => sum + Math.abs(one), 0) / misses.length;
}

function tooShort(length: number, period: number, step: number): string {
  const wanted = Math.max(LEAST_PERIODS * period, 8) * step;
  return `it needs ${formatDuration(wanted)} of history, and has ${formatDuration(length * step)}`;
}
