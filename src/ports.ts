import type { Reach, Visitor } from "./core/access.ts";
import type { ModelAccount } from "./core/answer.ts";
import type { AuditEntry, AuditRecord } from "./core/audit.ts";
import type { Card, Chart, ClickMeaning } from "./core/card.ts";
import type { Catalogue } from "./core/catalogue.ts";
import type { Place, Question, User } from "./core/chat.ts";
import type { Draft } from "./core/draft.ts";
import type { ExtensionId } from "./core/extension/extension.ts";
import type { ForecastScore, KeptForecast } from "./core/forecast/score.ts";
import type { Need, Suggested } from "./core/need.ts";
import type { KeptOverride } from "./core/oncall/kept.ts";
import type { Identity } from "./core/people.ts";
import type { Proposal, Seen, Status } from "./core/proposal.ts";
import type { Evidence } from "./core/reading.ts";
import type { Recording } from "./core/recording.ts";
import type { Rollout } from "./core/rollout/rollout.ts";
import type { Json, Runbook } from "./core/runbook.ts";
import type { Labels, Sample, Series } from "./core/series.ts";
import type { Matcher, SilenceDraft } from "./core/silence.ts";
import type { Urgency } from "./core/urgency.ts";
import type { Waste } from "./core/waste.ts";
import type { Anomaly, Opinion } from "./core/watch/anomaly.ts";
import type { WatchModel } from "./core/watch/model.ts";
import type { Track } from "./core/watch/track.ts";
import type { Digests } from "./ports/digests.ts";
import type { Incidents } from "./ports/incidents.ts";
import type { Personal } from "./ports/personal.ts";
import type { Runs } from "./ports/runs.ts";
import type { Shelf, Shelvable } from "./ports/shelf.ts";

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

/** Something that a chat platform sent. */
export type Incoming = {
  /** The same for the same thing, however often it is delivered. */
  readonly id: string;
  /** The JSON that is needed to deal with it: people's own words, at times with an address to answer to. */
  readonly body: string;
  /** Unix seconds. */
  readonly at: number;
};

/** Who works on something at `now`, and until when nobody else does. Unix seconds. */
export type Lease = { readonly owner: string; readonly now: number; readonly until: number };

/** What was taken and not dealt with. `attempts` counts those that began. */
export type Held = Incoming & { readonly attempts: number };

/** What chat platforms sent, each thing once, with its body until it was dealt with, so that a restart loses nothing. */
export interface Inbox {
  /**
   * True the first time that id comes on that platform: its body is kept, and its first attempt counts as begun. False
   * ever after (until retention forgets it). What it confirms outlives a crash. Calls made together share one write.
   */
  take(platform: string, event: Incoming, lease?: Lease): Promise<boolean>;
  /**
   * It was dealt with, well or badly: its body is forgotten, its id stays. Does nothing for an id that is not there. A power
   * cut may undo it, a crash may not.
   */
  done(platform: string, id: string): Promise<void>;
  /** What was taken and not done, oldest first. With `now` (unix seconds), only what is in nobody's hand by then. */
  left(platform: string, now?: number): Promise<readonly Held[]>;
  /** Another attempt begins, at something that was left. False when it is not there any more, or in another one's hand. */
  begin(platform: string, id: string, lease?: Lease): Promise<boolean>;
  /** Keeps what `lease.owner` has in hand in it for longer. */
  hold(platform: string, ids: readonly string[], lease: Lease): Promise<void>;
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
    readonly model?: ModelAccount;
    /** What it takes to draw it again. */
    readonly recording?: Recording;
  }): Promise<void>;
  get(answerId: string): Promise<
    | {
        readonly at: number;
        readonly text: string;
        readonly evidence: readonly Evidence[];
        readonly model?: ModelAccount;
        readonly recording?: Recording;
      }
    | undefined
  >;
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

/**
 * Proposals and their life. Each write goes with its audit entries in one transaction: no record, no change. A write
 * without an entry is a mistake, and throws.
 */
export interface Proposals {
  /**
   * Stores a new proposal. `same`: one for the same thing (runbook and version, source, parameters, target) is open already, and is returned;
   * nothing was written. `exists`: that id is taken; the first one stays.
   */
  insert(
    proposal: Proposal,
    entries: readonly AuditEntry[],
  ): Promise<{ readonly kind: "inserted" } | { readonly kind: "same" | "exists"; readonly proposal: Proposal }>;
  get(id: string): Promise<Proposal | undefined>;
  /** Newest first, at most `limit`. Those created at the same moment in the order they came. */
  find(wanted: {
    readonly status?: readonly Status[];
    /** Instead of the newest: to take them in the order they came. */
    readonly oldestFirst?: true;
    /** How many to leave out at the beginning. Default: 0. */
    readonly skip?: number;
    /** Key of the target. */
    readonly target?: string;
    readonly runbook?: string;
    /** Created since then, and then or before, unix seconds. */
    readonly since?: number;
    readonly until?: number;
    readonly limit: number;
  }): Promise<readonly Proposal[]>;
  /**
   * Writes the next revision when the stored one is exactly the one before it, with the same hash. `stale`: somebody else
   * was first. `held`: it would hold its target (claimed, started, unknown) while another proposal does.
   */
  replace(next: Proposal, entries: readonly AuditEntry[]): Promise<"done" | "stale" | "held">;
  /** Those whose message does not show their revision yet, oldest change first. */
  unshown(limit: number): Promise<readonly Proposal[]>;
  /** Never takes it back to an older revision, but for 0: then it is to be shown anew. */
  shown(id: string, revision: number): Promise<void>;
  /** This incarnation of the store: another one after a restore or a loss. */
  epoch(): Promise<string>;
  /** Why nothing may be started: an older copy of the store was put back, and nobody has said yet that it is the right one. */
  restored(): Promise<string | undefined>;
  /**
   * A person says that the older copy is the right one. False when there is nothing to accept. `claimed`: the name that they gave
   * themselves, recorded beside who it was and trusted for nothing.
   */
  acceptRestored(by: Identity, claimed?: string): Promise<boolean>;
}

/** What happened, as a chain (core/audit.ts). */
export interface Audit {
  /** Appends things that change no proposal: a stop, a refused click. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** Records after that number, in order, at most `limit`. */
  range(after: number, limit: number): Promise<readonly AuditRecord[]>;
  head(): Promise<AuditRecord | undefined>;
  /** The random id that stands for a person in records: made at the first asking, the same ever after. */
  actorOf(identity: Identity): Promise<string>;
  /** Whom an id stands for, until that person is forgotten. */
  actors(ids: readonly string[]): Promise<ReadonlyMap<string, Identity>>;
  /** Every account that these ids acted from, the one used last first. */
  accounts(ids: readonly string[]): Promise<ReadonlyMap<string, readonly Identity[]>>;
  /** Forgets who it was. Records stay. False when there was nobody. */
  forget(person: string): Promise<boolean>;
}

/** The emergency stop. What cannot be read counts as stopped. */
export interface StopSwitch {
  /** Never throws. Cheap enough to be asked before each start and every second. */
  read(): Promise<Stopped | undefined>;
  /** Stops, durably. The first one's name stays; wishes to resume that were said before are gone. */
  press(by: Identity, reason: string): Promise<void>;
  /**
   * One person's wish to resume. It takes two linked people within ten minutes of each other. Returns how many more are
   * needed: 0 when it runs again. The wish of an account that is linked to nobody changes nothing.
   */
  release(by: Identity): Promise<number>;
}

/** `at` is unix seconds; `by` and `reason` are undefined where only the file says so. Names of people as they were then. */
export type Stopped = {
  readonly at: number | undefined;
  readonly by: string | undefined;
  readonly reason: string | undefined;
  readonly resumeWanted: readonly string[];
};

/**
 * What this process began, kept outside the store: appended and flushed before an effect. What it knows of a run outlives the run, so that
 * an older copy of the store cannot make it run again.
 */
export interface Journal {
  began(key: string, proposal: string, fence: number): Promise<void>;
  /** `ran`: what it came to, where something may have happened; without it, nothing did, and it is forgotten. */
  ended(key: string, ran?: Ended): Promise<void>;
  /** What it knows of that key. */
  get(key: string): Promise<Begun | undefined>;
  /** Those that began and have no end noted, and those that ended and could be run again from an older copy. */
  all(): Promise<readonly Begun[]>;
}

/** A run in the journal. */
export type Begun = { readonly key: string; readonly proposal: string; readonly fence: number; readonly ran?: Ended };

/** How a run ended. Times are unix seconds. */
export type Ended = {
  readonly outcome: "succeeded" | "failed" | "partial" | "unknown";
  readonly startedAt: number;
  readonly endedAt: number;
  /** From then on no copy of the store, however old, may start it again: it may be forgotten. */
  readonly until: number;
};

// ---------------------------------------------------------------- runbooks and what carries them out

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

// ---------------------------------------------------------------- chat

/**
 * What a question came to. `failed`: it could not be asked. `repeated`: said already, so a surface stays silent.
 * `isPrivate`: it concerns nobody but the person who asked: a refusal, or a list of theirs.
 */
export type Said = {
  readonly card: Card;
  readonly failed?: true;
  readonly repeated?: true;
  readonly isPrivate?: true;
  /** Its proposals are shown by messages of their own, which the bot posts and edits: a chat surface adds nothing. */
  readonly shownApart?: true;
};

/** A click on a button of a proposal's card or of an incident's message, as the platform vouches for it. */
export type Click = {
  /** The same for a click that is delivered twice. */
  readonly id: string;
  readonly visitor: Visitor;
  readonly decision: ClickMeaning;
  readonly proposal: string;
  /** As the button carried it. */
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The message clicked on, as its sender's reference; undefined in the terminal. */
  readonly message: string | undefined;
};

/** Makes a proposal of a need. Never throws for what the world says: that is a refusal in words. */
export type Suggester = (need: Need, signal: AbortSignal) => Promise<Suggested>;

/** Decides. Never throws: a refusal is a card for the person who clicked alone. */
export type Decider = (click: Click) => Promise<Card>;

/** A proposal as it stands. `isMoving`: it goes on by itself, so it is worth looking at again soon. */
export type ProposalView = { readonly card: Card; readonly isMoving: boolean };

/** A proposal in a list. `message` is the reference of the message that shows it on the platform that asks. */
export type ProposalLine = { readonly title: string; readonly text: string; readonly message: string | undefined };

/** What one person has to do with proposals, newest first. */
export type ProposalLists = {
  readonly waiting: readonly ProposalLine[];
  readonly own: readonly ProposalLine[];
  readonly decided: readonly ProposalLine[];
};

/** Somebody who looks on while a question is answered. */
export type Onlooker = {
  /** The answer as it stands. Not called for what is answered at once. Returns at once, and does not throw. */
  readonly show: (draft: Draft) => void;
  /** Fires when they want no further look; its reason is a sentence that says who. What is known by then is the answer. */
  readonly enough?: AbortSignal;
};

/** Answers a question. Never throws: what goes wrong becomes a card that says so. */
export type Asker = (question: Question, signal?: AbortSignal, onlooker?: Onlooker) => Promise<Said>;

/**
 * Ends the further look into a question, for that person, whichever replica does it. `over`: there is none under way, or not in that channel.
 * `unknown`: the store could not be asked. Never rejects.
 */
export type Enough = (
  question: string,
  channel: Pick<Place, "platform" | "channel">,
  by: string,
) => Promise<"stopping" | "over" | "unknown">;

/** A further look into a question, by the question's id, for the replicas that do not do it. `endedAt` is when it began: it is for the moment. */
export type FurtherLook = Shelvable & {
  readonly platform: string;
  readonly channel: string;
  readonly state: "looking" | "enough" | "over";
  /** Who wants no more, until it is over. */
  readonly by?: string;
};

/**
 * Deals with one thing that a platform sent; `body` is what `offer` was given, or after a restart its JSON read. `late`: it waited too long,
 * or cut the bot off more than once, so whoever asked is only told to ask again. Once `signal` has fired, the bot stops:
 * what is not done by then comes again after the restart, and nothing needs to be said about it.
 */
export type Deal = (body: unknown, how: DealHow) => Promise<void>;
export type DealHow = { readonly late: boolean; readonly signal: AbortSignal };

/** Takes in what one platform sends, each thing once, and has it dealt with after it was acknowledged. */
export interface Reception {
  /**
   * `taken`: it outlives a crash from now on, so it may be acknowledged. `repeated`: it was here before. `full`: too much
   * waits already, so the platform has to send it again. Rejects when the store cannot be written. `json` is `body` as text.
   */
  offer(id: string, body: unknown, json: string): Promise<"taken" | "repeated" | "full">;
  /** Begins with what an earlier run left, and goes on with what was taken since. Until then everything waits. */
  start(): Promise<void>;
  /** Takes nothing more, and deals with what waits for at most `graceMs`. The rest is left for the next run. */
  stop(graceMs: number): Promise<void>;
}

/**
 * An answer on its way, as a chat shows it: as a message of its own, which the answer takes the place of. Nothing is said before the
 * first draft.
 */
export type Live = {
  readonly onlooker: Onlooker;
  /**
   * Nothing more is shown from now on. Gives back the id of the message whose place the answer takes, also where an earlier run was cut off
   * in the middle; undefined when there is none.
   */
  readonly end: () => Promise<string | undefined>;
};

/** Shows the answer that `message` will be. Its hint is what the sender needs to show a draft. */
export type LiveOn = (sender: Sender, message: Pick<Outgoing, "id" | "place" | "hint">) => Live;

/** Posts and edits messages on one platform. */
export interface Sender {
  readonly platform: string;
  /**
   * Posts the message, or edits the one that `edited` refers to. When `attempts` says that an earlier attempt began, it
   * looks first whether that one arrived, where the platform lets it. Returns what it needs to edit the message later.
   * Throws `NotNowError` when it should be tried again, and `NeverError` when that is of no use.
   */
  send(message: Queued, edited: string | undefined, signal: AbortSignal): Promise<string>;
  /** How many messages may be on their way at once just now: 0 while the platform is left alone, 1 to try it. Absent: many. */
  readonly room?: () => number;
  /** The thread under the message with that reference. Absent where there are none. */
  readonly under?: (place: Place, reference: string) => Place;
  /** Absent where the platform shows no answers on their way. */
  readonly drafts?: {
    /**
     * Shows a newer draft in the message with that reference, which shows `before`. Tried once. Throws `NotNowError` with the time
     * after which the next draft may be shown, `EnoughError` when somebody who reads it wants no more, and anything else when
     * no draft can be shown there any more.
     */
    redraw(reference: string, draft: Draft, before: Draft, signal: AbortSignal): Promise<void>;
    /** Milliseconds between two drafts of one message, at least. */
    readonly paceMs: number;
  };
}

/** One chat platform as the bot meets it. */
export interface Surface {
  readonly sender: Sender;
  /** Addresses that the platform calls, on the bot's own server. */
  readonly routes: readonly Route[];
  /** Which of these groups of the platform an account is in now. Absent where the platform does not tell. Never rejects. */
  readonly groupsOf?: (account: string, groups: readonly string[]) => Promise<readonly string[]>;
  /**
   * Whether an account is in a channel now; undefined where the platform does not tell. Absent where it tells with the account
   * itself, as Teams does. Rejects when it cannot be asked just now.
   */
  readonly isIn?: (account: string, channel: string) => Promise<boolean | undefined>;
  /** Connects. Throws with a sentence when the platform refuses the credentials; other trouble is tried again. */
  start(): Promise<void>;
  /** Takes nothing new, lets what is under way end within `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** Throws with the reason when the platform cannot be reached at present. */
  check(signal: AbortSignal): Promise<void>;
}

/** What every surface is given. */
export type SurfaceDeps = {
  readonly ask: Asker;
  readonly enough: Enough;
  readonly live: LiveOn;
  readonly decide: Decider;
  /** A proposal as it stands, or undefined when there is none of that id. */
  readonly proposal: (id: string) => Promise<ProposalView | undefined>;
  /** Proposals for one person: what waits for their decision, what they asked for, what was decided lately. */
  readonly proposalsFor: (visitor: Visitor) => Promise<ProposalLists>;
  readonly mayRead: (visitor: Visitor) => Reach;
  readonly store: Pick<Store, "places" | "outbox" | "feedback">;
  readonly receive: (deal: Deal, urgencyOf: (body: unknown) => Urgency) => Reception;
  /** Something new stands in the outbox. */
  readonly wake: () => void;
  /** PNG of a chart, for platforms and messages that cannot carry it as data. */
  readonly drawChart: (chart: Chart, zone: string) => Promise<Uint8Array>;
  readonly clock: Clock;
};

// ---------------------------------------------------------------- http

/** One address of the server. Later surfaces (webhooks, chat platforms) mount theirs in this form. */
export type Route = {
  /** "*" for every method: then `handle` says which it takes. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "*";
  /** Compared as a whole with the decoded path of the request. One that ends in "/*" has everything below it: no other patterns. */
  readonly path: string;
  /** Longest body taken, in bytes; a longer one is answered 413 before `handle` sees it. Default: the server's limit. */
  readonly bodyBytes?: number;
  /** What it throws is logged and answered 500 without details. */
  readonly handle: (request: HttpRequest) => Promise<HttpResponse>;
  /** How refusals of the server itself are written here, such as of a body that is too long. Default: its own form. */
  readonly refuse?: (refusal: HttpRefusal) => HttpResponse;
};

/** Why a request is not answered: a short code, and a sentence that is fit for strangers. */
export type HttpRefusal = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
};

export type HttpRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As it came, so that signatures over it can be checked. Empty when there was none. */
  readonly body: Buffer;
  /** The other end of the connection: a proxy's address when there is one in between. */
  readonly remoteAddress: string;
  /** Fires when the client goes away or the server stops. */
  readonly signal: AbortSignal;
};

export type HttpResponse = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
};
