import type { Point } from "./series.ts";

/**
 * At most `most` of the points, in their order: the first, the last, the lowest, the highest, and others spread evenly.
 * All of them when they are few enough; the extremes alone when `most` is smaller than four. Points that are not numbers
 * are left out first.
 */
export function thin(points: readonly Point[], most: number): Point[] {
  const real = points.filter(([at, value]) => Number.isFinite(at) && Number.isFinite(value));
  if (real.length <= most) return real;
  let [low, high] = [0, 0];
  for (const [i, [, value]] of real.entries()) {
    if (value < real[low]![1]) low = i;
    if (value > real[high]![1]) high = i;
  }
  const kept = new Set<number>();
  for (const i of [high, low, real.length - 1, 0]) if (kept.size < most) kept.add(i);
  const room = most - kept.size;
  for (let n = 1; n <= room; n++) kept.add(Math.round((n * (real.length - 1)) / (room + 1)));
  return [...kept].sort((a, b) => a - b).map((i) => real[i]!);
}
