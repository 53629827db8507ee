import type { Escalation } from "../core/incident/escalate.ts";
import type { Rotation, Schedule } from "../core/oncall/schedule.ts";
import type { Person } from "../core/people.ts";
import { type Secret, secret } from "../util/secret.ts";
import { entryAt, isLoopback } from "./entry.ts";
import { checkNames, filterOf, placesOf, readHours } from "./routes.ts";
import type { Deps } from "./sources.ts";
import { parseDuration, show } from "./values.ts";

export type OnCallConfig = {
  schedules: readonly Schedule[];
  escalations: readonly Escalation[];
  calendars: readonly CalendarConfig[];
};

/** A calendar that says who is on call in a schedule. The address counts as a secret: whoever has it may read it. */
export type CalendarConfig = { schedule: string; zone: string; from: { file: string } | { url: Secret } };

const HOUR = 3600;

/** Schedules and escalations of the file. The people and schedules that they name must exist. */
export function readOnCall(
  deps: Deps,
  people: readonly Person[],
  notifiers: readonly { readonly name: string }[],
): OnCallConfig {
  const { file, report } = deps;
  const { schedules = [], escalations = [] } = file.settings.oncall ?? {};
  const known = people.map(({ id }) => id);
  const names = schedules.map(({ name }) => name);
  const check = (
    path: readonly PropertyKey[],
    all: readonly string[],
    written: readonly string[] = [],
    what: string,
  ) => {
    checkNames(written, all, what, (at, problem) => report(file.where(["oncall", ...path, at]), problem));
  };
  for (const [index, name] of names.entries())
    if (names.indexOf(name) !== index)
      report(file.where(["oncall", "schedules", index, "name"]), "must not be the name of another schedule.");
  const calendars = schedules.flatMap((one, at): CalendarConfig[] => {
    const entry = entryAt(deps, ["oncall", "schedules", at], "oncall", {
      name: one.name,
      ical_url_file: one.ical_url_file,
    });
    const hidden = entry.secret("ical_url_file")?.reveal();
    if (one.ical !== undefined && one.ical_url_file !== undefined)
      entry.refuse("ical_url_file", "must not come together with ical: one of them says where the calendar is.");
    const written = hidden ?? one.ical;
    if (written === undefined && one.layers === undefined && one.ical_url_file === undefined)
      entry.refuse("name", "must come with layers or ical: one of them says who is on call.");
    if (written === undefined) return [];
    const base = { schedule: one.name, zone: one.timezone ?? file.settings.timezone ?? "UTC" };
    if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(written) && hidden === undefined)
      return [{ ...base, from: { file: file.resolvePath(["oncall", "schedules", at, "ical"], written) } }];
    const url = URL.parse(written);
    if (
      url === null ||
      (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(written))) ||
      url.username !== ""
    )
      entry.refuse(
        hidden === undefined ? "ical" : "ical_url_file",
        "must be a path or an address that begins with https://, without a user name.",
      );
    return [{ ...base, from: { url: secret(written) } }];
  });
  return {
    calendars,
    schedules: schedules.map((one, at) => ({
      name: one.name,
      zone: one.timezone ?? file.settings.timezone ?? "UTC",
      layers: (one.layers ?? []).map((layer, index): Rotation => {
        const path = ["schedules", at, "layers", index];
        check([...path, "people"], known, layer.people, "people");
        const [year, month, day, hour, minute] = layer.start.split(/[- :]/).map(Number) as [
          number,
          number,
          number,
          number,
          number,
        ];
        if (!isDate(year, month, day, hour, minute))
          report(file.where(["oncall", ...path, "start"]), `must be a date that exists: it is ${show(layer.start)}.`);
        const seconds = Math.max(HOUR, secondsOf(layer.every ?? "7d"));
        if (seconds % HOUR !== 0)
          report(file.where(["oncall", ...path, "every"]), `must be whole hours: it is ${show(layer.every)}.`);
        return {
          people: layer.people,
          start: { year, month, day, hour, minute },
          days: Math.floor(seconds / 86_400),
          hours: Math.round((seconds % 86_400) / HOUR),
          ...(layer.hours !== undefined && { within: readHours(layer.hours) }),
        };
      }),
    })),
    escalations: escalations.map((one, at) => ({
      name: one.name,
      ...filterOf(one),
      repeat: one.repeat ?? 0,
      ...(one.idle !== undefined && { idle: secondsOf(one.idle) }),
      steps: one.steps.map((step, index) => {
        const path = ["escalations", at, "steps", index];
        check([...path, "people"], known, step.people, "people");
        check([...path, "oncall"], names, step.oncall, "schedules");
        check(
          [...path, "notify"],
          notifiers.map((each) => each.name),
          step.notify,
          "notifiers",
        );
        const to = placesOf(step);
        if ((step.people ?? []).length + (step.oncall ?? []).length + to.length === 0)
          report(
            file.where(["oncall", ...path]),
            "must say whom it calls or where: oncall, people, slack, teams or notify.",
          );
        return { after: secondsOf(step.after ?? "5m"), schedules: step.oncall ?? [], people: step.people ?? [], to };
      }),
    })),
  };
}

function secondsOf(text: string): number {
  return (parseDuration(text) ?? 0) / 1000;
}

function isDate(year: number, month: number, day: number, hour: number, minute: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour && minute < 60;
}
