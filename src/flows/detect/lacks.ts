import { escapeRegex, matcher } from "../../core/concept.ts";
import { shortName } from "../../core/names.ts";
import { type Anomaly, over } from "../../core/watch/anomaly.ts";
import { subjectOf } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Kept } from "./one-watch.ts";
import { type Lack, lacking } from "./record.ts";

/** Data quality: what says that there is nothing to judge, which is never a value of zero. */

/** Longer than Prometheus looks back for a sample, after which a series without new ones is missing from answers. */
const GONE_SECONDS = 360;
const SILENT_SECONDS = 600;
/** Things that come and go all the time, and whose end is no news. */
const FLEETING = /^(?:pod|container|container_id|id|uid|replicaset|job_name|device|interface|mountpoint)$/;

export type DownTarget = {
  readonly job: string;
  readonly instance: string;
  readonly rounds: number;
  readonly since: number;
};

const DOWN_LOOKBACK = "6h";
/** A scrape that failed once is no outage. */
const DOWN_ROUNDS = 2;
const MOST_DOWN = 20;

/**
 * Targets of a source that do not answer and did within the last six hours; `before` is what the last call gave. One query, and another one
 * for since when where a target is new. Throws what the source throws.
 */
export async function downTargets(
  source: Metrics,
  before: readonly DownTarget[],
  now: number,
  signal: AbortSignal,
): Promise<readonly DownTarget[]> {
  const samples = await source.instant(`up == 0 and max_over_time(up[${DOWN_LOOKBACK}]) == 1`, undefined, signal);
  const found = samples.map(({ labels }) => ({ job: labels["job"] ?? "", instance: labels["instance"] ?? "" }));
  const known = (one: { job: string; instance: string }) =>
    before.find(({ job, instance }) => job === one.job && instance === one.instance);
  const fresh = found.filter((one) => known(one) === undefined).slice(0, MOST_DOWN);
  const last = fresh.length === 0 ? [] : await lastUp(source, fresh, signal);
  return found.map((one) => {
    const had = known(one);
    if (had !== undefined) return { ...had, rounds: had.rounds + 1 };
    const seen = last.find(({ labels }) => labels["job"] === one.job && labels["instance"] === one.instance);
    // It was up for the last time then: down for so long already, it need not be seen twice.
    const since = seen === undefined || !(seen.value > 0) ? now : seen.value;
    return { ...one, since, rounds: now - since > 90 ? DOWN_ROUNDS : 1 };
  });
}

async function lastUp(source: Metrics, fresh: readonly { readonly instance: string }[], signal: AbortSignal) {
  const regex = [...new Set(fresh.map(({ instance }) => escapeRegex(instance)))].join("|");
  const selector = `up{${matcher({ label: "instance", values: [], regex })}}`;
  return source.instant(`max_over_time((timestamp(${selector} == 1))[${DOWN_LOOKBACK}:1m])`, undefined, signal);
}

/** Targets that went down are opened, and those that answer again are over. */
export function judgeTargets(
  source: string,
  down: readonly DownTarget[],
  open: ReadonlyMap<string, Anomaly>,
  now: number,
): readonly Anomaly[] {
  const mine = [...open.values()].filter((one) => one.kind === "down" && one.source === source);
  const isOf = (one: Anomaly, { job, instance }: Pick<DownTarget, "job" | "instance">) =>
    one.labels["job"] === job && one.labels["instance"] === instance;
  const ended = mine.filter((one) => !down.some((target) => isOf(one, target))).map((one) => over(one, now));
  const begun: Anomaly[] = [];
  for (const target of down) {
    if (target.rounds < DOWN_ROUNDS || mine.some((one) => isOf(one, target))) continue;
    const { job, instance, since } = target;
    const lack: Lack = {
      kind: "down",
      watch: "targets",
      source,
      measure: "target",
      subject: shortName("instance", instance),
      since,
      severity: "warning",
      labels: { job, instance },
      promql: `up{${matcher({ label: "job", values: [job] })},${matcher({ label: "instance", values: [instance] })}}`,
    };
    begun.push(lacking(lack, [...open.values(), ...begun], now));
  }
  return [...ended, ...begun];
}

/**
 * Series that are missing from the answers of a watch, and those that are back. A watch that returns nothing at all any more is one
 * finding; a single series is one where the thing is meant to last and no target that is down explains it.
 */
export function judgeMissing(
  kept: Kept,
  open: ReadonlyMap<string, Anomaly>,
  down: readonly DownTarget[],
  now: number,
): readonly Anomaly[] {
  const { watch, series, readTo } = kept;
  if (readTo === undefined || series.size === 0) return [];
  const mine = [...open.values()].filter((one) => one.watch === watch.id && one.source === watch.source);
  const newest = Math.max(...[...series.values()].map(({ track }) => track.last));
  const found: Anomaly[] = [];
  if (readTo - newest > SILENT_SECONDS) {
    if (!mine.some(({ kind }) => kind === "silent")) {
      const because = down.length === 0 ? [] : [`Meanwhile ${sayTargets(down)} did not answer.`];
      const lack: Lack = {
        kind: "silent",
        watch: watch.id,
        source: watch.source,
        measure: watch.name,
        subject: "",
        since: newest,
        severity: "warning",
        promql: watch.promql,
        because,
        ...(down.length > 0 && { quiet: "a target that is down explains it" }),
      };
      found.push(lacking(lack, open.values(), now));
    }
    return found;
  }
  for (const one of mine) {
    if (one.kind === "silent") found.push(over(one, newest));
    if (one.kind !== "gone") continue;
    const back = series.get(one.series)?.track;
    if (back === undefined || back.last > one.since) found.push(over(one, back?.last ?? now));
  }
  for (const [key, one] of series) {
    if (one.track.goneSince !== undefined || readTo - one.track.last <= GONE_SECONDS) continue;
    const { open: opened, ...rest } = one.track;
    one.track = { ...rest, goneSince: one.track.last };
    const anomaly = opened === undefined ? undefined : open.get(opened.id);
    if (anomaly !== undefined)
      found.push({
        ...over(anomaly, one.track.last),
        because: [...anomaly.because, "Its series ended: no data since."],
      });
    const isFleeting = (watch.by ?? Object.keys(one.labels)).some((label) => FLEETING.test(label));
    const isExplained = down.some(({ instance }) => one.labels["instance"] === instance);
    if (isFleeting || isExplained || mine.some(({ kind, series: of }) => kind === "gone" && of === key)) continue;
    const lack: Lack = {
      kind: "gone",
      watch: watch.id,
      source: watch.source,
      measure: watch.name,
      severity: "info",
      subject: subjectOf(watch, one.labels),
      since: one.track.last,
      labels: one.labels,
      series: key,
      promql: watch.promql,
    };
    found.push(lacking(lack, [...open.values(), ...found], now));
  }
  return found;
}

/** "web-1 and 2 more targets". */
export function sayTargets(down: readonly DownTarget[]): string {
  const [first, ...others] = down.map(({ instance }) => shortName("instance", instance));
  if (others.length === 0) return `target ${first}`;
  return `${first} and ${others.length} more target${others.length === 1 ? "" : "s"}`;
}
