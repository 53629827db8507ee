import { checkWatches, WatchError } from "../app/detection.ts";
import { createSources } from "../app/outside.ts";
import type { Config } from "../config.ts";
import { activeOf, stateKey } from "../core/watch/model.ts";
import type { Watch } from "../core/watch.ts";
import { rfc3339 } from "../core/zone.ts";
import { versionOf } from "../flows/detect/follow.ts";
import { watchesOf } from "../flows/detect/watches.ts";
import type { WatchRecord, WatchRound } from "../ports/detection.ts";
import { reasonOf } from "../util/errors.ts";
import { quietLog } from "./bot.ts";
import { type Call, ConfigError, UsageError } from "./command.ts";
import { printList } from "./list.ts";
import { loadKeptPacks } from "./packs-cache.ts";
import { readStore } from "./read-store.ts";
import { readConfig } from "./settings.ts";

const MONTH = 30 * 86_400;
const TIMEOUT_MS = 20_000;

/** `watches list`, and what concerns the versions of one watch. */
export async function run(call: Call): Promise<number> {
  const [word, name, version, ...more] = call.words;
  if (word === "list" && name === undefined) return list(call);
  if (name !== undefined && more.length === 0) {
    const versions = await import("./watch-versions.ts");
    if (word === "versions" && version === undefined) return versions.showVersions(call, name);
    if (word === "learn" && version === undefined) return versions.learn(call, name);
    if (word === "rollback" && version !== undefined) return versions.rollBack(call, name, version);
  }
  throw new UsageError(
    `watches wants list, versions NAME, learn NAME or rollback NAME VERSION: it is ${JSON.stringify(call.words.join(" "))}.`,
  );
}

/** What is watched or would be, how much of it, and how useful it was. Asks each source what exists. */
async function list(call: Call): Promise<number> {
  const config = readConfig(call);
  await checkWatches(config).catch((problem: unknown) => {
    throw problem instanceof WatchError ? new ConfigError(problem.message, { cause: problem }) : problem;
  });
  const now = Date.now() / 1000;
  const [all, kept] = await Promise.all([
    watchesIn(config, call),
    readStore(config, async ({ detection, models }) => ({
      models: await models.open(),
      rounds: await detection.rounds(),
      records: await detection.records(now - MONTH),
    })),
  ]);
  const rounds = kept?.rounds ?? [];
  const rows = all.map((watch) => {
    const key = versionOf(watch, config.detection.everySeconds);
    const { number } = activeOf(kept?.models.find(({ id }) => id === key));
    const round = rounds.find((one) => one.watch === stateKey(key, number));
    return watchJson(watch, number, round, kept?.records.get(watch.id));
  });
  return printList(call, rows, {
    title: "Nothing is watched: no source is configured, or nothing there is known.",
    columns: ["watch", "measures", "version", "series", "read to (UTC)", "posts in 30 d", "useful", "note"],
    row: (one) => [
      one.id,
      one.about,
      `v${one.version}`,
      one.series === null
        ? "not yet"
        : one.series === one.matched
          ? String(one.series)
          : `${one.series} of ${one.matched}`,
      one.read_to ?? "",
      String(one.posts),
      String(one.useful),
      one.problem ?? "",
    ],
  });
}

/** Watches of every source. Of one that cannot be asked, those of the file. */
async function watchesIn(config: Config, call: Call): Promise<readonly Watch[]> {
  const settings = { ...config.detection, zone: config.timezone };
  const packs = await loadKeptPacks(config);
  const made = await createSources(config, () => Date.now() / 1000, quietLog(config), undefined, config.dataDir);
  try {
    const found = await Promise.all(
      made.sources.map(async (source, at) => {
        try {
          const catalogue = await source.catalogue(AbortSignal.timeout(TIMEOUT_MS));
          return watchesOf({ settings, packs }, source.name, catalogue, at === 0);
        } catch (problem) {
          call.stderr.write(
            `smartcloudops: automatic watches of ${source.name} are not listed: ${reasonOf(problem)}\n`,
          );
          return settings.watches.filter((one) => one.source === source.name);
        }
      }),
    );
    return found.flat();
  } finally {
    await made.stop();
  }
}

/** A watch as other programs read it: a contract. Times are RFC 3339 in UTC; null where there is nothing yet. */
function watchJson(watch: Watch, version: number, round: WatchRound | undefined, record: WatchRecord | undefined) {
  const { id, name, source, origin, promql, by = [], direction, sensitivity, most } = watch;
  return {
    ...{ id, about: name, source, origin, promql, by, direction, sensitivity, severity: most },
    version,
    series: round?.series ?? null,
    matched: round?.matched ?? null,
    read_to: round === undefined || round.at === 0 ? null : rfc3339(round.at),
    problem: round?.problem ?? null,
    posts: record?.posts ?? 0,
    useful: record?.useful ?? 0,
    not_useful: record?.notUseful ?? 0,
    expected: record?.expected ?? 0,
  };
}
