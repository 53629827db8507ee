import { type AlertEvent, type AlertRecord, type Incident, isLive, LINES_KEPT } from "../incident.ts";
import type { Graph } from "../topology/graph.ts";
import { type Dependency, dependencyOn } from "../topology/join.ts";
import { type Told, tell } from "./alert.ts";
import { endingOf, isHeartbeat } from "./heartbeat.ts";
import { isKeptBack, type KeptBack, keyWithin, snoozedBy } from "./maintenance.ts";
import type { Sorter } from "./parts.ts";
import { environmentOf, isThere, keysOf, saysWhere, subjectOf, type WideKeys, wideKeysOf } from "./subject.ts";
import { summarise } from "./summarise.ts";
import { type Change, isFlapping, type Tally, tallyAfter, tallyOf } from "./tally.ts";

/** What is known before: looked up, never searched through. */
export type World = {
  readonly alert: (fingerprint: string) => AlertRecord | undefined;
  readonly incident: (id: string) => Incident | undefined;
  /** The live incident that has this key. */
  readonly withKey: (key: string) => Incident | undefined;
  /** All alerts of an incident. */
  readonly alertsOf: (id: string) => Iterable<AlertRecord>;
  /** What is counted of them; undefined where nobody keeps it. */
  readonly tallyOf: (id: string) => Tally | undefined;
  /** What tells apart what routes, escalations and digests ask for; without it they go by the alerts that an incident carries. */
  readonly sorter?: Sorter;
  /** The maintenance window that an event is kept back by. */
  readonly keptBackBy?: (event: AlertEvent) => KeptBack | undefined;
  /** Names of the windows that there are. */
  readonly windows?: readonly string[];
  /** When each incident of the last minutes was opened, unix seconds. */
  readonly openedLately: readonly number[];
  /** Who calls whom, and the incidents that are live. Undefined: alerts of two things are never one for that. */
  readonly topology?: { readonly graph: Graph; readonly live: () => Iterable<Incident> };
};

export type Absorbed = {
  /** Incidents as they are now, changed ones only, each one revision further. */
  readonly incidents: readonly Incident[];
  /** Alerts as they are now, changed ones only. */
  readonly alerts: readonly AlertRecord[];
  /** What is counted of the alerts of each incident that one of these is in, or was. */
  readonly tallies: ReadonlyMap<string, Tally>;
};

/**
 * More incidents than a person can read within a minute are a storm: what comes then joins one incident for each alert name of an environment,
 * beyond `STORM_NAMES` of those one for each environment, and beyond `STORM_RESTS` of these a single one. So a minute brings at most
 * `MOST_OPENED` messages, and every alert stands in one.
 */
export const STORM_SECONDS = 60;
export const APART = 10;
export const STORM_NAMES = 6;
const STORM_RESTS = 3;
export const MOST_OPENED = APART + STORM_NAMES + STORM_RESTS + 1;
/** A storm lasts while it took something in within this: until then nothing of its kind is told apart again. */
const STORM_LASTS = 120;
/** What comes to a storm that lasts for longer than this is another one, with a message of its own. */
const STORM_OLDEST = 3600;
/** What lies quiet so long is another thing when it begins again. */
const JOIN_SECONDS = 6 * 3600;
/** Of more dependencies, an incident keeps the first. */
const DEPENDENCIES_KEPT = 10;
/** An incident is found by so many keys, three for each thing: what is about yet others is found by its group. */
const KEYS_KEPT = 75;
/** The incident of an alert that flaps goes on when it was over for less than this. */
export const PAUSE_SECONDS = 1800;

/**
 * Alerts -> incidents. Each event is taken in by the incident its alert is in, else by a live one that shares a key, else it opens one.
 * Pure: what comes out has to be stored in one step.
 */
export function absorb(world: World, events: readonly AlertEvent[], newId: () => string): Absorbed {
  const alerts = new Map<string, AlertRecord>();
  const touched = new Map<string, Incident>();
  const byKey = new Map<string, string>();
  const changed = new Set<string>();
  /** Alerts of this step, by the incident that each came to. */
  const arrived = new Map<string, AlertRecord[]>();
  const opened = [...world.openedLately];

  const incidentNow = (id: string) => touched.get(id) ?? world.incident(id);
  const liveWith = (key: string): Incident | undefined => {
    const own = byKey.get(key);
    const found = own === undefined ? world.withKey(key) : incidentNow(own);
    return found !== undefined && isLive(found) ? found : undefined;
  };

  /** What a window kept back that is over by then, and that nobody has woken yet. */
  const keptUntil = (at: number, key: string): Incident | undefined =>
    (world.windows ?? [])
      .map((name) => liveWith(keyWithin({ name }, key)))
      .find((one) => one !== undefined && isKeptBack(one) && (one.snoozed?.until ?? 0) <= at);

  for (const given of events) {
    const known = alerts.get(given.fingerprint) ?? world.alert(given.fingerprint);
    const event = withoutHeartbeat(endingOf(given, known), known);
    if (event === undefined) continue;
    const told = tell(known, event);
    const listedBy = event.listedBy ?? known?.listedBy;
    const placed = joined(place(told, known, event), known, event.at, incidentNow);
    const record = { ...placed, ...(listedBy !== undefined && { listedBy }) };
    alerts.set(record.fingerprint, record);
    if (record.incident === undefined || (told.change === "same" && record.incident === known?.incident)) continue;
    changed.add(record.incident);
    if (world.topology !== undefined && (arrived.get(record.incident)?.length ?? 0) < LINES_KEPT)
      arrived.set(record.incident, [...(arrived.get(record.incident) ?? []), record]);
  }

  /** The record with the incident it belongs to, which is opened where there is none. */
  function place({ record, change }: Told, known: AlertRecord | undefined, event: AlertEvent): AlertRecord {
    const own = known?.incident === undefined ? undefined : incidentNow(known.incident);
    if (change !== "begins") return { ...record, incident: known?.incident };
    if (own !== undefined && isLive(own)) return { ...record, incident: own.id };
    // An anomaly that came back is the one that it was.
    const goesOn = isFlapping(record, event.at) || event.anomaly !== undefined;
    if (own !== undefined && goesOn && event.at - (own.endedAt ?? 0) < PAUSE_SECONDS) {
      const { endedAt: _, ...rest } = own;
      touched.set(own.id, { ...rest, status: statusAgain(own), reopened: (own.reopened ?? 0) + 1 });
      for (const key of own.keys) byKey.set(key, own.id);
      return { ...record, incident: own.id };
    }
    const window = world.keptBackBy?.(event);
    const keys = window === undefined ? keysOf(event) : keysOf(event).map((key) => keyWithin(window, key));
    const isFresh = (one: Incident | undefined) =>
      one !== undefined && (one.firing > 0 || event.at - one.changedAt < JOIN_SECONDS);
    const wide: WideKeys = window === undefined ? wideKeysOf(event) : { sought: [], kept: [] };
    const exact =
      keys.map(liveWith).find(isFresh) ??
      (window === undefined ? keys.map((key) => keptUntil(event.at, key)).find(isFresh) : undefined);
    const near = exact === undefined ? lookAround(event, wide, isFresh) : { found: undefined, kept: [] };
    const found = exact ?? near.found;
    const called = found === undefined && window === undefined ? depending(event) : undefined;
    if (called !== undefined) {
      // It comes alone: what else happens to its thing later need not have to do with what this one calls.
      touched.set(called.id, called);
      return { ...record, incident: called.id };
    }
    const home = found ?? open({ ...event, startsAt: record.startsAt }, keys, own?.id, window);
    const all = home.isStorm ? keys : [...keys, ...wide.kept, ...near.kept];
    for (const key of all) byKey.set(key, home.id);
    const added = all.filter((key) => !home.keys.includes(key));
    // A storm takes in all sorts of things: they do not become one by that.
    if (home.isStorm) touched.set(home.id, { ...home, tookInAt: event.at });
    else if (added.length > 0 && home.keys.length < KEYS_KEPT)
      touched.set(home.id, { ...home, keys: [...home.keys, ...added] });
    else touched.set(home.id, home);
    return { ...record, incident: home.id };
  }

  /** A live incident about what it calls or is called by, with the reason in it. What somebody snoozed stays as it is: nobody would hear of this one. */
  function depending(event: AlertEvent): Incident | undefined {
    if (world.topology === undefined || recently(event.at) >= APART) return undefined;
    const { graph, live } = world.topology;
    const seen = new Set<string>();
    for (const known of [...touched.values(), ...live()]) {
      const one = incidentNow(known.id);
      if (one === undefined || seen.has(one.id)) continue;
      seen.add(one.id);
      if (!isLive(one) || one.isStorm || one.status === "snoozed") continue;
      const firing = [...one.lines, ...(arrived.get(one.id) ?? [])].filter(({ endsAt }) => endsAt === undefined);
      const found = dependencyOn(graph, event, one, firing);
      if (found !== undefined) return found === "there" ? one : withDependency(one, found);
    }
    return undefined;
  }

  function recently(at: number): number {
    return opened.filter((one) => one > at - STORM_SECONDS).length;
  }

  /** The incident about the thing whose labels say less of where it is, or more; and what tells that it is in several namespaces. */
  function lookAround(
    event: AlertEvent,
    { sought, several }: WideKeys,
    isFresh: (one: Incident | undefined) => boolean,
  ) {
    const around = sought.map(liveWith).filter((one) => one !== undefined && isFresh(one));
    const isUnclear = several !== undefined && !saysWhere(event) && liveWith(several) !== undefined;
    const found = isUnclear ? undefined : around.find((one) => isThere(event, one?.keys ?? []));
    const isElsewhere = found === undefined && around.length > 0 && several !== undefined && saysWhere(event);
    return { found, kept: isElsewhere ? [several] : [] };
  }

  function open(
    event: AlertEvent,
    keys: readonly string[],
    previous: string | undefined,
    window: KeptBack | undefined,
  ): Incident {
    const storm = (...of: readonly string[]) => {
      const key = JSON.stringify(["storm", ...of]);
      return window === undefined ? key : keyWithin(window, key);
    };
    const environment = environmentOf(event.labels) ?? "";
    const ofName = storm(environment, event.labels["alertname"] ?? "");
    const ofEnvironment = storm(environment);
    const lasting = lastingOf(ofName, event.at) ?? lastingOf(ofEnvironment, event.at);
    if (lasting !== undefined) return goOn(lasting, event, window);
    const recent = recently(event.at);
    if (recent < APART) return begin(event, keys, { previous, window });
    if (recent < APART + STORM_NAMES) return beginStorm(event, ofName, { window });
    if (recent < MOST_OPENED - 1) return beginStorm(event, ofEnvironment, { window });
    const last = lastingOf(storm(), event.at);
    const home = last === undefined ? beginStorm(event, storm(), { window }) : goOn(last, event, window);
    return { ...home, environment: undefined };
  }

  /** The storm with this key that took something in lately. */
  function lastingOf(key: string, at: number): { readonly key: string; readonly incident: Incident } | undefined {
    const incident = liveWith(key);
    if (incident === undefined || at - (incident.tookInAt ?? incident.changedAt) >= STORM_LASTS) return undefined;
    return { key, incident };
  }

  function goOn(
    { key, incident }: { readonly key: string; readonly incident: Incident },
    event: AlertEvent,
    window: KeptBack | undefined,
  ): Incident {
    if (event.at - incident.openedAt < STORM_OLDEST) return incident;
    return beginStorm(event, key, { previous: incident.id, window });
  }

  function beginStorm(
    event: AlertEvent,
    key: string,
    { previous, window }: { previous?: string; window: KeptBack | undefined },
  ): Incident {
    const storm = begin(event, [key], { isStorm: true, previous, window });
    byKey.set(key, storm.id);
    return storm;
  }

  function begin(
    event: AlertEvent,
    keys: readonly string[],
    {
      isStorm = false,
      previous,
      window,
    }: { isStorm?: boolean; previous?: string | undefined; window?: KeptBack | undefined },
  ): Incident {
    opened.push(event.at);
    const incident: Incident = {
      id: newId(),
      revision: 0,
      status: "open",
      severity: "info",
      subject: isStorm ? undefined : subjectOf(event.labels),
      environment: environmentOf(event.labels),
      keys,
      startedAt: event.startsAt,
      openedAt: event.at,
      changedAt: event.at,
      total: 0,
      firing: 0,
      names: [],
      lines: [],
      isFlapping: false,
      isStorm,
      ...(previous !== undefined && { previous }),
      ...(window !== undefined && { snoozed: snoozedBy(window, event.at) }),
      places: [],
    };
    touched.set(incident.id, incident);
    return incident;
  }

  const at = events.reduce((latest, event) => Math.max(latest, event.at), 0);
  const tallies = new Map<string, Tally>();
  for (const [id, changes] of changesByHome(world, alerts)) {
    const known = world.tallyOf(id);
    const before = incidentNow(id);
    // Of what is over, nothing that counts changed then.
    if (before === undefined || (known === undefined && !changed.has(id))) continue;
    const all = () => alertsIn(world, id, alerts);
    const tally = tallyAfter(known ?? tallyOf(world.alertsOf(id), world.sorter), changes, all);
    tallies.set(id, tally);
    if (changed.has(id)) touched.set(id, summarise(before, tally, changes, at, all));
  }
  const incidents = [...touched.values()].filter(({ id }) => changed.has(id));
  return { incidents, alerts: [...alerts.values()], tallies };
}

/** How one that is over goes on: in the hands that had it, kept back while a maintenance did that, or open. */
function statusAgain(own: Incident): Incident["status"] {
  if (isKeptBack(own)) return "snoozed";
  // Whoever acknowledges it ends its escalation: one that is there began since, when it was open again.
  return own.acknowledged !== undefined && own.escalated === undefined ? "acknowledged" : "open";
}

function withDependency(incident: Incident, one: Dependency): Incident {
  const { dependencies = [] } = incident;
  return dependencies.length >= DEPENDENCIES_KEPT ? incident : { ...incident, dependencies: [...dependencies, one] };
}

/**
 * The record with when it came to its incident: once more, where it was over before somebody had that in hand and begins after a pause.
 */
function joined(
  record: AlertRecord,
  known: AlertRecord | undefined,
  at: number,
  incidentNow: (id: string) => Incident | undefined,
): AlertRecord {
  if (record.incident === undefined) return record;
  if (known?.incident !== record.incident) return { ...record, joinedAt: at };
  const { acknowledged, snoozed } = incidentNow(record.incident) ?? {};
  const takenAt = Math.max(acknowledged?.at ?? 0, snoozed?.at ?? 0);
  const isBack = known.endsAt !== undefined && record.endsAt === undefined;
  if (isBack && known.endsAt <= takenAt && at - known.endsAt >= PAUSE_SECONDS) return { ...record, joinedAt: at };
  return known.joinedAt === undefined ? record : { ...record, joinedAt: known.joinedAt };
}

/** A sign of life begins nothing. One that an older version took for an incident ends. */
function withoutHeartbeat(event: AlertEvent, known: AlertRecord | undefined): AlertEvent | undefined {
  if (event.anomaly !== undefined || !isHeartbeat(event.labels["alertname"])) return event;
  if (known === undefined || known.endsAt !== undefined) return undefined;
  return { ...event, status: "resolved", endsAt: event.at };
}

/** What changed in the alerts of each incident. */
function changesByHome({ alert }: World, alerts: ReadonlyMap<string, AlertRecord>): ReadonlyMap<string, Change[]> {
  const changes = new Map<string, Change[]>();
  const add = (id: string | undefined, change: Change) => {
    if (id === undefined) return;
    const its = changes.get(id);
    if (its === undefined) changes.set(id, [change]);
    else its.push(change);
  };
  for (const after of alerts.values()) {
    const before = alert(after.fingerprint);
    if (before?.incident === after.incident) add(after.incident, { before, after });
    else {
      add(before?.incident, { before, after: undefined });
      add(after.incident, { before: undefined, after });
    }
  }
  return changes;
}

/** The alerts of an incident as they are with these. */
function* alertsIn(world: World, id: string, now: ReadonlyMap<string, AlertRecord>): Iterable<AlertRecord> {
  for (const one of world.alertsOf(id)) if (!now.has(one.fingerprint)) yield one;
  for (const one of now.values()) if (one.incident === id) yield one;
}
