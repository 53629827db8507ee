import { createHash } from "node:crypto";
import type { Clock, SeenEvents } from "../../ports.ts";
import type { Log } from "../../util/log.ts";
import { Envelope } from "./schema.ts";

/** What becomes of something Slack sent. `taken` is new and was handed on; `repeated` was handled before. */
export type Verdict =
  | { readonly kind: "taken" | "repeated" | "busy" | "starting" }
  | { readonly kind: "malformed" | "stranger" | "broken"; readonly reason: string };

/** Whom we belong to, as Slack said at the start. */
export type Home = { readonly teams: ReadonlySet<string>; app: string | undefined };

export type IntakeDeps = {
  readonly seen: SeenEvents;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined until Slack said who we are. */
  readonly home: () => Home | undefined;
  /** Does the work. What it rejects with is logged. */
  readonly handle: (body: Record<string, unknown>, retry: Retry) => Promise<void>;
};

export type Retry = { readonly number?: number; readonly reason?: string };

/** Things being worked on at once. Each waits for Prometheus most of its time. */
const MOST = 500;

/**
 * The gate that everything from Slack passes, in both modes: shape, workspace, app, and whether it was here before. The
 * verdict is there before the work begins, so that it can be acknowledged at once.
 */
export class Intake {
  readonly #deps: IntakeDeps;
  readonly #working = new Set<Promise<void>>();
  #closed = false;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Never throws. `body` is what was parsed; its origin is already proven. */
  async offer(body: unknown, retry: Retry = {}): Promise<Verdict> {
    const home = this.#deps.home();
    if (home === undefined || this.#closed) return { kind: "starting" };
    const envelope = readEnvelope(body);
    if (envelope === undefined) return { kind: "malformed", reason: "this is no event, command or click" };
    const stranger = whyStranger(envelope, home);
    if (stranger !== undefined) return { kind: "stranger", reason: stranger };
    if (this.#working.size >= MOST) return { kind: "busy" };
    try {
      const isNew = await this.#deps.seen.first("slack", identityOf(envelope, body), this.#deps.clock());
      if (!isNew) return { kind: "repeated" };
    } catch (err) {
      this.#deps.log.error({ err }, "an event of Slack could not be noted, so it waits to be sent again");
      return { kind: "broken", reason: "the store cannot be written" };
    }
    home.app ??= envelope.api_app_id;
    this.#work(body as Record<string, unknown>, retry);
    return { kind: "taken" };
  }

  /** Takes nothing more and waits for what is under way, at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.all(this.#working), late]);
    clearTimeout(timer);
  }

  #work(body: Record<string, unknown>, retry: Retry): void {
    // The acknowledgement leaves first: work begins in the next turn of the event loop.
    const work = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#deps.handle(body, retry))
      .catch((err: unknown) => this.#deps.log.error({ err }, "something from Slack could not be handled"))
      .finally(() => this.#working.delete(work));
    this.#working.add(work);
  }
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
function identityOf(envelope: Envelope, body: unknown): string {
  if ("event_id" in envelope) return `event:${envelope.event_id}`;
  const kind = "command" in envelope ? "command" : "click";
  const trigger = envelope.trigger_id ?? createHash("sha256").update(JSON.stringify(body)).digest("hex");
  return `${kind}:${trigger}`;
}
