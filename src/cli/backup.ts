import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { storeSettings } from "../app/outside.ts";
import { dataDirOf } from "../config/data-dir.ts";
import type { Config } from "../config.ts";
import { formatValue } from "../core/units.ts";
import { backupStore, type Copied, restoreStore } from "../store/backup.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { copyOn, progressOn } from "./progress.ts";
import { readConfig } from "./settings.ts";

/** `backup FILE`: the store as it is now, in one file; beside a running bot or without one. */
export async function run(call: Call): Promise<number> {
  const to = fileOf(call, "backup");
  const { bytes, records } = isInRedis(call) ? await fromRedis(call, to) : await fromFile(call, to);
  call.stdout.write(
    `${to}: the store as it is now, ${formatValue(bytes, "bytes")} with ${formatValue(records, "count")} audit records. It holds what people wrote: keep it as private as the data folder.\n`,
  );
  return EXIT.ok;
}

async function fromFile(call: Call, to: string): Promise<Copied> {
  // Small ones are over at once, and a scheduler posts what is said.
  const progress = progressOn(call, { quietMs: 2000 });
  const dataDir = dataDirOf(call.env["SMARTCLOUDOPS_DATA"], call.cwd);
  return backupStore(dataDir, to, (share) => progress.show(share, "copied")).finally(progress.end);
}

async function fromRedis(call: Call, to: string): Promise<Copied> {
  const { backupRedis } = await import("../store/redis-backup.ts");
  const progress = copyOn(call);
  return backupRedis({ redis: redisOf(readConfig(call)), progress: progress.show }, to).finally(progress.end);
}

/** `restore FILE`: such a copy in the place of the store. Only while no bot runs. */
export async function runRestore(call: Call): Promise<number> {
  const from = fileOf(call, "restore");
  const said = isInRedis(call) ? await intoRedis(call, from) : intoFile(call, from);
  call.stdout.write(
    [
      said,
      "What happened after the copy was made is not in it. Once the bot has started, it answers and watches, and no change starts until somebody has looked",
      "at it and said so: smartcloudops audit verify, then smartcloudops audit accept-restored.",
      "",
    ].join("\n"),
  );
  return EXIT.ok;
}

function intoFile(call: Call, from: string): string {
  const dataDir = dataDirOf(call.env["SMARTCLOUDOPS_DATA"], call.cwd);
  const { path, bytes, records, kept } = restoreStore(dataDir, from, Date.now() / 1000);
  const before =
    kept === undefined
      ? "There was no store before."
      : `The store that was there is ${kept}${existsSync(`${kept}-wal`) ? " (with the files of its name beside it)" : ""}.`;
  return `${path} is now the copy: ${formatValue(bytes, "bytes")} with ${formatValue(records, "count")} audit records. ${before}`;
}

async function intoRedis(call: Call, from: string): Promise<string> {
  const config = readConfig(call);
  const { restoreRedis } = await import("../store/redis-backup.ts");
  const now = () => Date.now() / 1000;
  const ledger = {
    ...storeSettings(config, now),
    warn: (_: unknown, message: string) => void call.stderr.write(`${message}\n`),
  };
  const progress = copyOn(call);
  const settings = { redis: redisOf(config), progress: progress.show, ledger };
  const { bytes, records, kept } = await restoreRedis(settings, from, now()).finally(progress.end);
  const before =
    kept === undefined
      ? "There was no store before."
      : `What was there is kept under keys that begin with ${kept} until you delete them.`;
  return `The store in Redis is now the copy: ${formatValue(bytes, "bytes")} with ${formatValue(records, "count")} audit records. ${before}`;
}

function isInRedis({ env }: Call): boolean {
  return (env["REDIS_URL"] ?? "") !== "" || (env["REDIS_URL_FILE"] ?? "") !== "";
}

function redisOf({ redis }: Config): NonNullable<Config["redis"]> {
  if (redis === undefined) throw new UsageError("REDIS_URL is empty: set it to the address of the Redis.");
  return redis;
}

function fileOf({ words, cwd }: Call, command: "backup" | "restore"): string {
  const [file, ...others] = words;
  if (file === undefined || others.length > 0)
    throw new UsageError(
      `${command} takes the name of one file, as in \`${command} smartcloudops-2026-11-21.db\`: ${words.length === 0 ? "none was given" : `${words.length} were given`}.`,
    );
  return resolve(cwd, file);
}
