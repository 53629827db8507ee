import * as z from "zod";
import type { HttpRefusal, HttpResponse } from "../../ports/http.ts";

/** Refusals as RFC 9457 wants them: application/problem+json. */

const TITLES: Readonly<Record<string, string>> = {
  bad_request: "The request cannot be read",
  unauthorized: "No valid token",
  forbidden: "Not open to this token",
  not_found: "Nothing there",
  method_not_allowed: "The API only reads",
  timeout: "The request did not arrive in time",
  too_large: "The body is too long",
  too_many: "Too many calls",
  busy: "Not now",
  internal: "Something went wrong inside the bot",
};

export function problemSchema() {
  return z.object({
    type: z.string().describe("A name of the kind that does not change: urn:smartcloudops:problem:<code>."),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("A sentence: what was wanted, what was found, the cure."),
  });
}

export function problemResponse({ status, code, message, headers }: HttpRefusal): HttpResponse {
  const body: z.infer<ReturnType<typeof problemSchema>> = {
    type: `urn:smartcloudops:problem:${code}`,
    title: TITLES[code] ?? code,
    status,
    detail: message,
  };
  return {
    status,
    headers: { ...headers, "content-type": "application/problem+json; charset=utf-8" },
    body: `${JSON.stringify(body)}\n`,
  };
}
