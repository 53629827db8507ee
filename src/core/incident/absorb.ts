import {
  type AlertEvent,
  type AlertName,
  type AlertRecord,
  graverFirst,
  type Incident,
  isLive,
  LINES_KEPT,
  type Severity,
} from "../incident.ts";
import { type Told, tell } from "./alert.ts";
import { environmentOf, isThere, keysOf, subjectOf, wideKeysOf } from "./subject.ts";

/** What is known before: looked up, never searched through. */
export type World = {
  readonly alert: (fingerprint: string) => AlertRecord | undefined;
  readonly incident: (id: string) => Incident | undefined;
  /** The live incident that has this key. */
  readonly withKey: (key: string) => Incident | undefined;
  /** All alerts of an incident. */
  readonly alertsOf: (id: string) => Iterable<AlertRecord>;
  /** When each incident of the last minutes was opened, unix seconds. */
  readonly openedLately: readonly number[];
};

export type Absorbed = {
  /** Incidents as they are now, changed ones only, each one revision further. */
  readonly incidents: readonly Incident[];
  /** Alerts as they are now, changed ones only. */
  readonly alerts: readonly AlertRecord[];
};

/**
 * More incidents than a person can read within a minute are a storm: what comes then joins one incident for each alert name, and beyond
 * `STORM_NAMES` of those a single one. So a minute brings at most `APART` + `STORM_NAMES` + 1 messages, and every alert stands in one.
 */
export const STORM_SECONDS = 60;
export const APART = 10;
export const STORM_NAMES = 8;
/** What lies quiet so long is another thing when it begins again. */
const JOIN_SECONDS = 6 * 3600;
/** An alert that begins so often within the hour flaps. Its incident goes on then, instead of one new message each time. */
const FLAPS = 3;
const HOUR = 3600;
/** … when it was over for less than this. */
const PAUSE_SECONDS = 1800;

/**
 * Alerts -> incidents. Each event is taken in by the incident its alert is in, else by a live one that shares a key, else it opens one.
 * Pure: what comes out has to be stored in one step.
 */
export function absorb(world: World, events: readonly AlertEvent[], newId: () => string): Absorbed {
  const alerts = new Map<string, AlertRecord>();
  const touched = new Map<string, Incident>();
  const byKey = new Map<string, string>();
  const joined = new Set<string>();
  const opened = [...world.openedLately];
  let storms = 0;

  const incidentNow = (id: string) => touched.get(id) ?? world.incident(id);
  const liveWith = (key: string): Incident | undefined => {
    const own = byKey.get(key);
    const found = own === undefined ? world.withKey(key) : incidentNow(own);
    return found !== undefined && isLive(found) ? found : undefined;
  };

  for (const event of events) {
    const known = alerts.get(event.fingerprint) ?? world.alert(event.fingerprint);
    const told = tell(known, event);
    const record = place(told, known, event);
    alerts.set(record.fingerprint, record);
    if (record.incident === undefined || (told.change === "same" && record.incident === known?.incident)) continue;
    joined.add(record.incident);
  }

  /** The record with the incident it belongs to, which is opened where there is none. */
  function place({ record, change }: Told, known: AlertRecord | undefined, event: AlertEvent): AlertRecord {
    const own = known?.incident === undefined ? undefined : incidentNow(known.incident);
    if (change !== "begins") return { ...record, incident: known?.incident };
    if (own !== undefined && isLive(own)) return { ...record, incident: own.id };
    // An anomaly that came back is the one that it was.
    const goesOn = flaps(record, event.at) || event.anomaly !== undefined;
    if (own !== undefined && goesOn && event.at - (own.endedAt ?? 0) < PAUSE_SECONDS) {
      const { endedAt: _, ...rest } = own;
      touched.set(own.id, { ...rest, status: "open", reopened: (own.reopened ?? 0) + 1 });
      for (const key of own.keys) byKey.set(key, own.id);
      return { ...record, incident: own.id };
    }
    const keys = keysOf(event);
    const isFresh = (one: Incident | undefined) =>
      one !== undefined && (one.firing > 0 || event.at - one.changedAt < JOIN_SECONDS);
    const wide = wideKeysOf(event);
    const found =
      keys.map(liveWith).find(isFresh) ??
      wide.sought.map(liveWith).find((one) => isFresh(one) && isThere(event, one?.keys ?? []));
    const home = found ?? open(event, keys, own?.id);
    const all = [...keys, ...wide.kept];
    for (const key of all) byKey.set(key, home.id);
    const added = all.filter((key) => !home.keys.includes(key));
    // A storm takes in all sorts of things: they do not become one by that.
    if (added.length > 0 && !home.isStorm && home.keys.length < 50)
      touched.set(home.id, { ...home, keys: [...home.keys, ...added] });
    else touched.set(home.id, home);
    return { ...record, incident: home.id };
  }

  function open(event: AlertEvent, keys: readonly string[], previous: string | undefined): Incident {
    const recent = opened.filter((at) => at > event.at - STORM_SECONDS).length;
    const name = event.labels["alertname"] ?? "";
    if (recent < APART) return begin(event, keys, { previous });
    const ofName = JSON.stringify(["storm", environmentOf(event.labels) ?? "", name]);
    const rest = JSON.stringify(["storm"]);
    const stormy = liveWith(ofName) ?? (recent + storms < APART + STORM_NAMES ? undefined : liveWith(rest));
    if (stormy !== undefined) return stormy;
    storms++;
    const key = recent < APART + STORM_NAMES ? ofName : rest;
    const storm = begin(event, [key], { isStorm: true });
    byKey.set(key, storm.id);
    return storm;
  }

  function begin(
    event: AlertEvent,
    keys: readonly string[],
    { isStorm = false, previous }: { isStorm?: boolean; previous?: string | undefined },
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
      places: [],
    };
    touched.set(incident.id, incident);
    return incident;
  }

  const at = events.reduce((latest, event) => Math.max(latest, event.at), 0);
  const byHome = Map.groupBy(alerts.values(), ({ incident }) => incident);
  for (const id of joined) {
    const before = incidentNow(id);
    if (before === undefined) continue;
    const others = [...world.alertsOf(id)].filter(({ fingerprint }) => !alerts.has(fingerprint));
    touched.set(id, summarise(before, [...others, ...(byHome.get(id) ?? [])], at));
  }
  const incidents = [...touched.values()].filter(({ id }) => joined.has(id));
  return { incidents, alerts: [...alerts.values()] };
}

/** The incident as its alerts make it: how many, how grave, whether it is over. One revision further. */
export function summarise(incident: Incident, alerts: readonly AlertRecord[], at: number): Incident {
  const all = tallyOf(alerts, at);
  const grave = all.firing > 0 ? all.graveFiring : all.grave;
  const { endedAt: _, anomalies: __, acknowledged, snoozed, escalated, ...rest } = incident;
  const isOver = all.firing === 0 && alerts.length > 0;
  const isGraverThan = (severity: Severity) => grave !== undefined && graverFirst(grave, severity) < 0;
  const isWorse = isGraverThan(incident.severity) && incident.revision > 0;
  // What became milder meanwhile and is as it was when somebody snoozed it, is no news.
  const isWorseThanSnoozed = isGraverThan(snoozed?.severity ?? incident.severity);
  const stillSnoozed = snoozed !== undefined && snoozed.until > at && !isWorseThanSnoozed ? snoozed : undefined;
  const isWoken = incident.status === "snoozed" && snoozed !== undefined && stillSnoozed === undefined && !isOver;
  const status = isOver
    ? "resolved"
    : stillSnoozed !== undefined
      ? "snoozed"
      : acknowledged !== undefined && !(isWorse && (incident.status === "acknowledged" || isWoken))
        ? "acknowledged"
        : "open";
  return {
    ...rest,
    revision: incident.revision + 1,
    status,
    severity: grave ?? incident.severity,
    startedAt: Math.min(incident.startedAt, all.startedAt),
    changedAt: at,
    ...(isOver && { endedAt: all.endedAt || at }),
    total: alerts.length,
    firing: all.firing,
    ...(all.anomalies.total > 0 && { anomalies: all.anomalies }),
    names: all.names,
    lines: all.foremost.map(lineOf),
    isFlapping: all.isFlapping,
    ...(acknowledged !== undefined && { acknowledged }),
    // What somebody had in hand and needs somebody again is escalated from the start.
    ...(status === "open" && incident.status !== "open" && incident.revision > 0
      ? { escalated: { steps: 0, at } }
      : escalated !== undefined && { escalated }),
    ...(stillSnoozed !== undefined && { snoozed: stillSnoozed }),
    ...(isWoken && { woken: { at, because: isWorseThanSnoozed ? ("worse" as const) : ("time" as const), snoozed } }),
  };
}

/** What is counted and picked of an incident's alerts, in one pass: a storm brings thousands in many small parts. */
function tallyOf(alerts: readonly AlertRecord[], at: number) {
  const names = new Map<string, { -readonly [K in keyof AlertName]: AlertName[K] }>();
  const foremost: AlertRecord[] = [];
  let [firing, startedAt, endedAt, flapping] = [0, Number.POSITIVE_INFINITY, 0, false];
  const anomalies = { total: 0, firing: 0 };
  let grave: Severity | undefined;
  let graveFiring: Severity | undefined;
  for (const one of alerts) {
    const { name, severity, endsAt, startsAt } = one;
    const known = names.get(name);
    const fires = endsAt === undefined ? 1 : 0;
    if (known === undefined) names.set(name, { name, severity, total: 1, firing: fires });
    else {
      known.severity = graver(severity, known.severity);
      known.total++;
      known.firing += fires;
    }
    firing += fires;
    if (one.anomaly !== undefined) {
      anomalies.total++;
      anomalies.firing += fires;
    }
    grave = graver(severity, grave);
    if (fires === 1) graveFiring = graver(severity, graveFiring);
    if (startsAt < startedAt) startedAt = startsAt;
    if (endsAt !== undefined && endsAt > endedAt) endedAt = endsAt;
    flapping ||= flaps(one, at);
    keepForemost(foremost, one);
  }
  const isFlapping = flapping;
  return { firing, anomalies, grave, graveFiring, startedAt, endedAt, isFlapping, foremost, names: inOrder(names) };
}

function graver(severity: Severity, than: Severity | undefined): Severity {
  return than === undefined || (severity !== than && graverFirst(severity, than) < 0) ? severity : than;
}

function flaps({ begins }: AlertRecord, at: number): boolean {
  if (begins.length < FLAPS) return false;
  return begins.filter((began) => began > at - HOUR).length >= FLAPS;
}

/** Puts an alert among those that the message shows, where it belongs there. */
function keepForemost(kept: AlertRecord[], one: AlertRecord): void {
  const last = kept.at(-1);
  if (kept.length === LINES_KEPT && last !== undefined && compare(one, last) >= 0) return;
  const at = kept.findIndex((other) => compare(one, other) < 0);
  kept.splice(at === -1 ? kept.length : at, 0, one);
  if (kept.length > LINES_KEPT) kept.pop();
}

function compare(a: AlertRecord, b: AlertRecord): number {
  return (
    Number(a.endsAt !== undefined) - Number(b.endsAt !== undefined) ||
    graverFirst(a.severity, b.severity) ||
    a.startsAt - b.startsAt ||
    (a.fingerprint < b.fingerprint ? -1 : 1)
  );
}

/** The gravest first, then those that fire most; of more than 20, the first. */
function inOrder(names: ReadonlyMap<string, AlertName>): readonly AlertName[] {
  return [...names.values()]
    .sort((a, b) => graverFirst(a.severity, b.severity) || b.firing - a.firing || a.name.localeCompare(b.name))
    .slice(0, 20);
}

function lineOf(record: AlertRecord): Incident["lines"][number] {
  const { fingerprint, name, severity, summary, startsAt, endsAt, labels, generatorUrl, runbookUrl, anomaly } = record;
  return {
    fingerprint,
    name,
    severity,
    summary,
    startsAt,
    labels,
    ...(endsAt !== undefined && { endsAt }),
    ...(generatorUrl !== undefined && { generatorUrl }),
    ...(runbookUrl !== undefined && { runbookUrl }),
    ...(anomaly !== undefined && { anomaly }),
  };
}
