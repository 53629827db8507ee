import type { Severity, Term, Verdict } from "../anomaly/detector.ts";
import type { SeverityReason } from "../anomaly/severity.ts";
import type { Labels, Point } from "../series.ts";

/**
 * What was found. `unusual`: values of a series are not as they use to be. The others say that there are no values to judge,
 * which is another fact: `failing`, a pipeline fails more often than it uses to; `ahead`, what is left of something will be used up; `replaced`, a certificate is another one before it was due; `down`, the target does not answer; `gone`, its series ended while others of the watch go on; `reset`, its counter
 * began anew; `restarting`, it does so again and again; `silent`, the whole watch returns nothing any more; `unreachable`, the source could not be asked.
 */
export const ANOMALY_KINDS = [
  "unusual",
  "down",
  "gone",
  "reset",
  "restarting",
  "silent",
  "unreachable",
  "ahead",
  "failing",
  "replaced",
] as const;
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

export type Anomaly = {
  readonly id: string;
  /** The message that shows it: several anomalies of one thing or of one watch share one. */
  readonly group: string;
  readonly kind: AnomalyKind;
  /** Id of the watch; a word of ours for what belongs to none ("targets", "sources"). */
  readonly watch: string;
  readonly source: string;
  /** `seriesKey` of its labels. */
  readonly series: string;
  readonly labels: Labels;
  /** "p95 latency". */
  readonly measure: string;
  /** "orders"; empty where there is only one. */
  readonly subject: string;
  readonly unit: string;
  readonly noun: string;
  readonly promql: string;
  readonly status: "open" | "over";
  readonly severity: Severity;
  /** Of how grave it was before it got worse. */
  readonly was?: Severity;
  /** Why it is as severe as that, as of then (unix seconds). */
  readonly why?: { readonly at: number; readonly reasons: readonly SeverityReason[] };
  /** Unix seconds: when it was found, since when it is so, and when it ended. */
  readonly openedAt: number;
  readonly since: number;
  readonly endedAt?: number;
  /** The value that it was opened or last worse with. */
  readonly value?: number;
  readonly usual?: Verdict["usual"];
  /** Of kind `ahead`: when the end is likely to be reached, unix seconds, with the 80 % band of that time, and how that is known. */
  readonly reaches?: {
    readonly at: number;
    readonly earliest: number;
    /** Undefined: beyond what is looked at. */
    readonly latest?: number;
    /** The value that is the end. */
    readonly limit: number;
    /** "will be full": stands after the name. */
    readonly will: string;
    readonly by: "forecast" | "trend" | "date";
  };
  /** Of kind `failing`: failures among the last so many runs, and among those before them. */
  readonly runs?: {
    readonly failed: number;
    readonly of: number;
    readonly before: { readonly failed: number; readonly of: number };
  };
  /** Of kind `restarting`: how often since it began, and when last (unix seconds). */
  readonly restarts?: { readonly count: number; readonly last: number };
  /** A page about it, where no query found it. */
  readonly url?: string;
  /**
   * Set where no single metric but several together are unusual: those that carry it, the first of them the one that the anomaly is named
   * after. Its `usual` is where the others let it be.
   */
  readonly together?: {
    /** How many metrics of the thing were looked at. */
    readonly metrics: number;
    readonly carriers: readonly Together[];
  };
  readonly direction: "up" | "down";
  readonly score: number;
  readonly terms: readonly Pick<Term, "name" | "weight">[];
  /** Sentences: what carries it, what happened near its beginning, what else moved. */
  readonly because: readonly string[];
  /** Its course around the beginning, for the chart. */
  readonly points: readonly Point[];
  readonly events: readonly { readonly at: number; readonly name: string }[];
  /** When it was looked at again, for what moved with it (unix seconds). */
  readonly looked?: number;
  /** Why it is kept and listed but not posted. */
  readonly quiet?: string;
  /** Goes up with everything that its message shows. */
  readonly revision: number;
};

/** It ended at `at` (unix seconds). */
export function over(anomaly: Anomaly, at: number): Anomaly {
  return { ...anomaly, status: "over", endedAt: at, revision: anomaly.revision + 1 };
}

/** Its severity from now on, and the one before where that was another. */
export function worse({ severity: before, was }: Anomaly, severity: Severity): Pick<Anomaly, "severity" | "was"> {
  const last = before === severity ? was : before;
  return { severity, ...(last !== undefined && { was: last }) };
}

/** One metric that does not go together with the others of its thing as it uses to. */
export type Together = Pick<Anomaly, "measure" | "unit" | "noun" | "promql"> & {
  readonly value: number;
  readonly direction: "up" | "down";
  /** Where nine of ten of its values are when the others are as they are. */
  readonly expected: { readonly low: number; readonly typical: number; readonly high: number };
};

/** How many times its usual it is, when that can be said: at least 1.05 or at most 0.95, and the usual is not zero. */
export function factorOf({ value, usual }: Pick<Anomaly, "value" | "usual">): number | undefined {
  if (value === undefined || usual === undefined || !(Math.abs(usual.typical) > 0)) return undefined;
  const factor = value / usual.typical;
  return Number.isFinite(factor) && factor > 0 && Math.abs(factor - 1) >= 0.05 ? factor : undefined;
}

/** What people can say of an anomaly. */
export const OPINIONS = ["useful", "not useful", "expected"] as const;
export type OpinionKind = (typeof OPINIONS)[number];

/** What one person said of an anomaly. */
export type Opinion = {
  readonly anomaly: string;
  readonly watch: string;
  readonly series: string;
  /** `platform/id`. */
  readonly by: string;
  readonly kind: OpinionKind;
  /** Unix seconds: when it was said, and since when the anomaly was. */
  readonly at: number;
  readonly since: number;
};
