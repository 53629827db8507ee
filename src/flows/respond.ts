import type { Visitor } from "../core/access.ts";
import { type Card, isResponse } from "../core/card.ts";
import type { Place } from "../core/chat.ts";
import { isKeptBack } from "../core/incident/maintenance.ts";
import { messageId } from "../core/incident/message.ts";
import { awake, type Response, respond as responded } from "../core/incident/respond.ts";
import { type Incident, isLive } from "../core/incident.ts";
import type { Identity } from "../core/people.ts";
import { isPosted } from "../core/posted.ts";
import { formatDuration } from "../core/units.ts";
import { readUntil } from "../core/until.ts";
import type { Click } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { inertName } from "../util/inert.ts";

export type RespondDeps = {
  readonly store: Pick<Store, "incidents" | "outbox" | "audit">;
  readonly clock: Clock;
  /** Of times that people write who have none of their own. */
  readonly zone: string;
  readonly identify: (visitor: Visitor) => Identity;
  /** Why somebody who clicked there may not read what stands there, now: a sentence. */
  readonly whyClosed: (visitor: Visitor) => Promise<string | undefined>;
  /** Proposes what may help with it, for somebody, there. */
  readonly fix: (incident: Incident, by: Identity, place: Place) => Promise<Card>;
  /** Shows what a silence with these fields would match, and asks whether it is meant. */
  readonly silence: (incident: Incident, click: Click) => Promise<Card>;
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
  if (click.decision === "silence") return silenceIncident(deps, click);
  const response = responseOf(click, deps.clock(), click.visitor.user.zone ?? deps.zone);
  if (typeof response === "string") return told(response, "warning");
  for (let tries = 0; tries < TRIES; tries++) {
    const incident = await incidentOf(deps, click);
    if (typeof incident === "string") return told(incident, "warning");
    const who = deps.identify(click.visitor);
    const account = { platform: who.platform, id: who.account };
    const by = { person: who.person, name: who.name, at: deps.clock(), account };
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
      reason: response.kind === "snooze" ? `for ${formatDuration(Math.round(response.until - deps.clock()))}` : "",
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

/** What the form says is shown in the incident's thread: nothing is written yet. */
async function silenceIncident(deps: RespondDeps, click: Click): Promise<Card> {
  const incident = await incidentOf(deps, click);
  if (typeof incident === "string") return told(incident, "warning");
  if (!isLive(incident)) return told("It is resolved already.", "info");
  return deps.silence(incident, click);
}

type EndSnoozes = { readonly store: Pick<Store, "incidents">; readonly clock: Clock } & {
  readonly changed: () => void;
  /** Where an incident belongs that nobody was told of during a maintenance. */
  readonly placesOf: (incident: Incident) => readonly Place[];
};

/** Ends every snooze whose time is over. Resolves with the seconds until the next one does; undefined when none will. */
export async function endSnoozes({ store, clock, changed, placesOf }: EndSnoozes) {
  const snoozed = await store.incidents.find({ status: ["snoozed"], limit: 1000 });
  let next: number | undefined;
  for (const incident of snoozed) {
    const left = (incident.snoozed?.until ?? 0) - clock();
    if (left > 0 || !isLive(incident)) {
      next = Math.min(next ?? left, left);
      continue;
    }
    const woken = awake(incident, clock());
    const told = isKeptBack(incident) ? { ...woken, places: placesOf(woken) } : woken;
    if (await store.incidents.save({ incidents: [told], alerts: [], entries: [] })) changed();
    else next = 1;
  }
  return next;
}

/** What the click means; or a sentence why that cannot be told. */
function responseOf({ decision, code, fields }: Click, now: number, zone: string): Response | string {
  switch (decision) {
    case "acknowledge":
    case "unacknowledge":
    case "wake":
      return { kind: decision };
    case "snooze": {
      if (/^\d{1,7}$/.test(code)) return { kind: "snooze", until: now + Number(code) };
      const written = fields["until"] ?? "";
      const until = readUntil(written, now, zone);
      return until === undefined
        ? `I cannot read “${inertName(written, { max: 60 })}” as a time. Write how long, such as 45m or 2h, or until when, such as until 14:00, until morning or until monday 9:00.`
        : { kind: "snooze", until };
    }
    default:
      return "I could not read that button. Use the one on the newest message.";
  }
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
  const clicked = { place: visitor.place, message, user: visitor.user.id };
  if (!(await isPosted(incident.places, clicked, (at) => outbox.referenceOf(messageId(id, at)))))
    return "That message is not the one in which I showed this incident. Use its own message.";
  return (await deps.whyClosed(visitor)) ?? incident;
}

function told(title: string, tone: Card["tone"]): Card {
  return { title, tone, blocks: [] };
}
