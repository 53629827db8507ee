import type { Notice } from "../core/incident/notice.ts";
import type { JiraSettings } from "../core/incident/notifier-settings.ts";
import type { Notifier } from "../ports/notifier.ts";
import { NeverError } from "../util/errors.ts";
import { inertName } from "../util/inert.ts";
import { basicAuth, createAsk, listAt, textAt } from "./http.ts";

/**
 * Jira Cloud, REST API v3: an issue for an incident, found again by a label with the incident's id; comments for what happens, and a
 * transition at its end. Text is sent as Atlassian Document Format, whose text nodes carry no markup and mention nobody.
 */
export function jiraNotifier(settings: JiraSettings): Notifier {
  const { name, url, user, token, project, issueType, resolveTransition } = settings;
  const ask = createAsk({
    service: `Jira (${name})`,
    baseUrl: url,
    headers: { authorization: basicAuth(user, token) },
  });
  const issue = (key: string) => `/rest/api/3/issue/${encodeURIComponent(key)}`;

  async function create(notice: Notice, attempts: number, signal: AbortSignal): Promise<string> {
    const label = `smartcloudops-${notice.incident.id}`;
    const found = attempts > 1 ? await find(label, signal) : "";
    if (found !== "") return found;
    const fields = {
      project: { key: project },
      issuetype: { name: issueType },
      summary: notice.title.replace(/\s+/g, " ").slice(0, 250),
      description: documentOf(notice.lines),
      labels: ["smartcloudops", label],
    };
    const { body } = await ask({ method: "POST", path: "/rest/api/3/issue", json: { fields } }, signal);
    return textAt(body, "key");
  }

  /** Ids of incidents are ours, and project keys the configuration's: nothing from an alert stands in the query. */
  async function find(label: string, signal: AbortSignal): Promise<string> {
    const query = { jql: `project = "${project}" AND labels = "${label}"`, fields: "summary", maxResults: "1" };
    const { body } = await ask({ method: "GET", path: "/rest/api/3/search/jql", query }, signal);
    return textAt(listAt(body, "issues")[0], "key");
  }

  async function comment(key: string, notice: Notice, attempts: number, signal: AbortSignal): Promise<void> {
    const path = `${issue(key)}/comment`;
    if (attempts > 1) {
      const { body } = await ask({ method: "GET", path, query: { orderBy: "-created", maxResults: "50" } }, signal);
      if (listAt(body, "comments").some((one) => JSON.stringify(one).includes(notice.id))) return;
    }
    const lines = [notice.title, ...notice.lines, `(${notice.id})`];
    await ask({ method: "POST", path, json: { body: documentOf(lines) } }, signal);
  }

  async function finish(key: string, transition: string, signal: AbortSignal): Promise<void> {
    const path = `${issue(key)}/transitions`;
    const { body } = await ask({ method: "GET", path }, signal);
    const all = listAt(body, "transitions");
    const wanted = all.find((one) => textAt(one, "name").toLowerCase() === transition.toLowerCase());
    if (wanted !== undefined) {
      await ask({ method: "POST", path, json: { transition: { id: textAt(wanted, "id") } } }, signal);
      return;
    }
    const { body: now } = await ask({ method: "GET", path: issue(key), query: { fields: "status" } }, signal);
    if (textAt(now, "fields", "status", "statusCategory", "key") === "done") return;
    const names = all.map((one) => inertName(textAt(one, "name"), { max: 60 })).join(", ");
    throw new NeverError(`Jira (${name}): ${key} has no transition "${transition}" now: it has ${names || "none"}`);
  }

  return {
    name,
    kind: "Jira",
    hasEnd: true,
    async tell(notice, { reference, attempts }, signal) {
      if (notice.kind === "opened") return create(notice, attempts, signal);
      const key = reference ?? (await find(`smartcloudops-${notice.incident.id}`, signal));
      // What never was opened there has nothing to end; what needs somebody is opened now.
      if (key === "")
        return notice.kind === "resolved" || notice.kind === "acknowledged" ? "" : create(notice, attempts, signal);
      await comment(key, notice, attempts, signal);
      if (notice.kind === "resolved" && resolveTransition !== undefined) await finish(key, resolveTransition, signal);
      return key;
    },
    async check(signal) {
      await ask({ method: "GET", path: "/rest/api/3/myself" }, signal);
      const { body } = await ask({ method: "GET", path: `/rest/api/3/project/${encodeURIComponent(project)}` }, signal);
      const types = listAt(body, "issueTypes").map((one) => textAt(one, "name"));
      if (types.length > 0 && !types.includes(issueType))
        throw new NeverError(
          `Jira (${name}): project ${project} has no issue type "${issueType}": it has ${types.join(", ")}`,
        );
      return `takes the token, and project ${project} is there`;
    },
  };
}

/** Paragraphs in Atlassian Document Format. */
function documentOf(lines: readonly string[]) {
  return {
    type: "doc",
    version: 1,
    content: lines
      .filter((line) => line !== "")
      .map((line) => ({ type: "paragraph", content: [{ type: "text", text: line.slice(0, 5000) }] })),
  };
}
