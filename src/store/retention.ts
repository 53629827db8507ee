import { OPEN, type Status } from "../core/proposal.ts";

/** How long each kind of fact is kept, in seconds. What is left out is kept for ever. */
export type Retention = {
  readonly conversations: number;
  readonly evidence: number;
  readonly seenEvents: number;
  readonly proposals: number;
  /** Default: as long as proposals. */
  readonly anomalies?: number | undefined;
  readonly places?: number | undefined;
  readonly lessons?: number | undefined;
};

/** The tables of a store, as `prune` reports them. */
export const TABLES = [
  "turns",
  "answers",
  "seen_events",
  "inbox",
  "proposals",
  "places",
  "lessons",
  "outbox",
  "feedback",
  "spending",
  "alerts",
  "incidents",
  "forecasts",
  "watched_series",
  "watch_rounds",
  "anomalies",
  "opinions",
  "shelves",
  "digests",
  "runs",
] as const;
export type Table = (typeof TABLES)[number];

/** What is still not dealt with by then is of no use to anybody: it was left by a bot that did not come back. */
const INBOX_SECONDS = 86_400;

/** States of series that nobody has seen for so long begin anew when they come back. */
const WATCHED_SECONDS = 14 * 86_400;

/** Rows of that table older than this unix second are past their retention; undefined keeps them all. */
export function cutoff(table: Table, retention: Retention, now: number): number | undefined {
  const seconds = {
    turns: retention.conversations,
    answers: retention.evidence,
    seen_events: retention.seenEvents,
    inbox: INBOX_SECONDS,
    proposals: retention.proposals,
    places: retention.places,
    lessons: retention.lessons,
    outbox: retention.conversations,
    feedback: retention.evidence,
    // A row is a whole day, and today's is still counted on.
    watched_series: WATCHED_SECONDS,
    watch_rounds: WATCHED_SECONDS,
    anomalies: retention.anomalies ?? retention.proposals,
    opinions: retention.anomalies ?? retention.proposals,
    spending: Math.max(retention.conversations, 2 * 86_400),
    alerts: retention.evidence,
    incidents: retention.evidence,
    forecasts: retention.evidence,
    shelves: retention.proposals,
    digests: retention.evidence,
    runs: retention.proposals,
  }[table];
  return seconds === undefined ? undefined : now - seconds;
}

/** "Shop", "shop " and "SHOP" are one word to a person, so a lesson for one replaces a lesson for another. */
export function wordKey(word: string): string {
  return word.normalize("NFKC").trim().toLowerCase();
}

/** States of a change that is still to be decided, done or looked at: retention leaves it alone however old it is. */
export const UNDECIDED: readonly Status[] = [...OPEN, "verifying"];

export function isUndecided(status: Status): boolean {
  return UNDECIDED.includes(status);
}
