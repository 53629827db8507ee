import type { Visitor } from "../core/access.ts";
import { type Card, isResponse, type ResponseName } from "../core/card.ts";
import type { Place } from "../core/chat.ts";
import { messageId } from "../core/incident/message.ts";
import { awake, type Response, respond as responded } from "../core/incident/respond.ts";
import { type Incident, isLive } from "../core/incident.ts";
import type { Identity } from "../core/people.ts";
import { isPosted } from "../core/posted.ts";
import { formatDuration } from "../core/units.ts";
import type { Click, Clock, Store } from "../ports.ts";

export type RespondDeps = {
  readonly store: Pick<Store, "incidents" | "outbox" | "audit">;
  readonly clock: Clock;
  readonly identify: (visitor: Visitor) => Identity;
  /** Why somebody who clicked there may not read what stands there, now: a sentence. */
  readonly whyClosed: (visitor: Visitor) => Promise<string | undefined>;
  /** Proposes what may help with it, for somebody, there. */
  readonly fix: (incident: Incident, by: Identity, place: Place) => Promise<Card>;
  /** Incidents were changed by somebody else than the alerts. */
  readonly changed: (incident: Incident, response: Response["kind"]) => void;
};

/** Alerts may change an incident at any moment: then it is read anew, so often. */
const TRIES = 10;

/**
 * A click on an incident's message. None of it changes a system: whoever may read the channel may do it, at once, and it is in the
 * audit. Returns what the person is told alone; the message in the channel follows the store.
 */
export async function respond(deps: RespondDeps, click: Click): Promise<Card> {
  if (!isResponse(click.decision)) return told("That button belongs to a proposal.", "warning");
  if (click.decision === "fix") return proposeFix(deps, click);
  const response = responseOf(click.decision, click.code);
  if (response === undefined)
    return told("I could not read that button. Use the one on the newest message.", "warning");
  for (let tries = 0; tries < TRIES; tries++) {
    const incident = await incidentOf(deps, click);
    if (typeof incident === "string") return told(incident, "warning");
    const who = deps.identify(click.visitor);
    const by = { person: who.person, name: who.name, at: deps.clock() };
    const after = responded(incident, response, by);
    if (!after.ok) return told(after.reason, "info");
    const actor = await deps.store.audit.actorOf(who);
    const entry = {
      actor,
      platform: who.platform,
      action: `${response.kind} incident`,
      id: incident.id,
      hash: "",
      from: incident.status,
      to: after.incident.status,
      reason: response.kind === "snooze" ? `for ${formatDuration(response.seconds)}` : "",
    };
    if (await deps.store.incidents.save({ incidents: [after.incident], alerts: [], entries: [entry] })) {
      deps.changed(after.incident, response.kind);
      return told(DONE[response.kind], "good");
    }
  }
  return told("This incident changes faster than I could write. Please click again.", "warning");
}

/** Whether it can be proposed is up to the policy; here only that the click came from the incident's own message. */
async function proposeFix(deps: RespondDeps, click: Click): Promise<Card> {
  const incident = await incidentOf(deps, click);
  if (typeof incident === "string") return told(incident, "warning");
  return deps.fix(incident, deps.identify(click.visitor), click.visitor.place);
}

type EndSnoozes = Pick<RespondDeps, "store" | "clock"> & { readonly changed: () => void };

/** Ends every snooze whose time is over. Resolves with the seconds until the next one does; undefined when none will. */
export async function endSnoozes({ store, clock, changed }: EndSnoozes) {
  const snoozed = await store.incidents.find({ status: ["snoozed"], limit: 1000 });
  let next: number | undefined;
  for (const incident of snoozed) {
    const left = (incident.snoozed?.until ?? 0) - clock();
    if (left > 0 || !isLive(incident)) {
      next = Math.min(next ?? left, left);
      continue;
    }
    if (await store.incidents.save({ incidents: [awake(incident, clock())], alerts: [], entries: [] })) changed();
    else next = 1;
  }
  return next;
}

function responseOf(decision: Exclude<ResponseName, "fix">, code: string): Response | undefined {
  if (decision !== "snooze") return { kind: decision };
  return /^\d{1,7}$/.test(code) ? { kind: "snooze", seconds: Number(code) } : undefined;
}

const DONE: Readonly<Record<Response["kind"], string>> = {
  acknowledge: "Acknowledged. The message in the channel says so.",
  unacknowledge: "Handed back: it is open again.",
  snooze: "Snoozed. It comes back by itself, and earlier if it gets worse.",
  wake: "It is no longer snoozed.",
};

/** The incident of the message that was clicked on, as it is now; or a sentence why that does not count. */
async function incidentOf(deps: RespondDeps, { proposal: id, visitor, message }: Click): Promise<Incident | string> {
  const { incidents, outbox } = deps.store;
  const incident = await incidents.get(id);
  if (incident === undefined) return "I no longer know this incident.";
  const clicked = { place: visitor.place, message };
  if (!(await isPosted(incident.places, clicked, (at) => outbox.referenceOf(messageId(id, at)))))
    return "That message is not the one in which I showed this incident. Use its own message.";
  return (await deps.whyClosed(visitor)) ?? incident;
}

function told(title: string, tone: Card["tone"]): Card {
  return { title, tone, blocks: [] };
}
