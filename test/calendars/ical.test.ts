import { describe, expect, it } from "vitest";
import { expandCalendar } from "../../src/calendars/ical.ts";

/** Calendars, cross-checked against a walk over every half hour of a year. */

const at = (iso: string) => Date.parse(iso) / 1000;
const YEAR = { from: at("2026-01-01T00:00:00Z"), to: at("2027-01-01T00:00:00Z") };

function ics(...events: string[]): string {
  const body = events.map(
    (event) =>
      `BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n${event
        .trim()
        .split("\n")
        .map((line) => line.trim())
        .join("\r\n")}\r\nEND:VEVENT`,
  );
  return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", ...body, "END:VCALENDAR", ""].join("\r\n");
}

/** Every half hour of the year as the wall shows it, by Intl alone: "2026-03-29 02:30" -> its first moment. */
function walls(zone: string): ReadonlyMap<string, number> {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  const found = new Map<string, number>();
  for (let moment = YEAR.from - 10 * 86_400; moment < YEAR.to + 9 * 86_400; moment += 1800) {
    const wall = format.format(moment * 1000);
    if (!found.has(wall)) found.set(wall, moment);
  }
  return found;
}

describe.each(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])("a year in %s", (zone) => {
  const wall = walls(zone);
  const days = Array.from({ length: 365 + 40 }, (_, n) => new Date(Date.UTC(2025, 11, 1 + n)));
  /** The moment of that time of day; one that is skipped comes as much later as the clock skips. */
  const moment = (day: Date, time: string): number => {
    const text = day.toISOString().slice(0, 10);
    const before = new Date(day.getTime() - 86_400_000).toISOString().slice(0, 10);
    return wall.get(`${text} ${time}`) ?? (wall.get(`${before} ${time}`) ?? Number.NaN) + 86_400;
  };
  const plus = (day: Date, n: number) => new Date(day.getTime() + n * 86_400_000);
  const inYear = (all: readonly (readonly [number, number])[]) =>
    all.filter(([from, to]) => to > YEAR.from && from < YEAR.to).toSorted(([a], [b]) => a - b);
  const found = (text: string) => {
    const { appointments, problems } = expandCalendar(text, zone, YEAR);
    expect(problems).toEqual([]);
    return appointments.map(({ from, to }) => [from, to] as const);
  };

  it("has each day of a weekly rule, but for those that were taken out or moved", () => {
    const mondays = days.filter((day) => [1, 5].includes(day.getUTCDay()) && day >= new Date("2025-12-15"));
    const text = ics(
      `UID:a
       SUMMARY:Ann
       DTSTART;TZID=${zone}:20251215T090000
       DTEND;TZID=${zone}:20251215T173000
       RRULE:FREQ=WEEKLY;BYDAY=MO,FR
       EXDATE;TZID=${zone}:20260406T090000,20260612T090000`,
      `UID:a
       SUMMARY:Ann
       RECURRENCE-ID;TZID=${zone}:20260720T090000
       DTSTART;TZID=${zone}:20260721T120000
       DTEND;TZID=${zone}:20260721T180000`,
    );
    const out = ["2026-04-06", "2026-06-12", "2026-07-20"];
    const wanted = mondays
      .filter((day) => !out.includes(day.toISOString().slice(0, 10)))
      .map((day) => [moment(day, "09:00"), moment(day, "17:30")] as const);
    const moved = new Date("2026-07-21");
    expect(found(text)).toEqual(inYear([...wanted, [moment(moved, "12:00"), moment(moved, "18:00")]]));
  });

  it("has the second Tuesday of each month, over midnight", () => {
    const tuesdays = days.filter((day) => day.getUTCDay() === 2 && day.getUTCDate() >= 8 && day.getUTCDate() <= 14);
    const text = ics(`UID:b
      DTSTART;TZID=${zone}:20251209T220000
      DTEND;TZID=${zone}:20251210T060000
      RRULE:FREQ=MONTHLY;BYDAY=2TU`);
    expect(found(text)).toEqual(inYear(tuesdays.map((day) => [moment(day, "22:00"), moment(plus(day, 1), "06:00")])));
  });

  it("has every third day at a time that the clocks skip or show twice, until it says", () => {
    const until = moment(new Date("2026-12-10"), "02:30");
    const third = days.filter((day) => (day.getTime() / 86_400_000 - Date.UTC(2025, 11, 1) / 86_400_000) % 3 === 0);
    const stamp = new Date(until * 1000).toISOString().replace(/[-:]|\.000/g, "");
    const text = ics(`UID:c
      DTSTART;TZID=${zone}:20251201T023000
      DURATION:PT8H
      RRULE:FREQ=DAILY;INTERVAL=3;UNTIL=${stamp}`);
    const wanted = third
      .map((day) => [moment(day, "02:30"), moment(day, "10:30")] as const)
      .filter(([from]) => from <= until);
    expect(found(text)).toEqual(inYear(wanted));
  });

  it("has weeks of whole days, from midnight to midnight", () => {
    const mondays = days.filter((day) => day.getUTCDay() === 1);
    const text = ics(`UID:d
      DTSTART;VALUE=DATE:20251201
      DTEND;VALUE=DATE:20251208
      RRULE:FREQ=WEEKLY`);
    expect(found(text)).toEqual(inYear(mondays.map((day) => [moment(day, "00:00"), moment(plus(day, 7), "00:00")])));
  });
});

describe("a calendar", () => {
  const window = { from: at("2026-11-01T00:00:00Z"), to: at("2026-12-31T00:00:00Z") };
  const of = (text: string) => expandCalendar(text, "Europe/Berlin", window);

  it("goes by the zone that it describes itself, where its name is not one of IANA's", () => {
    const zone = `BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n`;
    const text = ics("UID:e\nDTSTART;TZID=W. Europe Standard Time:20261110T090000\nDURATION:PT1H").replace(
      "BEGIN:VEVENT",
      `${zone}BEGIN:VEVENT`,
    );
    expect(of(text)).toMatchObject({ appointments: [{ from: at("2026-11-10T08:00:00Z") }], problems: [] });
  });

  it("says what it cannot take, and takes the rest", () => {
    const found = of(
      ics(
        "UID:f\nSUMMARY:Odd\nDTSTART;TZID=Mars/Olympus:20261110T090000\nDURATION:PT1H",
        "UID:g\nSUMMARY:Fast\nDTSTART:20261101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY",
        "UID:h\nSUMMARY:None",
        "UID:i\nSUMMARY:Gone\nSTATUS:CANCELLED\nDTSTART:20261110T090000Z\nDURATION:PT1H",
        "UID:j\nSUMMARY:Fine\nDTSTART:20261111T090000Z\nDURATION:PT1H",
      ),
    );
    expect(found.appointments.map(({ summary }) => summary)).toEqual(["Odd", "Fine"]);
    expect(found.problems.join("\n")).toMatch(
      /Mars\/Olympus is not known[\s\S]*repeated secondly[\s\S]*“None” could not be read/,
    );
  });

  it.each(["", "<html>", "BEGIN:VCALENDAR", "BEGIN:VEVENT\r\nEND:VEVENT", "\0".repeat(100)])(
    "is refused when it is none: %j",
    (text) => {
      expect(() => of(text)).toThrow(/no calendar/);
    },
  );

  it.each([
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
    "FREQ=DAILY;COUNT=100000000",
    "FREQ=WEEKLY;INTERVAL=0",
  ])(
    "ends, whatever its rule is: %s",
    (rule) => {
      const found = of(ics(`UID:k\nSUMMARY:Evil\nDTSTART:19000101T000000Z\nDURATION:PT1H\nRRULE:${rule}`));
      expect(found.appointments.length).toBeLessThan(5001);
    },
    20_000,
  );
});
