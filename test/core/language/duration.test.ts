import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDuration, promDuration, readDurations } from "../../../src/core/language/duration.ts";

describe("durations", () => {
  const said: [string, number][] = [
    ["15m", 900],
    ["1h30m", 5400],
    ["1d12h", 129_600],
    ["500ms", 0.5],
    ["2 d 4 h", 187_200],
    ["1.5h", 5400],
    ["1,5 Stunden", 5400],
    ["2 hours", 7200],
    ["24-hour", 86_400],
    ["2 hours and 5 minutes", 7500],
    ["half an hour", 1800],
    ["quarter of an hour", 900],
    ["an hour and a half", 5400],
    ["a day", 86_400],
    ["couple of hours", 7200],
    ["a few minutes", 180],
    ["fortnight", 1_209_600],
    ["eine halbe Stunde", 1800],
    ["anderthalb Stunden", 5400],
    ["fünf Minuten", 300],
    ["eine Viertelstunde", 900],
    ["1 Stunde 30 Minuten", 5400],
    ["zwei Wochen", 1_209_600],
    ["dos horas", 7200],
    ["hora y media", 5400],
    ["media hora", 1800],
    ["3 días", 259_200],
    ["une heure", 3600],
    ["une heure et demie", 5400],
    ["demi-heure", 1800],
    ["trois jours", 259_200],
    ["20 minutos", 1200],
    ["duas horas", 7200],
    ["meia hora", 1800],
    ["2 ghante", 7200],
    ["do ghante", 7200],
    ["dedh ghanta", 5400],
    ["paanch minute", 300],
    ["1h30", 5400],
    ["fu\u0308nf Minuten", 300],
  ];
  it.each(said)("reads %s as %d seconds", (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  it("says where in the text they are", () => {
    const text = "Über  der  letzten fünf  Minuten oder 2h";
    expect(readDurations(text).map(({ start, end }) => text.slice(start, end))).toEqual(["fünf  Minuten", "2h"]);
  });

  it.each([
    "p95",
    "5xx",
    "top 5",
    "v2.3.0",
    "db-1",
    "3 services",
    "/var/lib/x",
    "10 replicas",
    "web-1",
    "rate(x[5m])",
    "`for 5m`",
    '"2 hours"',
    "http_5m",
    "foo:rate5m",
    "5 mg",
    "-5m",
    "50%",
    "what is it",
    "1h30mx",
  ])("sees no duration in %s", (text) => expect(readDurations(text)).toEqual([]));

  it("writes PromQL that reads back as the same length", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 ** 9 }),
        (ms) => void expect(parseDuration(promDuration(ms / 1000))).toBeCloseTo(ms / 1000, 6),
      ),
    );
    expect(promDuration(5400)).toBe("1h30m");
    expect(promDuration(0)).toBe("1ms");
    expect(promDuration(Number.NaN)).toBe("1ms");
  });

  it("answers any text, with spans inside it and in order", () => {
    const words = fc.constantFrom(
      "1h",
      "2 ",
      "hours",
      "and",
      "eine",
      "halbe",
      "Stunde",
      "é",
      "ß",
      "\u0301",
      "`",
      '"',
      "  ",
      "30",
      "m",
      "😀",
      "İ",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 30 }), (parts) => {
        const text = parts.join(" ");
        let last = 0;
        for (const { seconds, start, end } of readDurations(text)) {
          expect(seconds).toBeGreaterThan(0);
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          last = end;
        }
      }),
    );
  });
});
