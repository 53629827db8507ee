import type { Point } from "../series.ts";
import { median } from "../stats.ts";

/** Since when a series is off. `whole`: it is off from the first point on, so it began then or earlier. */
export type Onset = { readonly since: number; readonly whole: boolean };

/** Points that may fall back across the midpoint without ending the stretch: scrapes are lost, and measures flicker. */
const FORGIVEN = 2;

/**
 * The first moment from which a series stays beyond the midpoint between `before` (its usual value) and its value at `at`
 * (median of the last three points). Walks back from `at` (unix seconds). Undefined without points or without a change.
 */
export function onsetOf(points: readonly Point[], before: number, at: number): Onset | undefined {
  const kept = points.filter(([time, value]) => time <= at && Number.isFinite(value));
  const after = median(kept.slice(-3).map(([, value]) => value));
  if (after === undefined || after === before || !Number.isFinite(before)) return undefined;
  const middle = (before + after) / 2;
  const isOff = (value: number): boolean => (after > before ? value >= middle : value <= middle);
  let since: number | undefined;
  let first = kept.length;
  let misses = 0;
  for (let index = kept.length - 1; index >= 0 && misses <= FORGIVEN; index--) {
    const [time, value] = kept[index] as Point;
    if (isOff(value)) {
      since = time;
      first = index;
      misses = 0;
    } else misses += 1;
  }
  return since === undefined ? undefined : { since, whole: first === 0 };
}

/**
 * When, within [from, to], a series was furthest off in the direction given, against its value `lag` seconds earlier
 * (so that night and day are not taken for incidents). Undefined when nothing there can be compared.
 */
export function worstMoment(points: readonly Point[], from: number, to: number, worse: "up" | "down" | "none", lag = 86_400): { readonly at: number; readonly value: number; readonly before: number } | undefined {
  const earlier = new Map(points.map(([time, value]) => [time, value]));
  const usual = median(points.map(([, value]) => value)) ?? 0;
  const largest = Math.max(0, ...points.map(([, value]) => (Number.isFinite(value) ? Math.abs(value) : 0)));
  const floor = 0.02 * largest + Number.MIN_VALUE;
  let worst: { at: number; value: number; before: number; off: number } | undefined;
  points.forEach(([at, value], index) => {
    if (at < from || at > to || !Number.isFinite(value)) return;
    const before = Number.isFinite(earlier.get(at - lag)) ? (earlier.get(at - lag) as number) : usual;
    // The middle of three, so that one odd scrape is no incident.
    const here = median(points.slice(Math.max(0, index - 1), index + 2).map(([, one]) => one)) ?? value;
    const log = Math.log((Math.abs(here) + floor) / (Math.abs(before) + floor));
    const off = worse === "up" ? log : worse === "down" ? -log : Math.abs(log);
    if (worst === undefined || off > worst.off) worst = { at, value, before, off };
  });
  return worst === undefined ? undefined : { at: worst.at, value: worst.value, before: worst.before };
}
