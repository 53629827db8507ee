import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError, storeError } from "./errors.ts";
import { makeDataDir } from "./file.ts";

/**
 * Lets one `start` at a time use a data folder. The lock is SQLite's own on an empty file: the operating system drops
 * it with the process, so even a killed bot leaves nothing behind that has to be cleared. Throws `StoreError`
 * ("in-use") with the other's process id. Other commands do not take it.
 */
export function acquireStart(dataDir: string): { release(): void } {
  makeDataDir(dataDir);
  const path = join(dataDir, "start.lock");
  const owner = join(dataDir, "start.pid");
  let db: DatabaseSync | undefined;
  try {
    closeSync(openSync(path, "a", 0o600));
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 });
  } catch (cause) {
    db?.close();
    const failure = storeError(path, cause);
    if (!(failure instanceof StoreError) || failure.problem !== "busy") throw failure;
    throw new StoreError(
      "in-use",
      `a bot is already running on ${dataDir} (process ${readOwner(owner)}). Stop it first, or give this one a data folder of its own with SMARTCLOUDOPS_DATA.`,
      { cause },
    );
  }
  const held = db;
  return {
    release() {
      if (!held.isOpen) return;
      rmSync(owner, { force: true });
      held.close(); // the lock file stays: deleting it could let two processes lock two different files
    },
  };
}

/** The holder writes its id right after it took the lock, so for a moment there may be none. */
function readOwner(path: string): string {
  try {
    return readFileSync(path, "utf8").trim() || "unknown";
  } catch {
    return "unknown";
  }
}
