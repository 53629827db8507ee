import type { Point } from "../series.ts";
import { deviationsFor, rankCorrelation } from "../stats.ts";

/** What moved with something: its rank correlation in the window around the beginning, -1 to 1. */
export type Moved = { readonly index: number; readonly correlation: number };

/** Less is no company worth naming. */
const LEAST = 0.6;
/** Of all that correlate so much, these are looked at closely. */
const MOST_TESTED = 30;
const LEAST_POINTS = 12;
const LEAST_SHIFTS = 30;
/** Share of the window's moments that a candidate may lack. */
const MOST_MISSING = 0.2;
/** How probable it may be that any one of all candidates is named by chance. */
const CHANCE = 0.05;

/**
 * Which of many series moved with one in the window from `from` to `to` (unix seconds): Spearman's rank correlation, guarded against chance. Series that
 * go their own slow ways correlate often, so each is held against itself: the same window of the one with stretches of the candidate from before, when
 * nothing had begun (a shift test: Harris, "A shift test for independence in generic time series", 2020). The correlation has to exceed all but
 * 5 % of those, and, as Fisher's z with their spread, what chance alone gives with so many candidates (Bonferroni).
 * @param others points at the same moments as those of `own`, an even step apart, reaching back to long before `from`
 */
export function movedWith(
  own: readonly Point[],
  others: readonly (readonly Point[])[],
  from: number,
  to: number,
): readonly Moved[] {
  const window = own.filter(([at]) => at >= from && at <= to);
  if (window.length < LEAST_POINTS) return [];
  const times = window.map(([at]) => at);
  const values = window.map(([, value]) => value);
  const step = times[1]! - times[0]!;
  const found = others.flatMap((points, index) => {
    const byTime = new Map(points);
    const there = times.map((at) => byTime.get(at) ?? Number.NaN);
    const missing = there.filter((value) => !Number.isFinite(value)).length;
    if (missing > MOST_MISSING * times.length) return [];
    const correlation = rankCorrelation(values, there);
    return correlation === undefined ? [] : [{ index, correlation, byTime }];
  });
  const wanted = deviationsFor(CHANCE / Math.max(1, found.length));
  return found
    .filter(({ correlation }) => Math.abs(correlation) >= LEAST)
    .sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation))
    .slice(0, MOST_TESTED)
    .filter(({ correlation, byTime }) => {
      const shifted = shiftsOf(values, times, byTime, step);
      if (shifted.length < LEAST_SHIFTS) return false;
      const reached = shifted.filter((other) => Math.abs(other) >= Math.abs(correlation)).length;
      if ((1 + reached) / (1 + shifted.length) > CHANCE) return false;
      const spread = Math.sqrt(shifted.reduce((sum, other) => sum + fisher(other) ** 2, 0) / shifted.length);
      return spread > 0 && Math.abs(fisher(correlation)) / spread >= wanted;
    })
    .map(({ index, correlation }) => ({ index, correlation }));
}

/** Correlations of the window with stretches of a candidate that ended before the window began. */
function shiftsOf(
  values: readonly number[],
  times: readonly number[],
  byTime: ReadonlyMap<number, number>,
  step: number,
): readonly number[] {
  const shifts: number[] = [];
  for (let by = times.length; ; by++) {
    const moved = times.map((at) => byTime.get(at - by * step));
    if (moved[0] === undefined && moved.at(-1) === undefined) return shifts;
    if (moved.some((value) => value === undefined)) continue;
    const correlation = rankCorrelation(values, moved as readonly number[]);
    if (correlation !== undefined) shifts.push(correlation);
  }
}

/** Fisher's z, finite also for a perfect correlation. */
function fisher(correlation: number): number {
  return Math.atanh(Math.max(-0.999, Math.min(0.999, correlation)));
}
