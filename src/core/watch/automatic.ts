import { type Bound, type Concept, groupBy, stateQuery } from "../concept.ts";
import type { ConceptIndex } from "../language/subject.ts";
import type { Direction, Watch } from "../watch.ts";

/**
 * The order in which concepts matter when something breaks: what users feel first (latency, errors, traffic: the golden signals of Beyer et al.,
 * "Site Reliability Engineering", 2016, chapter 6), then what runs full, then the rest.
 */
const FIRST: readonly string[] = [
  "service.latency",
  "service.errors",
  "service.grpc_errors",
  "service.requests",
  "queue.depth",
  "pg.connections_ratio",
  "host.cpu",
  "host.memory",
  "pod.memory_of_limit",
  "pod.cpu_of_limit",
  "pod.throttling",
  "redis.memory_ratio",
  "host.disk_busy",
  "host.iowait",
  "pg.replication_lag",
  "pg.longest_tx",
  "pg.connections",
  "redis.hit_ratio",
  "pod.restarts",
  "access.login_failures",
  "access.denied",
  "service.client_errors",
  "service.in_flight",
  "host.net_in",
  "host.net_out",
  "pg.tps",
  "pg.rollback_ratio",
  "pg.cache_hit",
  "redis.evictions",
  "queue.publish",
  "queue.ack",
  "probe.duration",
  "ci.duration",
  "ci.failure_rate",
];

/** Said by another of these already, only ever growing, a limit and no measure, or about days and not minutes. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "service.error_count",
  "service.latency_avg",
  "host.memory_free",
  "host.memory_used",
  "host.memory_total",
  "host.disk",
  "host.disk_free",
  "host.disk_used",
  "host.disk_size",
  "host.inodes",
  "host.network",
  "host.load",
  "host.load5",
  "host.cpu_mode",
  "host.cpu_count",
  "host.uptime",
  "redis.miss_ratio",
  "redis.memory",
  "pg.rollbacks",
  "pg.size",
  "pg.wal",
  "pg.max_connections",
  "pod.memory",
  "pod.cpu",
  "pod.count",
  "pod.info",
  "volume.usage",
  "volume.used",
  "volume.free",
  "volume.capacity",
  "cert.expiry",
  "cronjob.last_success",
  "deployment.unavailable",
  "deployment.replicas",
  "target.availability",
  "probe.availability",
  "probe.flaps",
  "ci.success_rate",
  "ci.runs",
  "ci.failures",
  "ci.queued",
  "ci.runners",
  "ci.runners_free",
  "ci.runners_total",
]);

/** What never is a series whose values have a usual range. */
const NO_SERIES: ReadonlySet<string> = new Set(["bool", "timestamp", "none", "money"]);

/** Watches for every concept that exists here and whose values have a usual range, those that matter most first. */
export function automaticWatches(index: ConceptIndex, source: string): readonly Watch[] {
  return index.bound
    .map(({ bound }) => bound)
    .filter(({ concept }) => isWatchable(concept))
    .map((bound) => ({ bound, rank: rankOf(bound.concept) }))
    .sort((a, b) => a.rank - b.rank || a.bound.concept.id.localeCompare(b.bound.concept.id))
    .map(({ bound, rank }) => watchOf(bound, rank, source));
}

function isWatchable(concept: Concept): boolean {
  if (FIRST.includes(concept.id)) return true;
  if (LEFT_OUT.has(concept.id) || NO_SERIES.has(concept.unit) || concept.shows !== undefined) return false;
  if (concept.intent === "deploy_status" || concept.intent === "slo" || concept.intent === "cert_expiry") return false;
  // Limits and sizes that somebody set: a change of them is no anomaly.
  return concept.intent !== "capacity" || concept.worse !== "none";
}

/** Those with a place of their own, then what is golden, then what somebody drew a limit for, then the rest. */
function rankOf({ id, intent, warn }: Concept): number {
  const own = FIRST.indexOf(id);
  if (own >= 0) return own;
  return FIRST.length + (intent === "golden_signal" ? 0 : warn !== undefined ? 1 : 2);
}

const DIRECTIONS: Readonly<Record<Concept["worse"], Direction>> = { up: "up", down: "down", none: "both" };

function watchOf(bound: Bound, rank: number, source: string): Watch {
  const { concept } = bound;
  const by = groupBy(bound);
  return {
    id: concept.id,
    name: concept.id === "service.latency" ? "p95 latency" : concept.name,
    source,
    promql: stateQuery(bound, []),
    by,
    unit: concept.unit,
    ...(concept.noun !== "" && { noun: concept.noun }),
    direction: DIRECTIONS[concept.worse],
    sensitivity: "low",
    most: "critical",
    origin: "automatic",
    rank,
    concept: concept.id,
    ...(concept.warn !== undefined && { warn: concept.warn }),
    ...(concept.critical !== undefined && { critical: concept.critical }),
  };
}
