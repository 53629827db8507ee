import * as z from "zod";
import { SEVERITIES } from "../../core/incident.ts";
import { isTimeZone } from "../values.ts";
import { duration, flag, group, ids, name, text, whole } from "./parts.ts";

/** Which incidents something is for. */
const filter = () => ({
  severity: z
    .array(z.enum(SEVERITIES, `must be one of ${SEVERITIES.join(", ")}`), "must be a list")
    .min(1, "must name at least one")
    .optional()
    .describe("Only incidents of these severities. Default: all."),
  environments: ids("Only incidents of these environments, as the alerts' label says. Default: all."),
  labels: z
    .record(z.string(), z.array(z.string("must be text"), "must be a list").min(1, "must name at least one"))
    .optional()
    .describe("Only incidents with an alert that has these labels; * stands for any letters. Default: all."),
});

const zone = () =>
  z
    .string("must be text")
    .refine(isTimeZone, 'must be the IANA name of a time zone, such as "UTC" or "Europe/Berlin"')
    .optional()
    .describe("Zone of these times. Default: timezone.");

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Hours of days: within them, or over midnight where they end before they begin. */
const hours = (what: string) =>
  z
    .strictObject(
      {
        days: z
          .array(z.enum(DAYS, `must be one of ${DAYS.join(", ")}`), "must be a list")
          .min(1, "must name at least one")
          .optional()
          .describe("Days on which the hours begin. Default: all."),
        from: z
          .string("must be text")
          .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, such as "09:00"')
          .describe('When they begin, such as "09:00".'),
        to: z
          .string("must be text")
          .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time of day, such as "17:00"')
          .describe('When they end, such as "17:00"; over midnight where that is before they begin.'),
        timezone: zone(),
      },
      "must be a group of settings",
    )
    .optional()
    .describe(what);

export type HoursEntry = NonNullable<z.infer<ReturnType<typeof hours>>>;
export const DAY_NUMBERS: Readonly<Record<string, number>> = Object.fromEntries(DAYS.map((day, at) => [day, at + 1]));

const channels = () => ({
  slack: ids("Channels of Slack, by id; or people there, by theirs."),
  teams: ids("Conversations of Teams, by id; or people, by their object ids."),
  notify: ids("Notifiers, by name."),
});

/** Where messages about incidents go. */
export function routes() {
  return z
    .array(
      group({
        name: name("How people call it, for `test route`. Default: its number.").optional(),
        ...filter(),
        hours: hours("Only what became as grave as it is within these hours. Default: always."),
        ...channels(),
        continue: flag("Looks at the routes after this one, too. Default false."),
        fallback: flag(
          "Only for what could not arrive where it should: the channel is archived, or the bot was removed. Default false.",
        ),
      }),
      "must be a list",
    )
    .max(200, "must have at most 200 entries")
    .describe(
      "Where messages about incidents go: the first route that matches, and those after it as far as it says so.",
    );
}

const rotation = () =>
  group({
    people: z
      .array(text("Id of one of people."), "must be a list")
      .min(1, "must name at least one")
      .max(200, "must have at most 200 entries")
      .describe("Who takes turns, by their ids, in this order."),
    start: z
      .string('must be text, such as "2026-01-05 09:00"')
      .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$/, 'must be a date and a time of day, such as "2026-01-05 09:00"')
      .describe("When the first one begins, on the wall clock of the zone."),
    every: duration(
      "1h",
      "365d",
      "How long one has it: days and weeks are those of the calendar, so that handovers stay at their time of day. Default 7d.",
    ),
    hours: hours("Only within these hours; at others the layer before it counts. Default: always."),
  });

const step = () =>
  group({
    after: duration("0s", "7d", "How long after the step before, or after the incident was opened. Default 5m."),
    oncall: ids("Schedules whose person on call is called."),
    people: ids("People who are called, by their ids."),
    ...channels(),
  });

/** Who is on call, and who is called when nobody acknowledges. */
export function oncall() {
  return group({
    schedules: z
      .array(
        group({
          name: name("How people call it."),
          timezone: zone(),
          ical: text("A calendar (iCal): a path, or an address that begins with https://.").optional(),
          ical_url_file: text("File with that address, where a part of it is a secret.").optional(),
          layers: z
            .array(rotation(), "must be a list")
            .min(1, "must have at least one entry")
            .max(20, "must have at most 20 entries")
            .optional()
            .describe(
              "Rotations; later ones stand before earlier ones, within their hours. With a calendar: where it has nobody.",
            ),
        }),
        "must be a list",
      )
      .max(100, "must have at most 100 entries")
      .optional()
      .describe("Who is on call when."),
    escalations: z
      .array(
        group({
          name: name("As messages and the audit call it."),
          ...filter(),
          steps: z
            .array(step(), "must be a list")
            .min(1, "must have at least one entry")
            .max(20, "must have at most 20 entries")
            .describe(
              "Who is called, one step after the other. One that names nobody speaks in the incident's thread.",
            ),
          repeat: whole(0, 20, "How often all steps are gone through again. Default 0."),
          idle: duration(
            "5m",
            "7d",
            "After so long without any change an acknowledged incident is open again. Default: never.",
          ),
        }),
        "must be a list",
      )
      .max(100, "must have at most 100 entries")
      .optional()
      .describe("Who is called while nobody acknowledges: the first that is for the incident."),
  })
    .optional()
    .describe("Who is on call, and who is called when nobody acknowledges.");
}

/** When alerts and anomalies about some things are kept back. */
export const maintenance = () => {
  const { environments, labels } = filter();
  return z
    .array(
      group({
        name: name("How lists call it."),
        tz: text("Zone of its times. Default: timezone.").optional(),
        from: text('"Sun 02:00" for every week, or "2026-12-20 02:00" for once.'),
        to: text("When it ends, written the same way."),
        environments: environments.describe("Only what is about these environments. Default: all."),
        labels: labels.describe("Only what has these labels; * stands for any letters. Default: all."),
      }),
      "must be a list",
    )
    .max(200, "must have at most 200 entries")
    .describe(
      "Planned work: what begins meanwhile is told when it is over, if it still goes on then, and is listed by `incidents` before.",
    );
};

/** What becomes one incident. */
export function incidents() {
  return group({
    impact: z
      .enum(["raise", "both", "off"], "must be raise, both or off")
      .optional()
      .describe(
        "Measured impact changes the severity that is shown. raise (default): routes and escalations take it where it is graver than the rule's. both: also where it is milder. off: it is not measured.",
      ),
    watchdog: duration(
      "2m",
      "1d",
      "A critical incident, with alertname NoSignOfLife and no environment, when Alertmanager's Watchdog did not come for so long: three times what its route repeats it after. Default: nobody waits for it.",
    ),
    dependencies: flag("False: alerts of two things are never one incident because one calls the other. Default true."),
  }).describe("How alerts and anomalies become incidents.");
}
