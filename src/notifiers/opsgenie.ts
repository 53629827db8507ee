import type { Notice } from "../core/incident/notice.ts";
import type { OpsgenieSettings } from "../core/incident/notifier-settings.ts";
import type { Notifier } from "../ports/notifier.ts";
import { createAsk } from "./http.ts";

const PRIORITIES = { critical: "P1", warning: "P3", info: "P5" } as const;

/**
 * Opsgenie's Alert API v2 (docs.opsgenie.com/docs/alert-api), which Jira Service Management speaks too: an alert whose alias is the
 * incident's id. Opsgenie takes a second one of that alias for the same alert.
 */
export function opsgenieNotifier({ name, url, apiKey }: OpsgenieSettings): Notifier {
  const ask = createAsk({
    service: `Opsgenie (${name})`,
    baseUrl: url,
    headers: { authorization: `GenieKey ${apiKey.reveal()}` },
  });
  return {
    name,
    kind: "Opsgenie",
    hasEnd: true,
    async tell(notice, _told, signal) {
      const alias = `smartcloudops-${notice.incident.id}`;
      const on = (action: string) =>
        ask(
          {
            method: "POST",
            path: `/v2/alerts/${encodeURIComponent(alias)}/${action}`,
            query: { identifierType: "alias" },
            json: { source: "SmartCloudOps", note: textOf(notice) },
          },
          signal,
        );
      switch (notice.kind) {
        case "acknowledged":
          await on("acknowledge");
          break;
        case "resolved":
          await on("close");
          break;
        case "called":
          await on("notes");
          break;
        default:
          await ask({ method: "POST", path: "/v2/alerts", json: alertOf(notice, alias) }, signal);
          // An alert that is there keeps its priority and its state of being acknowledged: a note says what is new.
          if (notice.kind !== "opened") await on("notes");
      }
      return "";
    },
    async check(signal) {
      await ask({ method: "GET", path: "/v2/alerts/count" }, signal);
      return "takes the API key";
    },
  };
}

function alertOf(notice: Notice, alias: string) {
  const { subject, environment, severity } = notice.incident;
  return {
    message: plain(notice.title).slice(0, 130),
    alias,
    description: textOf(notice),
    priority: PRIORITIES[severity],
    source: "SmartCloudOps",
    ...(subject !== undefined && { entity: plain(subject).slice(0, 512) }),
    tags: ["smartcloudops", ...(environment === undefined ? [] : [plain(environment).slice(0, 50)])],
  };
}

function textOf({ title, lines }: Notice): string {
  return plain([title, ...lines].join("\n")).slice(0, 15_000);
}

/** Its pages show some HTML of descriptions: there is none in what alerts say. */
function plain(text: string): string {
  return text.replaceAll("<", "‹").replaceAll(">", "›");
}
