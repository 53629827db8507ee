import * as z from "zod";
import { ANOMALY_KINDS, type Anomaly } from "../core/watch/anomaly.ts";
import { rfc3339 } from "../core/zone.ts";
import { once } from "../util/once.ts";
import { labels, text, time } from "./parts.ts";

/** Anomalies as other programs read them: a contract. */

export const anomalySchema = once(() =>
  z
    .object({
      id: z.string(),
      kind: z.enum(ANOMALY_KINDS),
      status: z.enum(["open", "over"]),
      severity: z.enum(["info", "warning", "critical"]),
      watch: text("Id of the watch that found it; a word of the bot's own where it belongs to none."),
      source: text("Name of the Prometheus source."),
      measure: text('What is unusual: "p95 latency".'),
      subject: text("Of what; empty where there is only one."),
      labels: labels("Of the series."),
      value: z.number().describe("When it was opened or last worse, in `unit`.").optional(),
      unit: z.string(),
      usual_low: z.number().optional(),
      usual_high: z.number().optional(),
      score: z.number(),
      direction: z.enum(["up", "down"]),
      since: time("Since when it is so."),
      opened_at: time("When it was found."),
      ended_at: time("When it ended.").optional(),
      promql: z.string(),
      not_posted: text("Why it is kept and not posted.").optional(),
    })
    .meta({ id: "Anomaly" }),
);

export function anomalyJson(one: Anomaly): z.infer<ReturnType<typeof anomalySchema>> {
  const { id, kind, status, severity, watch, source, measure, subject, labels: own, value, unit, usual, score } = one;
  return {
    ...{ id, kind, status, severity, watch, source, measure, subject, labels: own, value, unit },
    ...{ usual_low: usual?.low, usual_high: usual?.high, score, direction: one.direction },
    ...{ since: rfc3339(one.since), opened_at: rfc3339(one.openedAt) },
    ended_at: one.endedAt === undefined ? undefined : rfc3339(one.endedAt),
    ...{ promql: one.promql, not_posted: one.quiet },
  };
}
