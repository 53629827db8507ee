import { createHash } from "node:crypto";
import type { Reception } from "../../ports/chat.ts";
import type { Log } from "../../util/log.ts";
import { Envelope } from "./schema.ts";

/** What becomes of something Slack sent. `taken` is new and may be acknowledged; `repeated` was here before. */
export type Verdict =
  | { readonly kind: "taken" | "repeated" | "full" | "starting" }
  | { readonly kind: "malformed" | "stranger" | "broken"; readonly reason: string };

/** Whom we belong to, as Slack said at the start. */
export type Home = { readonly teams: ReadonlySet<string>; app: string | undefined };

export type Intake = {
  /** Never rejects. `body` is what was parsed from `json`; its origin is already proven. */
  offer(body: unknown, json: string): Promise<Verdict>;
};

/**
 * The gate that everything from Slack passes, in both modes: shape, workspace, app, and whether it was here before. The
 * verdict is there before the work begins, so that it can be acknowledged at once. `home` is undefined until Slack said
 * who we are.
 */
export function createIntake(deps: {
  readonly reception: Pick<Reception, "offer">;
  readonly home: () => Home | undefined;
  readonly log: Log;
}): Intake {
  return {
    async offer(body, json) {
      const home = deps.home();
      if (home === undefined) return { kind: "starting" };
      const envelope = readEnvelope(body);
      if (envelope === undefined) return { kind: "malformed", reason: "this is no event, command or click" };
      const stranger = whyStranger(envelope, home);
      if (stranger !== undefined) return { kind: "stranger", reason: stranger };
      try {
        const kind = await deps.reception.offer(identityOf(envelope, json), body, json);
        if (kind === "taken") home.app ??= envelope.api_app_id;
        return { kind };
      } catch (err) {
        deps.log.error({ err }, "an event of Slack could not be noted, so it waits to be sent again");
        return { kind: "broken", reason: "the store cannot be written" };
      }
    },
  };
}

function readEnvelope(body: unknown): Envelope | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  return Envelope.safeParse(body).data;
}

function whyStranger(envelope: Envelope, home: Home): string | undefined {
  if (home.app !== undefined && envelope.api_app_id !== undefined && envelope.api_app_id !== home.app)
    return "it is meant for another app";
  const team = teamOf(envelope);
  return team !== undefined && home.teams.has(team) ? undefined : "the workspace is not allowed";
}

function teamOf(envelope: Envelope): string | undefined {
  if ("user" in envelope) return envelope.team?.id ?? envelope.user.team_id;
  return envelope.team_id;
}

/** The same for a redelivery, and for a request that somebody recorded and sent again. */
function identityOf(envelope: Envelope, json: string): string {
  if ("event_id" in envelope) return `event:${envelope.event_id}`;
  const kind = "command" in envelope ? "command" : "click";
  const trigger = envelope.trigger_id ?? createHash("sha256").update(json).digest("hex");
  return `${kind}:${trigger}`;
}
