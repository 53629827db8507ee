import type { z } from "zod";
import { RefusedError, UnreachableError } from "../../util/errors.ts";
import { type Answer, exchange } from "../../util/exchange.ts";
import { inertName } from "../../util/inert.ts";
import type { GithubSettings } from "./settings.ts";

export type Sent =
  | { readonly kind: "done"; readonly status: number; readonly body: unknown }
  | { readonly kind: "refused"; readonly status: number; readonly text: string }
  /** Nothing happened. */
  | { readonly kind: "not_sent"; readonly text: string }
  /** It may have happened. */
  | { readonly kind: "unknown"; readonly text: string };

export type GithubApi = {
  readonly service: string;
  /** Reads JSON below /repos/OWNER/NAME. Throws `UnreachableError`, `RefusedError` (404 among them), or the signal's reason. */
  read<T extends z.ZodType>(
    schema: T,
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<z.output<T>>;
  /** Reads a file's text. Throws as `read`. */
  file(path: string, ref: string, signal: AbortSignal): Promise<string>;
  /** Sends a change once. Never throws. */
  post(path: string, body: unknown, signal: AbortSignal): Promise<Sent>;
};

const MOST_ANSWER = 8 * 1024 * 1024;
const READ_MS = 15_000;

/** A client for one repository. Throws an `Error` with a sentence for settings that are not safe. */
export function createApi(settings: GithubSettings): GithubApi {
  const service = `GitHub ${settings.repository}`;
  const where = `The repository ${settings.name}`;
  if (
    !/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9_.-]{1,100}$/.test(settings.repository) ||
    /\/\.{1,2}$/.test(settings.repository)
  )
    throw new Error(`${where} must be written as owner/name: it is ${JSON.stringify(settings.repository)}.`);
  const base = URL.parse(settings.apiUrl ?? "https://api.github.com");
  const isLoopback = base !== null && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(base.hostname);
  if (
    base === null ||
    !(base.protocol === "https:" || (base.protocol === "http:" && isLoopback)) ||
    base.username !== ""
  )
    throw new Error(`${where} needs an api_url that starts with https:// and names a host.`);
  const root = `${base.pathname.replace(/\/+$/, "")}/repos/${settings.repository}`;

  function send(
    method: "GET" | "POST",
    path: string,
    query: Readonly<Record<string, string>>,
    body: unknown,
    signal: AbortSignal,
    accept: string,
  ) {
    const url = new URL(base!);
    url.pathname = `${root}${path}`;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return exchange({
      method,
      url,
      headers: {
        accept,
        authorization: `Bearer ${settings.token.reveal()}`,
        "user-agent": "smartcloudops",
        "x-github-api-version": "2022-11-28",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
      maxBytes: MOST_ANSWER,
    });
  }

  async function answer(
    path: string,
    query: Readonly<Record<string, string>>,
    outer: AbortSignal,
    accept: string,
  ): Promise<Answer> {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(READ_MS)]);
    const done = await send("GET", path, query, undefined, signal, accept);
    outer.throwIfAborted();
    if (done.kind !== "answer") throw new UnreachableError(service, done.reason);
    if (done.status >= 500) throw new UnreachableError(service, `it answered ${done.status}`);
    if (done.status < 200 || done.status >= 300) throw new RefusedError(service, done.status, sayRefusal(path, done));
    return done;
  }

  return {
    service,
    async read(schema, path, query, signal) {
      const { body } = await answer(path, query, signal, "application/vnd.github+json");
      const read = schema.safeParse(jsonOf(body));
      if (read.success) return read.data;
      const [issue] = read.error.issues;
      throw new UnreachableError(service, `its answer is not as expected: ${issue?.path.join(".")} ${issue?.message}`);
    },
    async file(path, ref, signal) {
      const { body } = await answer(`/contents/${path}`, { ref }, signal, "application/vnd.github.raw+json");
      return body.toString("utf8");
    },
    async post(path, body, signal) {
      const done = await send("POST", path, {}, body, signal, "application/vnd.github+json");
      if (done.kind === "not_sent") return { kind: "not_sent", text: `${service}: ${done.reason}.` };
      if (done.kind === "lost") return { kind: "unknown", text: `${service}: ${done.reason}.` };
      if (done.status >= 200 && done.status < 300)
        return { kind: "done", status: done.status, body: jsonOf(done.body) };
      if (done.status >= 500) return { kind: "unknown", text: `${service} answered ${done.status}.` };
      return { kind: "refused", status: done.status, text: sayRefusal(path, done) };
    },
  };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function sayRefusal(path: string, answer: Answer): string {
  const { status, headers } = answer;
  const message = (jsonOf(answer.body) as { message?: unknown } | undefined)?.message;
  const said = typeof message === "string" ? inertName(message, { max: 300 }) : "no reason given";
  if (status === 401) return `it does not accept the token: it is wrong, has expired or was revoked. (${said})`;
  if (
    (status === 403 || status === 429) &&
    (headers["x-ratelimit-remaining"] === "0" || headers["retry-after"] !== undefined)
  )
    return `its rate limit is used up. (${said})`;
  if (status === 403)
    return `the token lacks a right, or GitHub does not allow it now: ${rightFor(path)} is needed. (${said})`;
  if (status === 404) return `there is nothing at ${path}, or the token may not see it: ${rightFor(path)} is needed.`;
  if (status >= 300 && status < 400)
    return "it answers with a redirect, which is not followed: the repository was renamed or moved.";
  return `it refused (${status}): ${said}`;
}

/** The permission of a fine-grained token that a path asks for. */
function rightFor(path: string): string {
  if (path.startsWith("/contents") || path.startsWith("/commits")) return "Contents: read";
  return /\/(?:dispatches|rerun|cancel)$/.test(path) ? "Actions: write" : "Actions: read";
}
