import type { Run } from "../core/ci/run.ts";
import type { AlertEvent } from "../core/incident.ts";
import type { HttpResponse, Route } from "../ports/http.ts";
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

/** A run with its numbers takes some KB, GitHub's whole account of one some ten. */
const LONGEST_RUN = 1_000_000;

/**
 * Where pipelines tell of their runs: GitHub, whose deliveries carry a signature, and anything else, with a bearer token. 200 with what was
 * found once the run outlives a crash; 503 when the store cannot be written.
 */
export function ciRoute({
  secret,
  take,
  read,
}: {
  /** Signs GitHub's deliveries, and is everybody else's token. Without one, runs are taken from this machine only. */
  readonly secret: Secret | undefined;
  readonly read: {
    /** Undefined for a delivery that tells of no run that ended. */
    readonly github: (event: string, body: unknown) => Run | undefined;
    readonly isSigned: (body: Buffer, signature: string, key: string) => boolean;
    readonly other: (body: unknown) => Run;
  };
  /** Keeps the run, and judges it. */
  readonly take: (run: Run) => Promise<Readonly<Record<string, unknown>>>;
}): Route {
  return {
    method: "POST",
    path: "/webhooks/ci",
    bodyBytes: LONGEST_RUN,
    async handle(request): Promise<HttpResponse> {
      const event = request.headers["x-github-event"];
      const signature = request.headers["x-hub-signature-256"];
      const isGitHub = typeof event === "string";
      // What claims to be GitHub's has to be signed by it, wherever it comes from.
      const isSigned =
        secret !== undefined &&
        typeof signature === "string" &&
        read.isSigned(request.body, signature, secret.reveal());
      const isLetIn = isGitHub && secret !== undefined ? isSigned : isTrusted(request, isGitHub ? undefined : secret);
      if (!isLetIn)
        throw new HttpProblem(
          401,
          "unauthorized",
          "Runs are taken from this machine itself, from GitHub with CI_WEBHOOK_SECRET as the webhook's secret, or from callers who send it as a bearer token.",
          { "www-authenticate": "Bearer" },
        );
      let run: Run | undefined;
      try {
        const body: unknown = JSON.parse(request.body.toString("utf8"));
        run = isGitHub ? read.github(event, body) : read.other(body);
      } catch (problem) {
        const why = problem instanceof SyntaxError ? "The body is not JSON." : reasonOf(problem);
        throw new HttpProblem(400, "bad_request", why);
      }
      if (run === undefined) return jsonResponse(200, { status: "ignored" });
      try {
        return jsonResponse(200, await take(run));
      } catch {
        throw new HttpProblem(503, "busy", "The run could not be kept. Send it again.", { "retry-after": "5" });
      }
    },
  };
}
