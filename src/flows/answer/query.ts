import { type Bound, queryFor } from "../../core/concept.ts";
import { promDuration } from "../../core/language/duration.ts";
import type { Subject } from "../../core/language/subject.ts";
import type { Understanding } from "../../core/language/understand.ts";
import { formatDuration } from "../../core/units.ts";
import { sayMoment, sayTime } from "../../core/zone.ts";

/** One question as a query: what to send, when to evaluate it, and how to say the time. */
export type Plan = {
  readonly promql: string;
  readonly at: number;
  readonly form: "rate" | "count";
  readonly by: readonly string[];
  /** "now", "averaged over the last 3 h", "at 03:00 UTC". */
  readonly when: string;
  /** The same without folding over time: for charts and for the usual range. */
  readonly series: string;
  /** Seconds the value covers; 0 for a moment. */
  readonly covers: number;
};

const DEFAULT_WINDOW = "5m";

export type PlanOptions = {
  readonly by?: readonly string[];
  /** Evaluate as of this moment instead of the question's. */
  readonly at?: number;
  readonly ignoreTime?: boolean;
  readonly form?: "rate" | "count";
};

/** How a subject is asked for what the question says about time, quantile and aggregation. */
export function plan(
  read: Understanding,
  subject: Subject,
  now: number,
  zone: string,
  options: PlanOptions = {},
): Plan {
  const { bound } = subject;
  const by = options.by ?? groupLabels(bound, subject, read);
  const window = options.ignoreTime ? undefined : read.window;
  const at = options.at ?? (window === undefined ? (read.at?.at ?? now) : Math.min(window.to, now));
  const form = options.form ?? formOf(read, bound);
  const asking = { filters: subject.filters, by, quantile: read.quantile ?? 0.95 };
  const base = bound.concept.window ?? DEFAULT_WINDOW;
  const series = queryFor(bound, { ...asking, window: base, form: "rate" });
  const when = read.at === undefined || options.ignoreTime ? "now" : sayMoment(read.at.at, now, zone);
  if (window === undefined) {
    const isWindowed = bound.concept.window !== undefined || form === "count";
    const length = form === "count" && bound.concept.window === undefined ? "1h" : base;
    return {
      promql: form === "rate" ? series : queryFor(bound, { ...asking, window: length, form }),
      at,
      form,
      by,
      when: isWindowed ? `in the last ${saidDuration(length)}${when === "now" ? "" : ` ${when}`}` : when,
      series,
      covers: isWindowed ? secondsOf(length) : 0,
    };
  }
  const seconds = Math.min(31 * 86_400, Math.max(60, Math.round(Math.min(window.to, now) - window.from)));
  const words = sayWindow(window.from, Math.min(window.to, now), now, zone);
  const over = (fold: "max" | "min" | "avg"): string =>
    `${fold}_over_time((${series})[${promDuration(seconds)}:${promDuration(stepFor(seconds))}])`;
  const common = { at, form, by, series, covers: seconds };
  if (read.aggregation === "max" || read.aggregation === "min") {
    return {
      ...common,
      form: "rate",
      promql: over(read.aggregation),
      when: `${read.aggregation === "max" ? "at its peak" : "at its lowest"} ${words}`,
    };
  }
  const template = form === "count" && bound.concept.count !== undefined ? bound.concept.count : bound.concept.promql;
  if (template.includes("$window")) {
    return { ...common, promql: queryFor(bound, { ...asking, window: promDuration(seconds), form }), when: words };
  }
  if (bound.concept.unit === "bool") {
    // "was it down last night?": the worst moment of the window counts
    return { ...common, promql: over(bound.concept.worse === "up" ? "max" : "min"), when: `at its worst ${words}` };
  }
  if (bound.concept.shows !== undefined) return { ...common, promql: over("max"), when: words };
  return { ...common, promql: over("avg"), when: `on average ${words}` };
}

/** Questions for a number of events want `increase`; questions for a speed want `rate`. */
export function formOf(read: Understanding, bound: Bound): "rate" | "count" {
  if (bound.concept.count === undefined) return "rate";
  if (read.per !== undefined || read.aggregation === "rate" || read.aggregation === "max" || read.aggregation === "min")
    return "rate";
  const { unit } = bound.concept;
  if (unit === "money" || unit === "count") return "count";
  if (unit === "ratio") return read.aggregation === "count" && !read.wantsShare ? "count" : "rate";
  if (read.aggregation === "count") return "count";
  if (read.formBefore !== undefined && read.aggregation === undefined) return read.formBefore;
  return read.window !== undefined && read.aggregation !== "avg" && !SPEED.test(read.plain) ? "count" : "rate";
}

/** Words that want a speed even when a window is named. */
const SPEED =
  /\b(?:rates?|traffic|throughput|rps|qps|speed|load|bandwidth|usage|trend|verkehr|durchsatz|tr[aá]fico|tr[aá]fego|trafic|d[eé]bit)\b/i;

/** Labels to group by: what the question asks for, else the thing the concept is about, else what tells the series apart. */
export function groupLabels(bound: Bound, subject: Subject, read: Understanding): readonly string[] {
  if (read.by !== undefined && bound.metric.labels.has(read.by)) return [read.by];
  const self = bound.names["self"];
  const has = (label: string): boolean => bound.metric.labels.has(label);
  if (self !== undefined) return [self, ...bound.concept.rows.filter((label) => label !== self && has(label))];
  const fixed = new Set(subject.filters.filter((filter) => filter.values.length === 1).map((filter) => filter.label));
  const telling = [...bound.metric.labels].filter(
    ([label, values]) => !fixed.has(label) && !MACHINE_LABELS.has(label) && values.length > 1 && values.length <= 30,
  );
  const labels = telling.slice(0, 2).map(([label]) => label);
  // euros and dollars are never added up
  return bound.metric.labels.has("currency") && !labels.includes("currency")
    ? ["currency", ...labels.slice(0, 1)]
    : labels;
}

const MACHINE_LABELS = new Set([
  "instance",
  "job",
  "le",
  "quantile",
  "pod",
  "uid",
  "device",
  "environment",
  "env",
  "cluster",
]);

/** About 300 steps over the window, whole minutes, so that no subquery has more than a few hundred points. */
function stepFor(seconds: number): number {
  const raw = seconds / 300;
  if (raw <= 60) return 60;
  if (raw <= 300) return 300;
  return Math.ceil(raw / 600) * 600;
}

function saidDuration(duration: string): string {
  return formatDuration(secondsOf(duration));
}

function secondsOf(duration: string): number {
  const unit = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[duration.at(-1) ?? "s"] ?? 1;
  return Number(duration.slice(0, -1)) * unit;
}

/** "over the last 3 h", or "from yesterday 14:00 to 15:30 UTC" when the window does not end now. */
export function sayWindow(from: number, to: number, now: number, zone: string): string {
  if (Math.abs(to - now) < 90) return `over the last ${formatDuration(Math.round(to - from))}`;
  return `from ${sayTime(from, now, zone)} to ${sayTime(to, now, zone)}`;
}
