import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forecast, periodOf } from "../../../src/core/forecast/forecast.ts";
import { historyOf } from "../../../src/core/forecast/history.ts";
import type { Point } from "../../../src/core/series.ts";
import { DAY, HOUR, hourly, MONDAY, noise, swing, told } from "./series.ts";

const meanMiss = (mean: Float64Array, came: (k: number) => number) =>
  mean.reduce((sum, value, k) => sum + Math.abs(value - came(k)), 0) / mean.length;

describe("a forecast", () => {
  it("goes on with the day's shape", () => {
    const { mean, start } = told(hourly(14 * 24, swing));
    expect(start).toBe(MONDAY + 14 * DAY);
    expect(meanMiss(mean, swing)).toBeLessThan(0.5);
  });

  it("knows the weekend once it has seen three", () => {
    const week = (hour: number) => swing(hour) * (Math.floor(hour / 24) % 7 >= 5 ? 0.3 : 1);
    // It ends on a Friday evening.
    const { mean, methods } = told(hourly(4 * 7 * 24 + 5 * 24, week));
    expect(meanMiss(mean, (k) => week(4 * 7 * 24 + 5 * 24 + k))).toBeLessThan(5);
    expect(methods[0]?.name).toMatch(/weekday/);
  });

  it("stays on a new level within days, and says when it changed", () => {
    const shifted = (hour: number) => swing(hour) + (hour >= 18 * 24 ? 200 : 0);
    const next = noise(1);
    const { mean, lastBreak } = told(hourly(21 * 24, (hour) => shifted(hour) + 3 * next()));
    expect(meanMiss(mean, (k) => shifted(21 * 24 + k))).toBeLessThan(15);
    expect(lastBreak?.kind).toBe("level");
    expect(Math.abs((lastBreak?.at ?? 0) - (MONDAY + 18 * DAY))).toBeLessThanOrEqual(12 * HOUR);
    expect((lastBreak?.after ?? 0) - (lastBreak?.before ?? 0)).toBeCloseTo(200, -1.5);
  });

  it("goes on filling what fills with the day's traffic", () => {
    let disk = 0;
    const points = hourly(15 * 24, (hour) => {
      disk += swing(hour);
      return disk;
    });
    const { mean } = told(points.slice(0, 14 * 24));
    expect(Math.abs(mean[23]! - points.at(-1)![1]) / (24 * 100)).toBeLessThan(0.05);
  });

  it("has bands that hold about as much as they say", () => {
    const counts = { 80: 0, 95: 0, all: 0 };
    for (let seed = 0; seed < 40; seed++) {
      const next = noise(seed);
      const points = hourly(15 * 24, (hour) => swing(hour) + 10 * next());
      const { lo80, hi80, lo95, hi95 } = told(points.slice(0, 14 * 24));
      for (const [k, [, value]] of points.slice(14 * 24).entries()) {
        counts.all++;
        if (value >= lo80[k]! && value <= hi80[k]!) counts[80]++;
        if (value >= lo95[k]! && value <= hi95[k]!) counts[95]++;
      }
    }
    expect(counts[80] / counts.all).toBeGreaterThan(0.76);
    expect(counts[80] / counts.all).toBeLessThan(0.9);
    expect(counts[95] / counts.all).toBeGreaterThan(0.93);
    expect(counts[95] / counts.all).toBeLessThan(0.995);
  });

  it("says what never changed to stay, without a band", () => {
    const { mean, lo95, hi95, methods } = told(hourly(5 * 24, () => 7));
    expect([...mean, ...lo95, ...hi95].every((value) => value === 7)).toBe(true);
    expect(methods).toEqual([{ name: "the last value", share: 1 }]);
  });

  it("never goes below zero where nothing did, nor beyond what it is told", () => {
    const next = noise(3);
    const rare = told(hourly(14 * 24, () => Math.max(0, Math.round(next() - 1))));
    expect(Math.min(...rare.lo95)).toBe(0);
    const share = told(
      hourly(14 * 24, (hour) => Math.min(1, 0.9 + 0.1 * Math.sin(hour) + 0.05 * next())),
      24,
      { high: 1 },
    );
    expect(Math.max(...share.hi95)).toBeLessThanOrEqual(1);
  });

  it("takes a coming holiday for a Sunday, and a past one for none", () => {
    const holidays = [MONDAY + 15 * DAY, MONDAY + 29 * DAY].map((day) => [day, day + DAY] as const);
    const week = (hour: number) => {
      const day = Math.floor(hour / 24);
      return day % 7 === 6 || day === 15 || day === 29 ? 10 : 100;
    };
    const points = hourly(29 * 24, week);
    const aware = told(points, 24, { holidays });
    expect(meanMiss(aware.mean, () => 10)).toBeLessThan(1);
    expect(Math.max(...aware.hi80)).toBeGreaterThan(95);
    const history = historyOf(points);
    if ("kind" in history) throw new Error(history.message);
    expect(meanMiss(told(points).mean, () => 10)).toBeGreaterThan(60);
  });

  it("survives any measurements: it forecasts finite, ordered bands, or says why not", () => {
    const value = fc.oneof(
      fc.double({ min: -1e12, max: 1e12, noNaN: true }),
      fc.constantFrom(0, Number.NaN, 1, Number.POSITIVE_INFINITY),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 0, maxLength: 200 }),
        fc.integer({ min: 1, max: 12 }),
        (values, period) => {
          const history = historyOf(values.map((one, i): Point => [i * 60, one]));
          if ("kind" in history) return history.message !== "";
          const found = forecast(history, { horizon: 5, period });
          if (found.kind === "cannot") return found.message !== "";
          return found.mean.every(
            (mean, k) =>
              Number.isFinite(mean) &&
              found.lo95[k]! <= found.lo80[k]! &&
              found.lo80[k]! <= found.hi80[k]! &&
              found.hi80[k]! <= found.hi95[k]! &&
              Number.isFinite(found.lo95[k]!) &&
              Number.isFinite(found.hi95[k]!),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("needs three days, and twice as much past as future", () => {
    const history = historyOf(hourly(50, swing));
    if ("kind" in history) throw new Error(history.message);
    expect(forecast(history, { horizon: 24 })).toEqual({
      kind: "cannot",
      reason: "too short",
      message: "it needs 3 d of history, and has 2 d 2 h",
    });
    const longer = historyOf(hourly(80, swing));
    if ("kind" in longer) throw new Error(longer.message);
    expect(forecast(longer, { horizon: 60 })).toMatchObject({ reason: "too far" });
  });

  it("knows what repeats at which step", () => {
    expect([60, 300, HOUR, 6 * HOUR, DAY, 7 * DAY].map(periodOf)).toEqual([1440, 288, 24, 4, 7, 1]);
  });
});

describe("a history", () => {
  it("is what was measured on an even grid", () => {
    const history = historyOf([
      [120, 3],
      [0, 1],
      [60, 2],
      [61, 4],
      [240, 5],
      [180, Number.NaN],
    ]);
    expect(history).toEqual({ start: 0, step: 60, values: Float64Array.of(1, 3, 3, 4, 5), filled: 1 });
  });

  it("fills a long hole with the same hours of the day before", () => {
    const points = hourly(72, swing).filter((_, i) => i < 30 || i >= 40);
    const history = historyOf(points);
    if ("kind" in history) throw new Error(history.message);
    expect(history.filled).toBe(10);
    for (let i = 30; i < 40; i++) expect(history.values[i]).toBeCloseTo(swing(i), 6);
  });

  it("is refused, with the reason, when there is none", () => {
    expect(historyOf([])).toMatchObject({ reason: "empty" });
    expect(historyOf([[0, Number.NaN]])).toMatchObject({ reason: "empty" });
    expect(historyOf([[0, 1]])).toMatchObject({ reason: "too short" });
    expect(
      historyOf([
        [0, 1],
        [0, 2],
      ]),
    ).toMatchObject({ reason: "too short" });
    expect(
      historyOf(
        hourly(100, swing).filter((_, i) => i % 10 < 2),
        HOUR,
      ),
    ).toMatchObject({ reason: "too many gaps" });
    expect(
      historyOf([
        [0, 1],
        [1, 1],
        [2, 1],
        [1e9, 1],
      ]),
    ).toMatchObject({ reason: "too fine" });
  });
});
