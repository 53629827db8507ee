import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Action, Arguments, Ran, RunContext } from "../../ports/changes.ts";
import { canonicalJson, type Json } from "../../util/canonical.ts";
import { RefusedError, reasonOf, UnreachableError } from "../../util/errors.ts";
import type { Answer, Exchanged } from "../../util/exchange.ts";
import { inertName } from "../../util/inert.ts";
import { choose } from "../shared/choose.ts";
import { pause } from "../shared/deadline.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { MOST_OUTPUT, outputOf, type Redact, redactLines } from "../shared/output.ts";
import { argumentsOf, checkWith, entryName, oneOf, readWith, urlPath } from "../shared/patterns.ts";
import { systemResolve } from "./address.ts";
import { createEndpoint, type Endpoint, isGood } from "./endpoint.ts";
import type { HttpSettings, Resolve } from "./settings.ts";

const MOST_BODY = 16 * 1024;
/** Attempts in all, for an endpoint that says it is idempotent. */
const ATTEMPTS = 3;
const WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

const CallArgs = argumentsOf({
  endpoint: entryName.optional(),
  method: oneOf("POST", "PUT", "PATCH", "DELETE"),
  path: urlPath,
  body: z.json().optional(),
});
const GetArgs = argumentsOf({ endpoint: entryName.optional(), path: urlPath });

/**
 * The actions `http/*`: calls of configured endpoints, to their listed hosts only. Each call resolves the host once, checks
 * every address (http/address.ts) and connects to what was checked; redirects are refused. Throws an `Error` with a sentence
 * for settings that are not safe.
 */
export function createHttpActions(
  settings: readonly HttpSettings[],
  deps: ActionDeps,
  options: { readonly resolve?: Resolve; readonly waitMs?: number } = {},
): readonly Action[] {
  const endpoints = settings.map((one) => createEndpoint(one, options.resolve ?? systemResolve));
  const tokens = settings.flatMap(({ token }) => (token === undefined ? [] : [token]));
  const redact = redactLines([...deps.secrets, ...tokens]);
  return [call(endpoints, redact, options.waitMs ?? WAIT_MS), get(endpoints, redact)];
}

type Placed<A> =
  | { readonly kind: "placed"; readonly endpoint: Endpoint; readonly read: A; readonly url: URL }
  | { readonly kind: "wrong"; readonly why: string };

function place<A extends { readonly endpoint?: string | undefined; readonly path: string }>(
  endpoints: readonly Endpoint[],
  schema: z.ZodType<A>,
  args: Arguments,
): Placed<A> {
  const wrong = checkWith(schema, args);
  if (wrong !== undefined) return { kind: "wrong", why: wrong };
  const read = readWith(schema, args);
  const chosen = choose(endpoints, read.endpoint, "endpoint");
  if (chosen.kind === "none") return { kind: "wrong", why: chosen.why };
  const located = chosen.entry.locate(read.path);
  if (located.kind === "refused") return { kind: "wrong", why: located.why };
  return { kind: "placed", endpoint: chosen.entry, read, url: located.url };
}

/** A change by one request, with the key in `Idempotency-Key` and the fence in `X-SCO-Fence`. */
function call(endpoints: readonly Endpoint[], redact: Redact, waitMs: number): Action {
  const ran = (outcome: Ran["outcome"], text: string): Ran => ({ outcome, output: outputOf(text, redact) });
  const placeCall = (args: Arguments): Placed<z.output<typeof CallArgs>> => {
    const placed = place(endpoints, CallArgs, args);
    if (placed.kind === "wrong" || placed.read.body === undefined) return placed;
    const bytes = Buffer.byteLength(JSON.stringify(placed.read.body));
    return bytes <= MOST_BODY
      ? placed
      : { kind: "wrong", why: `body must be at most ${MOST_BODY} bytes of JSON: it has ${bytes}.` };
  };
  const mustPlace = (args: Arguments) => {
    const placed = placeCall(args);
    if (placed.kind === "wrong") throw new RefusedError("HTTP", 400, placed.why);
    return placed;
  };

  async function once(placed: Extract<Placed<z.output<typeof CallArgs>>, { kind: "placed" }>, context: RunContext) {
    const { method, path, body } = placed.read;
    return placed.endpoint.call({
      method,
      path,
      headers: { "idempotency-key": context.key, "x-sco-fence": String(context.fence) },
      ...(body === undefined ? {} : { body: canonicalJson(body as Json) }),
      signal: context.signal,
      maxBytes: MOST_OUTPUT,
    });
  }

  return {
    name: "http/call",
    changes: true,
    check(args) {
      const placed = placeCall(args);
      return placed.kind === "wrong" ? placed.why : undefined;
    },
    async look(args) {
      const { endpoint, read, url } = mustPlace(args);
      return {
        identity: identityOf(endpoint, url),
        precondition: {},
        captured: {},
        facts: [
          `It sends ${read.method} ${url.href}${read.body === undefined ? "" : ` with ${canonicalJson(read.body as Json)}`}.`,
          endpoint.settings.idempotent === true
            ? "The endpoint does a change once for its key, so a lost answer is asked for again."
            : "A lost answer is not asked for again: the outcome is unknown then.",
        ],
        blast: { kind: "unknown", text: "What the endpoint does with it is not visible from here." },
      };
    },
    async simulate(args) {
      const { url, read } = mustPlace(args);
      return { kind: "cannot", why: `HTTP has no dry run: ${read.method} ${url.href} would be sent.` };
    },
    async run(args, context) {
      const placed = placeCall(args);
      if (placed.kind === "wrong") return ran("failed", `${placed.why} Nothing was sent.`);
      const { endpoint, read, url } = placed;
      const what = `${read.method} ${url.href}`;
      if (!isDeepStrictEqual(identityOf(endpoint, url), context.identity))
        return ran(
          "failed",
          `The endpoint ${endpoint.name} is at another address than when it was approved. Nothing was sent.`,
        );
      let maybe = false; // whether an attempt may have had its effect
      for (let attempt = 1; ; attempt++) {
        const done = await once(placed, context);
        if (done.kind === "refused") return ran("failed", `${what}: ${done.why} Nothing was sent.`);
        if (done.kind === "answer" && isGood(done)) return ran("succeeded", `${what}: ${sayAnswer(done)}`);
        const isIdempotent = endpoint.settings.idempotent === true;
        if (done.kind === "lost" || (done.kind === "answer" && mayBeDone(done, isIdempotent))) maybe = true;
        const wait =
          done.kind === "answer" ? retryAfterMs(done, waitMs * 2 ** (attempt - 1)) : waitMs * 2 ** (attempt - 1);
        const again =
          isIdempotent && attempt < ATTEMPTS && wait <= LONGEST_WAIT_MS && !(done.kind === "answer" && isFinal(done));
        if (again) context.progress(`attempt ${attempt}: ${sayTrouble(done)} The same key is sent again.`);
        if (again && (await pause(wait, context.signal))) continue;
        const said = `${what}: ${done.kind === "answer" ? sayRefusal(done) : sayTrouble(done)}`;
        return maybe
          ? ran("unknown", `${said} Whether it was done is not known.`)
          : ran("failed", `${said} Nothing was done.`);
      }
    },
    async probe(args, { key, identity, signal }) {
      const placed = placeCall(args);
      if (placed.kind === "wrong") return { found: "unknown", text: placed.why };
      const { endpoint, url } = placed;
      // Another service has never heard of the key, which says nothing about the one that was called.
      if (!isDeepStrictEqual(identityOf(endpoint, url), identity))
        return {
          found: "unknown",
          text: `The endpoint ${endpoint.name} is at another address than when it was approved, so it cannot be asked.`,
        };
      const { statusPath } = endpoint.settings;
      if (statusPath === undefined)
        return { found: "unknown", text: `The endpoint ${endpoint.name} has no status_path, so it cannot be asked.` };
      const path = statusPath.replaceAll("{key}", encodeURIComponent(key));
      const done = await endpoint.call({ method: "GET", path, signal, maxBytes: MOST_OUTPUT });
      if (done.kind !== "answer")
        return { found: "unknown", text: `It cannot be asked: ${done.kind === "refused" ? done.why : done.reason}` };
      const text = outputOf(`${endpoint.name} answers for this key: ${sayAnswer(done)}`, redact, 2048);
      if (isGood(done)) return { found: "ran", text };
      return { found: done.status === 404 || done.status === 410 ? "not_run" : "unknown", text };
    },
  };
}

/** What is called: the whole address, since a path before it may lead to another environment. */
function identityOf(endpoint: Endpoint, url: URL): Readonly<Record<string, string>> {
  return { endpoint: endpoint.name, url: url.href };
}

/** One GET. */
function get(endpoints: readonly Endpoint[], redact: Redact): Action {
  async function text(args: Arguments, signal: AbortSignal): Promise<string> {
    const placed = place(endpoints, GetArgs, args);
    if (placed.kind === "wrong") throw new RefusedError("HTTP", 400, placed.why);
    const { endpoint, read } = placed;
    const done = await endpoint.call({ method: "GET", path: read.path, signal, maxBytes: MOST_OUTPUT });
    signal.throwIfAborted();
    if (done.kind === "refused") throw new RefusedError(endpoint.name, 400, done.why);
    if (done.kind !== "answer") throw new UnreachableError(endpoint.name, done.reason);
    if (!isGood(done)) throw new RefusedError(endpoint.name, done.status, sayRefusal(done));
    return outputOf(done.body.toString("utf8"), redact);
  }
  return {
    name: "http/get",
    changes: false,
    check(args) {
      const placed = place(endpoints, GetArgs, args);
      return placed.kind === "wrong" ? placed.why : undefined;
    },
    async look(args, signal) {
      const said = await text(args, signal);
      return {
        identity: {},
        precondition: {},
        captured: {},
        facts: [inertName(said, { max: 500 })],
        blast: { kind: "known", text: "It only reads." },
      };
    },
    async simulate() {
      return { kind: "simulated", text: "It only reads: running it changes nothing." };
    },
    async run(args, { signal }) {
      try {
        return { outcome: "succeeded", output: await text(args, signal) };
      } catch (error) {
        return { outcome: "failed", output: outputOf(reasonOf(error), redact) };
      }
    },
    async probe() {
      return { found: "not_run", isSure: true, text: "It only reads: whether it ran makes no difference." };
    },
  };
}

/**
 * Whether an answer that is no success leaves open what happened. 5xx; 409 of an idempotent endpoint: an earlier one with that key
 * still runs (draft-ietf-httpapi-idempotency-key-header); 300 to 303: a service may send whoever posted on to a page that shows
 * what it did, by 303 (RFC 9110, 15.4.4) or as older ones do. 307 and 308 ask for the same request elsewhere: it was not done.
 */
function mayBeDone({ status }: Answer, isIdempotent: boolean): boolean {
  return status >= 500 || (isIdempotent && status === 409) || (status >= 300 && status <= 303);
}

/** 4xx and redirects, but for those that ask to come again: asking again would be no use. */
function isFinal({ status }: Answer): boolean {
  return status < 500 && ![408, 409, 425, 429].includes(status);
}

function sayAnswer({ status, body }: Answer): string {
  const said = body.toString("utf8").trim();
  return said === "" ? `it answered ${status}.` : `it answered ${status}: ${said}`;
}

function sayRefusal(answer: Answer): string {
  const { status } = answer;
  if (status >= 300 && status < 400)
    return `it answered with a redirect (${status}), which is not followed: configure the address it really lives at.`;
  if (status === 401 || status === 403)
    return `it does not let us in (${status}): the token lacks the right for that call. ${sayAnswer(answer)}`;
  return sayAnswer(answer);
}

function sayTrouble(done: Exchanged): string {
  return done.kind === "answer" ? sayAnswer(done) : `${done.reason}.`;
}

/** RFC 9110, 10.2.3, as seconds. */
function retryAfterMs({ headers }: Answer, otherwise: number): number {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : otherwise;
}
