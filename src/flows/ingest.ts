import type { Place } from "../core/chat.ts";
import {
  type Absorbed,
  absorb,
  MOST_OPENED,
  PAUSE_SECONDS,
  STORM_SECONDS,
  type World,
} from "../core/incident/absorb.ts";
import { isSignOfLife, signOfLife } from "../core/incident/heartbeat.ts";
import { isKeptBack } from "../core/incident/maintenance.ts";
import type { Sorter } from "../core/incident/parts.ts";
import { type Tally, tallyOf } from "../core/incident/tally.ts";
import type { AlertEvent, AlertRecord, Incident } from "../core/incident.ts";
import { isLive } from "../core/incident.ts";
import type { Graph } from "../core/topology/graph.ts";
import type { Take } from "../ports/incidents.ts";
import type { Store } from "../ports/store.ts";

export type IngestDeps = {
  readonly store: Pick<Store, "incidents">;
  readonly newId: () => string;
  /** Where an incident's messages belong as it is now. */
  readonly placesOf: (incident: Incident) => readonly Place[];
  readonly keptBackBy?: NonNullable<World["keptBackBy"]>;
  /** Who calls whom, as far as is known by now. Undefined: what one thing does to another joins nothing. */
  readonly graph?: () => Graph;
  /** Whether somebody waits for signs of life (Watchdog): when the last one came is kept then. */
  readonly isWatched?: () => boolean;
  /** Names of the maintenance windows that there are. */
  readonly windows?: () => readonly string[];
  /** What tells alerts apart by what routes, escalations and digests ask for: another one once they ask for something else. */
  readonly sorter?: () => Sorter;
  /** Called after a step that left nothing waiting, with the deliveries it dealt with: a moment in which more may come, while much does. */
  readonly rest?: (deliveries: number) => Promise<void>;
  /** Incidents were changed. */
  readonly changed: (incidents: readonly Incident[]) => void;
  /** These alerts began, or began again. */
  readonly began?: (alerts: readonly AlertRecord[]) => void;
};

export type Ingest = {
  readonly take: Take;
  /** Something else changed incidents in the store: what is held in memory is read anew. */
  readonly forget: () => void;
};

/** Somebody else may store a change first: then it is read anew and tried again, so often. */
const TRIES = 5;
/** Alerts looked at in one step: more at once would hold up everything else. */
const AT_ONCE = 2000;
const PAGE = 5000;

type Waiting = {
  readonly events: readonly AlertEvent[];
  readonly resolve: () => void;
  readonly reject: (problem: unknown) => void;
};

/**
 * Alerts -> incidents. What comes while the store is written waits and is taken together: a thousand deliveries are a few writes. What
 * is live is held in memory, read from the store when the first one comes.
 */
export function ingest(deps: IngestDeps): Ingest {
  const { incidents } = deps.store;
  let waiting: Waiting[] = [];
  let isRunning = false;
  let held: Held | undefined;

  /** Never rejects. */
  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      const batch: Waiting[] = [];
      let size = 0;
      for (const one of waiting) {
        if (batch.length > 0 && size + one.events.length > AT_ONCE) break;
        batch.push(one);
        size += one.events.length;
      }
      waiting = waiting.slice(batch.length);
      try {
        const events = withSigns(batch.flatMap((one) => one.events));
        for (let at = 0; at < events.length; at += AT_ONCE) await store(events.slice(at, at + AT_ONCE));
        for (const one of batch) one.resolve();
        if (waiting.length === 0) await deps.rest?.(batch.length);
      } catch (problem) {
        held = undefined;
        for (const one of batch) one.reject(problem);
      }
    }
    isRunning = false;
  }

  async function store(events: readonly AlertEvent[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      const sorter = deps.sorter?.();
      if (held?.sorter !== sorter) held = undefined;
      held ??= await load(incidents, sorter);
      const known = await heldWith(held, events);
      const absorbed = withPlaces(
        absorb({ ...worldOf(known, deps.graph?.()), ...maintenance() }, events, deps.newId),
        deps.placesOf,
      );
      const { incidents: changed, alerts } = absorbed;
      if (changed.length === 0 && alerts.length === 0) return;
      if (await incidents.save({ incidents: changed, alerts, entries: [], generation: known.generation })) {
        const began = alerts.filter((one) =>
          isNew(one, known.alerts.get(one.fingerprint) ?? known.over.get(one.fingerprint)),
        );
        remember(known, absorbed);
        known.generation += 1;
        if (began.length > 0) deps.began?.(began);
        if (changed.length > 0) deps.changed(changed);
        return;
      }
      held = undefined;
      if (tries >= TRIES) throw new Error("incidents were changed by others again and again while alerts came in");
    }
  }

  /** Of many signs of life, the last counts. */
  function withSigns(events: readonly AlertEvent[]): readonly AlertEvent[] {
    const last = deps.isWatched?.() === true ? events.findLast(isSignOfLife) : undefined;
    return last === undefined ? events : [...events, signOfLife(last.at)];
  }

  function maintenance(): Pick<World, "keptBackBy" | "windows"> {
    const { keptBackBy, windows } = deps;
    return { ...(keptBackBy && { keptBackBy }), ...(windows && { windows: windows() }) };
  }

  /** Alerts of incidents that are over are looked up when they come again. */
  async function heldWith(known: Held, events: readonly AlertEvent[]): Promise<Held> {
    const strange = [...new Set(events.map(({ fingerprint }) => fingerprint))].filter((one) => !known.alerts.has(one));
    const found = strange.length === 0 ? [] : await incidents.alerts(strange);
    for (const alert of found) known.over.set(alert.fingerprint, alert);
    const earliest = Math.min(...events.map(({ at }) => at));
    for (const [id, its] of Map.groupBy(found, ({ incident }) => incident)) {
      if (id === undefined || known.incidents.has(id)) continue;
      const incident = await incidents.get(id);
      if (incident === undefined) continue;
      known.ended.set(id, incident);
      // What is over for longer does not go on: of a storm, thousands of alerts would be read for each one that comes again.
      const mayGoOn = earliest - (incident.endedAt ?? 0) < PAUSE_SECONDS;
      if (mayGoOn || its.some(({ endsAt }) => endsAt === undefined))
        known.endedAlerts.set(id, await alertsOf(incidents, id));
    }
    return known;
  }

  return {
    take: (events) =>
      new Promise((resolve, reject) => {
        if (events.length === 0) return resolve();
        waiting.push({ events, resolve, reject });
        if (!isRunning) void run();
      }),
    forget() {
      held = undefined;
    },
  };
}

/** It belongs to an incident, and is not the beginning that was known. */
function isNew({ incident, startsAt }: AlertRecord, known: AlertRecord | undefined): boolean {
  return incident !== undefined && startsAt !== known?.startsAt;
}

/** Live incidents and their alerts; and what was looked up of others for one step. */
type Held = {
  readonly sorter: Sorter | undefined;
  /** The state of the store that it is. */
  generation: number;
  readonly incidents: Map<string, Incident>;
  readonly alerts: Map<string, AlertRecord>;
  readonly byIncident: Map<string, Map<string, AlertRecord>>;
  /** Of the alerts of each incident. */
  readonly tallies: Map<string, Tally>;
  readonly byKey: Map<string, string>;
  readonly openings: number[];
  readonly over: Map<string, AlertRecord>;
  readonly ended: Map<string, Incident>;
  readonly endedAlerts: Map<string, readonly AlertRecord[]>;
};

async function load(incidents: Store["incidents"], sorter: Sorter | undefined): Promise<Held> {
  const held: Held = {
    sorter,
    generation: await incidents.generation(),
    incidents: new Map(),
    alerts: new Map(),
    byIncident: new Map(),
    tallies: new Map(),
    byKey: new Map(),
    openings: [],
    over: new Map(),
    ended: new Map(),
    endedAlerts: new Map(),
  };
  for (const incident of await incidents.live()) {
    const alerts = await alertsOf(incidents, incident.id);
    remember(held, { incidents: [incident], alerts, tallies: new Map([[incident.id, tallyOf(alerts, sorter)]]) });
  }
  // A restart in the middle of a storm must not make it a new one.
  const newest = await incidents.find({ limit: MOST_OPENED });
  held.openings.splice(0, Infinity, ...newest.map(({ openedAt }) => openedAt).reverse());
  return held;
}

async function alertsOf(incidents: Store["incidents"], id: string): Promise<readonly AlertRecord[]> {
  const alerts: AlertRecord[] = [];
  for (let skip = 0; ; skip += PAGE) {
    const page = await incidents.alertsOf(id, { skip, limit: PAGE });
    alerts.push(...page);
    if (page.length < PAGE) return alerts;
  }
}

function remember(held: Held, { incidents: changed, alerts, tallies }: Absorbed): void {
  // What went on again is held whole from now on.
  const again = changed.flatMap(({ id }) => held.endedAlerts.get(id) ?? []);
  const told = new Set(alerts.map(({ fingerprint }) => fingerprint));
  const touched = new Set(changed.map(({ id }) => id));
  held.over.clear();
  held.ended.clear();
  held.endedAlerts.clear();
  for (const alert of [...again.filter(({ fingerprint }) => !told.has(fingerprint)), ...alerts]) {
    // One that is over, told of once more, is looked up with its incident when it comes again.
    if (alert.incident === undefined || !(held.incidents.has(alert.incident) || touched.has(alert.incident))) continue;
    held.alerts.set(alert.fingerprint, alert);
    const its = held.byIncident.get(alert.incident) ?? new Map<string, AlertRecord>();
    held.byIncident.set(alert.incident, its.set(alert.fingerprint, alert));
  }
  for (const [id, tally] of tallies) held.tallies.set(id, tally);
  for (const incident of changed) {
    if (incident.revision === 1) held.openings.push(incident.openedAt);
    // What a maintenance let go is not found by its like any more.
    for (const key of held.incidents.get(incident.id)?.keys ?? [])
      if (!incident.keys.includes(key) && held.byKey.get(key) === incident.id) held.byKey.delete(key);
    if (isLive(incident)) {
      held.incidents.set(incident.id, incident);
      for (const key of incident.keys) held.byKey.set(key, incident.id);
      continue;
    }
    held.incidents.delete(incident.id);
    for (const key of incident.keys) if (held.byKey.get(key) === incident.id) held.byKey.delete(key);
    for (const fingerprint of held.byIncident.get(incident.id)?.keys() ?? []) held.alerts.delete(fingerprint);
    held.byIncident.delete(incident.id);
    held.tallies.delete(incident.id);
  }
  const newest = held.openings.at(-1) ?? 0;
  while (held.openings.length > 0 && (held.openings[0] ?? 0) < newest - STORM_SECONDS) held.openings.shift();
}

function worldOf(held: Held, graph: Graph | undefined): World {
  return {
    ...(graph !== undefined && graph.calls.size > 0 && { topology: { graph, live: () => held.incidents.values() } }),
    alert: (fingerprint) => held.alerts.get(fingerprint) ?? held.over.get(fingerprint),
    incident: (id) => held.incidents.get(id) ?? held.ended.get(id),
    withKey: (key) => {
      const id = held.byKey.get(key);
      return id === undefined ? undefined : held.incidents.get(id);
    },
    alertsOf: (id) => held.byIncident.get(id)?.values() ?? held.endedAlerts.get(id) ?? [],
    tallyOf: (id) => held.tallies.get(id),
    openedLately: held.openings,
    ...(held.sorter !== undefined && { sorter: held.sorter }),
  };
}

function withPlaces(absorbed: Absorbed, placesOf: IngestDeps["placesOf"]): Absorbed {
  return {
    ...absorbed,
    incidents: absorbed.incidents.map((one) => ({ ...one, places: isKeptBack(one) ? [] : placesOf(one) })),
  };
}
