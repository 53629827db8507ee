import { mangle } from "../bench/mangle.ts";
import type { Sent } from "./request.ts";

/** Mangled calls of the API, and mangled forms. */

/** Of each call the path, with an id where it has one. test/chaos/fuzz-shots.test.ts holds them against the API's own document. */
export const API_PATHS = [
  "/api/v1/ask",
  "/api/v1/incidents",
  "/api/v1/incidents/inc-00000000",
  "/api/v1/anomalies",
  "/api/v1/proposals",
  "/api/v1/digests",
  "/api/v1/audit",
  "/api/v1/openapi.json",
] as const;

const QUERIES = ["limit", "cursor", "since", "until", "status", "severity", "environment", "kind", "id", "__proto__"];
const VALUES = [
  "",
  "0",
  "-1",
  "1e99",
  "NaN",
  "2026-01-01T00:00:00Z",
  "open",
  "critical",
  "%00",
  "%ff",
  "é",
  "[]",
  "{}",
  "null",
];

/** One call with that secret: a path, a query and a body that are mostly wrong. `chance` gives numbers in [0, 1). */
export function apiShot(secret: string, chance: () => number): Sent {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!;
  const parts = Array.from(
    { length: Math.floor(chance() * 4) },
    () => `${pick(QUERIES)}=${pick([...VALUES, cursor(chance)])}`,
  );
  const path = `${pick(API_PATHS)}${pick(["", "", "", "/", "/x", "%2e%2e"])}${parts.length === 0 ? "" : `?${parts.join("&")}`}`;
  const method = path.startsWith("/api/v1/ask")
    ? pick(["POST", "POST", "GET"])
    : pick(["GET", "GET", "HEAD", "POST", "DELETE"]);
  const body = method === "POST" ? mangle({ text: "status", thread: "t", brief: true }, chance) : "";
  return { method, path, headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" }, body };
}

/** What a cursor may look like to whoever reads it: base64 of JSON that is none of ours. */
function cursor(chance: () => number): string {
  return encodeURIComponent(Buffer.from(mangle({ at: 1, id: "inc-1", v: 1 }, chance)).toString("base64url"));
}

/** A form of which some fields are gone, doubled, mangled or of another name. */
export function mangledForm(form: Readonly<Record<string, string>>, chance: () => number): string {
  const out = new URLSearchParams();
  for (const [name, text] of Object.entries(form)) {
    const dice = chance();
    if (dice < 0.1) continue;
    out.append(dice < 0.2 ? `${name}[]` : name, dice < 0.4 ? mangle({ [name]: text }, chance) : text);
    if (dice > 0.95) out.append(name, text);
  }
  return out.toString();
}
