import type { Chart } from "../../core/card.ts";
import { chartLine } from "../../core/chart-line.ts";
import { type AxisUnit, axisValue, drawable, isDrawable, steppedUnit } from "../../core/plot.ts";
import type { Point } from "../../core/series.ts";
import { thin } from "../../core/thin.ts";
import { sayTime } from "../../core/zone.ts";
import { graphemesOf } from "../../util/graphemes.ts";
import { plain } from "./text.ts";

/** Lines that Teams draws itself, and the same as a sentence. */

/** Points of one line and of all: enough to keep the shape, few enough for the card's budget. */
const MOST_POINTS = 60;
const ALL_POINTS = 150;
// The documented names of colours; red is left to the threshold.
const COLORS = [
  "categoricalBlue",
  "categoricalPurple",
  "categoricalTeal",
  "categoricalMarigold",
  "categoricalLavender",
  "categoricalGreen",
] as const;
const MOST_SERIES = COLORS.length;

type Element = Readonly<Record<string, unknown>>;

/**
 * A `Chart.Line`, which clients without charts leave out, or undefined when there is nothing to draw. The element takes
 * days but no hours as an axis of time, so time is a number: how long before the newest point, whose time of `zone`
 * stands below.
 */
export function chartElement(chart: Chart, zone: string): Element | undefined {
  const series = drawn(chart);
  if (series.length === 0) return undefined;
  const from = lowest(series.map(({ points }) => points[0]![0]));
  const to = highest(series.map(({ points }) => points.at(-1)![0]));
  const scale = scaleOf(chart, series);
  const axis = axisOf(from, to, zone);
  const each = Math.min(MOST_POINTS, Math.floor(ALL_POINTS / series.length));
  const lines = series.map(({ name, points }, i) => ({
    legend: legendOf(name),
    color: COLORS[i],
    values: thin(points, each).map(([at, value]) => ({ x: axis.of(at), y: axisValue(value, scale) })),
  }));
  const level = (legend: string, color: string, value: number) => ({
    legend,
    color,
    values: [from, to].map((at) => ({ x: axis.of(at), y: axisValue(value, scale) })),
  });
  const { band, threshold } = chart;
  return {
    type: "Chart.Line",
    title: cutShort(chart.title, 120),
    xAxisTitle: axis.name,
    yAxisTitle: scale.name,
    colorSet: "categorical",
    data: [
      ...lines,
      ...(band !== undefined && Number.isFinite(band.low) && Number.isFinite(band.high)
        ? [level("usual, lowest", "neutral", band.low), level("usual, highest", "neutral", band.high)]
        : []),
      ...(threshold !== undefined && Number.isFinite(threshold) ? [level("threshold", "attention", threshold)] : []),
    ],
    fallback: "drop",
  };
}

/** What the chart shows in words, and what it leaves out: for phones, screen readers and search. `now` is unix seconds. */
export function chartLines(chart: Chart, zone: string, now: number): string[] {
  const shown = drawn(chart);
  const left = chart.series.filter(({ points }) => points.some(isDrawable)).length - shown.length;
  return [
    chartLine(chart, zone, now),
    ...shown.flatMap(({ name }) => (legendOf(name) === plain(name) ? [] : [`“${legendOf(name)}” is ${name}`])),
    ...(left > 0 ? [`${left} more lines are not drawn: ask about one of them by name`] : []),
  ];
}

function legendOf(name: string): string {
  return cutShort(name, 60);
}

function cutShort(text: string, most: number): string {
  const whole = plain(text);
  if (whole.length <= most) return whole;
  return `${[...graphemesOf(whole.slice(0, most))]
    .slice(0, -1)
    .map(({ segment }) => segment)
    .join("")}…`;
}

function drawn(chart: Chart): readonly { readonly name: string; readonly points: readonly Point[] }[] {
  return chart.series
    .map(({ name, points }) => ({ name, points: drawable(points) }))
    .filter(({ points }) => points.length > 0)
    .slice(0, MOST_SERIES);
}

/** Time as people count it back, in the unit that gives small numbers. */
function axisOf(
  start: number,
  end: number,
  zone: string,
): { readonly name: string; readonly of: (at: number) => number } {
  const span = end - start;
  const [seconds, word] =
    span <= 300
      ? [1, "seconds"]
      : span <= 3 * 3600
        ? [60, "minutes"]
        : span <= 3 * 86_400
          ? [3600, "hours"]
          : [86_400, "days"];
  const of = (at: number) => {
    const x = (at - end) / seconds;
    // Clients divide the axis by four: from a whole number of 32nds its last tick is 0, and no 7e-15.
    return (at === start ? Math.round(x * 32) / 32 : Number(x.toFixed(2))) + 0;
  };
  return { name: `${word} before ${sayTime(end, end, zone)}`, of };
}

/** Numbers short enough for an axis, and the unit they are then in. */
function scaleOf(chart: Chart, series: readonly { readonly points: readonly Point[] }[]): AxisUnit {
  const most = series.reduce((max, { points }) => Math.max(max, ...points.map(([, value]) => Math.abs(value))), 0);
  switch (chart.unit) {
    case "ratio":
      return { factor: 100, name: "%" };
    case "seconds":
      return most < 1 ? { factor: 1000, name: "ms" } : { factor: 1, name: "s" };
    case "bytes":
      return steppedUnit(most, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
    case "bytes/s":
      return steppedUnit(most, 1000, ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"]);
    default:
      return { factor: 1, name: chart.unit === "none" ? "" : chart.unit.replaceAll("_", " ") };
  }
}

function lowest(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value));
}

function highest(values: readonly number[]): number {
  return values.reduce((high, value) => Math.max(high, value));
}
