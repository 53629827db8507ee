import type { Called, Card } from "../core/card.ts";
import type { Call } from "../core/incident/escalate.ts";
import { shownSeverity } from "../core/incident/impact.ts";
import type { More } from "../core/incident/more.ts";
import type { Incident, Responder } from "../core/incident.ts";
import { formatDuration } from "../core/units.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import type { IncidentContext } from "./incident-card.ts";
import { sayFiring, sayMore, titleOf } from "./incident-words.ts";

/** Notes in the thread of an incident's message, for what an edit alone would not tell anybody. */

/** A snooze is over and it goes on: for whoever snoozed it. */
export function wokenCard(
  incident: Incident,
  { because, snoozed }: NonNullable<Incident["woken"]>,
  context: Pick<IncidentContext, "now" | "zone">,
): Card {
  const { now, zone } = context;
  const who = inertName(snoozed.name);
  const count = `${sayFiring(incident)}.`;
  const text =
    because === "worse"
      ? `${who} snoozed it until ${sayTime(snoozed.until, now, zone)}; it got worse before: it was ${snoozed.severity ?? "milder"} then. ${count}`
      : `${who} snoozed it for ${formatDuration(Math.round(snoozed.until - snoozed.at))}; that time is over. ${count}`;
  return {
    title: `Back from its snooze. ${titleOf(incident, context)}`,
    tone: shownSeverity(incident) === "critical" ? "danger" : "warning",
    blocks: [{ kind: "text", text }, ...callsOf(snoozed)],
  };
}

/** Something else fails since somebody has it, or many more of the same: for whoever has it. */
export function moreCard(incident: Incident, more: More, context: Pick<IncidentContext, "now" | "zone">): Card {
  return {
    title: `${more.reopens ? "Open again" : "More"}. ${titleOf(incident, context)}`,
    tone: incident.severity === "critical" ? "danger" : "warning",
    blocks: [{ kind: "text", text: sayMore(incident, more, context) }, ...callsOf(more.by)],
  };
}

/** What somebody acknowledged got worse: for whoever did. */
export function worseCard(incident: Incident, by: Responder, context: Pick<IncidentContext, "now" | "zone">): Card {
  const text = `It got worse since ${inertName(by.name)} acknowledged it at ${sayTime(by.at, context.now, context.zone)}, so it is open again. ${sayFiring(incident)}.`;
  return {
    title: `Open again. ${titleOf(incident, context)}`,
    tone: shownSeverity(incident) === "critical" ? "danger" : "warning",
    blocks: [{ kind: "text", text }, ...callsOf(by)],
  };
}

/** Somebody is called: nobody acknowledged it, or whoever did has not moved it. */
export function callCard(
  incident: Incident,
  { at, because }: Call,
  people: readonly Called[],
  { now, zone }: Pick<IncidentContext, "now" | "zone">,
): Card {
  const title = titleOf(incident, { now });
  const since = formatDuration(Math.max(0, Math.round(at - incident.openedAt)), { parts: 1 });
  const text =
    because === "idle"
      ? "It was acknowledged, and nothing moved since: it is open again. Acknowledge it again on the message above, or hand it to somebody."
      : `Nobody has acknowledged it for ${since}. Acknowledge it on the message above, and this stops. It began ${sayMoment(incident.startedAt, now, zone)}.`;
  const who: Card["blocks"] =
    people.length > 0
      ? [{ kind: "calls", people }]
      : because === "idle"
        ? []
        : [{ kind: "note", text: "Nobody is on call for this step: see `oncall`." }];
  return {
    title: because === "idle" ? `Open again. ${title}` : `Unacknowledged. ${title}`,
    tone: shownSeverity(incident) === "critical" ? "danger" : "warning",
    blocks: [...who, { kind: "text", text }],
  };
}

function callsOf({ name, account }: Pick<Responder, "name" | "account">): Card["blocks"] {
  if (account === undefined) return [];
  const called: Called = { name, accounts: { [account.platform]: [account.id] } };
  return [{ kind: "calls", people: [called] }];
}
