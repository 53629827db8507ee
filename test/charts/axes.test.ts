import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { spanWords, timeTicks } from "../../src/charts/time-axis.ts";
import { valueAxis } from "../../src/charts/value-axis.ts";
import { localTime } from "../../src/core/zone.ts";

const at = (day: number, hour: number, minute = 0, second = 0) => Date.UTC(2026, 10, day, hour, minute, second) / 1000;
const said = (low: number, high: number, unit: string, whole = false) =>
  valueAxis({ low, high }, unit, whole).ticks.map(({ text }) => text);

describe("the ticks of values", () => {
  it.each([
    ["ratio", 0, 0.97, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]],
    ["ratio", 0.9981, 1, ["99.8 %", "99.85 %", "99.9 %", "99.95 %", "100 %"]],
    ["bytes", 0, 3.1 * 1024 ** 3, ["0 B", "1 GiB", "2 GiB", "3 GiB", "4 GiB"]],
    ["bytes", 0, 900 * 1024 ** 2, ["0 B", "256 MiB", "512 MiB", "768 MiB", "1 GiB"]],
    ["bytes/s", 0, 4.4e6, ["0 B/s", "1 MB/s", "2 MB/s", "3 MB/s", "4 MB/s", "5 MB/s"]],
    ["seconds", 0.1, 0.42, ["100 ms", "200 ms", "300 ms", "400 ms", "500 ms"]],
    ["seconds", 0, 7000, ["0 s", "30 min", "1 h", "1 h 30 min", "2 h"]],
    ["seconds", 0, 20 * 86_400, ["0 s", "5 d", "10 d", "15 d", "20 d"]],
    ["milliseconds", 0, 240_000, ["0 s", "1 min", "2 min", "3 min", "4 min"]],
    ["count", -30, 70, ["-50", "0", "50", "100"]],
    ["bool", 0, 1, ["no", "yes"]],
    ["celsius", 21, 23.4, ["21 °C", "21.5 °C", "22 °C", "22.5 °C", "23 °C", "23.5 °C"]],
  ])("are round in %s, from %d to %d", (unit, low, high, wanted) => {
    assert.deepEqual(said(low, high, unit), wanted);
  });

  it("are whole where only whole numbers were measured", () => {
    assert.deepEqual(said(0, 2, "count", true), ["0", "1", "2"]);
    assert.deepEqual(said(0, 2, "count"), ["0", "0.5", "1", "1.5", "2"]);
  });

  it("never read the same: where the digits do not suffice, less of the picture is used", () => {
    const { low, high, ticks } = valueAxis({ low: 1000.1, high: 1000.4 }, "none");
    assert.equal(new Set(ticks.map(({ text }) => text)).size, ticks.length);
    assert.ok(low < 1000.1 && high > 1000.4 && high - low < 30);
  });

  it("are two to six different ones around the scale, whatever it is", () => {
    const units = ["ratio", "seconds", "milliseconds", "bytes", "count", "bool", "timestamp", "celsius", "furlongs"];
    const power = fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.integer({ min: -200, max: 200 }));
    fc.assert(
      fc.property(power, power, fc.constantFrom(...units), fc.boolean(), ([a, i], [b, j], unit, whole) => {
        const [low, high] = [a * 10 ** i, b * 10 ** j].sort((x, y) => x - y) as [number, number];
        fc.pre(high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high)) && high - low > 1e-250);
        const axis = valueAxis({ low, high }, unit, whole);
        const reach = (axis.high - axis.low) * 1e-5;
        assert.ok(axis.low <= low + reach && axis.high >= high - reach, `${axis.low} to ${axis.high}`);
        assert.ok(axis.ticks.length >= 2 && axis.ticks.length <= 6, String(axis.ticks.length));
        assert.ok(axis.ticks.every(({ value }, n) => n === 0 || value > axis.ticks[n - 1]!.value));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the ticks of time", () => {
  const words = (from: number, to: number, zone: string, most = 7) =>
    timeTicks(from, to, zone, most).map(({ text }) => text);

  it("are round on the zone's own clock", () => {
    assert.deepEqual(words(at(20, 4), at(20, 10), "UTC"), [
      "04:00",
      "05:00",
      "06:00",
      "07:00",
      "08:00",
      "09:00",
      "10:00",
    ]);
    assert.deepEqual(words(at(20, 4), at(20, 10), "Asia/Kolkata", 6), [
      "10:00",
      "11:00",
      "12:00",
      "13:00",
      "14:00",
      "15:00",
    ]);
    assert.deepEqual(words(at(20, 4, 0, 3), at(20, 4, 0, 31), "UTC"), [
      "04:00:05",
      "04:00:10",
      "04:00:15",
      "04:00:20",
      "04:00:25",
      "04:00:30",
    ]);
  });

  it("say the day where one begins", () => {
    assert.deepEqual(words(at(20, 12), at(21, 12), "Europe/Berlin"), [
      "16:00",
      "20:00",
      "21 Nov",
      "04:00",
      "08:00",
      "12:00",
    ]);
    assert.deepEqual(words(at(13, 4), at(20, 4), "UTC"), [
      "14 Nov",
      "15 Nov",
      "16 Nov",
      "17 Nov",
      "18 Nov",
      "19 Nov",
      "20 Nov",
    ]);
  });

  it("begin weeks on Mondays, and name months and years", () => {
    assert.deepEqual(words(at(1, 0), at(29, 0), "UTC", 5), ["2 Nov", "9 Nov", "16 Nov", "23 Nov"]);
    assert.deepEqual(words(Date.UTC(2026, 8, 15) / 1000, Date.UTC(2027, 1, 15) / 1000, "UTC"), [
      "Oct",
      "Nov",
      "Dec",
      "2027",
      "Feb",
    ]);
    assert.deepEqual(words(Date.UTC(1999, 5) / 1000, Date.UTC(2026, 1) / 1000, "UTC"), [
      "2000",
      "2005",
      "2010",
      "2015",
      "2020",
      "2025",
    ]);
  });

  it("stay round when the clocks change", () => {
    const [from, to] = [Date.UTC(2026, 9, 24, 20) / 1000, Date.UTC(2026, 9, 25, 20) / 1000];
    assert.deepEqual(words(from, to, "Europe/Berlin"), ["25 Oct", "04:00", "08:00", "12:00", "16:00", "20:00"]);
  });

  it("are few, in order and within, whatever the stretch", () => {
    const moment = fc.oneof(fc.integer({ min: 0, max: 4e9 }), fc.double({ min: -6.2e10, max: 2.533e11, noNaN: true }));
    const zones = fc.constantFrom("UTC", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu");
    fc.assert(
      fc.property(moment, moment, zones, fc.integer({ min: 3, max: 9 }), (a, b, zone, most) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const ticks = timeTicks(from, to, zone, most);
        assert.ok(ticks.length <= most + 2, String(ticks.length));
        for (const [i, tick] of ticks.entries()) {
          assert.ok(tick.at >= from && tick.at <= to && (i === 0 || tick.at > ticks[i - 1]!.at));
          assert.equal(localTime(tick.at, zone).second % 1, 0);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("the stretch of time in words", () => {
  it.each([
    [at(20, 4), at(20, 9), "UTC", "20 Nov 2026, UTC"],
    [at(20, 4), at(20, 23, 30), "Europe/Berlin", "20 to 21 Nov 2026, Europe/Berlin"],
    [Date.UTC(2026, 9, 3) / 1000, at(20, 4), "UTC", "3 Oct to 20 Nov 2026, UTC"],
    [Date.UTC(2025, 11, 3) / 1000, at(20, 4), "UTC", "3 Dec 2025 to 20 Nov 2026, UTC"],
  ])("from %d to %d in %s", (from, to, zone, wanted) => {
    assert.equal(spanWords(from, to, zone), wanted);
  });
});
