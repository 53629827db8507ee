import type { Clock } from "../../ports/clock.ts";
import type { HttpRequest, HttpResponse, Route } from "../../ports/http.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { refusals } from "../../util/refusals.ts";
import type { Secret } from "../../util/secret.ts";
import type { Intake, Verdict } from "./intake.ts";
import { whyUnsigned } from "./signature.ts";

/** Slack's own requests are far smaller. */
const BODY_BYTES = 1_000_000;
const DEEPEST = 50;

export type FrontDeps = {
  readonly signingSecret: Secret;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * The one address for events, commands and clicks. Everything is checked here, before the SDK sees any of it: a body
 * that is not an object ends the SDK's own receiver, and times from the future pass it.
 */
export function slackRoute(deps: FrontDeps): Route {
  const tell: Told = {
    unsigned: refusals(deps.log, "warn", "a request to Slack's address was refused"),
    strange: refusals(deps.log, "warn", "something signed by Slack was refused"),
  };
  return {
    method: "POST",
    path: "/slack/events",
    bodyBytes: BODY_BYTES,
    handle: async (request) => {
      try {
        return await answer(request, deps, tell);
      } catch (err) {
        deps.log.error({ err }, "a request of Slack could not be read");
        return refusal(503, "busy", "Please send it again.");
      }
    },
  };
}

type Told = Record<"unsigned" | "strange", ReturnType<typeof refusals>>;

async function answer(request: HttpRequest, deps: FrontDeps, tell: Told): Promise<HttpResponse> {
  if (request.body.length > BODY_BYTES)
    return refusal(413, "too_large", `The body is longer than ${BODY_BYTES} bytes.`);
  const text = request.body.toString("utf8");
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(one(request.headers["content-type"]) ?? "");
  // Slack checks the certificate with this one, unsigned. Nothing is read from it.
  if (isForm && /^(?:[^&]{0,300}&){0,5}ssl_check=1(?:&|$)/.test(text)) return { status: 200 };
  const unsigned = whyUnsigned(deps.signingSecret.reveal(), request.headers, request.body, deps.clock());
  if (unsigned !== undefined) {
    tell.unsigned({ reason: unsigned, from: request.remoteAddress });
    return refusal(401, "unsigned", "The request does not carry Slack's signature of just now.");
  }
  let body: unknown;
  try {
    body = isForm ? readForm(text) : readJson(text);
  } catch (err) {
    return refusal(400, "bad_request", reasonOf(err));
  }
  const challenge = challengeOf(body);
  if (challenge !== undefined) {
    return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: challenge };
  }
  return said(await deps.intake.offer(body, isForm ? JSON.stringify(body) : text), tell);
}

function said(verdict: Verdict, tell: Told): HttpResponse {
  switch (verdict.kind) {
    case "taken":
    case "repeated":
      return { status: 200 };
    case "malformed":
      return refusal(400, "bad_request", `The body cannot be used: ${verdict.reason}.`);
    case "stranger":
      tell.strange({ reason: verdict.reason });
      return refusal(403, "forbidden", "This bot does not serve that workspace or app.");
    default:
      return refusal(503, "busy", "Please send it again.", { "retry-after": "1" });
  }
}

function readForm(text: string): unknown {
  const form = new URLSearchParams(text);
  const payload = form.get("payload");
  return payload === null ? Object.fromEntries(form) : readJson(payload);
}

/** Throws with a sentence fit for strangers. */
function readJson(text: string): unknown {
  if (isDeeper(text, DEEPEST)) throw new Error(`The body is nested deeper than ${DEEPEST} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("The body is no JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("The body is no object.");
  return value;
}

/** Counts brackets outside of strings, before anything is built from them. */
function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > most) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}

function challengeOf(body: unknown): string | undefined {
  const { type, challenge } = body as { type?: unknown; challenge?: unknown };
  return type === "url_verification" && typeof challenge === "string" ? challenge.slice(0, 1000) : undefined;
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { ...headers, "content-type": "application/json; charset=utf-8" },
    body: `${JSON.stringify({ error: { code, message } })}\n`,
  };
}
