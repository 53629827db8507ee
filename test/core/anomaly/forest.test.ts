import { describe, expect, it } from "vitest";
import { FEATURES, featuresOf } from "../../../src/core/anomaly/features.ts";
import {
  explainForest,
  type Forest,
  fitForest,
  type Matrix,
  meanPath,
  refitForest,
  scoreForest,
} from "../../../src/core/anomaly/forest.ts";
import type { Point } from "../../../src/core/series.ts";
import { randomNumbers } from "../../tools/random.ts";

/** Rows of `columns` numbers that gather around 0.5, few of them near 0 or 1. */
function cloud(rows: number, columns: number, seed = 1): Matrix {
  const random = randomNumbers(seed);
  const gathered = () => (random() + random() + random() + random() + random() + random()) / 6;
  return { data: Float64Array.from({ length: rows * columns }, gathered), columns };
}

function rowOf(forest: Forest, values: readonly number[]): number {
  return scoreForest(forest, { data: Float64Array.from(values), columns: values.length })[0]!;
}

describe("an isolation forest", () => {
  it("scores a row that stands apart above nearly all that it learned from", () => {
    const matrix = cloud(2000, 4);
    const forest = fitForest(matrix);
    const usual = scoreForest(forest, matrix);
    const apart = rowOf(forest, [0.5, 9, 9, 0.5]);
    expect(usual.filter((score) => score >= apart).length).toBeLessThan(20);
    expect(usual.every((score) => score > 0 && score < 1)).toBe(true);
  });

  it("has as many rows beyond its cut as the contamination says", () => {
    const matrix = cloud(3000, 3);
    const forest = fitForest(matrix, { contamination: 0.05 });
    const beyond = scoreForest(forest, matrix).filter((score) => score > forest.cut).length / 3000;
    expect(beyond).toBeGreaterThan(0.03);
    expect(beyond).toBeLessThanOrEqual(0.05);
  });

  it("says which feature sets a row apart", () => {
    const forest = fitForest(cloud(2000, 5));
    const shares = explainForest(forest, Float64Array.of(0.5, 0.4, 0.6, -7, 0.5));
    expect(shares.indexOf(Math.max(...shares))).toBe(3);
    expect(shares[3]).toBeGreaterThan(0.3);
    expect(shares.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
  });

  it("is the same for the same seed, and another for another", () => {
    const matrix = cloud(500, 3);
    const [one, same, other] = [1, 1, 2].map((seed) => scoreForest(fitForest(matrix, { seed }), matrix));
    expect(one).toEqual(same);
    expect(one).not.toEqual(other);
  });

  it("follows what changed when it is refitted, a part at a time, and leaves the old one alone", () => {
    const before = cloud(1000, 2);
    const after: Matrix = { data: before.data.map((value) => value + 5), columns: 2 };
    const old = fitForest(before);
    const kept = scoreForest(old, before);
    let forest = old;
    const scores = [rowOf(forest, [5.5, 5.5])];
    for (let i = 0; i < 5; i++) {
      forest = refitForest(forest, after);
      scores.push(rowOf(forest, [5.5, 5.5]));
    }
    expect(scores.at(-1)).toBeLessThan(0.5);
    expect(scores[0]).toBeGreaterThan(0.6);
    expect(scores[2]).toBeLessThan(scores[0]!);
    expect(scores[2]).toBeGreaterThan(scores.at(-1)!);
    expect(scoreForest(old, before)).toEqual(kept);
  });

  it("learns from finite rows only, and says of the others that nothing is known", () => {
    const matrix = cloud(300, 2);
    matrix.data[11] = Number.NaN;
    const scores = scoreForest(fitForest(matrix), matrix);
    expect(scores[5]).toBe(0.5);
    expect(scores.every(Number.isFinite)).toBe(true);
  });

  it("finds nothing apart among rows that are all alike", () => {
    const matrix = { data: new Float64Array(200).fill(7), columns: 2 };
    const forest = fitForest(matrix);
    expect(rowOf(forest, [7, 7])).toBeCloseTo(0.5, 2);
    expect(explainForest(forest, Float64Array.of(7, 7))).toEqual(Float64Array.of(0, 0));
  });

  it("refuses what no forest can be grown from", () => {
    expect(() => fitForest({ data: Float64Array.of(1, 2), columns: 2 })).toThrow(/at least two rows/);
    expect(() => fitForest(cloud(10, 2), { trees: 0 })).toThrow(RangeError);
    expect(() => refitForest(fitForest(cloud(10, 2)), cloud(10, 3))).toThrow(/knows 2 features/);
    const small = fitForest(cloud(300, 2));
    expect(refitForest(small, cloud(10, 2))).toBe(small);
  });

  it("takes the paper's mean path for what a leaf holds", () => {
    expect([1, 2].map(meanPath)).toEqual([0, 1]);
    expect(meanPath(256)).toBeCloseTo(10.24, 2);
  });
});

describe("features of a series", () => {
  const wave = Array.from({ length: 400 }, (_, i): Point => [1_700_000_000 + i * 300, 1e9 + Math.sin(i / 9) + (i % 7)]);

  it("are eighteen, and depend on no later point", () => {
    const [whole, half] = [featuresOf(wave), featuresOf(wave.slice(0, 200))];
    expect(whole.columns).toBe(18);
    expect(FEATURES.length).toBe(18);
    expect(half.data).toEqual(whole.data.slice(0, 200 * 18));
  });

  it("are what they are called, also far from zero", () => {
    const { data, columns } = featuresOf(wave);
    const at = 300;
    const window = wave.slice(at - 14, at + 1).map(([, value]) => value - 1e9);
    const mean = window.reduce((sum, one) => sum + one, 0) / 15;
    const feature = (name: string) => data[at * columns + FEATURES.indexOf(name)]!;
    expect(feature("mean of 15 points") - 1e9).toBeCloseTo(mean, 5);
    expect(feature("spread of 15 points")).toBeCloseTo(
      Math.sqrt(window.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 15),
      5,
    );
    expect(feature("change since 5 points")).toBeCloseTo(wave[at]![1] - wave[at - 5]![1], 6);
    expect(featuresOf([[Date.UTC(2026, 0, 5, 12) / 1000, 1]]).data[17]).toBe(0.5);
  });

  it("are none where the value is none", () => {
    const { data, columns } = featuresOf([
      [0, 1],
      [60, Number.NaN],
      [120, 2],
    ]);
    expect(Number.isNaN(data[columns]!)).toBe(true);
    expect(data.slice(2 * columns).every(Number.isFinite)).toBe(true);
  });
});
