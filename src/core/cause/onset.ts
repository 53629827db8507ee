import type { Point } from "../series.ts";
import { median } from "../stats.ts";

/** Since when a series is off. `whole`: it is off from the first point on, so it began then or earlier. */
export type Onset = { readonly since: number; readonly whole: boolean };

/** Points that may fall back across the midpoint without ending the stretch: scrapes are lost, and measures flicker. */
const FORGIVEN = 2;

/**
 * The first moment from which a series stays beyond the midpoint between `before` (its usual value) and its last value at
 * `at`. Walks back from `at` (unix seconds), and on from there while the series is at least
 * the part `departed` of the change away from usual. Undefined without points or without a change.
 */
export function onsetOf(points: readonly Point[], before: number, at: number, departed = 0.15): Onset | undefined {
  const kept = points.filter(([time, value]) => time <= at + 1 && Number.isFinite(value)); // times are rounded
  const after = kept.at(-1)?.[1];
  if (after === undefined || after === before || !Number.isFinite(before)) return undefined;
  const beyond = (part: number) => {
    const limit = before + part * (after - before);
    return (value: number): boolean => (after > before ? value >= limit : value <= limit);
  };
  const middle = walkBack(kept, kept.length - 1, beyond(0.5), FORGIVEN);
  if (middle === undefined) return undefined;
  // What grows steadily left its usual value long before it was half way.
  const first = walkBack(kept, middle, beyond(departed), 0) ?? middle;
  const [since] = kept[first] as Point;
  return { since, whole: first === 0 };
}

/** The earliest index of the unbroken stretch of points that fit, going back from `last`. */
function walkBack(
  points: readonly Point[],
  last: number,
  fits: (value: number) => boolean,
  forgiven: number,
): number | undefined {
  let first: number | undefined;
  let misses = 0;
  for (let index = last; index >= 0 && misses <= forgiven; index--) {
    if (fits((points[index] as Point)[1])) {
      first = index;
      misses = 0;
    } else misses += 1;
  }
  return first;
}

/**
 * Takes the daily rhythm out of a series: each point times `before` through the point a day earlier. Points without one a
 * day earlier are left out; a series too short for that is returned as it is.
 */
export function withoutRhythm(points: readonly Point[], before: number, lag = 86_400): readonly Point[] {
  const earlier = byTime(points);
  const flat = points.flatMap(([at, value]): Point[] => {
    const then = earlier.get(Math.round(at - lag));
    return then === undefined || !(then > 0) ? [] : [[at, (value / then) * before]];
  });
  return flat.length >= points.length / 4 ? flat : points;
}

/**
 * When, within [from, to], a series was furthest off in the direction given, against its value `lag` seconds earlier
 * (so that night and day are not taken for incidents). Undefined when nothing there can be compared.
 */
export function worstMoment(
  points: readonly Point[],
  from: number,
  to: number,
  worse: "up" | "down" | "none",
  lag = 86_400,
): { readonly at: number; readonly value: number; readonly before: number } | undefined {
  const earlier = byTime(points);
  const usual = median(points.map(([, value]) => value)) ?? 0;
  const largest = Math.max(0, ...points.map(([, value]) => (Number.isFinite(value) ? Math.abs(value) : 0)));
  const floor = 0.02 * largest + Number.MIN_VALUE;
  const looked: { at: number; value: number; before: number; off: number }[] = [];
  points.forEach(([at, value], index) => {
    if (at < from || at > to || !Number.isFinite(value)) return;
    const before = finiteOr(earlier.get(Math.round(at - lag)), usual);
    // The middle of three, so that one odd scrape is no incident.
    const here = median(points.slice(Math.max(0, index - 1), index + 2).map(([, one]) => one)) ?? value;
    const log = Math.log((Math.abs(here) + floor) / (Math.abs(before) + floor));
    const off = worse === "up" ? log : worse === "down" ? -log : Math.abs(log);
    looked.push({ at, value, before, off });
  });
  const top = Math.max(...looked.map((one) => one.off));
  const peak = looked.findIndex((one) => one.off === top);
  if (peak < 0) return undefined;
  // The middle of a stretch that is about as bad shows more than its first minute.
  const isBad = (index: number): boolean => (looked[index]?.off ?? Number.NEGATIVE_INFINITY) >= 0.9 * top && top > 0;
  let last = peak;
  while (isBad(last + 1)) last += 1;
  const { at, value, before } = looked[Math.floor((peak + last) / 2)] as (typeof looked)[number];
  return { at, value, before };
}

/** Whole seconds as keys: Prometheus rounds times to milliseconds, so sums of them differ in the last digits. */
function byTime(points: readonly Point[]): ReadonlyMap<number, number> {
  return new Map(points.map(([at, value]) => [Math.round(at), value]));
}

function finiteOr(value: number | undefined, other: number): number {
  return value !== undefined && Number.isFinite(value) ? value : other;
}
