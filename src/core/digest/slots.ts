import { fromLocal, localTime } from "../zone.ts";

/** Times at which something is planned, out of the fields of cron and a zone. */

/** The fields of cron, each value listed. Days of the week are 0 for Sunday to 6. A day has to fit `dayOfMonth` and `dayOfWeek` both. */
export type CronFields = {
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  readonly dayOfMonth: readonly number[];
  readonly month: readonly number[];
  readonly dayOfWeek: readonly number[];
};

const DAY_MS = 86_400_000;

/**
 * Every planned time after `after` and up to `to` (unix seconds), in order. Fields are a wall clock's: a time that the clock skips moves forward
 * by the gap (02:30 becomes 03:30), a time that comes twice is the first of the two (both as Temporal's "compatible"), and two that fall together are one.
 */
export function slotsBetween(fields: CronFields, zone: string, after: number, to: number): readonly number[] {
  if (!(after < to)) return [];
  const found = new Set<number>();
  // A day more on each side: a skipped time may move over midnight.
  const last = dateOf(to, zone) + DAY_MS;
  for (let day = dateOf(after, zone) - DAY_MS; day <= last; day += DAY_MS)
    for (const slot of slotsOn(fields, day, zone)) if (slot > after && slot <= to) found.add(slot);
  return [...found].sort((a, b) => a - b);
}

/** The last planned time before `at` within `days` days, or undefined. */
export function slotBefore(fields: CronFields, zone: string, at: number, days: number): number | undefined {
  for (let back = 1; ; back = Math.min(days, back * 4)) {
    const slot = slotsBetween(fields, zone, at - back * 86_400 - 1, at - 1).at(-1);
    if (slot !== undefined || back >= days) return slot;
  }
}

/** Midnight UTC of the local date at that moment, in milliseconds: calendar days that can be counted. */
function dateOf(at: number, zone: string): number {
  const { year, month, day } = localTime(at, zone);
  return Date.UTC(year, month - 1, day);
}

function slotsOn(fields: CronFields, day: number, zone: string): readonly number[] {
  const date = new Date(day);
  const [year, month, dayOfMonth] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  if (!fields.month.includes(month) || !fields.dayOfMonth.includes(dayOfMonth)) return [];
  if (!fields.dayOfWeek.includes(date.getUTCDay())) return [];
  return fields.hour.flatMap((hour) =>
    fields.minute.map((minute) => fromLocal(year, month, dayOfMonth, hour, minute, 0, zone)),
  );
}
