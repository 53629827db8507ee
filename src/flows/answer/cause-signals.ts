import { type Contrast, contrasts } from "../../core/cause/contrast.ts";
import { type Bound, type Filter, groupBy, queryFor } from "../../core/concept.ts";
import { type Labels, type Point, seriesKey } from "../../core/series.ts";
import type { Unit } from "../../core/units.ts";
import type { Turn } from "./turn.ts";

const DAY = 86_400;
/** Earlier days a value is compared with: each day at the same time. */
const DAYS_BACK = 13;

/** What kind of trouble a "why" asks about. Decides which explanations are plausible. */
export type Family =
  | "latency"
  | "errors"
  | "traffic"
  | "cpu"
  | "memory"
  | "crash"
  | "pending"
  | "disk"
  | "queue"
  | "ci"
  | "probe"
  | "cert"
  | "replication"
  | "connections"
  | "cache"
  | "logins"
  | "other";

const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/latency|duration$|in_flight/, "latency"],
  [/^service\..*error|^slo\./, "errors"],
  [/^service\.requests/, "traffic"],
  [/^(?:host|pod)\.cpu|load|throttling/, "cpu"],
  [/disk|inodes|volume|pg\.(?:wal|size)$/, "disk"],
  [/memory|swap/, "memory"],
  [/restarts|waiting|terminated|unavailable|deployment\.available/, "crash"],
  [/pending|unschedulable|not_ready/, "pending"],
  [/^queue\./, "queue"],
  [/^ci\./, "ci"],
  [/^probe\.|^target\./, "probe"],
  [/^cert\./, "cert"],
  [/replication|slots/, "replication"],
  [/^pg\.(?:conn|longest|dead|rollb|tps)/, "connections"],
  [/^redis\.|cache/, "cache"],
  [/login|access\./, "logins"],
];

/** The family of a concept, by its id; a metric without a concept by the words of its name. */
export function familyOf(id: string): Family {
  if (id.startsWith("ci.")) return "ci";
  if (id.startsWith("probe.")) return "probe";
  if (id.startsWith("metric:"))
    return /error|fail/.test(id) ? "errors" : /latency|duration/.test(id) ? "latency" : "other";
  return FAMILIES.find(([pattern]) => pattern.test(id))?.[1] ?? "other";
}

/** The query of a concept, one series per thing. */
export function promqlOf(
  bound: Bound,
  filters: readonly Filter[] = [],
  by: readonly string[] = groupBy(bound),
): string {
  return queryFor(bound, { filters, by, window: bound.concept.window ?? "5m", quantile: 0.95, form: "rate" });
}

/** Changes below this size never count, in each unit. */
export function floorOf(bound: Bound): number {
  if (/consumers|replicas|available|runners/.test(bound.concept.id)) return 0.2;
  const floors: Partial<Record<Unit, number>> = {
    ratio: 0.003,
    seconds: 0.02,
    milliseconds: 20,
    per_s: 0.03,
    count: 3,
    bytes: 64 * 2 ** 20,
    "bytes/s": 1e5,
    bool: 0.02,
    cores: 0.02,
    money: 100,
  };
  return floors[bound.concept.unit] ?? 0.5;
}

/** Each series of a query at `at` against the same time on earlier days. Undefined when it could not be asked. */
export async function daily(turn: Turn, bound: Bound, promql: string, at: number): Promise<Contrast[] | undefined> {
  const answer = await turn.ask.range(
    promql,
    { start: at - DAYS_BACK * DAY, end: at, step: DAY },
    { background: true },
  );
  if (!answer.ok) return undefined;
  return contrasts(
    answer.data,
    at,
    floorOf(bound),
    bound.concept.unit === "ratio" && bound.concept.worse === "down" ? "complement" : "plain",
  );
}

/** The series with exactly these labels out of a range query; sends each query once per window. */
export function history(
  turn: Turn,
): (promql: string, labels: Labels, start: number, end: number, shown?: boolean) => Promise<readonly Point[]> {
  const sent = new Map<string, ReturnType<Turn["ask"]["range"]>>();
  return async (promql, labels, start, end, shown = false) => {
    const step = stepFor(end - start);
    const first = end - Math.floor((end - start) / step) * step;
    const key = `${first} ${end} ${promql}`;
    const answer = await (sent.get(key) ??
      remember(sent, key, turn.ask.range(promql, { start: first, end, step }, { background: !shown })));
    if (!answer.ok) return [];
    const wanted = seriesKey(labels);
    return answer.data.find((one) => seriesKey(one.labels) === wanted)?.points ?? [];
  };
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}

/** About 200 points: 5 minutes for a day, an hour for a week or two. */
export function stepFor(seconds: number): number {
  const raw = seconds / 300;
  return raw <= 120 ? 120 : raw <= 300 ? 300 : raw <= 900 ? 600 : raw <= 1800 ? 1800 : 3600;
}
