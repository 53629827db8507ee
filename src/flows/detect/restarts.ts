import { type Anomaly, over } from "../../core/watch/anomaly.ts";
import { subjectOf } from "../../core/watch.ts";
import type { Store } from "../../ports/store.ts";
import type { Reset } from "./follow.ts";
import type { Kept } from "./one-watch.ts";
import { type Lack, lacking } from "./record.ts";

/** So many restarts within the hour are one thing that needs somebody; fewer are lines of the list. */
const LEAST = 3;
const HOUR = 3600;
/** It is over once it stays up for longer than this: Kubernetes waits for up to five minutes before it tries again. */
const STAYS_UP = 1800;
/** Lines of one look, the newest ones. */
const LINES = 20;
const MOST_KNOWN = 2000;

/**
 * What became of counters that began anew. Those of a thing that does so again and again are one anomaly, counted on while it goes on; each
 * other one is a line that is over at once. Throws what the store throws.
 */
export async function judgeResets(
  store: Pick<Store, "detection">,
  { watch }: Kept,
  resets: readonly Reset[],
  open: ReadonlyMap<string, Anomaly>,
  now: number,
): Promise<readonly Anomaly[]> {
  const isOwn = (one: Anomaly) => one.watch === watch.id && one.source === watch.source;
  const going = [...open.values()].filter((one) => one.kind === "restarting" && isOwn(one));
  const recent = resets.filter(({ at }) => at > now - HOUR);
  const before =
    recent.length === 0
      ? []
      : (await store.detection.anomalies({ since: now - HOUR, limit: MOST_KNOWN })).filter(
          (one) => one.kind === "reset" && isOwn(one) && one.since > now - HOUR,
        );
  const found: Anomaly[] = [];
  const told = new Set<string>();
  for (const [subject, its] of Map.groupBy(recent, ({ labels }) => subjectOf(watch, labels))) {
    const known = going.find((one) => one.subject === subject);
    const times = mostOf([
      ...its.map(({ series, at }) => ({ series, at })),
      ...before.filter((one) => one.subject === subject).map(({ series, since }) => ({ series, at: since })),
    ]);
    const next =
      known === undefined
        ? begun(watch, its[0]!, subject, times, [...open.values(), ...found], now)
        : goesOn(known, times);
    if (next === undefined && known === undefined) continue;
    told.add(subject);
    if (next !== undefined) found.push(next);
  }
  for (const one of going) {
    const last = one.restarts?.last ?? one.since;
    if (!told.has(one.subject) && now - last > STAYS_UP) found.push(over(one, last));
  }
  const lines = resets.filter(({ labels }) => !told.has(subjectOf(watch, labels))).slice(-LINES);
  return [...found, ...lines.map((one) => lineOf(watch, one, open.values(), now))];
}

/** The times of the series that began anew most often: all series of a process do so with it. In order, each once. */
function mostOf(all: readonly { readonly series: string; readonly at: number }[]): readonly number[] {
  const bySeries = [...Map.groupBy(all, ({ series }) => series).values()];
  const times = bySeries.map((its) => [...new Set(its.map(({ at }) => at))].sort((a, b) => a - b));
  return times.reduce((most, one) => (one.length > most.length ? one : most), []);
}

function begun(
  watch: Kept["watch"],
  { series, labels }: Reset,
  subject: string,
  times: readonly number[],
  open: readonly Anomaly[],
  now: number,
): Anomaly | undefined {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || times.length < LEAST) return undefined;
  const lack = lackOf(watch, { series, labels, at: first }, { kind: "restarting", subject, severity: "warning" });
  return { ...lacking(lack, open, now), direction: "up", restarts: { count: times.length, last } };
}

/** Undefined where nothing is new. */
function goesOn(one: Anomaly, times: readonly number[]): Anomaly | undefined {
  const { count, last } = one.restarts ?? { count: 0, last: one.since };
  const fresh = times.filter((at) => at > last);
  if (fresh.length === 0) return undefined;
  return { ...one, restarts: { count: count + fresh.length, last: fresh.at(-1)! }, revision: one.revision + 1 };
}

function lineOf(watch: Kept["watch"], reset: Reset, open: Iterable<Anomaly>, now: number): Anomaly {
  const subject = subjectOf(watch, reset.labels);
  return over(lacking(lackOf(watch, reset, { kind: "reset", subject, severity: "info" }), open, now), reset.at);
}

function lackOf(
  watch: Kept["watch"],
  { series, labels, at }: Reset,
  what: Pick<Lack, "kind" | "subject" | "severity">,
): Lack {
  const { id, source, name, promql } = watch;
  return { ...what, watch: id, source, measure: name, since: at, series, labels, promql };
}
