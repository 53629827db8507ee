import { errors } from "jose";
import type { HttpRequest } from "../../ports/http.ts";
import { UnreachableError } from "../../util/errors.ts";
import { whyNotServiceUrl } from "./hosts.ts";
import { type Activity, readActivity } from "./schema.ts";
import type { Tokens } from "./tokens.ts";

/**
 * What stands before the SDK. The SDK throws before it authenticates, takes empty fields for "nothing to check", lets
 * tokens of any directory in as an emulator's, remembers what unsigned tokens name, and sends its own token wherever an
 * activity says. Nothing reaches it that has not passed here.
 */

export type Verdict =
  | {
      readonly ok: true;
      readonly activity: Activity;
      /** The same with everything that the activity leaves out, and as text. */
      readonly body: unknown;
      readonly json: string;
    }
  | { readonly ok: false; readonly status: 400 | 401 | 403 | 413 | 503; readonly reason: string };

export type Gate = { check(request: Pick<HttpRequest, "body" | "headers">): Promise<Verdict> };

export type GateOptions = {
  /** Undefined lets everything in that comes from loopback: for development on one machine only. */
  readonly tokens: Tokens | undefined;
  /** Directories whose people may use the bot. Not asked for in development. */
  readonly tenants: readonly string[];
  readonly serviceUrls: readonly string[];
  /** Takes the channel "emulator" too. */
  readonly insecureDev: boolean;
};

/** Longest body, in bytes. Activities have some 10 kB. */
export const MAX_BODY = 1_000_000;
const MAX_DEPTH = 50;
const MAX_TOKEN = 16_384;

/** A gate that says of each request whether it is a true activity of the channel for this bot. Never throws. */
export function createGate(options: GateOptions): Gate {
  return {
    async check({ body, headers }) {
      try {
        const read = readBody(body);
        if ("status" in read) return { ok: false, ...read };
        // Who shows no token at all is not told how an activity has to look inside.
        if (options.tokens !== undefined && bearerOf(headers) === undefined)
          return { ok: false, status: 401, reason: "there is no bearer token" };
        const activity = readActivity(read.body);
        if ("problem" in activity) return { ok: false, status: 400, reason: activity.problem };
        const refusal = (await whyNot(activity, headers, options)) ?? whyNotTenant(activity, options);
        return refusal === undefined ? { ok: true, activity, ...read } : { ok: false, ...refusal };
      } catch (problem) {
        if (problem instanceof UnreachableError) return { ok: false, status: 503, reason: problem.message };
        return { ok: false, status: 401, reason: "the token could not be read" };
      }
    },
  };
}

type Refusal = { readonly status: 400 | 401 | 403 | 413 | 503; readonly reason: string };

// ---------------------------------------------------------------- the body

function readBody(body: Buffer): Refusal | { readonly body: unknown; readonly json: string } {
  if (body.length > MAX_BODY) return { status: 413, reason: `the body is longer than ${MAX_BODY} bytes` };
  const json = body.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { status: 400, reason: "the body is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { status: 400, reason: "the body is not a JSON object" };
  if (!isSound(value)) return { status: 400, reason: "the body is nested too deeply or names a prototype" };
  if (typeof (value as { type?: unknown }).type !== "string") return { status: 400, reason: "the body is no activity" };
  return { body: value, json };
}

/** At most `MAX_DEPTH` levels, and no key that would change what an object is. Without recursion: depth is the attack. */
function isSound(root: object): boolean {
  const waiting: { readonly value: object; readonly depth: number }[] = [{ value: root, depth: 1 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > MAX_DEPTH || Object.hasOwn(next.value, "__proto__")) return false;
    for (const child of Object.values(next.value))
      if (typeof child === "object" && child !== null) waiting.push({ value: child, depth: next.depth + 1 });
  }
  return true;
}

// ---------------------------------------------------------------- who sent it

async function whyNot(
  activity: Activity,
  headers: HttpRequest["headers"],
  { tokens, serviceUrls, insecureDev }: GateOptions,
): Promise<Refusal | undefined> {
  if (tokens === undefined) {
    // A web page elsewhere can make a browser post here, but not as JSON without asking first.
    if (!/^application\/json\b/i.test(String(headers["content-type"] ?? "")))
      return { status: 400, reason: "its content type is not JSON" };
    const local = whyNotServiceUrl(activity.serviceUrl, [], true);
    return whyNotChannel(activity, insecureDev) ?? (local === undefined ? undefined : { status: 403, reason: local });
  }
  const bearer = bearerOf(headers);
  if (bearer === undefined) return { status: 401, reason: "there is no bearer token" };
  const claims = await claimsOf(bearer, activity.channelId, tokens);
  if ("status" in claims) return claims;
  const channel = whyNotChannel(activity, insecureDev);
  if (channel !== undefined) return channel;
  const reason = whyNotServiceUrl(activity.serviceUrl, serviceUrls);
  if (reason !== undefined) return { status: 403, reason };
  if (claims.serviceUrl !== activity.serviceUrl)
    return { status: 403, reason: "its serviceUrl is not the one that the token was made for" };
  return undefined;
}

function whyNotChannel({ channelId }: Activity, insecureDev: boolean): Refusal | undefined {
  if (channelId === "msteams" || (insecureDev && channelId === "emulator")) return undefined;
  return { status: 403, reason: "its channel is not Microsoft Teams" };
}

function bearerOf(headers: HttpRequest["headers"]): string | undefined {
  const value = headers.authorization;
  if (typeof value !== "string" || value.length > MAX_TOKEN) return undefined;
  return /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(value)?.[1];
}

async function claimsOf(
  bearer: string,
  channelId: string,
  tokens: Tokens,
): Promise<Refusal | { readonly serviceUrl: unknown }> {
  try {
    const { serviceUrl, endorsements } = await tokens.verify(bearer);
    if (!endorsements.includes(channelId))
      return { status: 403, reason: "the token's key may not sign for that channel" };
    return { serviceUrl };
  } catch (problem) {
    if (problem instanceof UnreachableError) throw problem;
    return {
      status: 401,
      reason: problem instanceof errors.JOSEError ? sayCode(problem.code) : "the token is not valid",
    };
  }
}

/** jose's own code in words: "ERR_JWT_EXPIRED" is "the token is not valid: jwt expired". */
function sayCode(code: string): string {
  return `the token is not valid: ${code.replace(/^ERR_/, "").replaceAll("_", " ").toLowerCase()}`;
}

// ---------------------------------------------------------------- which directory

function whyNotTenant(activity: Activity, { tokens, tenants }: GateOptions): Refusal | undefined {
  if (tokens === undefined) return undefined;
  const named = tenantsOf(activity);
  const [tenant] = named;
  if (tenant === undefined) return { status: 403, reason: "it names no tenant" };
  if (named.length > 1) return { status: 403, reason: "it names two tenants" };
  if (!tenants.some((one) => one.toLowerCase() === tenant))
    return { status: 403, reason: "its tenant is not among those allowed" };
  return undefined;
}

/** The directories that the activity says it belongs to, each once, in lower case. */
function tenantsOf({ conversation, channelData }: Activity): string[] {
  const named = [conversation.tenantId, channelData?.tenant?.id].filter((one) => typeof one === "string" && one !== "");
  return [...new Set(named.map((one) => one!.toLowerCase()))];
}
