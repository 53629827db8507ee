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
import { environmentOf, keysOf, subjectOf } from "./subject.ts";

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
    if (own !== undefined && isFlapping(record, event.at) && event.at - (own.endedAt ?? 0) < PAUSE_SECONDS) {
      const { endedAt: _, ...rest } = own;
      touched.set(own.id, { ...rest, status: "open" });
      for (const key of own.keys) byKey.set(key, own.id);
      return { ...record, incident: own.id };
    }
    const keys = keysOf(event);
    const found = keys
      .map(liveWith)
      .find((one) => one !== undefined && (one.firing > 0 || event.at - one.changedAt < JOIN_SECONDS));
    const home = found ?? open(event, keys, own?.id);
    for (const key of keys) byKey.set(key, home.id);
    const added = keys.filter((key) => !home.keys.includes(key));
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
  const firing = alerts.filter(({ endsAt }) => endsAt === undefined);
  const grave = gravestOf(firing.length > 0 ? firing : alerts);
  const { endedAt: _, acknowledged, snoozed, escalated, ...rest } = incident;
  const isOver = firing.length === 0 && alerts.length > 0;
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
  const ends = alerts.map(({ endsAt }) => endsAt ?? 0);
  return {
    ...rest,
    revision: incident.revision + 1,
    status,
    severity: grave ?? incident.severity,
    startedAt: Math.min(incident.startedAt, ...startsOf(alerts)),
    changedAt: at,
    ...(isOver && { endedAt: ends.reduce((latest, end) => Math.max(latest, end), 0) || at }),
    total: alerts.length,
    firing: firing.length,
    names: namesOf(alerts),
    lines: foremost(alerts).map(lineOf),
    isFlapping: alerts.some((one) => isFlapping(one, at)),
    ...(acknowledged !== undefined && { acknowledged }),
    // What somebody had in hand and needs somebody again is escalated from the start.
    ...(status === "open" && incident.status !== "open" && incident.revision > 0
      ? { escalated: { steps: 0, at } }
      : escalated !== undefined && { escalated }),
    ...(stillSnoozed !== undefined && { snoozed: stillSnoozed }),
    ...(isWoken && { woken: { at, because: isWorseThanSnoozed ? ("worse" as const) : ("time" as const), snoozed } }),
  };
}

/** In one pass, as all here: a storm brings thousands of alerts in many small parts. */
function gravestOf(alerts: readonly AlertRecord[]): Severity | undefined {
  let grave: Severity | undefined;
  for (const { severity } of alerts)
    if (grave === undefined || (severity !== grave && graverFirst(severity, grave) < 0)) grave = severity;
  return grave;
}

function isFlapping({ begins }: AlertRecord, at: number): boolean {
  if (begins.length < FLAPS) return false;
  return begins.filter((began) => began > at - HOUR).length >= FLAPS;
}

/** The alerts that the message shows: in one pass, since a storm brings thousands in many small parts. */
function foremost(alerts: readonly AlertRecord[]): readonly AlertRecord[] {
  const kept: AlertRecord[] = [];
  for (const one of alerts) {
    const last = kept.at(-1);
    if (kept.length === LINES_KEPT && last !== undefined && compare(one, last) >= 0) continue;
    const at = kept.findIndex((other) => compare(one, other) < 0);
    kept.splice(at === -1 ? kept.length : at, 0, one);
    if (kept.length > LINES_KEPT) kept.pop();
  }
  return kept;
}

function compare(a: AlertRecord, b: AlertRecord): number {
  return (
    Number(a.endsAt !== undefined) - Number(b.endsAt !== undefined) ||
    graverFirst(a.severity, b.severity) ||
    a.startsAt - b.startsAt ||
    (a.fingerprint < b.fingerprint ? -1 : 1)
  );
}

/** Without spreading thousands of numbers over a call. */
function startsOf(alerts: readonly AlertRecord[]): readonly number[] {
  return alerts.length === 0 ? [] : [alerts.reduce((least, one) => Math.min(least, one.startsAt), Infinity)];
}

function namesOf(alerts: readonly AlertRecord[]): readonly AlertName[] {
  const names = new Map<string, AlertName>();
  for (const { name, severity, endsAt } of alerts) {
    const known = names.get(name) ?? { name, severity, total: 0, firing: 0 };
    names.set(name, {
      name,
      severity: graverFirst(severity, known.severity) < 0 ? severity : known.severity,
      total: known.total + 1,
      firing: known.firing + (endsAt === undefined ? 1 : 0),
    });
  }
  return [...names.values()]
    .sort((a, b) => graverFirst(a.severity, b.severity) || b.firing - a.firing || a.name.localeCompare(b.name))
    .slice(0, 20);
}

function lineOf(record: AlertRecord): Incident["lines"][number] {
  const { fingerprint, name, severity, summary, startsAt, endsAt, labels, generatorUrl, runbookUrl } = record;
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
  };
}
