import { createChartDrawer } from "../../src/charts/index.ts";
import type { Chart } from "../../src/core/card.ts";
import type { Point } from "../../src/core/series.ts";
import { quantile } from "./timed.ts";

/** Milliseconds of the first picture (which loads what draws) and of later ones, and the bytes of one. */
export type ChartFigures = {
  readonly first: number;
  readonly median: number;
  readonly p95: number;
  readonly bytes: number;
  /** Longest time in milliseconds that the event loop stood still for one picture, in the median. */
  readonly blocked: number;
};

/** Draws a day of a latency with band, threshold and events, `rounds` times one after the other. */
export async function drawing(rounds = 40): Promise<ChartFigures> {
  const chart = dayOfLatency();
  const { draw, close } = createChartDrawer((problem) => console.error(problem));
  const begun = performance.now();
  const { length: bytes } = await draw(chart, "Europe/Berlin");
  const first = performance.now() - begun;
  const took: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await draw(chart, "Europe/Berlin");
    took.push(performance.now() - start);
  }
  // Apart, since watching takes a core of its own.
  const stood: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const gap = longestGap();
    await draw(chart, "Europe/Berlin");
    stood.push(gap());
  }
  const blocked = quantile(stood, 0.5);
  await close();
  return { first, median: quantile(took, 0.5), p95: quantile(took, 0.95), bytes, blocked };
}

/** Begins to watch the event loop; the call ends it and tells the longest stretch without a turn, in milliseconds. */
function longestGap(): () => number {
  let last = performance.now();
  let longest = 0;
  let watches = true;
  const turn = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (watches) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    watches = false;
    return Math.max(longest, performance.now() - last);
  };
}

/** 288 points that look like a latency: a slow wave, and a rise near the end. */
function dayOfLatency(): Chart {
  const start = Date.UTC(2026, 10, 20, 4) / 1000;
  const points = Array.from({ length: 288 }, (_, i): Point => {
    const noise = 0.05 * Math.abs(Math.sin(i * i));
    return [start + i * 300, (i > 250 ? 2.2 : 0.3) + 0.06 * Math.sin(i / 20) + noise];
  });
  return {
    title: "p95 latency of orders, last 24 h",
    unit: "seconds",
    series: [{ name: "orders", points }],
    band: { low: 0.21, high: 0.42 },
    threshold: 1,
    events: [
      { at: start + 245 * 300, name: "deploy orders v42" },
      { at: start + 251 * 300, name: "HighLatency fires" },
    ],
  };
}
