import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import type { Chart } from "../../src/core/card.ts";
import { chartLine } from "../../src/core/chart-line.ts";
import type { Point } from "../../src/core/series.ts";

const NOW = Date.UTC(2026, 10, 21, 5, 0) / 1000;
/** Every ten minutes, the last one now. */
const upToNow = (values: readonly number[]): Point[] =>
  values.map((value, i) => [NOW - (values.length - 1 - i) * 600, value]);
const chart = (points: Point[], more: Partial<Chart> = {}): Chart => ({
  title: "p95 latency of orders",
  unit: "seconds",
  series: [{ name: "orders", points }],
  ...more,
});

describe("the text line of a chart", () => {
  it("says the present, the extremes with their times, and what is usual", () => {
    assert.equal(
      chartLine(chart(upToNow([0.4, 0.31, 2.41, 2.4, 2.39]), { band: { low: 0.21, high: 0.42 } }), "UTC", NOW),
      "p95 latency of orders: now 2.39 s, lowest 310 ms at 04:30 UTC, highest 2.41 s at 04:40 UTC; usual 210 to 420 ms",
    );
  });

  it("says times in the zone, and the day where it is another one", () => {
    const points: Point[] = [
      [NOW - 86_400, 1],
      [NOW - 3 * 86_400, 3],
      [NOW - 2 * 86_400, 2],
    ];
    assert.equal(
      chartLine(chart(points), "Europe/Berlin", NOW),
      "p95 latency of orders: 1 s yesterday 06:00 CET, lowest 1 s yesterday 06:00 CET, highest 3 s on 18 Nov 06:00 CET",
    );
  });

  it("names threshold, events and the longest stretch without data", () => {
    const points = upToNow(Array.from({ length: 30 }, (_, i) => i)).filter((_, i) => i < 10 || i > 15);
    const events = [1, 2, 3, 4, 5].map((n) => ({ at: NOW - n * 60, name: `deploy ${n}` }));
    const line = chartLine(chart(points, { unit: "count", threshold: 25, events }), "UTC", NOW);
    assert.match(line, /; no data from 01:40 UTC to 02:50 UTC; threshold 25; deploy 1 at 04:59 UTC, /);
    assert.match(line, /, 2 more events$/);
  });

  it("names several series, and counts those it leaves out", () => {
    const series = Array.from({ length: 9 }, (_, i) => ({ name: `web-${i}`, points: upToNow([i, 2 * i]) }));
    assert.equal(
      chartLine({ title: "CPU", unit: "count", series }, "UTC", NOW),
      "CPU: now web-0 0, web-1 2, web-2 4, web-3 6, web-4 8, web-5 10, 3 more; lowest 0 (web-0) at 04:50 UTC, highest 16 (web-8) at 05:00 UTC",
    );
    const stopped = [{ name: "old", points: upToNow([1, 2, 3]).map(([at, v]): Point => [at - 7200, v]) }, series[1]!];
    assert.match(
      chartLine({ title: "CPU", unit: "count", series: stopped }, "UTC", NOW),
      /now old 3 \(at 03:00 UTC\), web-1 2;/,
    );
  });

  it("says that nothing moved, of one value that it is one, and of none that there is none", () => {
    assert.equal(
      chartLine(chart(upToNow([0, 0, 0])), "UTC", NOW),
      "p95 latency of orders: now 0 s, the same since 04:40 UTC",
    );
    assert.equal(chartLine(chart([[NOW, 2]]), "UTC", NOW), "p95 latency of orders: now 2 s");
    assert.equal(chartLine(chart([[NOW, Number.NaN]]), "UTC", NOW), "p95 latency of orders: no data");
  });

  it("is one harmless line, whatever is in the chart", () => {
    const hostile = fc.constantFrom("<!channel>", "\u202Ex", "a\nb\u0000", "@everyone", "x".repeat(10_000));
    const anyChart = fc.record(
      {
        title: hostile,
        unit: fc.constantFrom("seconds", "ratio", "furlongs", "timestamp"),
        series: fc.array(
          fc.record({ name: hostile, points: fc.array(fc.tuple(fc.double(), fc.double()), { maxLength: 5 }) }),
          { maxLength: 8 },
        ),
        band: fc.record({ low: fc.double(), high: fc.double() }),
        threshold: fc.double(),
        events: fc.array(fc.record({ at: fc.double(), name: hostile }), { maxLength: 5 }),
      },
      { requiredKeys: ["title", "unit", "series"] },
    );
    fc.assert(
      fc.property(anyChart, (any) => {
        const line = chartLine(any as Chart, "Europe/Berlin", NOW);
        assert.doesNotMatch(line, /[\0-\x1f\u202e]|<!|@everyone|undefined|NaN\b|at at /);
        assert.ok(line.length < 3000, String(line.length));
      }),
      { numRuns: 300 },
    );
  });
});
