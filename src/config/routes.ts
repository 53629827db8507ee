import { type Place, topOf } from "../core/chat.ts";
import type { Filter, Route } from "../core/incident/route.ts";
import type { DayHours } from "../core/oncall/schedule.ts";
import { DAY_NUMBERS, type HoursEntry } from "./schema/routes.ts";
import type { Deps } from "./sources.ts";

/** The routes of the file. One that leads nowhere is a problem. */
export function readRoutes({ file, report }: Deps): readonly Route[] {
  const names = new Set<string>();
  return (file.settings.routes ?? []).map((written, index) => {
    const to = placesOf(written);
    if (to.length === 0)
      report(file.where(["routes", index]), "must say where to: list channels under slack or teams.");
    const name = written.name ?? `${index + 1}`;
    if (names.has(name)) report(file.where(["routes", index, "name"]), "must not be the name of another route.");
    names.add(name);
    return {
      name,
      ...filterOf(written),
      ...(written.hours !== undefined && {
        hours: { ...readHours(written.hours), zone: written.hours.timezone ?? file.settings.timezone ?? "UTC" },
      }),
      ...(written.fallback === true && { isFallback: true as const }),
      to,
      goesOn: written.continue ?? false,
    };
  });
}

export function placesOf({
  slack,
  teams,
}: {
  readonly slack?: readonly string[] | undefined;
  readonly teams?: readonly string[] | undefined;
}): readonly Place[] {
  return [
    ...(slack ?? []).map((channel) => topOf("slack", channel)),
    ...(teams ?? []).map((channel) => topOf("teams", channel)),
  ];
}

type Written = {
  readonly severity?: Filter["severities"] | undefined;
  readonly environments?: Filter["environments"] | undefined;
  readonly labels?: Filter["labels"] | undefined;
};

export function filterOf({ severity, environments, labels }: Written): Filter {
  return {
    ...(severity !== undefined && { severities: severity }),
    ...(environments !== undefined && { environments }),
    ...(labels !== undefined && { labels }),
  };
}

export function readHours({ days, from, to }: HoursEntry): DayHours {
  return {
    days: days?.map((day) => DAY_NUMBERS[day] ?? 1) ?? [1, 2, 3, 4, 5, 6, 7],
    from: minutesOf(from),
    to: minutesOf(to),
  };
}

function minutesOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return hour * 60 + minute;
}
