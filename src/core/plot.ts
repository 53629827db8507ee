import type { Chart } from "./card.ts";
import type { Point } from "./series.ts";
import { formatValue, type Unit } from "./units.ts";

/** What every drawing of a chart agrees on, whether in letters or in pixels: what is a gap, and from where to where. */

/** Lowest and highest value of an axis; `high` is above `low`, and both and their difference are finite. */
export type Scale = { readonly low: number; readonly high: number };

// Unix seconds in the years 5 and 9996: within them a calendar of any zone, and a step beyond, can be reckoned.
const FIRST_MOMENT = -62_000_000_000;
const LAST_MOMENT = 253_300_000_000;

/** Whether a point has a finite value and a moment in a year of four digits. */
export function isDrawable([at, value]: Point): boolean {
  return at >= FIRST_MOMENT && at <= LAST_MOMENT && Number.isFinite(value);
}

/** The points that can be drawn, in order of time. */
export function drawable(points: readonly Point[]): Point[] {
  const kept = points.filter(isDrawable);
  return kept.every(([at], i) => i === 0 || at >= kept[i - 1]![0]) ? kept : kept.sort(([a], [b]) => a - b);
}

/**
 * The drawable points cut where nothing was measured: at values that are no number, and where two neighbours are farther
 * apart than `gapOf`. A line across would claim values that nobody saw.
 */
export function runs(points: readonly Point[]): Point[][] {
  const kept = drawable(points);
  const longest = gapOf(kept);
  const holes = points.filter(([at, value]) => Number.isFinite(at) && !Number.isFinite(value)).map(([at]) => at);
  holes.sort((a, b) => a - b);
  const found: Point[][] = [];
  let hole = 0;
  for (const [i, point] of kept.entries()) {
    const before = kept[i - 1];
    let isCut = before === undefined || point[0] - before[0] > longest;
    for (; hole < holes.length && holes[hole]! < point[0]; hole++)
      if (before !== undefined && holes[hole]! > before[0]) isCut = true;
    if (isCut) found.push([point]);
    else found.at(-1)!.push(point);
  }
  return found;
}

/** Seconds from which a stretch without a sample is a gap: 2.5 times the usual (median) step. Infinite for one point. */
export function gapOf(points: readonly Point[]): number {
  const steps = points
    .slice(1)
    .map(([at], i) => at - points[i]![0])
    .sort((a, b) => a - b);
  return 2.5 * (steps[Math.floor(steps.length / 2)] ?? 0) || Number.POSITIVE_INFINITY;
}

/** First and last moment, unix seconds. Infinite (and the wrong way round) when there is no point. */
export function spanOf(points: readonly Point[]): [from: number, to: number] {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [at] of points) {
    from = Math.min(from, at);
    to = Math.max(to, at);
  }
  return [from, to];
}

/** Beyond it the distance of two numbers may be infinite: what is farther is drawn at the edge. */
const LARGEST = 1e300;
/** Below it a range can no longer be divided into steps. */
const SMALLEST = 1e-290;

/**
 * Lowest and highest of the points, the band, and a threshold that is near enough not to flatten the line. From zero on
 * when zero is near; around a flat line, from zero to somewhat above it.
 */
export function scaleOf(chart: Partial<Pick<Chart, "unit" | "band" | "threshold">>, points: readonly Point[]): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const take = (value: number) => {
    if (!Number.isFinite(value)) return;
    const near = Math.min(LARGEST, Math.max(-LARGEST, value));
    low = Math.min(low, near);
    high = Math.max(high, near);
  };
  for (const [, value] of points) take(value);
  if (chart.band !== undefined) {
    take(chart.band.low);
    take(chart.band.high);
  }
  if (low > high) return { low: 0, high: 1 };
  // Of a flat line the distance says nothing: what is within twice its height counts as near.
  const reach = high > low ? 2 * (high - low) : 2 * Math.abs(high);
  const { threshold } = chart;
  if (threshold !== undefined && threshold <= high + reach && threshold >= low - reach) take(threshold);
  if (low >= 0 && low <= (high - low) / 2) low = 0;
  if (high - low > Math.max(SMALLEST, 1e-12 * Math.max(Math.abs(low), Math.abs(high)))) return { low, high };
  if (Math.abs(high) < SMALLEST) return { low: 0, high: 1 };
  if (high < 0) return { low: low * 1.2, high: 0 };
  // A share of a whole ends at the whole.
  const isShare = (chart.unit === "ratio" || chart.unit === "bool") && high <= 1;
  return { low: 0, high: isShare ? Math.min(1, high * 1.2) : high * 1.2 };
}

/** Where a value stands between the ends of a scale: 0 at `low`, 1 at `high`, never outside. */
export function shareOf(value: number, { low, high }: Scale): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** What values are multiplied by to be short enough for an axis of plain numbers, and the unit they are then in. */
export type AxisUnit = { readonly factor: number; readonly name: string };

/** The largest of units, each `step` times the one before, in which a value of size `most` is 1 or more; else the first. */
export function steppedUnit(most: number, step: number, names: readonly [string, ...string[]]): AxisUnit {
  let power = 0;
  while (power < names.length - 1 && most >= step ** (power + 1)) power++;
  return { factor: step ** -power, name: names[power]! };
}

/** A value in that unit, with six digits, and as large as can still be drawn. */
export function axisValue(value: number, { factor }: AxisUnit): number {
  return Number(Math.min(LARGEST, Math.max(-LARGEST, value * factor)).toPrecision(6));
}

/** A value in a chart's unit. One that nobody taught us is left out: the title says what it is. */
export function sayIn(unit: string, value: number): string {
  return formatValue(value, unit as Unit) ?? formatValue(value, "none");
}

/** "210 to 420 ms", "500 ms to 2.1 s": a unit that both share is said once. */
export function sayRange(unit: string, { low, high }: Scale): string {
  const [from, to] = [sayIn(unit, low), sayIn(unit, high)];
  const [a, b] = [/^(-?[\d.,]+)(\D*)$/.exec(from), /^(-?[\d.,]+)(\D*)$/.exec(to)];
  return a !== null && b !== null && a[2] === b[2] ? `${a[1]} to ${to}` : `${from} to ${to}`;
}
