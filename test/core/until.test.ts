import { describe, expect, it } from "vitest";
import { nextMorning, readUntil } from "../../src/core/until.ts";

/** A Wednesday, 15:02 in Berlin. */
const NOW = Date.UTC(2026, 10, 18, 14, 2) / 1000;
const iso = (at: number | undefined) => (at === undefined ? "none" : new Date(at * 1000).toISOString().slice(5, 16));

describe("an end that somebody writes", () => {
  it.each([
    ["30m", "11-18T14:32"],
    ["for 2 hours", "11-18T16:02"],
    ["1h30m", "11-18T15:32"],
    ["until 18:00", "11-18T17:00"],
    ["until tomorrow 9am", "11-19T08:00"],
    ["bis morgen 9 Uhr", "11-19T08:00"],
    ["2026-11-23 09:00", "11-23T08:00"],
    ["until monday 9:00", "11-23T08:00"],
    ["morning", "11-19T07:00"],
    ["Until morning.", "11-19T07:00"],
    ["until tomorrow morning", "11-19T07:00"],
    ["jusqu'au matin", "11-19T07:00"],
    ["hasta la mañana", "11-19T07:00"],
    ["bis morgen früh", "11-19T07:00"],
    ["when it is fixed", "none"],
    ["", "none"],
    ["until 99:99", "none"],
  ])("%s", (text, wanted) => {
    expect(iso(readUntil(text, NOW, "Europe/Berlin"))).toBe(wanted);
  });

  it("is 8:00 on the wall, also on the days on which the clocks change, and never in a moment", () => {
    const zone = "Europe/Berlin";
    expect(iso(nextMorning(Date.UTC(2026, 2, 28, 22, 0) / 1000, zone))).toBe("03-29T06:00");
    expect(iso(nextMorning(Date.UTC(2026, 9, 24, 21, 0) / 1000, zone))).toBe("10-25T07:00");
    expect(iso(nextMorning(Date.UTC(2026, 10, 18, 6, 45) / 1000, zone))).toBe("11-19T07:00");
  });
});
