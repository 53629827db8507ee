import { topOf } from "../core/chat.ts";
import type { Severity, Watch } from "../core/watch.ts";
import { nearest } from "./problem.ts";
import type { ConfigFile } from "./schema.ts";
import type { Deps } from "./sources.ts";
import type { DetectionConfig, RolloutsConfig, SourceConfig } from "./types.ts";
import { parseDuration, show } from "./values.ts";

const EVERY_SECONDS = 60;
const HISTORY_SECONDS = 3 * 86_400;

/** What is watched, when, and where it is posted. What watches name must exist; their queries are looked at at the start. */
export function readDetection(deps: Deps, sources: readonly SourceConfig[]): DetectionConfig {
  const { file, report } = deps;
  const { watches = [], schedules, limits } = file.settings;
  const detect = schedules?.detect;
  const every = seconds(detect?.every) ?? EVERY_SECONDS;
  if (!isEven(every))
    report(
      file.where(["schedules", "detect", "every"]),
      `must divide a minute or an hour into equal parts, such as 10s, 30s, 1m or 5m: it is ${show(detect?.every)}.`,
    );
  const seen = new Set<string>();
  for (const [index, { name }] of watches.entries()) {
    if (seen.has(name))
      report(
        file.where(["watches", index, "name"]),
        `must be a name of its own: ${show(name)} stands twice. Rename one of them.`,
      );
    seen.add(name);
  }
  return {
    enabled: detect?.enabled ?? true,
    automatic: detect?.automatic ?? true,
    everySeconds: every,
    cron: detect?.cron ?? cronOf(every),
    cronWhere: file.where(["schedules", "detect", "cron"]),
    historySeconds: seconds(detect?.history) ?? HISTORY_SECONDS,
    series: limits?.watched_series ?? 1000,
    seriesPerWatch: limits?.series_per_watch ?? 200,
    forest:
      detect?.forest?.enabled === false
        ? undefined
        : { trees: detect?.forest?.trees ?? 100, contamination: detect?.forest?.contamination ?? 0.01 },
    routes: (detect?.post ?? []).flatMap((route, index) => {
      const place = readPlace(deps, ["schedules", "detect", "post", index], route);
      return place === undefined ? [] : [{ place, least: route.severity ?? ("warning" as Severity) }];
    }),
    incidents: detect?.incidents === "never" ? undefined : (detect?.incidents ?? "warning"),
    watches: watches.map((watch, index) => readWatch(deps, sources, watch, index)),
  };
}

/** Whether deployments are compared, and where that is posted. */
export function readRollouts(deps: Deps): RolloutsConfig {
  const written = deps.file.settings.schedules?.rollouts;
  return {
    enabled: written?.enabled ?? true,
    places: (written?.post ?? []).flatMap(
      (place, index) => readPlace(deps, ["schedules", "rollouts", "post", index], place) ?? [],
    ),
  };
}

type WatchEntry = NonNullable<ConfigFile["watches"]>[number];

function readWatch(
  deps: Deps,
  sources: readonly SourceConfig[],
  watch: WatchEntry,
  index: number,
): DetectionConfig["watches"][number] {
  const { file, report } = deps;
  const at = ["watches", index] as const;
  if (watch.fold !== undefined && watch.by === undefined)
    report(
      file.where([...at, "fold"]),
      "must come together with by, which is not there. Name the labels, or take it away.",
    );
  if (watch.source !== undefined && watch.environment !== undefined)
    report(
      file.where([...at, "environment"]),
      "must not come together with source: each names what is asked. Take one away.",
    );
  const source = readSource(deps, sources, watch, index);
  const post = watch.post?.flatMap((one, n) => readPlace(deps, [...at, "post", n], one) ?? []);
  const { about, by, unit } = watch;
  return {
    id: watch.name,
    name: about ?? watch.name,
    source,
    promql: folded(watch),
    ...(by !== undefined && { by }),
    ...(unit !== undefined && { unit }),
    direction: watch.direction ?? "both",
    sensitivity: watch.sensitivity ?? "normal",
    most: watch.severity ?? "critical",
    origin: "file",
    rank: index,
    ...(post !== undefined && { post }),
    where: file.where([...at, "promql"]),
  };
}

/** The query as it is sent: series that agree in the labels of `by` are one. */
function folded({ promql, by, fold }: WatchEntry): string {
  return by === undefined ? promql : `${fold ?? "sum"} by (${by.join(", ")}) (${promql})`;
}

/** Name of the source that a watch asks; empty where there is none at all. */
function readSource(
  { file, report }: Deps,
  sources: readonly SourceConfig[],
  { source, environment }: WatchEntry,
  index: number,
): string {
  const first = sources.find((one) => one.default)?.name ?? "";
  if (source !== undefined) {
    if (sources.some(({ name }) => name === source)) return source;
    refuseUnknown(
      "source",
      source,
      sources.map(({ name }) => name),
    );
  }
  if (environment !== undefined) {
    const found = sources.find((one) => one.environment === environment);
    if (found !== undefined) return found.name;
    refuseUnknown(
      "environment",
      environment,
      sources.flatMap((one) => one.environment ?? []),
    );
  }
  return first;

  function refuseUnknown(key: "source" | "environment", name: string, known: readonly string[]): void {
    const meant = nearest(name, known);
    const list = known.length === 0 ? "none is configured" : `known are ${[...new Set(known)].join(", ")}`;
    const cure = meant === undefined ? list : `did you mean ${meant}?`;
    report(
      file.where(["watches", index, key]),
      `must name ${key === "source" ? "a source" : "an environment of a source"}: it is ${show(name)}, and ${cure}.`,
    );
  }
}

/** One platform's conversation: exactly one of them has to be named. */
function readPlace(
  { file, report }: Deps,
  at: readonly PropertyKey[],
  { slack, teams }: { readonly slack?: string | undefined; readonly teams?: string | undefined },
): NonNullable<Watch["post"]>[number] | undefined {
  const found = [
    ...(slack === undefined ? [] : [topOf("slack", slack)]),
    ...(teams === undefined ? [] : [topOf("teams", teams)]),
  ];
  if (found.length === 1) return found[0];
  report(file.where(at), "must name one conversation, as slack or as teams. Write one entry for each.");
  return undefined;
}

/** Divides a minute or an hour, so that rounds keep the same distance. */
function isEven(every: number): boolean {
  return every < 60 ? 60 % every === 0 : every % 60 === 0 && 3600 % every === 0;
}

/** Every so many seconds as cron has it, with a field of seconds where needed. */
function cronOf(every: number): string {
  if (every < 60) return `*/${every} * * * * *`;
  if (every >= 3600) return "0 * * * *";
  return every === 60 ? "* * * * *" : `*/${every / 60} * * * *`;
}

function seconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseDuration(text) ?? 0) / 1000;
}
