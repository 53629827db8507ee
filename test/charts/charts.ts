import fc from "fast-check";
import type { Chart } from "../../src/core/card.ts";
import type { Point } from "../../src/core/series.ts";

/** 20 November 2026, 04:00 UTC. */
export const START = Date.UTC(2026, 10, 20, 4, 0) / 1000;

/** One value every `step` seconds. */
export function every(step: number, values: readonly number[], start: number = START): Point[] {
  return values.map((value, i) => [start + i * step, value]);
}

/** A chart of one series. */
export function chartOf(points: readonly Point[], more: Partial<Chart> = {}): Chart {
  return { title: "p95 latency of orders", unit: "seconds", series: [{ name: "orders", points }], ...more };
}

const anyText = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "<script>alert(1)</script>",
    "]]>",
    "&amp;&",
    "\u202Egnp.exe",
    "\ufffe\uffff",
    "\ud800",
    "]\">'",
    "日本語",
    "n".repeat(10_000),
  ),
);
const anyMoment = fc.oneof(
  fc.integer({ min: START - 10_000, max: START + 10_000 }),
  fc.integer({ min: -1e10, max: 1e10 }),
  fc.double(),
);
const anyValue = fc.oneof(
  fc.double(),
  fc.integer({ min: -100, max: 100 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 0, -0),
);

/** Charts as nobody would make them. */
export const anyChart = fc.record(
  {
    title: anyText,
    unit: fc.constantFrom(
      "ratio",
      "seconds",
      "milliseconds",
      "bytes",
      "bytes/s",
      "per_s",
      "count",
      "bool",
      "timestamp",
      "money",
      "none",
      "",
      "furlongs",
    ),
    series: fc.array(fc.record({ name: anyText, points: fc.array(fc.tuple(anyMoment, anyValue), { maxLength: 40 }) }), {
      maxLength: 9,
    }),
    band: fc.record({ low: anyValue, high: anyValue }),
    threshold: anyValue,
    events: fc.array(fc.record({ at: anyMoment, name: anyText }), { maxLength: 15 }),
  },
  { requiredKeys: ["title", "unit", "series"] },
) as fc.Arbitrary<Chart>;
