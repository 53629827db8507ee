import { closeSync, existsSync, fdatasync, mkdirSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { StoreError, storeError } from "./errors.ts";
import { MIGRATIONS, migrate, versionOf } from "./migrations.ts";

/** How long a statement waits for another process's write. The event loop stands still meanwhile, so not long. */
const WAIT_MS = 2000;
/** quick_check reads the whole file: about 3 ms a megabyte. A larger file is checked by what reads it. */
const CHECKED_BYTES = 4 * 1024 * 1024;
const PAGE_BYTES = 4096;
/**
 * What was committed is copied into the database once it fills the space that the write-ahead log keeps anyway: in a storm of alerts, four
 * times less often than by SQLite's default of 1000 pages. It is as safe there.
 */
const LOG_BYTES = 16 * 1024 * 1024;

/**
 * Creates the data folder, for its owner only, when it is missing. Throws `StoreError` when it cannot be. A folder
 * that is there already keeps its mode: whoever made it may share it on purpose, and every file of ours is private.
 */
export function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw storeError(dataDir, cause);
  }
}

/** Opens the database file, brings it up to date, and refuses one that is damaged, foreign or from a newer bot. */
export function openFile(settings: { dataDir: string; readOnly?: boolean; maxBytes?: number }): {
  db: DatabaseSync;
  path: string;
} {
  const path = join(settings.dataDir, "smartcloudops.db");
  const open = settings.readOnly === true ? openReader : openWriter;
  let db: DatabaseSync | undefined;
  try {
    db = open(path, settings.dataDir);
    if (settings.maxBytes !== undefined)
      db.exec(`PRAGMA max_page_count = ${Math.ceil(settings.maxBytes / PAGE_BYTES)}`);
    return { db, path };
  } catch (cause) {
    throw storeError(path, cause);
  }
}

function openReader(path: string): DatabaseSync {
  if (!existsSync(path)) {
    throw new StoreError(
      "missing",
      `there is no store at ${path} yet. Start the bot once, or point SMARTCLOUDOPS_DATA at the folder of a running one.`,
    );
  }
  const db = new DatabaseSync(path, { readOnly: true, timeout: WAIT_MS, enableDoubleQuotedStringLiterals: false });
  return closedOnFailure(db, () => {
    const version = versionOf(db, path);
    if (version < MIGRATIONS.length) {
      throw new StoreError(
        "older",
        `${path} was written by an older SmartCloudOps (version ${version} of the store, this one reads ${MIGRATIONS.length}). Start the bot once: it brings the store up to date.`,
      );
    }
  });
}

function openWriter(path: string, dataDir: string): DatabaseSync {
  makeDataDir(dataDir);
  // SQLite would create it with the umask's mode; its -wal and -shm files take the mode of this one.
  closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path, {
    timeout: WAIT_MS,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  });
  return closedOnFailure(db, () => {
    versionOf(db, path); // before anything is changed in a file that may not be ours
    useWal(db);
    // secure_delete: what retention deletes is overwritten, since it is people's text.
    db.exec(
      `PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = ${LOG_BYTES};
       PRAGMA wal_autocheckpoint = ${LOG_BYTES / PAGE_BYTES}`,
    );
    migrate(db, path);
    if (statSync(path).size <= CHECKED_BYTES) quickCheck(db, path);
  });
}

const flushed = promisify(fdatasync);

/**
 * The file that commits are written to. After a commit with synchronous=NORMAL, `sync` is all that synchronous=FULL would
 * have done, but the process goes on meanwhile (https://sqlite.org/pragma.html#pragma_synchronous). SQLite locks the
 * database and its -shm file, not this one, so another handle on it is safe; it stays the same file while the database
 * is open.
 */
export function writeAheadLog(path: string): { sync(): Promise<void>; close(): void } {
  let handle: number | undefined;
  return {
    async sync() {
      try {
        handle ??= openSync(`${path}-wal`, "r+");
        await flushed(handle);
      } catch (cause) {
        throw storeError(path, cause);
      }
    },
    close() {
      if (handle !== undefined) closeSync(handle);
      handle = undefined;
    },
  };
}

function closedOnFailure(db: DatabaseSync, work: () => void): DatabaseSync {
  try {
    work();
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

/** The switch to WAL does not wait for other openers as statements do, so two first starts at once try again. */
function useWal(db: DatabaseSync): void {
  for (let attempt = 0; ; attempt++) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (cause) {
      const busy = cause instanceof Error && "errcode" in cause && (Number(cause.errcode) & 0xff) === 5;
      if (!busy || attempt >= 50) throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** Throws `StoreError` ("corrupt") for a file that is damaged. Reads all of it: about 3 ms a megabyte. */
export function quickCheck(db: DatabaseSync, path: string): void {
  const problems = db
    .prepare("PRAGMA quick_check(1)")
    .all()
    .map((row) => String(row.quick_check));
  if (problems[0] === "ok") return;
  throw new StoreError(
    "corrupt",
    `${path} is damaged (${problems[0]?.replaceAll("\n", " ")}). Stop the bot, move the file and its -wal and -shm files away, and restore a backup or start with an empty store.`,
  );
}
