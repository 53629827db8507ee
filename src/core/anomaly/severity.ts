import type { Direction, Severity, Verdict } from "./detector.ts";

/** What is known of an anomaly besides its verdict. */
export type Circumstances = {
  /** How long it has lasted, in seconds. */
  readonly lastedSeconds: number;
  /** The way that is bad for this measure; "both" where either is. */
  readonly worse: Direction;
  /** What it touches, by who knows: an objective that is being missed or a resource that runs full, or nothing of the kind. */
  readonly impact: "none" | "possible" | "certain";
};

const ORDER: readonly Severity[] = ["info", "warning", "critical"];
/** After so long without end it is no passing thing. */
const LASTING_SECONDS = 3600;

/**
 * How much an alert matters: its score, a step more when it lasts or touches an objective, and never more than "info" when it goes
 * the good way: fewer errors are no incident. Without a certain impact a score alone is no "critical" unless it lasts too.
 */
export function severityOf(
  { severity, direction }: Pick<Verdict, "severity" | "direction">,
  { lastedSeconds, worse, impact }: Circumstances,
): Severity {
  if (worse !== "both" && worse !== direction) return "info";
  const isLasting = lastedSeconds >= LASTING_SECONDS;
  const base = ORDER.indexOf(severity ?? "info");
  const raised = base + (isLasting ? 1 : 0) + (impact === "certain" ? 1 : 0);
  const most = impact === "certain" || (isLasting && base >= 1) ? 2 : 1;
  return ORDER[Math.min(most, raised)] as Severity;
}

/** How many times the usual: above 1 when more, below 1 when less. Undefined where the usual is zero or of another sign. */
export function factorOf({ value, usual }: Pick<Verdict, "value" | "usual">): number | undefined {
  if (usual === undefined || usual.typical === 0 || value / usual.typical < 0) return undefined;
  return value / usual.typical;
}
