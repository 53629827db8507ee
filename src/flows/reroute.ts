import { incidentOf, placeOf } from "../core/incident/message.ts";
import { type Route, rerouted } from "../core/incident/route.ts";
import type { Store } from "../ports/store.ts";

export type RerouteDeps = {
  readonly store: Pick<Store, "incidents">;
  readonly routes: readonly Route[];
  /** Incidents were changed. */
  readonly changed: () => void;
};

/** Alerts may change an incident at any moment: then it is read anew, so often. */
const TRIES = 10;

/** A message that can never arrive -> the fallback, where it was of an incident. Whoever deleted a message wants none elsewhere. */
export async function reroute({ store, routes, changed }: RerouteDeps, message: string, reason: string): Promise<void> {
  const [id, at] = [incidentOf(message), placeOf(message)];
  if (id === undefined || at === undefined || /message_not_found/.test(reason)) return;
  for (let tries = 0; tries < TRIES; tries++) {
    const incident = await store.incidents.get(id);
    const next = incident && rerouted(routes, incident, at, reason);
    if (next === undefined) return;
    if (!(await store.incidents.save({ incidents: [next], alerts: [], entries: [] }))) continue;
    return changed();
  }
}
