import * as z from "zod";
import { UNITS } from "../../core/units.ts";
import { duration, flag, group, money, name, text, whole } from "./parts.ts";

/** What is watched, when, and where what was found is posted. */

const severity = (description: string) =>
  z.enum(["info", "warning", "critical"], "must be info, warning or critical").optional().describe(description);

const place = () => ({
  slack: text("Id of a Slack channel that the bot was added to, such as C0123ABCD.").optional(),
  teams: text("Id of a Teams conversation that the bot was added to, such as 19:…@thread.tacv2.").optional(),
});

function contamination(description: string) {
  const rule = "must be a number from 0.001 to 0.1";
  return z.number(rule).min(0.001, rule).max(0.1, rule).optional().describe(description);
}

const watch = () =>
  z.strictObject(
    {
      name: name("What the watch is called, in lists, metrics and on buttons."),
      about: text('What is measured, as cards say it: "p95 latency". Default: the name.').optional(),
      promql: text("The query. Each series that it returns is watched by itself."),
      by: z
        .array(text("A label."), "must be a list")
        .min(1, "must name at least one label")
        .max(8, "must have at most 8 entries")
        .optional()
        .describe("Labels to split by; series that agree in them are made one. Default: each series as it comes."),
      fold: z
        .enum(["sum", "avg", "max", "min"], "must be sum, avg, max or min")
        .optional()
        .describe("How series that agree in `by` are made one. Default sum."),
      unit: z
        .enum(UNITS, `must be one of ${UNITS.join(", ")}`)
        .optional()
        .describe("Unit of its values. Default: by the metric's name."),
      direction: z
        .enum(["up", "down", "both"], "must be up, down or both")
        .optional()
        .describe("Which way is trouble. Default both."),
      sensitivity: z
        .enum(["low", "normal", "high"], "must be low, normal or high")
        .optional()
        .describe("How soon something is unusual. Default normal."),
      source: text("The source that is asked. Default: the default one.").optional(),
      environment: text("Instead of source: the source of that environment.").optional(),
      severity: severity("Never more than this, however unusual. Default critical."),
      post: z
        .array(group(place()), "must be a list")
        .max(10, "must have at most 10 entries")
        .optional()
        .describe("Where it is posted; an empty list is nowhere. Default: schedules.detect.post."),
    },
    "must be a group of settings",
  );

/** Queries that are watched, besides those that the bot chooses itself. */
export function watches() {
  return z
    .array(watch(), "must be a list")
    .max(200, "must have at most 200 entries")
    .describe("Queries of your own whose series are watched for anomalies.");
}

/** What things cost, for what is asked for and not used. */
export function costs() {
  return z
    .strictObject(
      {
        core: money("What one core costs in a month. Default: not counted."),
        gib: money("What one GiB of memory costs in a month. Default: not counted."),
        currency: text("Three letters, such as EUR. Default USD.").optional(),
      },
      "must be a group of settings",
    )
    .describe("What a cluster costs: then digests say what is asked for and not used in money, too.");
}

/** When things are done. */
export function schedules() {
  return group({
    detect: group({
      enabled: flag("False turns the watching off. Default true."),
      automatic: flag("Whether the bot watches what it knows the meaning of by itself. Default true."),
      every: duration(
        "10s",
        "1h",
        "How often, and how far the points that it judges are apart: a part of a minute or an hour. Default 1m.",
      ),
      cron: text(
        "When, in five or six fields of cron and the zone of timezone, where that is not simply every so often.",
      ).optional(),
      history: duration("1h", "14d", "How far it reads back when it first sees a series. Default 3d."),
      forest: group({
        enabled: flag("False judges each series by itself alone. Default true."),
        trees: whole(20, 500, "Trees of each forest; 500 gain nothing. Default 100."),
        contamination: contamination(
          "Share of moments that count as unusual together: more finds more, and is wrong more often. Default 0.01.",
        ),
      })
        .optional()
        .describe("Several metrics of one host, service or other thing, judged together by an isolation forest."),
      post: z
        .array(
          z.strictObject(
            { ...place(), severity: severity("Only what is at least so severe. Default warning.") },
            "must be a group of settings",
          ),
          "must be a list",
        )
        .max(50, "must have at most 50 entries")
        .optional()
        .describe("Where anomalies are posted. Default: nowhere, they are kept and listed."),
      incidents: z
        .enum(["info", "warning", "critical", "never"], "must be info, warning, critical or never")
        .optional()
        .describe(
          "From which severity an anomaly that is posted is an incident, which the routes are for, too. Default warning.",
        ),
    })
      .optional()
      .describe("The round that looks for anomalies."),
    rollouts: group({
      enabled: flag("False: deployments are not compared with what was before them. Default true."),
      post: z
        .array(group(place()), "must be a list")
        .max(50, "must have at most 50 entries")
        .optional()
        .describe(
          "Where each comparison is posted. Default: nowhere, they are only listed, and no way back is proposed.",
        ),
    })
      .optional()
      .describe("Comparisons of each deployment with what was before it."),
  }).describe("When things are done by themselves.");
}
