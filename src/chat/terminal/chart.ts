import type { Chart } from "../../core/card.ts";
import type { Point } from "../../core/series.ts";
import { formatValue, type Unit } from "../../core/units.ts";
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
    .map((one) => ({
      name: inert(one.name),
      points: one.points.filter(([at, v]) => Number.isFinite(at) && Number.isFinite(v)),
    }))
    .filter((one) => one.points.length > 0);
  const title = chart.title === "" ? [] : [inert(chart.title)];
  if (series.length === 0) return [...title, "(no points to draw)"].map((line) => cut(line, width));
  const first = series[0]!;
  const drawn =
    series.length > 1 || width < NARROW ? sparklines(chart, series, width) : plot(chart, first.points, width, height);
  return [...title, ...drawn, timeAxis(series, zone, width), ...eventLines(chart, zone)].map((line) =>
    cut(line.trimEnd(), width),
  );
}

type Named = { readonly name: string; readonly points: readonly Point[] };

// ---------------------------------------------------------------- one series: dots with axes

// Braille dot bits by column (0, 1) and row from the top (0..3): https://www.unicode.org/charts/PDF/U2800.pdf
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

function plot(chart: Chart, points: readonly Point[], width: number, height: number): string[] {
  const scale = scaleOf(chart, points);
  const labels = rowLabels(scale, height, chart.unit);
  const gutter = Math.max(...labels.map(widthOf));
  const columns = Math.max(MIN_PLOT, width - gutter - 2);
  const cells = Array.from({ length: height }, () => new Uint8Array(columns));
  const dotsWide = columns * 2;
  const dotsHigh = height * 4;
  const [from, to] = span(points);
  const x = (at: number) => (to === from ? 0 : Math.round(((at - from) / (to - from)) * (dotsWide - 1)));
  const y = (value: number) => {
    const share = Math.min(1, Math.max(0, (value - scale.low) / (scale.high - scale.low)));
    return Math.round((1 - share) * (dotsHigh - 1));
  };
  const dot = (column: number, row: number) => {
    cells[row >> 2]![column >> 1]! |= DOTS[column & 1]![row & 3]!;
  };
  const hole = gapOf(points);
  for (const [i, [at, value]] of points.entries()) {
    const before = points[i - 1];
    // Where samples are missing the line stops: drawing across would claim values that nobody measured.
    if (before === undefined || at - before[0] > hole) dot(x(at), y(value));
    else line(x(before[0]), y(before[1]), x(at), y(value), dot);
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
  labels[middle] = say(scale.low + share * (scale.high - scale.low), unit);
  labels[height - 1] = say(scale.low, unit);
  labels[0] = say(scale.high, unit);
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
    said.push(`░ usual ${say(chart.band.low, chart.unit)} to ${say(chart.band.high, chart.unit)}`);
  if (chart.threshold !== undefined) said.push(`╌ threshold ${say(chart.threshold, chart.unit)}`);
  return said.length === 0 ? [] : [`${" ".repeat(gutter + 2)}${said.join("   ")}`];
}

// ---------------------------------------------------------------- several series, or little room: one line each

const BARS = "▁▂▃▄▅▆▇█";

function sparklines(chart: Chart, series: readonly Named[], width: number): string[] {
  const scale = scaleOf(
    chart,
    series.flatMap((one) => one.points),
  );
  const ends = series.map((one) => say(one.points.at(-1)![1], chart.unit));
  const right = Math.max(...ends.map(widthOf));
  const names = series.length > 1 ? series.map((one) => one.name) : [""];
  const left = Math.min(Math.max(...names.map(widthOf)), Math.max(0, Math.floor((width - right) / 2)));
  const room = Math.max(1, width - left - right - (left > 0 ? 2 : 1));
  const [from, to] = span(series.flatMap((one) => one.points));
  const rows = series.map((one, i) => {
    const name = left > 0 ? `${pad(cut(names[i] ?? "", left), left)} ` : "";
    return `${name}${bars(one.points, { from, to, scale, room })} ${ends[i]}`;
  });
  return [...rows, `scale ${say(scale.low, chart.unit)} to ${say(scale.high, chart.unit)}`, ...legend(chart, -2)];
}

type Strip = { readonly from: number; readonly to: number; readonly scale: Scale; readonly room: number };

/** One bar per slice of time. Of several points in a slice the one farthest from the mean stands, so a spike is kept. */
function bars(points: readonly Point[], { from, to, scale, room }: Strip): string {
  const mean = points.reduce((sum, [, v]) => sum + v / points.length, 0);
  const kept: (number | undefined)[] = new Array(room).fill(undefined);
  for (const [at, value] of points) {
    const slot = to === from ? 0 : Math.min(room - 1, Math.floor(((at - from) / (to - from)) * room));
    const held = kept[slot];
    if (held === undefined || Math.abs(value - mean) > Math.abs(held - mean)) kept[slot] = value;
  }
  // Fewer points than columns leave slots empty that were measured all the same: carry on, but not over a real gap.
  const carry = to === from ? 0 : Math.ceil((gapOf(points) / (to - from)) * room);
  let last = -1;
  return kept
    .map((value, slot) => {
      if (value !== undefined) last = slot;
      const shown = value ?? (last >= 0 && slot - last < carry ? kept[last] : undefined);
      if (shown === undefined) return " ";
      const share = (shown - scale.low) / (scale.high - scale.low);
      return BARS[Math.min(BARS.length - 1, Math.max(0, Math.floor(share * BARS.length)))];
    })
    .join("");
}

// ---------------------------------------------------------------- axes

type Scale = { readonly low: number; readonly high: number };

/** Lowest and highest of points, band and a threshold that is near enough not to flatten the line. */
function scaleOf(chart: Chart, points: readonly Point[]): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const take = (value: number) => {
    if (!Number.isFinite(value)) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const [, value] of points) take(value);
  if (chart.band !== undefined) {
    take(chart.band.low);
    take(chart.band.high);
  }
  const reach = 2 * (high - low);
  if (chart.threshold !== undefined && chart.threshold <= high + reach && chart.threshold >= low - reach)
    take(chart.threshold);
  if (low >= 0 && low <= (high - low) / 2) low = 0;
  // Half the range first: `high - low` of two huge numbers is infinite, and of two equal ones nothing.
  if (high / 2 - low / 2 > 0 && Number.isFinite(high - low)) return { low, high };
  if (Number.isFinite(high - low)) return { low: low - spreadOf(low), high: high + spreadOf(high) };
  return { low: low / 4, high: high / 4 };
}

/** Some room around a flat line; a number's own neighbourhood, since adding 1 to 1e20 changes nothing. */
function spreadOf(value: number): number {
  return value === 0 ? 1 : Math.abs(value) / 10;
}

function span(points: readonly Point[]): [from: number, to: number] {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [at] of points) {
    from = Math.min(from, at);
    to = Math.max(to, at);
  }
  return [from, to];
}

/** Seconds without a sample from which two neighbours are not connected: three usual steps. */
function gapOf(points: readonly Point[]): number {
  const steps = points
    .slice(1)
    .map(([at], i) => at - points[i]![0])
    .sort((a, b) => a - b);
  return 3 * (steps[Math.floor(steps.length / 2)] ?? 0) || Number.POSITIVE_INFINITY;
}

function timeAxis(series: readonly Named[], zone: string, width: number): string {
  const [from, to] = span(series.flatMap((one) => one.points));
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

function say(value: number, unit: string): string {
  // A unit that nobody taught us is shown as a plain number; the title says what it is.
  return formatValue(value, unit as Unit) ?? formatValue(value, "none");
}
