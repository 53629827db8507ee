import { describe, expect, it } from "vitest";
import { contrast, mannWhitney, overall } from "../../../src/core/rollout/compare.ts";
import { isDue, isSameRollout } from "../../../src/core/rollout/rollout.ts";
import { randomNumbers } from "../../tools/random.ts";

const LATENCY = { worse: "up", share: 0.25, least: 0.005 } as const;

describe("Mann and Whitney's test", () => {
  it("gives what others give", () => {
    // R: wilcox.test(x, y), with the data of its own example.
    const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const y = [1.15, 0.88, 0.9, 0.74, 1.21];
    expect(mannWhitney(x, y)).toBeCloseTo(0.2544123, 6);
    // scipy: mannwhitneyu([1, 2, 2, 3, 4], [2, 4, 5, 5, 6, 7], method="asymptotic").pvalue
    expect(mannWhitney([1, 2, 2, 3, 4], [2, 4, 5, 5, 6, 7])).toBeCloseTo(0.0417227, 6);
  });

  it("says nothing of equal values, and the same whichever side comes first", () => {
    expect(mannWhitney([1, 1, 1], [1, 1, 1])).toBe(1);
    expect(mannWhitney([1, 2, 3], [4, 5, 6, 7])).toBeCloseTo(mannWhitney([4, 5, 6, 7], [1, 2, 3]), 12);
  });
});

describe("a measure under the old and the new version", () => {
  const before = [0.2, 0.21, 0.19, 0.2, 0.22, 0.2, 0.18, 0.21, 0.2, 0.19, 0.2, 0.21, 0.2, 0.19, 0.2];

  it("is worse or better where it differs for certain and by enough", () => {
    expect(contrast(before, [0.41, 0.44, 0.39, 0.43], LATENCY)).toMatchObject({
      verdict: "worse",
      old: 0.2,
      young: 0.42,
    });
    expect(contrast(before, [0.1, 0.11, 0.1, 0.12], LATENCY).verdict).toBe("better");
    expect(contrast(before, [10, 12, 9, 11], { worse: "down", share: 0.5, least: 1 }).verdict).toBe("better");
  });

  it("is the same where the difference is small, or may be chance", () => {
    expect(contrast(before, [0.22, 0.23, 0.22, 0.23, 0.22], LATENCY).verdict).toBe("same");
    expect(contrast(before, [0.2, 0.9, 0.19], LATENCY).verdict).toBe("same");
    expect(contrast([0, 0, 0, 0], [0, 0, 0], LATENCY).verdict).toBe("same");
  });

  it("is nothing where there are too few values", () => {
    expect(contrast(before, [0.9, 0.9], LATENCY).verdict).toBe("none");
    expect(contrast([], [0.9, 0.9, 0.9], LATENCY)).toMatchObject({ verdict: "none", old: undefined });
    expect(contrast(before, [Number.NaN, 0.2, 0.2], LATENCY).verdict).toBe("none");
  });

  it.each([
    ["by itself each time", 0, 2],
    ["in waves", 0.4, 8],
  ])("of a service that only varies, %s, is seldom called worse in four looks", (_, together, most) => {
    const random = randomNumbers(3);
    const normal = () => Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random());
    let worse = 0;
    for (let i = 0; i < 100; i++) {
      let state = normal();
      const values = Array.from({ length: 30 }, () => {
        state = together * state + Math.sqrt(1 - together ** 2) * normal();
        return 0.2 * Math.exp(0.2 * state);
      });
      const looks = [4, 5, 8, 15].map((n) => contrast(values.slice(0, 15), values.slice(15, 15 + n), LATENCY).verdict);
      if (looks.includes("worse")) worse++;
    }
    expect(worse).toBeLessThanOrEqual(most);
  });
});

it("comes to worse before better before the same, and to nothing where nothing could be compared", () => {
  expect(overall(["same", "better", "worse"])).toBe("worse");
  expect(overall(["same", "better", "none"])).toBe("better");
  expect(overall(["same", "none"])).toBe("same");
  expect(overall(["none"])).toBe("none");
  expect(overall([])).toBe("none");
});

it("is looked at four times in half an hour", () => {
  expect(isDue({ at: 0, looks: 0 }, 419)).toBe(false);
  expect(isDue({ at: 0, looks: 0 }, 420)).toBe(true);
  expect(isDue({ at: 0, looks: 3 }, 1800)).toBe(true);
  expect(isDue({ at: 0, looks: 4 }, 99_999)).toBe(false);
});

it("is one deployment whoever tells of it, and another one minutes later with another version", () => {
  const one = { source: "p", service: "shop", at: 1000, to: "v2" };
  expect(isSameRollout(one, { ...one, at: 1900 })).toBe(true);
  expect(isSameRollout(one, { ...one, at: 1900, to: "v3" })).toBe(false);
  expect(isSameRollout(one, { ...one, service: "cart" })).toBe(false);
  expect(isSameRollout(one, { ...one, at: 9000 })).toBe(false);
});
