import type { Route } from "../ports/http.ts";
import { reasonOf } from "../util/errors.ts";
import type { Secret } from "../util/secret.ts";
import { HttpProblem, jsonResponse } from "./route.ts";
import { isTrusted } from "./trust.ts";

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
