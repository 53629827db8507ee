import type { ConceptPacks } from "../../core/concept.ts";
import { type Period, periodBefore } from "../../core/digest/counts.ts";
import { type SectionName, tellsOf } from "../../core/digest/digest.ts";
import type { Asked, Duty, EndingSilence, Facts, WatchUse } from "../../core/digest/facts.ts";
import type { DigestKind, DigestPlan } from "../../core/digest/schedule.ts";
import { actedWith } from "../../core/incident/acted.ts";
import { concerns } from "../../core/incident/route.ts";
import type { Incident } from "../../core/incident.ts";
import type { Proposal } from "../../core/proposal.ts";
import type { Runbook } from "../../core/runbook.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Store } from "../../ports/store.ts";
import { reasonOf } from "../../util/errors.ts";
import { fitsGlob } from "../../util/glob.ts";
import { budgetsOf } from "./budgets.ts";
import { lookForPatterns, thresholdsFor } from "./look-back.ts";

export type GatherDeps = {
  readonly store: Pick<
    Store,
    "incidents" | "proposals" | "detection" | "forecasts" | "digests" | "audit" | "waste" | "runs"
  >;
  readonly environmentOf: (source: string) => string | undefined;
  /** What else can be asked besides the store. Absent in a process that asks nothing else. */
  readonly outside?: Outside;
};

/** Each is undefined where nothing is configured that could be asked. */
export type Outside = {
  readonly silences?: () => Promise<readonly EndingSilence[]>;
  readonly duties?: (() => Promise<readonly Duty[]>) | undefined;
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly runbooks: () => Promise<readonly Runbook[]>;
  readonly teamOf: (project: string) => string | undefined;
  readonly zone: string;
};

/** What of all that there is goes into a digest of that kind. `may…`: what whoever asks may read. */
export type Scope = {
  readonly kind: DigestKind;
  readonly only?: DigestPlan["only"];
  readonly mayReadIncident?: (incident: Incident) => boolean;
  readonly mayReadProposal?: (proposal: Proposal) => boolean;
  /** Names of sources; undefined for all. */
  readonly sources?: readonly string[];
};

/** More of one kind are not read for one digest. */
const MOST = 5000;
const MOST_RUNS = 20_000;
/** A change that was proposed so long before may have run, or expired, within the period. Seconds. */
const RUNS_FOR = 2 * 86_400;
const FORECASTS_SINCE = 7 * 86_400;
/** A pipeline whose newest run failed may have last run so long ago, in seconds. */
const RUNS_SINCE = 14 * 86_400;
/** What is asked besides the store may take so long. */
const OUTSIDE_MS = 20_000;

/** The store -> what a digest of that period is made of. What cannot be read is told as that; nothing is thrown. */
export async function gather(deps: GatherDeps, period: Period, now: number, scope: Scope): Promise<Facts> {
  const { store, environmentOf } = deps;
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
  const [incidents, changes, anomalies, watches, forecasts, waste, runs, knownSince] = await Promise.all([
    asked(() => incidentsSince(store, since)),
    asked(() => proposalsSince(store, since - RUNS_FOR)),
    asked(() => store.detection.anomalies({ since, limit: MOST })),
    asked(async () => (isWhole ? usesOf(await store.detection.records(period.from)) : [])),
    asked(async () => (isWhole ? store.forecasts.made(now - FORECASTS_SINCE, MOST) : [])),
    asked(async () => (isWhole ? store.waste.open() : [])),
    // They are of no source: told where every source is open.
    asked(async () =>
      isWhole && sources === undefined ? store.runs.since(Math.min(since, now - RUNS_SINCE), MOST_RUNS) : [],
    ),
    asked(() => sinceWhen(store)),
  ]);
  const isActed = changes.ok ? actedWith(changes.data) : undefined;
  const proposals = isWhole ? changes : await asked(() => unlabelled("changes"));
  const own = filtered(incidents, (one) => concerns(only, one) && (scope.mayReadIncident?.(one) ?? true));
  return {
    ...(deps.outside !== undefined &&
      (await askOutside(deps.store, deps.outside, { incidents: own, isActed }, period, now, scope))),
    incidents: own,
    isActed,
    proposals: filtered(proposals, (one) => isOf(one.spec.environment) && (scope.mayReadProposal?.(one) ?? true)),
    anomalies: filtered(
      anomalies,
      (one: Anomaly) => isOpen(one.source) && isOf(environmentOf(one.source)) && hasLabels(one.labels),
    ),
    // They are kept by watch, not by source.
    watches: filtered(watches, () => sources === undefined && only.environments === undefined),
    knownSince: knownSince.ok ? knownSince.data : now,
    runs: filtered(runs, ({ deploys }) => only.environments === undefined || isOf(deploys?.environment)),
    waste: filtered(waste, ({ id }) => isOpen(id) && isOf(environmentOf(id))),
    forecasts: filtered(forecasts, ({ source }) => isOpen(source) && isOf(environmentOf(source))),
  };
}

/** What is asked besides the store, each where this kind of digest tells of it and all of it is open to whoever asks. */
async function askOutside(
  store: GatherDeps["store"],
  outside: Outside,
  { incidents, isActed }: Pick<Facts, "incidents" | "isActed">,
  period: Period,
  now: number,
  { kind, only = {}, sources, mayReadIncident, mayReadProposal }: Scope,
): Promise<Pick<Facts, "silences" | "duties" | "budgets" | "patterns" | "thresholds" | "teamOf">> {
  const isWhole = only.labels === undefined && only.environments === undefined && sources === undefined;
  const signal = AbortSignal.timeout(OUTSIDE_MS);
  const open = outside.sources
    .filter(({ name }) => sources?.includes(name) ?? true)
    .filter(({ environment }) => only.environments === undefined || only.environments.includes(environment ?? ""));
  const soon = <T>(work: () => Promise<T>) => asked(() => orTimeout(work(), signal));
  const has = (section: SectionName, isOpen: boolean) => isOpen && tellsOf(kind, section);
  const may = { incident: mayReadIncident ?? (() => true), change: mayReadProposal ?? (() => true) };
  const { silences, duties } = outside;
  const [ending, onCall, budgets, patterns, thresholds] = await Promise.all([
    silences !== undefined && has("silences", isWhole) ? soon(silences) : undefined,
    duties !== undefined && has("duties", only.labels === undefined) ? soon(duties) : undefined,
    open.length > 0 && has("budgets", only.labels === undefined)
      ? soon(() => budgetsOf(open, outside.packs, signal))
      : undefined,
    has("patterns", isWhole)
      ? soon(async () => lookForPatterns(store, await outside.runbooks(), may, { now, zone: outside.zone }))
      : undefined,
    // Without them, the line says what a longer "for" would have done.
    incidents.ok && has("noise", true)
      ? soon(() => thresholdsFor(open, incidents.data, period, isActed, signal))
      : undefined,
  ]);
  return {
    teamOf: outside.teamOf,
    ...(ending !== undefined && { silences: ending }),
    ...(onCall !== undefined && { duties: onCall }),
    ...(budgets !== undefined && { budgets }),
    ...(patterns !== undefined && { patterns }),
    ...(thresholds?.ok === true && { thresholds: thresholds.data }),
  };
}

async function orTimeout<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, stop) => {
      signal.addEventListener("abort", () => stop(new Error("it took too long.")), { once: true });
    }),
  ]);
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
