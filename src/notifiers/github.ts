import type { Notice } from "../core/incident/notice.ts";
import type { GithubSettings } from "../core/incident/notifier-settings.ts";
import type { Notifier } from "../ports/notifier.ts";
import { NeverError } from "../util/errors.ts";
import { createAsk, textAt } from "./http.ts";

/**
 * GitHub issues: one for an incident, comments for what happens, closed at its end and opened again when it goes on. Everything from
 * alerts stands in a code block, where nothing is markup, a mention or a reference.
 */
export function githubNotifier({ name, url, repository, token, labels }: GithubSettings): Notifier {
  const ask = createAsk({
    service: `GitHub ${repository}`,
    baseUrl: `${url}/repos/${repository}`,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token.reveal()}`,
      "x-github-api-version": "2022-11-28",
    },
  });

  /** The issue of an earlier attempt, among the newest hundred with our labels. */
  async function find(notice: Notice, signal: AbortSignal): Promise<string> {
    const query = { labels: labels.join(","), state: "all", sort: "created", direction: "desc", per_page: "100" };
    const { body } = await ask({ method: "GET", path: "/issues", query }, signal);
    const all = Array.isArray(body) ? body : [];
    return textAt(
      all.find((one) => textAt(one, "body").includes(markOf(notice.incident.id))),
      "number",
    );
  }

  async function create(notice: Notice, signal: AbortSignal): Promise<string> {
    const json = {
      title: titleOf(notice),
      body: `${fenced(notice.lines)}\n\n${markOf(notice.incident.id)}`,
      labels,
    };
    return textAt((await ask({ method: "POST", path: "/issues", json }, signal)).body, "number");
  }

  async function comment(number: string, notice: Notice, attempts: number, signal: AbortSignal): Promise<void> {
    const path = `/issues/${encodeURIComponent(number)}/comments`;
    if (attempts > 1) {
      // Nothing older than this can be it.
      const since = new Date((notice.at - 3600) * 1000).toISOString();
      const { body } = await ask({ method: "GET", path, query: { since, per_page: "100" } }, signal);
      if (Array.isArray(body) && body.some((one) => textAt(one, "body").includes(markOf(notice.id)))) return;
    }
    const text = `${fenced([notice.title, ...notice.lines])}\n\n${markOf(notice.id)}`;
    await ask({ method: "POST", path, json: { body: text } }, signal);
  }

  return {
    name,
    kind: "GitHub issues",
    hasEnd: true,
    async tell(notice, { reference, attempts }, signal) {
      const isFirst = notice.kind === "opened" && attempts === 1;
      const number = reference ?? (isFirst ? "" : await find(notice, signal));
      if (notice.kind === "opened") return number === "" ? create(notice, signal) : number;
      if (number === "")
        return notice.kind === "resolved" || notice.kind === "acknowledged" ? "" : create(notice, signal);
      await comment(number, notice, attempts, signal);
      const state = notice.kind === "resolved" ? "closed" : notice.kind === "again" ? "open" : undefined;
      if (state !== undefined)
        await ask({ method: "PATCH", path: `/issues/${encodeURIComponent(number)}`, json: { state } }, signal);
      return number;
    },
    async check(signal) {
      const { body } = await ask({ method: "GET", path: "" }, signal);
      const hasIssues = (body as { has_issues?: unknown } | undefined)?.has_issues;
      if (hasIssues === false) throw new NeverError(`GitHub ${repository}: issues are turned off there`);
      return `takes the token, and ${repository} has issues`;
    },
  };
}

/** Titles are shown as text, where "@org/team" calls nobody; "#12" and "GH-12" would become links. */
function titleOf({ title }: Notice): string {
  return title.replace(/\s+/g, " ").slice(0, 250);
}

/** A block of code whose fence is longer than any within, so that nothing of the text ends it. */
function fenced(lines: readonly string[]): string {
  const text = lines.join("\n");
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.slice(0, 60_000)}\n${fence}`;
}

/** Seen by nobody, found by the next attempt. Ids are ours: letters, digits, colons and dashes. */
function markOf(id: string): string {
  return `<!-- smartcloudops ${id.replace(/[^\w:.-]/g, "")} -->`;
}
