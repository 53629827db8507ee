import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { axisValue, drawable, runs, sayRange, scaleOf, steppedUnit } from "../../src/core/plot.ts";
import type { Point } from "../../src/core/series.ts";

const minutes = (values: readonly number[]): Point[] => values.map((value, i) => [i * 60, value]);

describe("runs of a series", () => {
  it("end where samples are missing", () => {
    const points: Point[] = [[0, 1], [60, 1], [120, 1], [260, 1], [420, 1], [480, 1]]; // biome-ignore format: one line reads best
    assert.deepEqual(
      runs(points).map((run) => run.map(([at]) => at)),
      [
        [0, 60, 120, 260],
        [420, 480],
      ],
    );
  });

  it("end at values that are no number, however dense the rest is", () => {
    assert.deepEqual(
      runs(minutes([1, 2, Number.NaN, 3, Number.POSITIVE_INFINITY, 4])).map((run) => run.map(([, value]) => value)),
      [[1, 2], [3], [4]],
    );
  });

  it("hold all drawable points in order of time", () => {
    const anyPoints = fc.array(fc.tuple(fc.double(), fc.double()), { maxLength: 30 });
    fc.assert(
      fc.property(anyPoints, (points) => {
        const all = runs(points).flat();
        assert.deepEqual(all, drawable(points));
        assert.ok(all.every(([at], i) => i === 0 || at >= all[i - 1]![0]));
      }),
    );
  });
});

describe("the scale of a chart", () => {
  it("takes in a threshold that is near, and not one that would flatten the line", () => {
    const points = minutes([10, 20]);
    assert.deepEqual(scaleOf({ threshold: 35 }, points), { low: 0, high: 35 });
    assert.deepEqual(scaleOf({ threshold: 500 }, points), { low: 10, high: 20 });
  });

  it("begins at zero when zero is near", () => {
    assert.equal(scaleOf({}, minutes([3, 90])).low, 0);
    assert.equal(scaleOf({}, minutes([80, 90])).low, 80);
  });

  it("gives a flat line room, a share of a whole none beyond the whole", () => {
    assert.deepEqual(scaleOf({}, minutes([10, 10])), { low: 0, high: 12 });
    assert.deepEqual(scaleOf({}, minutes([-10, -10])), { low: -12, high: 0 });
    assert.deepEqual(scaleOf({}, minutes([0, 0])), { low: 0, high: 1 });
    assert.deepEqual(scaleOf({ unit: "ratio" }, minutes([1, 1])), { low: 0, high: 1 });
  });

  it("holds values too large to be told apart", () => {
    assert.ok(scaleOf({}, minutes([Number.MAX_VALUE])).high >= 1e300);
    assert.deepEqual(scaleOf({}, minutes([-Number.MAX_VALUE, Number.MAX_VALUE])), { low: -1e300, high: 1e300 });
  });

  it("is finite and has a height, whatever the values", () => {
    const extreme = fc.oneof(fc.double(), fc.constantFrom(-Number.MAX_VALUE, Number.MAX_VALUE, 5e-324, -0));
    const band = fc.record({ low: extreme, high: extreme });
    fc.assert(
      fc.property(fc.array(extreme), fc.option(band, { nil: undefined }), extreme, (values, usual, threshold) => {
        const { low, high } = scaleOf({ ...(usual && { band: usual }), threshold }, minutes(values));
        assert.ok(high > low && Number.isFinite(high - low), `${low} to ${high}`);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a range in words", () => {
  it("says a common unit once", () => {
    assert.equal(sayRange("seconds", { low: 0.21, high: 0.42 }), "210 to 420 ms");
    assert.equal(sayRange("seconds", { low: 0.5, high: 2.1 }), "500 ms to 2.1 s");
    assert.equal(sayRange("furlongs", { low: 1, high: 2 }), "1 to 2");
  });
});

describe("an axis of plain numbers", () => {
  it("takes the largest unit in which the value is 1 or more", () => {
    const names: [string, ...string[]] = ["B/s", "kB/s", "MB/s", "GB/s"];
    const unitOf = (most: number) => steppedUnit(most, 1000, names).name;
    assert.deepEqual([0, 0.5, 999].map(unitOf), ["B/s", "B/s", "B/s"]);
    assert.deepEqual([1000, 999_999, 1e6].map(unitOf), ["kB/s", "kB/s", "MB/s"]);
    assert.deepEqual([1e9, 1e15].map(unitOf), ["GB/s", "GB/s"]);
    assert.equal(axisValue(1e9, steppedUnit(1e9, 1000, names)), 1);
  });

  it("shows six digits, and nothing that is infinite", () => {
    assert.equal(axisValue(1.23456789, { factor: 100, name: "%" }), 123.457);
    assert.equal(axisValue(-1e308, { factor: 1000, name: "ms" }), -1e300);
  });
});
