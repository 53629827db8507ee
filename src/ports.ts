import type { Catalogue } from "./core/catalogue.ts";
import type { Place, User } from "./core/chat.ts";
import type { Proposal } from "./core/proposal.ts";
import type { Evidence } from "./core/reading.ts";
import type { Sample, Series } from "./core/series.ts";

/** Everything the bot needs from the outside world, on one page. Each is as small as its callers allow. */

/** Unix seconds, possibly with a fraction. */
export type Clock = () => number;

// ---------------------------------------------------------------- metrics

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
  readonly state: "firing" | "pending" | "inactive";
};

export type Target = {
  readonly job: string;
  readonly instance: string;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
  readonly intervalSeconds: number | undefined;
};

/** Alertmanager, where one is configured. Reading only. */
export interface AlertRouter {
  silences(signal?: AbortSignal): Promise<readonly Silence[]>;
  check(signal?: AbortSignal): Promise<{ readonly version: string }>;
}

export type Silence = {
  readonly id: string;
  readonly matchers: readonly {
    readonly name: string;
    readonly value: string;
    readonly isRegex: boolean;
    readonly isEqual: boolean;
  }[];
  readonly endsAt: number;
  readonly createdBy: string;
  readonly comment: string;
};

// ---------------------------------------------------------------- store

/** One thing said in a conversation. `intent` and `slots` are how a question was read, for follow-ups. */
export type Turn = {
  readonly id: string;
  readonly at: number;
  readonly author: "person" | "bot";
  readonly user: User | undefined;
  readonly text: string;
  /** JSON of core/language's `Memory` for a bot turn. Absent on a person's turn. */
  readonly memory: unknown;
};

export interface Conversations {
  /** Appends. False when a turn with that id is already in that conversation; the first one stays. */
  append(place: Place, turn: Turn): Promise<boolean>;
  /** The newest `limit` turns, oldest first. Empty for an unknown conversation. */
  recent(place: Place, limit: number): Promise<readonly Turn[]>;
}

/** Places the bot may post to by itself, learnt when it is added somewhere. */
export interface Places {
  /** Stores or renews. `reference` is whatever the platform's adapter needs to reach it again. */
  save(place: Place, reference: unknown, at: number): Promise<void>;
  get(place: Place): Promise<{ readonly reference: unknown; readonly at: number } | undefined>;
  all(platform: string): Promise<readonly { readonly place: Place; readonly reference: unknown }[]>;
  remove(place: Place): Promise<void>;
}

/** Ids of events already handled, so that a redelivery is answered once. */
export interface SeenEvents {
  /** True the first time this id is seen on that platform, false ever after (until retention forgets it). */
  first(platform: string, id: string, at: number): Promise<boolean>;
}

/** What each answer rested on, so that it can be shown and replayed later. */
export interface EvidenceLog {
  /** Stores the evidence of one answer. The second save under one answer id is ignored. */
  save(answer: {
    readonly id: string;
    readonly place: Place;
    readonly at: number;
    readonly text: string;
    readonly evidence: readonly Evidence[];
  }): Promise<void>;
  get(
    answerId: string,
  ): Promise<{ readonly at: number; readonly text: string; readonly evidence: readonly Evidence[] } | undefined>;
  /** Answers given since then (unix seconds), newest first, at most `limit`. */
  since(
    at: number,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly at: number; readonly text: string; readonly queries: number }[]>;
}

/** Words a channel taught the bot: "here, shop means checkout". */
export type Lesson = {
  readonly id: string;
  readonly word: string;
  readonly meaning: string;
  readonly by: string;
  readonly at: number;
};

export interface Lessons {
  /** Stores; a lesson for the same word in the same channel is replaced, and the replaced one is returned. */
  teach(channel: { readonly platform: string; readonly channel: string }, lesson: Lesson): Promise<Lesson | undefined>;
  /** All lessons of a channel, oldest first. */
  of(channel: { readonly platform: string; readonly channel: string }): Promise<readonly Lesson[]>;
  /** False when there is none for that word. */
  forget(channel: { readonly platform: string; readonly channel: string }, word: string): Promise<boolean>;
}

export interface Proposals {
  /** Stores a new proposal. False when that id already exists; the first one stays. */
  insert(proposal: Proposal): Promise<boolean>;
  get(id: string): Promise<Proposal | undefined>;
  /** Pending ones, oldest first, at most `limit`. */
  pending(limit: number): Promise<readonly Proposal[]>;
}

/** The whole store. */
export interface Store {
  readonly conversations: Conversations;
  readonly places: Places;
  readonly seen: SeenEvents;
  readonly evidence: EvidenceLog;
  readonly lessons: Lessons;
  readonly proposals: Proposals;
  /** Deletes what is past its retention, in bounded steps. Returns how many rows went, per table. */
  prune(now: number): Promise<Readonly<Record<string, number>>>;
  /** Throws when the store cannot be written. */
  check(): Promise<void>;
  close(): Promise<void>;
}
