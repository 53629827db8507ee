import type { SeverityReason } from "../core/anomaly/severity.ts";
import { sayIn } from "../core/plot.ts";
import { formatDuration } from "../core/units.ts";
import { type Anomaly, factorOf } from "../core/watch/anomaly.ts";
import { never } from "../util/never.ts";

/** Shorter than this nobody calls lasting. */
const LASTED_SECONDS = 300;

/** "Critical: 5.9 times its usual for 25 min; beyond its limit of 2 s." Undefined where nothing is known but that it is unusual. */
export function sayWhy(one: Anomaly): string | undefined {
  const { severity, why, status, kind, together } = one;
  if (why === undefined || status === "over" || kind !== "unusual") return undefined;
  const factor = together === undefined ? factorOf(one) : undefined;
  const lasted = why.at - one.since;
  const level = factor === undefined || factor < 1.5 ? "" : `${sayFactor(factor)} its usual`;
  const time = lasted < LASTED_SECONDS ? "" : `for ${formatDuration(Math.round(lasted / 60) * 60)}`;
  const parts = [
    [level, time].filter((part) => part !== "").join(" "),
    ...why.reasons.map((reason) => sayReason(reason, one)),
  ].filter((part) => part !== "");
  if (parts.length === 0) return undefined;
  return `${severity.slice(0, 1).toUpperCase()}${severity.slice(1)}: ${parts.join("; ")}.`;
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
      return `its error budget is used ${sayFactor(reason.burn)} as fast as it lasts`;
    default:
      return never(reason);
  }
}
