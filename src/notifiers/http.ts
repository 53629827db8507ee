import { NeverError, NotNowError } from "../util/errors.ts";
import { exchange, WEB_PAGE } from "../util/exchange.ts";
import { inertName } from "../util/inert.ts";
import type { Secret } from "../util/secret.ts";

/** Requests to a target's JSON API, with what goes wrong said as "not now" or "never". */

export type Target = {
  /** How people know it: "PagerDuty (pager)". */
  readonly service: string;
  /** From the configuration alone; paths are put behind it. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** It may answer with anything, and says by its status alone that it took a notice. */
  readonly saysAnything?: true;
  /** PEM of certificate authorities that are trusted instead of the usual ones. */
  readonly ca?: string;
};

export type Asked = {
  readonly method: "GET" | "POST" | "PATCH" | "PUT";
  /** Fixed by our code but for parts that it has encoded. Begins with a slash, or is empty. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Sent as it is, instead of `json`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Answered = { readonly status: number; readonly body: unknown };
export type Ask = (asked: Asked, signal: AbortSignal) => Promise<Answered>;

const MOST_ANSWER = 2 * 1024 * 1024;
const MOST_SENT = 256 * 1024;
/** One exchange, in milliseconds. */
const EXCHANGE_MS = 15_000;
/** Between two tries with a key that was refused, in seconds: somebody has to renew it. */
const REFUSED_SECONDS = 120;
const LONGEST_RETRY_AFTER = 3600;

/**
 * A client for one target. It resolves with the JSON of a 2xx answer, throws `NotNowError` for what may pass (no connection, 408, 425,
 * 429, 5xx, and a refused key, which people renew) and `NeverError` for the rest. No redirect is followed.
 */
export function createAsk({ service, baseUrl, headers, saysAnything, ca }: Target): Ask {
  return async ({ method, path, query = {}, json, text, headers: more }, outer) => {
    const url = new URL(`${baseUrl}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
    if (body !== undefined && Buffer.byteLength(body) > MOST_SENT)
      throw new NeverError(`${service}: what would be sent is larger than ${MOST_SENT / 1024} KB`);
    const done = await exchange({
      method,
      url,
      headers: {
        accept: "application/json",
        "user-agent": "smartcloudops",
        ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
        ...headers,
        ...more,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([outer, AbortSignal.timeout(EXCHANGE_MS)]),
      maxBytes: MOST_ANSWER,
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    outer.throwIfAborted();
    if (done.kind !== "answer") throw new NotNowError(`${service}: ${done.reason}`, 0, "channel");
    const { status } = done;
    const answer = jsonOf(done.body);
    if (status >= 200 && status < 300) {
      if (done.isCut) throw new NeverError(`${service}: its answer is longer than ${MOST_ANSWER / 2 ** 20} MB`);
      if (saysAnything !== true && done.headers["content-type"]?.includes("text/html") === true)
        throw new NotNowError(`${service}: ${WEB_PAGE}`, 0, "channel");
      return { status, body: answer };
    }
    const said = wordsOf(answer);
    const reason = `${service}: ${sayStatus(status)}${said === "" ? "" : `: ${said}`}`;
    if (status === 401 || status === 403) throw new NotNowError(reason, REFUSED_SECONDS, "channel", { answered: true });
    if (status === 408 || status === 425 || status === 429 || status >= 500)
      throw new NotNowError(reason, retryAfter(done.headers["retry-after"]), "channel", { answered: status === 429 });
    throw new NeverError(reason);
  };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function sayStatus(status: number): string {
  if (status === 401 || status === 403) return `it refuses the credentials (${status})`;
  if (status === 404) return "there is no such thing there (404): check its address and names";
  if (status === 429) return "it asks for fewer requests (429)";
  if (status >= 300 && status < 400) return `it answers with a redirect (${status}), which is not followed`;
  return status >= 500 ? `it failed (${status})` : `it refused (${status})`;
}

/** The words in which APIs say what is wrong: `message`, `error`, `errors`, `errorMessages`. */
function wordsOf(answer: unknown): string {
  if (typeof answer !== "object" || answer === null) return "";
  const { message, error, errors, errorMessages } = answer as Readonly<Record<string, unknown>>;
  const nested = typeof error === "object" && error !== null ? (error as { message?: unknown }).message : error;
  const texts = [message, nested, errorMessages, errors].flatMap((one) =>
    typeof one === "string"
      ? [one]
      : Array.isArray(one)
        ? one.map((each) => (typeof each === "string" ? each : JSON.stringify(each)))
        : typeof one === "object" && one !== null
          ? [JSON.stringify(one)]
          : [],
  );
  return inertName(texts.filter((one) => one !== "" && one !== "{}").join("; "), { max: 200 });
}

/** Seconds: RFC 9110, 10.2.3, as a number or a date; an hour at most. */
function retryAfter(header: string | undefined): number {
  if (header === undefined) return 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(LONGEST_RETRY_AFTER, Math.max(0, seconds)) : 0;
}

/** The text at that path of an answer, or "" where there is none. */
export function textAt(body: unknown, ...path: readonly (string | number)[]): string {
  let value = body;
  for (const key of path)
    value = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** The list at that path of an answer, empty where there is none. */
export function listAt(body: unknown, ...path: readonly string[]): readonly unknown[] {
  let value = body;
  for (const key of path)
    value = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
  return Array.isArray(value) ? value : [];
}

export function basicAuth(user: string, password: Secret): string {
  return `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString("base64")}`;
}
