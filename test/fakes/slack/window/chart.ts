import { html } from "./text.ts";

/** Slack's `data_visualization` as a drawing: lines over evenly spaced categories, as its reference describes them. */

export type LineChart = {
  readonly title: string;
  readonly chart: {
    readonly type: string;
    readonly series: readonly { readonly name: string; readonly data: readonly { readonly value: number }[] }[];
    readonly axis_config: {
      readonly categories: readonly string[];
      readonly x_label?: string;
      readonly y_label?: string;
    };
  };
};

const SIZE = { width: 640, height: 300, left: 64, right: 16, top: 36, bottom: 56 };
const COLOURS = ["#1264a3", "#c27c0e", "#2a7d5f", "#8e44ad", "#b03a5b", "#5b6770"];
/** About as wide as a character of a label, and the gap to the next label. */
const CHARACTER = 6.4;
const GAP = 28;

/** The chart with its title, axes and a legend, as a figure. */
export function drawn({ title, chart }: LineChart): string {
  const { categories, x_label: below = "", y_label: beside = "" } = chart.axis_config;
  const values = chart.series.flatMap(({ data }) => data.map(({ value }) => value));
  const ticks = ticksOf(Math.min(0, ...values), Math.max(...values));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const across = SIZE.width - SIZE.left - SIZE.right;
  const down = SIZE.height - SIZE.top - SIZE.bottom;
  const x = (i: number) => SIZE.left + across * (categories.length === 1 ? 0.5 : i / (categories.length - 1));
  const y = (value: number) => SIZE.top + down * (1 - (value - low) / (high - low || 1));
  const grid = ticks.map((tick) => {
    const at = y(tick).toFixed(1);
    return `<line class="grid" x1="${SIZE.left}" x2="${SIZE.width - SIZE.right}" y1="${at}" y2="${at}"/><text class="tick" x="${SIZE.left - 8}" y="${at}" dy="0.32em" text-anchor="end">${html(sayTick(tick))}</text>`;
  });
  const labels = shownLabels(categories, across).map((i) => {
    return `<text class="tick" x="${x(i).toFixed(1)}" y="${SIZE.height - SIZE.bottom + 18}" text-anchor="middle">${html(categories[i]!)}</text>`;
  });
  const lines = chart.series.map(({ data }, i) => {
    const points = data.map(({ value }, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    return `<polyline class="series" points="${points}" stroke="${COLOURS[i % COLOURS.length]}"/>`;
  });
  const legend = chart.series.map(
    ({ name }, i) =>
      `<li><svg class="swatch" viewBox="0 0 14 4" aria-hidden="true"><rect width="14" height="4" fill="${COLOURS[i % COLOURS.length]}"/></svg>${html(name)}</li>`,
  );
  return [
    `<figure class="chart"><figcaption>${html(title)}</figcaption>`,
    `<svg viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${html(title)}">`,
    `<text class="axis" x="${SIZE.left - 52}" y="18">${html(beside)}</text>`,
    `<text class="axis" x="${SIZE.left + across / 2}" y="${SIZE.height - 10}" text-anchor="middle">${html(below)}</text>`,
    ...grid,
    ...labels,
    ...lines,
    "</svg>",
    `<ul class="legend">${legend.join("")}</ul></figure>`,
  ].join("");
}

/** Some four round steps from below the lowest to above the highest. */
function ticksOf(lowest: number, highest: number): number[] {
  const span = highest - lowest || Math.abs(highest) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = power * ([1, 2, 2.5, 5, 10].find((one) => one * power * 4 >= span) ?? 10);
  const first = Math.floor(lowest / step);
  const last = Math.max(first + 1, Math.ceil(highest / step));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function sayTick(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

/** From the first on at equal distances, as many as can be read side by side. */
function shownLabels(categories: readonly string[], room: number): number[] {
  const widest = Math.max(...categories.map(({ length }) => length)) * CHARACTER + GAP;
  const step = Math.ceil(categories.length / Math.max(1, Math.floor(room / widest)));
  return categories.map((_, i) => i).filter((i) => i % step === 0);
}
