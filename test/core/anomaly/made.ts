import { SeriesDetector, type Verdict } from "../../../src/core/anomaly/detector.ts";
import { randomNumbers } from "../../tools/random.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A Monday. */
export const START = Date.UTC(2026, 0, 5);
export const STEP = 300;

export type Wave = { readonly at: number; readonly value: number };

/** Load of a shop every five minutes: a daily wave from 60 to 140 with noise of about 3. */
export function shopLoad(days: number, seed = 1): readonly Wave[] {
  const random = randomNumbers(seed);
  return Array.from({ length: (days * 86_400) / STEP }, (_, i) => {
    const at = START + i * STEP * 1000;
    const noise = (random() + random() + random() - 1.5) * 6;
    return { at, value: 100 - 40 * Math.cos((2 * Math.PI * (at % DAY)) / DAY) + noise };
  });
}

/** Noise of about 3 around 100, without a season. */
export function flatLoad(days: number, seed = 1): readonly Wave[] {
  const random = randomNumbers(seed);
  return Array.from({ length: (days * 86_400) / STEP }, (_, i) => ({
    at: START + i * STEP * 1000,
    value: 100 + (random() + random() + random() - 1.5) * 6,
  }));
}

export function observeAll(detector: SeriesDetector, points: readonly Wave[]): readonly Verdict[] {
  return points.map(({ at, value }) => detector.observe(at, value));
}

/** Changes the values of the points from `from` on, for `length` points. */
export function changed(
  points: readonly Wave[],
  from: number,
  length: number,
  change: (value: number, i: number) => number,
): readonly Wave[] {
  return points.map((point, i) =>
    i >= from && i < from + length ? { at: point.at, value: change(point.value, i - from) } : point,
  );
}

export function detect(points: readonly Wave[], options = {}): readonly Verdict[] {
  return observeAll(new SeriesDetector({ stepSeconds: STEP, ...options }), points);
}

export function alertsOf(verdicts: readonly Verdict[]): readonly number[] {
  return verdicts.flatMap(({ isAlert }, i) => (isAlert ? [i] : []));
}
