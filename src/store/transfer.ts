import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { FIRST_PREV } from "../core/audit.ts";
import type { Secret } from "../util/secret.ts";
import { appendAnchor, newestAnchor } from "./anchors.ts";
import { StoreError } from "./errors.ts";
import { makeDataDir, openFile } from "./file.ts";
import { acquireStart } from "./lock.ts";
import { MIGRATIONS } from "./migrations.ts";
import { connect, type Db, type Op } from "./redis/client.ts";
import { MIGRATING, VERSION, whyUnsafe } from "./redis/greet.ts";
import { LATEST } from "./redis/ledger.ts";
import { rowOf } from "./redis/rows.ts";
import { type Snapshot, snapshotOf } from "./redis/snapshot.ts";
import { EPOCH } from "./restored.ts";
import { type SqlRow, TRANSFERS } from "./transfer-rows.ts";

/** Copies a whole store from a SQLite file to Redis or back. Both are to be at rest meanwhile. */

/** How many rows of each table were copied, the audit's records among them. */
export type Transferred = Readonly<Record<string, number>>;

/** Rows of a table so far, whether those are all, and the share of all rows of the store that is copied, 0 to 1. */
export type CopyProgress = {
  readonly table: string;
  readonly rows: number;
  readonly isDone: boolean;
  readonly share: number;
};

type Settings = {
  readonly dataDir: string;
  readonly redis: { readonly url: Secret; readonly allowVolatile: boolean };
  readonly progress: (copied: CopyProgress) => void;
  readonly now: () => number;
};

const ROWS = 500;
const PATIENCE_MS = 10_000;
/** For a command that reads all of it. */
const WHOLE_MS = 60_000;
/** What Redis calls the tables. */
export const TABLES: readonly string[] = TRANSFERS.map(({ redis }) => redis);

/** From the SQLite file of a data folder into an empty Redis. Throws `StoreError`; a Redis that was begun on says so until it is emptied. */
export async function copyToRedis(settings: Settings): Promise<Transferred> {
  if (!existsSync(fileOf(settings.dataDir)))
    throw new StoreError(
      "missing",
      `there is no store at ${fileOf(settings.dataDir)} to copy. Set SMARTCLOUDOPS_DATA to its folder.`,
    );
  const start = acquireStart(settings.dataDir);
  const target = await redisOf(settings);
  // Brought up to date as a start would.
  const { db: source } = openFile({ dataDir: settings.dataDir });
  try {
    if (await target.read(async (redis, prefix) => redis.exists(`${prefix}meta`, `${prefix}audit`, `${prefix}seq`)))
      throw new StoreError(
        "in-use",
        "that Redis holds a store already, and nothing was copied. Name an empty database in REDIS_URL (redis://…/1), or delete the keys that begin with {smartcloudops}: there.",
      );
    const counts = await pour(source, target, settings.progress);
    await target.step([["unset", "meta", MIGRATING]]);
    return counts;
  } finally {
    source.close();
    target.close();
    start.release();
  }
}

/** From Redis into a data folder without a store. Throws `StoreError`; then no store is there. */
export async function copyToSqlite(settings: Settings): Promise<Transferred> {
  const { dataDir, now } = settings;
  makeDataDir(dataDir);
  const start = acquireStart(dataDir);
  const part = join(dataDir, "migrating");
  try {
    if (existsSync(fileOf(dataDir)))
      throw new StoreError(
        "in-use",
        `${fileOf(dataDir)} is a store already, and nothing was copied. Point SMARTCLOUDOPS_DATA at another folder, or move that file away.`,
      );
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { mode: 0o700 });
    const source = await redisOf(settings);
    try {
      const snapshot = await snapshotOf(source, TABLES);
      const counts = fill(snapshot, part, settings.progress);
      renameSync(fileOf(part), fileOf(dataDir));
      if (newestAnchor(dataDir) === undefined) {
        const { seq, record_hash } = snapshot.records.at(-1) ?? { seq: 0, record_hash: FIRST_PREV };
        appendAnchor(dataDir, { seq, record_hash, epoch: snapshot.meta[EPOCH] ?? "", at: now() }, { isFirst: true });
      }
      return counts;
    } finally {
      source.close();
    }
  } finally {
    rmSync(part, { recursive: true, force: true });
    start.release();
  }
}

/** Makes a SQLite file in that folder out of what a Redis held. */
export function fill(snapshot: Snapshot, folder: string, progress: Settings["progress"]): Transferred {
  const { db } = openFile({ dataDir: folder });
  try {
    const counts: Record<string, number> = {};
    const tell = sharing(
      TRANSFERS.reduce((sum, { redis }) => sum + snapshot.rows(redis).length, snapshot.records.length),
      progress,
    );
    const into = (table: string, rows: readonly SqlRow[]) => {
      inOne(db, () => {
        for (const row of rows) insert(db, table, row);
      });
      counts[table] = rows.length;
      tell(table, rows.length, true);
    };
    for (const { table, redis, toSql } of TRANSFERS)
      into(
        table,
        snapshot.rows(redis).map(({ id, text }) => toSql(rowOf(text), id) as SqlRow),
      );
    into("audit", snapshot.records as unknown as readonly SqlRow[]);
    inOne(db, () => {
      for (const [key, value] of Object.entries(snapshot.meta))
        if (key !== VERSION) insert(db, "meta", { key: key === LATEST ? "checked_at" : key, value });
    });
    return counts;
  } finally {
    db.close();
  }
}

// ---------------------------------------------------------------- Redis

/** All of a file into an empty Redis, which stays marked as one that is being copied into. */
export async function pour(source: DatabaseSync, target: Db, progress: Settings["progress"]): Promise<Transferred> {
  await target.step([["set", "meta", MIGRATING, "1"]]);
  const counts: Record<string, number> = {};
  const all = [
    ...TRANSFERS,
    {
      ...{ table: "audit", select: "SELECT * FROM audit ORDER BY seq" },
      toRedis: (row: SqlRow): readonly Op[] => [["push", "audit", JSON.stringify(withoutNulls(row))]],
    },
  ];
  const tell = sharing(
    all.reduce((sum, { select }) => sum + countOf(source, select), 0),
    progress,
  );
  for (const { table, select, toRedis } of all) {
    counts[table] = await inSteps(target, rowsOf(source, select), toRedis, (rows) => tell(table, rows, false));
    tell(table, counts[table], true);
  }
  await target.step(metaOps(source));
  await insistOnCounts(target, counts);
  return counts;
}

/** A connection for reading or writing a whole store. */
export function redisOf({ redis }: Pick<Settings, "redis">): Promise<Db> {
  const greet = async (db: Db) => {
    const why = await whyUnsafe(db);
    if (why !== undefined && !redis.allowVolatile) throw new StoreError("unsafe", why);
  };
  return connect(redis.url, { patienceMs: PATIENCE_MS, commandMs: WHOLE_MS, greet, warn: () => undefined });
}

async function inSteps(
  target: Db,
  rows: Iterable<SqlRow>,
  toOps: (row: SqlRow) => readonly Op[],
  tell: (rows: number) => void,
): Promise<number> {
  let count = 0;
  let ops: Op[] = [];
  for (const row of rows) {
    ops.push(...toOps(row));
    count += 1;
    if (ops.length < ROWS) continue;
    await target.step(ops);
    ops = [];
    tell(count);
  }
  if (ops.length > 0) await target.step(ops);
  return count;
}

async function insistOnCounts(target: Db, counts: Transferred): Promise<void> {
  for (const { table, redis } of TRANSFERS) {
    const found = await target.read((on, prefix) => on.hlen(`${prefix}t:${redis}`));
    if (found !== counts[table])
      throw new StoreError(
        "corrupt",
        `${counts[table]} rows of ${table} were copied, and Redis holds ${found}. Empty that database and copy again.`,
      );
  }
}

/** Everything else that the store knows of itself. Both keep the incarnation: the records are the same. */
function metaOps(source: DatabaseSync): readonly Op[] {
  const meta = [...rowsOf(source, "SELECT key, value FROM meta")];
  const latest = [...rowsOf(source, "SELECT max(at) AS at FROM audit")][0]?.["at"] ?? 0;
  return [
    ...meta.map(
      ({ key, value }): Op =>
        key === "checked_at" ? ["most", "meta", LATEST, String(value)] : ["set", "meta", String(key), String(value)],
    ),
    ["most", "meta", LATEST, Number(latest)],
    ["set", "meta", VERSION, MIGRATIONS.length],
  ];
}

// ---------------------------------------------------------------- SQLite

function fileOf(dataDir: string): string {
  return join(dataDir, "smartcloudops.db");
}

function* rowsOf(db: DatabaseSync, select: string): Generator<SqlRow> {
  for (const row of db.prepare(select).iterate()) yield row as SqlRow;
}

function countOf(db: DatabaseSync, select: string): number {
  return Number(db.prepare(`SELECT count(*) AS rows FROM (${select})`).get()?.["rows"] ?? 0);
}

/** Tells of the rows of each table, one after the other, and what share of all that is. */
function sharing(total: number, progress: Settings["progress"]) {
  let before = 0;
  return (table: string, rows: number, isDone: boolean) => {
    progress({ table, rows, isDone, share: total === 0 ? 1 : (before + rows) / total });
    if (isDone) before += rows;
  };
}

function withoutNulls(row: SqlRow): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function inOne(db: DatabaseSync, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  work();
  db.exec("COMMIT");
}

function insert(db: DatabaseSync, table: string, row: SqlRow): void {
  if (table === "inbox") {
    const { at, body, attempts, platform, id } = row;
    const seq = "(SELECT seq FROM seen_events WHERE platform = ? AND id = ?)";
    db.prepare(`INSERT INTO inbox (seq, at, body, attempts) VALUES (${seq}, ?, ?, ?)`).run(
      ...([platform, id, at, body, attempts] as SQLInputValue[]),
    );
    return;
  }
  const columns = Object.keys(row);
  const places = columns.map(() => "?").join(", ");
  const names = columns.map((name) => `"${name}"`).join(", ");
  // A new file has an incarnation of its own, which the copied one takes the place of.
  const insertion = table === "meta" ? "INSERT OR REPLACE" : "INSERT";
  db.prepare(`${insertion} INTO ${table} (${names}) VALUES (${places})`).run(
    ...(Object.values(row) as SQLInputValue[]),
  );
}
