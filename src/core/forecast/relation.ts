import type { Point } from "../series.ts";
import { median } from "../stats.ts";

/** How one series follows another: what "if traffic grows by 30 %" rests on. */
export type Relation =
  | {
      readonly kind: "follows";
      /** `driven` is about `base + slope * driver`. */
      readonly base: number;
      readonly slope: number;
      /** Spearman's rank correlation, -1 to 1. */
      readonly rank: number;
      /** Pairs it rests on, and the range of the driver within them. */
      readonly n: number;
      readonly low: number;
      readonly high: number;
      /** Four of five measurements were no farther from the line, below and above. */
      readonly below: number;
      readonly above: number;
    }
  | { readonly kind: "unrelated"; readonly rank: number; readonly n: number }
  | { readonly kind: "too little"; readonly n: number };

/** Pairs below which no relation is looked for: a day of hours. */
const LEAST_PAIRS = 24;
/** Rank correlation from which on one series is said to follow the other: "strong" by Cohen's and by most later conventions. */
export const STRONG = 0.6;

/**
 * Learns how `driven` follows `driver` from values measured at the same times. The slope is the median of the slopes between far pairs
 * (Theil's "incomplete method", Proc. Kon. Ned. Akad. v. Wetensch. A 53 (1950): pairs half the sorted drivers apart); a series counts as following when Spearman's rank correlation is at least
 * `STRONG` and it rises with the driver.
 */
export function relationOf(driver: readonly Point[], driven: readonly Point[]): Relation {
  const at = new Map(driver.filter(([, value]) => Number.isFinite(value)));
  const pairs = driven
    .flatMap(([time, value]): (readonly [number, number])[] => {
      const x = at.get(time);
      return x === undefined || !Number.isFinite(value) ? [] : [[x, value]];
    })
    .sort(([a], [b]) => a - b);
  const n = pairs.length;
  if (n < LEAST_PAIRS) return { kind: "too little", n };
  const rank = rankCorrelation(
    pairs.map(([x]) => x),
    pairs.map(([, y]) => y),
  );
  if (!(rank >= STRONG)) return { kind: "unrelated", rank: Number.isFinite(rank) ? rank : 0, n };
  const half = Math.floor(n / 2);
  const slopes: number[] = [];
  for (let i = 0; i + half < n; i++) {
    const [[x1, y1], [x2, y2]] = [pairs[i]!, pairs[i + half]!];
    if (x2 > x1) slopes.push((y2 - y1) / (x2 - x1));
  }
  const slope = median(slopes);
  if (slope === undefined || slope <= 0) return { kind: "unrelated", rank, n };
  const base = median(pairs.map(([x, y]) => y - slope * x))!;
  const left = pairs.map(([x, y]) => y - base - slope * x).sort((a, b) => a - b);
  return {
    kind: "follows",
    base,
    slope,
    rank,
    n,
    low: pairs[0]![0],
    high: pairs[n - 1]![0],
    below: left[Math.floor(0.1 * (n - 1))]!,
    above: left[Math.ceil(0.9 * (n - 1))]!,
  };
}

/** Spearman's rank correlation with the mean rank for ties. NaN when either side never changes. */
export function rankCorrelation(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [ranksOf(x), ranksOf(y)];
  const middle = (a.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [dx, dy] = [a[i]! - middle, b[i]! - middle];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

function ranksOf(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end + 1 < order.length && values[order[end + 1]!] === values[order[i]!]) end++;
    for (let k = i; k <= end; k++) ranks[order[k]!] = (i + end) / 2 + 1;
    i = end + 1;
  }
  return ranks;
}
