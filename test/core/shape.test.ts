import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Point } from "../../src/core/series.ts";
import { shapeOf } from "../../src/core/shape.ts";

const line = (...values: readonly number[]): Point[] => values.map((value, at) => [at * 60, value]);

describe("the shape of a line", () => {
  it("is nothing where there is no number", () => {
    expect(shapeOf([])).toBeUndefined();
    expect(shapeOf(line(Number.NaN, Number.POSITIVE_INFINITY))).toBeUndefined();
  });

  it("has its ends, its extremes with their times, its biggest step, and counts what is no number", () => {
    expect(shapeOf(line(2, Number.NaN, 9, 8, 1, 3))).toEqual({
      count: 5,
      gaps: 1,
      first: [0, 2],
      last: [300, 3],
      min: [240, 1],
      max: [120, 9],
      trend: [
        [0, 2],
        [120, 9],
        [180, 8],
        [240, 1],
        [300, 3],
      ],
      jump: { before: 0, at: 120, from: 2, to: 9 },
    });
  });

  it("has no step when it never moves", () => {
    expect(shapeOf(line(4, 4, 4))?.jump).toBeUndefined();
    expect(shapeOf(line(4, 4, 1))?.jump).toEqual({ before: 60, at: 120, from: 4, to: 1 });
  });

  it("never skips a spike, and stays in order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 300 }),
        (values) => {
          const seen = shapeOf(line(...values))!;
          expect(seen.trend.length).toBeLessThanOrEqual(12);
          const trend = seen.trend.map(([, value]) => value);
          expect(Math.max(...trend)).toBe(Math.max(...values));
          expect(Math.min(...trend)).toBe(Math.min(...values));
          const times = seen.trend.map(([at]) => at);
          expect(times).toEqual([...times].sort((a, b) => a - b));
        },
      ),
    );
  });
});
