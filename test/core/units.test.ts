import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatChange,
  formatDuration,
  formatValue,
  parseQuantity,
  type Unit,
  unitOfMetric,
} from "../../src/core/units.ts";

describe("units", () => {
  const said: [number, Unit, string][] = [
    [0.632, "ratio", "63.2 %"],
    [0.000812, "ratio", "0.0812 %"],
    [0.99953, "ratio", "99.953 %"],
    [0.9999, "ratio", "99.99 %"],
    [0.995, "ratio", "99.5 %"],
    [1, "ratio", "100 %"],
    [0, "ratio", "0 %"],
    [1.34, "ratio", "134 %"],
    [0.925, "seconds", "925 ms"],
    [2.29, "seconds", "2.29 s"],
    [0.00042, "seconds", "420 µs"],
    [187_200, "seconds", "2 d 4 h"],
    [2700, "seconds", "45 min"],
    [59.99, "seconds", "1 min"],
    [86_399.6, "seconds", "1 d"],
    [-90, "seconds", "-1 min 30 s"],
    [925, "milliseconds", "925 ms"],
    [5.2 * 2 ** 30, "bytes", "5.2 GiB"],
    [1023.9 * 1024, "bytes", "1 MiB"],
    [512, "bytes", "512 B"],
    [31.4e6, "bytes/s", "31.4 MB/s"],
    [182, "per_s", "182/s"],
    [12, "per_min", "12/min"],
    [26_173, "count", "26,173"],
    [126_173, "count", "126k"],
    [999_999, "count", "1M"],
    [1.52, "cores", "1.52 cores"],
    [1, "cores", "1 core"],
    [22.53, "celsius", "22.5 °C"],
    [-0.01, "celsius", "0 °C"],
    [1234.5, "money", "1,234.50"],
    [-0, "money", "0.00"],
    [1, "bool", "yes"],
    [0, "bool", "no"],
    [1_763_647_200, "timestamp", "20 Nov 2025 14:00 UTC"],
    [-0, "none", "0"],
    [0.0000012, "none", "0.0000012"],
    [123_456_789, "none", "123,456,789"],
    [Number.NaN, "ratio", "not a number"],
    [Number.POSITIVE_INFINITY, "seconds", "infinity"],
    [Number.NEGATIVE_INFINITY, "none", "minus infinity"],
  ];
  it.each(said)("writes %d %s as %s", (value, unit, text) => expect(formatValue(value, unit)).toBe(text));

  it("names what a rate counts, and the currency of money", () => {
    expect(formatValue(182, "per_s", { noun: "req" })).toBe("182 req/s");
    expect(formatValue(12.5, "money", { currency: "EUR" })).toBe("€12.50");
    expect(formatValue(12.5, "money", { currency: "credits" })).toBe("12.50 credits");
  });

  it("never calls anything short of everything 100 %", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 0.99999999, noNaN: true }), (ratio) => {
        expect(formatValue(ratio, "ratio")).not.toBe("100 %");
      }),
    );
  });

  it("writes lengths in as many parts as asked", () => {
    expect(formatDuration(93_784, { parts: 1 })).toBe("1 d");
    expect(formatDuration(93_784)).toBe("1 d 2 h");
    expect(formatDuration(93_784, { parts: 4 })).toBe("1 d 2 h 3 min 4 s");
    expect(formatDuration(7199)).toBe("2 h");
  });

  it("says what changed", () => {
    expect(formatChange(120, 161, "per_s", { noun: "req" }).text).toBe("up 34 %, from 120 to 161 req/s");
    expect(formatChange(120, 161, "per_s").ratio).toBeCloseTo(0.3417, 4);
    expect(formatChange(161, 120, "count").text).toBe("down 25 %, from 161 to 120");
    expect(formatChange(0, 161, "per_s")).toEqual({ ratio: undefined, text: "up from 0 to 161/s" });
    expect(formatChange(0.012, 0.0161, "ratio").text).toBe("up 0.41 points, from 1.2 to 1.61 %");
    expect(formatChange(0.9, 2, "seconds").text).toBe("up 122 %, from 900 ms to 2 s");
    expect(formatChange(3, 40, "count").text).toBe("up 13.3-fold, from 3 to 40");
    expect(formatChange(5, 5, "none").text).toBe("unchanged at 5");
    expect(formatChange(20, 22.5, "celsius").text).toBe("up 2.5 °C, from 20 to 22.5 °C");
    expect(formatChange(Number.NaN, 1, "none")).toEqual({
      ratio: undefined,
      text: "from not a number to 1, which cannot be compared",
    });
  });

  const metrics: [string, string, Unit, number][] = [
    ["http_request_duration_ms", "", "seconds", 0.001],
    ["cost_cents", "", "money", 0.01],
    ["battery_hours", "", "seconds", 3600],
    ["cpu_percent", "", "ratio", 0.01],
    ["room_celsius", "", "celsius", 1],
    ["process_start_time_seconds", "", "timestamp", 1],
    ["backup_last_success_timestamp_seconds", "", "timestamp", 1],
    ["probe_ssl_earliest_cert_expiry", "", "timestamp", 1],
    ["http_response_time_seconds", "", "seconds", 1],
    ["node_cpu_seconds_total", "", "seconds", 1],
    ["node_network_receive_bytes_total", "", "bytes", 1],
    ["http_requests_total", "", "count", 1],
    ["http_request_duration_seconds_bucket", "", "seconds", 1],
    ["http_request_duration_seconds_count", "", "count", 1],
    ["cache_hit_ratio", "", "ratio", 1],
    ["up", "", "bool", 1],
    ["queue_depth", "", "none", 1],
    ["queue_size", "bytes", "bytes", 1],
    ["latency", "milliseconds", "seconds", 0.001],
  ];
  it.each(metrics)("knows the unit of %s (metadata %j): %s times %d", (name, meta, unit, scale) => {
    expect(unitOfMetric(name, meta)).toMatchObject({ unit, scale });
  });

  const typed: [string, Unit, number | undefined][] = [
    ["70%", "ratio", 0.7],
    ["0.7", "ratio", 0.7],
    ["70", "ratio", 0.7],
    ["0,5 Prozent", "ratio", 0.005],
    ["500 ms", "seconds", 0.5],
    ["500 ms", "milliseconds", 500],
    ["2,29 s", "seconds", 2.29],
    ["2 d 4 h", "seconds", 187_200],
    ["1h30m", "seconds", 5400],
    ["1h nonsense", "seconds", undefined],
    ["2 GiB", "bytes", 2 ** 31],
    ["2Gi", "bytes", 2 ** 31],
    ["2 GB", "bytes", 2e9],
    ["100 Mbps", "bytes/s", 12.5e6],
    ["31.4 MB/s", "bytes/s", 31.4e6],
    ["1k", "count", 1000],
    ["26,173", "count", 26_173],
    ["1.234,5", "none", 1234.5],
    ["182 req/s", "per_s", 182],
    ["10 per minute", "per_s", 1 / 6],
    ["500m", "cores", 0.5],
    ["72 °F", "celsius", 22.22222222222222],
    ["€12.50", "money", 12.5],
    ["yes", "bool", 1],
    ["2026-11-18 14:02", "timestamp", 1_795_010_520],
    ["", "count", undefined],
    [".", "count", undefined],
    ["many", "bytes", undefined],
  ];
  it.each(typed)("reads %j as %s: %d", (text, unit, value) => {
    const found = parseQuantity(text, unit);
    if (value === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(value, 9);
  });

  it("reads back what it wrote, within rounding", () => {
    const units: Unit[] = [
      "ratio",
      "seconds",
      "milliseconds",
      "bytes",
      "bytes/s",
      "per_s",
      "per_min",
      "per_hour",
      "count",
      "cores",
      "none",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...units), fc.double({ min: 1e-5, max: 1e8, noNaN: true }), (unit, value) => {
        const back = parseQuantity(formatValue(value, unit), unit);
        expect(back).toBeDefined();
        // Whole minutes of a day, or three digits: the coarsest rounding anywhere is half an hour in a day.
        expect(Math.abs(back! - value) / value).toBeLessThan(0.025);
      }),
    );
  });

  it("writes numbers as Intl does", () => {
    const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
    const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
    fc.assert(
      fc.property(fc.integer({ min: -9, max: 14 }), fc.double({ min: 1, max: 10, noNaN: true }), (power, digits) => {
        const value = digits * 10 ** power;
        const expected = (value >= 100 ? whole : short).format(value);
        expect(formatValue(value, "none")).toBe(value < 1e-9 || value >= 1e15 ? value.toExponential(2) : expected);
        expect(formatValue(-value, "celsius").replace(/^-?/, "-")).toMatch(/^-[\d,]+(\.\d)? °C$/);
      }),
    );
    // Numbers that stand exactly between two shorter ones, as they are written.
    const tie = fc.tuple(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom(2, 3, 4, 5));
    fc.assert(
      fc.property(tie, ([digits, decimals]) => {
        const value = Number(`${digits}5e-${decimals}`);
        if (value >= 1e-9) expect(formatValue(value, "none")).toBe((value >= 100 ? whole : short).format(value));
      }),
    );
    expect([9.995, 33.55, 1.005].map((value) => formatValue(value, "none"))).toEqual(["10", "33.6", "1.01"]);
    expect(formatChange(1, 12_345, "none").text).toContain("up 12,300-fold");
  });

  it("answers any text at all without throwing", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom<Unit>("ratio", "seconds", "bytes", "bytes/s", "per_s", "count", "money", "timestamp", "bool"),
        (text, unit) => {
          const found = parseQuantity(text, unit);
          expect(found === undefined || Number.isFinite(found)).toBe(true);
        },
      ),
    );
  });
});
