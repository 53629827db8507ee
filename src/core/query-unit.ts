import type { Catalogue } from "./catalogue.ts";
import { type MetricUnit, unitOfMetric } from "./units.ts";

const NONE: MetricUnit = { unit: "none", scale: 1 };

/** What keeps the unit of what it is given. */
const KEEPING =
  /^(?:sum|avg|min|max|quantile|topk|bottomk|stddev|sort|sort_desc|abs|ceil|floor|round|clamp|clamp_min|clamp_max|(?:avg|min|max|last|quantile|stddev|mad)_over_time|predict_linear|delta|idelta|increase|label_replace|label_join|scalar|vector|histogram_quantile|histogram_avg|limitk)$/;
const COUNTING =
  /^(?:count|count_values|changes|resets|count_over_time|present_over_time|absent|absent_over_time|group)$/;
const SPEED = /^(?:rate|irate|deriv)$/;

/**
 * The unit that a query's values have, where it follows from the query: a metric's own through aggregation, a rate of it, a number of
 * things. Anything computed from several is without one, which says that nobody told.
 */
export function unitOfQuery(promql: string, { metrics }: Pick<Catalogue, "metrics">): MetricUnit {
  const bare = promql
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""')
    .replace(/\{[^{}]*\}/g, " ")
    .replace(/\[[^[\]]*\]/g, " ")
    .replace(/\b(?:by|without|on|ignoring)\s*\([^()]*\)/g, " ")
    .replace(/\boffset\s+-?\w+|@\s*\S+/g, " ");
  if (/[+*/%^]|\s-|-\s|\b(?:and|or|unless|bool)\b/.test(bare)) return NONE;
  const calls = [...bare.matchAll(/([a-zA-Z_]\w*)\s*\(/g)].map(([, name]) => name as string);
  const names = (bare.match(/[a-zA-Z_:][\w:]*/g) ?? []).filter(
    (word) => !calls.includes(word) && !/^(?:inf|nan)$/i.test(word),
  );
  const [name] = names;
  if (name === undefined || new Set(names).size !== 1) return NONE;
  if (calls.some((call) => COUNTING.test(call))) return { unit: "count", scale: 1 };
  const isQuantile = calls.includes("histogram_quantile") || calls.includes("histogram_avg");
  const isSpeed = calls.some((call) => SPEED.test(call));
  if (!calls.every((call) => KEEPING.test(call) || SPEED.test(call))) return NONE;
  const base = metrics.get(name) ?? metrics.get(name.replace(/_(?:bucket|sum|count)$/, ""));
  const own = unitOfMetric(isQuantile ? name.replace(/_bucket$/, "") : name, /_count$/.test(name) ? "" : base?.unit);
  if (!isSpeed || isQuantile) return own;
  if (own.unit === "count" || own.unit === "none") return { unit: "per_s", scale: own.scale };
  if (own.unit === "bytes") return { unit: "bytes/s", scale: own.scale };
  return NONE;
}
