import type { Point } from "../../core/series.ts";

/**
 * Slack's charts have categories where others have an axis of time: they stand side by side at equal distances, so each
 * has to mean an equally long stretch of time.
 */
export type Stretches = {
  /** Unix seconds at which they begin, `seconds` apart. */
  readonly starts: readonly number[];
  readonly seconds: number;
  /** Each point has a category of its own: nothing is put together. */
  readonly isExact: boolean;
};

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
/** Lengths that people count in. */
const LENGTHS = [
  ...[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30],
  ...[1, 1.5, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 40].map((n) => n * MINUTE),
  ...[1, 1.5, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR),
  ...[1, 1.5, 2, 3, 4, 5, 7, 10, 14, 21, 28].map((n) => n * DAY),
];

/** At most `most` (2 or more) stretches from the first to the last of the points, of which there is at least one. */
export function stretchesOf(lines: readonly (readonly Point[])[], most: number): Stretches {
  const times = [...new Set(lines.flatMap((points) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const [first, last] = [times[0]!, times.at(-1)!];
  const step = (last - first) / Math.max(1, times.length - 1);
  const isEven = times.every((at, i) => Math.abs(at - first - i * step) <= step / 100);
  if (times.length <= most && isEven) return { starts: times, seconds: step, isExact: true };
  const whole = 28 * DAY * Math.ceil((last - first) / (28 * DAY) / (most - 1) || 1);
  const seconds = LENGTHS.find((length) => indexOf(last, length) - indexOf(first, length) < most) ?? whole;
  const from = indexOf(first, seconds);
  const count = indexOf(last, seconds) - from + 1;
  return { starts: Array.from({ length: count }, (_, i) => (from + i) * seconds), seconds, isExact: false };
}

function indexOf(at: number, seconds: number): number {
  return Math.floor(at / seconds);
}

/** Lowest and highest value in a stretch, or `undefined` where the line has no point in it. */
export type Range = { readonly low: number; readonly high: number } | undefined;

/** One for each stretch. `points` are in order of time and lie within the stretches. */
export function rangesIn(points: readonly Point[], { starts, seconds, isExact }: Stretches): Range[] {
  const found: Range[] = starts.map(() => undefined);
  for (const [at, value] of points) {
    const place = (at - starts[0]!) / (seconds || 1);
    const i = Math.max(0, Math.min(starts.length - 1, isExact ? Math.round(place) : Math.floor(place)));
    const before = found[i];
    found[i] =
      before === undefined
        ? { low: value, high: value }
        : { low: Math.min(before.low, value), high: Math.max(before.high, value) };
  }
  return found;
}
