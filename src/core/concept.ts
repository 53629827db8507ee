import type { Catalogue, Metric } from "./catalogue.ts";
import type { Unit } from "./units.ts";

/**
 * What a metric means to people: which words they use for it, how it is asked, in which unit it is, and whether more
 * of it is worse. Read from YAML (`src/metrics/packs/`, and a user's own folders), so that a new exporter needs no code.
 */
export type Concept = {
  /** `host.cpu`: unique over all packs; a later pack replaces an earlier concept of the same id. */
  readonly id: string;
  /** As it stands in a sentence: "CPU usage". */
  readonly name: string;
  /** Words people use, in English; other languages arrive translated by the glossary. */
  readonly says: readonly string[];
  /** Kind of entity one value is about: host, service, pod, queue, … "" when there is only one of it. */
  readonly about: string;
  /** Other kinds of entity that may narrow it. */
  readonly narrows: readonly string[];
  /** Variable -> metric names to try in order; `/…/` is a regular expression over all names. The first found is used. */
  readonly metrics: Readonly<Record<string, readonly string[]>>;
  /** Variable -> label names to try in order on the first metric. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /**
   * PromQL with `$variables` of `metrics` and `labels`, and `$match` (label matchers), `$by` (labels to group by),
   * `$window` (a duration such as 5m), `$quantile` (0..1).
   */
  readonly promql: string;
  /** How often it happened in `$window`, for "how many … in the last hour". */
  readonly count?: string;
  readonly unit: Unit;
  /** What is counted, for "182 req/s". */
  readonly noun: string;
  readonly worse: "up" | "down" | "none";
  /** Values from which a person should look (in `unit`). Used by the overview and for tone, never to decide an action. */
  readonly warn?: number;
  readonly critical?: number;
  /** Which question it answers, in the words of `Intent`. */
  readonly intent: string;
  /** Labels each row is named by, besides the entity (mountpoint, queue, …). */
  readonly rows: readonly string[];
  /** How several rows make one number, when a single one is asked for: sum, avg, max, or none (rows are listed). */
  readonly fold: "sum" | "avg" | "max" | "min" | "none";
  /** Sentence for a bool or info concept: label whose value is the answer (version, reason). */
  readonly shows?: string;
  /** A default window in place of 5 minutes. */
  readonly window?: string;
};

export type ConceptPacks = { readonly concepts: readonly Concept[] };

/** A concept whose metrics and labels were found in one catalogue. */
export type Bound = {
  readonly concept: Concept;
  /** Its first metric: the one whose labels tell what it can be narrowed by. */
  readonly metric: Metric;
  readonly metrics: readonly Metric[];
  readonly names: Readonly<Record<string, string>>;
};

/** Binds a concept to what exists, or undefined when one of its metrics does not. */
export function bind(concept: Concept, catalogue: Catalogue): Bound | undefined {
  const names: Record<string, string> = {};
  const metrics: Metric[] = [];
  for (const [variable, candidates] of Object.entries(concept.metrics)) {
    const metric = firstFound(candidates, catalogue);
    if (metric === undefined) return undefined;
    names[variable] = metric.name;
    metrics.push(metric);
  }
  const [first] = metrics;
  if (first === undefined) return undefined;
  for (const [variable, candidates] of Object.entries(concept.labels)) {
    const label = candidates.find((one) => first.labels.has(one));
    if (label === undefined) return undefined;
    names[variable] = label;
  }
  return { concept, metric: first, metrics, names };
}

function firstFound(candidates: readonly string[], catalogue: Catalogue): Metric | undefined {
  for (const candidate of candidates) {
    if (candidate.startsWith("/") && candidate.endsWith("/")) {
      const pattern = new RegExp(candidate.slice(1, -1));
      for (const metric of catalogue.metrics.values()) if (pattern.test(metric.name)) return metric;
      continue;
    }
    const metric = catalogue.metrics.get(candidate);
    if (metric !== undefined) return metric;
  }
  return undefined;
}

/** One label and the values it may have. Several values are alternatives. */
export type Filter = {
  readonly label: string;
  readonly values: readonly string[];
  readonly regex?: string;
  readonly not?: boolean;
};

export type Asking = {
  readonly filters: readonly Filter[];
  readonly by: readonly string[];
  /** PromQL duration. */
  readonly window: string;
  readonly quantile: number;
  /** "count": use the concept's `count` form. */
  readonly form: "rate" | "count";
};

/**
 * The query for one asking. Filters on labels that the concept's metric lacks are left out by the caller.
 * @returns PromQL; label values are quoted, so no value can become syntax.
 */
export function queryFor(bound: Bound, asking: Asking): string {
  const template =
    asking.form === "count" && bound.concept.count !== undefined ? bound.concept.count : bound.concept.promql;
  const match = asking.filters.map(matcher).join(",");
  const filled = template.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, plain: string) => {
    const name = braced ?? plain;
    switch (name) {
      case "match":
        return match;
      case "by":
        return asking.by.join(", ");
      case "window":
        return asking.window;
      case "quantile":
        return String(asking.quantile);
      default:
        return bound.names[name] ?? whole;
    }
  });
  return tidy(
    bound.metrics.filter((metric) => metric.native).reduce((promql, metric) => asNative(promql, metric.name), filled),
  );
}

/** Labels that tell the things of a concept apart. */
export function groupBy(bound: Bound): readonly string[] {
  const self = bound.names["self"];
  if (self === undefined) return [];
  return [self, ...bound.concept.rows.filter((label) => label !== self && bound.metric.labels.has(label))];
}

/**
 * How a concept stands, for each of its things: a rate over its own window. `quantile` is between 0 and 1; with `more` labels, for each
 * part of the things.
 */
export function stateQuery(
  bound: Bound,
  filters: readonly Filter[],
  quantile = 0.95,
  more: readonly string[] = [],
): string {
  const window = bound.concept.window ?? "5m";
  return queryFor(bound, { filters, by: [...groupBy(bound), ...more], window, quantile, form: "rate" });
}

/** Classic histogram syntax -> native: no `_bucket` and no `le`; sum and count come out of the histogram itself. */
function asNative(promql: string, name: string): string {
  const part = (suffix: string): RegExp => new RegExp(`rate\\(${name}_${suffix}(\\{[^}]*\\})?\\[([^\\]]+)\\]\\)`, "g");
  return promql
    .replaceAll(`${name}_bucket`, name)
    .replace(/\bby \(le(?:, )?/g, "by (")
    .replace(part("sum"), `histogram_sum(rate(${name}$1[$2]))`)
    .replace(part("count"), `histogram_count(rate(${name}$1[$2]))`);
}

/** One PromQL label matcher, value quoted. */
export function matcher(filter: Filter): string {
  if (filter.regex !== undefined) return `${filter.label}${filter.not ? "!~" : "=~"}${quote(filter.regex)}`;
  const [only, ...others] = filter.values;
  if (only !== undefined && others.length === 0) return `${filter.label}${filter.not ? "!=" : "="}${quote(only)}`;
  return `${filter.label}${filter.not ? "!~" : "=~"}${quote(filter.values.map(escapeRegex).join("|"))}`;
}

/** A PromQL string literal. */
export function quote(value: string): string {
  return `"${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;
}

/** Escapes RE2 syntax, so that the value matches only itself. */
export function escapeRegex(value: string): string {
  return value.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}

/** Removes what empty variables leave behind: `{a="b",}`, `{}`, `by ()`, `by (le, )`. Nothing inside quotes is touched. */
function tidy(promql: string): string {
  const literals: string[] = [];
  return promql
    .replace(/"(?:[^"\\]|\\.)*"/gs, (literal) => `"${literals.push(literal) - 1}"`)
    .replace(/,\s*,/g, ",")
    .replace(/\{\s*,\s*/g, "{")
    .replace(/,\s*\}/g, "}")
    .replace(/([\w:])\{\s*\}/g, "$1")
    .replace(/\(\s*,\s*/g, "(")
    .replace(/,\s*\)/g, ")")
    .replace(/\s+(by|on)\s*\(\s*\)\s*/g, " ")
    .replace(/\s+/g, " ")
    .replace(/\b(sum|avg|max|min|count|stddev|group) \(/g, "$1(")
    .trim()
    .replace(/"(\d+)"/g, (_, at: string) => literals[Number(at)] ?? "");
}
