import { type Forecast, forecast } from "../../../src/core/forecast/forecast.ts";
import { historyOf } from "../../../src/core/forecast/history.ts";
import type { Point } from "../../../src/core/series.ts";
import { randomNumbers } from "../../tools/random.ts";

export const HOUR = 3600;
export const DAY = 24 * HOUR;
/** Monday, 2026-01-05 00:00 UTC. */
export const MONDAY = Date.UTC(2026, 0, 5) / 1000;

/** Normal numbers, nearly (Irwin-Hall), the same ones for the same seed. */
export function noise(seed: number): () => number {
  const next = randomNumbers(seed);
  return () => Array.from({ length: 12 }, next).reduce((a, b) => a + b, -6);
}

/** `hours` values of a function of the hour, from `MONDAY` on. */
export function hourly(hours: number, value: (hour: number) => number): Point[] {
  return Array.from({ length: hours }, (_, i) => [MONDAY + i * HOUR, value(i)]);
}

/** A day that swings around 100 by 30. */
export function swing(hour: number): number {
  return 100 + 30 * Math.sin((2 * Math.PI * hour) / 24);
}

/** The forecast of points that can be forecast. */
export function told(points: readonly Point[], horizon = 24, more: object = {}): Forecast {
  const history = historyOf(points);
  if ("kind" in history) throw new Error(history.message);
  const found = forecast(history, { horizon, ...more });
  if (found.kind === "cannot") throw new Error(found.message);
  return found;
}
