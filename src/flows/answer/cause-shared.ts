import { autoConcept } from "../../core/auto-concept.ts";
import type { Contrast } from "../../core/cause/contrast.ts";
import { drillDown } from "../../core/cause/contrast.ts";
import { type Bound, groupBy } from "../../core/concept.ts";
import { seriesKey } from "../../core/series.ts";
import { inertName } from "../../util/inert.ts";
import { against, type Explanation, figureOf, type Search, times } from "./cause-explain.ts";
import { nameInMetric, nearness } from "./cause-focus.ts";
import { daily, type Family, familyOf, promqlOf } from "./cause-signals.ts";
import { rowsOf, say } from "./rows.ts";

/** What is looked at besides the thing itself, how plausibly it explains each kind of trouble, and whether from afar. */
type Signal = {
  readonly id: string;
  readonly prior: Partial<Record<Family, number>>;
  readonly shared: number;
  readonly by?: readonly string[];
};

const SIGNALS: readonly Signal[] = [
  {
    id: "pg.connections",
    by: ["instance", "datname", "state"],
    shared: 0.8,
    prior: { latency: 0.75, errors: 0.65, connections: 0.9, disk: 0.1, crash: 0.2, replication: 0.4 },
  },
  { id: "pg.longest_tx", shared: 0.8, prior: { latency: 0.7, errors: 0.6, connections: 0.8, replication: 0.5 } },
  { id: "pg.deadlocks", shared: 0.7, prior: { latency: 0.55, errors: 0.6, connections: 0.5 } },
  { id: "pg.rollbacks", shared: 0.6, prior: { latency: 0.4, errors: 0.5, connections: 0.5 } },
  { id: "pg.replication_lag", shared: 0.6, prior: { latency: 0.5, errors: 0.4, disk: 0.4 } },
  { id: "pg.slots", shared: 0.6, prior: { disk: 1, replication: 0.9 } },
  { id: "pg.wal", shared: 0.5, prior: { replication: 0.5 } },
  { id: "redis.hit_ratio", shared: 0.9, prior: { latency: 0.95, cpu: 0.4, connections: 0.4, errors: 0.4 } },
  { id: "redis.keys", shared: 0.8, prior: { cache: 1, latency: 0.5 } },
  { id: "redis.memory", shared: 0.8, prior: { cache: 0.85, latency: 0.3 } },
  { id: "redis.evictions", shared: 0.8, prior: { cache: 0.9, latency: 0.5 } },
  { id: "queue.consumers", shared: 0.4, prior: { queue: 1, errors: 0.3, other: 0.4 } },
  { id: "queue.publish", shared: 0, prior: { queue: 0.8 } },
  { id: "queue.ack", shared: 0, prior: { queue: 0.7 } },
  { id: "queue.depth", shared: 0.4, prior: { latency: 0.4, errors: 0.3, disk: 0.4, other: 0.4 } },
  { id: "probe.up", shared: 0.9, prior: { traffic: 1, errors: 0.6, latency: 0.4, logins: 0.3, other: 0.5 } },
  {
    id: "target.up",
    shared: 0.8,
    prior: {
      ci: 0.95,
      probe: 0.7,
      traffic: 0.4,
      queue: 0.5,
      latency: 0.4,
      errors: 0.5,
      crash: 0.4,
      pending: 0.4,
      other: 0.4,
    },
  },
  {
    id: "host.cpu",
    shared: 0.2,
    prior: { latency: 0.8, errors: 0.6, replication: 0.5, connections: 0.4, ci: 0.4, crash: 0.3 },
  },
  { id: "host.memory", shared: 0.1, prior: { latency: 0.5, crash: 0.6, memory: 0.5, pending: 0.5 } },
  { id: "host.disk_busy", shared: 0.3, prior: { latency: 0.5, replication: 0.7, connections: 0.3, disk: 0.3 } },
  { id: "host.disk_write", shared: 0.2, prior: { replication: 0.5, disk: 0.5 } },
  { id: "pod.throttling", shared: 0.1, prior: { latency: 0.85, errors: 0.6, cpu: 0.5, queue: 0.6 } },
  {
    id: "pod.waiting",
    shared: 0.75,
    prior: { errors: 0.9, latency: 0.6, queue: 0.85, traffic: 0.4, crash: 0.75, logins: 0.5, other: 0.5, ci: 0.3 },
  },
  { id: "pod.terminated", shared: 0, prior: { memory: 0.8, crash: 0.7, errors: 0.5 } },
  { id: "node.unschedulable", shared: 1, prior: { pending: 1, crash: 0.3 } },
  { id: "node.not_ready", shared: 0.7, prior: { pending: 0.9, crash: 0.6, errors: 0.5 } },
  { id: "deployment.unavailable", shared: 0.3, prior: { errors: 0.6, latency: 0.5, queue: 0.6, traffic: 0.4 } },
  { id: "hpa.usage", shared: 0.1, prior: { latency: 0.5, errors: 0.3, cpu: 0.4 } },
  {
    id: "service.errors",
    shared: 0.45,
    prior: { errors: 0.6, latency: 0.5, traffic: 0.5, queue: 0.5, logins: 0.4, connections: 0.3 },
  },
  { id: "service.latency", shared: 0.4, prior: { latency: 0.5, errors: 0.5, connections: 0.5, queue: 0.3 } },
  { id: "service.requests", shared: 0.1, prior: { latency: 0.6, errors: 0.4, cpu: 0.5, connections: 0.5, cache: 0.3 } },
  { id: "ci.status", shared: 0.3, prior: { ci: 0.6 } },
  { id: "ci.runners", shared: 0.6, prior: { ci: 0.4 } },
];

const STRONG_ENOUGH = 0.12;

/** Databases, caches, queues, probes, hosts: whatever moved, by how near it is to the thing in question. */
export async function sharedExplanations(
  search: Search,
): Promise<{ readonly found: readonly Explanation[]; readonly looked: number; readonly failed: number }> {
  const { turn, focus, symptom, at } = search;
  let looked = 0;
  let failed = 0;
  const lists = await Promise.all(
    SIGNALS.map(async (signal): Promise<Explanation[]> => {
      const prior = signal.prior[symptom.family] ?? 0;
      const bound = turn.index.byId.get(signal.id);
      if (bound === undefined || prior === 0) return [];
      const by = signal.by === undefined ? groupBy(bound) : signal.by.filter((label) => bound.metric.labels.has(label));
      const promql = promqlOf(bound, [], by);
      const found = await daily(turn, bound, promql, at);
      if (found === undefined) {
        failed += 1;
        return [];
      }
      looked += 1;
      const rows = rowsOf(
        {
          ...bound,
          concept: { ...bound.concept, rows: [...bound.concept.rows, ...(signal.by === undefined ? [] : ["state"])] },
        },
        found.map((one) => ({ labels: one.labels, at, value: one.after })),
      ).rows;
      return found.flatMap((one, index): Explanation[] => {
        const name = rows[index]?.name ?? "";
        const same =
          bound.concept.id === symptom.bound.concept.id && seriesKey(one.labels) === seriesKey(symptom.labels);
        const near = Math.max(nearness(focus, one.labels), signal.shared);
        if (same || near === 0 || !worse(bound, one)) return [];
        const isState = bound.concept.unit === "bool" || bound.concept.shows !== undefined;
        // Losing any consumer matters, however many there were.
        const strength = isState
          ? 1
          : signal.id === "queue.consumers" && one.after < one.before
            ? Math.max(0.8, one.strength)
            : one.strength;
        if (strength < STRONG_ENOUGH) return [];
        return [
          {
            kind: `${signal.id} ${name}`,
            chain: signal.id === "pg.slots" || signal.id === "node.unschedulable" ? "event" : "state",
            line: lineOf(bound, name, one),
            prior: prior * near,
            strength,
            since: undefined,
            track: { promql, labels: one.labels, before: isState ? (one.after === 0 ? 1 : 0) : one.before },
            values: [figureOf(bound, name, one.labels, one.after, at)],
          },
        ];
      });
    }),
  );
  return { found: lists.flat(), looked, failed };
}

function worse(bound: Bound, one: Contrast): boolean {
  const { concept } = bound;
  if (concept.shows !== undefined) return one.after === 1;
  if (concept.unit === "bool")
    return concept.id === "node.unschedulable"
      ? one.after === 1
      : concept.worse === "up"
        ? one.after === 1
        : one.after === 0;
  if (concept.worse === "up") return one.up;
  if (concept.worse === "down") return !one.up;
  return concept.id === "queue.ack" || concept.id === "redis.keys" || concept.id === "redis.memory"
    ? !one.up
    : concept.id === "ci.runners"
      ? !one.up
      : one.up;
}

function lineOf(bound: Bound, name: string, one: Contrast): string {
  const { concept } = bound;
  if (concept.shows !== undefined) {
    const reason = inertName(one.labels[concept.shows] ?? "");
    return concept.id === "pod.terminated" ? `${name} was last ended by ${reason}` : `${name} is in ${reason}`;
  }
  if (concept.id === "node.unschedulable") return `node ${name} is cordoned (unschedulable), so it takes no new pods`;
  if (concept.id === "pg.slots")
    return `the replication slot ${name} is inactive, so PostgreSQL keeps its write-ahead log`;
  if (concept.id === "target.up") return `${name} does not answer scrapes (target down)`;
  if (concept.id === "probe.up") return `the probe of ${name} fails: the site does not answer from outside`;
  if (concept.unit === "bool") return `${concept.name} of ${name} is ${say(bound, one.after)}`;
  if (concept.id === "redis.keys" && one.after < one.before)
    return `the cache lost keys, as after a flush or a restart: ${against(bound, one.after, one.before)}`;
  const label = concept.id === "service.latency" ? "p95 latency" : concept.name;
  return `${label}${name === "" ? "" : ` of ${name}`}: ${against(bound, one.after, one.before)}${times(one.after, one.before)}`;
}

/** Metrics looked at because they carry the thing's name or its label; each with every label it has. */
const MOST_RELATED = 14;
const INFRASTRUCTURE =
  /^(?:kube_|container_|node_|up$|ALERTS|go_|process_|pg_|redis_|rabbitmq_|probe_|scrape_|prometheus_|kubelet_)|_info$|timestamp|_bucket$/;

/** The thing's own metrics beyond the packs (`payments_gateway_errors_total`): which moved, and which label value carries it. */
export async function relatedExplanations({ turn, focus, symptom, at }: Search): Promise<readonly Explanation[]> {
  const packed = new Set(
    turn.index.bound
      .filter(({ bound }) => /^(?:service|slo)\./.test(bound.concept.id))
      .flatMap(({ bound }) => bound.metrics.map((metric) => metric.name)),
  );
  const related = [...turn.catalogue.metrics.values()]
    .filter(
      (metric) =>
        !INFRASTRUCTURE.test(metric.name) &&
        !packed.has(metric.name) &&
        metric.name !== symptom.bound.metric.name &&
        metric.type !== "histogram",
    )
    .map((metric) => ({
      metric,
      near: nameInMetric(focus, metric.name) ? 1 : FAMILY_WORDS[symptom.family]?.test(metric.name) ? 0.6 : 0,
    }))
    .filter((one) => one.near > 0)
    .sort(
      (a, b) =>
        b.near - a.near ||
        Number(/error|fail|latency|duration/.test(b.metric.name)) -
          Number(/error|fail|latency|duration/.test(a.metric.name)),
    )
    .slice(0, MOST_RELATED);
  const lists = await Promise.all(
    related.map(async ({ metric, near }): Promise<Explanation[]> => {
      const bound = autoConcept(metric);
      const by = [...metric.labels.keys()].filter(
        (label) => !["job", "instance", "pod", "environment", "env", "__name__"].includes(label),
      );
      const promql = promqlOf(bound, [], by);
      const found = await daily(turn, bound, promql, at);
      if (found === undefined || found.length === 0) return [];
      const about = familyOf(bound.concept.id);
      const prior =
        near *
        (about === "errors" || about === "latency" ? 0.9 : 0.6) *
        (symptom.family === "cert" ||
        symptom.family === "disk" ||
        symptom.family === "pending" ||
        symptom.family === "probe"
          ? 0.2
          : 1);
      const best = [...found].sort((a, b) => b.strength - a.strength)[0];
      const drill = drillDown(found);
      if (best === undefined || best.strength < 0.3) return [];
      const where = drill === undefined ? sayLabels(best) : `${drill.label} ${inertName(drill.value)}`;
      const chosen =
        drill === undefined
          ? best
          : (found
              .filter((one) => one.labels[drill.label] === drill.value)
              .sort((a, b) => b.strength - a.strength)[0] ?? best);
      const also = drill === undefined ? "" : `, ${Math.round(drill.share * 100)} % of the whole change`;
      return [
        {
          kind: `related ${metric.name}`,
          chain: drill !== undefined && about !== "other" ? "event" : "state",
          line: `${bound.concept.name} (\`${metric.name}\`)${where === "" ? "" : ` of ${where}`}: ${against(bound, chosen.after, chosen.before)}${times(chosen.after, chosen.before)}${also}`,
          prior: prior * (drill === undefined ? 0.8 : 1),
          strength: chosen.strength,
          since: undefined,
          track: { promql, labels: chosen.labels, before: chosen.before },
          values: [figureOf(bound, where, chosen.labels, chosen.after, at)],
        },
      ];
    }),
  );
  return lists.flat();
}

const FAMILY_WORDS: Partial<Record<Family, RegExp>> = {
  logins: /login|auth|session/,
  queue: /mail|message|job|sent/,
  traffic: /session|visit|request/,
  cache: /cache/,
};

function sayLabels({ labels }: Contrast): string {
  return Object.entries(labels)
    .filter(([label]) => !["__name__", "job", "instance", "environment", "env"].includes(label))
    .map(([, value]) => inertName(value))
    .join(" ");
}

/** Labels by which the symptom itself is broken down: one route, one region, one reason. */
export async function breakdown({ turn, symptom, at }: Search): Promise<readonly Explanation[]> {
  const { bound, filters } = symptom;
  if (!["errors", "traffic", "logins", "other", "latency", "connections"].includes(symptom.family)) return [];
  const self = bound.names["self"];
  const labels = [...bound.metric.labels]
    .filter(
      ([label, values]) =>
        label !== self &&
        values.length >= 2 &&
        values.length <= 12 &&
        !["le", "instance", "pod", "job", "environment", "env", "quantile", "namespace"].includes(label) &&
        !filters.some((one) => one.label === label),
    )
    .map(([label]) => label)
    .slice(0, 3);
  const lists = await Promise.all(
    labels.map(async (label): Promise<Explanation[]> => {
      if (bound.names["code"] === label) return [];
      const promql = promqlOf(bound, filters, [label]);
      const found = await daily(turn, bound, promql, at);
      const drill = found === undefined ? undefined : drillDown(found);
      const one = found?.find((row) => row.labels[label] === drill?.value);
      if (drill === undefined || one === undefined || one.strength < 0.25) return [];
      return [
        {
          kind: `breakdown ${label}`,
          chain: "event",
          line: `the change is in ${label} ${inertName(drill.value)}: ${against(bound, one.after, one.before)}${times(one.after, one.before)}, ${Math.round(drill.share * 100)} % of it`,
          prior: symptom.family === "logins" ? 0.95 : 0.5,
          strength: one.strength,
          since: undefined,
          track: { promql, labels: one.labels, before: one.before },
          values: [figureOf(bound, drill.value, one.labels, one.after, at)],
        },
      ];
    }),
  );
  return lists.flat();
}
