import type { Direction, Sensitivity, Severity } from "./anomaly/detector.ts";
import type { Place } from "./chat.ts";
import { SILENT, shortName } from "./names.ts";
import type { Labels } from "./series.ts";
import type { Unit } from "./units.ts";

export type { Direction, Sensitivity, Severity } from "./anomaly/detector.ts";

/** A query that is followed: each series that it returns is watched by itself. */
export type Watch = {
  /** As lists and metrics call it; unique. Automatic ones are named after their concept. */
  readonly id: string;
  /** What is measured, as it stands in a sentence: "p95 latency". */
  readonly name: string;
  /** Name of the Prometheus source. */
  readonly source: string;
  readonly promql: string;
  /** Labels that tell its series apart, in the order in which they are said. Undefined: all that they have. */
  readonly by?: readonly string[];
  /** Undefined: by the metric's name. */
  readonly unit?: Unit;
  /** What is counted, for "182 req/s". */
  readonly noun?: string;
  /** Which way is trouble. */
  readonly direction: Direction;
  readonly sensitivity: Sensitivity;
  /** Never more severe than this. */
  readonly most: Severity;
  readonly origin: "file" | "automatic";
  /** Lower comes first where not everything can be watched. */
  readonly rank: number;
  /** Where its anomalies are posted, in place of the routes. */
  readonly post?: readonly Place[];
  /** Id of the concept that it measures. */
  readonly concept?: string;
  /** Values from which a person should look. */
  readonly warn?: number;
  readonly critical?: number;
};

const RANKS: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** 0, 1, 2. */
export function rankOf(severity: Severity): number {
  return RANKS[severity];
}

/** The less severe of two. */
export function atMost(severity: Severity, most: Severity): Severity {
  return RANKS[severity] <= RANKS[most] ? severity : most;
}

/** The more severe of two. */
export function atLeast(severity: Severity, least: Severity): Severity {
  return RANKS[severity] >= RANKS[least] ? severity : least;
}

/** Which thing a series is about, as people say it: "orders", "pg-1 /var/lib". Empty for the only series of a query. */
export function subjectOf({ by }: Pick<Watch, "by">, labels: Labels): string {
  const all = Object.keys(labels).filter((label) => label !== "__name__");
  const telling = all.filter((label) => !SILENT.has(label));
  const names = by ?? (telling.length > 0 ? telling : all);
  const said = names.flatMap((label) => {
    const value = labels[label];
    return value === undefined || value === "" ? [] : [shortName(label, value)];
  });
  return said.slice(0, 4).join(" ");
}

/** "p95 latency of orders". */
export function nameOf(measure: string, subject: string): string {
  return subject === "" ? measure : `${measure} of ${subject}`;
}
