import * as z from "zod";
import { SEVERITIES } from "../../core/incident.ts";
import { flag, group, ids } from "./parts.ts";

/** Where messages about incidents go. */
export function routes() {
  return z
    .array(
      group({
        severity: z
          .array(z.enum(SEVERITIES, `must be one of ${SEVERITIES.join(", ")}`), "must be a list")
          .min(1, "must name at least one")
          .optional()
          .describe("Only incidents of these severities."),
        environments: ids("Only incidents of these environments, as the alerts' label says."),
        labels: z
          .record(z.string(), z.array(z.string("must be text"), "must be a list").min(1, "must name at least one"))
          .optional()
          .describe("Only incidents with an alert that has these labels; * stands for any letters."),
        slack: ids("Channels of Slack, by id."),
        teams: ids("Conversations of Teams, by id."),
        continue: flag("Looks at the routes after this one, too."),
      }),
      "must be a list",
    )
    .max(200, "must have at most 200 entries")
    .describe(
      "Where messages about incidents go: the first route that matches, and those after it as far as it says so.",
    );
}
