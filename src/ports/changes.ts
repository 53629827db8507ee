import type { Card } from "../core/card.ts";
import type { Place, User } from "../core/chat.ts";
import type { ExtensionId } from "../core/extension/extension.ts";
import type { ForecastScore, KeptForecast } from "../core/forecast/score.ts";
import type { KeptOverride } from "../core/oncall/kept.ts";
import type { Seen } from "../core/proposal.ts";
import type { Rollout } from "../core/rollout/rollout.ts";
import type { Json, Runbook } from "../core/runbook.ts";
import type { Labels } from "../core/series.ts";
import type { SilenceDraft } from "../core/silence.ts";
import type { Waste } from "../core/waste.ts";
import type { Anomaly, Opinion } from "../core/watch/anomaly.ts";
import type { WatchModel } from "../core/watch/model.ts";
import type { Track } from "../core/watch/track.ts";
import type { FurtherLook } from "./chat.ts";
import type { Digests } from "./digests.ts";
import type { Incidents } from "./incidents.ts";
import type { Personal } from "./personal.ts";
import type { Runs } from "./runs.ts";
import type { Shelf } from "./shelf.ts";
import type {
  Audit,
  Conversations,
  EvidenceLog,
  Inbox,
  Lease,
  Lessons,
  Places,
  Proposals,
  StopSwitch,
} from "./store.ts";

/** Runbooks, and what carries changes out. */

export interface Runbooks {
  /** Those in force, by id. Drafts and deprecated ones are among them, marked so. */
  all(): readonly Runbook[];
  get(id: string): Runbook | undefined;
}

export type Arguments = Readonly<Record<string, Json>>;

/** How a target is now. Reading only. */
export type Look = {
  /** Tells it from another thing of the same name: uid, host key, database name, … */
  readonly identity: Readonly<Record<string, string>>;
  /** What `run` will insist on. */
  readonly precondition: Readonly<Record<string, Json>>;
  /** What a way back needs, for `{{ captured.x }}` in rollback steps. */
  readonly captured: Readonly<Record<string, Json>>;
  /** Sentences about how things are. */
  readonly facts: readonly string[];
  /** What the change touches, in a sentence; or why that cannot be told. */
  readonly blast: { readonly kind: "known" | "unknown"; readonly text: string };
};

export type Simulated =
  | { readonly kind: "simulated"; readonly text: string }
  /** It cannot be tried without effect. */
  | { readonly kind: "cannot"; readonly why: string };

export type Ran = {
  /** `unknown`: it may have happened. A timeout without an answer is that, never `failed`. */
  readonly outcome: "succeeded" | "failed" | "partial" | "unknown";
  /** Redacted, at most 64 KB. */
  readonly output: string;
  /** Where it acted on several things. */
  readonly parts?: readonly { readonly name: string; readonly outcome: Ran["outcome"]; readonly output: string }[];
};

/** How one step may run. */
export type RunContext = {
  /** Idempotency key: the same for every attempt at the same step of the same proposal. */
  readonly key: string;
  readonly fence: number;
  readonly identity: Readonly<Record<string, string>>;
  readonly precondition: Readonly<Record<string, Json>>;
  /** Unix seconds: the same for every attempt, for what has to be written the same way each time. */
  readonly approvedAt?: number;
  /** Milliseconds it may take. */
  readonly timeoutMs: number;
  /** Fires at the deadline, and on a stop where the runbook may be cut off. */
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
};

/** One thing an executor can do. Its methods throw `UnreachableError` and `RefusedError`, except `run` and `probe`. */
export interface Action {
  /** As runbooks write it: "kubernetes/restart". */
  readonly name: string;
  /** False for one that only reads. */
  readonly changes: boolean;
  /** Whose code it is, where it is not the bot's own: an approval is of exactly that code. */
  readonly extension?: ExtensionId;
  /** A sentence about what is wrong with the arguments, or undefined. */
  check(args: Arguments): string | undefined;
  look(args: Arguments, signal: AbortSignal): Promise<Look>;
  /**
   * Why what `look` sees now is not what was shown any more, as words after the target's name; undefined when it still is. Without it,
   * identity and precondition have to be equal. For targets that change all the time: what was shown may shrink, and `run` still
   * insists on it.
   */
  moved?(shown: Seen, now: Seen): string | undefined;
  simulate(args: Arguments, look: Look, signal: AbortSignal): Promise<Simulated>;
  /** Makes the effect, at most once for a key where the target can tell. Never throws. */
  run(args: Arguments, context: RunContext): Promise<Ran>;
  /** Whether an earlier attempt with that key had its effect. Never throws. */
  probe(args: Arguments, context: Pick<RunContext, "key" | "identity" | "precondition" | "signal">): Promise<Probed>;
}

/**
 * What a target tells of an attempt. `isSure`: it has not run and never will, because the target refuses that key from now on or
 * it is over; otherwise what was sent a moment ago may still arrive.
 */
export type Probed = {
  readonly found: "ran" | "not_run" | "unknown";
  readonly isSure?: true;
  readonly text: string;
};

export interface Actions {
  get(name: string): Action | undefined;
  all(): readonly Action[];
  /** Why an action that runbooks may name cannot be used here: "no Kubernetes cluster is configured". */
  whyMissing(name: string): string;
  stop(): Promise<void>;
}

/** Something to be said in a chat. */
export type Outgoing = {
  /** Chosen by whoever says it: a second one with the same id is the same message. */
  readonly id: string;
  readonly place: Place;
  readonly card: Card;
  /** Id of an earlier message that this one takes the place of, by editing it. Undefined for a new message. */
  readonly edits?: string;
  /** Id of an earlier message in whose thread it stands, where the platform has threads; beside it where that one never arrived. */
  readonly under?: string;
  /** The answer it shows, which people may call helpful or not. */
  readonly answer?: string;
  /** What the platform's adapter alone needs to deliver it. Private: never logged, and forgotten once it was sent or given up. */
  readonly hint?: string;
  /** Unix seconds. */
  readonly at: number;
};

/** An outgoing message that waits. `attempts` counts those that began: one that was cut off may have arrived. */
export type Queued = Outgoing & { readonly attempts: number };

/** What is still to be said, kept so that a restart loses nothing. Order is kept within a channel. */
export interface Outbox {
  /** False when a message with that id is there already, waiting or sent; the first one stays. */
  put(message: Outgoing): Promise<boolean>;
  /**
   * The oldest waiting message of each channel, where its time has come (unix seconds) and no attempt holds it, oldest first, at
   * most `limit`.
   */
  due(platform: string, now: number, limit: number): Promise<readonly Queued[]>;
  /** An attempt begins: its number, from 1. Undefined when the message waits no more, or another one's attempt holds it. */
  begin(id: string, lease?: Lease): Promise<number | undefined>;
  /** Replaces the hint of a message that waits. */
  hint(id: string, hint: string): Promise<void>;
  /** It did not arrive, and is tried again from then on (unix seconds). */
  postpone(id: string, until: number, reason: string): Promise<void>;
  /** It arrived. `reference` is what the platform's adapter needs to edit it. */
  sent(id: string, reference: string, at: number): Promise<void>;
  /** It can never arrive. It stays for people to see why, until retention forgets it. */
  gaveUp(id: string, reason: string, at: number): Promise<void>;
  /** What became of that message; `reason` why it waits or was given up. Undefined for one that is not there. */
  fateOf(
    id: string,
  ): Promise<{ readonly state: "waiting" | "sent" | "given up"; readonly reason?: string } | undefined>;
  /** What `sent` was given for that id. */
  referenceOf(id: string): Promise<string | undefined>;
  /** The answer that the message with that reference shows, the newest when it was edited. */
  answerOf(
    channel: { readonly platform: string; readonly channel: string },
    reference: string,
  ): Promise<string | undefined>;
  /** How many wait, and the time of the oldest. */
  waiting(platform: string): Promise<{ readonly count: number; readonly oldest: number | undefined }>;
}

/** What people thought of an answer. */
export interface FeedbackLog {
  /** The last word of each person about an answer counts. */
  save(feedback: {
    readonly answer: string;
    readonly user: User;
    readonly helpful: boolean;
    readonly at: number;
  }): Promise<void>;
  count(answer: string): Promise<{ readonly helpful: number; readonly unhelpful: number }>;
}

/** What language models were used for, by day: budgets hold over restarts. */
export interface Spending {
  /** Adds to what each of these keys ("all", "user slack/U1", …) has used on that day (whole days since 1970, UTC). */
  add(day: number, keys: readonly string[], used: Used): Promise<void>;
  /** What each key has used on that day, in their order; zeros for one that has used nothing. */
  of(day: number, keys: readonly string[]): Promise<readonly Used[]>;
}

/** `cost` is in the configured currency. */
export type Used = { readonly tokens: number; readonly cost: number };

/** Forecasts, kept until what they spoke of has come, and how they turned out. */
export interface Forecasts {
  /** False when one with that id is there; the first one stays. */
  keep(forecast: KeptForecast): Promise<boolean>;
  /** Those without a score whose last step has come by then (unix seconds), oldest first; only those of that series, where one is given. */
  due(
    now: number,
    limit: number,
    of?: Pick<KeptForecast, "source" | "promql" | "series">,
  ): Promise<readonly KeptForecast[]>;
  /** Those made since then (unix seconds), scored or not, newest first, at most `limit`. */
  made(since: number, limit: number): Promise<readonly KeptForecast[]>;
  /** How it turned out. False when there is no such forecast or it has a score; the first one stays. */
  score(id: string, score: ForecastScore): Promise<boolean>;
  /** Scores of forecasts about that, the one made last first. */
  scores(about: string, limit: number): Promise<readonly ForecastScore[]>;
}

/** What is kept of one watched series between rounds. `detector` is the detector's own bytes. */
export type SeriesState = {
  readonly series: string;
  readonly labels: Labels;
  readonly track: Track;
  readonly detector: Uint8Array;
};

/** How one watch stands. `watch` is its key: id and version. */
export type WatchRound = {
  readonly watch: string;
  /** Unix seconds: up to where its points were read, by the states that are kept. */
  readonly at: number;
  /** Series that are followed, and those that the query returns. */
  readonly series: number;
  readonly matched: number;
  /** Why it could not be asked or is not followed whole. */
  readonly problem?: string;
};

/** What belongs together: all of it is kept, or nothing. */
export type DetectionChange = {
  readonly watch?: WatchRound;
  readonly states?: readonly SeriesState[];
  /** Series of that watch whose states go. */
  readonly dropped?: readonly string[];
  readonly anomalies?: readonly Anomaly[];
};

/** How often something of a watch was posted lately, and what people said of it. Each post counts once. */
export type WatchRecord = {
  readonly posts: number;
  readonly useful: number;
  readonly notUseful: number;
  readonly expected: number;
};

/** What the scheduled detector keeps: states of series, anomalies, what people said of them, and who runs it. */
export interface Detection {
  /**
   * Takes the slot of a job (unix seconds when it was planned) until `until`. `won`: it is ours, and so was the slot before. `anew`: it is ours, and
   * somebody else had the one before, or nobody. `lost`: somebody has that slot or a later one, or is still at work on an earlier one.
   */
  claim(job: string, slot: number, owner: string, now: number, until: number): Promise<"won" | "anew" | "lost">;
  /** The work on the slot has ended. Does nothing for anybody but its owner. */
  release(job: string, owner: string): Promise<void>;
  /** States of one watch. One that cannot be read comes with why. */
  states(watch: string): Promise<readonly (SeriesState | { readonly series: string; readonly broken: string })[]>;
  /** Once it resolves, all of it outlives a crash. An anomaly replaces the one of its id when its revision is higher. */
  commit(change: DetectionChange): Promise<void>;
  rounds(): Promise<readonly WatchRound[]>;
  anomaly(id: string): Promise<Anomaly | undefined>;
  /** Newest first, at most `limit`. `since`: open, or ended or opened since then (unix seconds); `until`: opened then or before. */
  anomalies(wanted: {
    readonly status?: Anomaly["status"];
    readonly since?: number;
    readonly until?: number;
    readonly group?: string;
    readonly limit: number;
  }): Promise<readonly Anomaly[]>;
  /** Those whose message does not show their revision yet, oldest first. */
  unshown(limit: number): Promise<readonly Anomaly[]>;
  /** `posted`: a message of it went out. Never takes it back to an older revision. */
  shown(id: string, revision: number, posted: boolean): Promise<void>;
  /** Ids of the anomalies of a group that people were told of. */
  postedOf(group: string): Promise<readonly string[]>;
  /** The last word of each person about an anomaly counts. */
  judge(opinion: Opinion): Promise<void>;
  /** Last words about anomalies since then (unix seconds). */
  opinions(since: number): Promise<readonly Opinion[]>;
  /** By id of the watch, since then (unix seconds). */
  records(since: number): Promise<ReadonlyMap<string, WatchRecord>>;
}

/** The whole store. */
export interface Store {
  readonly conversations: Conversations;
  readonly places: Places;
  readonly inbox: Inbox;
  readonly evidence: EvidenceLog;
  readonly lessons: Lessons;
  readonly proposals: Proposals;
  readonly incidents: Incidents;
  /** Silences that somebody asked for here. */
  readonly silences: Shelf<SilenceDraft>;
  /** Changes of who is on call, made by chat. */
  readonly overrides: Shelf<KeptOverride>;
  /** Deployments that are compared with what was before them. */
  readonly rollouts: Shelf<Rollout>;
  /** What judges each watch, in versions. No message shows them. */
  readonly models: Shelf<WatchModel>;
  /** What is asked for and not used, by source. No message shows it. */
  readonly waste: Shelf<Waste>;
  /** Further looks that somebody may end, where replicas share the store. No message shows them. */
  readonly looks: Shelf<FurtherLook>;
  readonly digests: Digests;
  /** Runs of pipelines that a webhook told of. */
  readonly runs: Runs;
  readonly audit: Audit;
  readonly stop: StopSwitch;
  readonly outbox: Outbox;
  readonly feedback: FeedbackLog;
  readonly spending: Spending;
  readonly forecasts: Forecasts;
  readonly detection: Detection;
  readonly personal: Personal;
  /** Deletes what is past its retention, in bounded steps. Returns how many rows went, per table. */
  prune(now: number): Promise<Readonly<Record<string, number>>>;
  /** Throws when the store cannot be written. Notes the time. */
  check(): Promise<void>;
  /** The latest time at which anything was recorded or checked, unix seconds: 0 for never. */
  latest(): Promise<number>;
  close(): Promise<void>;
}
