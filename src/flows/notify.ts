import { type IncidentContext, incidentCard } from "../cards/incident-card.ts";
import { callCard, moreCard, wokenCard, worseCard } from "../cards/incident-note.ts";
import type { Card } from "../core/card.ts";
import type { Place } from "../core/chat.ts";
import type { Call } from "../core/incident/escalate.ts";
import { messageId, noteId } from "../core/incident/message.ts";
import { whoHadItMilder } from "../core/incident/more.ts";
import { isNotifier } from "../core/incident/notice.ts";
import { type Incident, isLive } from "../core/incident.ts";
import { postOrEdit } from "../core/posted.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { sha256 } from "../util/canonical.ts";
import { tellNotifier } from "./notify/tell.ts";

export type NotifyDeps = {
  readonly store: Pick<Store, "incidents" | "outbox">;
  readonly clock: Clock;
  /** What is known about it beyond its alerts, without waiting for it. */
  readonly contextOf: (incident: Incident) => IncidentContext;
  /** What is stored of the anomalies in it. */
  readonly anomaliesIn: (incident: Incident) => Promise<IncidentContext["anomalies"]>;
  readonly report: (level: "error", message: string, data: Readonly<Record<string, unknown>>) => void;
  /** A message stands in the outbox. */
  readonly wake: () => void;
};

/** Edits of one message are this far apart, in seconds: platforms limit them, and nobody reads faster. */
const EDIT_EVERY = 3;
const AT_ONCE = 100;
/** That a snooze ended is worth a note for so long, in seconds. */
const NEWS = 3600;

/**
 * Incidents -> the outbox: one message for each in each of its places, posted at once and edited as things change. The returned
 * function makes one round, and resolves with the seconds after which another is worth it; undefined when nothing waits.
 */
export function notify(deps: NotifyDeps): () => Promise<number | undefined> {
  const lately = new Map<string, { readonly at: number; readonly status: Incident["status"] }>();
  /** Ended incidents that flap, and when notifiers may be told of the end. Those of an earlier run are looked for once. */
  const held = new Map<string, number>();
  let isFirst = true;

  return async () => {
    let later = false;
    if (isFirst) await showAgain(await recentlyEnded());
    isFirst = false;
    await showAgain([...held].filter(([, from]) => from <= deps.clock()).map(([id]) => id));
    const unshown = await deps.store.incidents.unshown(AT_ONCE);
    for (const incident of unshown) {
      const last = lately.get(incident.id);
      // Whatever people did, and its end, they want to see now.
      if (last !== undefined && last.status === incident.status && isSince(last.at)) {
        later = true;
        continue;
      }
      try {
        if (!(await show(incident))) later = true;
      } catch (err) {
        later = true;
        deps.report("error", "an incident could not be shown", { err, incident: incident.id });
      }
    }
    for (const [id, { at }] of lately) if (deps.clock() - at > 10 * EDIT_EVERY) lately.delete(id);
    if (later) return EDIT_EVERY;
    if (unshown.length === AT_ONCE) return 0;
    const next = Math.min(...held.values());
    return Number.isFinite(next) ? Math.max(1, next - deps.clock()) : undefined;
  };

  async function showAgain(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await deps.store.incidents.shown(id, 0);
      held.delete(id);
    }
  }

  async function recentlyEnded(): Promise<readonly string[]> {
    const ended = await deps.store.incidents.find({
      status: ["resolved"],
      since: deps.clock() - NEWS,
      limit: AT_ONCE,
    });
    return ended.filter((one) => one.isFlapping && one.places.some(isNotifier)).map(({ id }) => id);
  }

  /** A clock that was set back since makes nothing wait. */
  function isSince(at: number): boolean {
    const seconds = deps.clock() - at;
    return seconds >= 0 && seconds < EDIT_EVERY;
  }

  /** Whether its messages tell all that is known by then. */
  async function show(incident: Incident): Promise<boolean> {
    const { outbox } = deps.store;
    const now = deps.clock();
    const known = deps.contextOf(incident);
    const anomalies = await deps.anomaliesIn(incident);
    const context = { ...known, ...(anomalies !== undefined && { anomalies }) };
    const card = incidentCard(incident, context);
    // Editions are counted anew after a restart: another card is another edit all the same.
    const looks = sha256(JSON.stringify(card)).slice(0, 8);
    for (const [at, place] of incident.places.entries()) {
      if (place.platform === "terminal") continue;
      if (isNotifier(place)) {
        const from = await tellNotifier({ outbox, now, news: NEWS }, incident, place, at, context);
        if (from !== undefined) held.set(incident.id, from);
        continue;
      }
      const id = messageId(incident.id, at);
      const { revision } = incident;
      await postOrEdit(outbox.put, { id, place, card, at: now, revision }, `${revision}:${context.edition}:${looks}`);
    }
    if (incident.status === "open")
      for (const call of incident.calls ?? []) if (call.at > now - NEWS) await noteCall(incident, call, context);
    const { more } = incident;
    if (more !== undefined && isLive(incident) && more.at > now - NEWS) await noteMore(incident, more, context);
    const milder = whoHadItMilder(incident);
    if (milder !== undefined && incident.changedAt > now - NEWS)
      await note(incident, `worse-${milder.at}`, worseCard(incident, milder, context));
    if (incident.woken !== undefined && incident.woken.at > now - NEWS)
      await noteWoken(incident, incident.woken, context);
    lately.set(incident.id, { at: now, status: incident.status });
    deps.wake();
    // More may have become known meanwhile: then it is still to be shown.
    if (deps.contextOf(incident).edition !== context.edition) return false;
    await deps.store.incidents.shown(incident.id, incident.revision);
    return true;
  }

  /** Nobody has it: in the places that this step of the escalation names. */
  async function noteCall(incident: Incident, call: Call, context: IncidentContext) {
    const people = context.called?.(call.people) ?? [];
    const isTold = ({ platform, channel }: Place) =>
      call.places.some((one) => one.platform === platform && one.channel === channel);
    await note(incident, `call-${call.at}`, callCard(incident, call, people, context), isTold);
  }

  /** An edit tells no phone: that it is back from its snooze stands in the thread, too, once. */
  async function noteWoken(incident: Incident, woken: NonNullable<Incident["woken"]>, context: IncidentContext) {
    await note(incident, `woken-${woken.snoozed.at}`, wokenCard(incident, woken, context));
  }

  /** Nor that there is more than somebody has in hand. */
  async function noteMore(incident: Incident, more: NonNullable<Incident["more"]>, context: IncidentContext) {
    await note(incident, `more-${more.at}`, moreCard(incident, more, context));
  }

  /** In the thread of its message, under an id of what it is about, so that each is said once, however often it is shown. */
  async function note(incident: Incident, about: string, card: Card, isTold: (place: Place) => boolean = () => true) {
    for (const [at, place] of incident.places.entries()) {
      if (place.platform === "terminal" || isNotifier(place) || !isTold(place)) continue;
      const id = noteId(incident.id, at, about);
      await deps.store.outbox.put({ id, place, card, at: deps.clock(), under: messageId(incident.id, at) });
    }
  }
}
