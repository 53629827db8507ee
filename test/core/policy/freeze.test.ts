import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Freeze, frozen } from "../../../src/core/policy/freeze.ts";
import { readDateTime, readWeekTime } from "../../../src/core/window.ts";

const at = (text: string) => Date.parse(text) / 1000;
const weekend: Freeze = {
  kind: "weekly",
  name: "weekend",
  zone: "Europe/Berlin",
  from: readWeekTime("Fri 17:00")!,
  to: readWeekTime("Mon 08:00")!,
  allow: ["low"],
};

describe("a weekly freeze", () => {
  it.each([
    ["2026-11-20T15:59:59Z", false], // Friday 16:59:59 in Berlin, in winter
    ["2026-11-20T16:00:00Z", true],
    ["2026-11-22T12:00:00Z", true],
    ["2026-11-23T06:59:59Z", true],
    ["2026-11-23T07:00:00Z", false],
    ["2026-07-17T14:59:59Z", false], // in summer, an hour earlier by UTC
    ["2026-07-17T15:00:00Z", true],
    ["2026-07-20T05:59:59Z", true],
    ["2026-07-20T06:00:00Z", false],
    ["2026-10-24T23:30:00Z", true], // the night the clocks go back
    ["2026-10-26T07:00:00Z", false],
  ])("at %s is %s", (text, wanted) => {
    expect(frozen([weekend], at(text), "medium") !== undefined).toBe(wanted);
    expect(frozen([weekend], at(text), "low")).toBeUndefined();
  });

  it("says when it ends, over a change of the clocks too", () => {
    expect(frozen([weekend], at("2026-11-20T20:00:00Z"), "high")).toEqual({
      name: "weekend",
      zone: "Europe/Berlin",
      until: at("2026-11-23T07:00:00Z"),
    });
    expect(frozen([weekend], at("2026-10-24T12:00:00Z"), "high")?.until).toBe(at("2026-10-26T07:00:00Z"));
    expect(frozen([weekend], at("2026-03-28T12:00:00Z"), "high")?.until).toBe(at("2026-03-30T06:00:00Z"));
  });

  it("holds to its last moment and not at its end, whenever it is", () => {
    const minute = fc.integer({ min: 0, max: 7 * 1440 - 1 });
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe");
    fc.assert(
      fc.property(
        minute,
        minute,
        zone,
        fc.integer({ min: at("2025-01-01"), max: at("2028-01-01") }),
        (from, to, name, now) => {
          fc.pre(from !== to);
          const freeze: Freeze = { kind: "weekly", name: "f", zone: name, from, to, allow: [] };
          const found = frozen([freeze], now, "low");
          if (found === undefined) return;
          expect(found.until).toBeGreaterThan(now);
          expect(found.until - now).toBeLessThanOrEqual(7 * 86_400 + 7200);
          expect(frozen([freeze], found.until, "low")).toBeUndefined();
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("a freeze for once", () => {
  const zone = "America/New_York";
  const freeze: Freeze = {
    kind: "once",
    name: "sales",
    zone,
    from: readDateTime("2026-11-26 00:00", zone)!,
    to: readDateTime("2026-12-01 06:00", zone)!,
    allow: [],
  };

  it("holds between its moments by the clocks of its zone", () => {
    expect(frozen([freeze], at("2026-11-26T04:59:59Z"), "low")).toBeUndefined();
    expect(frozen([freeze], at("2026-11-26T05:00:00Z"), "low")?.until).toBe(at("2026-12-01T11:00:00Z"));
    expect(frozen([freeze], at("2026-12-01T11:00:00Z"), "low")).toBeUndefined();
  });

  it("is told by the one that ends last", () => {
    expect(frozen([weekend, freeze], at("2026-11-29T12:00:00Z"), "high")?.name).toBe("sales");
  });
});

describe("times of a freeze", () => {
  it("are read as they are documented, and nothing else is", () => {
    expect([readWeekTime("Mon 00:00"), readWeekTime("fri 17:00"), readWeekTime("Sunday 23:59")]).toEqual([
      0, 6780, 10_079,
    ]);
    for (const text of ["", "17:00", "Fri", "Fri 24:00", "Fri 12:60", "Foo 12:00", "Fri 12:0", "5 12:00"])
      expect(readWeekTime(text)).toBeUndefined();
    expect(readDateTime("2026-12-20T17:00", "UTC")).toBe(at("2026-12-20T17:00:00Z"));
    for (const text of ["2026-02-30 10:00", "2026-13-01 10:00", "2026-12-20", "2026-12-20 25:00", "tomorrow"])
      expect(readDateTime(text, "UTC")).toBeUndefined();
  });
});
