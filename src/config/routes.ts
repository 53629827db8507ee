import { type Place, topOf } from "../core/chat.ts";
import type { Maintenance } from "../core/incident/maintenance.ts";
import { notifierPlace } from "../core/incident/notice.ts";
import type { Filter, Route } from "../core/incident/route.ts";
import type { DayHours } from "../core/oncall/schedule.ts";
import { nearest } from "./problem.ts";
import { DAY_NUMBERS, type HoursEntry } from "./schema/routes.ts";
import type { Deps } from "./sources.ts";
import { show } from "./values.ts";
import { readWindows } from "./windows.ts";

type Named = { readonly name: string };

/** The routes of the file. One that leads nowhere is a problem, and so is a notifier that does not exist. */
export function readRoutes({ file, report }: Deps, notifiers: readonly Named[]): readonly Route[] {
  const names = new Set<string>();
  return (file.settings.routes ?? []).map((written, index) => {
    const to = placesOf(written);
    if (to.length === 0)
      report(
        file.where(["routes", index]),
        "must say where to: list channels under slack or teams, or notifiers under notify.",
      );
    checkNames(
      written.notify,
      notifiers.map((one) => one.name),
      "notifiers",
      (at, problem) => report(file.where(["routes", index, "notify", at]), problem),
    );
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

/** Windows in which alerts and anomalies about some things are kept back. */
export function readMaintenance(deps: Deps): readonly Maintenance[] {
  return readWindows(deps, ["maintenance"], deps.file.settings.maintenance ?? []).map(({ entry, window }) => ({
    ...window,
    name: entry.name,
    ...(entry.environments !== undefined && { environments: entry.environments }),
    ...(entry.labels !== undefined && { labels: entry.labels }),
  }));
}

/** Reports each of the written names that is not among `all`, by its number in the list. */
export function checkNames(
  written: readonly string[] = [],
  all: readonly string[],
  what: string,
  report: (at: number, problem: string) => void,
): void {
  for (const [at, name] of written.entries()) {
    if (all.includes(name)) continue;
    const meant = nearest(name, all);
    const cure =
      meant !== undefined
        ? `did you mean ${meant}?`
        : all.length === 0
          ? "none is configured."
          : `known are ${all.join(", ")}.`;
    report(at, `must name one of the ${what}: it is ${show(name)}, and ${cure}`);
  }
}

export function placesOf({
  slack,
  teams,
  notify,
}: {
  readonly slack?: readonly string[] | undefined;
  readonly teams?: readonly string[] | undefined;
  readonly notify?: readonly string[] | undefined;
}): readonly Place[] {
  return [
    ...(slack ?? []).map((channel) => topOf("slack", channel)),
    ...(teams ?? []).map((channel) => topOf("teams", channel)),
    ...(notify ?? []).map(notifierPlace),
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
