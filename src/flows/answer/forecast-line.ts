import type { Limit } from "../../core/forecast/crossing.ts";
import { isPast } from "../../core/forecast/crossing.ts";

/** Straight lines through the recent past: what a forecast falls back to. */

const DAY = 86_400;

/** Bare selectors go straight to `deriv`; anything computed goes through a subquery. */
export function slopeQuery(base: string, window: string): string {
  return isSelector(base) ? `deriv(${base}[${window}])` : `deriv((${base})[${window}:5m])`;
}

export function isSelector(promql: string): boolean {
  return /^[a-zA-Z_:][\w:]*(?:\{[^{}]*\})?$/.test(promql);
}

/** Seconds until the limit by a slope per second. Undefined when it leads away, stands still, or takes more than a year. */
export function eta(value: number, limit: Limit, slope: number | undefined): number | undefined {
  if (isPast(value, limit)) return 0;
  if (slope === undefined || !Number.isFinite(slope) || slope === 0) return undefined;
  const seconds = (limit.value - value) / slope;
  return seconds > 0 && seconds < 366 * DAY ? seconds : undefined;
}

/** The time by the first window that has one; infinite without any. */
export function firstOf(times: readonly (number | undefined)[]): number {
  return times.find((time) => time !== undefined) ?? Number.POSITIVE_INFINITY;
}
