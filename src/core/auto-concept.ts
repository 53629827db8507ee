import type { Metric } from "./catalogue.ts";
import type { Bound, Concept } from "./concept.ts";
import { nameWords } from "./language/vocabulary.ts";
import { type Unit, unitOfMetric } from "./units.ts";

const UNIT_WORDS = new Set(
  "total seconds second bytes byte ratio percent ms milliseconds celsius cents hours minutes days info count sum bucket".split(
    " ",
  ),
);

/** A concept for a metric that no pack knows, from its type, its name and its unit, by the naming rules of Prometheus. */
export function autoConcept(metric: Metric): Bound {
  const { unit, scale, currency } = unitOfMetric(metric.name, metric.unit);
  const words = nameWords(metric.name).filter((word) => !UNIT_WORDS.has(word));
  const base = {
    id: `metric:${metric.name}`,
    name: words.join(" ") || metric.name,
    says: [words.join(" ")],
    about: "",
    narrows: [],
    metrics: { metric: [metric.name] },
    labels: {},
    noun: currency ?? "",
    worse: "none" as const,
    intent: "metric_query",
    rows: [],
  };
  return {
    concept: { ...base, ...shape(metric, unit, scale, words) },
    metric,
    metrics: [metric],
    names: { metric: metric.name },
  };
}

/** Gauges that count things may be added up; a height, a level or a score may not. */
const ADDS_UP = /s$|\b(?:count|size|number|backlog|queued|active|pending|waiting|used|busy|free|orders|open)\b/;

type Shape = Pick<Concept, "promql" | "unit" | "fold"> & Partial<Concept>;

function shape(metric: Metric, unit: Unit, scale: number, words: readonly string[]): Shape {
  const scaled = (promql: string): string => (scale === 1 ? promql : `${promql} * ${scale}`);
  const plain = "$metric{$match}";
  if (metric.name.endsWith("_info")) return { promql: plain, unit: "none", fold: "none", shows: "*" };
  switch (metric.type) {
    case "histogram":
      return {
        promql: scaled(
          metric.native
            ? "histogram_quantile($quantile, sum by ($by) (rate($metric{$match}[$window])))"
            : "histogram_quantile($quantile, sum by (le, $by) (rate(${metric}_bucket{$match}[$window])))",
        ),
        unit,
        fold: "none",
      };
    case "counter": {
      const rate = scaled("sum by ($by) (rate($metric{$match}[$window]))");
      const count = scaled("sum by ($by) (increase($metric{$match}[$window]))");
      const noun = words.at(-1) ?? "";
      if (unit === "bytes") return { promql: rate, count, unit: "bytes/s", fold: "sum" };
      if (unit === "money") return { promql: count, count, unit: "money", fold: "sum", window: "1h" };
      if (unit === "seconds") return { promql: rate, count, unit: "none", fold: "sum" };
      return { promql: rate, count, unit: "per_s", noun, fold: "sum" };
    }
    default:
      if (unit === "timestamp") {
        const ahead = /expir|not_after|valid_until|next|deadline/.test(metric.name);
        return { promql: ahead ? `${plain} - time()` : `time() - ${plain}`, unit: "seconds", fold: "none" };
      }
      if (
        unit === "bool" ||
        /_(enabled|up|success|active|ready|healthy|alive)$|(?:^|_)(?:flag|toggle)s?(?:_state|_status)?$/.test(
          metric.name,
        )
      )
        return { promql: plain, unit: "bool", fold: "none" };
      if (unit === "none" || unit === "count")
        return { promql: scaled(plain), unit: "count", fold: ADDS_UP.test(words.join(" ")) ? "sum" : "none" };
      return { promql: scaled(plain), unit, fold: unit === "bytes" || unit === "money" ? "sum" : "none" };
  }
}
