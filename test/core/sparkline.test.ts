import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import type { Point } from "../../src/core/series.ts";
import { sparkline } from "../../src/core/sparkline.ts";

const minutes = (values: readonly number[]): Point[] => values.map((value, i) => [i * 60, value]);

describe("a sparkline", () => {
  it("rises with the values", () => {
    assert.equal(sparkline(minutes([0, 1, 2, 3, 4, 5, 6, 7]), 8), "▁▂▃▄▅▆▇█");
  });

  it("shows a series of equal values as equal bars, and zero as the lowest", () => {
    assert.equal(sparkline(minutes([0, 0, 0, 0]), 4), "▁▁▁▁");
    assert.match(sparkline(minutes([42, 42, 42, 42]), 4), /^([▂-▇])\1{3}$/);
    assert.match(sparkline(minutes([-3, -3, -3]), 3), /^([▂-▇])\1{2}$/);
  });

  it("keeps a spike of one sample in a thousand", () => {
    assert.match(sparkline(minutes(Array.from({ length: 1000 }, (_, i) => (i === 500 ? 9 : 0))), 20), /^▁{10}█▁{9}$/);
  });

  it("leaves spaces where nothing was measured, and none where points are merely few", () => {
    const holed: Point[] = [...minutes([5, 5, 5, 5]), ...minutes([5, 5, 5, 5]).map(([at, v]): Point => [at + 1800, v])];
    assert.match(sparkline(holed, 24), /^([▂-▇])\1+ {10,}\1+$/);
    assert.match(sparkline(minutes([1, 2]), 10), /^\S+$/);
  });

  it("shows a single point, and nothing for none", () => {
    assert.match(sparkline([[60, 3]], 5), /^[▂-▇] {4}$/);
    assert.equal(sparkline([], 5), "");
    assert.equal(sparkline([[60, Number.NaN]], 5), "");
    assert.equal(sparkline([[60, 3]], 0), "");
  });

  it("compares series in a common frame", () => {
    const frame = { from: 0, to: 180, scale: { low: 0, high: 8 } };
    assert.equal(sparkline(minutes([8, 8, 8, 8]), 4, frame), "████");
    assert.equal(sparkline(minutes([0, 0, 0, 0]), 4, frame), "▁▁▁▁");
  });

  it("has that width, whatever it is given", () => {
    const anyPoint = fc.tuple(fc.double(), fc.double());
    fc.assert(
      fc.property(fc.array(anyPoint, { maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (points, width) => {
        assert.match(sparkline(points, width), new RegExp(`^(?:|[ ▁-█]{${width}})$`));
      }),
    );
  });
});
