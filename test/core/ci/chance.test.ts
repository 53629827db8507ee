import { describe, expect, it } from "vitest";
import { chanceOfFailure, scoreChances } from "../../../src/core/ci/chance.ts";
import type { RunOutcome } from "../../../src/core/ci/run.ts";
import { randomNumbers } from "../../tools/random.ts";

const read = (signs: string): RunOutcome[] =>
  [...signs].map((sign) => (sign === "+" ? "success" : sign === "-" ? "failure" : "cancelled"));

/** A line that breaks with probability `breaks` and is mended with probability `mends`, run by run. */
function line(length: number, breaks: number, mends: number, seed: number) {
  const random = randomNumbers(seed);
  const truth: number[] = [];
  const outcomes: RunOutcome[] = [];
  for (let i = 0; i < length; i++) {
    const p = outcomes.at(-1) === "failure" ? 1 - mends : breaks;
    truth.push(p);
    outcomes.push(random() < p ? "failure" : "success");
  }
  return { outcomes, truth };
}

describe("the probability that the next run fails", () => {
  it("is a guess where nothing is known, and small after many good runs", () => {
    expect(chanceOfFailure([])).toBeCloseTo(0.1, 2);
    expect(chanceOfFailure(read("+".repeat(100)))).toBeLessThan(0.01);
  });

  it("is high after a failure where failures come in a row, and hears nothing from cancelled runs", () => {
    const sticky = read("++++++----+++++++---++++++++----");
    expect(chanceOfFailure(sticky)).toBeGreaterThan(0.5);
    expect(chanceOfFailure([...sticky, "success"])).toBeLessThan(0.25);
    expect(chanceOfFailure([...sticky, "cancelled"])).toBe(chanceOfFailure(sticky));
  });

  it("follows a line that has become worse", () => {
    expect(chanceOfFailure(read(`${"+".repeat(200)}${"+-".repeat(20)}`))).toBeGreaterThan(0.05);
  });
});

describe("how good it is", () => {
  it("says nothing without runs to foretell", () => {
    expect(scoreChances(read("+++++"))).toBeUndefined();
    expect(scoreChances(read("xxxxxxxxxx"))).toBeUndefined();
  });

  it("is better than the share of failures where failures come in rows, and near what could be known", () => {
    const lines = Array.from({ length: 20 }, (_, i) => line(300, 0.05, 0.3, i + 1));
    const scores = lines.map(({ outcomes }) => scoreChances(outcomes)!);
    const mean = (of: (score: (typeof scores)[number]) => number) =>
      scores.reduce((sum, one) => sum + of(one), 0) / scores.length;
    const best =
      lines.reduce(
        (sum, { outcomes, truth }) =>
          sum + truth.reduce((all, p, i) => all + (p - Number(outcomes[i] === "failure")) ** 2, 0) / 300,
        0,
      ) / lines.length;
    expect(mean(({ brier }) => brier)).toBeLessThan(0.8 * mean(({ base }) => base));
    expect(mean(({ brier }) => brier)).toBeLessThan(1.2 * best);
  });

  it("is hardly worse than it where each run is by itself", () => {
    const scores = Array.from({ length: 20 }, (_, i) => scoreChances(line(300, 0.1, 0.9, i + 50).outcomes)!);
    const sum = (of: (score: (typeof scores)[number]) => number) => scores.reduce((all, one) => all + of(one), 0);
    expect(sum(({ brier }) => brier)).toBeLessThan(1.05 * sum(({ base }) => base));
  });
});
