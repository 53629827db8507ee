import type { ModelAccount } from "../core/answer.ts";
import type { AuditEntry, AuditRecord } from "../core/audit.ts";
import type { Place, User } from "../core/chat.ts";
import type { KeptOverride } from "../core/oncall/kept.ts";
import type { Identity } from "../core/people.ts";
import type { Proposal, Status } from "../core/proposal.ts";
import type { Evidence } from "../core/reading.ts";
import type { Recording } from "../core/recording.ts";
import type { Rollout } from "../core/rollout/rollout.ts";
import type { SilenceDraft } from "../core/silence.ts";
import type { Waste } from "../core/waste.ts";
import type { WatchModel } from "../core/watch/model.ts";
import type { FurtherLook } from "./chat.ts";
import type { Detection, Forecasts } from "./detection.ts";
import type { Digests } from "./digests.ts";
import type { Incidents } from "./incidents.ts";
import type { Outbox } from "./outbox.ts";
import type { Personal } from "./personal.ts";
import type { Runs } from "./runs.ts";
import type { Shelf } from "./shelf.ts";

/** What is kept. */

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

/** How several processes share what waits. */
export type Shared = {
  /** Long enough that `every` comes several times within it. */
  readonly lease: () => Lease;
  /** Calls that regularly, never twice at once. Returns what ends it. */
  readonly every: (work: () => Promise<void>) => () => Promise<void>;
};

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
