import { type Incident, isLive, type Responder } from "../incident.ts";
import { routedSeverity } from "./impact.ts";
import { isKeptBack, keysAfter } from "./maintenance.ts";

/** What people do about an incident. None of it changes a system, so whoever may read the channel may do it at once. */
export type Response =
  | { readonly kind: "acknowledge" }
  | { readonly kind: "unacknowledge" }
  /** `until` in unix seconds. */
  | { readonly kind: "snooze"; readonly until: number }
  | { readonly kind: "wake" };

/** Shorter ones would be over before the message said so. */
const SHORTEST_SNOOZE = 59;
/** Nothing may be quiet for longer than that: who wants more writes a silence, or mends the rule. */
export const LONGEST_SNOOZE = 7 * 86_400;

/**
 * The incident after a response, one revision further; or the reason, as a sentence, why it stays as it is. `at` in unix
 * seconds.
 */
export function respond(
  incident: Incident,
  response: Response,
  by: Responder,
): { readonly ok: true; readonly incident: Incident } | { readonly ok: false; readonly reason: string } {
  if (!isLive(incident)) return { ok: false, reason: "It is resolved already." };
  const { acknowledged, snoozed, escalated: _, more: __, ...rest } = incident;
  const { firing } = incident;
  const next = { ...rest, revision: incident.revision + 1, changedAt: by.at };
  switch (response.kind) {
    case "acknowledge":
      if (incident.status === "acknowledged")
        return { ok: false, reason: `${acknowledged?.name ?? "Somebody"} has acknowledged it already.` };
      return { ok: true, incident: { ...next, status: "acknowledged", acknowledged: { ...by, firing } } };
    case "unacknowledge":
      if (acknowledged === undefined) return { ok: false, reason: "Nobody has acknowledged it." };
      return { ok: true, incident: { ...next, status: "open", escalated: { steps: 0, at: by.at } } };
    case "snooze": {
      const { until } = response;
      if (!(until >= by.at + SHORTEST_SNOOZE && until <= by.at + LONGEST_SNOOZE))
        return { ok: false, reason: "It can be snoozed for a minute to 7 days." };
      const kept = acknowledged === undefined ? {} : { acknowledged };
      const severity = routedSeverity(incident);
      return {
        ok: true,
        incident: { ...next, ...kept, status: "snoozed", snoozed: { ...by, until, severity, firing } },
      };
    }
    case "wake":
      if (snoozed === undefined) return { ok: false, reason: "It is not snoozed." };
      return { ok: true, incident: unsnoozed(incident, by.at) };
  }
}

/** The incident once the time of its snooze is over, one revision further. */
export function awake(incident: Incident, at: number): Incident {
  const { snoozed } = incident;
  const next = unsnoozed(incident, at);
  // Nobody snoozed it, and nobody was told: it is as if it began now.
  if (isKeptBack(incident)) {
    const parts = incident.parts?.map((part) => ({ ...part, since: at }));
    return { ...next, keys: keysAfter(incident), ...(parts !== undefined && { parts }) };
  }
  return snoozed === undefined || incident.status !== "snoozed"
    ? next
    : { ...next, woken: { at, because: "time", snoozed } };
}

function unsnoozed(incident: Incident, at: number): Incident {
  const { snoozed: _, ...rest } = incident;
  const status = incident.status !== "snoozed" ? incident.status : incident.acknowledged ? "acknowledged" : "open";
  return {
    ...rest,
    // Who had it before it was snoozed has it still: nothing is escalated.
    ...(status !== "acknowledged" && { escalated: { steps: 0, at } }),
    revision: incident.revision + 1,
    changedAt: at,
    status,
  };
}
