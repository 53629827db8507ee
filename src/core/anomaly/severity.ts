import { atLeast, atMost } from "../watch.ts";
import type { Direction, Severity, Verdict } from "./detector.ts";

/** What is known of an anomaly besides its verdict. */
export type Circumstances = {
  /** How long it has lasted, in seconds. */
  readonly lastedSeconds: number;
  /** The way that is bad for this measure; "both" where either is. */
  readonly worse: Direction;
  /** From where a person should look, and where it is grave, in the unit of the value. */
  readonly warn?: number | undefined;
  readonly critical?: number | undefined;
  /** Never more severe than this. */
  readonly most: Severity;
};

/** Why an anomaly is as severe as it is. Facts, for whoever says them. */
export type SeverityReason =
  | { readonly kind: "good way" }
  /** At or beyond a limit. */
  | { readonly kind: "limit"; readonly limit: number }
  /** Not a third of what would be worth a look. */
  | { readonly kind: "far from limit"; readonly limit: number }
  | { readonly kind: "lasting" }
  /** The objective of the service is being missed: its error budget is used so many times faster than it lasts. */
  | { readonly kind: "objective"; readonly burn: number };

export type Judged = { readonly severity: Severity; readonly reasons: readonly SeverityReason[] };

/** After so long it is no passing thing. */
const LASTING_SECONDS = 900;

/**
 * How much an anomaly matters. Its score says how rare it is: info, warning or critical (`own`). A limit that is reached counts whatever the score is; far
 * below it nothing is more than information. Rare alone is not grave: "critical" by the score takes some time, and what lasts is a
 * warning. What goes the good way is no incident: fewer errors, a shorter latency.
 */
export function severityOf(
  own: Severity,
  { value, direction }: Pick<Verdict, "value" | "direction">,
  { lastedSeconds, worse, warn, critical, most }: Circumstances,
): Judged {
  if (worse !== "both" && worse !== direction) return { severity: "info", reasons: [{ kind: "good way" }] };
  const isBeyond = (limit: number) => (worse === "down" ? value <= limit : value >= limit);
  if (critical !== undefined && isBeyond(critical))
    return { severity: atMost("critical", most), reasons: [{ kind: "limit", limit: critical }] };
  const isLasting = lastedSeconds >= LASTING_SECONDS;
  if (warn !== undefined && isBeyond(warn))
    return { severity: atMost(atLeast(own, "warning"), most), reasons: [{ kind: "limit", limit: warn }] };
  if (warn !== undefined && worse === "up" && value < warn / 3)
    return { severity: "info", reasons: [{ kind: "far from limit", limit: warn }] };
  if (own === "critical" && !isLasting) return { severity: atMost("warning", most), reasons: [] };
  const severity = isLasting ? atLeast(own, "warning") : own;
  return { severity: atMost(severity, most), reasons: isLasting ? [{ kind: "lasting" }] : [] };
}

/** The error budget of a service is used up this many times faster than it lasts: it is missing its objective. */
export const BURNS = 1;
/**
 * A month's error budget is gone within two days at this pace: worth waking somebody for (Beyer et al., "The site reliability workbook", 2018,
 * chapter 5, table 5-8).
 */
export const BURNS_FAST = 14.4;

/** What the error budget of what it is about adds: a warning at least while the objective is missed, critical at a pace that wakes people. */
export function withObjective({ severity, reasons }: Judged, burn: number, most: Severity): Judged {
  if (!(burn >= BURNS)) return { severity, reasons };
  const raised = atLeast(severity, burn >= BURNS_FAST ? "critical" : "warning");
  const others = reasons.filter(({ kind }) => kind !== "objective" && kind !== "far from limit");
  return { severity: atLeast(atMost(raised, most), severity), reasons: [...others, { kind: "objective", burn }] };
}
