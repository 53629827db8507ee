import type { ModelUse } from "../ports/model.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

/** Counts waiting for prom-client. A process that has more to say is no one-shot command and loads it at once. */
const WAITING = 500;

export type WatchedRound = {
  readonly outcome: string;
  readonly series: number;
  readonly seconds: number;
  readonly asking: number;
  readonly opened: number;
};

/** `severity`: 0 for nothing unusual, 1 to 3 for info, warning, critical. */
export type WatchedSeries = {
  readonly watch: string;
  readonly series: string;
  readonly value: number;
  readonly score: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly severity: number;
};

/** How often something of a watch was posted, and what people called it. */
export type WatchUse = {
  readonly posts: number;
  readonly useful: number;
  readonly notUseful: number;
  readonly expected: number;
};

/** A run of a pipeline; times in unix seconds. */
export type PipelineRun = {
  readonly project: string;
  readonly pipeline: string;
  readonly branch: string;
  readonly isMain: boolean;
  readonly outcome: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly deploys?: { readonly service: string; readonly environment: string };
};

/** A proposal at the moment in which it comes to a status. Times in unix seconds. */
export type MovedProposal = {
  readonly status: string;
  readonly spec: { readonly risk: string; readonly createdAt: number };
  readonly approvedAt?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
};
/** Something that the bot calls, and whether it is left alone. */
export type Breaker = { readonly name: string; readonly state: "closed" | "half-open" | "open" };

export type Telemetry = {
  /** A question was answered, or not: `outcome` is a word of ours such as `answered`, `unclear`, `failed`. */
  answered(event: {
    readonly intent: string;
    readonly platform: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
  /** A question was read, before anything was asked of Prometheus. */
  understood(seconds: number): void;
  /** One request to a Prometheus source. `api` is the endpoint's name such as `query_range`. */
  asked(event: {
    readonly source: string;
    readonly api: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
  /** Messages are carried there from now on: a chat platform, or "notifier/NAME". */
  delivers(platform: string): void;
  /** One attempt to say something in a chat. */
  delivered(event: { readonly platform: string; readonly outcome: string; readonly seconds: number }): void;
  modelUsed(event: ModelUse): void;
  /** A round of the scheduled detector, and how each watched series stands. */
  watched(round: WatchedRound, series: readonly WatchedSeries[]): void;
  /** Forecasts that were scored: steps that were measured, and the share of them inside the 95 % band. */
  forecastsScored(scores: readonly { readonly steps: number; readonly inside95: number }[]): void;
  /** Versions of watches that were learnt anew, and watches whose drift was measured. */
  trained(event: {
    readonly measured: number;
    readonly drifted: readonly string[];
    readonly learnt: readonly { readonly outcome: string }[];
  }): void;
  /** Where the chain of audit records stands: an anchor outside of this machine, wherever the metrics are kept. */
  audited(head: { readonly seq: number; readonly record_hash: string } | undefined): void;
  /** An incident was acknowledged or is over, so many seconds after it was opened. */
  incident(event: {
    readonly kind: "acknowledged" | "resolved";
    readonly severity: string;
    readonly seconds: number;
  }): void;
  /** A planned digest was told, so many seconds after its time. */
  digested(kind: string, lateSeconds: number): void;
  /** A proposal was made, or came to another status. Times in unix seconds. */
  moved(proposal: MovedProposal): void;
  /** A click on one of the bot's buttons was answered, with what was decided or why it was refused; or that failed. */
  clicked(event: {
    readonly decision: string;
    readonly outcome: "answered" | "failed";
    readonly seconds: number;
  }): void;
  /** The newest run of a pipeline; `isNew`: it was told of just now. */
  ran(run: PipelineRun, isNew: boolean): void;
  /** Alerts that began. */
  alerted(severity: string, count: number): void;
  /** How useful the posts of watches were in the last 30 days. */
  watchUse(records: ReadonlyMap<string, WatchUse>): void;
  /** Incidents that are not over, as they are now. */
  incidentsOpen(open: readonly { readonly severity: string; readonly status: string }[]): void;
  /** The settings were taken anew, or not; `at`: when they last were, in unix seconds. */
  reloaded(isGood: boolean, at: number): void;
  /** Something that the bot calls is known now (`from` undefined), or its breaker changed. */
  dependency(now: Breaker, from: Breaker["state"] | undefined): void;
  /** A question, a decision or a delivery of alerts was not taken: the process lags, or too much waits already. */
  turnedAway(event: { readonly platform: string; readonly what: string; readonly why: "busy" | "full" }): void;
  /** Seconds for which what comes in waits for the event loop. */
  eventLoopWait(seconds: number): void;
  /** Retention deleted `rows` rows of that table. */
  pruned(table: string, rows: number): void;
  /** Loads prom-client and starts measuring the event loop. A long-running bot calls it at start; a scrape does too. */
  load(): Promise<void>;
  /** All metrics in Prometheus's text format. */
  text(): Promise<string>;
  /** The Content-Type of `text`. */
  readonly contentType: string;
};

/**
 * What the bot counts about itself, in a registry of its own. Costs nothing until somebody scrapes: prom-client takes
 * about 60 ms to load, which a one-shot `ask` must not pay, so counts wait in a short list until it is there.
 */
export function createTelemetry({ version }: { readonly version: string }): Telemetry {
  let metrics: Metrics | undefined;
  let loading: Promise<Metrics> | undefined;
  let waiting: ((metrics: Metrics) => void)[] = [];

  function count(step: (metrics: Metrics) => void): void {
    if (metrics === undefined) waiting.push(step);
    else step(metrics);
    // Counting must never fail its caller. A failed load is tried again by the next scrape, which says why.
    if (waiting.length >= WAITING) load().catch(() => waiting.splice(0, waiting.length - WAITING / 2));
  }

  function load(): Promise<Metrics> {
    loading ??= createMetrics(version).then(
      (made) => {
        for (const step of waiting) step(made);
        waiting = [];
        metrics = made;
        return made;
      },
      (cause) => {
        loading = undefined;
        throw cause;
      },
    );
    return loading;
  }

  return {
    answered: (event) => count((made) => made.answered(event)),
    understood: (seconds) => count((made) => made.understood(seconds)),
    asked: (event) => count((made) => made.asked(event)),
    delivers: (platform) => count((made) => made.delivers(platform)),
    delivered: (event) => count((made) => made.delivered(event)),
    modelUsed: (event) => count((made) => made.modelUsed(event)),
    watched: (round, series) => count((made) => made.watched(round, series)),
    forecastsScored: (scores) => count((made) => made.forecastsScored(scores)),
    trained: (event) => count((made) => made.trained(event)),
    audited: (head) => count((made) => made.audited(head)),
    incident: (event) => count((made) => made.incident(event)),
    digested: (kind, lateSeconds) => count((made) => made.digested(kind, lateSeconds)),
    moved: (proposal) => count((made) => made.moved(proposal)),
    clicked: (event) => count((made) => made.clicked(event)),
    ran: (run, isNew) => count((made) => made.ran(run, isNew)),
    alerted: (severity, alerts) => count((made) => made.alerted(severity, alerts)),
    watchUse: (records) => count((made) => made.watchUse(records)),
    incidentsOpen: (open) => count((made) => made.incidentsOpen(open)),
    reloaded: (isGood, at) => count((made) => made.reloaded(isGood, at)),
    dependency: (now, from) => count((made) => made.dependency(now, from)),
    turnedAway: (event) => count((made) => made.turnedAway(event)),
    eventLoopWait: (seconds) => count((made) => made.eventLoopWait(seconds)),
    pruned: (table, rows) => count((made) => made.pruned(table, rows)),
    load: async () => {
      await load();
    },
    text: async () => (await load()).text(),
    contentType: "text/plain; version=0.0.4; charset=utf-8",
  };
}
