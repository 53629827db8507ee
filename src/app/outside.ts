import type { Config } from "../config.ts";
import { secretsOf } from "../config.ts";
import type { Clock } from "../ports/clock.ts";
import type { AlertList, AlertRouter, Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import type { Dependencies } from "../util/dependencies.ts";
import type { Log } from "../util/log.ts";
import { giveBackMemory } from "../util/memory.ts";
import { redactor } from "../util/redact.ts";
import { readSigner } from "../util/signature.ts";

/** What is outside of the bot, as the configuration names it: the sources, Alertmanager and the store. */

/** Hears of each request to a source. */
type Observer = {
  asked(event: {
    readonly source: string;
    readonly api: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
};

/**
 * Prometheus clients, the default one first. `stop` ends their refreshing. With a folder they keep there what exists, and
 * begin with what was kept a few minutes ago.
 */
export async function createSources(
  config: Config,
  clock: Clock,
  log: Log,
  observer: Observer | undefined,
  folder?: string,
  dependencies?: Dependencies,
) {
  if (config.sources.length === 0) return withoutRefresh([]);
  const { createPrometheus } = await import("../metrics/prometheus.ts");
  const ordered = [...config.sources].sort((a, b) => Number(b.default) - Number(a.default));
  const sources = ordered.map((settings) => {
    const observe = observer && ((event: Requested) => observer.asked({ source: settings.name, ...event }));
    const snapshots = folder === undefined ? undefined : { folder, wall: () => Date.now() / 1000 };
    const deps = { clock, log: lineLog(log), dependencies, ...(observe === undefined ? {} : { observe }) };
    return createPrometheus({ ...settings, snapshots }, deps);
  });
  let quiet: NodeJS.Timeout | undefined;
  let isStopped = false;
  // Where there is an Alertmanager, its own list says more: what is silenced, and who is told.
  const isListed = (alerts: boolean | undefined) =>
    config.alertmanager === undefined ? alerts !== false : alerts === true;
  const lists: readonly AlertList[] = sources
    .filter((_, at) => isListed(ordered[at]?.alerts))
    .map((source) => ({ name: `prometheus/${source.name}`, read: source.firing }));
  return {
    sources,
    lists,
    async mayLackNew() {
      const all = await Promise.all(sources.map((source) => source.mayLackNew()));
      return all.includes(true);
    },
    async refresh(signal: AbortSignal) {
      await Promise.all(sources.map(async (source) => (await source.mayLackNew()) && source.refresh(signal)));
    },
    start() {
      for (const source of sources) source.start();
      // It joins the refresh that has just begun; its failure is logged there.
      void Promise.allSettled(sources.map((source) => source.refresh())).then(() => {
        if (!isStopped) quiet = setTimeout(giveBackMemory, QUIET_MS).unref();
      });
    },
    async stop() {
      isStopped = true;
      clearTimeout(quiet);
      await Promise.all(sources.map((source) => source.stop()));
    },
  };
}

/** After starting, whoever waited for that has been answered by then. */
const QUIET_MS = 2_000;

/** Sources that somebody else keeps up to date. */
export function withoutRefresh(sources: readonly Metrics[]) {
  const lists: readonly AlertList[] = [];
  return {
    sources,
    lists,
    mayLackNew: async () => false,
    refresh: async () => {},
    start: () => {},
    stop: async () => {},
  };
}

type Requested = { readonly api: string; readonly outcome: string; readonly seconds: number };

/** The log in the form that metric sources take it. */
function lineLog(log: Log) {
  return (level: "debug" | "info" | "warn" | "error", message: string, data: Readonly<Record<string, unknown>> = {}) =>
    log[level](data, message);
}

/** The configured Alertmanager, if there is one. `stop` closes its connections. */
export async function createAlerts(
  config: Config,
  clock: Clock,
  observer?: Observer,
  dependencies?: Dependencies,
): Promise<Alerts | undefined> {
  if (config.alertmanager === undefined) return undefined;
  const { createAlertmanager } = await import("../metrics/alertmanager.ts");
  const observe = observer && ((event: Requested) => observer.asked({ source: "alertmanager", ...event }));
  return createAlertmanager(config.alertmanager, {
    clock,
    dependencies,
    ...(observe === undefined ? {} : { observe }),
  });
}

type Alerts = AlertRouter & { stop(): Promise<void> };

/** The store: in Redis where one is named, else the SQLite file in the data folder. Throws `StoreError` when it cannot be opened. */
export async function openStore(
  config: Config,
  now: Clock,
  options: { readonly readOnly?: true; readonly log?: Log } = {},
): Promise<Store> {
  const settings = {
    ...storeSettings(config, now),
    ...(options.readOnly === true && { readOnly: true }),
    warn: (err: unknown, message: string) => options.log?.warn({ err }, message),
  };
  if (config.redis === undefined) {
    const { openSqliteStore } = await import("../store/sqlite.ts");
    return openSqliteStore(settings);
  }
  const { openRedisStore } = await import("../store/redis.ts");
  return openRedisStore({ ...settings, ...config.redis });
}

/** What every store is opened with: its folder, how long it keeps things, and how its audit is written. */
export function storeSettings(config: Config, now: Clock) {
  const { key } = config.audit;
  const redact = redactor(secretsOf(config).map((one) => one.reveal()));
  return {
    dataDir: config.dataDir,
    retention: config.limits.retentionSeconds,
    now,
    redact: (text: string) => String(redact(text)),
    ...(key !== undefined && { sign: readSigner(key.reveal()).sign }),
  };
}
