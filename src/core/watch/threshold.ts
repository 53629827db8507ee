import { localTime } from "../zone.ts";
import type { Opinion } from "./anomaly.ts";

/**
 * What one word about a series does to its threshold, and what it does to the others of its watch. A tenth more halves the alerts, about, since
 * the detector's score is a logarithm of how rare something is.
 */
const OWN = { useful: 0.97, "not useful": 1.1, expected: 1 } as const;
const KIND = { useful: 0.995, "not useful": 1.02, expected: 1 } as const;
const LEAST = 0.85;
const MOST = 1.8;
/** After so long, half of what was said is forgotten: systems change. */
const HALF_LIFE_SECONDS = 60 * 86_400;

/**
 * How far the threshold of a series moves by what people said: above 1 after "not useful", below it after "useful". Words about the
 * series itself count fully, those about others of its watch a little. Between 0.85 and 1.8.
 */
export function thresholdFor(opinions: readonly Opinion[], watch: string, series: string, now: number): number {
  let log = 0;
  for (const one of opinions) {
    if (one.watch !== watch) continue;
    const age = 0.5 ** (Math.max(0, now - one.at) / HALF_LIFE_SECONDS);
    log += age * Math.log(one.series === series ? OWN[one.kind] : KIND[one.kind]);
  }
  return Math.min(MOST, Math.max(LEAST, Math.exp(log)));
}

const WEEK_MINUTES = 7 * 24 * 60;
const AROUND_MINUTES = 75;

/**
 * Whether somebody called an anomaly of that series at this time of the week expected: within 75 minutes of the same weekday and time, in
 * the zone given, so that summer time does not move it.
 */
export function isExpected(
  opinions: readonly Opinion[],
  watch: string,
  series: string,
  at: number,
  zone: string,
): boolean {
  const now = minuteOfWeek(at, zone);
  return opinions.some((one) => {
    if (one.kind !== "expected" || one.watch !== watch || one.series !== series) return false;
    const apart = Math.abs(minuteOfWeek(one.since, zone) - now);
    return Math.min(apart, WEEK_MINUTES - apart) <= AROUND_MINUTES;
  });
}

function minuteOfWeek(at: number, zone: string): number {
  const { weekday, hour, minute } = localTime(at, zone);
  return (weekday - 1) * 1440 + hour * 60 + minute;
}
