import * as z from "zod";
import { shownSeverity } from "../core/incident/impact.ts";
import { type AlertRecord, INCIDENT_STATUSES, type Incident, SEVERITIES } from "../core/incident.ts";
import { rfc3339 } from "../core/zone.ts";
import { once } from "../util/once.ts";
import { count, labels, text, time } from "./parts.ts";

/** Incidents as other programs read them: a contract. */

export const incidentSchema = once(() =>
  z
    .object({
      id: text("Its id, as in messages."),
      status: z.enum(INCIDENT_STATUSES),
      severity: z.enum(SEVERITIES).describe("The gravest of its rules."),
      shown_severity: z
        .enum(SEVERITIES)
        .optional()
        .describe("What its measured impact makes of it, where that differs."),
      subject: text("What it is about.").optional(),
      environment: z.string().optional(),
      names: z.array(z.string()).describe("Names of its alerts and anomalies, the gravest first."),
      firing: count("Of these, so many fire or go on now."),
      total: count("Different alerts and anomalies in it."),
      anomalies: count("How many of them are anomalies."),
      started_at: time("When its first alert began."),
      opened_at: time("When the bot was told."),
      ended_at: time("When its last alert ended.").optional(),
      acknowledged_by: text("Name of whoever acknowledged it.").optional(),
      snoozed_until: time("Until when it is quiet.").optional(),
      is_flapping: z.boolean(),
      is_storm: z.boolean(),
      previous: text("The resolved incident that it is about again.").optional(),
    })
    .meta({ id: "IncidentLine" }),
);

export const incidentRowSchema = once(() =>
  incidentSchema()
    .extend({
      acknowledged_at: time("When somebody acknowledged it.").optional(),
      seconds_to_acknowledge: count("From its opening.").optional(),
      seconds_to_resolve: count("From its opening.").optional(),
    })
    .meta({ id: "Incident" }),
);

export const alertSchema = once(() =>
  z
    .object({
      fingerprint: z.string(),
      name: z.string(),
      severity: z.enum(SEVERITIES),
      labels: labels("As Alertmanager sent them."),
      summary: z.string(),
      starts_at: time("When it began."),
      ends_at: time("When it ended; missing while it fires.").optional(),
      anomaly: text("Id of the anomaly that it is, where it is no alert.").optional(),
    })
    .meta({ id: "Alert" }),
);

export function incidentJson(one: Incident): z.infer<ReturnType<typeof incidentSchema>> {
  return {
    id: one.id,
    status: one.status,
    severity: one.severity,
    shown_severity: shownSeverity(one) === one.severity ? undefined : shownSeverity(one),
    subject: one.subject?.name,
    environment: one.environment,
    names: one.names.map(({ name }) => name),
    firing: one.firing,
    total: one.total,
    anomalies: one.anomalies?.total ?? 0,
    started_at: rfc3339(one.startedAt),
    opened_at: rfc3339(one.openedAt),
    ended_at: one.endedAt === undefined ? undefined : rfc3339(one.endedAt),
    acknowledged_by: one.acknowledged?.name,
    snoozed_until: one.snoozed === undefined ? undefined : rfc3339(one.snoozed.until),
    is_flapping: one.isFlapping,
    is_storm: one.isStorm,
    previous: one.previous,
  };
}

/** An incident with its times to acknowledge and to resolve, as exports and the API have it. */
export function incidentRow(one: Incident): z.infer<ReturnType<typeof incidentRowSchema>> {
  const { acknowledged, openedAt, endedAt } = one;
  return {
    ...incidentJson(one),
    acknowledged_at: acknowledged && rfc3339(acknowledged.at),
    seconds_to_acknowledge: acknowledged && Math.max(0, Math.round(acknowledged.at - openedAt)),
    seconds_to_resolve: endedAt === undefined ? undefined : Math.max(0, Math.round(endedAt - openedAt)),
  };
}

export function alertJson(one: AlertRecord): z.infer<ReturnType<typeof alertSchema>> {
  const { fingerprint, name, severity, labels: own, summary, startsAt, endsAt, anomaly } = one;
  return {
    ...{ fingerprint, name, severity, labels: own, summary },
    starts_at: rfc3339(startsAt),
    ends_at: endsAt === undefined ? undefined : rfc3339(endsAt),
    anomaly,
  };
}
