import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { FIRST_PREV } from "../../core/audit.ts";
import { appendAnchor, newestAnchor } from "../anchors.ts";
import { StoreError } from "../errors.ts";
import { MIGRATIONS } from "../migrations.ts";
import { ENDED, EPOCH, endedEpochs, markRestored, whyLost } from "../restored.ts";
import type { Db } from "./client.ts";
import { headOf, type LedgerSettings, recordsOf, redisLedger } from "./ledger.ts";

export type GreetSettings = LedgerSettings & {
  readonly readOnly?: boolean;
  /** Works on a Redis that may lose everything: for trying things out. */
  readonly allowVolatile?: boolean;
};

/**
 * Looks at the server after each connect: whether it keeps what it is given, and whether it lost what the anchors of this replica know. A
 * store that lost something becomes another incarnation and stands still until a person said that it is the right one. Throws
 * `StoreError` ("unsafe") for a server that does not keep things.
 */
export async function greet(db: Db, settings: GreetSettings): Promise<void> {
  const why = await whyUnsafe(db);
  if (why !== undefined && settings.allowVolatile !== true) throw new StoreError("unsafe", why);
  if ((await db.read((redis, prefix) => redis.hget(`${prefix}meta`, MIGRATING))) !== null)
    throw new StoreError(
      "unsafe",
      "a store was being copied into this Redis, and that was cut off. Delete the keys that begin with {smartcloudops}: there, and copy it again: smartcloudops migrate --from sqlite --to redis, or smartcloudops restore FILE.",
    );
  await insistOnVersion(db);
  if (settings.readOnly === true) return;
  await db.step([
    ["none", "meta", EPOCH],
    ["set", "meta", EPOCH, randomUUID()],
  ]);
  await db.step([["most", "meta", VERSION, MIGRATIONS.length]]);
  await lookForLoss(db, settings);
}

/** The newest shape of rows that a bot has written there: they are those of the file, step by step. */
export const VERSION = "version";

async function insistOnVersion(db: Db): Promise<void> {
  const version = Number((await db.read((redis, prefix) => redis.hget(`${prefix}meta`, VERSION))) ?? 0);
  if (version > MIGRATIONS.length)
    throw new StoreError(
      "newer",
      `the store in Redis was written by a newer SmartCloudOps (it has version ${version}, this one knows ${MIGRATIONS.length}). Run that newer version, or restore a backup from before the upgrade into another database: a store is never taken back to an older version.`,
    );
}

/** Stands in a store that is being copied. */
export const MIGRATING = "migrating";

/** Why that server may lose what it confirmed, with the cure; undefined when it does not. Asks again while the server still reads its data. */
export async function whyUnsafe(db: Db): Promise<string | undefined> {
  const info = await db.read(infoOf);
  const policy = info["maxmemory_policy"] ?? "noeviction";
  const cure = "or set redis.allow_volatile: true where everything may be lost, approvals and the audit included";
  if (policy !== "noeviction")
    return `the store needs a Redis that never drops keys by itself (maxmemory-policy noeviction), and this one has ${policy}. Set it in redis.conf, ${cure}.`;
  if (info["aof_enabled"] !== "1")
    return `the store needs a Redis that writes each change to its disk (appendonly yes), and this one has appendonly no: a restart loses what came after the last snapshot. Set appendonly yes, and appendfsync always for what a power cut must not take, ${cure}.`;
  return undefined;
}

async function infoOf(redis: Redis): Promise<Readonly<Record<string, string>>> {
  const [memory, persistence] = [await redis.info("memory"), await redis.info("persistence")];
  const lines = `${memory}\n${persistence}`.matchAll(/^(\w+):([^\r\n]*)/gm);
  const info = Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
  // Until it has read its append-only file, a server says that it has none (loadSingleAppendOnlyFile in its aof.c).
  if (info["loading"] === "1") throw new Error("LOADING Redis still reads its data from its disk");
  return info;
}

async function lookForLoss(db: Db, settings: GreetSettings): Promise<void> {
  const { dataDir, now } = settings;
  const newest = newestAnchor(dataDir);
  const { record, epoch } = await headOf(db);
  if (newest === undefined) {
    appendAnchor(
      dataDir,
      { seq: record?.seq ?? 0, record_hash: record?.record_hash ?? FIRST_PREV, epoch, at: now() },
      { isFirst: true },
    );
    return;
  }
  const [there] = newest.seq > 0 && Number.isFinite(newest.seq) ? await recordsOf(db, newest.seq - 1, 1) : [];
  const reason = whyLost(newest, { has: record?.seq ?? 0, there: there?.record_hash });
  if (reason === undefined) return;
  await redisLedger(db, settings).together(undefined, (ledger) => {
    const ended = endedEpochs(ledger);
    // Another replica has said so already.
    if (ended.includes(newest.epoch)) return;
    markRestored(ledger, reason, randomUUID());
    ledger.meta.set(ENDED, JSON.stringify([...ended, newest.epoch]));
  });
}
