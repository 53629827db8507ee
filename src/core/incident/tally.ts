import {
  type AlertName,
  type AlertRecord,
  graverFirst,
  type IncidentPart,
  LINES_KEPT,
  SEVERITIES,
  type Severity,
} from "../incident.ts";
import type { Sorter } from "./parts.ts";

/** How many of each severity, in the order of `SEVERITIES`. */
type Counts = readonly number[];

/**
 * What is counted and picked of an incident's alerts. It is carried on with each change (`tallyAfter`): a storm brings thousands of alerts
 * in many small parts, and none of them counts all anew.
 */
export type Tally = {
  readonly total: number;
  readonly all: Counts;
  readonly firing: Counts;
  /** How many of these are anomalies. */
  readonly anomalies: { readonly total: number; readonly firing: number };
  readonly names: ReadonlyMap<string, { readonly all: Counts; readonly firing: number }>;
  /** What tells parts apart, and these by key. Without it none are counted. */
  readonly sorter: Sorter | undefined;
  readonly parts: ReadonlyMap<string, Part>;
  /** When the earliest of them ever began, unix seconds; infinite for none. */
  readonly startedAt: number;
  /** Those that began often enough to flap, by fingerprint, and when they did. */
  readonly restless: ReadonlyMap<string, readonly number[]>;
  /** The first `LINES_KEPT` as a message names them. */
  readonly foremost: readonly AlertRecord[];
};

type Part = Pick<IncidentPart, "key" | "labels" | "environment"> & { readonly all: Counts; readonly firing: Counts };

/** An alert before and after: undefined where it was, or is, not among them. */
export type Change = { readonly before: AlertRecord | undefined; readonly after: AlertRecord | undefined };

/** An alert that begins so often within the hour flaps. Its incident goes on then, instead of one new message each time. */
const FLAPS = 3;
const HOUR = 3600;
/** Of more alert names than this, an incident names the first. */
const NAMES_KEPT = 20;
const NONE: Counts = SEVERITIES.map(() => 0);
const EMPTY: Tally = {
  total: 0,
  all: NONE,
  firing: NONE,
  anomalies: { total: 0, firing: 0 },
  names: new Map(),
  sorter: undefined,
  parts: new Map(),
  startedAt: Number.POSITIVE_INFINITY,
  restless: new Map(),
  foremost: [],
};

/** Of these alerts, each once. */
export function tallyOf(alerts: Iterable<AlertRecord>, sorter?: Sorter): Tally {
  const changes = [...alerts].map((after) => ({ before: undefined, after }));
  return tallyAfter({ ...EMPTY, sorter }, changes, () => []);
}

/** The tally once these changed. `all` are the alerts as they are then: read when one of the foremost is so no more. */
export function tallyAfter(tally: Tally, changes: readonly Change[], all: () => Iterable<AlertRecord>): Tally {
  const names = new Map(tally.names);
  const parts = new Map(tally.parts);
  const restless = new Map(tally.restless);
  const foremost = [...tally.foremost];
  const [counts, firing] = [[...tally.all], [...tally.firing]];
  const anomalies = { ...tally.anomalies };
  let { total, startedAt } = tally;
  let isShort = false;

  function count({ name, severity, endsAt, anomaly, labels }: AlertRecord, by: 1 | -1): void {
    const [fires, at] = [endsAt === undefined ? by : 0, SEVERITIES.indexOf(severity)];
    const added = (to: Counts, n: number) => (n === 0 ? to : to.with(at, (to[at] ?? 0) + n));
    const named = names.get(name) ?? { all: NONE, firing: 0 };
    const ofName = added(named.all, by);
    if (by < 0 && sum(ofName) === 0) names.delete(name);
    else names.set(name, { all: ofName, firing: named.firing + fires });
    const part = tally.sorter?.(labels);
    if (part !== undefined) {
      const known = parts.get(part.key) ?? { ...part, all: NONE, firing: NONE };
      const all = added(known.all, by);
      if (by < 0 && sum(all) === 0) parts.delete(part.key);
      else parts.set(part.key, { ...known, all, firing: added(known.firing, fires) });
    }
    counts[at] = (counts[at] ?? 0) + by;
    firing[at] = (firing[at] ?? 0) + fires;
    total += by;
    if (anomaly === undefined) return;
    anomalies.total += by;
    anomalies.firing += fires;
  }

  for (const { before, after } of changes) {
    if (before !== undefined) {
      count(before, -1);
      restless.delete(before.fingerprint);
      const at = foremost.findIndex(({ fingerprint }) => fingerprint === before.fingerprint);
      if (at !== -1) foremost.splice(at, 1);
      // Whoever was behind it is not known here.
      isShort ||= at !== -1 && (after === undefined || compare(after, before) > 0);
    }
    if (after === undefined) continue;
    count(after, 1);
    if (after.startsAt < startedAt) startedAt = after.startsAt;
    if (after.begins.length >= FLAPS) restless.set(after.fingerprint, after.begins);
    keepForemost(foremost, after);
  }
  const kept = isShort ? foremostOf(all()) : foremost;
  const { sorter } = tally;
  return { total, all: counts, firing, anomalies, names, sorter, parts, startedAt, restless, foremost: kept };
}

/** The gravest severity with a count; undefined when there is none. */
export function gravest(counts: Counts): Severity | undefined {
  return SEVERITIES.findLast((_, at) => (counts[at] ?? 0) > 0);
}

export function sum(counts: Counts): number {
  return counts.reduce((all, one) => all + one, 0);
}

/** Whether one of them began again and again within the hour before `at`. */
export function anyFlaps({ restless }: Tally, at: number): boolean {
  for (const begins of restless.values()) if (isFlapping({ begins }, at)) return true;
  return false;
}

/** Whether it began again and again within the hour before `at`. */
export function isFlapping({ begins }: Pick<AlertRecord, "begins">, at: number): boolean {
  if (begins.length < FLAPS) return false;
  return begins.filter((began) => began > at - HOUR).length >= FLAPS;
}

/** The gravest first, then those that fire most. */
export function namesOf({ names }: Tally): readonly AlertName[] {
  return [...names]
    .map(([name, { all, firing }]) => ({ name, severity: gravest(all) ?? "info", total: sum(all), firing }))
    .sort((a, b) => graverFirst(a.severity, b.severity) || b.firing - a.firing || a.name.localeCompare(b.name))
    .slice(0, NAMES_KEPT);
}

/** What routes, escalations and digests tell apart; undefined where that is not counted. */
export function partsIn({ sorter, parts }: Tally): readonly Omit<IncidentPart, "since">[] | undefined {
  if (sorter === undefined) return undefined;
  return [...parts.values()].map(({ all, firing, ...part }) => ({
    ...part,
    severity: gravest(sum(firing) > 0 ? firing : all) ?? "info",
    total: sum(all),
    firing: sum(firing),
  }));
}

function foremostOf(alerts: Iterable<AlertRecord>): readonly AlertRecord[] {
  const kept: AlertRecord[] = [];
  for (const one of alerts) keepForemost(kept, one);
  return kept;
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
    (a.fingerprint < b.fingerprint ? -1 : Number(a.fingerprint > b.fingerprint))
  );
}
