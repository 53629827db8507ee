import type { SeverityReason } from "../core/anomaly/severity.ts";
import { sayIn } from "../core/plot.ts";
import { formatDuration } from "../core/units.ts";
import { type Anomaly, factorOf } from "../core/watch/anomaly.ts";
import { never } from "../util/never.ts";

/** Shorter than this nobody calls lasting. */
const LASTED_SECONDS = 300;

/**
 * "Critical: 5.9 times its usual for 25 min; beyond its limit of 2 s.", with `name` where several share a message. Undefined where there is nothing to
 * say but that it is unusual.
 */
export function sayWhy(one: Anomaly, name?: string): string | undefined {
  const { severity, why, status, kind, together } = one;
  if (why === undefined || status === "over" || kind !== "unusual") return undefined;
  const lasted = why.at - one.since;
  const time = lasted < LASTED_SECONDS ? "" : ` for ${formatDuration(Math.round(lasted / 60) * 60)}`;
  const reasons = why.reasons.map((reason) => sayReason(reason, one));
  const parts = [together === undefined ? `${sayLevel(one)}${time}` : "", ...reasons].filter((part) => part !== "");
  if (parts.length === 0) return undefined;
  const about = name === undefined ? "" : ` (${name})`;
  return `${severity.slice(0, 1).toUpperCase()}${severity.slice(1)}${about}: ${parts.join("; ")}.`;
}

function sayLevel(one: Anomaly): string {
  const { value, usual } = one;
  const factor = factorOf(one);
  if (value === undefined || usual === undefined) return "unusual";
  if (value >= usual.low && value <= usual.high) return "unlike its usual course";
  if (factor !== undefined && factor >= 1.5) return `${sayFactor(factor)} its usual`;
  return value > usual.high ? "above its usual" : "below its usual";
}

/** "5.9 times". */
export function sayFactor(factor: number): string {
  return factor >= 1000 ? "over 1,000 times" : `${Number(factor.toPrecision(2))} times`;
}

function sayReason(reason: SeverityReason, { unit }: Anomaly): string {
  switch (reason.kind) {
    case "good way":
      return "it went the good way";
    case "limit":
      return `beyond its limit of ${sayIn(unit, reason.limit)}`;
    case "far from limit":
      return `far from its limit of ${sayIn(unit, reason.limit)}`;
    case "lasting":
      // The time says it.
      return "";
    case "objective":
      return `its error budget burns ${sayFactor(reason.burn)} too fast`;
    default:
      return never(reason);
  }
}
