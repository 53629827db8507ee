import { describe, expect, it } from "vitest";
import { isAsBefore, judge, measure } from "../../src/core/effect.ts";
import type { Check } from "../../src/core/runbook.ts";
import { rankSumP } from "../../src/core/stats.ts";
import { randomNumbers } from "../tools/random.ts";

const errors: Check = { name: "errors", promql: "e", unit: "per_s", better: "down" };
const capped: Check = { ...errors, until: { op: "<", value: 1 } };

/** `count` values around `level`, the same ones for the same seed. */
function around(level: number, noise: number, seed: number, count = 40): number[] {
  const chance = randomNumbers(seed);
  return Array.from({ length: count }, () => level + noise * (chance() + chance() + chance() - 1.5));
}

describe("a check before and after", () => {
  it("is better, worse or the same as the change is larger than the usual ups and downs", () => {
    const before = around(10, 1, 1);
    expect(measure(errors, before, around(4, 1, 2)).verdict).toBe("better");
    expect(measure(errors, before, around(16, 1, 3)).verdict).toBe("worse");
    expect(measure(errors, before, around(10, 1, 4)).verdict).toBe("same");
    expect(measure({ ...errors, better: "up" }, before, around(16, 1, 3)).verdict).toBe("better");
  });

  it("takes a constant that moved for as large as can be, and one that did not for the same", () => {
    const flat = Array<number>(20).fill(3);
    expect(measure(errors, flat, Array<number>(20).fill(2))).toMatchObject({ effect: 99, verdict: "better" });
    expect(measure(errors, flat, flat)).toMatchObject({ effect: 0, verdict: "same" });
  });

  it("says that it does not know where there is nothing to compare", () => {
    expect(measure(errors, around(10, 1, 1), []).verdict).toBe("unmeasured");
    expect(measure(errors, [], around(10, 1, 1)).verdict).toBe("unmeasured");
    expect(measure(errors, around(10, 1, 1), [Number.NaN]).verdict).toBe("unmeasured");
  });

  it("is better once it is where it should be, also with few values", () => {
    expect(measure(capped, [5, 5, 5], [0.2, 0.1]).verdict).toBe("better");
  });

  it("seldom sees an effect where there is none", () => {
    const verdicts = Array.from(
      { length: 400 },
      (_, at) => measure(errors, around(10, 1, at * 2 + 7), around(10, 1, at * 2 + 8)).verdict,
    );
    expect(verdicts.filter((verdict) => verdict !== "same").length).toBeLessThanOrEqual(4);
  });
});

describe("the verdict", () => {
  const better = measure(errors, around(10, 1, 1), around(4, 1, 2));
  const worse = measure(errors, around(10, 1, 1), around(16, 1, 2));
  const same = measure(errors, around(10, 1, 1), around(10, 1, 2));
  const there = measure(capped, around(5, 0.1, 1), around(0.5, 0.1, 2));

  it("waits while not every check is where it should be, and is then given at the deadline", () => {
    expect(judge([capped], [measure(capped, around(5, 0.1, 1), around(4, 0.1, 2))], false)).toBeUndefined();
    expect(judge([capped], [there], false)?.verdict).toBe("verified");
    expect(judge([errors, errors], [better, same], true)?.verdict).toBe("no_effect");
    expect(judge([errors], [same], true)).toMatchObject({ verdict: "no_effect" });
  });

  it("claims no help where every check was where it should be before", () => {
    const fine = measure(capped, around(0.5, 0.1, 1), around(0.5, 0.1, 2));
    expect(judge([capped], [fine], false)).toEqual({
      verdict: "verified",
      reason: "Every check is where it should be, as it was before: whether it was needed is not known.",
    });
    expect(isAsBefore([fine])).toBe(true);
    expect(isAsBefore([fine, there])).toBe(false);
    expect(isAsBefore([])).toBe(false);
  });

  it("is worse as soon as one check is, however good the others", () => {
    expect(judge([errors, capped], [worse, there], true)).toMatchObject({
      verdict: "worse",
      reason: "It got worse: errors.",
    });
  });

  it("names what could not be measured, and calls nothing measured no help", () => {
    const blind = measure(errors, [], []);
    expect(judge([errors, errors], [better, blind], true)?.reason).toContain("Not measured: errors");
    expect(judge([errors], [blind], true)?.verdict).toBe("no_effect");
  });
});

describe("the rank-sum test", () => {
  it("agrees with scipy.stats.mannwhitneyu (asymptotic, continuity corrected)", () => {
    expect(rankSumP([1.1, 2.2, 3.3, 4.4, 5.5], [3.0, 6.6, 7.7, 8.8, 9.9])).toBeCloseTo(0.0601, 3);
    expect(rankSumP([1, 2, 2, 3, 4], [2, 3, 4, 4, 5])).toBeCloseTo(0.1626, 3);
  });

  it("says nothing of too few values, and 1 of values that are all the same", () => {
    expect(rankSumP([1, 2, 3], [4, 5, 6, 7])).toBeUndefined();
    expect(rankSumP([1, 1, 1, 1], [1, 1, 1, 1])).toBe(1);
  });
});
