import { randomUUID } from "node:crypto";
import type { AuditEntry, AuditRecord } from "../../core/audit.ts";
import type { Identity } from "../../core/people.ts";
import { appendAnchor } from "../anchors.ts";
import { EPOCH } from "../restored.ts";
import { insistOnEntries, type Ledger, type SealSettings, sealAll } from "../seal.ts";
import { AuditRow } from "../sqlite/audit.ts";
import type { Db, Found, Op } from "./client.ts";
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

/** The chain of records in Redis. */
export type RedisLedger = {
  /**
   * Makes a plan and carries it out as one step: records and writes, or nothing. The plan is made anew when somebody else's step
   * came between.
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
const CHAIN = "audit";
const ACTORS = "actors";
const META = "meta";
/** When the store was last written to or looked at, by the clock of whoever did. */
export const LATEST = "latest";

export function redisLedger(db: Db, settings: LedgerSettings): RedisLedger {
  const { now, dataDir } = settings;
  let turn: Promise<unknown> = Promise.resolve();
  let anchored = { seq: 0, epoch: "" };

  async function carryOut<T>(plan: () => Promise<Plan<T>>): Promise<T> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { result, checks = [], entries = [], writes = () => [] } = await plan();
      const before = entries.length === 0 ? undefined : await headOf(db);
      const records = sealAll(entries, before?.record, settings);
      const last = records.at(-1);
      const ops = [
        ...checks,
        ...(before === undefined ? [] : follows(before)),
        ...writes(last?.seq ?? 0),
        ...records.map((record): Op => ["push", CHAIN, JSON.stringify(record)]),
        ...(last === undefined ? [] : [["most", META, LATEST, last.at] as const]),
      ];
      if (ops.length === checks.length) return result;
      if ((await db.step(ops)) !== "ok") continue;
      if (last !== undefined && before !== undefined) note({ ...before, record: last });
      return result;
    }
    throw new Error(`a step of the store was overtaken ${TRIES} times`);
  }

  /** One after the other in this process: they would only overtake each other. */
  function commit<T>(plan: () => Promise<Plan<T>>): Promise<T> {
    const mine = turn.then(() => carryOut(plan));
    turn = mine.catch(() => undefined);
    return mine;
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

function recordOf(text: string): AuditRecord {
  return parsed(AuditRow, { signature: null, ...rowOf(text) });
}
