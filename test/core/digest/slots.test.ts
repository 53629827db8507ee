import { describe, expect, it } from "vitest";
import { dueSlot } from "../../../src/core/digest/schedule.ts";
import { slotBefore, slotsBetween } from "../../../src/core/digest/slots.ts";
import { readCron } from "../../../src/jobs/cron.ts";

/** Zones whose clocks change: whole hours, half an hour, two hours, at midnight, twice a year around Ramadan, and those that did once. */
const ZONES = [
  ...["Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Athens", "Europe/Chisinau"],
  ...["Europe/Kyiv", "Europe/Warsaw", "Europe/Madrid", "Europe/Rome", "Europe/Helsinki", "Atlantic/Azores"],
  ...["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage"],
  ...["America/Adak", "America/Halifax", "America/St_Johns", "America/Havana", "America/Miquelon", "America/Nuuk"],
  ...["America/Santiago", "America/Asuncion", "America/Sao_Paulo", "America/Mexico_City", "Pacific/Easter"],
  ...["Pacific/Auckland", "Pacific/Chatham", "Pacific/Norfolk", "Pacific/Apia", "Australia/Sydney"],
  ...["Australia/Adelaide", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo", "Africa/Casablanca"],
  ...["Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Tehran", "Asia/Amman"],
] as const;

const [FROM, TO] = ["2026-01-01", "2036-01-01"].map((date) => Temporal.PlainDate.from(date)) as [
  Temporal.PlainDate,
  Temporal.PlainDate,
];

const fieldsOf = (expression: string) => {
  const read = readCron(expression);
  if ("wrong" in read) throw new Error(read.wrong);
  return read;
};
const seconds = (zoned: Temporal.ZonedDateTime) => zoned.epochMilliseconds / 1000;

/** The same plan by another way: each date of Temporal's calendar once, its clock time as Temporal resolves it. */
function byTemporal(zone: string, hour: number, minute: number, isOn: (date: Temporal.PlainDate) => boolean): number[] {
  const found: number[] = [];
  for (let date = FROM; Temporal.PlainDate.compare(date, TO) < 0; date = date.add({ days: 1 }))
    if (isOn(date)) found.push(seconds(date.toZonedDateTime({ timeZone: zone, plainTime: { hour, minute } })));
  return found;
}

describe("planned times", () => {
  it("are each there once, in ten years of more than 40 zones, also where the clock changes", () => {
    expect(ZONES.length).toBeGreaterThanOrEqual(40);
    // Each zone with a time that changes hit and one in the morning; each kind of field at least once.
    const plans: readonly (readonly [string, number, number, (date: Temporal.PlainDate) => boolean])[] = [
      ["30 2 * * *", 2, 30, () => true],
      ["0 0 * * *", 0, 0, () => true],
      ["15 1 * * 0,6", 1, 15, ({ dayOfWeek }) => dayOfWeek >= 6],
      ["0 8 * * 1-5", 8, 0, ({ dayOfWeek }) => dayOfWeek <= 5],
      ["45 23 */10 3,10 *", 23, 45, ({ day, month }) => day % 10 === 1 && (month === 3 || month === 10)],
    ];
    let changes = 0;
    for (const [index, zone] of ZONES.entries()) {
      // Two plans for each zone keep this quick; every plan meets every kind of change over all of them.
      for (const [expression, hour, minute, isOn] of [plans[index % 3]!, plans[3 + (index % 2)]!]) {
        const wanted = byTemporal(zone, hour, minute, isOn);
        const start = seconds(FROM.toZonedDateTime(zone)) - 1;
        const end = seconds(TO.toZonedDateTime(zone)) - 1;
        const planned = slotsBetween(fieldsOf(expression), zone, start, end);
        expect(planned, `${expression} in ${zone}`).toEqual(wanted);
        if (expression.endsWith("* * *"))
          changes += planned.filter((slot, i) => i > 0 && slot - planned[i - 1]! !== 86_400).length;
      }
    }
    expect(changes).toBeGreaterThan(200);
  });

  it("come due each once around every change of the clock in those years, whenever the beat falls", () => {
    const plan = { kind: "daily", zone: "" } as const;
    const fields = fieldsOf("30 2 * * *");
    let changes = 0;
    for (const [index, zone] of ZONES.entries()) {
      const start = seconds(FROM.toZonedDateTime(zone)) - 1;
      const slots = slotsBetween(fields, zone, start, seconds(TO.toZonedDateTime(zone)) - 1);
      for (const [n, slot] of slots.entries()) {
        if (n < 2 || slot - slots[n - 1]! === 86_400) continue;
        changes++;
        // Every fourth keeps this quick; over all zones each kind of change is among them.
        if (changes % 4 !== 0) continue;
        const since = slots[n - 2]!;
        const due: number[] = [];
        // Beats that divide neither an hour nor a day, and begin elsewhere in each zone.
        for (let now = since + 1 + index * 97; now < slot + 86_000; now += 2_819) {
          const found = dueSlot(fields, { ...plan, zone }, { told: due.at(-1), since }, now);
          if (found === undefined) continue;
          expect(found.missed, `${zone} at ${now}`).toBe(0);
          due.push(found.slot);
        }
        expect(due, zone).toEqual([slots[n - 1], slot]);
      }
    }
    expect(changes).toBeGreaterThan(400);
  });

  it.each([
    ["a time that is skipped moves by the gap", "30 2 * * *", "2027-03-28", ["2027-03-28T03:30:00+02:00"]],
    ["a time that comes twice is the first", "30 2 * * *", "2027-10-31", ["2027-10-31T02:30:00+02:00"]],
    [
      "what falls together is one",
      "*/30 2-3 * * *",
      "2027-03-28",
      ["2027-03-28T03:00:00+02:00", "2027-03-28T03:30:00+02:00"],
    ],
  ])("follow the rule: %s", (_, expression, date, wanted) => {
    const day = Temporal.PlainDate.from(date).toZonedDateTime("Europe/Berlin");
    const planned = slotsBetween(
      fieldsOf(expression),
      "Europe/Berlin",
      seconds(day) - 1,
      seconds(day.add({ days: 1 })) - 1,
    );
    expect(planned).toEqual(wanted.map((at) => Temporal.Instant.from(at).epochMilliseconds / 1000));
  });

  it("may be asked for in pieces: none is lost or comes twice where they meet", () => {
    const fields = fieldsOf("*/20 1-3 * * *");
    const [start, end] = ["2027-03-25T00:00Z", "2027-04-02T00:00Z"].map((at) => Date.parse(at) / 1000) as [
      number,
      number,
    ];
    const whole = slotsBetween(fields, "Europe/Berlin", start, end);
    const pieces: number[] = [];
    for (let at = start; at < end; at += 1000)
      pieces.push(...slotsBetween(fields, "Europe/Berlin", at, Math.min(end, at + 1000)));
    expect(pieces).toEqual(whole);
    expect(slotsBetween(fields, "Europe/Berlin", end, start)).toEqual([]);
  });

  it("are found from the middle of the night, too, into which one of the day before was moved", () => {
    // In Nuuk, 23:00 to midnight is skipped on 27 March 2027: 23:45 is 00:45 of the 28th, which is 01:45 UTC.
    const [after, to] = ["2027-03-28T01:10Z", "2027-03-28T12:00Z"].map((at) => Date.parse(at) / 1000) as [
      number,
      number,
    ];
    const planned = slotsBetween(fieldsOf("45 23 * * 6"), "America/Nuuk", after, to);
    expect(planned).toEqual([Date.parse("2027-03-28T01:45Z") / 1000]);
  });

  it("are found backwards, as far as is asked", () => {
    const monday = fieldsOf("0 9 * * 1");
    const at = Date.parse("2026-03-11T10:00Z") / 1000;
    expect(slotBefore(monday, "UTC", at, 31)).toBe(Date.parse("2026-03-09T09:00Z") / 1000);
    expect(slotBefore(monday, "UTC", Date.parse("2026-03-09T09:00Z") / 1000, 31)).toBe(
      Date.parse("2026-03-02T09:00Z") / 1000,
    );
    expect(slotBefore(fieldsOf("0 9 1 1 *"), "UTC", at, 31)).toBeUndefined();
  });
});

describe("an expression for plans by the minute", () => {
  it.each([
    ["0 8 * * 1-5", undefined],
    ["0 8 * * sun", undefined],
    ["0 8 * *", /./],
    ["10 0 8 * * *", /five fields/],
    ["0 8 L * *", /L is not taken/],
    ["0 8 * * 5#2", /5#2 is not taken/],
    ["0 25 * * *", /hour/i],
  ])("%s", (expression, wrong) => {
    const read = readCron(expression);
    if (wrong === undefined) expect(read).not.toHaveProperty("wrong");
    else expect("wrong" in read && read.wrong).toMatch(wrong);
  });
});
