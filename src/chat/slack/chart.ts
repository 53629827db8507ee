import type { Chart } from "../../core/card.ts";
import { type AxisUnit, axisValue, drawable, steppedUnit } from "../../core/plot.ts";
import type { Point } from "../../core/series.ts";
import { thin } from "../../core/thin.ts";
import { cutBare } from "./text.ts";

/** Limits of https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block */
export const CHART = { series: 6, points: 20, name: 20, label: 20, title: 50, axis: 50, perMessage: 2 } as const;

export type LineChart = {
  readonly type: "data_visualization";
  readonly title: string;
  readonly chart: {
    readonly type: "line";
    readonly series: readonly {
      readonly name: string;
      readonly data: readonly { readonly label: string; readonly value: number }[];
    }[];
    readonly axis_config: {
      readonly categories: readonly string[];
      readonly x_label: string;
      readonly y_label: string;
    };
  };
};

/** A chart as Slack draws it, with `zone` (an IANA name) on its axis. Undefined when there is nothing to draw. */
export function lineChart(chart: Chart, zone: string): LineChart | undefined {
  const drawn = drawnSeries(chart);
  if (drawn.length === 0) return undefined;
  const times = timesOf(drawn);
  const labels = timeLabels(times, zone);
  const scale = scaleOf(chart, drawn);
  const value = (raw: number) => axisValue(raw, scale);
  const names = unique([...drawn.map((one) => one.name || "value"), ...extraNames(chart)], CHART.name);
  const lines = [
    ...drawn.map((one) => times.map((at) => value(nearest(one.points, at)))),
    ...extraValues(chart).map((raw) => times.map(() => value(raw))),
  ];
  return {
    type: "data_visualization",
    title: cutBare(chart.title || "Chart", CHART.title),
    chart: {
      type: "line",
      series: lines.map((values, i) => ({
        name: names[i]!,
        data: values.map((one, at) => ({ label: labels[at]!, value: one })),
      })),
      axis_config: {
        categories: labels,
        x_label: cutBare(`Time (${zone})`, CHART.axis),
        y_label: cutBare(scale.name, CHART.axis),
      },
    },
  };
}

/** How many lines of the chart Slack's own picture leaves out. */
export function hiddenLines(chart: Chart): number {
  return chart.series.filter(({ points }) => drawable(points).length > 0).length - drawnSeries(chart).length;
}

type Drawn = { readonly name: string; readonly points: readonly Point[] };

function drawnSeries(chart: Chart): Drawn[] {
  return chart.series
    .map((one) => ({ name: one.name, points: drawable(one.points) }))
    .filter((one) => one.points.length > 0)
    .slice(0, CHART.series - extraValues(chart).length);
}

/** Every line needs a value at every time: each line's own extremes are among the times as long as there is room. */
function timesOf(drawn: readonly Drawn[]): number[] {
  const share = Math.max(4, Math.floor(CHART.points / drawn.length));
  const all = new Set<number>();
  for (const { points } of drawn) for (const [at] of thin(points, share)) all.add(at);
  const sorted = [...all].sort((a, b) => a - b);
  if (sorted.length <= CHART.points) return sorted;
  const step = (sorted.length - 1) / (CHART.points - 1);
  return Array.from({ length: CHART.points }, (_, i) => sorted[Math.round(i * step)]!);
}

function nearest(points: readonly Point[], at: number): number {
  let best = points[0]!;
  for (const point of points) if (Math.abs(point[0] - at) < Math.abs(best[0] - at)) best = point;
  return best[1];
}

function extraValues(chart: Chart): number[] {
  const all = [chart.band?.low, chart.band?.high, chart.threshold];
  return all.filter((value): value is number => value !== undefined && Number.isFinite(value));
}

function extraNames(chart: Chart): string[] {
  const { band, threshold } = chart;
  return [
    ...(band !== undefined && Number.isFinite(band.low) ? ["usual low"] : []),
    ...(band !== undefined && Number.isFinite(band.high) ? ["usual high"] : []),
    ...(threshold !== undefined && Number.isFinite(threshold) ? ["threshold"] : []),
  ];
}

/** Short and different from each other: a number is added where two would read the same. */
function unique(names: readonly string[], most: number): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let short = cutBare(name, most);
    for (let n = 2; taken.has(short); n++) short = `${cutBare(name, most - 1 - String(n).length)} ${n}`;
    taken.add(short);
    return short;
  });
}

/** As short as the span allows, and no two alike. */
function timeLabels(times: readonly number[], zone: string): string[] {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const shapes: Intl.DateTimeFormatOptions[] = [
    { hour: "2-digit", minute: "2-digit" },
    { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  ];
  for (const shape of span > 20 * 3600 ? shapes.slice(1) : shapes) {
    const format = new Intl.DateTimeFormat("en-GB", { ...shape, hourCycle: "h23", timeZone: zone });
    const labels = times.map((at) => (Math.abs(at) < 1e11 ? format.format(at * 1000).replace(",", "") : String(at)));
    if (new Set(labels).size === labels.length) return labels.map((label) => label.slice(0, CHART.label));
  }
  return times.map((at, i) => `${i + 1}: ${at}`.slice(0, CHART.label));
}

/** Axes show plain numbers, so that values come in a unit of about their own size. */
function scaleOf(chart: Chart, drawn: readonly Drawn[]): AxisUnit {
  const values = drawn.flatMap((one) => one.points.map(([, value]) => Math.abs(value)));
  const high = [...values, ...extraValues(chart).map(Math.abs)].reduce((a, b) => Math.max(a, b), 0);
  switch (chart.unit) {
    case "ratio":
      return { factor: 100, name: "%" };
    case "seconds":
      return high < 1 ? { factor: 1000, name: "ms" } : { factor: 1, name: "seconds" };
    case "milliseconds":
      return high < 1000 ? { factor: 1, name: "ms" } : { factor: 0.001, name: "seconds" };
    case "bytes":
      return steppedUnit(high, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
    case "bytes/s":
      return steppedUnit(high, 1000, ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"]);
    case "per_s":
      return { factor: 1, name: "per second" };
    case "per_min":
      return { factor: 1, name: "per minute" };
    case "per_hour":
      return { factor: 1, name: "per hour" };
    case "celsius":
      return { factor: 1, name: "°C" };
    case "none":
    case "":
      return { factor: 1, name: "value" };
    default:
      return { factor: 1, name: chart.unit };
  }
}
