import type { Place } from "../../core/chat.ts";
import type { ConceptPacks } from "../../core/concept.ts";
import type { Labels } from "../../core/series.ts";
import type { Severity, Watch } from "../../core/watch.ts";
import type { Clock } from "../../ports/clock.ts";
import type { JobQueue } from "../../ports/jobs.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Store } from "../../ports/store.ts";
import type { Judge } from "./judging.ts";
import type { Raising } from "./raise.ts";

/** What is known of a query without asking it, or why it cannot be asked. */
export type QueryLook =
  | {
      readonly ok: true;
      /** Longest range that it looks back, seconds; 0 for none. */
      readonly windowSeconds: number;
      readonly metrics: readonly string[];
      /** A bare selector, without any function around it. */
      readonly isBare: boolean;
    }
  | { readonly ok: false; readonly reason: string };

export type DetectSettings = {
  /** Distance of two points. */
  readonly everySeconds: number;
  readonly historySeconds: number;
  /** Most series of all watches, and of one. */
  readonly series: number;
  readonly seriesPerWatch: number;
  readonly automatic: boolean;
  /** Several metrics of one thing are judged together by a forest of so many trees. Undefined: they are not. */
  readonly forest?: { readonly trees: number; readonly contamination: number } | undefined;
  readonly watches: readonly Watch[];
  readonly routes: readonly { readonly place: Place; readonly least: Severity }[];
  readonly zone: string;
};

/** What one round came to, for the log, the metrics and whoever asked for it. */
export type RoundReport = {
  /** `taken`: somebody else had the slot. */
  readonly outcome: "done" | "partly" | "taken";
  readonly watches: number;
  readonly series: number;
  readonly points: number;
  /** Seconds in all, and those of them spent waiting for Prometheus. */
  readonly seconds: number;
  readonly asking: number;
  readonly opened: number;
  readonly over: number;
  /** Sentences. */
  readonly problems: readonly string[];
};

/** A watched series as it stands, for gauges. */
export type Gauge = {
  readonly watch: string;
  readonly series: string;
  readonly value: number;
  readonly score: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** 0 for none, then info, warning, critical. */
  readonly severity: 0 | 1 | 2 | 3;
};

export type DetectDeps = {
  /** After so long without a renewal, a round of another process has died with it. Undefined: one process alone makes rounds, and none takes 600 s. */
  readonly leaseSeconds?: number;
  readonly store: Pick<Store, "detection" | "forecasts" | "incidents" | "models" | "outbox" | "places" | "runs">;
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly settings: DetectSettings;
  readonly look: (promql: string) => QueryLook;
  /** The query asked for parts by one more label, of these series only; undefined where that would be another measure. */
  readonly split: (
    promql: string,
    label: string,
    only: Labels,
    has: (metric: string, label: string) => boolean,
  ) => string | undefined;
  readonly clock: Clock;
  /** Seconds from anywhere, for how long something took. */
  readonly elapsed: Clock;
  /** This process, in the lock. */
  readonly owner: string;
  /** Where the detectors are. Undefined: in this thread. */
  readonly judge?: Judge;
  /** Shares rounds out, to this process alone or to all who work on the same store. Undefined: a round is made watch by watch. */
  readonly jobs?: Pick<JobQueue, "run"> & { readonly isShared: boolean };
  /** A message stands in the outbox. */
  readonly posted: () => void;
  /** Undefined: each anomaly is a message of its own. */
  readonly raising?: Raising | undefined;
  /** After each round. */
  readonly observe?: (report: RoundReport, gauges: readonly Gauge[]) => void;
  readonly report: (level: "info" | "warn" | "error", message: string, data: Readonly<Record<string, unknown>>) => void;
};
