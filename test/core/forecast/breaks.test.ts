import { describe, expect, it } from "vitest";
import { lastBreak } from "../../../src/core/forecast/breaks.ts";
import { historyOf } from "../../../src/core/forecast/history.ts";
import { DAY, HOUR, hourly, MONDAY, noise, swing } from "./series.ts";

const WEEKS = 3 * 7 * 24;

function breakOf(value: (hour: number) => number) {
  const history = historyOf(hourly(WEEKS, value));
  if ("kind" in history) throw new Error(history.message);
  return lastBreak(history, 24);
}

describe("the last break of a series", () => {
  it.each([1, 2, 3])("is a jump, with the levels (seed %i)", (seed) => {
    const next = noise(seed);
    const found = breakOf((hour) => swing(hour) + 5 * next() + (hour >= 350 ? 60 : 0));
    expect(found?.kind).toBe("level");
    expect(Math.abs((found?.at ?? 0) - MONDAY - 350 * HOUR)).toBeLessThanOrEqual(12 * HOUR);
    expect(found?.before).toBeCloseTo(100, -1.3);
    expect(found?.after).toBeCloseTo(160, -1.3);
  });

  it("is a change of growth, by the day", () => {
    const next = noise(4);
    const found = breakOf((hour) => 0.1 * hour + Math.max(0, hour - 300) * 0.5 + next());
    expect(found?.kind).toBe("growth");
    expect(found?.before).toBeCloseTo(2.4, -0.5);
    expect(found?.after).toBeCloseTo(14.4, -0.5);
    expect(Math.abs((found?.at ?? 0) - MONDAY - 300 * HOUR)).toBeLessThanOrEqual(2 * DAY);
  });

  it("is none in noise, in a season, on a line, in what never changes, and at a weekend", () => {
    for (let seed = 0; seed < 20; seed++) {
      const next = noise(seed);
      expect(breakOf(() => 5 + next())).toBeUndefined();
      expect(breakOf((hour) => swing(hour) + 5 * next())).toBeUndefined();
    }
    expect(breakOf((hour) => 3 * hour)).toBeUndefined();
    expect(breakOf(() => 7)).toBeUndefined();
    const next = noise(9);
    expect(breakOf((hour) => swing(hour) * (Math.floor(hour / 24) % 7 >= 5 ? 0.4 : 1) + 2 * next())).toBeUndefined();
  });

  it("is none where there is too little to tell", () => {
    const history = historyOf(hourly(30, (hour) => (hour > 20 ? 10 : 1)));
    if ("kind" in history) throw new Error(history.message);
    expect(lastBreak(history, 24)).toBeUndefined();
  });
});
