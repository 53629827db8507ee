import { describe, expect, it } from "vitest";
import { meets, type Op, sayThreshold, threshold } from "../../../src/core/language/threshold.ts";

describe("a limit", () => {
  it.each([
    [0.7, "ratio", "ratio", 0.7],
    [70, "none", "ratio", 0.7],
    [0.7, "none", "ratio", 0.7],
    [1.2, "none", "ratio", 1.2],
    [-70, "none", "ratio", -0.7],
    [0.2, "seconds", "seconds", 0.2],
    [500, "none", "count", 500],
  ] as const)("of %d said in %s is, of a %s, %d", (value, said, unit, expected) => {
    expect(threshold(">", value, said).valueIn(unit)).toBeCloseTo(expected);
  });

  it.each<[Op, number, boolean]>([
    [">", 5, false],
    [">", 5.1, true],
    [">=", 5, true],
    [">=", 4.9, false],
    ["<", 5, false],
    ["<", 4.9, true],
    ["<=", 5, true],
    ["<=", 5.1, false],
  ])("%s 5 is met by %d: %s", (op, value, expected) => {
    expect(meets(value, op, 5)).toBe(expected);
  });

  it("is never met by what is no number", () => {
    for (const op of [">", ">=", "<", "<="] as const) expect(meets(Number.NaN, op, 5)).toBe(false);
  });

  it("is said in words that differ", () => {
    expect(([">", ">=", "<", "<="] as const).map((op) => sayThreshold(op, "5 s"))).toEqual([
      "above 5 s",
      "at or above 5 s",
      "below 5 s",
      "at or below 5 s",
    ]);
  });
});
