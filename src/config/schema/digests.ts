import * as z from "zod";
import { DIGEST_KINDS } from "../../core/digest/schedule.ts";
import { isTimeZone } from "../values.ts";
import { group, ids, name, text } from "./parts.ts";

/** Digests that are posted by the calendar. */
export function digests() {
  return z
    .array(
      group({
        name: name("What it is called, in lists and in `digest pause NAME`."),
        kind: z
          .enum(DIGEST_KINDS, `must be one of ${DIGEST_KINDS.join(", ")}`)
          .describe("daily, weekly, or handover: a list of what is to be done, from one shift to the next."),
        cron: text("When, in five fields of cron, such as 0 8 * * mon-fri."),
        timezone: z
          .string("must be text")
          .refine(isTimeZone, 'must be the IANA name of a time zone, such as "UTC" or "Europe/Berlin"')
          .optional()
          .describe("Zone of cron. Default: timezone."),
        slack: ids("Channels of Slack, by id."),
        teams: ids("Conversations of Teams, by id."),
        environments: ids("Only what is of these environments. Default: all."),
        labels: z
          .record(z.string(), z.array(z.string("must be text"), "must be a list").min(1, "must name at least one"))
          .optional()
          .describe(
            "Only alerts and anomalies with these labels, such as a team's; * stands for any letters. Default: all.",
          ),
      }),
      "must be a list",
    )
    .max(100, "must have at most 100 entries")
    .describe("Digests that are posted by the calendar, each planned time once.");
}
