import type { Chart } from "../core/card.ts";
import { isDrawable, runs, type Scale, sayIn, sayRange, scaleOf, shareOf, spanOf } from "../core/plot.ts";
import type { Point } from "../core/series.ts";
import { thin } from "../core/thin.ts";
import { safeZone } from "../core/zone.ts";
import { type EventMark, eventMarks, rowsOf } from "./event-marks.ts";
import { markAt, px, STYLES, type Style } from "./marks.ts";
import { labelOf, lines, SMALL, shortened, widthOf, xml } from "./text.ts";
import { spanWords, timeTicks } from "./time-axis.ts";
import { type ValueAxis, valueAxis } from "./value-axis.ts";

/** A picture of a chart: SVG 1.1 text, and its size in pixels. The height grows with what there is to say. */
export type Drawing = { readonly svg: string; readonly width: number; readonly height: number };

/** The font that the picture is laid out for. */
export const FONT = "DejaVu Sans";

/** A chart without a single finite point: there is no picture of it. */
export class NothingToDrawError extends Error {
  override readonly name = "NothingToDrawError";
}

// On a phone the picture is about 380 points wide: letters of 15 are then still 9 tall.
const WIDTH = 640;
const EDGE = 14;
const PLOT_HEIGHT = 224;
const TITLE_SIZE = 18;
const SIZE = 15;
const WIDEST_TICK = 170;
const WIDEST_END = 150;
const ROW = 18;
const LEGEND_ROW = 23;

const INK = "#1d1c1d";
const GREY = "#5b5b5f";
const USUAL = "#dfe7ef";
const LIMIT = "#b3001b";
const EVENT = "#5b3f92";

/** More lines than these are not looked at but walked through. */
const MOST_EVENTS = 12;

/**
 * The picture of a chart: title, axes in its unit and in the zone's wall clock, lines, what is usual, threshold, events.
 * At most six series are drawn; how many more there are is said in the picture. `zone` is an IANA name, UTC when nobody
 * knows it. Throws `NothingToDrawError` when no series has a finite point.
 */
export function drawSvg(chart: Chart, zone: string): Drawing {
  const plan = planOf(chart, safeZone(zone));
  const parts = [
    title(plan),
    band(plan),
    grid(plan),
    threshold(plan),
    events(plan),
    series(plan),
    thresholdLabel(plan),
    ends(plan),
  ];
  const { text, height } = legend(plan);
  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${FONT}" font-size="${SIZE}" fill="${INK}"><rect width="${WIDTH}" height="${height}" fill="#ffffff"/>${parts.join("")}${text}</svg>`,
    width: WIDTH,
    height,
  };
}

// ---------------------------------------------------------------- what goes where

type Line = {
  readonly name: string;
  readonly style: Style;
  /** All that can be drawn, in order of time; and the same, cut where nothing was measured. */
  readonly points: readonly Point[];
  readonly pieces: readonly (readonly Point[])[];
  /** The last value in words. */
  readonly last: string;
};

type Plan = {
  readonly chart: Chart;
  readonly zone: string;
  readonly titles: readonly string[];
  readonly lines: readonly Line[];
  readonly axis: ValueAxis;
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly events: readonly EventMark[];
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  /** Small print: what the picture leaves out. */
  readonly notes: readonly string[];
};

function planOf(chart: Chart, zone: string): Plan {
  const filled = chart.series.filter(({ points }) => points.some(isDrawable));
  if (filled.length === 0)
    throw new NothingToDrawError(`the chart "${labelOf(chart.title).slice(0, 100)}" has no points to draw`);
  const lines = STYLES.slice(0, filled.length).map((style, i) => readLine(chart.unit, filled[i]!, style));
  const drawn = lines.flatMap(({ points }) => points);
  const isWhole = chart.unit === "count" && drawn.every(([, value]) => Number.isInteger(value));
  const axis = valueAxis(roomAround(chart, scaleOf(chart, drawn)), chart.unit, isWhole);
  const titles = titleLines(chart, lines);
  const [from, to] = widened(...spanOf(drawn));
  const left = EDGE + Math.min(WIDEST_TICK, Math.max(...axis.ticks.map(({ text }) => widthOf(text, SIZE)))) + 8;
  const right =
    WIDTH - EDGE - Math.min(WIDEST_END, Math.max(...lines.map(({ last }) => widthOf(last, SIZE)))) - endRoom(lines);
  const x = (at: number) => left + ((at - from) / (to - from)) * (right - left);
  const inside = (chart.events ?? []).filter(({ at }) => at >= from && at <= to);
  const marks = eventMarks(
    inside.slice(0, MOST_EVENTS).map(({ at, name }) => ({ x: x(at), name: labelOf(name) })),
    { left, right: WIDTH - EDGE },
  );
  const rows = rowsOf(marks);
  const top = EDGE + titles.length * 24 + 10 + rows * ROW;
  const bottom = top + PLOT_HEIGHT;
  const y = (value: number) => bottom - shareOf(value, axis) * PLOT_HEIGHT;
  const more = filled.length - lines.length;
  const empty = chart.series.length - filled.length;
  const unnamed = (chart.events?.length ?? 0) - marks.filter(({ label }) => label !== "").length;
  const notes = [
    more === 0 ? "" : `${more} more not drawn`,
    empty === 0 ? "" : `${empty} without data`,
    unnamed === 0 ? "" : `${unnamed} more ${unnamed === 1 ? "event" : "events"} not named`,
  ].filter((note) => note !== "");
  return { chart, zone, titles, lines, axis, from, to, left, right, top, bottom, events: marks, x, y, notes };
}

function readLine(unit: string, { name, points }: Chart["series"][number], style: Style): Line {
  const pieces = runs(points);
  const kept = pieces.flat();
  return { name: labelOf(name), style, points: kept, pieces, last: sayIn(unit, kept.at(-1)![1]) };
}

/** One series without a title is its own title. */
function titleLines(chart: Chart, drawn: readonly Line[]): string[] {
  const text = labelOf(chart.title) || (drawn.length === 1 ? drawn[0]!.name : "");
  return lines(text, WIDTH - 2 * EDGE, TITLE_SIZE, 2);
}

/** Around a single moment, half an hour on each side. */
function widened(from: number, to: number): [from: number, to: number] {
  return to > from ? [from, to] : [from - 1800, to + 1800];
}

/** A band that ends where the axis ends would look like the paper: some room is left beside it. */
function roomAround({ band: usual, unit }: Chart, { low, high }: Scale): Scale {
  if (usual === undefined) return { low, high };
  const room = (high - low) / 25;
  const isShare = unit === "ratio" && high <= 1;
  return {
    low: usual.low > low ? low : low > 0 ? Math.max(0, low - room) : low === 0 ? 0 : low - room,
    high: usual.high < high ? high : isShare ? Math.min(1, high + room) : high + room,
  };
}

// ---------------------------------------------------------------- the parts, from back to front

function title({ titles }: Plan): string {
  return titles.map((line, i) => text(line, EDGE, EDGE + 16 + i * 24, { size: TITLE_SIZE })).join("");
}

function grid(plan: Plan): string {
  const { axis, left, right, bottom, y, x, from, to, zone } = plan;
  const rows = axis.ticks.map(({ value, text: said }) => {
    const at = y(value);
    const label = text(shortened(said, WIDEST_TICK, SIZE), left - 8, at + 5, { anchor: "end", colour: GREY });
    return `<path d="M${px(left)} ${px(at)}H${px(right)}" stroke="#000000" stroke-opacity="${value === 0 ? 0.4 : 0.12}"/>${label}`;
  });
  // "00:00" or "21 Nov" needs that much room, and "00:00:00" more.
  const apart = to - from < 300 ? 78 : 64;
  const ticks = timeTicks(from, to, zone, Math.floor((right - left) / apart)).map(({ at, text: said }) => {
    const half = widthOf(said, SIZE) / 2;
    const middle = Math.min(Math.max(x(at), EDGE + half), WIDTH - EDGE - half);
    const mark = `<path d="M${px(x(at))} ${px(bottom)}v5" stroke="${GREY}"/>`;
    return mark + text(said, middle, bottom + 23, { anchor: "middle", colour: GREY });
  });
  const span = shortened(spanWords(from, to, zone), WIDTH - 2 * EDGE, SMALL);
  const end = Math.max(right, EDGE + widthOf(span, SMALL));
  return rows.join("") + ticks.join("") + text(span, end, bottom + 43, { anchor: "end", colour: GREY, size: SMALL });
}

function usualOf({ chart, axis }: Plan): Scale | undefined {
  const { low, high } = chart.band ?? { low: Number.NaN, high: Number.NaN };
  if (!Number.isFinite(low) || !Number.isFinite(high) || low > high) return undefined;
  return low > axis.high || high < axis.low ? undefined : { low, high };
}

function band(plan: Plan): string {
  const usual = usualOf(plan);
  if (usual === undefined) return "";
  const { left, right, y } = plan;
  const height = Math.max(2, y(usual.low) - y(usual.high));
  return `<rect x="${px(left)}" y="${px(y(usual.high))}" width="${px(right - left)}" height="${px(height)}" fill="${USUAL}"/>`;
}

function isThresholdDrawn({ chart, axis }: Plan): boolean {
  return chart.threshold !== undefined && chart.threshold >= axis.low && chart.threshold <= axis.high;
}

function threshold(plan: Plan): string {
  if (!isThresholdDrawn(plan)) return "";
  const { left, right, y, chart } = plan;
  return `<path d="M${px(left)} ${px(y(chart.threshold!))}H${px(right)}" stroke="${LIMIT}" stroke-width="1.6" stroke-dasharray="7 5"/>`;
}

/** On top of the lines, where the fewest of them are in the way: as far to the left as that may be. */
function thresholdLabel(plan: Plan): string {
  if (!isThresholdDrawn(plan)) return "";
  const { left, right, top, y, chart } = plan;
  const at = y(chart.threshold!);
  const said = `threshold ${sayIn(chart.unit, chart.threshold!)}`;
  const width = widthOf(said, SMALL) + 12;
  const base = at - 5 < top + 10 ? at + 15 : at - 6;
  const seen = plan.lines.map(({ points }) => thin(points, 2 * WIDTH));
  const inTheWay = (start: number) =>
    crossings(plan, seen, { start, end: start + width, top: base - 14, bottom: base + 5 });
  const places = [0, 1, 2, 3, 4, 5].map((i) => left + (i / 5) * Math.max(0, right - left - width));
  const counts = places.map(inTheWay);
  const best = places[counts.indexOf(Math.min(...counts))]!;
  return text(said, best + 6, base, { colour: LIMIT, size: SMALL, halo: true });
}

type Box = { readonly start: number; readonly end: number; readonly top: number; readonly bottom: number };

/** How many of the pieces that lines are made of may go through a box. */
function crossings({ x, y }: Plan, seen: readonly (readonly Point[])[], { start, end, top, bottom }: Box): number {
  const isIn = ([at, value]: Point, i: number, points: readonly Point[]) => {
    const [before, other] = points[Math.max(0, i - 1)]!;
    const [a, b] = [y(value), y(other)];
    return x(at) >= start && x(before) <= end && Math.max(a, b) >= top && Math.min(a, b) <= bottom;
  };
  return seen.reduce((sum, points) => sum + points.filter(isIn).length, 0);
}

function events({ events: marks, top, bottom }: Plan): string {
  return marks
    .map(({ x, label, row, start }) => {
      const base = top - 7 - row * ROW;
      const line = `<path d="M${px(x)} ${px(label === "" ? top : base - 10)}V${px(bottom)}" stroke="${EVENT}" stroke-width="1.4"/>`;
      return label === "" ? line : line + text(label, start, base, { colour: EVENT, size: SMALL });
    })
    .join("");
}

function series(plan: Plan): string {
  // The first is the one asked for: it lies on top.
  return plan.lines
    .map((line) => lineOf(plan, line))
    .reverse()
    .join("");
}

function lineOf(plan: Plan, { points, pieces, style }: Line): string {
  const { x, y, lines: drawn, left, right } = plan;
  // More gaps than columns of pixels cannot be seen as gaps: all that can be shown is where there was a value.
  const joined = pieces.length > right - left ? [] : pieces.filter((piece) => piece.length > 1);
  // A sample between two gaps has no line: without a dot it would vanish.
  const alone = joined.length === 0 ? points : pieces.filter((piece) => piece.length === 1).flat();
  const path = joined.map((piece) => pathOf(plan, piece)).join("");
  const dash = style.dash === "" || drawn.length === 1 ? "" : ` stroke-dasharray="${style.dash}"`;
  const spots = thin(alone, 4 + 2 * (right - left)).map(([at, value]) => `M${px(x(at))} ${px(y(value))}h0`);
  return [
    path === ""
      ? ""
      : `<path class="line" d="${path}" fill="none" stroke="${style.colour}" stroke-width="2.3" stroke-linejoin="round"${dash}/>`,
    spots.length === 0
      ? ""
      : `<path class="dots" d="${spots.join("")}" stroke="${style.colour}" stroke-width="5.2" stroke-linecap="round"/>`,
    drawn.length === 1 ? "" : marksOf(plan, { points, style }),
  ].join("");
}

/** Two points a pixel column at most: the lowest and the highest in it are all that one can see of more. */
function pathOf({ x, y }: Plan, piece: readonly Point[]): string {
  const columns = Math.ceil(x(piece.at(-1)![0]) - x(piece[0]![0]));
  return thin(piece, 2 * columns + 4)
    .map(([at, value], i) => `${i === 0 ? "M" : "L"}${px(x(at))} ${px(y(value))}`)
    .join("");
}

const MARK_EVERY = 110;

/** The shape of a series, now and then along its line, for each series at other places. */
function marksOf({ lines: drawn, left, x, y }: Plan, { points, style }: Pick<Line, "points" | "style">): string {
  const offset = (STYLES.indexOf(style) / drawn.length) * MARK_EVERY;
  const chosen: Point[] = [];
  let next = left + offset;
  for (const point of points) {
    if (x(point[0]) < next) continue;
    chosen.push(point);
    next = x(point[0]) + MARK_EVERY;
  }
  const path = chosen.map(([at, value]) => markAt(style.shape, x(at), y(value))).join("");
  return `<path d="${path}" fill="${style.colour}" stroke="#ffffff" stroke-width="0.8"/>`;
}

/** The last value of each line beside its end, moved apart where they would cover each other. */
function ends(plan: Plan): string {
  const { lines: drawn, x, y, right, top, bottom } = plan;
  const wanted = drawn.map(({ points, style, last }) => {
    const [at, value] = points.at(-1)!;
    return { x: x(at), y: y(value), style, last, base: y(value) };
  });
  const placed = wanted.toSorted((a, b) => a.y - b.y);
  const height = 17;
  for (const [i, label] of placed.entries())
    label.base = Math.max(label.y, i === 0 ? top : placed[i - 1]!.base + height);
  for (const [i, label] of [...placed.entries()].reverse())
    label.base = Math.min(label.base, i === placed.length - 1 ? bottom : placed[i + 1]!.base - height);
  return placed
    .map(({ x: endX, y: endY, style, last, base }) => {
      const mark = markAt(style.shape, endX, endY);
      const label = text(shortened(last, WIDEST_END, SIZE), right + endRoom(drawn) - 2, base + 5);
      const again = drawn.length === 1 ? "" : markAt(style.shape, right + 16, base);
      return `<path d="${mark}${again}" fill="${style.colour}" stroke="#ffffff"/>${label}`;
    })
    .join("");
}

/** Pixels between the plot and the last values; with several, a shape before each says whose it is. */
function endRoom(drawn: readonly Line[]): number {
  return drawn.length === 1 ? 12 : 26;
}

// ---------------------------------------------------------------- below the plot

type Entry = { readonly swatch: (x: number, y: number) => string; readonly said: string };

const SWATCH = 34;

function legend(plan: Plan): { readonly text: string; readonly height: number } {
  let [left, base] = [EDGE, plan.bottom + 71];
  const room = WIDTH - 2 * EDGE;
  const found: string[] = [];
  for (const { swatch, said } of entries(plan)) {
    const label = shortened(said, room - SWATCH, SIZE);
    const width = SWATCH + widthOf(label, SIZE);
    if (left > EDGE && left + width > WIDTH - EDGE) [left, base] = [EDGE, base + LEGEND_ROW];
    found.push(swatch(left, base - 5) + text(label, left + SWATCH, base));
    left += width + 22;
  }
  if (plan.notes.length > 0) {
    if (found.length > 0) base += LEGEND_ROW;
    found.push(text(shortened(plan.notes.join(" · "), room, SIZE), EDGE, base, { colour: GREY }));
  }
  return { text: found.join(""), height: Math.ceil(found.length === 0 ? plan.bottom + 55 : base + EDGE) };
}

function entries(plan: Plan): Entry[] {
  const { chart, lines: drawn } = plan;
  const named = drawn.length === 1 ? [] : drawn.map((line) => seriesEntry(line));
  const usual = usualOf(plan);
  const range = usual && `usual ${sayRange(chart.unit, usual)}`;
  const isFar = chart.threshold !== undefined && Number.isFinite(chart.threshold) && !isThresholdDrawn(plan);
  const side = isFar && chart.threshold! > plan.axis.high ? "above" : "below";
  return [
    ...named,
    ...(range === undefined ? [] : [{ swatch: usualSwatch, said: range }]),
    ...(isFar
      ? [{ swatch: limitSwatch, said: `threshold ${sayIn(chart.unit, chart.threshold!)}, ${side} this picture` }]
      : []),
  ];
}

function seriesEntry({ name, style }: Line): Entry {
  const dash = style.dash === "" ? "" : ` stroke-dasharray="${style.dash}"`;
  return {
    said: name === "" ? "no name" : name,
    swatch: (x, y) =>
      `<path d="M${px(x)} ${px(y)}h28" stroke="${style.colour}" stroke-width="2.3"${dash}/><path d="${markAt(style.shape, x + 14, y)}" fill="${style.colour}" stroke="#ffffff" stroke-width="0.8"/>`,
  };
}

function usualSwatch(x: number, y: number): string {
  return `<rect x="${px(x)}" y="${px(y - 6)}" width="28" height="12" fill="${USUAL}" stroke="#c3cfdb"/>`;
}

function limitSwatch(x: number, y: number): string {
  return `<path d="M${px(x)} ${px(y)}h28" stroke="${LIMIT}" stroke-width="1.6" stroke-dasharray="7 5"/>`;
}

// ---------------------------------------------------------------- text

type Look = {
  readonly anchor?: "start" | "middle" | "end";
  readonly colour?: string;
  readonly size?: number;
  /** A white edge, for text that may lie on a line. */
  readonly halo?: boolean;
};

function text(said: string, x: number, y: number, { anchor, colour, size, halo }: Look = {}): string {
  const attributes = [
    anchor === undefined || anchor === "start" ? "" : ` text-anchor="${anchor}"`,
    colour === undefined ? "" : ` fill="${colour}"`,
    size === undefined ? "" : ` font-size="${size}"`,
    halo === true ? ' stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' : "",
  ];
  return `<text x="${px(x)}" y="${px(y)}"${attributes.join("")}>${xml(said)}</text>`;
}
