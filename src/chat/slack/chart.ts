import type { Chart } from "../../core/card.ts";
import { type AxisUnit, axisValue, drawable, steppedUnit } from "../../core/plot.ts";
import type { Point } from "../../core/series.ts";
import { formatDuration } from "../../core/units.ts";
import { type Range, rangesIn, type Stretches, stretchesOf } from "./stretches.ts";
import { bare, cutBare } from "./text.ts";

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

/** A chart as Slack draws it, and what has to be said beside the picture: what it leaves out, puts together or cuts. */
export type Picture = { readonly block: LineChart; readonly remarks: readonly string[] };

/** The picture, with times of `zone` (an IANA name) on its axis. Undefined when there is nothing to draw. */
export function lineChart(chart: Chart, zone: string): Picture | undefined {
  const given = chart.series
    .map((one) => ({ name: one.name || "value", points: drawable(one.points) }))
    .filter((one) => one.points.length > 0);
  const { all, measured } = goneOn(given);
  const extras = extraValues(chart);
  const shown = all.slice(0, CHART.series - extras.length);
  if (shown.length === 0) return undefined;
  const stretches = stretchesOf(
    shown.map(({ points }) => points),
    CHART.points,
  );
  const labels = timeLabels(stretches.starts, zone);
  const scale = scaleOf(chart, shown);
  const value = (raw: number) => axisValue(raw, scale);
  const title = cutBare(chart.title || "Chart", CHART.title);
  const { lines: named, remark } = linesOf(shown, stretches, CHART.series - extras.length);
  const lines = title.includes(bare(shown[0]!.name)) ? namedByTitle(named) : named;
  const every = [...lines, ...extras.map((raw, i) => ({ ...extraNames(chart)[i]!, values: labels.map(() => raw) }))];
  const names = unique(every, CHART.name);
  const block: LineChart = {
    type: "data_visualization",
    title,
    chart: {
      type: "line",
      series: every.map(({ values }, i) => ({
        name: names[i]!,
        data: values.map((raw, at) => ({ label: labels[at]!, value: value(raw) })),
      })),
      axis_config: {
        categories: labels,
        x_label: cutBare(`Time (${zone})`, CHART.axis),
        y_label: cutBare(scale.name, CHART.axis),
      },
    },
  };
  const hidden = all.length - shown.length;
  return {
    block,
    remarks: [
      ...(measured === undefined
        ? []
        : [`Up to ${timeLabels([measured, stretches.starts.at(-1)!], zone)[0]} the picture shows what was measured.`]),
      ...remark,
      ...shown.flatMap((one, i) => {
        const at = every.findIndex(({ of }) => of === i);
        if (at < 0) return [];
        const name = names[at]!.slice(0, -every[at]!.suffix.length || undefined);
        return name === bare(one.name) ? [] : [`In the picture, “${name}” is ${one.name}.`];
      }),
      ...(hidden > 0 ? [`${hidden} more lines are not in the picture: ask about one of them by name.`] : []),
    ],
  };
}

type Drawn = { readonly name: string; readonly points: readonly Point[] };

/**
 * A line that ends where others begin, as what was measured before a forecast does, is drawn as their beginning: Slack wants a value of
 * every line everywhere, and a flat line where nothing was measured would be one that is made up. `measured`: where they part.
 */
function goneOn(lines: readonly Drawn[]): { readonly all: readonly Drawn[]; readonly measured?: number } {
  const pastOf = (one: Drawn, at: number) =>
    one.points.length < 2
      ? undefined
      : lines.slice(0, at).findLast((line) => line.points.length > 1 && meet(line, one));
  const pasts = lines.map(pastOf);
  const gone = new Set(pasts.filter((past) => past !== undefined));
  if (gone.size === 0) return { all: lines };
  const all = lines.flatMap((one, at) => {
    if (gone.has(one)) return [];
    return [{ ...one, points: [...(pasts[at]?.points ?? []), ...one.points.slice(pasts[at] === undefined ? 0 : 1)] }];
  });
  return { all, measured: Math.min(...[...gone].map(({ points }) => points.at(-1)![0])) };
}

/** Whether one line ends at the very point where the other begins: of several, each goes on by itself. */
function meet({ points: past }: Drawn, { points: next }: Drawn): boolean {
  const [end, begin] = [past.at(-1)!, next[0]!];
  return end[0] === begin[0] && end[1] === begin[1];
}

/** `of`: which of the chart's series it shows, so that the short names of two that belong together are alike. */
type Line = {
  readonly name: string;
  readonly suffix: string;
  readonly of: number;
  readonly values: readonly number[];
};

/**
 * One value for each stretch of time: the highest and the lowest as two lines where there is room for `most` lines in
 * all, else the one that is farthest from the line's median, so that no spike and no dip is lost.
 */
function linesOf(
  shown: readonly Drawn[],
  stretches: Stretches,
  most: number,
): { readonly lines: readonly Line[]; readonly remark: readonly string[] } {
  const ranges = shown.map(({ points }) => rangesIn(points, stretches));
  const isSpread = ranges.flat().some((range) => range !== undefined && range.low !== range.high);
  const isPaired = isSpread && 2 * shown.length <= most;
  const length = formatDuration(stretches.seconds);
  const hasHoles = ranges.flat().includes(undefined);
  const remark = [
    ...(isSpread && isPaired ? [`The picture shows the highest and the lowest value of each ${length}.`] : []),
    ...(isSpread && !isPaired
      ? [`The picture shows, of each ${length}, the value farthest from the line's median.`]
      : []),
    ...(hasHoles ? ["Where a line has no data, the picture goes on with its nearest value."] : []),
  ];
  const lines = shown.flatMap(({ name, points }, of): Line[] => {
    const filled = fill(ranges[of]!);
    if (isPaired)
      return [
        { name, suffix: " max", of, values: filled.map(({ high }) => high) },
        { name, suffix: " min", of, values: filled.map(({ low }) => low) },
      ];
    const median = medianOf(points);
    const values = filled.map(({ low, high }) => (high - median >= median - low ? high : low));
    return [{ name, suffix: "", of, values }];
  });
  return { lines, remark };
}

/** The only line of a picture whose title says already what it is: its own name would be cut for nothing. */
function namedByTitle(lines: readonly Line[]): readonly Line[] {
  const isCut = lines.some(({ name, suffix }) => bare(name).length > CHART.name - suffix.length);
  if (!isCut || lines.some(({ of }) => of !== 0)) return lines;
  const short: Readonly<Record<string, string>> = { " max": "highest", " min": "lowest", "": "measured" };
  return lines.map((one) => ({ ...one, name: short[one.suffix] ?? one.name, suffix: "", of: -1 }));
}

/** Slack wants a value everywhere. Where there is none it is the nearest one, the earlier of two. */
function fill(ranges: readonly Range[]): NonNullable<Range>[] {
  const known = ranges.flatMap((range, i) => (range === undefined ? [] : [i]));
  return ranges.map((range, i) => {
    if (range !== undefined) return range;
    const nearest = known.reduce((best, one) => (Math.abs(one - i) < Math.abs(best - i) ? one : best));
    return ranges[nearest]!;
  });
}

function medianOf(points: readonly Point[]): number {
  const sorted = points.map(([, value]) => value).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function extraValues(chart: Chart): number[] {
  const all = [chart.band?.low, chart.band?.high, chart.threshold];
  return all.filter((value): value is number => value !== undefined && Number.isFinite(value));
}

function extraNames({ band, threshold }: Chart): Pick<Line, "name" | "suffix" | "of">[] {
  const named = (name: string) => ({ name, suffix: "", of: -1 });
  return [
    ...(band !== undefined && Number.isFinite(band.low) ? [named("usual low")] : []),
    ...(band !== undefined && Number.isFinite(band.high) ? [named("usual high")] : []),
    ...(threshold !== undefined && Number.isFinite(threshold) ? [named("threshold")] : []),
  ];
}

/** At most `most` units long and different from each other: a number is added where two would read the same. */
function unique(lines: readonly Pick<Line, "name" | "suffix" | "of">[], most: number): string[] {
  const taken = new Map<string, number>();
  return lines.map(({ name, suffix, of }) => {
    const isFree = (short: string) => (taken.get(short) ?? of) === of && !taken.has(`${short}${suffix}`);
    let short = cutBare(name, most - suffix.length);
    for (let n = 2; !isFree(short); n++) short = `${cutBare(name, most - suffix.length - 1 - String(n).length)} ${n}`;
    taken.set(short, of).set(`${short}${suffix}`, of);
    return `${short}${suffix}`;
  });
}

/** As short as the span allows, and no two alike. */
function timeLabels(times: readonly number[], zone: string): string[] {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const shapes: Intl.DateTimeFormatOptions[] = [
    { hour: "2-digit", minute: "2-digit" },
    { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
    // The hour that comes twice when summer time ends.
    { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "shortOffset" },
  ];
  for (const shape of span > 20 * 3600 ? shapes.slice(1) : shapes) {
    const format = new Intl.DateTimeFormat("en-GB", { ...shape, hourCycle: "h23", timeZone: zone });
    const label = (at: number) => (Math.abs(at) < 1e11 ? format.format(at * 1000).replace(",", "") : String(at));
    const labels = times.map((at) => label(at).slice(0, CHART.label));
    if (new Set(labels).size === labels.length) return labels;
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
