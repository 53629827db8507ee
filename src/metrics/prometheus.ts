import type { Catalogue } from "../core/catalogue.ts";
import type { ListedAlert, Metrics, TimeWindow } from "../ports/metrics.ts";
import { QueryRefusedError, RefusedError } from "../util/errors.ts";
import {
  readAlerts,
  readBuildInfo,
  readEnvelope,
  readInstant,
  readRange,
  readRules,
  readSeriesList,
  readStrings,
  readTargets,
} from "./answers.ts";
import { buildCatalogueSlowly } from "./catalogue.ts";
import { type Discoverable, discover } from "./discover.ts";
import { type GuardContext, guard } from "./guard.ts";
import { createHttp, type Hidden, type HttpDeps, TooLargeError, untilAborted } from "./http.ts";
import { readMetadata } from "./metadata.ts";
import { readSnapshot, writeSnapshot } from "./snapshot.ts";

export type PrometheusSettings = {
  readonly name: string;
  readonly url: string;
  /** Where people open it; links are left out without it. */
  readonly externalUrl?: string | undefined;
  readonly environment?: string | undefined;
  readonly cluster?: string | undefined;
  readonly bearerToken?: Hidden | undefined;
  readonly basic?: { readonly user: string; readonly password: Hidden } | undefined;
  /** E.g. `X-Scope-OrgID` for Mimir, `THANOS-TENANT` for Thanos. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly caFile?: string | undefined;
  /** Milliseconds; 10,000 unless told. */
  readonly timeoutMs?: number | undefined;
  /** 20 MB unless told. */
  readonly maxBytes?: number | undefined;
  /** Between refreshes of the catalogue, in milliseconds; 300,000 unless told. */
  readonly refreshMs?: number | undefined;
  /** Questions under way at once; 6 unless told. */
  readonly maxConcurrent?: number | undefined;
  /** Where what exists is kept from one short command to the next. Unless told, it is not kept. */
  readonly snapshots?: Snapshots | undefined;
  /** Whether its alerts are listed. Unless told, where it has no Alertmanager to tell. */
  readonly alerts?: boolean | undefined;
};

/** `wall` is this machine's clock in unix seconds, also where questions are asked as of another time. */
export type Snapshots = { readonly folder: string; readonly wall: () => number };

export type PrometheusDeps = HttpDeps & {
  readonly log?: (
    level: "debug" | "info" | "warn" | "error",
    message: string,
    data?: Readonly<Record<string, unknown>>,
  ) => void;
};

export type Prometheus = Metrics & {
  /** What its rules say fires, as an Alertmanager would list it. Undefined where others are told of it. Throws like a query. */
  firing(signal?: AbortSignal): Promise<readonly ListedAlert[] | undefined>;
  /** Reads anew what exists. Calls at the same time share one reading. Throws like a query; the old catalogue stays then. */
  refresh(signal?: AbortSignal): Promise<void>;
  /**
   * Whether what is known came from a snapshot that is over a minute old: then something may exist by now that it does not
   * have. Reads the snapshot when nothing was read yet.
   */
  mayLackNew(): Promise<boolean>;
  /** Refreshes now and then every `refreshMs`. */
  start(): void;
  /** Ends refreshing, and waits until nothing of it is under way. */
  stop(): Promise<void>;
};

/** Everything that can be reached. No part of a path comes from outside. */
const PATHS = {
  query: "/api/v1/query",
  query_range: "/api/v1/query_range",
  series: "/api/v1/series",
  names: "/api/v1/label/__name__/values",
  metadata: "/api/v1/metadata",
  rules: "/api/v1/rules",
  alerts: "/api/v1/alerts",
  targets: "/api/v1/targets",
  buildinfo: "/api/v1/status/buildinfo",
  firing: "/api/v1/rules",
  alertmanagers: "/api/v1/alertmanagers",
  config: "/api/v1/status/config",
} as const;
type Api = keyof typeof PATHS;

/** More series than anybody reads in a chat: asked of servers that know `limit`, so that they need not send more. */
const MAX_SERIES = 20_000;
const RETRY_FIRST_REFRESH_MS = 15_000;
/** Up to this age a snapshot is as good as a look: Prometheus itself scrapes about once a minute. */
const NEW_SECONDS = 60;

/** Makes one named source. Throws only for settings that cannot be right (no address, unreadable CA file). */
export function createPrometheus(settings: PrometheusSettings, deps: PrometheusDeps): Prometheus {
  const { name } = settings;
  const service = `Prometheus (${name})`;
  const timeoutMs = settings.timeoutMs ?? 10_000;
  const refreshMs = settings.refreshMs ?? 300_000;
  const http = createHttp(
    {
      ...settings,
      dependency: `prometheus/${name}`,
      service,
      timeoutMs,
      maxBytes: settings.maxBytes ?? 20_000_000,
      maxConcurrent: settings.maxConcurrent ?? 6,
    },
    deps,
  );
  let build: { version: string; genuine: boolean } | undefined;
  let current: Catalogue | undefined;
  /** Unix seconds of this machine's clock when `current` was written, while it comes from a snapshot. */
  let written: number | undefined;
  let loading: Promise<void> | undefined;
  let keeping: Promise<void> | undefined;
  let refreshing: { done: Promise<void>; stop: AbortController } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running = false;

  async function ask(api: Api, params: readonly (readonly [string, string])[], signal?: AbortSignal): Promise<unknown> {
    const post = api === "query" || api === "query_range" || api === "series";
    const body = await http.json({ api, path: PATHS[api], params, post, signal });
    const { data, warnings } = readEnvelope(body, service);
    if (warnings.length > 0)
      deps.log?.("debug", "Prometheus warned", { source: name, api, warnings: warnings.slice(0, 5) });
    if (warnings.some((text) => /truncated/i.test(text))) {
      throw new TooLargeError(
        service,
        `there are more than ${MAX_SERIES} series in the answer. Ask for fewer: add matchers, or sum them.`,
      );
    }
    return data;
  }

  function pass(promql: string, context: GuardContext): void {
    const verdict = guard(promql, context);
    if (verdict.ok) return;
    deps.observe?.({ api: context.kind === "range" ? "query_range" : "query", outcome: "guarded", seconds: 0 });
    throw new QueryRefusedError(verdict.reason);
  }

  const serverTimeout = ["timeout", `${Math.max(1, Math.ceil(timeoutMs / 1000))}s`] as const;
  const limitParam = ["limit", String(MAX_SERIES)] as const;
  const withLimit = (since: readonly [number, number]) => (knowsLimit(build, since) ? [limitParam] : []);

  async function instant(promql: string, at: number | undefined, signal?: AbortSignal) {
    pass(promql, { kind: "instant", end: at ?? deps.clock() });
    const time = at === undefined ? [] : [["time", sayTime(at)] as const];
    const params = [["query", promql], ...time, serverTimeout, ...withLimit(QUERY_LIMIT_SINCE)] as const;
    const samples = readInstant(await ask("query", params, signal), service);
    if (samples !== undefined) return samples;
    throw new QueryRefusedError(
      "The query gives whole ranges, where one value each was wanted. Wrap it, e.g. in rate(…) or avg_over_time(…).",
    );
  }

  async function range(promql: string, window: TimeWindow, signal?: AbortSignal) {
    pass(promql, { kind: "range", ...window });
    const params = [
      ["query", promql],
      ["start", sayTime(window.start)],
      ["end", sayTime(window.end)],
      ["step", String(window.step)],
      serverTimeout,
      ...withLimit(QUERY_LIMIT_SINCE),
    ] as const;
    return readRange(await ask("query_range", params, signal), service);
  }

  async function check(signal?: AbortSignal) {
    try {
      build = readBuildInfo(await ask("buildinfo", [], signal), service);
    } catch (error) {
      // Some servers that speak PromQL tell nothing about themselves: then an answer to a trivial query is the proof.
      if (!(error instanceof RefusedError && error.status === 404)) throw error;
      readInstant(await ask("query", [["query", "1"]], signal), service);
      build = { version: "unknown", genuine: false };
    }
    return { version: build.version };
  }

  const source: Discoverable = {
    names: async (window, signal) => readStrings(await ask("names", sayWindow(window), signal), service),
    metadata: async (signal) => {
      const body = await http.json({ api: "metadata", path: PATHS.metadata, asText: true, signal });
      return await readMetadata(String(body), service, signal);
    },
    series: async (match, window, signal) =>
      readSeriesList(
        await ask("series", [["match[]", match], ...sayWindow(window), ...withLimit(SERIES_LIMIT_SINCE)], signal),
        service,
      ),
  };

  async function readAgain(signal: AbortSignal): Promise<void> {
    const started = performance.now();
    await check(signal);
    const now = deps.clock();
    const raw = await discover(source, now, signal);
    current = await buildCatalogueSlowly(raw, name, now, signal);
    written = undefined;
    if (settings.snapshots !== undefined && build !== undefined) {
      const { folder, wall } = settings.snapshots;
      // Nobody waits for it but `stop`.
      keeping = writeSnapshot(folder, settings, { at: now, written: wall(), ...build, facts: raw });
    }
    deps.log?.("info", "catalogue refreshed", {
      source: name,
      metrics: current.metrics.size,
      entities: current.entities.length,
      skipped: raw.skipped.length,
      ms: Math.round(performance.now() - started),
    });
  }

  /** Takes over a snapshot that is younger than a refresh would be old, by both clocks. Looks for one once. */
  function loadSnapshot(): Promise<void> {
    loading ??= (async () => {
      if (settings.snapshots === undefined || current !== undefined) return;
      const { folder, wall } = settings.snapshots;
      const found = await readSnapshot(folder, settings);
      const isYoung = (age: number) => age >= 0 && age * 1000 <= refreshMs;
      if (found === undefined || !isYoung(deps.clock() - found.at) || !isYoung(wall() - found.written)) return;
      const made = await buildCatalogueSlowly(found.facts, name, found.at);
      if (current !== undefined) return;
      current = made;
      written = found.written;
      build ??= { version: found.version, genuine: found.genuine };
    })();
    return loading;
  }

  function refresh(signal?: AbortSignal): Promise<void> {
    if (refreshing === undefined) {
      const stop = new AbortController();
      const done = readAgain(stop.signal).finally(() => {
        refreshing = undefined;
      });
      refreshing = { done, stop };
    }
    return untilAborted(refreshing.done, signal);
  }

  async function refreshForever(): Promise<void> {
    let failed = false;
    await refresh().catch((error: unknown) => {
      failed = true;
      if (running) deps.log?.("warn", "catalogue not refreshed", { source: name, reason: String(error) });
    });
    if (!running) return;
    const waitMs = failed && current === undefined ? Math.min(refreshMs, RETRY_FIRST_REFRESH_MS) : refreshMs;
    timer = setTimeout(() => void refreshForever(), waitMs).unref();
  }

  return {
    name,
    environment: settings.environment,
    cluster: settings.cluster,
    instant,
    range,
    check,
    refresh,
    firing: async (signal) => {
      const { readFiring } = await import("./firing.ts");
      return readFiring({
        ask: (api) => ask(api, api === "firing" ? [["type", "alert"]] : [], signal),
        linkTo: (promql) => linkTo(settings.externalUrl, promql, { start: deps.clock(), end: deps.clock(), step: 0 }),
        ...{ service, environment: settings.environment, always: settings.alerts === true },
      });
    },
    alerts: async (signal) => readAlerts(await ask("alerts", [], signal), service),
    rules: async (signal) => readRules(await ask("rules", [], signal), service),
    targets: async (signal) => readTargets(await ask("targets", [["state", "active"]], signal), service),
    catalogue: async (signal) => {
      if (current === undefined) await loadSnapshot();
      if (current === undefined) await refresh(signal);
      return current!;
    },
    mayLackNew: async () => {
      if (current === undefined) await loadSnapshot();
      return written !== undefined && settings.snapshots!.wall() - written > NEW_SECONDS;
    },
    linkTo: (promql, window) => linkTo(settings.externalUrl, promql, window),
    start: () => {
      if (running) return;
      running = true;
      void refreshForever();
    },
    stop: async () => {
      running = false;
      clearTimeout(timer);
      refreshing?.stop.abort(new Error("stopping"));
      await refreshing?.done.catch(() => undefined);
      await keeping;
      http.close();
    },
  };
}

/** Versions that know `limit`: prometheus/prometheus pull requests 13396 (2.51) and 15552 (3.2). */
const SERIES_LIMIT_SINCE = [2, 51] as const;
const QUERY_LIMIT_SINCE = [3, 2] as const;

function knowsLimit(
  build: { version: string; genuine: boolean } | undefined,
  [major, minor]: readonly [number, number],
): boolean {
  const version = /^v?(\d+)\.(\d+)/.exec(build?.version ?? "");
  if (build?.genuine !== true || version === null) return false;
  const [has, hasMinor] = [Number(version[1]), Number(version[2])];
  return has > major || (has === major && hasMinor >= minor);
}

/** Unix seconds with milliseconds, which is as fine as Prometheus stores. */
function sayTime(at: number): string {
  return String(Math.round(at * 1000) / 1000);
}

function sayWindow({ start, end }: { start: number; end: number }): readonly (readonly [string, string])[] {
  return [
    ["start", sayTime(start)],
    ["end", sayTime(end)],
  ];
}

/** The graph page, in UTC. An instant query opens as a table. */
function linkTo(externalUrl: string | undefined, promql: string, { start, end, step }: TimeWindow): string | undefined {
  if (externalUrl === undefined) return undefined;
  const isInstant = start === end;
  const endInput = new Date(end * 1000).toISOString().slice(0, 19).replace("T", " ");
  const params = new URLSearchParams({
    "g0.expr": promql,
    "g0.tab": isInstant ? "1" : "0",
    "g0.range_input": `${isInstant ? 3600 : Math.max(1, Math.round(end - start))}s`,
    "g0.end_input": endInput,
    "g0.moment_input": endInput,
  });
  if (step > 0) params.set("g0.step_input", String(step));
  return `${externalUrl.replace(/\/+$/, "")}/graph?${params}`;
}
