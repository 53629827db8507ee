import type { MetricType } from "../core/catalogue.ts";
import type { RawFacts, RawLabels } from "./discover.ts";
import type { MetadataEntry } from "./metadata.ts";
import { unitInName } from "./words.ts";

export type FoldedMetric = {
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
  readonly native: boolean;
  readonly labels: RawLabels;
  /** Made by Prometheus itself from rules (`ALERTS`): says nothing about what exists. */
  readonly synthetic: boolean;
};

const TYPES: ReadonlySet<string> = new Set(["counter", "gauge", "histogram", "summary"]);

/**
 * Raw names -> metrics as people count them: `x_bucket`, `x_sum` and `x_count` are one histogram `x`; `x`, `x_sum` and
 * `x_count` one summary. Type, help and unit come from metadata where there is some, else from the name.
 */
export function* foldMetrics({ metrics, metadata }: RawFacts): Generator<void, ReadonlyMap<string, FoldedMetric>> {
  const folded = new Map<string, FoldedMetric>();
  for (const [name, labels] of metrics) {
    yield;
    if (partOf(name, metrics) !== undefined) continue;
    folded.set(name, describe(name, labels, metadata, undefined));
  }
  for (const [name, labels] of metrics) {
    yield;
    if (partOf(name, metrics) !== "bucket") continue;
    const base = name.slice(0, -"_bucket".length);
    const withoutLe = new Map([...labels].filter(([label]) => label !== "le"));
    folded.set(base, describe(base, withoutLe, metadata, "histogram"));
  }
  return folded;
}

/** Which part of a histogram or summary a name is, or undefined when it stands for itself. */
function partOf(name: string, all: RawFacts["metrics"]): "bucket" | "sum" | "count" | undefined {
  if (name.endsWith("_bucket")) return all.get(name)!.has("le") ? "bucket" : undefined;
  const suffix = name.endsWith("_sum") ? "sum" : name.endsWith("_count") ? "count" : undefined;
  if (suffix === undefined) return undefined;
  const base = name.slice(0, -suffix.length - 1);
  const isHistogram = all.get(`${base}_bucket`)?.has("le") === true;
  return isHistogram || all.get(base)?.has("quantile") === true ? suffix : undefined;
}

function describe(
  name: string,
  labels: RawLabels,
  metadata: ReadonlyMap<string, MetadataEntry>,
  seen: MetricType | undefined,
): FoldedMetric {
  // OpenMetrics describes a counter under its name without `_total`.
  const said = metadata.get(name) ?? metadata.get(name.replace(/_total$/, ""));
  const type = seen ?? (labels.has("quantile") ? "summary" : typeOf(name, said?.type));
  return {
    type,
    help: said?.help ?? "",
    unit: said?.unit || unitInName(name),
    native: seen === undefined && type === "histogram",
    labels,
    synthetic: name === "ALERTS" || name === "ALERTS_FOR_STATE",
  };
}

function typeOf(name: string, said: string | undefined): MetricType {
  if (said !== undefined && TYPES.has(said)) return said as MetricType;
  if (said === "gaugehistogram") return "histogram";
  if (said === "info" || said === "stateset") return "gauge";
  if (/_(total|count|sum|bucket)$/.test(name)) return "counter";
  if (/_(info|ratio|percent|celsius|timestamp_seconds|created)$/.test(name)) return "gauge";
  return "unknown";
}
