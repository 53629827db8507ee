import * as z from "zod";
import { duration, group, whole } from "./parts.ts";

const KINDS = "prometheus, alertmanager, model, slack, teams, executor, notifier, calendar";

/** When what the bot calls is left alone. */
export function breakers() {
  return group({
    failures: whole(1, 1000, "Failed calls in a row after which what is called is left alone. Default 5."),
    rest: duration("1s", "10m", "How long it is left alone; then one call tries. Default 10s."),
    only: z
      .array(
        group({
          dependency: z
            .string("must be text")
            .regex(
              /^(?:prometheus|alertmanager|model|slack|teams|executor|notifier|calendar)(?:\/[A-Za-z0-9][A-Za-z0-9._/-]{0,127})?$/,
              `must be one of ${KINDS}, alone or with a name behind it, such as "notifier/pager"`,
            )
            .describe(`For what: ${KINDS}; alone, or one of them by name: "notifier/pager", "executor/ssh/web-1".`),
          failures: whole(1, 1000, "Failed calls in a row. Default: breakers.failures; 3 for model."),
          rest: duration("1s", "10m", "How long. Default: breakers.rest; 30s for model."),
          timeout: duration("100ms", "10m", "Longest time of one call, where shorter than the bot's own limit."),
        }),
        "must be a list",
      )
      .max(200, "must have at most 200 entries")
      .optional()
      .describe("Other numbers for some of them. The first that fits counts."),
  }).describe("Circuit breakers: when what the bot calls is left alone, and for how long.");
}
