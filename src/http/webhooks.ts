import type { AlertEvent } from "../core/incident.ts";
import type { HttpResponse, Route } from "../ports.ts";
import { reasonOf } from "../util/errors.ts";
import type { Secret } from "../util/secret.ts";
import { HttpProblem, jsonResponse } from "./route.ts";
import { isTrusted } from "./trust.ts";

/** A delivery of ten thousand alerts takes some ten MB. */
const LONGEST = 48_000_000;

/**
 * Where Alertmanager sends its alerts. 200 once they are stored and outlive a crash; 503 when too much waits or the store cannot be
 * written, so that they are sent again (Alertmanager gives up for good on 4xx, and takes 429 for that too before 0.28).
 */
export function alertmanagerRoute({
  token,
  offer,
  read,
}: {
  readonly token: Secret | undefined;
  /** Stores what a delivery told. */
  readonly offer: (events: readonly AlertEvent[]) => Promise<"taken" | "repeated" | "full">;
  /** What a delivery tells. Throws a sentence for what is none. */
  readonly read: (delivery: unknown) => readonly AlertEvent[];
}): Route {
  return {
    method: "POST",
    path: "/webhooks/alertmanager",
    bodyBytes: LONGEST,
    async handle(request): Promise<HttpResponse> {
      if (!isTrusted(request, token))
        throw new HttpProblem(
          401,
          "unauthorized",
          "Alerts are taken from this machine itself, or from callers who send ALERTMANAGER_WEBHOOK_TOKEN as a bearer token.",
          { "www-authenticate": "Bearer" },
        );
      let events: readonly AlertEvent[];
      try {
        events = read(JSON.parse(request.body.toString("utf8")));
      } catch (problem) {
        const why = problem instanceof SyntaxError ? "The body is not JSON." : reasonOf(problem);
        throw new HttpProblem(400, "bad_request", why);
      }
      const taken = await offer(events).catch(() => "full" as const);
      if (taken === "full")
        throw new HttpProblem(503, "busy", "More waits than can be dealt with. Send it again.", { "retry-after": "5" });
      return jsonResponse(200, { status: "taken" });
    },
  };
}
