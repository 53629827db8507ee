import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { chartText } from "../../../src/chat/terminal/chart.ts";
import { widthOf } from "../../../src/chat/terminal/text.ts";
import type { Chart } from "../../../src/core/card.ts";
import type { Point } from "../../../src/core/series.ts";

const START = Date.UTC(2026, 0, 15, 10, 0) / 1000;
const minutes = (values: readonly number[]): Point[] => values.map((value, i) => [START + i * 60, value]);

const anyPoint = fc.tuple(fc.oneof(fc.integer({ min: 0, max: 2e9 }), fc.double()), fc.double());
const anyChart = fc.record(
  {
    title: fc.string({ unit: "grapheme" }),
    unit: fc.constantFrom("ratio", "seconds", "bytes", "per_s", "count", "none", "", "furlongs"),
    series: fc.array(
      fc.record({ name: fc.string({ unit: "grapheme" }), points: fc.array(anyPoint, { maxLength: 40 }) }),
      { maxLength: 4 },
    ),
    band: fc.record({ low: fc.double(), high: fc.double() }),
    threshold: fc.double(),
    events: fc.array(fc.record({ at: fc.double(), name: fc.string() }), { maxLength: 7 }),
  },
  { requiredKeys: ["title", "unit", "series"] },
);

describe("a chart as text", () => {
  it("draws one series with axes in its unit and the time in the person's zone", () => {
    const chart: Chart = {
      title: "CPU of web-1",
      unit: "ratio",
      series: [{ name: "web-1", points: minutes([0, 0.2, 0.4, 0.6, 0.8, 1]) }],
    };
    assert.deepEqual(chartText(chart, { width: 44, height: 4, zone: "Europe/Berlin" }), [
      "CPU of web-1",
      " 100 % ┤                           ⢀⣀⣀⠤⠤⠒⠒⠊⠉",
      "63.3 % ┤                  ⣀⣀⡠⠤⠤⠒⠒⠉⠉⠁",
      "       │        ⢀⣀⡠⠤⠤⠒⠒⠊⠉⠉",
      "   0 % ┤⣀⡠⠤⠔⠒⠒⠉⠉⠁",
      "       └────────────────────────────────────",
      "11:00 to 11:05 (Europe/Berlin)",
    ]);
  });

  it("shades what is usual and marks the threshold, and says which is which", () => {
    const chart: Chart = {
      title: "",
      unit: "count",
      series: [{ name: "a", points: minutes([10, 10, 10]) }],
      band: { low: 40, high: 60 },
      threshold: 100,
    };
    const lines = chartText(chart, { width: 50, height: 6, zone: "UTC" });
    assert.match(lines[0]!, /┤╌+$/);
    assert.ok(lines.some((line) => /│░+$/.test(line)));
    assert.ok(lines.some((line) => line.includes("░ usual 40 to 60") && line.includes("╌ threshold 100")));
  });

  it("keeps a spike of one sample in a thousand, drawn or as a sparkline", () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i === 437 ? 90 : 1));
    const chart: Chart = { title: "", unit: "count", series: [{ name: "a", points: minutes(values) }] };
    const wide = chartText(chart, { width: 60, zone: "UTC" });
    assert.match(wide[0]!, /90 ┤.*[\u2801-\u28ff]/);
    const narrow = chartText(chart, { width: 30, zone: "UTC" });
    assert.match(narrow[0]!, /▁█▁/);
  });

  it("leaves a hole where samples are missing", () => {
    const chart = (points: Point[]): Chart => ({ title: "", unit: "count", series: [{ name: "a", points }] });
    const holed = [...minutes([5, 5, 5, 5, 5]), ...minutes([5, 5, 5, 5]).map(([at, v]): Point => [at + 3600, v])];
    assert.ok(
      chartText(chart(holed), { width: 60, zone: "UTC" }).some((line) =>
        /[\u2801-\u28ff] {10,}[\u2801-\u28ff]/.test(line),
      ),
    );
    const whole = minutes(new Array(60).fill(5));
    assert.ok(
      !chartText(chart(whole), { width: 60, zone: "UTC" }).some((line) =>
        /[\u2801-\u28ff] +[\u2801-\u28ff]/.test(line),
      ),
    );
  });

  it("tells several series apart by name, on one scale", () => {
    const chart: Chart = {
      title: "errors",
      unit: "count",
      series: [
        { name: "cart", points: minutes([0, 0, 0, 8]) },
        { name: "pay", points: minutes([4, 4, 4, 4]) },
      ],
    };
    const lines = chartText(chart, { width: 50, zone: "UTC" });
    assert.match(lines[1]!, /^cart ▁+█ 8$/);
    assert.match(lines[2]!, /^pay {2}▅+ 4$/);
    assert.equal(lines[3], "scale 0 to 8");
  });

  it("never throws and is never wider than the width, whatever it is given", () => {
    fc.assert(
      fc.property(
        anyChart,
        fc.integer({ min: 8, max: 140 }),
        fc.integer({ min: 1, max: 12 }),
        (chart, width, height) => {
          for (const line of chartText(chart as Chart, { width, height, zone: "UTC" })) {
            assert.ok(widthOf(line) <= width, `${widthOf(line)} > ${width}: ${line}`);
            assert.doesNotMatch(line, /undefined|NaN/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
