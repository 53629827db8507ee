import type { Catalogue } from "../core/catalogue.ts";
import type { Evidence } from "../core/reading.ts";
import type { Sample, Series } from "../core/series.ts";
import type { Matcher } from "../core/silence.ts";

/** Prometheus and Alertmanager, and what they tell. */

/** One named Prometheus source. Queries pass the guard first; what it refuses throws `QueryRefusedError`. */
export interface Metrics {
  readonly name: string;
  readonly environment: string | undefined;
  readonly cluster: string | undefined;
  /**
   * Evaluates at `at` (unix seconds), or at the server's own now when undefined. A scalar comes back as one sample without labels. An empty vector is an empty
   * array and means that Prometheus answered so. Throws `UnreachableError` or `RefusedError` when it could not be asked.
   */
  instant(promql: string, at: number | undefined, signal?: AbortSignal): Promise<readonly Sample[]>;
  /** Evaluates over [start, end] every `step` seconds. */
  range(promql: string, window: TimeWindow, signal?: AbortSignal): Promise<readonly Series[]>;
  /** Active alerts as Prometheus evaluates them, pending ones included. */
  alerts(signal?: AbortSignal): Promise<readonly PrometheusAlert[]>;
  rules(signal?: AbortSignal): Promise<readonly Rule[]>;
  targets(signal?: AbortSignal): Promise<readonly Target[]>;
  /** What exists, as of the last refresh. Never waits, except that the very first call waits for the first refresh. */
  catalogue(signal?: AbortSignal): Promise<Catalogue>;
  /** A page where a person can see that query, or undefined when no external URL is configured. */
  linkTo(promql: string, window: TimeWindow): string | undefined;
  /** Asks for the build information: the cheapest proof that it is there and lets us in. */
  check(signal?: AbortSignal): Promise<{ readonly version: string }>;
}

/** Unix seconds and seconds. */
export type TimeWindow = { readonly start: number; readonly end: number; readonly step: number };

/** What came back from a query, or why nothing did. */
export type Found<T> =
  | { readonly ok: true; readonly data: T }
  | { readonly ok: false; readonly why: "guarded" | "refused" | "unreachable"; readonly reason: string };

/** Asks one source on behalf of one question, and remembers every query. */
export interface Inquiry {
  readonly source: Metrics;
  /** Unix seconds: the moment the question is about. */
  readonly now: number;
  /** `signal` ends this query alone, besides what ends the question. */
  instant(
    promql: string,
    options?: { readonly at?: number; readonly background?: boolean; readonly signal?: AbortSignal },
  ): Promise<Found<readonly Sample[]>>;
  range(
    promql: string,
    window: TimeWindow,
    options?: { readonly background?: boolean; readonly signal?: AbortSignal },
  ): Promise<Found<readonly Series[]>>;
  readonly evidence: readonly Evidence[];
  /** Adds a query whose result was kept from a little earlier: shown among the queries only where the answer rests on it. */
  recall(evidence: Evidence): void;
}

export type PrometheusAlert = {
  readonly name: string;
  readonly state: "firing" | "pending";
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Unix seconds. */
  readonly activeAt: number;
};

export type Rule = {
  readonly name: string;
  readonly kind: "alerting" | "recording";
  readonly promql: string;
  readonly forSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Its annotation `runbook_url`. */
  readonly runbookUrl?: string;
  readonly state: "firing" | "pending" | "inactive";
};

export type Target = {
  readonly job: string;
  readonly instance: string;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
  readonly intervalSeconds: number | undefined;
};

/** An alert as Alertmanager lists it. Times in unix seconds. */
export type ListedAlert = {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: number;
  readonly generatorUrl: string;
  /** A silence or an inhibiting alert keeps it from being told. */
  readonly isMuted: boolean;
  /** Whom Alertmanager tells of it, by its routes. */
  readonly receivers?: readonly string[];
};

/** Where alerts are listed: Alertmanager's own list, or the rules of a Prometheus that has none. */
export interface AlertList {
  /** What the alerts that it listed are known by: "alertmanager", "prometheus/main". */
  readonly name: string;
  /** Every alert that fires, muted ones too. Undefined where it is not to be asked just now. Throws `UnreachableError` and `RefusedError`. */
  read(signal?: AbortSignal): Promise<readonly ListedAlert[] | undefined>;
}

/** Alertmanager, where one is configured. Its methods throw `UnreachableError` and `RefusedError`. */
export interface AlertRouter {
  /** Every alert that fires, muted ones too. */
  alerts(signal?: AbortSignal): Promise<readonly ListedAlert[]>;
  /** Those that hold now. */
  silences(signal?: AbortSignal): Promise<readonly Silence[]>;
  /** Alerts that fire now and that all of these matchers match, by Alertmanager's own judgement. */
  matching(matchers: readonly Matcher[], signal?: AbortSignal): Promise<readonly ListedAlert[]>;
  /** Writes a silence from now until `endsAt` (unix seconds), and gives back its id. Sent once: when it throws, it may be there all the same. */
  silence(
    wanted: {
      readonly matchers: readonly Matcher[];
      readonly startsAt: number;
      readonly endsAt: number;
      readonly createdBy: string;
      readonly comment: string;
    },
    signal?: AbortSignal,
  ): Promise<string>;
  /** Ends a silence. One that is over already is not an error. */
  unsilence(id: string, signal?: AbortSignal): Promise<void>;
  check(signal?: AbortSignal): Promise<{ readonly version: string }>;
}

export type Silence = {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly endsAt: number;
  readonly createdBy: string;
  readonly comment: string;
};
