import type { Point } from "./series.ts";

/**
 * At most `most` (at least 2) of the points, in order of time: the first and the last, and of each stretch between them
 * its lowest and its highest, so that no spike is lost. Points whose value is no number are left out.
 */
export function thin(points: readonly Point[], most: number): Point[] {
  const real = points.filter(([at, value]) => Number.isFinite(at) && Number.isFinite(value));
  const room = Math.max(2, Math.floor(most));
  if (real.length <= room) return real;
  const kept = new Set<number>([0, real.length - 1]);
  // The extremes of the whole come first: there may be no room for those of every stretch.
  for (const i of extremesOf(real, 0, real.length)) if (kept.size < room) kept.add(i);
  const stretches = Math.floor((room - kept.size) / 2);
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * real.length) / stretches);
    const to = Math.floor(((s + 1) * real.length) / stretches);
    for (const i of extremesOf(real, from, to)) kept.add(i);
  }
  return [...kept].sort((a, b) => a - b).map((i) => real[i]!);
}

/** Places of the lowest and the highest value in [from, to). */
function extremesOf(points: readonly Point[], from: number, to: number): number[] {
  if (to <= from) return [];
  let low = from;
  let high = from;
  for (let i = from; i < to; i++) {
    if (points[i]![1] < points[low]![1]) low = i;
    if (points[i]![1] > points[high]![1]) high = i;
  }
  return [low, high];
}
