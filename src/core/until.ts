import { fold } from "./language/normalise.ts";
import { readTimes } from "./language/time.ts";
import { localTime, startOfDay } from "./zone.ts";

/** When a morning begins, on the wall clock. */
const MORNING_HOUR = 8;
/** A morning that begins sooner is not what somebody means who says "until morning". */
const SOON = 1800;

const MORNING =
  /^(?:(?:snooze|for) )?(?:until |till |bis (?:zum )?|hasta |jusqu'?au |jusqu'a |ate (?:de )?)?(?:the |la |le |o |amanha )?(?:tomorrow )?(?:morning|morgen ?fruh|morgens|manana por la manana|(?:demain )?matin|(?<=la )manana|manha|subah(?: tak)?)$/;

/**
 * The end that a text names, in unix seconds: a length from `now` ("30m", "for 2 hours"), a moment ahead ("until tomorrow 9:00",
 * "2026-11-23 09:00"), or "until morning", which is the next 8:00 of the zone that is half an hour away at least. Undefined where it names none.
 */
export function readUntil(text: string, now: number, zone: string): number | undefined {
  const said = text.trim().slice(0, 200);
  if (MORNING.test(fold(said).replace(/[.!?]$/, ""))) return nextMorning(now, zone);
  const last = readTimes(said, now, zone).findLast(({ kind }) => kind === "future" || kind === "window");
  if (last?.kind === "future") return last.to;
  return last?.kind === "window" ? now + last.seconds : undefined;
}

/** Unix seconds. */
export function nextMorning(now: number, zone: string): number {
  const candidates = [0, 1, 2].map((days) => morningOf(startOfDay(now, zone, days), zone));
  return candidates.find((at) => at >= now + SOON) ?? now + 86_400;
}

function morningOf(midnight: number, zone: string): number {
  // A day on which the clocks change is an hour longer or shorter before it.
  const at = midnight + MORNING_HOUR * 3600;
  return at + (MORNING_HOUR - localTime(at, zone).hour) * 3600;
}
