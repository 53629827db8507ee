import type { Labels } from "./series.ts";

/**
 * What one look at one series gave. A value, or one of the kinds of nothing, which are different facts:
 * "zero" is a value; no such series, an old series, a target that does not answer, 0/0, and "could not ask" are not.
 */
export type Reading =
  | { readonly kind: "value"; readonly value: number; readonly at: number; readonly labels: Labels }
  | { readonly kind: "nan"; readonly at: number; readonly labels: Labels }
  /** The newest sample is older than two scrapes. `ageSeconds` is how old; `value` is that last sample where it is known. */
  | {
      readonly kind: "stale";
      readonly value: number | undefined;
      readonly at: number;
      readonly ageSeconds: number;
      readonly labels: Labels;
    }
  /** Prometheus knows the target and its last scrape failed (`up` is 0). `lastSeen` is unix seconds of the last good sample. */
  | { readonly kind: "down"; readonly target: string; readonly lastSeen: number | undefined }
  | { readonly kind: "no-series" }
  | { readonly kind: "failed"; readonly reason: string };

/** One query that was asked, as it was sent, and what came back. What an answer rests on. */
export type Evidence = {
  readonly promql: string;
  /** Name of the Prometheus source as configured. */
  readonly source: string;
  /** Unix seconds. An instant query has `start === end` and `step === 0`. */
  readonly start: number;
  readonly end: number;
  readonly step: number;
  /** How many series came back, or why none could. */
  readonly readings: number | { readonly failed: string };
  /** A page a person can open to see the same query, when an external URL is configured. */
  readonly url?: string;
  /** The newest point of each of its first series, in `unit`. `at` is unix seconds. Kept with an answer only. */
  readonly values?: readonly {
    readonly labels: Labels;
    readonly value: number;
    readonly unit: string;
    readonly at: number;
  }[];
  /** Sentences of the answer that state what it gave. Kept with an answer only. */
  readonly sentences?: readonly string[];
};
