import type { Notice } from "../core/incident/notice.ts";
import type { ServicenowSettings } from "../core/incident/notifier-settings.ts";
import type { Notifier } from "../ports/notifier.ts";
import { basicAuth, createAsk, listAt, textAt } from "./http.ts";

const TABLE = "/api/now/table/incident";
/** Urgency and impact, from which ServiceNow works out the priority. */
const WEIGHT = { critical: "1", warning: "2", info: "3" } as const;
/** States of the table as it is shipped. */
const STATE = { new: "1", inProgress: "2", resolved: "6" } as const;

/**
 * ServiceNow, Table API on `incident`: one record for an incident, found again by its `correlation_id`; work notes for what happens, and
 * the state Resolved at its end. A note may stand there twice where a connection was cut: the API takes no key for one.
 */
export function servicenowNotifier({ name, url, user, password, closeCode }: ServicenowSettings): Notifier {
  const ask = createAsk({
    service: `ServiceNow (${name})`,
    baseUrl: url,
    headers: { authorization: basicAuth(user, password) },
  });

  async function find(notice: Notice, signal: AbortSignal): Promise<string> {
    const query = {
      sysparm_query: `correlation_id=smartcloudops-${notice.incident.id}`,
      sysparm_fields: "sys_id",
      sysparm_limit: "1",
    };
    const { body } = await ask({ method: "GET", path: TABLE, query }, signal);
    return textAt(listAt(body, "result")[0], "sys_id");
  }

  async function create(notice: Notice, signal: AbortSignal): Promise<string> {
    const weight = WEIGHT[notice.incident.severity];
    const json = {
      short_description: plain(notice.title).slice(0, 160),
      description: plain([notice.title, ...notice.lines].join("\n")),
      urgency: weight,
      impact: weight,
      correlation_id: `smartcloudops-${notice.incident.id}`,
      correlation_display: "SmartCloudOps",
    };
    const { body } = await ask({ method: "POST", path: TABLE, json }, signal);
    return textAt(body, "result", "sys_id");
  }

  return {
    name,
    kind: "ServiceNow",
    hasEnd: true,
    async tell(notice, { reference, attempts }, signal) {
      const isFirst = notice.kind === "opened" && attempts === 1;
      const id = reference ?? (isFirst ? "" : await find(notice, signal));
      if (notice.kind === "opened") return id === "" ? create(notice, signal) : id;
      if (id === "") return notice.kind === "resolved" || notice.kind === "acknowledged" ? "" : create(notice, signal);
      const json = { work_notes: plain([notice.title, ...notice.lines].join("\n")), ...changeOf(notice, closeCode) };
      await ask({ method: "PATCH", path: `${TABLE}/${encodeURIComponent(id)}`, json }, signal);
      return id;
    },
    async check(signal) {
      await ask({ method: "GET", path: TABLE, query: { sysparm_limit: "1", sysparm_fields: "sys_id" } }, signal);
      return "takes the user, and the table incident can be read";
    },
  };
}

function changeOf({ kind, title, incident }: Notice, closeCode: string): Readonly<Record<string, string>> {
  switch (kind) {
    case "acknowledged":
      return { state: STATE.inProgress };
    case "resolved":
      return { state: STATE.resolved, close_code: closeCode, close_notes: plain(title) };
    case "again":
      return { state: STATE.new };
    case "more":
      return incident.status === "open" ? { state: STATE.new } : {};
    case "worse":
      return { urgency: WEIGHT[incident.severity], impact: WEIGHT[incident.severity] };
    default:
      return {};
  }
}

/** Its journal fields take what stands between [code] and [/code] for HTML. */
function plain(text: string): string {
  return text.replace(/\[(\/?)code\]/gi, "($1code)");
}
