import { readFileSync } from "node:fs";
import type { Agent, IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { BusyError, createDependencies, type Dependencies, RestingError, type Verdict } from "../util/dependencies.ts";
import { RefusedError, UnreachableError } from "../util/errors.ts";
import { sayNetwork, sayStatus, tooLarge } from "./say.ts";

// Importing node:http reads all its exports, and with them loads the whole of fetch, which we do not use: 50 ms and 10 MB.
const http = process.getBuiltinModule("node:http");
// With it comes what TLS needs, 10 ms that an address with http:// does not wait for.
const https = () => process.getBuiltinModule("node:https");

/** A secret that prints as something else; only `reveal` gives it away. */
export type Hidden = { reveal(): string };

export type HttpSettings = {
  /** Its name among the dependencies, such as `prometheus/main`. */
  readonly dependency: string;
  /** How messages name the other side, e.g. `Prometheus (prod)`. Never an address with credentials. */
  readonly service: string;
  /** Base address; its path is kept as a prefix. User and password in it become basic authentication. */
  readonly url: string;
  readonly bearerToken?: Hidden | undefined;
  readonly basic?: { readonly user: string; readonly password: Hidden } | undefined;
  /** Sent with each request, e.g. `X-Scope-OrgID` for Mimir. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** PEM file with certificate authorities trusted besides the usual ones. */
  readonly caFile?: string | undefined;
  /** For one whole call: waiting for a free slot, retries and reading included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly maxConcurrent: number;
};

export type HttpEvent = {
  readonly api: string;
  readonly outcome: "ok" | "refused" | "unreachable" | "guarded";
  readonly seconds: number;
};

export type HttpDeps = {
  /** Unix seconds. */
  readonly clock: () => number;
  /** From [0, 1): spreads retries. */
  readonly random?: () => number;
  readonly observe?: (event: HttpEvent) => void;
  /** What the bot calls, each with its breaker. One of its own unless given. */
  readonly dependencies?: Dependencies | undefined;
};

export type HttpRequest = {
  /** Short name for counters and messages. */
  readonly api: string;
  /** Fixed by the caller's code, never made from what a person typed. Starts with a slash. */
  readonly path: string;
  readonly params?: readonly (readonly [name: string, value: string])[];
  /** `post` sends the parameters as a form, and as a GET where the server knows no POST (405). */
  readonly post?: boolean;
  /** Changes something, with this as JSON. Sent once: what may have arrived is not sent again. */
  readonly write?: { readonly method: "POST" | "DELETE"; readonly json?: unknown };
  /** Return the body's text instead of parsing it, for who parses a large one in steps. */
  readonly asText?: boolean;
  readonly signal?: AbortSignal | undefined;
};

export type JsonHttp = {
  /**
   * Asks and returns the parsed JSON body of a 2xx answer. Throws `UnreachableError` when nothing usable came back,
   * `RefusedError` when the other side said no, and the signal's reason when the caller gave up.
   */
  json(request: HttpRequest): Promise<unknown>;
  /** Closes idle connections. */
  close(): void;
};

/** More answer than we are ready to hold. The query's fault, so the breaker does not count it. */
export class TooLargeError extends UnreachableError {}

/** Those that wait cost some hundred bytes each. One question asks for up to some thirty things at the same time. */
const QUEUE = 4096;
const RETRIES = 2;
const LONGEST_RETRY_AFTER_MS = 5_000;

/** Makes a client for one JSON API. Throws when the address is none, or the CA file cannot be read. */
export function createHttp(settings: HttpSettings, deps: HttpDeps): JsonHttp {
  const base = baseOf(settings);
  const client = base.protocol === "https:" ? https() : http;
  const agent = agentOf(settings, base);
  const headers = headersOf(settings, base);
  const prefix = base.pathname.replace(/\/+$/, "");
  const random = deps.random ?? Math.random;
  const service = settings.service;
  const dependency = (deps.dependencies ?? createDependencies()).of(settings.dependency, {
    ...{ service, verdict, atOnce: settings.maxConcurrent, queue: QUEUE },
  });
  let postWorks = true;

  async function json(request: HttpRequest): Promise<unknown> {
    const started = deps.clock();
    const report = (outcome: HttpEvent["outcome"]) =>
      deps.observe?.({ api: request.api, outcome, seconds: Math.max(0, deps.clock() - started) });
    const limit = deadline(settings.timeoutMs, request.signal);
    try {
      const work = dependency.ask(() => {
        limit.begin(); // the time in the queue is not the other side's, and does not count against it
        return withRetries(request, limit.signal).catch((error: unknown) => {
          throw explain(error, limit.passed());
        });
      });
      const body = await untilAborted(work, limit.signal);
      report("ok");
      return body;
    } catch (error) {
      request.signal?.throwIfAborted();
      const failure = explain(error, limit.passed());
      report(failure instanceof RefusedError ? "refused" : "unreachable");
      throw failure;
    } finally {
      limit.clear();
    }
  }

  /** What went wrong, in our words. Mistakes of ours pass unchanged. */
  function explain(error: unknown, deadlinePassed: boolean): unknown {
    if (error instanceof RestingError || error instanceof BusyError) return error;
    if (deadlinePassed && !(error instanceof RefusedError)) {
      return new UnreachableError(
        service,
        `no complete answer within ${settings.timeoutMs / 1000} s. It may be overloaded or the query too heavy: ask for less, or try again.`,
        { cause: error },
      );
    }
    return error;
  }

  async function withRetries(request: HttpRequest, signal: AbortSignal): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        return await once(request, signal);
      } catch (error) {
        const isOnce = request.write !== undefined;
        if (signal.aborted || isOnce || attempt >= RETRIES || !(error instanceof Answered) || !error.again) throw error;
        // Full jitter (Brooker, "Exponential backoff and jitter"), on top of what the server asked for.
        const waitMs = error.retryAfterMs + random() * 100 * 2 ** attempt;
        if (waitMs > LONGEST_RETRY_AFTER_MS) throw error;
        await sleep(waitMs, undefined, { signal });
      }
    }
  }

  async function once(request: HttpRequest, signal: AbortSignal): Promise<unknown> {
    const form = new URLSearchParams(request.params?.map(([name, value]) => [name, value]) ?? []).toString();
    if (request.write !== undefined) {
      const { method, json } = request.write;
      const text = json === undefined ? "" : JSON.stringify(json);
      return readBody(await exchange(method, request.path, text, signal, "application/json"), {
        ...request,
        asText: method === "DELETE",
      });
    }
    if (request.post !== true || !postWorks) return readBody(await send("GET", request.path, form, signal), request);
    const answer = await send("POST", request.path, form, signal);
    if (answer.status !== 405) return readBody(answer, request);
    postWorks = false;
    return readBody(await send("GET", request.path, form, signal), request);
  }

  /** One exchange. Retries by itself only when a kept connection turned out to be closed by the other side. */
  async function send(method: "GET" | "POST", path: string, form: string, signal: AbortSignal): Promise<Answer> {
    try {
      return await exchange(method, path, form, signal);
    } catch (error) {
      if (!(error instanceof ClosedWhileIdle)) throw error;
      return await exchange(method, path, form, signal);
    }
  }

  function exchange(
    method: "GET" | "POST" | "DELETE",
    path: string,
    form: string,
    signal: AbortSignal,
    type = "application/x-www-form-urlencoded",
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // A caller who left, or a deadline, shows as a network error too: keep what it was.
      const fail = (error: Error) => reject(signal.aborted ? signal.reason : error);
      const query = method === "GET" && form !== "" ? `?${form}` : "";
      const request = client.request(
        {
          protocol: base.protocol,
          hostname: base.hostname.replace(/^\[|\]$/g, ""),
          port: base.port,
          path: `${prefix}${path}${query}`,
          method,
          agent,
          signal,
          headers:
            method === "GET"
              ? headers
              : {
                  ...headers,
                  "content-type": type,
                  "content-length": Buffer.byteLength(form),
                },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes <= settings.maxBytes) {
              chunks.push(chunk);
              return;
            }
            reject(new TooLargeError(service, tooLarge(settings.maxBytes)));
            request.destroy();
          });
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks, bytes),
            }),
          );
          response.on("error", (cause) => fail(networkError(cause)));
          response.on("close", () => fail(networkError(new Error("closed early"))));
        },
      );
      request.on("error", (cause: NodeJS.ErrnoException) => {
        const idle = request.reusedSocket && (cause.code === "ECONNRESET" || cause.code === "EPIPE");
        fail(idle ? new ClosedWhileIdle() : networkError(cause));
      });
      request.end(method === "GET" ? undefined : form);
    });
  }

  function readBody(answer: Answer, request: HttpRequest): unknown {
    const { status } = answer;
    if (status >= 200 && status < 300)
      return request.asText === true && !isHtml(answer) ? answer.body.toString("utf8") : parse(answer);
    const said = errorIn(answer);
    if (status >= 300 && status < 400) {
      throw new Answered(
        service,
        status,
        `it answered with a redirect (${status}), which is not followed. Configure the address it really lives at.`,
      );
    }
    if (status === 401 || status === 403) {
      throw new Answered(
        service,
        status,
        `it does not let us in (${status}). Check the token, user or tenant that is configured for it.`,
      );
    }
    if (status === 404) {
      throw new Answered(
        service,
        status,
        `there is no such API at that address (404). Check the address and its path.`,
      );
    }
    const waitMs = retryAfterMs(answer.headers["retry-after"], deps.clock());
    const later = waitMs > 0 ? ` It asks to wait ${Math.ceil(waitMs / 1000)} s.` : "";
    const answered = new Answered(service, status, `${said?.error ?? sayStatus(status)}${later}`);
    // A query that ran into the server's own limit would only do so again.
    const hopeless = said?.errorType === "timeout" || said?.errorType === "canceled";
    answered.again = !hopeless && (status === 429 || status === 503);
    answered.retryAfterMs = waitMs;
    throw answered;
  }

  function parse(answer: Answer): unknown {
    try {
      return JSON.parse(answer.body.toString("utf8"));
    } catch (cause) {
      if (isHtml(answer)) {
        throw new UnreachableError(
          service,
          "a web page came back instead of data. The address probably leads to a login page or a proxy.",
        );
      }
      throw new UnreachableError(service, "its answer is not complete JSON, so nothing of it was used.", { cause });
    }
  }

  function networkError(cause: NodeJS.ErrnoException): UnreachableError {
    return new UnreachableError(service, sayNetwork(cause, base.host), { cause });
  }

  return { json, close: () => agent.destroy() };
}

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };

/** A refusal that knows whether asking again may help. */
class Answered extends RefusedError {
  again = false;
  retryAfterMs = 0;
}

class ClosedWhileIdle extends Error {}

/** Failures of the other side open the breaker; a refused or oversized query, or a caller who left, does not. */
function verdict(error: unknown): Verdict {
  if (error instanceof TooLargeError) return "alive";
  if (error instanceof RefusedError) return error.status >= 500 ? "failure" : "alive";
  return error instanceof UnreachableError ? "failure" : "unknown";
}

/** A signal that fires `ms` after `begin`, or when `outer` does. `passed` tells which. */
function deadline(ms: number, outer: AbortSignal | undefined) {
  const controller = new AbortController();
  let passed = false;
  let timer: NodeJS.Timeout | undefined;
  const leave = () => controller.abort(outer?.reason);
  if (outer?.aborted === true) leave();
  else outer?.addEventListener("abort", leave, { once: true });
  return {
    signal: controller.signal,
    begin: () => {
      timer = setTimeout(() => {
        passed = true;
        controller.abort(new Error("deadline passed"));
      }, ms);
    },
    passed: () => passed,
    clear: () => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", leave);
    },
  };
}

/** Stops waiting when the signal fires, even while the work still stands in the queue. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

function baseOf(settings: HttpSettings): URL {
  const base = URL.parse(settings.url);
  if (base === null || (base.protocol !== "http:" && base.protocol !== "https:")) {
    throw new Error(`${settings.service}: the address must start with http:// or https:// and name a host.`);
  }
  return base;
}

function agentOf(settings: HttpSettings, base: URL): Agent {
  const options = { keepAlive: true, maxSockets: settings.maxConcurrent, timeout: 60_000 };
  if (base.protocol === "http:") return new http.Agent(options);
  if (settings.caFile === undefined) return new (https().Agent)(options);
  const tls = process.getBuiltinModule("node:tls");
  return new (https().Agent)({
    ...options,
    ca: [...tls.getCACertificates("default"), readFileSync(settings.caFile, "utf8")],
  });
}

function headersOf(settings: HttpSettings, base: URL): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json", ...settings.headers };
  const basic =
    settings.basic !== undefined
      ? `${settings.basic.user}:${settings.basic.password.reveal()}`
      : base.username !== ""
        ? `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`
        : undefined;
  if (settings.bearerToken !== undefined) headers.authorization = `Bearer ${settings.bearerToken.reveal()}`;
  else if (basic !== undefined) headers.authorization = `Basic ${Buffer.from(basic).toString("base64")}`;
  return headers;
}

function errorIn(answer: Answer): { error: string | undefined; errorType: string | undefined } | undefined {
  if (isHtml(answer) || answer.body.length > 65_536) return undefined;
  try {
    const body: unknown = JSON.parse(answer.body.toString("utf8"));
    if (typeof body !== "object" || body === null) return undefined;
    const { error, errorType } = body as { error?: unknown; errorType?: unknown };
    return {
      error: typeof error === "string" ? error.slice(0, 500) : undefined,
      errorType: typeof errorType === "string" ? errorType : undefined,
    };
  } catch {
    return undefined;
  }
}

function isHtml(answer: Answer): boolean {
  return (
    (answer.headers["content-type"] ?? "").includes("html") ||
    answer.body.subarray(0, 64).toString("latin1").trimStart().startsWith("<")
  );
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : Date.parse(header) / 1000 - now;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : 0;
}
