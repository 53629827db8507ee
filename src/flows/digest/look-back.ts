import { isInside, type Period } from "../../core/digest/counts.ts";
import { noiseIn } from "../../core/digest/noise.ts";
import type { IsActed } from "../../core/incident/acted.ts";
import type { Threshold } from "../../core/incident/threshold.ts";
import type { Incident } from "../../core/incident.ts";
import { BACK, type Pattern, patternsIn } from "../../core/pattern/pattern.ts";
import type { Proposal } from "../../core/proposal.ts";
import type { Runbook } from "../../core/runbook.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Store } from "../../ports/store.ts";
import { type ThresholdAdvice, thresholdOf } from "./thresholds.ts";

/** What the weeks before tell: what comes again, and which thresholds would have been quieter. */

const MOST = 5000;
const MOST_RUNS = 20_000;
const MOST_CHANGES = 2000;
/** Alerts whose thresholds are looked at for one digest. */
const ALERTS = 3;

/** What whoever asks may read. */
export type Readable = {
  readonly incident: (incident: Incident) => boolean;
  readonly change: (change: Proposal) => boolean;
};

/** Patterns of the ninety days before `now`, as far back as alerts and deployments are known. */
export async function lookForPatterns(
  store: Pick<Store, "incidents" | "runs" | "proposals">,
  runbooks: readonly Runbook[],
  may: Readable,
  { now, zone }: { readonly now: number; readonly zone: string },
): Promise<readonly Pattern[]> {
  const since = now - BACK;
  const [found, runs, changes, first] = await Promise.all([
    store.incidents.find({ since, limit: MOST }),
    store.runs.since(since, MOST_RUNS, { deploying: true }),
    store.proposals.find({ since, limit: MOST_CHANGES }),
    store.incidents.earliest(),
  ]);
  // Of more than can be read, the newest are: what is older than all of these is not known.
  const known = found.length < MOST ? since : Math.min(...found.map(({ openedAt }) => openedAt));
  // Before the first deployment that was told, nobody knows what was one: those times are no times without.
  const told = runs.reduce((first, { endedAt }) => Math.min(first, endedAt), now);
  return patternsIn({
    incidents: found.filter(may.incident),
    changes: changes.filter(may.change),
    ...{ runs, runbooks, zone },
    from: Math.max(since, known, told, first ?? now),
    to: now,
  });
}

/** Thresholds for the noisiest alerts of a period, by name, where there is one that tells them apart. */
export async function thresholdsFor(
  sources: readonly Metrics[],
  incidents: readonly Incident[],
  period: Period,
  isActed: IsActed | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Threshold>> {
  const within = incidents.filter(({ openedAt }) => isInside(openedAt, period));
  const found = new Map<string, Threshold>();
  for (const { name } of noiseIn(within, isActed).slice(0, ALERTS)) {
    const advice = await adviceFor(sources, within, name, isActed, signal);
    if (typeof advice !== "string" && typeof advice.found !== "string") found.set(name, advice.found);
  }
  return found;
}

/** What can be said about the threshold of one alert, by its incidents. */
export function adviceFor(
  sources: readonly Metrics[],
  incidents: readonly Incident[],
  alert: string,
  isActed: IsActed | undefined,
  signal: AbortSignal,
): Promise<ThresholdAdvice | string> {
  const alone = incidents.filter(({ names, isStorm }) => !isStorm && names.length === 1 && names[0]?.name === alert);
  return thresholdOf(sources, alone, isActed, signal);
}
