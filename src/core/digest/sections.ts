import { lineOf, type Run } from "../ci/run.ts";
import { countedDeploys, doraRows } from "../ci/teams.ts";
import type { KeptForecast } from "../forecast/score.ts";
import { subjectOf } from "../incident/subject.ts";
import { countsOf, graverFirst, type Incident, isLive } from "../incident.ts";
import type { Proposal } from "../proposal.ts";
import type { Waste } from "../waste.ts";
import type { Anomaly } from "../watch/anomaly.ts";
import { rankOf } from "../watch.ts";
import { isChange, isInside, type Period } from "./counts.ts";
import {
  type Budget,
  type EndingSilence,
  type Facts,
  type Item,
  ofAnomaly,
  ofIncident,
  ofProposal,
  type WatchUse,
} from "./facts.ts";
import { noiseIn } from "./noise.ts";

/** Facts -> the lines of each section of a digest, the most pressing first. */

/** An alert and an anomaly of one thing within this time are about the same, in seconds. */
const NEAR = 900;
/** Forecasts that were given longer ago are not told any more, in seconds. */
const FORECAST_AGE = 7 * 86_400;
/** Silences that end within this time are told, in seconds. */
const ENDS_SOON = 86_400;
/** A pipeline that has not run for longer is not looked after any more, in seconds. */
const RED_AGE = 14 * 86_400;
/** Less of an error budget than this share waits for somebody; or any, used up this much faster than it lasts. */
const LITTLE_LEFT = 0.25;
const FAST = 6;

/** What one source wastes as a digest keeps it: a line for each resource of which much is not used. */
export function ofWaste({ id, days, found, prices }: Waste): readonly Item[] {
  return (["cpu", "memory"] as const).flatMap((resource): Item[] =>
    found[resource].sum.count === 0
      ? []
      : [
          {
            kind: "waste",
            waste: { id, days, resource, sum: found[resource].sum, ...(prices !== undefined && { prices }) },
          },
        ],
  );
}

/** Incidents: who needs somebody, what flaps, what is looked after, and alerts that nobody acted on. */
export function ofIncidents(
  all: readonly Incident[],
  period: Period,
  { thresholds, isActed }: Pick<Facts, "thresholds" | "isActed">,
) {
  const live = all
    .filter(isLive)
    .sort((a, b) => graverFirst(a.severity, b.severity) || a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  const unattended = live.filter(({ status }) => status === "open");
  const open = new Set(unattended);
  const flapped = all.filter(
    (one) => one.isFlapping && !open.has(one) && (isLive(one) || isInside(one.endedAt, period)),
  );
  const flapping = new Set(flapped);
  const within = all.filter(({ openedAt }) => isInside(openedAt, period));
  return {
    unattended: unattended.map(ofIncident),
    flapping: flapped.map(ofIncident),
    attended: live.filter((one) => !open.has(one) && !flapping.has(one)).map(ofIncident),
    noise: noiseIn(within, isActed).map((noise): Item => {
      const threshold = thresholds?.get(noise.name);
      return { kind: "noise", noise: { ...noise, ...(threshold !== undefined && { threshold }) } };
    }),
  };
}

/** Changes: approvals that expired, those of which nobody knows whether they ran, and what was run. */
export function ofProposals(all: readonly Proposal[], period: Period) {
  const sorted = [...all].sort((a, b) => (b.endedAt ?? b.startedAt ?? 0) - (a.endedAt ?? a.startedAt ?? 0));
  const ran = sorted.filter((one) => isChange(one) && isInside(one.startedAt, period));
  return {
    expired: sorted
      .filter(({ status, endedAt, spec }) => status === "expired" && isInside(endedAt ?? spec.approveBy, period))
      .map(ofProposal),
    unclear: sorted.filter(({ status }) => status === "unknown").map(ofProposal),
    ran: ran.filter(({ status }) => status !== "unknown").map(ofProposal),
  };
}

/** Anomalies of weight that are open or began within the period, about things of which no alert told meanwhile. */
export function uncovered(
  anomalies: readonly Anomaly[],
  incidents: readonly Incident[],
  period: Period,
  now: number,
): readonly Item[] {
  const withAlerts = incidents.filter((one) => countsOf(one).alerts.total > 0);
  // What is an incident that goes on is told as that.
  const told = new Set(incidents.filter(isLive).flatMap(({ lines }) => lines.map(({ anomaly }) => anomaly)));
  return anomalies
    .filter(({ kind, severity, quiet }) => !isOther(kind) && severity !== "info" && quiet === undefined)
    .filter((one) => one.status === "open" || isInside(one.openedAt, period))
    .filter((one) => !told.has(one.id) && !withAlerts.some((incident) => isAbout(incident, one, now)))
    .sort(
      (a, b) =>
        Number(a.status === "over") - Number(b.status === "over") ||
        rankOf(b.severity) - rankOf(a.severity) ||
        a.since - b.since,
    )
    .map(ofAnomaly);
}

function isAbout(incident: Incident, anomaly: Anomaly, now: number): boolean {
  const begins = incident.startedAt - NEAR;
  const ends = (incident.endedAt ?? now) + NEAR;
  if (anomaly.since > ends || (anomaly.endedAt ?? now) < begins) return false;
  const name = subjectOf(anomaly.labels)?.name ?? anomaly.subject;
  if (name === "") return false;
  return (
    incident.subject?.name === name ||
    incident.lines.some(({ labels }) => Object.values(labels).some((value) => value === name))
  );
}

/** It says that a counter began anew, or what will be: neither is an anomaly that an alert should cover. */
function isOther(kind: Anomaly["kind"]): boolean {
  return kind === "reset" || kind === "ahead";
}

/** What the watching expects to be used up, the soonest first. */
export function watchedEnds(anomalies: readonly Anomaly[]): readonly Item[] {
  return anomalies
    .filter(({ kind, status, quiet }) => kind === "ahead" && status === "open" && quiet === undefined)
    .sort((a, b) => (a.reaches?.at ?? 0) - (b.reaches?.at ?? 0))
    .map(ofAnomaly);
}

/** Limits that the newest forecast of a series says are reached before as much time as the period has gone by again, or a day. */
export function dueForecasts(all: readonly KeptForecast[], { from, to }: Period, now: number): readonly Item[] {
  const until = now + Math.max(86_400, to - from);
  const newest = new Map<string, KeptForecast>();
  for (const one of all) {
    const key = JSON.stringify([one.source, one.promql, one.series]);
    if (one.at > now - FORECAST_AGE && one.at > (newest.get(key)?.at ?? 0)) newest.set(key, one);
  }
  return [...newest.values()]
    .filter(({ reaches }) => reaches !== undefined && reaches.at >= now && reaches.at < until)
    .sort((a, b) => a.reaches!.at - b.reaches!.at)
    .map(({ id, reaches }) => ({ kind: "forecast", forecast: { id, reaches } }));
}

/** Posted more than once, and nobody found any of it useful. */
export function isInVain({ posts, useful, notUseful, expected }: WatchUse): boolean {
  return posts >= 2 && useful === 0 && notUseful + expected > 0;
}

/** Silences that end soon, the next one first. */
export function endingSilences(all: readonly EndingSilence[], now: number): readonly Item[] {
  return all
    .filter(({ until }) => until > now && until <= now + ENDS_SOON)
    .sort((a, b) => a.until - b.until)
    .map((silence) => ({ kind: "silence", silence }));
}

/** Error budgets of which little is left, or that are used up fast, the least first. */
export function shortBudgets(all: readonly Budget[]): readonly Item[] {
  return all
    .filter(({ left, burn = 0 }) => left <= LITTLE_LEFT || burn >= FAST)
    .sort((a, b) => a.left - b.left)
    .map((budget) => ({ kind: "budget", budget }));
}

/** Pipelines of main branches whose newest run failed, the longest first. */
export function redLines(runs: readonly Run[], now: number): readonly Item[] {
  const told = runs.filter(({ isMain, outcome, endedAt }) => isMain && outcome !== "cancelled" && endedAt <= now);
  return [...Map.groupBy(told, lineOf).values()]
    .flatMap((line): Extract<Item, { kind: "red" }>[] => {
      const newestFirst = [...line].sort((a, b) => b.endedAt - a.endedAt);
      const good = newestFirst.findIndex(({ outcome }) => outcome === "success");
      const failed = good === -1 ? newestFirst : newestFirst.slice(0, good);
      const [newest, oldest] = [failed[0], failed.at(-1)];
      if (newest === undefined || oldest === undefined || now - newest.endedAt > RED_AGE) return [];
      const { project, pipeline, branch } = newest;
      return [{ kind: "red", red: { project, pipeline, branch, since: oldest.endedAt, runs: failed.length } }];
    })
    .sort((a, b) => a.red.since - b.red.since);
}

/** What each team and project delivered within the period, who delivered most first. */
export function deliveries(
  runs: readonly Run[],
  incidents: readonly Incident[],
  { from, to }: Period,
  teamOf: NonNullable<Facts["teamOf"]>,
): readonly Item[] {
  const { counted } = countedDeploys(runs.filter(({ endedAt }) => isInside(endedAt, { from, to })));
  return [...doraRows(counted, incidents, to - from, teamOf)]
    .sort((a, b) => Number(b.kind === "team") - Number(a.kind === "team") || b.dora.tries - a.dora.tries)
    .map((delivery) => ({ kind: "delivery", delivery }));
}
