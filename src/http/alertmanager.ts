import { createHash } from "node:crypto";
import { z } from "zod";
import type { AlertEvent } from "../core/incident.ts";

/**
 * What Alertmanager posts to a webhook, version 4:
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
const Labels = z.record(z.string(), z.string());
const Alert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: Labels,
  annotations: Labels.default({}),
  startsAt: z.string(),
  endsAt: z.string().default(""),
  generatorURL: z.string().default(""),
  fingerprint: z.string().default(""),
});
const Payload = z.object({
  version: z.string().default("4"),
  groupKey: z.string().default(""),
  groupLabels: Labels.default({}),
  commonAnnotations: Labels.default({}),
  alerts: z.array(Alert),
});

/**
 * The alerts of one delivery, at `at` (unix seconds). Throws a sentence that says what was wanted, what was found and the cure, when it is
 * none of Alertmanager's. An alert whose times cannot be read began when the bot was told.
 */
export function readDelivery(body: unknown, at: number): readonly AlertEvent[] {
  const read = Payload.safeParse(body);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "the body" : issue.path.join(".");
    throw new Error(
      `Wanted a delivery of Alertmanager's webhook (version 4); ${where}: ${issue?.message ?? "it is something else"}. Set this address as url of a webhook_config in Alertmanager.`,
    );
  }
  const { groupKey, groupLabels, alerts } = read.data;
  // Without group_by everything is one group, which says nothing about what belongs together.
  const group = groupKey !== "" && Object.keys(groupLabels).length > 0 ? groupKey : undefined;
  return alerts.map((alert) => {
    const endsAt = readTime(alert.endsAt);
    return {
      fingerprint: alert.fingerprint === "" ? fingerprintOf(alert.labels) : alert.fingerprint,
      status: alert.status,
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: readTime(alert.startsAt) ?? at,
      ...(alert.status === "resolved" && endsAt !== undefined && { endsAt }),
      ...(alert.generatorURL !== "" && { generatorUrl: alert.generatorURL }),
      ...(group !== undefined && { group }),
      at,
    };
  });
}

/** Unix seconds; undefined for no time, and for Go's zero time, which stands for "not yet". */
function readTime(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms / 1000;
}

/** For senders that give none: the same for the same labels, in whatever order. */
function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 16);
}
