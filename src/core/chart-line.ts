import { inertName } from "../util/inert.ts";
import type { Chart } from "./card.ts";
import { drawable, gapOf, sayIn, sayRange } from "./plot.ts";
import type { Point } from "./series.ts";
import { sayMoment, sayTime } from "./zone.ts";

/** Series, events: how many are named before the rest is counted. */
const NAMED = 6;
const EVENTS = 3;

/**
 * A chart as one line of plain text, for screen readers, phones and logs: "p95 latency of orders: now 2.39 s, lowest
 * 310 ms at 03:10 UTC, highest 2.41 s at 04:02 UTC; usual 210 to 420 ms". `now` is unix seconds, `zone` an IANA name.
 * Names from outside are made harmless and cut; a surface still escapes the line for its own syntax.
 */
export function chartLine(chart: Chart, zone: string, now: number): string {
  const drawn = chart.series
    .map((one) => ({ name: inertName(one.name, { max: 60 }), points: drawable(one.points) }))
    .filter((one) => one.points.length > 0);
  const title = inertName(chart.title, { max: 160 });
  const said = [
    seriesWords(chart, drawn, { zone, now }),
    chart.band === undefined ? "" : `usual ${sayRange(chart.unit, chart.band)}`,
    chart.threshold === undefined ? "" : `threshold ${sayIn(chart.unit, chart.threshold)}`,
    eventWords(chart, { zone, now }),
  ].filter((part) => part !== "");
  return [title, said.join("; ")].filter((part) => part !== "").join(": ");
}

type Named = { readonly name: string; readonly points: readonly Point[] };
type When = { readonly zone: string; readonly now: number };

function seriesWords(chart: Chart, drawn: readonly Named[], when: When): string {
  const [first, ...others] = drawn;
  if (first === undefined) return "no data";
  if (others.length === 0) {
    const words = [lastWords(chart, first.points, when), ...extremeWords(chart, drawn, when)].join(", ");
    return [words, ...gapWords(first.points, when)].join("; ");
  }
  const latest = Math.max(...drawn.map(({ points }) => points.at(-1)![0]));
  const named = drawn.slice(0, NAMED).map(({ name, points }) => {
    const [at, value] = points.at(-1)!;
    const own = latest - at > gapOf(points) ? ` (${sayMoment(at, when.now, when.zone)})` : "";
    return `${name} ${sayIn(chart.unit, value)}${own}`;
  });
  const more = drawn.length > NAMED ? [`${drawn.length - NAMED} more`] : [];
  const lead = isFresh(latest, first.points, when) ? "now" : sayMoment(latest, when.now, when.zone);
  return `${lead} ${[...named, ...more].join(", ")}; ${extremeWords(chart, drawn, when).join(", ")}`;
}

/** "now" is said of a sample that is no gap old, and of one of five minutes, but never of one older than an hour. */
function lastWords({ unit }: Chart, points: readonly Point[], when: When): string {
  const [at, value] = points.at(-1)!;
  return isFresh(at, points, when)
    ? `now ${sayIn(unit, value)}`
    : `${sayIn(unit, value)} ${sayMoment(at, when.now, when.zone)}`;
}

function isFresh(at: number, points: readonly Point[], { now }: When): boolean {
  const usual = gapOf(points);
  return Math.abs(now - at) <= Math.max(300, Number.isFinite(usual) ? Math.min(usual, 3600) : 0);
}

type Extreme = { readonly name: string; readonly at: number; readonly value: number };

function extremeWords({ unit }: Chart, drawn: readonly Named[], when: When): string[] {
  let [lowest, highest]: (Extreme | undefined)[] = [];
  let count = 0;
  for (const { name, points } of drawn) {
    count += points.length;
    for (const [at, value] of points) {
      if (lowest === undefined || value < lowest.value) lowest = { name, at, value };
      if (highest === undefined || value > highest.value) highest = { name, at, value };
    }
  }
  if (lowest === undefined || highest === undefined || count < 2) return [];
  if (sayIn(unit, lowest.value) === sayIn(unit, highest.value)) {
    const since = Math.min(...drawn.map(({ points }) => points[0]![0]));
    return [`the same since ${sayMoment(since, when.now, when.zone).replace(/^(?:at|on) /, "")}`];
  }
  return [["lowest", lowest] as const, ["highest", highest] as const].map(([word, { name, at, value }]) => {
    const whose = drawn.length > 1 ? ` (${name})` : "";
    return `${word} ${sayIn(unit, value)}${whose} ${sayMoment(at, when.now, when.zone)}`;
  });
}

/** The longest stretch without samples. */
function gapWords(points: readonly Point[], { zone, now }: When): string[] {
  const least = gapOf(points);
  let longest: readonly [from: number, to: number] | undefined;
  for (const [i, [at]] of points.entries()) {
    const before = points[i - 1]?.[0] ?? at;
    if (at - before > Math.max(least, longest === undefined ? 0 : longest[1] - longest[0])) longest = [before, at];
  }
  if (longest === undefined) return [];
  return [`no data from ${sayTime(longest[0], now, zone)} to ${sayTime(longest[1], now, zone)}`];
}

function eventWords({ events = [] }: Chart, when: When): string {
  const named = events
    .slice(0, EVENTS)
    .map(({ at, name }) => `${inertName(name, { max: 60 })} ${sayMoment(at, when.now, when.zone)}`);
  return [...named, ...(events.length > EVENTS ? [`${events.length - EVENTS} more events`] : [])].join(", ");
}
