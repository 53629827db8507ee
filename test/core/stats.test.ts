import { describe, expect, it } from "vitest";
import type { Point } from "../../src/core/series.ts";
import { linearFit, mad, mean, median, quantile, usualBand } from "../../src/core/stats.ts";
import { fromLocal, localTime, rfc3339, safeZone, sayTime, startOfDay, weekday } from "../../src/core/zone.ts";

const WED = Date.UTC(2026, 10, 18, 14, 2) / 1000;

describe("stats", () => {
  it("say nothing about nothing", () => {
    for (const f of [median, mad, mean]) expect(f([])).toBeUndefined();
    expect(quantile([Number.NaN], 0.5)).toBeUndefined();
    expect(linearFit([[1, 1]])).toBeUndefined();
    expect(
      linearFit([
        [1, 1],
        [1, 2],
      ]),
    ).toBeUndefined();
  });

  it("drop what is not a number first", () => {
    expect(quantile([1, Number.NaN, 3], 0.5)).toBe(2);
    expect(median([1, Number.POSITIVE_INFINITY, 3])).toBe(2);
    expect(mean([Number.NaN, 4])).toBe(4);
    expect(mad([1, 2, 3, Number.NaN])).toBe(1);
  });

  it("fit a line through unix times without losing digits", () => {
    const fit = linearFit([0, 60, 120, 180].map((s): Point => [WED + s, 5 + s / 60]));
    expect(fit?.slope).toBeCloseTo(1 / 60, 12);
    expect(fit?.at(WED + 600)).toBeCloseTo(15, 9);
  });

  /** Hourly points of the 14 days before `WED`: 100 on weekdays, 10 on weekends, plus 50 at night. */
  const hourly = Array.from({ length: 14 * 24 }, (_, i): Point => {
    const at = WED - (i + 1) * 3600;
    const t = localTime(at, "UTC");
    return [at, (t.weekday >= 6 ? 10 : 100) + (t.hour < 6 ? 50 : 0) + (i % 3)];
  });

  it("know what is usual at this hour of this kind of day", () => {
    const band = usualBand(hourly, WED, "UTC");
    expect(band?.typical).toBeCloseTo(101, 0);
    expect(band!.low).toBeGreaterThan(90);
    expect(band!.high).toBeLessThan(110);
    expect(usualBand(hourly, WED - 4 * 86_400, "UTC")?.typical).toBeLessThan(15);
    expect(usualBand(hourly, WED - 11 * 3600, "UTC")?.typical).toBeGreaterThan(140);
  });

  it("do not let the incident of the last hours become usual", () => {
    const now: Point[] = Array.from({ length: 60 }, (_, i) => [WED - i * 60, 9999]);
    expect(usualBand([...hourly, ...now], WED, "UTC")?.high).toBeLessThan(110);
  });

  it("give a constant a band of five percent, and no negative low", () => {
    const flat = hourly.map(([at]): Point => [at, 200]);
    expect(usualBand(flat, WED, "UTC")).toMatchObject({ low: 190, high: 210, typical: 200 });
    const spiky = hourly.map(([at], i): Point => [at, i % 2 === 0 ? 0 : 5]);
    expect(usualBand(spiky, WED, "UTC")!.low).toBe(0);
  });

  it("stay silent with fewer than five points", () => {
    expect(usualBand(hourly.slice(23, 25), WED, "UTC")).toBeUndefined();
    expect(usualBand([], WED, "UTC")).toBeUndefined();
  });
});

describe("zones", () => {
  it("know the local day and weekday", () => {
    expect(weekday(WED, "UTC")).toBe(3);
    expect(weekday(WED, "Pacific/Kiritimati")).toBe(4);
    expect(rfc3339(startOfDay(WED, "Asia/Kolkata"))).toBe("2026-11-17T18:30:00Z");
  });

  it("take the first of two equal wall times and jump over a skipped one", () => {
    expect(rfc3339(fromLocal(2026, 10, 25, 2, 30, 0, "Europe/Berlin"))).toBe("2026-10-25T00:30:00Z");
    expect(rfc3339(fromLocal(2026, 3, 29, 2, 30, 0, "Europe/Berlin"))).toBe("2026-03-29T01:30:00Z");
    expect(startOfDay(fromLocal(2026, 10, 26, 0, 0, 0, "Europe/Berlin"), "Europe/Berlin", -1)).toBe(
      fromLocal(2026, 10, 25, 0, 0, 0, "Europe/Berlin"),
    );
  });

  it("say a time the way people do", () => {
    expect(sayTime(WED, WED + 60, "UTC")).toBe("14:02 UTC");
    expect(sayTime(WED, WED + 86_400, "Europe/Berlin")).toBe("yesterday 15:02 CET");
    expect(sayTime(WED, WED + 5 * 86_400, "UTC")).toBe("18 Nov 14:02 UTC");
    expect(sayTime(WED, WED + 90 * 86_400, "UTC")).toBe("18 Nov 2026 14:02 UTC");
    expect(sayTime(WED + 86_400, WED, "UTC")).toBe("tomorrow 14:02 UTC");
    expect(sayTime(Number.NaN, WED, "UTC")).toBe("at an unknown time");
  });

  it("fall back to UTC for a zone nobody knows", () => {
    expect(safeZone("No/Where")).toBe("UTC");
    expect(safeZone("Europe/Berlin")).toBe("Europe/Berlin");
    expect(sayTime(WED, WED, "No/Where")).toBe("14:02 UTC");
  });
});
