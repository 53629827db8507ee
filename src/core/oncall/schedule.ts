import { fromLocal, localTime, startOfDay } from "../zone.ts";

/** Who is on call when, worked out from a configuration: rotations in layers, and overrides on top. Times in unix seconds. */

/** A wall-clock time without a zone. */
export type Wall = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
};

/**
 * People who take turns. The first one begins at `start` on the wall clock of the zone, and each hands over after `days` and `hours` on
 * that clock: where the clocks change, a turn is an hour longer or shorter, and handovers stay at their time of day.
 */
export type Rotation = {
  readonly people: readonly string[];
  readonly start: Wall;
  readonly days: number;
  readonly hours: number;
  /** Only within these hours of these days (1 for Monday to 7); undefined for always. `to` at most 24:00; a `from` after it lasts over midnight. */
  readonly within?: DayHours;
};

/** Minutes of the day. */
export type DayHours = { readonly days: readonly number[]; readonly from: number; readonly to: number };

/** Somebody for a time, `from` inclusive and `to` exclusive. */
export type Shift = { readonly person: string; readonly from: number; readonly to: number };

export type Schedule = {
  readonly name: string;
  readonly zone: string;
  /** Later ones stand before earlier ones. */
  readonly layers: readonly Rotation[];
};

/** Somebody instead of whoever the schedule says. */
export type Override = Shift & { readonly schedule: string };

/** Whoever a layer has at that moment, with their turn; undefined before its start and outside of its hours. */
export function turnAt(rotation: Rotation, zone: string, at: number): Shift | undefined {
  const turn = turnIndex(rotation, zone, at);
  if (turn < 0 || rotation.people.length === 0) return undefined;
  if (rotation.within !== undefined && !isWithin(rotation.within, zone, at)) return undefined;
  const person = rotation.people[turn % rotation.people.length]!;
  return { person, from: handover(rotation, zone, turn), to: handover(rotation, zone, turn + 1) };
}

/** When turn `n` of a rotation begins. A time that the clocks skip is the one after the gap; one that comes twice is the first. */
export function handover({ start, days, hours }: Rotation, zone: string, n: number): number {
  const { year, month, day, hour, minute } = start;
  return fromLocal(year, month, day + n * days, hour + n * hours, minute, 0, zone);
}

/** The number of the turn that has `at`: negative before the first. */
function turnIndex(rotation: Rotation, zone: string, at: number): number {
  const length = rotation.days * 86_400 + rotation.hours * 3600;
  let n = Math.floor((at - handover(rotation, zone, 0)) / length);
  // A change of the clocks moves it by one at most.
  while (n >= 0 && handover(rotation, zone, n) > at) n--;
  while (handover(rotation, zone, n + 1) <= at) n++;
  return n;
}

export function isWithin({ days, from, to }: DayHours, zone: string, at: number): boolean {
  const { weekday, hour, minute } = localTime(at, zone);
  const now = hour * 60 + minute;
  if (from < to) return days.includes(weekday) && now >= from && now < to;
  const before = weekday === 1 ? 7 : weekday - 1;
  return (days.includes(weekday) && now >= from) || (days.includes(before) && now < to);
}

/** What stands above the layers: overrides, the newest last; and below these the shifts of calendars, by their begin. */
export type Above<T extends Override = Override> = {
  readonly overrides: readonly T[];
  readonly calendar?: readonly Override[];
};

/**
 * Whoever is on call at that moment; undefined where nobody is. `to` is when that may change at the latest: what stands above it may end it
 * earlier. The newest override stands before all, then the appointment of the calendar that began last, and later layers before earlier ones.
 */
export function onCallAt(schedule: Schedule, above: Above, at: number): Shift | undefined {
  const holds = ({ from, to }: Shift) => from <= at && at < to;
  const override = above.overrides.findLast((one) => one.schedule === schedule.name && holds(one));
  if (override !== undefined) return { person: override.person, from: override.from, to: override.to };
  const planned = above.calendar?.findLast((one) => one.schedule === schedule.name && holds(one));
  if (planned !== undefined) return { person: planned.person, from: planned.from, to: planned.to };
  for (const layer of schedule.layers.toReversed()) {
    const turn = turnAt(layer, schedule.zone, at);
    if (turn !== undefined) return turn;
  }
  return undefined;
}

/** Who is on call from `from` to `to`, in order, without a gap: `person` undefined where nobody is. At most `limit` shifts. */
export function shiftsBetween(
  schedule: Schedule,
  above: Above,
  from: number,
  to: number,
  limit: number,
): readonly (Omit<Shift, "person"> & { readonly person: string | undefined })[] {
  const edges = edgesOf(schedule, above, from, to);
  const shifts: { person: string | undefined; from: number; to: number }[] = [];
  for (const [index, edge] of edges.entries()) {
    const end = edges[index + 1] ?? to;
    const person = onCallAt(schedule, above, edge)?.person;
    const last = shifts.at(-1);
    if (last !== undefined && last.person === person) last.to = end;
    else if (shifts.length === limit) break;
    else shifts.push({ person, from: edge, to: end });
  }
  return shifts;
}

const MOST_EDGES = 5000;

/** Every moment at which something may change, in order, `from` first. */
function edgesOf(schedule: Schedule, above: Above, from: number, to: number): readonly number[] {
  const { zone } = schedule;
  const edges = new Set<number>([from]);
  const add = (at: number) => {
    if (at > from && at < to && edges.size < MOST_EDGES) edges.add(at);
  };
  for (const one of [...above.overrides, ...(above.calendar ?? [])].filter((each) => each.schedule === schedule.name)) {
    add(one.from);
    add(one.to);
  }
  for (const layer of schedule.layers) {
    for (let n = Math.max(0, turnIndex(layer, zone, from)); edges.size < MOST_EDGES; n++) {
      const at = handover(layer, zone, n);
      if (at >= to) break;
      add(at);
    }
    if (layer.within === undefined) continue;
    for (let day = -1; edges.size < MOST_EDGES; day++) {
      const midnight = startOfDay(from, zone, day);
      if (midnight >= to) break;
      for (const minutes of [layer.within.from, layer.within.to, 0]) add(wallMinute(midnight, zone, minutes));
    }
  }
  return [...edges].sort((a, b) => a - b);
}

/** That minute of the day which begins at `midnight`, on the wall clock. */
function wallMinute(midnight: number, zone: string, minutes: number): number {
  const { year, month, day } = localTime(midnight, zone);
  return fromLocal(year, month, day, 0, minutes, 0, zone);
}
