import * as ss from "simple-statistics";
import type { Point } from "./series.ts";
import { localTime } from "./zone.ts";

/**
 * The one door to simple-statistics. It throws on empty input and lets NaN through silently (its quantile of [1, NaN, 3]
 * is 3); here NaN and infinities are dropped first and "nothing to say" is undefined.
 */

function finite(values: readonly number[]): number[] {
  return values.filter(Number.isFinite);
}

export function median(values: readonly number[]): number | undefined {
  const kept = finite(values);
  return kept.length === 0 ? undefined : ss.median(kept);
}

/** Median absolute deviation, unscaled. Times `MAD_TO_SIGMA` it estimates a normal distribution's standard deviation. */
export function mad(values: readonly number[]): number | undefined {
  const kept = finite(values);
  return kept.length === 0 ? undefined : ss.medianAbsoluteDeviation(kept);
}

/** 1 / Φ⁻¹(3/4): Rousseeuw and Croux, "Alternatives to the Median Absolute Deviation", JASA 88 (1993). */
export const MAD_TO_SIGMA = 1.4826;

/** `q` from 0 to 1; outside it is clamped. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const kept = finite(values);
  return kept.length === 0 || Number.isNaN(q) ? undefined : ss.quantile(kept, Math.min(1, Math.max(0, q)));
}

export function mean(values: readonly number[]): number | undefined {
  const kept = finite(values);
  return kept.length === 0 ? undefined : ss.mean(kept);
}

/**
 * Least squares through (time, value). `slope` is per second and `at(t)` the fitted value. Undefined with fewer than two
 * different times. Times are taken relative to the first, since unix seconds squared lose the digits that matter.
 */
export function linearFit(
  points: readonly Point[],
): { readonly slope: number; readonly at: (time: number) => number; readonly n: number } | undefined {
  const kept = points.filter(([at, value]) => Number.isFinite(at) && Number.isFinite(value));
  const origin = kept[0]?.[0];
  if (origin === undefined || kept.every(([at]) => at === origin)) return undefined;
  const { m, b } = ss.linearRegression(kept.map(([at, value]) => [at - origin, value]));
  return { slope: m, at: (time) => b + m * (time - origin), n: kept.length };
}

const DAY = 86_400;

/**
 * The usual range at this hour: points from the 14 days before `at` (but not its last 12 hours, which may be the very
 * incident in question) whose local hour of day is within one hour of `at`'s, of the same weekday class (Mon–Fri or the
 * weekend) where at least five are there, else of all days. The range is median ± 3 scaled MADs, the "3-MAD" rule of
 * Leys et al., "Detecting outliers: Do not use standard deviation around the mean, use absolute deviation around the
 * median", J. Exp. Soc. Psychol. 49 (2013), and at least 5 % of the median wide on each side so that a constant is not
 * alarmed by its own noise. It doesn't reach below zero when nothing measured did. Undefined with fewer than five points.
 */
export function usualBand(
  points: readonly Point[],
  at: number,
  zone: string,
): { readonly low: number; readonly high: number; readonly typical: number; readonly n: number } | undefined {
  const now = localTime(at, zone);
  const hourNow = now.hour + now.minute / 60;
  const sameClass: number[] = [];
  const anyDay: number[] = [];
  for (const [time, value] of points) {
    if (!Number.isFinite(value) || time > at - DAY / 2 || time < at - 14 * DAY - 3600) continue;
    const then = localTime(time, zone);
    const apart = Math.abs(then.hour + then.minute / 60 - hourNow);
    if (Math.min(apart, 24 - apart) > 1) continue;
    anyDay.push(value);
    if (then.weekday >= 6 === now.weekday >= 6) sameClass.push(value);
  }
  const used = sameClass.length >= 5 ? sameClass : anyDay;
  const typical = median(used);
  const spread = mad(used);
  if (used.length < 5 || typical === undefined || spread === undefined) return undefined;
  const half = Math.max(3 * MAD_TO_SIGMA * spread, 0.05 * Math.abs(typical));
  const low = used.every((value) => value >= 0) ? Math.max(0, typical - half) : typical - half;
  return { low, high: typical + half, typical, n: used.length };
}

/**
 * Two-sided p of the Wilcoxon rank-sum test that two samples come from one distribution, by the normal approximation with
 * correction for ties and continuity (Mann and Whitney 1947; Lehmann, "Nonparametrics", 1975, section 1.4). Undefined with fewer than four
 * values on either side, where the approximation says nothing.
 */
export function rankSumP(before: readonly number[], after: readonly number[]): number | undefined {
  const [x, y] = [finite(before), finite(after)];
  const [n, m] = [x.length, y.length];
  if (n < 4 || m < 4) return undefined;
  const counts = new Map<number, number>();
  for (const value of [...x, ...y]) counts.set(value, (counts.get(value) ?? 0) + 1);
  const total = n + m;
  let ties = 0;
  for (const count of counts.values()) ties += count ** 3 - count;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (variance === 0) return 1;
  const distance = Math.abs(ss.wilcoxonRankSum(x, y) - (n * (total + 1)) / 2);
  const z = Math.max(0, distance - 0.5) / Math.sqrt(variance);
  return Math.min(1, 1 - ss.errorFunction(z / Math.SQRT2));
}

/**
 * Spearman's rank correlation of pairs, from -1 to 1; pairs with a number that is not finite are left out. Undefined for fewer than three pairs,
 * and where all of one side are equal.
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | undefined {
  const kept = a.flatMap((x, i) => (Number.isFinite(x) && Number.isFinite(b[i]) ? [[x, b[i]!] as const] : []));
  if (kept.length < 3) return undefined;
  const found = ss.sampleRankCorrelation(
    kept.map(([x]) => x),
    kept.map(([, y]) => y),
  );
  return Number.isFinite(found) ? found : undefined;
}

/** How many standard deviations a normal variable exceeds, to either side, with that probability: about 1.96 for 0.05. */
export function deviationsFor(probability: number): number {
  return ss.probit(1 - probability / 2);
}
