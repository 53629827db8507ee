import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import type { Point } from "../../src/core/series.ts";
import { thin } from "../../src/core/thin.ts";

describe("thinning points", () => {
  it("keeps order, ends and extremes, and no more than asked", () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.integer({ min: 4, max: 50 }), (all, most) => {
        const points = all.map((value, i): Point => [i * 60, value]);
        const kept = thin(points, most);
        assert.ok(kept.length <= most);
        assert.deepEqual([kept[0], kept.at(-1)], [points[0], points.at(-1)]);
        const shown = kept.map(([, value]) => value);
        assert.deepEqual([Math.min(...shown), Math.max(...shown)], [Math.min(...all), Math.max(...all)]);
        assert.ok(kept.every(([at], i) => i === 0 || at > kept[i - 1]![0]));
      }),
    );
  });

  it("leaves out what is no number", () => {
    assert.deepEqual(
      thin(
        [
          [0, Number.NaN],
          [60, 1],
          [120, Number.POSITIVE_INFINITY],
        ],
        10,
      ),
      [[60, 1]],
    );
  });
});
