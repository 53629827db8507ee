import type { Catalogue } from "../../../src/core/catalogue.ts";
import type { Concept, ConceptPacks } from "../../../src/core/concept.ts";
import type { Context, Memory } from "../../../src/core/language/understand.ts";
import { catalogueOf, type FakeSeries } from "../../fakes/metrics.ts";

/** 2026-06-03 14:30:00 UTC, a Wednesday. */
export const NOW = Date.UTC(2026, 5, 3, 14, 30) / 1000;

function series(metric: string, ...labels: readonly Readonly<Record<string, string>>[]): FakeSeries[] {
  return labels.map((own) => ({ metric, labels: own, value: 1 }));
}

const SERVICES = ["granary", "bakehouse", "flour-orders", "sluice"];

/** A paper mill's neighbour: services, machines, queues and two metrics that no pack knows. */
export const MILL: Catalogue = catalogueOf("mill", {
  types: {
    mill_requests_total: "counter",
    mill_request_seconds: "histogram",
    sacks_filled_total: "counter",
    water_level_meters: "gauge",
  },
  helps: { water_level_meters: "Depth of the mill pond.", sacks_filled_total: "Sacks of flour filled." },
  series: [
    ...series("mill_requests_total", ...SERVICES.map((service) => ({ service, code: "200", region: "us" }))),
    ...series("mill_request_seconds", ...SERVICES.map((service) => ({ service }))),
    ...series(
      "mill_cpu_ratio",
      ...["stone-1", "stone-2", "wheel-7"].map((host) => ({ instance: `${host}:9100`, job: "node" })),
    ),
    ...series(
      "mill_memory_ratio",
      ...["stone-1", "stone-2", "wheel-7"].map((host) => ({ instance: `${host}:9100`, job: "node" })),
    ),
    ...series("queue_sacks", { queue: "rye_sacks" }, { queue: "oat_sacks" }),
    ...series("kube_pod_ready", { pod: "bakehouse-7d9f8c6b5-x2x9z", namespace: "ovens" }),
    ...series("water_level_meters", { pond: "upper" }, { pond: "lower" }),
    ...series("sacks_filled_total", { grain: "rye" }, { grain: "oat" }),
    ...series("job_state", { job_name: "sweep", state: "failed" }, { job_name: "sweep", state: "active" }),
  ],
});

function concept(
  more: Partial<Concept> & Pick<Concept, "id" | "name" | "says" | "metrics" | "promql" | "unit">,
): Concept {
  return {
    about: "",
    narrows: [],
    labels: {},
    noun: "",
    worse: "up",
    intent: "golden_signal",
    rows: [],
    fold: "none",
    ...more,
  };
}

const ofService = { about: "service", labels: { self: ["service"] } };
const ofHost = { about: "host", labels: { self: ["instance"] }, intent: "resource_usage" };

export const PACKS: ConceptPacks = {
  concepts: [
    concept({
      ...ofService,
      id: "service.requests",
      name: "request rate",
      says: ["request", "request rate", "traffic"],
      metrics: { requests: ["mill_requests_total"] },
      promql: "sum by ($by) (rate($requests{$match}[$window]))",
      count: "sum by ($by) (increase($requests{$match}[$window]))",
      unit: "per_s",
    }),
    concept({
      ...ofService,
      id: "service.errors",
      name: "error rate",
      says: ["error rate", "error"],
      metrics: { requests: ["mill_requests_total"] },
      promql: 'sum by ($by) (rate($requests{code=~"5..",$match}[$window]))',
      unit: "ratio",
    }),
    concept({
      ...ofService,
      id: "service.latency",
      name: "latency",
      says: ["latency", "slow", "response time"],
      metrics: { duration: ["mill_request_seconds"] },
      promql: "histogram_quantile($quantile, sum by (le, $by) (rate(${duration}_bucket{$match}[$window])))",
      unit: "seconds",
    }),
    concept({
      ...ofHost,
      id: "host.cpu",
      name: "CPU usage",
      says: ["cpu", "cpu usage"],
      metrics: { cpu: ["mill_cpu_ratio"] },
      promql: "$cpu{$match}",
      unit: "ratio",
    }),
    concept({
      ...ofHost,
      id: "host.memory",
      name: "memory usage",
      says: ["memory", "memory usage"],
      metrics: { memory: ["mill_memory_ratio"] },
      promql: "$memory{$match}",
      unit: "ratio",
    }),
    concept({
      id: "queue.depth",
      name: "queue depth",
      says: ["queue depth", "message", "queue length"],
      about: "queue",
      labels: { self: ["queue"] },
      metrics: { depth: ["queue_sacks"] },
      promql: "$depth{$match}",
      unit: "count",
      intent: "metric_query",
    }),
    concept({
      id: "job.failed",
      name: "failed jobs",
      says: ["failed job", "job failed"],
      about: "job",
      labels: { self: ["job_name"] },
      metrics: { state: ["job_state"] },
      promql: '$state{state="failed",$match}',
      unit: "bool",
      intent: "metric_query",
    }),
    concept({
      id: "nowhere",
      name: "nothing",
      says: ["unobtainable"],
      metrics: { none: ["no_such_metric"] },
      promql: "$none",
      unit: "none",
    }),
  ],
};

export function context(more: Partial<Context> = {}): Context {
  return {
    catalogue: MILL,
    packs: PACKS,
    now: NOW,
    zone: "UTC",
    memory: undefined,
    lessons: new Map(),
    alertNames: new Set(["stonejammed"]),
    ...more,
  };
}

export function memory(more: Partial<Memory> = {}): Memory {
  return {
    intent: "resource_usage",
    text: "cpu of stone-1",
    names: ["stone-1"],
    subject: "host.cpu",
    words: ["cpu"],
    quantile: undefined,
    answered: ["stone-1"],
    ...more,
  };
}
