import type { Notice } from "../core/incident/notice.ts";
import type { PagerdutySettings } from "../core/incident/notifier-settings.ts";
import type { Notifier } from "../ports/notifier.ts";
import { createAsk } from "./http.ts";
import { reached } from "./webhook.ts";

/**
 * PagerDuty, Events API v2 (developer.pagerduty.com/docs/send-alert-event): trigger, acknowledge and resolve, all with the incident's id
 * as `dedup_key`, by which PagerDuty itself takes each for the same alert however often it comes.
 */
export function pagerdutyNotifier({ name, url, routingKey }: PagerdutySettings): Notifier {
  const ask = createAsk({ service: `PagerDuty (${name})`, baseUrl: url, headers: {} });
  return {
    name,
    kind: "PagerDuty",
    hasEnd: true,
    async tell(notice, _told, signal) {
      const action = actionOf(notice);
      const json = {
        routing_key: routingKey.reveal(),
        event_action: action,
        dedup_key: `smartcloudops-${notice.incident.id}`,
        ...(action === "trigger" && { client: "SmartCloudOps", payload: payloadOf(notice) }),
      };
      await ask({ method: "POST", path: "/v2/enqueue", json }, signal);
      return "";
    },
    // A routing key opens nothing that could be read.
    check: (signal) => reached(() => ask({ method: "GET", path: "/" }, signal), new URL(url).host),
  };
}

function actionOf({ kind }: Notice): "trigger" | "acknowledge" | "resolve" {
  return kind === "acknowledged" ? "acknowledge" : kind === "resolved" ? "resolve" : "trigger";
}

function payloadOf({ title, lines, incident }: Notice) {
  const { subject, environment, startedAt, severity, alerts } = incident;
  return {
    summary: title.slice(0, 1024),
    source: (subject ?? environment ?? "SmartCloudOps").slice(0, 255),
    severity,
    timestamp: new Date(startedAt * 1000).toISOString(),
    ...(subject !== undefined && { component: subject }),
    ...(environment !== undefined && { group: environment }),
    ...(alerts[0] !== undefined && { class: alerts[0] }),
    custom_details: { incident: incident.id, text: lines.join("\n") },
  };
}
