import { fromLocal, localTime, weekday } from "../core/zone.ts";

export type TimeTick = { readonly at: number; readonly text: string };

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

// biome-ignore format: seconds, minutes, hours
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR];
const DAY_STEPS = [1, 2, 4, 7, 14];
const MONTH_STEPS = [1, 2, 3, 6];

/**
 * Round moments of the zone's wall clock from `from` to `to` (unix seconds), at most `most`: whole minutes, hours, days,
 * months or years. A tick where a day begins says the day. None when not even one round moment lies between.
 */
export function timeTicks(from: number, to: number, zone: string, most: number): TimeTick[] {
  const least = (to - from) / most;
  const clock = CLOCK_STEPS.find((step) => step >= least);
  const days = DAY_STEPS.find((step) => step * DAY >= least);
  const months = MONTH_STEPS.find((step) => step * 30 * DAY >= least);
  const moments =
    clock !== undefined
      ? clockMoments(from, to, zone, clock)
      : days !== undefined
        ? calendarMoments(from, to, zone, { days })
        : calendarMoments(from, to, zone, { months: months ?? 12 * yearsFor(least) });
  const text = textOf(clock, clock === undefined && days === undefined, zone);
  return moments.filter(({ at }, i) => at >= from && at <= to && (i === 0 || at > moments[i - 1]!.at)).map(text);
}

/** A round number of years that is at least `seconds` long. */
function yearsFor(seconds: number): number {
  const years = Math.max(1, seconds / (365 * DAY));
  const power = 10 ** Math.floor(Math.log10(years));
  return Math.ceil([1, 2, 5, 10].map((n) => n * power).find((n) => n >= years) ?? 10 * power);
}

type Moment = { readonly at: number };

/** From the hour in which `from` lies, or from its day for steps of more than an hour: round on any zone's clock. */
function clockMoments(from: number, to: number, zone: string, step: number): Moment[] {
  const { year, month, day, hour } = localTime(from, zone);
  const start = step > HOUR ? 0 : hour;
  const found: Moment[] = [];
  for (let [i, passed] = [0, 0]; i < 100; i++, passed += step) {
    const at = fromLocal(year, month, day, start, 0, passed, zone);
    if (!(at <= to)) break;
    if (at >= from) found.push({ at });
    else if (step < MINUTE) passed += Math.max(0, Math.floor((from - at) / step) - 1) * step;
  }
  return found;
}

function calendarMoments(
  from: number,
  to: number,
  zone: string,
  { days = 0, months = 0 }: { readonly days?: number; readonly months?: number },
): Moment[] {
  const { year, month, day } = localTime(from, zone);
  // Weeks begin on Mondays, and years on multiples of the step.
  const firstDay = days >= 7 ? day - (weekday(from, zone) - 1) : day;
  const firstYear = months > 12 ? Math.floor(year / (months / 12)) * (months / 12) : year;
  const found: Moment[] = [];
  for (let i = 0; i < 60; i++) {
    const at =
      days > 0
        ? fromLocal(year, month, firstDay + i * days, 0, 0, 0, zone)
        : fromLocal(firstYear, 1 + i * months, 1, 0, 0, 0, zone);
    if (!(at <= to)) break;
    if (at >= from) found.push({ at });
  }
  return found;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

function textOf(clock: number | undefined, isMonths: boolean, zone: string): (moment: Moment) => TimeTick {
  return ({ at }) => {
    const { year, month, day, hour, minute, second } = localTime(at, zone);
    const date = `${day} ${MONTHS[month - 1]}`;
    if (isMonths) return { at, text: month === 1 ? String(year) : MONTHS[month - 1]! };
    if (clock === undefined || hour + minute + second === 0) return { at, text: date };
    return { at, text: `${two(hour)}:${two(minute)}${clock < MINUTE ? `:${two(second)}` : ""}` };
  };
}

/** The stretch and whose clock it is: "21 Nov 2026, Europe/Berlin" or "14 to 21 Nov 2026, UTC". */
export function spanWords(from: number, to: number, zone: string): string {
  const [a, b] = [localTime(from, zone), localTime(to, zone)];
  const last = `${b.day} ${MONTHS[b.month - 1]} ${b.year}`;
  if (a.year === b.year && a.month === b.month && a.day === b.day) return `${last}, ${zone}`;
  const year = a.year === b.year ? "" : ` ${a.year}`;
  const month = a.year === b.year && a.month === b.month ? "" : ` ${MONTHS[a.month - 1]}`;
  return `${a.day}${month}${year} to ${last}, ${zone}`;
}
