import type { Value } from "../../core/answer.ts";
import type { Bound } from "../../core/concept.ts";
import { SILENT, shortName } from "../../core/names.ts";
import { type Labels, type Sample, seriesKey } from "../../core/series.ts";
import { formatValue } from "../../core/units.ts";
import { inertName } from "../../util/inert.ts";

/** One line of an answer: what it is about, and its number. Rows of two queries about one thing have the same `key`. */
export type Row = {
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly at: number;
};

/**
 * Rows with a name each; what two of them share by name is told apart by namespace or by the labels they differ in. NaN
 * and infinite values (0/0, an empty histogram) are kept apart: they are not numbers.
 */
export function rowsOf(bound: Bound, samples: readonly Sample[]): { readonly rows: Row[]; readonly notNumbers: Row[] } {
  const varying = varyingLabels(samples);
  const rows: Row[] = [];
  const notNumbers: Row[] = [];
  const names = distinct(samples.map(({ labels }) => ({ name: nameOf(bound, labels, varying), labels })));
  for (const [i, sample] of samples.entries()) {
    const row = {
      key: seriesKey(sample.labels),
      name: names[i]!,
      labels: sample.labels,
      value: sample.value,
      at: sample.at,
    };
    if (Number.isFinite(sample.value)) rows.push(row);
    else notNumbers.push(row);
  }
  return { rows, notNumbers };
}

/** "checkout in eu" and "checkout in us" instead of two that are called checkout. */
function distinct(named: readonly { readonly name: string; readonly labels: Labels }[]): string[] {
  const groups = Map.groupBy(named, ({ name }) => name);
  const apart = new Map<string, (labels: Labels) => string>();
  for (const [name, group] of groups)
    if (group.length > 1) apart.set(name, tellApart(group.map(({ labels }) => labels)));
  return named.map(({ name, labels }) => `${name}${apart.get(name)?.(labels) ?? ""}`.trim());
}

/** What tells each of several things of one name from the others: its namespace where that is enough. */
function tellApart(all: readonly Labels[]): (labels: Labels) => string {
  const varying = varyingLabels(all.map((labels) => ({ labels })));
  const hasPlace = varying.has("namespace");
  const isEnough = hasPlace && new Set(all.map((labels) => labels["namespace"])).size === all.length;
  return (labels) => {
    const { namespace } = labels;
    const place = namespace === undefined || !hasPlace ? "" : ` in ${inertName(namespace)}`;
    if (isEnough) return place;
    const rest = Object.entries(labels)
      .filter(([label]) => label !== "namespace" && label !== "__name__" && varying.has(label))
      .map(([label, value]) => shortName(label, value));
    return rest.length === 0 ? place : `${place} (${rest.join(", ")})`;
  };
}

function nameOf(bound: Bound, labels: Labels, varying: ReadonlySet<string>): string {
  const self = bound.names["self"];
  const parts: string[] = [];
  if (self !== undefined && labels[self] !== undefined) parts.push(shortName(self, labels[self]));
  for (const label of bound.concept.rows) {
    const value = labels[label];
    if (value === undefined || label === "namespace" || (label === "job" && !varying.has("job"))) continue;
    parts.push(inertName(value));
  }
  if (parts.length === 0) {
    for (const [label, value] of Object.entries(labels)) {
      if (SILENT.has(label) || (!varying.has(label) && varying.size > 0)) continue;
      parts.push(shortName(label, value));
    }
  }
  return parts.join(" ");
}

function varyingLabels(samples: readonly Pick<Sample, "labels">[]): ReadonlySet<string> {
  const first = samples[0]?.labels ?? {};
  const varying = new Set<string>();
  for (const { labels } of samples) {
    for (const label of new Set([...Object.keys(first), ...Object.keys(labels)]))
      if (labels[label] !== first[label]) varying.add(label);
  }
  return varying;
}

/** The row's value in words, in the concept's unit. */
export function say(bound: Bound, value: number, form: "rate" | "count" = "rate"): string {
  const text = sayPlainly(bound, value, form).trim();
  // "1 replica", not "1 replicas", and "1 failed login", not "1 failed logins"
  const { noun } = bound.concept;
  const [, one = "", counted = ""] = /^(-?1 )(.*)$/.exec(text) ?? [];
  if (!noun.endsWith("s") || (counted !== noun && !counted.startsWith(`${noun} `))) return text;
  return `${one}${noun.slice(0, -1)}${counted.slice(noun.length)}`;
}

function sayPlainly(bound: Bound, value: number, form: "rate" | "count"): string {
  const { concept } = bound;
  if (concept.unit === "bool") return sayBool(bound, value);
  if (form === "count" && concept.count !== undefined && concept.unit !== "count" && concept.unit !== "money") {
    return concept.unit === "bytes/s"
      ? formatValue(value, "bytes")
      : formatValue(Math.round(value), "count", { noun: concept.noun });
  }
  if (
    concept.unit === "count" &&
    Math.abs(value) >= 1 &&
    Math.abs(value - Math.round(value)) > 0.001 &&
    /increase\(/.test(concept.promql)
  ) {
    return formatValue(Math.round(value), "count", { noun: concept.noun });
  }
  return formatValue(
    value,
    concept.unit,
    concept.unit === "money" ? { currency: concept.noun } : { noun: concept.noun },
  );
}

function sayBool(bound: Bound, value: number): string {
  const id = bound.concept.id;
  const yes = value !== 0;
  if (id === "ci.status") return yes ? "passing" : "failing";
  if (id === "node.not_ready") return yes ? "ready" : "not ready";
  if (id === "node.unschedulable") return yes ? "cordoned" : "schedulable";
  if (id === "node.pressure") return yes ? "under pressure" : "no pressure";
  if (id === "pg.slots") return yes ? "active" : "inactive";
  if (/(^|_)(up|success|alive|healthy)$/.test(bound.metric.name)) return yes ? "up" : "down";
  if (/enabled|flag|toggle/.test(bound.metric.name)) return yes ? "on (enabled)" : "off (disabled)";
  return yes ? "yes" : "no";
}

/** Which unit a value has in that form, for `values` of the reply. */
export function unitIn(bound: Bound, form: "rate" | "count"): string {
  if (form === "count" && bound.concept.count !== undefined)
    return bound.concept.unit === "bytes/s" ? "bytes" : bound.concept.unit === "money" ? "money" : "count";
  return bound.concept.unit;
}

export function valuesOf(bound: Bound, rows: readonly Row[], form: "rate" | "count" = "rate"): Value[] {
  const unit = unitIn(bound, form);
  return rows.map((row) => ({
    name: row.name === "" ? bound.concept.name : `${bound.concept.name} of ${row.name}`,
    value: row.value,
    unit,
    labels: row.labels,
    at: row.at,
  }));
}

/** Largest first, or smallest first; equal ones by name, so that the order never depends on Prometheus. */
export function sorted(rows: readonly Row[], direction: "high" | "low"): Row[] {
  return [...rows].sort(
    (a, b) => (direction === "high" ? b.value - a.value : a.value - b.value) || a.name.localeCompare(b.name),
  );
}
