import { describe, expect, it } from "vitest";
import {
  formatChange,
  formatDuration,
  formatValue,
  parseQuantity,
  type Unit,
  unitOfMetric,
} from "../../src/core/units.ts";

describe("a quantity as people type it", () => {
  it.each<[string, Unit, number | undefined]>([
    ["no", "bool", 0],
    ["maybe", "bool", undefined],
    ["0.7", "ratio", 0.7],
    ["70 apples", "ratio", undefined],
    ["80 Mbps", "bytes/s", 10_000_000],
    ["8 bps", "bytes/s", 1],
    ["2 GiB", "bytes", 2 * 1024 ** 3],
    ["8 Mbit", "bytes", 1_000_000],
    ["8 Mb", "bytes", 1_000_000],
    ["8 mb", "bytes", 8_000_000],
    ["5 stones", "bytes", undefined],
    ["250m", "cores", 0.25],
    ["5 bushels", "cores", undefined],
    ["20 °C", "celsius", 20],
    ["68 F", "celsius", 20],
    ["5 K", "celsius", undefined],
    ["€ 5", "money", 5],
    ["5k", "money", 5000],
    ["5 bn", "count", 5e9],
    ["2 tn", "count", 2e12],
    ["5 sheep", "count", undefined],
    ["5 rps", "per_min", 300],
    ["2k rps", "per_s", 2000],
    ["6k req/min", "per_s", 100],
    ["5 req per hour", "per_hour", 5],
    ["5 req", "per_s", 5],
    ["5 ;;", "per_s", undefined],
    ["3600 per hour", "per_s", 1],
    ["1 qps", "per_hour", 3600],
    ["-90 s", "seconds", -90],
    ["1.5", "seconds", 1.5],
    ["1h 30m", "seconds", 5400],
    ["2 s", "milliseconds", 2000],
    ["5 x", "seconds", undefined],
    ["1h x", "seconds", undefined],
    ["1700000000", "timestamp", 1_700_000_000],
    ["1700000000000", "timestamp", 1_700_000_000],
    ["2026-01-02", "timestamp", Date.UTC(2026, 0, 2) / 1000],
    ["2026-01-02 03:04", "timestamp", Date.UTC(2026, 0, 2, 3, 4) / 1000],
    ["2026-01-02T03:04:05Z", "timestamp", Date.UTC(2026, 0, 2, 3, 4, 5) / 1000],
    ["2 Jan 2026", "timestamp", Date.UTC(2026, 0, 2) / 1000],
    ["2026-99-99", "timestamp", undefined],
    ["soon", "timestamp", undefined],
    ["1.234,5", "none", 1234.5],
    ["1,234", "none", 1234],
    ["1.2.3", "none", undefined],
  ])("%j in %s: %s", (said, unit, value) => {
    expect(parseQuantity(said, unit)).toBe(value);
  });
});

describe("a number as it is said", () => {
  it.each<[number, Unit, string]>([
    [2, "bool", "2"],
    [1e-10, "none", "1.00e-10"],
    [1e16, "none", "1.00e+16"],
    [1e20, "timestamp", "1.00e+20"],
    [1_700_000_001, "timestamp", "14 Nov 2023 22:13:21 UTC"],
    // Just below the whole is not the whole.
    [0.99994, "ratio", "99.994 %"],
  ])("%d in %s: %s", (value, unit, said) => {
    expect(formatValue(value, unit)).toBe(said);
  });

  it("has no blank after it when nothing is counted by name", () => {
    for (const unit of ["count", "none", "per_s", "money"] as const) {
      const said = formatValue(3.5, unit, { noun: "", currency: "" });
      expect(said, unit).toBe(said.trim());
      expect(said, unit).not.toContain("  ");
    }
  });

  it("that is no length of time is said to be none", () => {
    expect(formatDuration(Number.NaN)).toBe("not a number");
  });
});

describe("a change as it is said", () => {
  it.each<[number, number, Unit, string]>([
    [0, 1, "bool", "changed from no to yes"],
    [100, 105, "count", "up 5 %, from 100 to 105"],
    [100, 100, "count", "unchanged at 100"],
    [100, 50, "count", "down 50 %, from 100 to 50"],
  ])("from %d to %d in %s: %s", (from, to, unit, said) => {
    expect(formatChange(from, to, unit).text).toBe(said);
  });
});

describe("the unit of a metric", () => {
  it("named a timestamp in milliseconds is scaled to seconds", () => {
    expect(unitOfMetric("job_timestamp_ms", "")).toEqual({ unit: "timestamp", scale: 1e-3 });
  });
});
