import { describe, expect, it } from "vitest";
import { rankCorrelation, relationOf } from "../../../src/core/forecast/relation.ts";
import type { Point } from "../../../src/core/series.ts";
import { hourly, noise, swing } from "./series.ts";

const next = noise(6);
const traffic = hourly(7 * 24, (hour) => swing(hour) + 3 * next());

describe("how one series follows another", () => {
  it("is a line through both, with its rank correlation", () => {
    const cpu = traffic.map(([at, value]): Point => [at, 0.1 + 0.004 * value + 0.01 * next()]);
    const found = relationOf(traffic, cpu);
    if (found.kind !== "follows") throw new Error(found.kind);
    expect(found.slope).toBeCloseTo(0.004, 4);
    expect(found.base).toBeCloseTo(0.1, 1);
    expect(found.rank).toBeGreaterThan(0.9);
    expect(found.n).toBe(168);
    expect(found.above - found.below).toBeCloseTo(2.56 * 0.01, 2);
  });

  it("is not misled by a few odd values", () => {
    const cpu = traffic.map(([at, value], i): Point => [at, i % 20 === 0 ? 50 : 0.1 + 0.004 * value]);
    const found = relationOf(traffic, cpu);
    expect(found).toMatchObject({ kind: "follows" });
    expect(found.kind === "follows" && found.slope).toBeCloseTo(0.004, 3);
  });

  it("is none where they have nothing to do with each other, or one falls as the other rises", () => {
    expect(
      relationOf(
        traffic,
        traffic.map(([at]) => [at, next()] as const),
      ).kind,
    ).toBe("unrelated");
    expect(
      relationOf(
        traffic,
        traffic.map(([at, value]) => [at, -value] as const),
      ).kind,
    ).toBe("unrelated");
    expect(
      relationOf(
        traffic,
        traffic.map(([at]) => [at, 1] as const),
      ),
    ).toMatchObject({ kind: "unrelated", rank: 0 });
  });

  it("is not looked for with less than a day of common measurements", () => {
    expect(relationOf(traffic, traffic.slice(0, 23))).toEqual({ kind: "too little", n: 23 });
    const shifted = traffic.map(([at, value]): Point => [at + 7, value]);
    expect(relationOf(traffic, shifted)).toEqual({ kind: "too little", n: 0 });
  });

  it("ranks as Spearman did, with ties", () => {
    expect(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 40])).toBeCloseTo(1, 12);
    expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
    expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(0.9487, 4);
  });
});
