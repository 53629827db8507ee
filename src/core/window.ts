import { fromLocal, localTime } from "./zone.ts";

/** A time in which something holds: every week, or once. */
export type Window = { readonly zone: string } & (
  | {
      /** Every week, in minutes since Monday 00:00 by the clocks of the zone. It may reach over the end of the week. */
      readonly kind: "weekly";
      readonly from: number;
      readonly to: number;
    }
  | {
      /** Once, in unix seconds. */
      readonly kind: "once";
      readonly from: number;
      readonly to: number;
    }
);

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** "Fri 17:00" -> minutes since Monday 00:00; undefined when it is written otherwise. */
export function readWeekTime(text: string): number | undefined {
  const found = /^([A-Za-z]{3})[a-z]* +(\d{1,2}):(\d\d)$/.exec(text.trim());
  const day = DAYS.indexOf(found?.[1]?.toLowerCase() ?? "");
  const [hour, minute] = [Number(found?.[2]), Number(found?.[3])];
  return day < 0 || !(hour < 24) || !(minute < 60) ? undefined : day * 1440 + hour * 60 + minute;
}

/** "2026-12-20 17:00" by the clocks of that zone -> unix seconds; undefined when it is written otherwise or no such day. */
export function readDateTime(text: string, zone: string): number | undefined {
  const found = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)$/.exec(text.trim());
  if (found === null) return undefined;
  const [year, month, day, hour, minute] = found.slice(1).map(Number) as [number, number, number, number, number];
  if (hour > 23 || minute > 59 || new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day || month > 12)
    return undefined;
  return fromLocal(year, month, day, hour, minute, 0, zone);
}

/** Whether a moment (unix seconds) lies in it. */
export function isInWindow(window: Window, at: number): boolean {
  if (window.kind === "once") return at >= window.from && at < window.to;
  const { weekday, hour, minute } = localTime(at, window.zone);
  const now = (weekday - 1) * 1440 + hour * 60 + minute;
  return window.from < window.to ? now >= window.from && now < window.to : now >= window.from || now < window.to;
}

/** When it ends that is on at that moment. Unix seconds. */
export function endOfWindow(window: Window, at: number): number {
  if (window.kind === "once") return window.to;
  const { year, month, day, weekday, hour, minute } = localTime(at, window.zone);
  const now = (weekday - 1) * 1440 + hour * 60 + minute;
  const days = Math.floor(window.to / 1440) - (weekday - 1) + (window.to > now ? 0 : 7);
  return fromLocal(year, month, day + days, Math.floor((window.to % 1440) / 60), window.to % 60, 0, window.zone);
}
