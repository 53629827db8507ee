import type { Chart } from "../../core/card.ts";
import { drawable, runs, type Scale, sayIn, scaleOf, shareOf, spanOf } from "../../core/plot.ts";
import type { Point } from "../../core/series.ts";
import { sparkline } from "../../core/sparkline.ts";
import { inert } from "../../util/inert.ts";
import { cut, pad, widthOf } from "./text.ts";

/** `zone` is an IANA name. `height` counts the rows of the plot itself. */
export type ChartSize = { readonly width: number; readonly height?: number; readonly zone: string };

const NARROW = 44;
const MIN_PLOT = 12;

/**
 * A chart as lines of text, none wider than `width` cells and none with colour: shape and marks carry it all. One series
 * is drawn in braille dots with axes; several become one sparkline each on a shared scale, because lines that cross
 * cannot be told apart without colour. A spike survives thinning in both.
 */
export function chartText(chart: Chart, { width, height = 8, zone }: ChartSize): string[] {
  const series = chart.series
    .map((one) => ({ name: inert(one.name), points: drawable(one.points), runs: runs(one.points) }))
    .filter((one) => one.points.length > 0);
  const title = chart.title === "" ? [] : [inert(chart.title)];
  if (series.length === 0) return [...title, "(no points to draw)"].map((line) => cut(line, width));
  const first = series[0]!;
  const drawn =
    series.length > 1 || width < NARROW ? sparklines(chart, series, width) : plot(chart, first, width, height);
  return [...title, ...drawn, timeAxis(series, zone, width), ...eventLines(chart, zone)].map((line) =>
    cut(line.trimEnd(), width),
  );
}

type Named = {
  readonly name: string;
  readonly points: readonly Point[];
  /** The same points, cut where samples are missing. */
  readonly runs: readonly (readonly Point[])[];
};

// ---------------------------------------------------------------- one series: dots with axes

// Braille dot bits by column (0, 1) and row from the top (0..3): https://www.unicode.org/charts/PDF/U2800.pdf
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

function plot(chart: Chart, { points, runs }: Named, width: number, height: number): string[] {
  const scale = scaleOf(chart, points);
  const labels = rowLabels(scale, height, chart.unit);
  const gutter = Math.max(...labels.map(widthOf));
  const columns = Math.max(MIN_PLOT, width - gutter - 2);
  const cells = Array.from({ length: height }, () => new Uint8Array(columns));
  const dotsWide = columns * 2;
  const dotsHigh = height * 4;
  const [from, to] = spanOf(points);
  const x = (at: number) => (to === from ? 0 : Math.round(((at - from) / (to - from)) * (dotsWide - 1)));
  const y = (value: number) => {
    return Math.round((1 - shareOf(value, scale)) * (dotsHigh - 1));
  };
  const dot = (column: number, row: number) => {
    cells[row >> 2]![column >> 1]! |= DOTS[column & 1]![row & 3]!;
  };
  for (const run of runs) {
    for (const [i, [at, value]] of run.entries()) {
      const before = run[i - 1] ?? [at, value];
      line(x(before[0]), y(before[1]), x(at), y(value), dot);
    }
  }
  const rowOf = (value: number) => y(value) >> 2;
  const marks = backgroundOf(chart, scale, rowOf);
  const rows = cells.map((row, r) => {
    const label = labels[r] ?? "";
    const plotted = [...row].map((bits) => (bits === 0 ? marks(r) : String.fromCharCode(0x2800 + bits))).join("");
    return `${pad(label, gutter, "right")} ${label === "" ? "│" : "┤"}${plotted}`;
  });
  return [...rows, `${" ".repeat(gutter)} └${"─".repeat(columns)}`, ...legend(chart, gutter)];
}

/** One label per row, "" for most: the highest value, the lowest, and what the middle row stands for. */
function rowLabels(scale: Scale, height: number, unit: string): string[] {
  const labels: string[] = new Array(height).fill("");
  const middle = Math.floor((height - 1) / 2);
  const share = 1 - (middle * 4 + 1.5) / (height * 4 - 1);
  labels[middle] = sayIn(unit, scale.low + share * (scale.high - scale.low));
  labels[height - 1] = sayIn(unit, scale.low);
  labels[0] = sayIn(unit, scale.high);
  return labels;
}

/** Bresenham's line, in whole dots. */
function line(x0: number, y0: number, x1: number, y1: number, dot: (x: number, y: number) => void): void {
  const dx = Math.abs(x1 - x0);
  const dy = -Math.abs(y1 - y0);
  let [x, y, error] = [x0, y0, dx + dy];
  for (;;) {
    dot(x, y);
    if (x === x1 && y === y1) return;
    const twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x += x0 < x1 ? 1 : -1;
    }
    if (twice <= dx) {
      error += dx;
      y += y0 < y1 ? 1 : -1;
    }
  }
}

/** What stands in a cell without dots: the threshold before the usual band before nothing. */
function backgroundOf(chart: Chart, scale: Scale, rowOf: (value: number) => number): (row: number) => string {
  const within = (value: number) => value >= scale.low && value <= scale.high;
  const threshold = chart.threshold !== undefined && within(chart.threshold) ? rowOf(chart.threshold) : undefined;
  const top = chart.band && rowOf(Math.min(chart.band.high, scale.high));
  const bottom = chart.band && rowOf(Math.max(chart.band.low, scale.low));
  return (row) => {
    if (row === threshold) return "╌";
    return top !== undefined && bottom !== undefined && row >= top && row <= bottom ? "░" : " ";
  };
}

function legend(chart: Chart, gutter: number): string[] {
  const said: string[] = [];
  if (chart.band !== undefined)
    said.push(`░ usual ${sayIn(chart.unit, chart.band.low)} to ${sayIn(chart.unit, chart.band.high)}`);
  if (chart.threshold !== undefined) said.push(`╌ threshold ${sayIn(chart.unit, chart.threshold)}`);
  return said.length === 0 ? [] : [`${" ".repeat(gutter + 2)}${said.join("   ")}`];
}

// ---------------------------------------------------------------- several series, or little room: one line each

function sparklines(chart: Chart, series: readonly Named[], width: number): string[] {
  const scale = scaleOf(
    chart,
    series.flatMap((one) => one.points),
  );
  const ends = series.map((one) => sayIn(chart.unit, one.points.at(-1)![1]));
  const right = Math.max(...ends.map(widthOf));
  const names = series.length > 1 ? series.map((one) => one.name) : [""];
  const left = Math.min(Math.max(...names.map(widthOf)), Math.max(0, Math.floor((width - right) / 2)));
  const room = Math.max(1, width - left - right - (left > 0 ? 2 : 1));
  const [from, to] = spanOf(series.flatMap((one) => one.points));
  const rows = series.map((one, i) => {
    const name = left > 0 ? `${pad(cut(names[i] ?? "", left), left)} ` : "";
    return `${name}${sparkline(one.points, room, { from, to, scale })} ${ends[i]}`;
  });
  return [...rows, `scale ${sayIn(chart.unit, scale.low)} to ${sayIn(chart.unit, scale.high)}`, ...legend(chart, -2)];
}

// ---------------------------------------------------------------- axes

function timeAxis(series: readonly Named[], zone: string, width: number): string {
  const [from, to] = spanOf(series.flatMap((one) => one.points));
  const days = to - from > 20 * 3600;
  const said = `${sayTime(from, zone, days)} to ${sayTime(to, zone, days)}`;
  const named = `${said} (${zone})`;
  return widthOf(named) <= width ? named : said;
}

function eventLines(chart: Chart, zone: string): string[] {
  return (chart.events ?? []).slice(0, 5).map((event) => `▲ ${sayTime(event.at, zone, true)} ${inert(event.name)}`);
}

function sayTime(at: number, zone: string, withDay: boolean): string {
  const date = new Date(at * 1000);
  if (Number.isNaN(date.getTime())) return "an unknown time";
  const format: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
  if (withDay) Object.assign(format, { day: "numeric", month: "short" });
  return new Intl.DateTimeFormat("en-GB", format).format(date);
}
