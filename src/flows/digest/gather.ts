import { type Period, periodBefore } from "../../core/digest/counts.ts";
import type { Asked, Facts, WatchUse } from "../../core/digest/digest.ts";
import type { DigestPlan } from "../../core/digest/schedule.ts";
import { matches } from "../../core/incident/route.ts";
import type { Incident } from "../../core/incident.ts";
import type { Proposal } from "../../core/proposal.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import type { Store } from "../../ports.ts";
import { reasonOf } from "../../util/errors.ts";
import { fitsGlob } from "../../util/glob.ts";

export type GatherDeps = {
  readonly store: Pick<Store, "incidents" | "proposals" | "detection" | "forecasts" | "digests" | "audit" | "waste">;
  readonly environmentOf: (source: string) => string | undefined;
};

/** What of all that is stored goes into a digest. `may…`: what whoever asks may read. */
export type Scope = {
  readonly only?: DigestPlan["only"];
  readonly mayReadIncident?: (incident: Incident) => boolean;
  readonly mayReadProposal?: (proposal: Proposal) => boolean;
  /** Names of sources; undefined for all. */
  readonly sources?: readonly string[];
};

/** More of one kind are not read for one digest. */
const MOST = 5000;
/** A change that was proposed so long before may have run, or expired, within the period. Seconds. */
const RUNS_FOR = 2 * 86_400;
const FORECASTS_SINCE = 7 * 86_400;

/** The store -> what a digest of that period is made of. What cannot be read is told as that; nothing is thrown. */
export async function gather(
  { store, environmentOf }: GatherDeps,
  period: Period,
  now: number,
  scope: Scope,
): Promise<Facts> {
  const since = periodBefore(period).from;
  const { only = {}, sources } = scope;
  const isOpen = (source: string | undefined) =>
    sources === undefined || (source !== undefined && sources.includes(source));
  const isOf = (environment: string | undefined) =>
    only.environments === undefined || only.environments.includes(environment ?? "");
  const hasLabels = (labels: Readonly<Record<string, string>>) =>
    Object.entries(only.labels ?? {}).every(([label, values]) =>
      values.some((value) => fitsGlob(value, labels[label] ?? "")),
    );
  const isWhole = only.labels === undefined;
  const [incidents, proposals, anomalies, watches, forecasts, waste, knownSince] = await Promise.all([
    asked(() => incidentsSince(store, since)),
    asked(() => (isWhole ? proposalsSince(store, since - RUNS_FOR) : unlabelled("changes"))),
    asked(() => store.detection.anomalies({ since, limit: MOST })),
    asked(async () => (isWhole ? usesOf(await store.detection.records(period.from)) : [])),
    asked(async () => (isWhole ? store.forecasts.made(now - FORECASTS_SINCE, MOST) : [])),
    asked(async () => (isWhole ? store.waste.open() : [])),
    asked(() => sinceWhen(store)),
  ]);
  return {
    incidents: filtered(incidents, (one) => matches(only, one) && (scope.mayReadIncident?.(one) ?? true)),
    proposals: filtered(proposals, (one) => isOf(one.spec.environment) && (scope.mayReadProposal?.(one) ?? true)),
    anomalies: filtered(
      anomalies,
      (one: Anomaly) => isOpen(one.source) && isOf(environmentOf(one.source)) && hasLabels(one.labels),
    ),
    // They are kept by watch, not by source.
    watches: filtered(watches, () => sources === undefined && only.environments === undefined),
    knownSince: knownSince.ok ? knownSince.data : now,
    waste: filtered(waste, ({ id }) => isOpen(id) && isOf(environmentOf(id))),
    forecasts: filtered(forecasts, ({ source }) => isOpen(source) && isOf(environmentOf(source))),
  };
}

async function incidentsSince({ incidents }: GatherDeps["store"], since: number): Promise<readonly Incident[]> {
  const [live, lately] = await Promise.all([incidents.live(), incidents.find({ since, limit: MOST })]);
  const all = [...new Map([...live, ...lately].map((one) => [one.id, one])).values()];
  if (all.length === 0 && (await incidents.find({ limit: 1 })).length === 0)
    throw new Error("no alert has reached me yet. Alertmanager's webhook brings them.");
  if (lately.length >= MOST) throw new Error(`there were more than ${MOST}. Ask for a shorter stretch.`);
  return all;
}

async function proposalsSince({ proposals }: GatherDeps["store"], since: number): Promise<readonly Proposal[]> {
  const [lately, unknown] = await Promise.all([
    proposals.find({ since, limit: MOST }),
    proposals.find({ status: ["unknown"], limit: MOST }),
  ]);
  return [...new Map([...lately, ...unknown].map((one) => [one.id, one])).values()];
}

/** The first thing that is kept of any kind. */
async function sinceWhen({ incidents, audit, digests }: GatherDeps["store"]): Promise<number> {
  const [first, [record], plans] = await Promise.all([incidents.earliest(), audit.range(0, 1), digests.plans()]);
  return Math.min(
    ...[first, record?.at, ...plans.map(({ since }) => since)].map((at) => at ?? Number.POSITIVE_INFINITY),
  );
}

function unlabelled(what: string): never {
  throw new Error(`${what} carry no labels, by which this digest chooses.`);
}

function usesOf(records: Awaited<ReturnType<Store["detection"]["records"]>>): readonly WatchUse[] {
  return [...records].map(([watch, { posts, useful, notUseful, expected }]) => ({
    watch,
    posts,
    useful,
    notUseful,
    expected,
  }));
}

async function asked<T>(work: () => Promise<T> | T): Promise<Asked<T>> {
  try {
    return { ok: true, data: await work() };
  } catch (problem) {
    return { ok: false, reason: reasonOf(problem) };
  }
}

function filtered<T>(found: Asked<readonly T[]>, keep: (one: T) => boolean): Asked<readonly T[]> {
  return found.ok ? { ok: true, data: found.data.filter(keep) } : found;
}
