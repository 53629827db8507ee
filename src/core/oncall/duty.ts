import type { Duty } from "../digest/facts.ts";
import { type Above, type Schedule, shiftsBetween } from "./schedule.ts";

/** Turns are looked for so far ahead, in seconds. */
const AHEAD = 14 * 86_400;

/** Who is on call for a schedule at `now` (unix seconds), until when, and who comes then. `nameOf`: people as others call them. */
export function dutyOf(schedule: Schedule, above: Above, now: number, nameOf: (person: string) => string): Duty {
  const [first, next] = shiftsBetween(schedule, above, now, now + AHEAD, 2);
  const name = (person: string | undefined) => (person === undefined ? undefined : nameOf(person));
  return {
    schedule: schedule.name,
    person: name(first?.person),
    ...(first !== undefined && next !== undefined && { until: first.to }),
    ...(next !== undefined && { next: { person: name(next.person), at: next.from } }),
  };
}
