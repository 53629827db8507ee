import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { AuditEntry, AuditRecord } from "../../core/audit.ts";
import type { Identity } from "../../core/people.ts";
import { appendAnchor } from "../anchors.ts";
import { StoreError } from "../errors.ts";
import { EPOCH } from "../restored.ts";
import { caused, insistOnEntries, type Ledger, type SealSettings, sealAll } from "../seal.ts";
import { AuditRow } from "../sqlite/audit.ts";
import type { Db, Found, Op } from "./client.ts";
import { together } from "./group.ts";
import { named, parsed, put, rowOf } from "./rows.ts";

export type LedgerSettings = SealSettings & {
  /** Where this replica notes how far the chain went. */
  readonly dataDir: string;
  readonly warn: (problem: unknown, message: string) => void;
};

/** What one step writes. `writes` is told the number of its last record. */
export type Plan<T> = {
  readonly result: T;
  readonly checks?: readonly Op[];
  readonly entries?: readonly AuditEntry[];
  readonly writes?: (seq: number) => readonly Op[];
};

/** A commit that waits for its turn. */
type Waiting = {
  readonly plan: () => Promise<Plan<unknown>>;
  tries: number;
  readonly settle: (result: unknown) => void;
  readonly fail: (problem: unknown) => void;
};

/** What it is to come to. */
type Made = {
  readonly one: Waiting;
  readonly result: unknown;
  readonly checks: readonly Op[];
  readonly entries: readonly AuditEntry[];
  readonly plan: (seq: number) => readonly Op[];
  readonly writes: readonly Op[];
};

/** The chain of records in Redis. */
export type RedisLedger = {
  /**
   * Makes a plan and carries it out in one step: records and writes, or nothing. The plan is made anew when somebody else's step
   * came between. Several that rest on different things share a step.
   */
  commit<T>(plan: () => Promise<Plan<T>>): Promise<T>;
  /** The same for work that is written for every store, on what stands in this one now. `by` is whoever it asks `actorOf` about. */
  together<T>(by: Identity | undefined, work: (inside: Ledger) => T): Promise<T>;
  metaOf(key: string): Promise<string | undefined>;
  /** Notes outside of the store how far it is. */
  anchor(): Promise<void>;
  readonly now: () => number;
};

/** How the chain ends: its newest record, with its text, and the store's incarnation. */
export type Head = { readonly record?: AuditRecord; readonly text?: string; readonly epoch: string };

/** Tries of one step against other writers: each one that fails means that somebody else's succeeded. */
const TRIES = 1000;
const MOST_AT_ONCE = 64;
const CHAIN = "audit";
const ACTORS = "actors";
const META = "meta";
/** When the store was last written to or looked at, by the clock of whoever did. */
export const LATEST = "latest";

export function redisLedger(db: Db, settings: LedgerSettings): RedisLedger {
  const { now, dataDir } = settings;
  const waiting: Waiting[] = [];
  let isCommitting = false;
  let anchored = { seq: 0, epoch: "" };

  /** What is asked for while a step is on its way becomes one step after it: its wait for the disk is shared, and so is the race for the end of the chain. */
  function commit<T>(plan: () => Promise<Plan<T>>): Promise<T> {
    // Others' steps are made on the way: what was under way when this one was asked for stays with it.
    const own = AsyncLocalStorage.bind(async () => {
      const made = await plan();
      return made.entries === undefined ? made : { ...made, entries: caused(made.entries) };
    });
    return new Promise((resolve, reject) => {
      waiting.push({ plan: own, tries: 0, settle: (result) => resolve(result as T), fail: reject });
      if (!isCommitting) void commitAll();
    });
  }

  async function commitAll(): Promise<void> {
    isCommitting = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, MOST_AT_ONCE);
      // In front of whatever came meanwhile.
      waiting.unshift(...(await commitGroup(group)));
    }
    isCommitting = false;
  }

  /** Plans them and makes what can be made in one step. Resolves with those that have to be planned anew; never rejects. */
  async function commitGroup(group: readonly Waiting[]): Promise<readonly Waiting[]> {
    const made = await Promise.all(group.map((one) => planned(one, group.length === 1)));
    const { now: chosen, later } = together(made.flatMap((one) => (one === undefined ? [] : [one])));
    if (chosen.length === 0) return [];
    const again = later.map(({ one }) => one);
    try {
      const overtaken = await make(chosen);
      return [...(overtaken ? chosen.map(({ one }) => one) : []), ...again];
    } catch (problem) {
      // Of one that cannot be made the others know nothing; a Redis that is gone is gone for all.
      if (chosen.length > 1 && !(problem instanceof StoreError))
        for (const { one } of chosen) again.unshift(...(await commitGroup([one])));
      else for (const { one } of chosen) one.fail(problem);
      return again;
    }
  }

  /** Undefined for one that is done already: there was nothing to write, or it cannot be planned. */
  async function planned(one: Waiting, isAlone: boolean): Promise<Made | undefined> {
    try {
      if (++one.tries > TRIES) throw new Error(`a step of the store was overtaken ${TRIES} times`);
      const { result, checks = [], entries = [], writes = () => [] } = await one.plan();
      // Their number is known when they are sealed; where they go is the same with any.
      const draft = isAlone && entries.length > 0 ? [] : writes(0);
      if (entries.length > 0 || draft.length > 0) return { one, result, checks, entries, plan: writes, writes: draft };
      one.settle(result);
    } catch (problem) {
      one.fail(problem);
    }
    return undefined;
  }

  /** One step. True when somebody else's came between, and nothing was written. */
  async function make(chosen: readonly Made[]): Promise<boolean> {
    const checks = chosen.flatMap((one) => one.checks);
    for (let tries = 0; tries < TRIES; tries++) {
      const before = chosen.some(({ entries }) => entries.length > 0) ? await headOf(db) : undefined;
      const records: AuditRecord[] = [];
      const writes = chosen.flatMap(({ entries, plan }) => {
        records.push(...sealAll(entries, records.at(-1) ?? before?.record, settings));
        return plan(entries.length === 0 ? 0 : (records.at(-1)?.seq ?? 0));
      });
      const last = records.at(-1);
      const head = before === undefined ? [] : follows(before);
      const done = await db.step([
        ...head,
        ...checks,
        ...writes,
        ...records.map((record): Op => ["push", CHAIN, JSON.stringify(record)]),
        ...(last === undefined ? [] : [["most", META, LATEST, last.at] as const]),
      ]);
      if (done === "ok") {
        if (last !== undefined && before !== undefined) note({ ...before, record: last });
        for (const { one, result } of chosen) one.settle(result);
        return false;
      }
      // Only the chain went on: the plans are as good as they were.
      if (done > head.length) return true;
    }
    throw new Error(`a step of the store was overtaken ${TRIES} times`);
  }

  /** What was committed stays so, whatever becomes of its anchor: the next one covers it too. */
  function note({ record, epoch }: Head): void {
    if (record === undefined || (record.seq <= anchored.seq && epoch === anchored.epoch)) return;
    try {
      appendAnchor(dataDir, { seq: record.seq, record_hash: record.record_hash, epoch, at: now() });
      anchored = { seq: record.seq, epoch };
    } catch (problem) {
      const message = "audit.anchors cannot be written, so a store put back from an older copy may go unnoticed";
      settings.warn(problem, message);
    }
  }

  return {
    commit,
    together: (by, work) =>
      commit(async () => {
        const known = await db.read((redis, prefix) => redis.hgetall(`${prefix}${META}`));
        const actors = by === undefined ? [] : await db.page(ACTORS, `person ${by.person}`);
        const inside = ledgerOn({ known, actors, by, now });
        const result = work(inside.ledger);
        return { result, checks: inside.checks(), entries: inside.entries, writes: () => inside.writes };
      }),
    metaOf: async (key) => (await db.read((redis, prefix) => redis.hget(`${prefix}${META}`, key))) ?? undefined,
    anchor: async () => note(await headOf(db)),
    now,
  };
}

/** A ledger on what was read: it notes what it is asked for and told, for one step. */
function ledgerOn(given: {
  readonly known: Readonly<Record<string, string>>;
  readonly actors: readonly Found[];
  readonly by: Identity | undefined;
  readonly now: () => number;
}) {
  const meta = new Map(Object.entries(given.known));
  const read = new Set<string>();
  const entries: AuditEntry[] = [];
  const writes: Op[] = [];
  const ledger: Ledger = {
    now: given.now,
    together: (work) => work(),
    seal(more) {
      insistOnEntries(more);
      return entries.push(...more);
    },
    actorOf(identity) {
      const { id, ops } = actorIn(given.actors, identity);
      writes.push(...ops);
      return id;
    },
    meta: {
      get(key) {
        read.add(key);
        return meta.get(key);
      },
      set(key, value) {
        read.add(key);
        if (value === undefined) meta.delete(key);
        else meta.set(key, value);
        writes.push(value === undefined ? ["unset", META, key] : ["set", META, key, value]);
      },
    },
  };
  const unchanged = (key: string): Op => {
    const value = given.known[key];
    return value === undefined ? ["none", META, key] : ["is", META, key, value];
  };
  const checks = (): readonly Op[] => [
    ...[...read].map(unchanged),
    // Two that meet one person for the first time give one id.
    ...(given.by === undefined ? [] : [["count", `${ACTORS}:person ${given.by.person}`, given.actors.length] as const]),
  ];
  return { ledger, entries, writes, checks };
}

/** The id of a person among the rows of their accounts, and what is to be written so that this account was used last. */
function actorIn(rows: readonly Found[], identity: Identity): { readonly id: string; readonly ops: readonly Op[] } {
  const { person, platform, account, name, isLinked } = identity;
  const newest = rows.at(-1);
  const id = newest === undefined ? `a-${randomUUID()}` : String(rowOf(newest.text)["id"]);
  const row = { id, person, platform, account, name, is_linked: isLinked ? 1 : 0 };
  if (newest?.text === JSON.stringify(row)) return { id, ops: [] };
  const key = named(person, platform, account);
  return { id, ops: [["del", ACTORS, key], put(ACTORS, key, row, { [`person ${person}`]: 0, [`id ${id}`]: 0 })] };
}

/** Rows of the accounts of a person, or of whom that id stands for, the one used last first. */
export function actorsBy(db: Db, by: "person" | "id", value: string): Promise<readonly Found[]> {
  return db.page(ACTORS, `${by} ${value}`, { newestFirst: true });
}

/** The operation that forgets such a row. */
export function forgetActor({ id }: Found): Op {
  return ["del", ACTORS, id];
}

export async function headOf(db: Db): Promise<Head> {
  const [text, epoch] = await db.read(async (redis, prefix) => {
    const both = redis.multi().lindex(`${prefix}${CHAIN}`, -1).hget(`${prefix}${META}`, EPOCH);
    const replies = await both.exec();
    return (replies ?? []).map(([problem, reply]) => {
      if (problem !== null) throw problem;
      return reply as string | null;
    });
  });
  if (text === null || text === undefined) return { epoch: epoch ?? "" };
  return { record: recordOf(text), text, epoch: epoch ?? "" };
}

/** That nobody appended since: the check that records follow it. */
function follows({ record, text }: Head): readonly Op[] {
  const isAsLong: Op = ["length", CHAIN, record?.seq ?? 0];
  return text === undefined ? [isAsLong] : [isAsLong, ["last", CHAIN, text]];
}

/** Records after that number, in order. */
export async function recordsOf(db: Db, after: number, limit: number): Promise<readonly AuditRecord[]> {
  const first = Math.max(0, Math.floor(after));
  const most = Math.floor(limit);
  if (most <= 0) return [];
  const texts = await db.read((redis, prefix) => redis.lrange(`${prefix}${CHAIN}`, first, first + most - 1));
  return texts.map(recordOf);
}

export function recordOf(text: string): AuditRecord {
  return parsed(AuditRow, { signature: null, cause: null, ...rowOf(text) });
}
