import type { Notice } from "../core/incident/notice.ts";
import type { GrafanaSettings } from "../core/incident/notifier-settings.ts";
import type { Notifier } from "../ports/notifier.ts";
import { htmlText } from "../util/html.ts";
import { createAsk, textAt } from "./http.ts";

/**
 * Grafana annotations (HTTP API): a region on the charts from the start of an incident to its end, found again by a tag with its id.
 * Its text follows what happens; who acknowledged is no news on a chart.
 */
export function grafanaNotifier({ name, url, token, dashboard, tags, ca }: GrafanaSettings): Notifier {
  const ask = createAsk({
    service: `Grafana (${name})`,
    baseUrl: url,
    headers: { authorization: `Bearer ${token.reveal()}` },
    ...(ca !== undefined && { ca }),
  });

  async function find(tag: string, signal: AbortSignal): Promise<string> {
    const query = { tags: tag, type: "annotation", limit: "1" };
    const { body } = await ask({ method: "GET", path: "/api/annotations", query }, signal);
    return Array.isArray(body) ? textAt(body[0], "id") : "";
  }

  async function create(notice: Notice, tag: string, signal: AbortSignal): Promise<string> {
    const json = {
      ...(dashboard !== undefined && { dashboardUID: dashboard }),
      time: Math.round(notice.incident.startedAt * 1000),
      ...endOf(notice),
      tags: ["smartcloudops", notice.incident.severity, tag, ...tags],
      text: textOf(notice),
    };
    return textAt((await ask({ method: "POST", path: "/api/annotations", json }, signal)).body, "id");
  }

  return {
    name,
    kind: "Grafana annotations",
    hasEnd: true,
    async tell(notice, { reference, attempts }, signal) {
      if (notice.kind === "acknowledged" || notice.kind === "called") return reference ?? "";
      const tag = `smartcloudops-${notice.incident.id}`;
      const isFirst = notice.kind === "opened" && attempts === 1;
      const id = reference ?? (isFirst ? "" : await find(tag, signal));
      if (id === "") return create(notice, tag, signal);
      if (notice.kind === "opened") return id;
      const json = { text: textOf(notice), ...endOf(notice) };
      await ask({ method: "PATCH", path: `/api/annotations/${encodeURIComponent(id)}`, json }, signal);
      return id;
    },
    async check(signal) {
      await ask({ method: "GET", path: "/api/annotations", query: { limit: "1" } }, signal);
      return "takes the token, and annotations can be read";
    },
  };
}

function endOf({ kind, incident, at }: Notice): { readonly timeEnd?: number } {
  return kind === "resolved" ? { timeEnd: Math.round((incident.endedAt ?? at) * 1000) } : {};
}

/** Grafana shows some HTML of an annotation. */
function textOf({ title, lines }: Notice): string {
  return htmlText([title, ...lines].join("\n")).slice(0, 10_000);
}
