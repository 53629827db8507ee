import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import type { Point } from "../../src/core/series.ts";
import { thin } from "../../src/core/thin.ts";

const anyPoints = fc.array(
  fc.tuple(
    fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.double()),
    fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double()),
  ),
  { maxLength: 300 },
) as fc.Arbitrary<Point[]>;

const minutes = (values: readonly number[]): Point[] => values.map((value, i) => [i * 60, value]);
const measured = (points: readonly Point[]) =>
  points.filter(([at, value]) => at > -6.2e10 && at < 2.533e11 && Number.isFinite(value));

describe("a thinned series", () => {
  it("is some of the points in order of time, no more than asked for, with the lowest and the highest", () => {
    fc.assert(
      fc.property(anyPoints, fc.integer({ min: 4, max: 120 }), (points, most) => {
        const kept = thin(points, most);
        const given = measured(points);
        assert.ok(kept.length <= most);
        assert.equal(new Set(kept).size, kept.length, "none twice");
        for (const [i, point] of kept.entries()) {
          assert.ok(points.includes(point));
          if (i > 0) assert.ok(point[0] >= kept[i - 1]![0]);
        }
        if (given.length === 0) return assert.deepEqual(kept, []);
        const values = given.map(([, value]) => value);
        const keptValues = kept.map(([, value]) => value);
        assert.ok(keptValues.includes(values.reduce((a, b) => Math.min(a, b))));
        assert.ok(keptValues.includes(values.reduce((a, b) => Math.max(a, b))));
        const times = given.map(([at]) => at);
        assert.equal(
          kept[0]![0],
          times.reduce((a, b) => Math.min(a, b)),
        );
        assert.equal(
          kept.at(-1)![0],
          times.reduce((a, b) => Math.max(a, b)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("keeps both ends of every stretch's range, not only the highest of all", () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i === 300 ? -5 : i === 700 ? 4 : i === 310 ? 3 : 0));
    const kept = thin(minutes(values), 20).map(([, value]) => value);
    for (const spike of [-5, 3, 4]) assert.ok(kept.includes(spike), `${spike} is lost`);
  });

  it("leaves a series alone that is short enough", () => {
    const points = minutes([3, 1, 2]);
    assert.deepEqual(thin(points, 4), points);
    assert.deepEqual(
      thin(
        [
          [0, Number.NaN],
          [60, 1],
          [120, Number.POSITIVE_INFINITY],
        ],
        4,
      ),
      [[60, 1]],
    );
  });

  it("copes with many samples of one moment", () => {
    const points = Array.from({ length: 50 }, (_, i): Point => [7, i]);
    const kept = thin(points, 6);
    assert.ok(kept.length <= 6 && kept.some(([, value]) => value === 49));
  });

  it("refuses to promise what fewer than four points cannot hold", () => {
    assert.throws(() => thin([], 3), /4 points or more: 3/);
    assert.throws(() => thin([], Number.NaN), RangeError);
  });
});
