import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Point } from "../../src/core/series.ts";
import { thin } from "../../src/core/thin.ts";

const series = fc
  .array(fc.oneof(fc.double(), fc.constant(Number.NaN)), { maxLength: 500 })
  .map((values) => values.map((value, i): Point => [i * 15, value]));

describe("thinning a series", () => {
  it("keeps the first, the last, the lowest and the highest point, in order, and no more than asked for", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 4, max: 60 }), (points, most) => {
        const real = points.filter(([, value]) => Number.isFinite(value));
        const kept = thin(points, most);
        expect(kept.length).toBeLessThanOrEqual(most);
        if (real.length === 0) return kept.length === 0;
        expect([kept[0], kept.at(-1)]).toEqual([real[0], real.at(-1)]);
        const values = (all: readonly Point[]) => all.map(([, value]) => value);
        expect(Math.max(...values(kept))).toBe(Math.max(...values(real)));
        expect(Math.min(...values(kept))).toBe(Math.min(...values(real)));
        expect(kept).toEqual([...kept].sort(([a], [b]) => a - b));
        for (const point of kept) expect(real).toContain(point);
        return true;
      }),
    );
  });

  it("leaves a short series as it is", () => {
    expect(
      thin(
        [
          [0, 1],
          [1, 2],
        ],
        20,
      ),
    ).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });
});
