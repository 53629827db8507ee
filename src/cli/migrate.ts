import { verifyAll } from "../app/audit.ts";
import { openStore } from "../app/outside.ts";
import type { Config } from "../config.ts";
import { formatValue } from "../core/units.ts";
import { copyToRedis, copyToSqlite, type Transferred } from "../store/transfer.ts";
import { type Call, EXIT, flag, UsageError } from "./command.ts";
import { copyOn } from "./progress.ts";
import { readConfig } from "./settings.ts";

/**
 * `migrate --from sqlite --to redis`, or back: the whole store, with its audit. Only while no bot runs on either. The copy is compared with what it is
 * of: rows of each table, and each record of the audit.
 */
export async function run(call: Call): Promise<number> {
  const ways = `${flag(call, "from") ?? "nothing"} to ${flag(call, "to") ?? "nothing"}`;
  if (call.words.length > 0 || (ways !== "sqlite to redis" && ways !== "redis to sqlite"))
    throw new UsageError(`migrate takes --from sqlite --to redis, or --from redis --to sqlite: it was given ${ways}.`);
  const config = readConfig(call);
  const { redis } = config;
  if (redis === undefined) throw new UsageError("migrate needs to know the Redis: set REDIS_URL to its address.");
  const copy = ways === "sqlite to redis" ? copyToRedis : copyToSqlite;
  const progress = copyOn(call);
  const counts = await copy({
    ...{ dataDir: config.dataDir, redis, now: () => Date.now() / 1000 },
    progress: progress.show,
  }).finally(progress.end);
  const [source, target]: readonly Config[] =
    ways === "sqlite to redis" ? [{ ...config, redis: undefined }, config] : [config, { ...config, redis: undefined }];
  return compare(call, source!, target!, counts);
}

async function compare(call: Call, source: Config, target: Config, counts: Transferred): Promise<number> {
  const now = () => Date.now() / 1000;
  const [from, to] = await Promise.all([source, target].map((one) => openStore(one, now, { readOnly: true })));
  try {
    const head = await from!.audit.head();
    const { verdict } = await verifyAll(to!, [], head === undefined ? [] : [head], undefined);
    const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (
      verdict.kind !== "whole" ||
      verdict.records !== counts["audit"] ||
      verdict.head?.record_hash !== head?.record_hash
    ) {
      call.stdout.write("The copy is NOT what it was made of: its audit differs. Do not start a bot on it.\n");
      return EXIT.failed;
    }
    call.stdout.write(
      `Copied ${formatValue(rows, "count")} rows; the audit is whole: ${formatValue(verdict.records, "count")} records, and ends as it did. Approvals that were not carried out yet are asked for again. What it was copied from is as it was.\n`,
    );
    return EXIT.ok;
  } finally {
    await Promise.all([from!.close(), to!.close()]);
  }
}
