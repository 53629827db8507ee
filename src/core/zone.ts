/** Wall clocks: unix seconds to local calendar and back, in any IANA zone, through the zone data Intl carries. */

/** A local date and time. `weekday` is 1 for Monday to 7 for Sunday. */
export type Local = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly weekday: number;
};

const UTC: ReadonlySet<string> = new Set(["UTC", "Etc/UTC"]);
const formats = new Map<string, Intl.DateTimeFormat | undefined>();

/** Formatters are costly to make (about 0.1 ms) and few zones are in use. Undefined stands for UTC. */
function formatFor(zone: string): Intl.DateTimeFormat | undefined {
  if (UTC.has(zone) || zone === "") return undefined;
  const known = formats.get(zone);
  if (known !== undefined || formats.has(zone)) return known;
  let made: Intl.DateTimeFormat | undefined;
  try {
    made = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch {
    made = undefined; // not a zone: UTC, as documented
  }
  if (formats.size > 500) formats.clear(); // names come from outside
  formats.set(zone, made);
  return made;
}

/** Whether Intl knows the zone (also "+01:00"). */
export function isZone(zone: string): boolean {
  return UTC.has(zone) || formatFor(zone) !== undefined;
}

/** The zone itself when Intl knows it (also "+01:00"), else "UTC". */
export function safeZone(zone: string): string {
  return formatFor(zone) === undefined ? "UTC" : zone;
}

/** Unix seconds -> local calendar. A zone nobody knows is read as UTC. */
export function localTime(at: number, zone: string): Local {
  const format = formatFor(zone);
  const date = new Date(Math.floor(at) * 1000);
  if (format !== undefined) {
    const found = /(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)/.exec(format.format(date));
    if (found !== null) {
      const [, month, day, year, hour, minute, second] = found.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return { year, month, day, hour, minute, second, weekday: weekdayOf(year, month, day) };
    }
  }
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  return {
    year,
    month,
    day,
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: weekdayOf(year, month, day),
  };
}

/** 1 for Monday to 7 for Sunday. */
function weekdayOf(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7;
}

/** The weekday at that moment in that zone: 1 for Monday to 7 for Sunday. */
export function weekday(at: number, zone: string): number {
  return localTime(at, zone).weekday;
}

/**
 * A local wall time -> unix seconds. Days and months may run over (day 0 is the last of the month before). A time that
 * happens twice is the first of the two; one that is skipped moves forward by the gap (as Temporal's "compatible").
 */
export function fromLocal(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  zone: string,
): number {
  const wall = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  if (formatFor(zone) === undefined) return wall;
  const before = wall - offsetAt(wall - 86_400, zone);
  if (before + offsetAt(before, zone) === wall) return before;
  const after = wall - offsetAt(wall + 86_400, zone);
  return after + offsetAt(after, zone) === wall ? after : before;
}

/** Seconds that the zone's wall clock is ahead of UTC at that moment. */
export function offsetAt(at: number, zone: string): number {
  const l = localTime(at, zone);
  return Date.UTC(l.year, l.month - 1, l.day, l.hour, l.minute, l.second) / 1000 - Math.floor(at);
}

/** Unix seconds of 00:00 on the day of `at` in that zone, `addDays` days later (calendar days, so DST-safe). */
export function startOfDay(at: number, zone: string, addDays = 0): number {
  const { year, month, day } = localTime(at, zone);
  return fromLocal(year, month, day + addDays, 0, 0, 0, zone);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A moment for people: "14:02 UTC", "yesterday 14:02 UTC", "18 Nov 14:02 UTC", with the year when it is another one. */
export function sayTime(at: number, now: number, zone: string): string {
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e12) return "at an unknown time";
  const t = localTime(at, zone);
  const clock = `${two(t.hour)}:${two(t.minute)} ${zoneName(at, zone)}`;
  const days = Math.round((Date.UTC(t.year, t.month - 1, t.day) - dateOf(now, zone)) / 86_400_000);
  if (days === 0) return clock;
  if (days === -1) return `yesterday ${clock}`;
  if (days === 1) return `tomorrow ${clock}`;
  const date = `${t.day} ${MONTHS[t.month - 1]}`;
  return localTime(now, zone).year === t.year ? `${date} ${clock}` : `${date} ${t.year} ${clock}`;
}

/** The same within a sentence: "at 14:02 UTC", "yesterday 14:02 UTC", "on 18 Nov 14:02 UTC". */
export function sayMoment(at: number, now: number, zone: string): string {
  const said = sayTime(at, now, zone);
  return /^\d\d:/.test(said) ? `at ${said}` : /^\d/.test(said) ? `on ${said}` : said;
}

function dateOf(at: number, zone: string): number {
  const { year, month, day } = localTime(at, zone);
  return Date.UTC(year, month - 1, day);
}

/** "UTC", or the zone's usual short name at that moment ("CET", "GMT+5:30"). */
function zoneName(at: number, zone: string): string {
  if (formatFor(zone) === undefined) return "UTC";
  let format = names.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" });
    if (names.size > 500) names.clear();
    names.set(zone, format);
  }
  return format.formatToParts(new Date(at * 1000)).find((part) => part.type === "timeZoneName")?.value ?? zone;
}

const names = new Map<string, Intl.DateTimeFormat>();

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** RFC 3339 in UTC, whole seconds unless there is a fraction: "2026-11-18T14:02:00Z". Throws RangeError beyond year 275760. */
export function rfc3339(at: number): string {
  return new Date(Math.round(at * 1000)).toISOString().replace(".000Z", "Z");
}
