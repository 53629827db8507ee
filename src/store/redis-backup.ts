import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { reasonOf } from "../util/errors.ts";
import { type Copied, flush, insistOnNone, readCopy, stampOf, takeCopy } from "./backup.ts";
import { StoreError } from "./errors.ts";
import { makeDataDir, openFile } from "./file.ts";
import { PREFIX } from "./redis/client.ts";
import { MIGRATING } from "./redis/greet.ts";
import { type LedgerSettings, redisLedger } from "./redis/ledger.ts";
import { SET_ASIDE } from "./redis/scripts.ts";
import { snapshotOf } from "./redis/snapshot.ts";
import { ENDED, EPOCH, endedEpochs, markRestored } from "./restored.ts";
import { type CopyProgress, fill, pour, redisOf, TABLES } from "./transfer.ts";

/** Copies of a store in Redis, as one file: the same kind of file as the copy of a SQLite store is. */

type Settings = {
  readonly redis: Parameters<typeof redisOf>[0]["redis"];
  /** Told of each table, and its rows. */
  readonly progress: (copied: CopyProgress) => void;
};

const WHY = "a copy was put in the place of the store, by `restore`";

/**
 * Copies the store in Redis into one file, beside running bots: it is the store of one moment, checked, for its owner only, and on the disk when this
 * resolves. It is held in memory meanwhile, here and for a moment in Redis. Throws `StoreError`; a file that is there already is left alone.
 */
export async function backupRedis(settings: Settings, to: string): Promise<Copied> {
  insistOnNone(to);
  if (!existsSync(dirname(to)))
    throw new StoreError("missing", `the folder ${dirname(to)} is not there. Make it, or name a file in another one.`);
  const source = await redisOf(settings);
  const part = mkdtempSync(`${to}.part-`);
  try {
    const snapshot = await snapshotOf(source, TABLES);
    if (snapshot.meta[EPOCH] === undefined)
      throw new StoreError(
        "missing",
        "there is no store in that Redis to copy. Set REDIS_URL to the one that the bots use.",
      );
    fill(snapshot, part, settings.progress);
    const made = join(part, "smartcloudops.db");
    const records = readCopy(made, to);
    flush(made);
    insistOnNone(to);
    renameSync(made, to);
    flush(dirname(to));
    return { path: to, bytes: statSync(to).size, records };
  } finally {
    source.close();
    rmSync(part, { recursive: true, force: true });
  }
}

/**
 * Puts such a copy, of either kind of store, in the place of the store in Redis. What was there is kept under other keys, whose beginning is returned.
 * Afterwards no change starts until a person has accepted it, and what was approved is asked for again. No bot should run on it meanwhile; one that does stands
 * still. Throws `StoreError`; where the copy is damaged, foreign or from a newer bot, nothing was touched.
 */
export async function restoreRedis(
  settings: Settings & { readonly ledger: LedgerSettings },
  from: string,
  now: number,
): Promise<Copied & { readonly kept: string | undefined }> {
  const { dataDir } = settings.ledger;
  makeDataDir(dataDir);
  const part = mkdtempSync(join(dataDir, "restoring-"));
  const target = await redisOf(settings);
  try {
    const file = join(part, "smartcloudops.db");
    const records = takeCopy(from, file);
    // Brought up to date as a start would.
    const { db: source } = openFile({ dataDir: part });
    try {
      const ended = await target.read((redis, prefix) => redis.hget(`${prefix}meta`, EPOCH));
      const aside = `{smartcloudops-${stampOf(now)}}:`;
      const moved = await target.read((redis) => redis.eval(SET_ASIDE, 0, PREFIX, aside, WHY));
      await pour(source, target, settings.progress).catch((cause: unknown) => {
        const kept = Number(moved) > 0 ? ` What was there is kept under keys that begin with ${aside}` : "";
        throw new StoreError(
          cause instanceof StoreError ? cause.problem : "io",
          `the copy was cut off, and no bot starts on that Redis: ${reasonOf(cause)}${kept}`,
          { cause },
        );
      });
      await redisLedger(target, settings.ledger).together(undefined, (ledger) => {
        const before = [...endedEpochs(ledger), ledger.meta.get(EPOCH), ended].filter((one) => typeof one === "string");
        markRestored(ledger, WHY, randomUUID());
        // Replicas remember the store that was there: this is no second one that was lost.
        ledger.meta.set(ENDED, JSON.stringify([...new Set(before)]));
        ledger.meta.set(MIGRATING, undefined);
      });
      return { path: from, bytes: statSync(from).size, records, kept: Number(moved) > 0 ? aside : undefined };
    } finally {
      source.close();
    }
  } finally {
    target.close();
    rmSync(part, { recursive: true, force: true });
  }
}
