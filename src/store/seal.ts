import { type AuditEntry, type AuditRecord, sealRecord } from "../core/audit.ts";
import type { Identity } from "../core/people.ts";
import { factsUnderWay } from "../util/log.ts";
import { redactor } from "../util/redact.ts";

/** What every store needs to keep a chain of records; see core/audit.ts. */
export type SealSettings = {
  /** Unix seconds by the store's clock. */
  readonly now: () => number;
  /** Gives the signature of a text, where there is a key. */
  readonly sign?: (text: string) => string;
  /** Takes secrets out of a text before it is hashed. What looks like a token is taken out without it. */
  readonly redact?: (text: string) => string;
};

/** Longer reasons are cut: a record is for reading, and stays for ever. */
const LONGEST = 4000;

/**
 * The records of these entries, to follow `head`. Times are whole milliseconds, so that they survive being written as
 * text. Throws when an entry cannot be a record; then there are none.
 */
export function sealAll(
  entries: readonly AuditEntry[],
  head: { readonly seq: number; readonly record_hash: string } | undefined,
  { now, sign, redact = withoutTokens }: SealSettings,
): readonly AuditRecord[] {
  const at = Math.round(now() * 1000) / 1000;
  const records: AuditRecord[] = [];
  for (const entry of entries) {
    const reason = redact(entry.reason.toWellFormed()).slice(0, LONGEST).toWellFormed();
    records.push(sealRecord({ ...entry, reason }, records.at(-1) ?? head, at, sign));
  }
  return records;
}

/** What somebody began, in the words of the log's lines; the first that is there counts. */
const BEGUN = ["question", "click", "call", "command"] as const;

/** The same entries with the id of what is being dealt with now, where that is something that somebody began. */
export function caused(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  const facts = factsUnderWay();
  const cause = BEGUN.map((name) => facts[name]).find((id) => typeof id === "string" && id !== "");
  return typeof cause === "string" ? entries.map((entry) => ({ cause, ...entry })) : entries;
}

const redactText = redactor([]);
function withoutTokens(text: string): string {
  return String(redactText(text));
}

/** What stands on both kinds of store in the same way: all of it synchronous, inside `together`. */
export type Ledger = {
  /** All or nothing: what throws changes nothing. */
  together<T>(work: () => T): T;
  /** Appends records and returns the number of the last. Throws for no entries at all. */
  seal(entries: readonly AuditEntry[]): number;
  /** The random id of a person; made when there is none. */
  actorOf(identity: Identity): string;
  readonly meta: { get(key: string): string | undefined; set(key: string, value: string | undefined): void };
  readonly now: () => number;
};

/** A ledger that others may write to at the same time: its work is done on what stands in the store now, and done anew when that changed. */
export type SharedLedger = {
  metaOf(key: string): Promise<string | undefined>;
  /** `by` is whoever `work` asks `actorOf` about. */
  together<T>(by: Identity | undefined, work: (inside: Ledger) => T): Promise<T>;
  readonly now: () => number;
};

/** The ledger of one process in that form. */
export function shared(ledger: Ledger): SharedLedger {
  return {
    metaOf: async (key) => ledger.meta.get(key),
    together: async (_, work) => ledger.together(() => work(ledger)),
    now: ledger.now,
  };
}

/** A change without a record would be one that nobody can account for. */
export function insistOnEntries(entries: readonly AuditEntry[]): void {
  if (entries.length === 0) throw new Error("a change needs an audit entry: it came with none");
}
