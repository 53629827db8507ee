import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { HttpRequest, Route } from "../ports.ts";
import { reasonOf } from "../util/errors.ts";
import { isLoopbackAddress } from "../util/loopback.ts";
import type { Secret } from "../util/secret.ts";
import { HttpProblem, jsonResponse } from "./route.ts";

/** One thing the bot depends on. `off` is not configured, which is nobody's fault. */
export type Dependency = {
  readonly name: string;
  readonly state: "ok" | "degraded" | "down" | "off";
  readonly detail?: string;
};

/** Kubernetes gives a liveness probe 1 s. Dependencies that have not answered by then make the bot degraded, not dead. */
const HEALTH_MS = 500;

export type OwnRoutes = {
  readonly metricsToken?: Secret | undefined;
  readonly readiness: () => Promise<readonly Dependency[]>;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** How long one look at the dependencies is reused, and how long it may take. Milliseconds. */
  readonly reuseMs: number;
  readonly readinessMs: number;
};

/** `/healthz`, `/readyz` and `/metrics`. */
export function ownRoutes({ metricsToken, readiness, metrics, reuseMs, readinessMs }: OwnRoutes): readonly Route[] {
  const look = reused(() => inTime(readiness, readinessMs), reuseMs);
  return [
    {
      method: "GET",
      path: "/healthz",
      // Always 200: a bot whose Prometheus is down is alive, and must not be restarted for it.
      async handle() {
        const fine = (await inTime(look, Math.min(readinessMs, HEALTH_MS))).every(
          ({ state }) => state === "ok" || state === "off",
        );
        return {
          status: 200,
          headers: { "content-type": "text/plain; charset=utf-8" },
          body: fine ? "ok\n" : "degraded\n",
        };
      },
    },
    {
      method: "GET",
      path: "/readyz",
      async handle(request) {
        const found = await look();
        const ready = found.every(({ state }) => state !== "down");
        const trusted = isTrusted(request, metricsToken);
        const dependencies = found.map(({ name, state, detail }) =>
          trusted ? { name, state, detail } : { name, state },
        );
        return jsonResponse(ready ? 200 : 503, { ready, dependencies });
      },
    },
    {
      method: "GET",
      path: "/metrics",
      async handle(request) {
        if (!isTrusted(request, metricsToken)) {
          throw new HttpProblem(
            401,
            "unauthorized",
            "Metrics are for this machine itself, or for callers who send METRICS_TOKEN as a bearer token.",
            { "www-authenticate": "Bearer" },
          );
        }
        const { contentType, body } = await metrics();
        return { status: 200, headers: { "content-type": contentType }, body };
      },
    },
  ];
}

/** Strangers may ask as often as they like; the dependencies are looked at once in `reuseMs` for all of them. */
function reused<T>(work: () => Promise<T>, reuseMs: number): () => Promise<T> {
  let latest: Promise<T> | undefined;
  return () => {
    if (latest !== undefined) return latest;
    const mine = work();
    latest = mine;
    const forget = () => setTimeout(() => (latest = undefined), reuseMs).unref();
    mine.then(forget, forget);
    return mine;
  };
}

/** A look that hangs or fails is itself the finding. */
async function inTime(readiness: OwnRoutes["readiness"], timeoutMs: number): Promise<readonly Dependency[]> {
  const late = Promise.withResolvers<readonly Dependency[]>();
  const timer = setTimeout(() => late.resolve([unknown(`the checks took more than ${timeoutMs / 1000} s`)]), timeoutMs);
  try {
    return await Promise.race([readiness(), late.promise]);
  } catch (cause) {
    return [unknown(reasonOf(cause))];
  } finally {
    clearTimeout(timer);
  }
}

function unknown(detail: string): Dependency {
  return { name: "checks", state: "down", detail };
}

/** The caller sent the token, or sits on this machine. */
function isTrusted(request: HttpRequest, token: Secret | undefined): boolean {
  const sent = /^Bearer +(\S+)$/i.exec(String(request.headers.authorization ?? ""))?.[1];
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
function equalInConstantTime(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
