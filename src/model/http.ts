import { setTimeout as sleep } from "node:timers/promises";
import { RefusedError, UnreachableError } from "../util/errors.ts";
import { networkReason, WEB_PAGE } from "../util/exchange.ts";
import { NotSentError, SERVICE, sayStatus } from "./failure.ts";

type Fetch = typeof globalThis.fetch;

export type ModelHttpSettings = {
  /** For one request with its whole body: the SDKs' own time limit ends with the headers. */
  readonly callMs: number;
};

/** An answer of a model is some kilobytes; a stream has each word in a line of some 200 bytes. */
const MOST_BYTES = 4_000_000;
/**
 * What a model asks of tools in one answer, as streamed. Longer than any argument that a tool takes; the SDK reads all that has come of it
 * anew with each piece, so that a hundred thousand characters in small pieces take seconds.
 */
const MOST_ARGUMENTS = 20_000;
/** Whoever asks for more time than this gets it before the next question, not within this one. */
const LONGEST_WAIT_MS = 5_000;
const RETRY_MS = 400;
const AGAIN_MS = 50;

/**
 * The `fetch` that both SDKs are given: one time limit over everything, a cap on bytes, one more try after 429, 5xx and a broken connection, and
 * no request at all while the other side asked to be left alone. Throws `UnreachableError` and `RefusedError`.
 *
 * Gemini's compatible endpoint signs its thoughts in `tool_calls[].extra_content` and wants that back; the SDKs drop what
 * they do not know. So it is remembered here by the call's id, for as long as one conversation lasts.
 */
export function createModelFetch(
  { callMs }: ModelHttpSettings,
  {
    clock,
    random = Math.random,
    send = globalThis.fetch,
  }: { clock: () => number; random?: () => number; send?: Fetch },
): Fetch {
  let closedUntil = 0;
  const extras = new Map<string, unknown>();

  return async (input, init) => {
    if (clock() < closedUntil)
      throw new RefusedError(SERVICE, 429, `it asked to be left alone for ${Math.ceil(closedUntil - clock())} s more`);
    const limit = AbortSignal.timeout(callMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
    const request = { ...init, signal, redirect: "error" as const, body: withExtras(init?.body, extras) };
    for (let tries = 1; ; tries++) {
      const response = await reach(() => send(input, request), init?.signal ?? undefined, limit).catch(
        async (problem: unknown) => {
          // Servers close connections that nobody used for some seconds, at times in the moment in which one is used again.
          if (tries > 1 || !(problem instanceof NotSentError)) throw problem;
          await sleep(AGAIN_MS, undefined, { signal });
          return undefined;
        },
      );
      if (response === undefined) continue;
      if (response.ok && response.headers.get("content-type")?.includes("text/html") !== true)
        return watched(response, extras);
      await response.body?.cancel().catch(() => {});
      if (response.ok) throw new UnreachableError(SERVICE, WEB_PAGE);
      const waitMs = waitOf(response, random);
      if (waitMs === undefined) throw new RefusedError(SERVICE, response.status, sayStatus(response.status));
      if (waitMs > LONGEST_WAIT_MS) closedUntil = clock() + waitMs / 1000;
      if (tries > 1 || waitMs > LONGEST_WAIT_MS)
        throw new RefusedError(SERVICE, response.status, sayStatus(response.status));
      await sleep(waitMs, undefined, { signal });
    }
  };
}

async function reach(
  send: () => Promise<Response>,
  outer: AbortSignal | undefined,
  limit: AbortSignal,
): Promise<Response> {
  try {
    return await send();
  } catch (cause) {
    if (outer?.aborted) throw outer.reason;
    if (limit.aborted) throw new UnreachableError(SERVICE, "it did not answer in time", { cause });
    throw new NotSentError(SERVICE, `no connection (${networkReason(cause)})`, { cause });
  }
}

/** Milliseconds after which it is worth another try; undefined when it is not. */
function waitOf(response: Response, random: () => number): number | undefined {
  if (response.status !== 429 && response.status < 500) return undefined;
  const header = response.headers.get("retry-after");
  if (header === null) return RETRY_MS * (0.5 + random());
  const seconds = /^\d{1,6}$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : RETRY_MS;
}

/** Remembered thoughts of at most so many calls. */
const MOST_EXTRAS = 500;

/** The same answer, cut off when it grows too large, its signatures noted. */
function watched(response: Response, extras: Map<string, unknown>): Response {
  let bytes = 0;
  let argumentsLength = 0;
  let rest = "";
  const decoder = new TextDecoder();
  const isStream = response.headers.get("content-type")?.includes("event-stream") === true;
  const note = (text: string) => {
    if (!text.includes('"tool_calls"')) return;
    try {
      const document = JSON.parse(text);
      noteExtras(document, extras);
      argumentsLength += lengthOfArguments(document);
    } catch {
      // half of a document: whoever reads it says so
    }
  };
  const body = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > MOST_BYTES)
          return controller.error(new UnreachableError(SERVICE, `its answer is larger than ${MOST_BYTES / 1e6} MB`));
        rest += decoder.decode(chunk, { stream: true });
        if (isStream) {
          const lines = rest.split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) if (line.startsWith("data: {")) note(line.slice("data: ".length));
          if (argumentsLength > MOST_ARGUMENTS)
            return controller.error(
              new UnreachableError(SERVICE, `it asks tools in more than ${MOST_ARGUMENTS} characters`),
            );
        }
        controller.enqueue(chunk);
      },
      flush: () => (isStream ? undefined : note(rest)),
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

type Call = { readonly id?: unknown; readonly function?: { readonly arguments?: unknown }; extra_content?: unknown };
type Holder = { readonly tool_calls?: readonly Call[] };

function callsIn(document: unknown): readonly Call[] {
  const { choices } = document as { choices?: readonly { message?: Holder; delta?: Holder }[] };
  return (choices ?? []).flatMap(({ message, delta }) => (message ?? delta)?.tool_calls ?? []);
}

function noteExtras(document: unknown, extras: Map<string, unknown>): void {
  for (const { id, extra_content } of callsIn(document))
    if (typeof id === "string" && extra_content !== undefined) {
      extras.set(id, extra_content);
      if (extras.size > MOST_EXTRAS) extras.delete(extras.keys().next().value!);
    }
}

function lengthOfArguments(document: unknown): number {
  const told = callsIn(document).map((call) => call.function?.arguments);
  return told.reduce<number>((sum, one) => sum + (typeof one === "string" ? one.length : 0), 0);
}

function withExtras(body: RequestInit["body"], extras: ReadonlyMap<string, unknown>): RequestInit["body"] {
  if (extras.size === 0 || typeof body !== "string" || !body.includes("tool_calls")) return body ?? null;
  const document = JSON.parse(body) as { messages?: readonly Holder[] };
  for (const { tool_calls } of document.messages ?? [])
    for (const call of tool_calls ?? []) {
      const extra = extras.get(String(call.id));
      if (extra !== undefined) call.extra_content ??= extra;
    }
  return JSON.stringify(document);
}
