import type { Point, Series } from "../../core/series.ts";
import { usualBand } from "../../core/stats.ts";
import type { Asker } from "./asker.ts";

export type Usual = { readonly low: number; readonly high: number; readonly typical: number; readonly n: number };

const DAYS = 14;
const HOUR = 3600;

/** Two weeks of hourly values up to `at`, on the hours of the clock, so that equal questions ask equal queries. */
export async function hourlyHistory(ask: Asker, promql: string, at: number): Promise<readonly Series[]> {
  const end = Math.floor(at / HOUR) * HOUR;
  const answer = await ask.range(promql, { start: end - DAYS * 24 * HOUR, end, step: HOUR }, { background: true });
  return answer.ok ? answer.data : [];
}

/** The usual range at this hour and kind of day, or undefined when history is too short to say. */
export function usualAt(points: readonly Point[], at: number, zone: string): Usual | undefined {
  return usualBand([...points], at, zone);
}

/** Where a value stands against its usual range. A value between the limits is usual. */
export function standing(value: number, usual: Usual): "above" | "below" | "usual" {
  if (value > usual.high) return "above";
  if (value < usual.low) return "below";
  return "usual";
}
