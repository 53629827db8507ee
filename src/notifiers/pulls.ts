import { createHmac } from "node:crypto";
import { PULLS, type PullLine, type PullNote } from "../core/ci/pull.ts";
import type { Clock } from "../ports/clock.ts";
import type { Queued } from "../ports/outbox.ts";
import { NeverError, reasonOf } from "../util/errors.ts";
import { inert } from "../util/inert.ts";
import type { Secret } from "../util/secret.ts";
import { createAsk, textAt } from "./http.ts";
import type { NotifierSender } from "./sender.ts";

export type PullTarget = { readonly url: string; readonly token: Secret };

/** Seconds after which nobody wants it any more. */
const TOO_OLD = 86_400;
/** Comments of a pull request that an earlier one of ours is looked for among: pages of a hundred. */
const MOST_PAGES = 10;
const PAGE = 100;

/**
 * What carries notes of pipelines to pull requests on GitHub: one comment for each, edited in place
 * (docs.github.com/rest/issues/comments), and states of commits (docs.github.com/rest/commits/statuses). A comment that somebody deleted does
 * not come back.
 */
export function pullSender({ url, token }: PullTarget, { clock }: { readonly clock: Clock }): NotifierSender {
  const ask = createAsk({
    service: "GitHub (pull requests)",
    baseUrl: `${url}/repos`,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token.reveal()}`,
      "x-github-api-version": "2022-11-28",
    },
  });
  let trouble: string | undefined;

  async function comment(
    note: Extract<PullNote, { kind: "comment" }>,
    edited: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const mark = markOf(note, token);
    const json = { body: `${mark}\n${bodyOf(note.lines)}` };
    const known = edited ?? (await find(note, mark, signal));
    if (known === "") {
      const path = `/${note.repository}/issues/${note.number}/comments`;
      return textAt((await ask({ method: "POST", path, json }, signal)).body, "id");
    }
    const path = `/${note.repository}/issues/comments/${encodeURIComponent(known)}`;
    await ask({ method: "PATCH", path, json }, signal);
    return known;
  }

  /** The comment of an earlier attempt: the oldest that begins with our mark, since whoever saw ours can copy it. */
  async function find(
    { repository, number }: Extract<PullNote, { kind: "comment" }>,
    mark: string,
    signal: AbortSignal,
  ): Promise<string> {
    for (let page = 1; page <= MOST_PAGES; page++) {
      const query = { per_page: `${PAGE}`, page: `${page}` };
      const { body } = await ask({ method: "GET", path: `/${repository}/issues/${number}/comments`, query }, signal);
      const all: readonly unknown[] = Array.isArray(body) ? body : [];
      const found = all.find((one) => textAt(one, "body").startsWith(mark));
      if (found !== undefined) return textAt(found, "id");
      if (all.length < PAGE) break;
    }
    return "";
  }

  async function status(note: Extract<PullNote, { kind: "status" }>, signal: AbortSignal): Promise<string> {
    const json = {
      state: note.verdict === "fail" ? "failure" : "success",
      context: inert(`smartcloudops/${note.pipeline}`).slice(0, 200),
      description: shortened(note.verdict === "not judged" ? `Not judged. ${note.reason}` : note.reason, 140),
      ...(note.url !== undefined && { target_url: note.url }),
    };
    await ask({ method: "POST", path: `/${note.repository}/statuses/${note.sha}`, json }, signal);
    return "";
  }

  return {
    platform: PULLS,
    trouble: () => trouble,
    async send(message: Queued, edited, signal) {
      const note = JSON.parse(message.hint ?? "null") as PullNote | null;
      if (note === null) throw new NeverError("it was written by another version of the bot");
      try {
        const reference = note.kind === "comment" ? await comment(note, edited, signal) : await status(note, signal);
        trouble = undefined;
        return reference;
      } catch (problem) {
        if (signal.aborted || problem instanceof NeverError) throw problem;
        trouble = reasonOf(problem);
        if (clock() - message.at > TOO_OLD)
          throw new NeverError(`it could not be told within a day: ${trouble}`, { cause: problem });
        throw problem;
      }
    },
  };
}

/** Asks whether GitHub takes the token. Resolves with what was found, in words; throws as requests do. */
export async function checkPulls({ url, token }: PullTarget, signal: AbortSignal): Promise<string> {
  const headers = { accept: "application/vnd.github+json", authorization: `Bearer ${token.reveal()}` };
  await createAsk({ service: "GitHub (pull requests)", baseUrl: url, headers })(
    { method: "GET", path: "/rate_limit" },
    signal,
  );
  return "takes the token";
}

const WORDS = { pass: "✅ as usual", fail: "❌ unlike earlier runs", "not judged": "➖ not judged" } as const;

/** Markdown of fixed words, in which everything from outside stands in code spans: there, nothing is markup, a mention or a reference. */
function bodyOf(lines: readonly PullLine[]): string {
  const unlike = lines.filter(({ verdict }) => verdict === "fail").length;
  const all = lines.length === 1 ? "The pipeline" : `${lines.length} pipelines`;
  const head =
    unlike === 0
      ? `No pipeline of this pull request is unlike earlier runs.`
      : lines.length === 1
        ? `${all} of this pull request is unlike earlier runs.`
        : `${unlike} of ${all} of this pull request ${unlike === 1 ? "is" : "are"} unlike earlier runs.`;
  return `**${head}**\n\n${lines.map(lineText).join("\n")}\n\n<sub>Told by SmartCloudOps, and edited with each run.</sub>`;
}

function lineText({ pipeline, outcome, verdict, reason, commit, url }: PullLine): string {
  const what = [
    code(pipeline),
    WORDS[verdict],
    ...(outcome === "success" ? [] : [outcome === "failure" ? "the run failed" : "the run was cancelled"]),
    ...(commit === undefined ? [] : [`commit ${code(commit.slice(0, 10))}`]),
    ...(url === undefined ? [] : [`[open the run](<${linkOf(url)}>)`]),
  ];
  return `- ${what.join(" · ")}\n  ${code(reason)}`;
}

/** A span of code whose fence is longer than any within, so that nothing of the text ends it. */
function code(text: string): string {
  const shown = shortened(inert(text), 500);
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = shown === "" || /^[` ]|[` ]$/.test(shown) ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** An address that ends neither the link nor the line. */
function linkOf(url: string): string {
  return new URL(url).href.replace(/[<>\\\s`]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Seen by nobody, found by the next attempt. Of the token, so that nobody can write it before us. */
function markOf({ repository, number }: { readonly repository: string; readonly number: number }, token: Secret) {
  const seal = createHmac("sha256", token.reveal()).update(`${repository}#${number}`).digest("hex").slice(0, 16);
  return `<!-- smartcloudops ci ${seal} -->`;
}
