import type { Point } from "../series.ts";
import type { Matrix } from "./forest.ts";

/** The eighteen features of one series, by name, in the order of their columns. */
export const FEATURES: readonly string[] = [
  "value",
  ...[5, 15, 60].flatMap((window) => [
    `mean of ${window} points`,
    `spread of ${window} points`,
    `distance from the mean of ${window} points`,
  ]),
  "change since the last point",
  "change since 5 points",
  "change since 15 points",
  "relative change",
  "distance from a running mean",
  "time of day (sine)",
  "time of day (cosine)",
  "time of the week",
];

const WINDOWS = [5, 15, 60] as const;
const RUNNING = 0.1;
const DAY = 86_400;
/** Thursday 0:00, where unix time begins, to Monday. */
const TO_MONDAY = 3 * DAY;

/**
 * Features of each point, causal: a row depends on its point and those before. Points in order of time (unix seconds). Values that
 * are no numbers give rows that are none, which a forest neither learns from nor judges.
 */
export function featuresOf(points: readonly Point[]): Matrix {
  const columns = FEATURES.length;
  const data = new Float64Array(points.length * columns);
  const values = Float64Array.from(points, ([, value]) => value);
  // Sums of what is in each window, around the first value: squares of large numbers would lose the digits that matter.
  const origin = values.find(Number.isFinite) ?? 0;
  const sums = new Float64Array(WINDOWS.length);
  const squares = new Float64Array(WINDOWS.length);
  let running = Number.NaN;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const row = i * columns;
    if (!Number.isFinite(value)) {
      data.fill(Number.NaN, row, row + columns);
      values[i] = i === 0 ? origin : values[i - 1]!;
    }
    const held = values[i]! - origin;
    for (let w = 0; w < WINDOWS.length; w++) {
      const window = WINDOWS[w]!;
      const gone = i >= window ? values[i - window]! - origin : 0;
      sums[w]! += held - gone;
      squares[w]! += held * held - gone * gone;
      const count = Math.min(window, i + 1);
      const mean = sums[w]! / count;
      const spread = Math.sqrt(Math.max(0, squares[w]! / count - mean * mean));
      const column = row + 1 + 3 * w;
      data[column] = mean + origin;
      data[column + 1] = spread;
      data[column + 2] = spread > 1e-12 ? (held - mean) / spread : 0;
    }
    const since = (count: number) => (i >= count ? values[i]! - values[i - count]! : 0);
    running = i === 0 ? held : running + RUNNING * (held - running);
    const previous = i > 0 ? values[i - 1]! : value;
    const at = points[i]![0];
    const angle = (2 * Math.PI * at) / DAY;
    data[row] = value;
    data[row + 10] = since(1);
    data[row + 11] = since(5);
    data[row + 12] = since(15);
    data[row + 13] = Math.abs(previous) > 1e-9 ? (values[i]! - previous) / Math.abs(previous) : 0;
    data[row + 14] = held - running;
    data[row + 15] = Math.sin(angle);
    data[row + 16] = Math.cos(angle);
    data[row + 17] = ((at + TO_MONDAY) % (7 * DAY)) / DAY;
    if (!Number.isFinite(value)) data[row] = Number.NaN;
  }
  return { data, columns };
}
