import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { HttpRequest } from "../ports/http.ts";
import { isLoopbackAddress } from "../util/loopback.ts";
import type { Secret } from "../util/secret.ts";

/** The bearer token that came with a request. */
export function bearerOf({ headers }: HttpRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(String(headers.authorization ?? ""))?.[1];
}

/** The caller sent the token, or sits on this machine. */
export function isTrusted(request: HttpRequest, token: Secret | undefined): boolean {
  const sent = bearerOf(request);
  if (token !== undefined && sent !== undefined && equalInConstantTime(sent, token.reveal())) return true;
  return isLocal(request);
}

/**
 * From this machine and not on behalf of somebody else: a proxy on the same machine adds one of these headers, and a
 * web page that had its own name resolve to 127.0.0.1 sends that name as the host. What a header says about where
 * the request came from is never believed.
 */
function isLocal({ remoteAddress, headers }: HttpRequest): boolean {
  const forwarded = Object.keys(headers).some((name) => /^(x-forwarded-.*|x-real-ip|forwarded|via)$/.test(name));
  return !forwarded && isLoopbackAddress(remoteAddress) && isLocalName(String(headers.host ?? ""));
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return name === "localhost" || isIP(name) !== 0;
}

/** Digests have one length, so that neither the length nor the first wrong letter shows in the time it takes. */
export function equalInConstantTime(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
