import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Above,
  handover,
  onCallAt,
  type Rotation,
  type Schedule,
  shiftsBetween,
  turnAt,
} from "../../src/core/oncall/schedule.ts";
import { localTime } from "../../src/core/zone.ts";

const NOTHING: Above = { overrides: [] };
const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "America/Santiago",
  "Africa/Casablanca",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "UTC",
];
const YEAR = 365.25 * 86_400;

const weekly = (more: Partial<Rotation> = {}): Rotation => ({
  people: ["ann", "bob", "eve"],
  start: { year: 2026, month: 1, day: 5, hour: 9, minute: 0 },
  days: 7,
  hours: 0,
  ...more,
});
const at = (text: string) => Date.parse(text) / 1000;

describe("ten years of handovers", () => {
  it.each(ZONES)("in %s have no gap and no overlap, at the same time of day", (zone) => {
    for (const rotation of [
      weekly(),
      weekly({ start: { ...weekly().start, hour: 2, minute: 30 } }),
      weekly({ days: 0, hours: 12 }),
    ]) {
      const turns = Math.ceil((10 * YEAR) / (rotation.days * 86_400 + rotation.hours * 3600));
      // Every handover of the weekly ones; of the shorter ones those around each change of the clocks, and every seventh.
      let from = handover(rotation, zone, 0);
      for (let n = 0; n < turns; n++) {
        const to = handover(rotation, zone, n + 1);
        expect(to).toBeGreaterThan(from);
        const isOdd = to - from !== rotation.days * 86_400 + rotation.hours * 3600;
        if (rotation.days > 0 || isOdd || n % 7 === 0) {
          const person = rotation.people[n % 3];
          expect(turnAt(rotation, zone, from)).toEqual({ person, from, to });
          expect(turnAt(rotation, zone, to - 1)).toEqual({ person, from, to });
        }
        if (rotation.days > 0 && rotation.start.hour === 9)
          expect(localTime(to, zone)).toMatchObject({ weekday: 1, hour: 9, minute: 0 });
        from = to;
      }
    }
  });

  it("have each moment in exactly one turn, for any rotation", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc
          .record({ days: fc.integer({ min: 0, max: 30 }), hours: fc.integer({ min: 0, max: 23 }) })
          .filter(({ days, hours }) => days * 24 + hours >= 4),
        fc.record({ hour: fc.integer({ min: 0, max: 23 }), minute: fc.integer({ min: 0, max: 59 }) }),
        fc.integer({ min: at("2026-02-01T00:00:00Z"), max: at("2036-01-01T00:00:00Z") }),
        (zone, length, time, moment) => {
          const rotation = weekly({ ...length, start: { year: 2026, month: 1, day: 5, ...time } });
          const turn = turnAt(rotation, zone, moment)!;
          expect(turn.from).toBeLessThanOrEqual(moment);
          expect(turn.to).toBeGreaterThan(moment);
          expect(turnAt(rotation, zone, turn.from)).toEqual(turn);
          expect(turnAt(rotation, zone, turn.to)?.from).toBe(turn.to);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("who is on call", () => {
  const schedule: Schedule = {
    name: "primary",
    zone: "Europe/Berlin",
    layers: [weekly(), weekly({ people: ["day"], within: { days: [1, 2, 3, 4, 5], from: 540, to: 1020 } })],
  };

  it("is by the last layer that has somebody, within its hours", () => {
    expect(onCallAt(schedule, NOTHING, at("2026-11-18T10:00:00Z"))?.person).toBe("day");
    expect(onCallAt(schedule, NOTHING, at("2026-11-18T16:00:00Z"))?.person).toBe("ann");
    expect(onCallAt(schedule, NOTHING, at("2026-11-21T10:00:00Z"))?.person).toBe("ann");
    expect(onCallAt(schedule, NOTHING, at("2026-01-01T00:00:00Z"))).toBeUndefined();
  });

  it("is by the newest override before all else", () => {
    const own: Schedule = { name: "db", zone: "UTC", layers: [weekly({ start: { ...weekly().start, year: 1970 } })] };
    const overrides = [
      { schedule: "db", person: "old", from: 120, to: 150 },
      { schedule: "db", person: "new", from: 130, to: 140 },
      { schedule: "other", person: "no", from: 0, to: 999 },
    ];
    const who = (moment: number) => onCallAt(own, { overrides }, moment)?.person;
    expect([119, 120, 130, 139, 140, 150].map(who)).toEqual([undefined, "old", "new", "new", "old", undefined]);
  });

  it("over a time is a list without a gap, that agrees with each moment", () => {
    const from = at("2026-03-27T00:00:00Z");
    const to = at("2026-04-07T00:00:00Z");
    const overrides = [
      { schedule: "primary", person: "kim", from: at("2026-03-29T00:30:00Z"), to: at("2026-03-29T05:00:00Z") },
    ];
    const shifts = shiftsBetween(schedule, { overrides }, from, to, 100);
    expect([shifts[0]?.from, shifts.at(-1)?.to]).toEqual([from, to]);
    for (const [n, shift] of shifts.entries()) {
      if (n > 0) expect(shift.from).toBe(shifts[n - 1]?.to);
      for (const moment of [shift.from, (shift.from + shift.to) / 2, shift.to - 1])
        expect(onCallAt(schedule, { overrides }, moment)?.person).toBe(shift.person);
    }
    expect(shifts.map(({ person }) => person)).toContain("kim");
  });

  it("over midnight belongs to the day on which it began", () => {
    const night: Schedule = {
      ...schedule,
      layers: [weekly({ people: ["owl"], within: { days: [5], from: 1320, to: 360 } })],
    };
    const who = (text: string) => onCallAt(night, NOTHING, at(text))?.person;
    expect([
      who("2026-11-20T20:59:00Z"),
      who("2026-11-20T21:00:00Z"),
      who("2026-11-21T04:59:00Z"),
      who("2026-11-21T05:00:00Z"),
      who("2026-11-21T22:00:00Z"),
    ]).toEqual([undefined, "owl", "owl", undefined, undefined]);
  });
});
