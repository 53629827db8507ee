import type { Risk } from "../runbook.ts";
import { fromLocal, localTime } from "../zone.ts";

/** Time in which nothing but the risks of `allow` may run. */
export type Freeze = { readonly name: string; readonly zone: string; readonly allow: readonly Risk[] } & (
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

/** The freeze that forbids this risk at that moment (unix seconds), and when it ends; undefined when none does. */
export function frozen(
  freezes: readonly Freeze[],
  at: number,
  risk: Risk,
): { readonly name: string; readonly zone: string; readonly until: number } | undefined {
  const holding = freezes.flatMap((freeze) => {
    if (freeze.allow.includes(risk) || !isWithin(freeze, at)) return [];
    return [{ name: freeze.name, zone: freeze.zone, until: endOf(freeze, at) }];
  });
  return holding.toSorted((a, b) => b.until - a.until)[0];
}

function isWithin(freeze: Freeze, at: number): boolean {
  if (freeze.kind === "once") return at >= freeze.from && at < freeze.to;
  const { weekday, hour, minute } = localTime(at, freeze.zone);
  const now = (weekday - 1) * 1440 + hour * 60 + minute;
  return freeze.from < freeze.to ? now >= freeze.from && now < freeze.to : now >= freeze.from || now < freeze.to;
}

function endOf(freeze: Freeze, at: number): number {
  if (freeze.kind === "once") return freeze.to;
  const { year, month, day, weekday, hour, minute } = localTime(at, freeze.zone);
  const now = (weekday - 1) * 1440 + hour * 60 + minute;
  const days = Math.floor(freeze.to / 1440) - (weekday - 1) + (freeze.to > now ? 0 : 7);
  return fromLocal(year, month, day + days, Math.floor((freeze.to % 1440) / 60), freeze.to % 60, 0, freeze.zone);
}
