import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { StoreError, storeError } from "./errors.ts";
import { makeDataDir, openFile, quickCheck } from "./file.ts";
import { acquireStart } from "./lock.ts";
import { versionOf } from "./migrations.ts";

/** Pages of one step: between two of them, whoever writes goes on. */
const PAGES = 500;

/** What a copy holds. */
export type Copied = { readonly path: string; readonly bytes: number; readonly records: number };

/**
 * Copies the store of a data folder into one file, beside a running bot: it is the store of one moment, checked, for its owner only, and on the disk
 * when this resolves. `progress` is told the share that is done, 0 to 1. Throws `StoreError`; a file that is there already is left alone.
 */
export async function backupStore(dataDir: string, to: string, progress?: (share: number) => void): Promise<Copied> {
  insistOnNone(to);
  if (!existsSync(dirname(to)))
    throw new StoreError("missing", `the folder ${dirname(to)} is not there. Make it, or name a file in another one.`);
  const part = `${to}.part`;
  const { db, path } = openFile({ dataDir, readOnly: true });
  try {
    rmSync(part, { force: true });
    closeSync(openSync(part, "wx", 0o600));
    // Without a snapshot of its own, the copy begins anew with each write of another process.
    db.exec("BEGIN");
    db.prepare("SELECT 1 FROM sqlite_schema").get();
    await backup(db, part, {
      rate: PAGES,
      progress: ({ totalPages, remainingPages }) =>
        progress?.(totalPages === 0 ? 1 : (totalPages - remainingPages) / totalPages),
    });
    const records = readCopy(part);
    flush(part);
    insistOnNone(to);
    renameSync(part, to);
    flush(dirname(to));
    return { path: to, bytes: statSync(to).size, records };
  } catch (cause) {
    throw storeError(existsSync(part) ? part : path, cause);
  } finally {
    db.close();
    rmSync(part, { force: true });
  }
}

/**
 * Puts such a copy in the place of a data folder's store. What was there is kept beside it, under the name that is returned. Afterwards the bot sees
 * that its store is an older one: no change starts until a person has accepted it. Throws `StoreError`: "in-use" while a
 * bot runs on that folder, and where the copy is damaged, foreign or from a newer bot; then nothing was touched.
 */
export function restoreStore(
  dataDir: string,
  from: string,
  now: number,
): Copied & { readonly kept: string | undefined } {
  insistOnCopy(from);
  const path = join(dataDir, "smartcloudops.db");
  const part = `${path}.part`;
  makeDataDir(dataDir);
  const start = acquireStart(dataDir);
  try {
    const records = takeCopy(from, part);
    flush(part);
    const kept = existsSync(path) ? `${path}.${stampOf(now)}` : undefined;
    if (kept !== undefined) {
      insistOnNone(kept);
      // What was not yet written back into the file stands in the one beside it.
      for (const ending of ["-wal", "-shm"])
        if (existsSync(`${path}${ending}`)) renameSync(`${path}${ending}`, `${kept}${ending}`);
      renameSync(path, kept);
    }
    renameSync(part, path);
    flush(dataDir);
    return { path, bytes: statSync(path).size, records, kept };
  } catch (cause) {
    throw storeError(path, cause);
  } finally {
    clear(part);
    start.release();
  }
}

function insistOnCopy(from: string): void {
  if (existsSync(from)) return;
  throw new StoreError("missing", `there is no copy at ${from}. Name the file that \`backup\` wrote.`);
}

/** A copy of a copy, as a file of that name that is whole and for its owner only; its audit records are counted. Throws `StoreError`. */
export function takeCopy(from: string, part: string): number {
  insistOnCopy(from);
  clear(part);
  copyFileSync(from, part);
  chmodSync(part, 0o600);
  // A store that was put aside by a restore may have its newest writes beside it.
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${part}-wal`);
  return readCopy(part, from);
}

/** Insists that it is a whole store of ours, makes it one file that needs none beside it, and counts its audit records. */
export function readCopy(file: string, calledBy = file): number {
  try {
    const db = new DatabaseSync(file);
    try {
      db.exec("PRAGMA journal_mode = DELETE");
      if (versionOf(db, calledBy) === 0)
        throw new StoreError("not-a-database", `${calledBy} is an empty store. Name a file that \`backup\` wrote.`);
      quickCheck(db, calledBy);
      return Number(db.prepare("SELECT count(*) AS records FROM audit").get()?.["records"] ?? 0);
    } finally {
      db.close();
    }
  } catch (cause) {
    throw storeError(calledBy, cause);
  }
}

function clear(part: string): void {
  for (const ending of ["", "-wal", "-shm", "-journal"]) rmSync(`${part}${ending}`, { force: true });
}

export function insistOnNone(file: string): void {
  if (!existsSync(file)) return;
  throw new StoreError("io", `${file} is there already, and is left alone. Name another file, or move it away.`);
}

/** "2026-11-21T193005Z": sorts by time, and is a file's name everywhere. */
export function stampOf(now: number): string {
  return new Date(now * 1000)
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "");
}

export function flush(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
