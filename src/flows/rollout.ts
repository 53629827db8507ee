import { rolloutCard } from "../cards/rollout-card.ts";
import { versionsBorn, versionsQuery } from "../core/cause/versions.ts";
import { namespaceQueries } from "../core/change/namespaces.ts";
import type { Place } from "../core/chat.ts";
import { deploysOf, MOST_TOLD, runsAt, TOLD_BEFORE, withTold } from "../core/ci/deploys.ts";
import type { Run } from "../core/ci/run.ts";
import { type Bound, type ConceptPacks, type Filter, matcher, queryFor } from "../core/concept.ts";
import type { Deploy } from "../core/deploy.ts";
import { conceptIndex } from "../core/language/subject.ts";
import type { Need } from "../core/need.ts";
import { postOrEdit } from "../core/posted.ts";
import { contrast, overall } from "../core/rollout/compare.ts";
import {
  BEFORE,
  isDue,
  isSameRollout,
  LOOKS,
  OVER,
  type Rollout,
  SETTLE,
  SIGNALS,
  type Signal,
  STEP,
  VERSION_LABELS,
} from "../core/rollout/rollout.ts";
import type { Point, Series } from "../core/series.ts";
import type { Suggester } from "../ports/chat.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { sha256 } from "../util/canonical.ts";
import { isNo, reasonOf } from "../util/errors.ts";
import { inertName } from "../util/inert.ts";

/** Deployments -> what they made better or worse: looked at some minutes after each, and again until half an hour after it. */

export type RolloutDeps = {
  readonly store: Pick<Store, "rollouts" | "runs" | "outbox">;
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly clock: () => number;
  readonly zone: string;
  /** Where the comparison is posted. */
  readonly places: readonly Place[];
  readonly suggest: Suggester;
  /** A message stands in the outbox. */
  readonly posted: () => void;
  readonly report: (level: "warn" | "error", message: string, data: Readonly<Record<string, unknown>>) => void;
};

/** Versions are looked for so far back: what came while nobody looked is found, and what is older is no news. */
const BACK = 2400;
/** Deployments that are compared at once. A whole cluster that is redeployed is not. */
const MOST_OPEN = 50;
const PROPOSE_MS = 20_000;
/** Seconds between two rounds. */
const EVERY = 60;

/** One round. Resolves with the seconds after which the next one is of use. */
export async function compareRollouts(deps: RolloutDeps, signal: AbortSignal): Promise<number> {
  const { store, clock } = deps;
  const open = [...(await store.rollouts.open())];
  const told = await store.runs.since(clock() - BACK - TOLD_BEFORE, MOST_TOLD, { deploying: true });
  for (const source of deps.sources) {
    try {
      open.push(...(await begin(deps, source, told, open, signal)));
    } catch (problem) {
      if (signal.aborted) return EVERY;
      if (!isNo(problem)) throw problem;
    }
  }
  for (const one of open) {
    if (signal.aborted) return EVERY;
    try {
      const isOver = clock() > one.at + OVER;
      if (isOver) await store.rollouts.save([{ ...one, revision: one.revision + 1, endedAt: clock() }], []);
      else if (isDue(one, clock())) await look(deps, one, signal);
    } catch (problem) {
      if (signal.aborted) return EVERY;
      deps.report("warn", "a deployment could not be compared", { rollout: one.id, reason: reasonOf(problem) });
    }
  }
  await show(deps);
  return EVERY;
}

/** Deployments that nobody has taken up yet. */
async function begin(
  deps: RolloutDeps,
  source: Metrics,
  told: readonly Run[],
  open: readonly Rollout[],
  signal: AbortSignal,
): Promise<readonly Rollout[]> {
  const now = deps.clock();
  const from = now - BACK;
  const here = runsAt(told, source, deps.sources);
  const query = versionsQuery({ packs: deps.packs, catalogue: await source.catalogue(signal) }, from, now);
  const born = query === undefined ? [] : versionsBorn(await source.range(query.promql, query.window, signal), query);
  const made: Rollout[] = [];
  for (const deploy of withTold(born, deploysOf(here, from, now))) {
    const one = taken(deploy, source, deps.places, now);
    if ([...open, ...made].some((other) => isSameRollout(one, other))) continue;
    if (open.length + made.length >= MOST_OPEN) break;
    if (await deps.store.rollouts.save([one], [])) made.push(one);
  }
  return made;
}

function taken({ service, at, from, to }: Deploy, source: Metrics, places: readonly Place[], now: number): Rollout {
  return {
    id: `rollout-${sha256(`${source.name}\n${service}\n${to}\n${Math.round(at)}`).slice(0, 12)}`,
    ...{ revision: 1, madeAt: now, source: source.name, service, at, verdict: "none", signals: [], looks: 0, places },
    ...(source.environment !== undefined && { environment: source.environment }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

/** Compares, notes what came of it, and proposes the way back where it is worse. */
async function look(deps: RolloutDeps, one: Rollout, signal: AbortSignal): Promise<void> {
  const source = deps.sources.find(({ name }) => name === one.source);
  if (source === undefined) return;
  const now = deps.clock();
  const looks = LOOKS.filter((after) => now >= one.at + after).length;
  const { byId } = conceptIndex(deps.packs, await source.catalogue(signal));
  // What was taken back is not judged by what is there now.
  if (await isGone(source, byId.get("deploy.version"), one, now, signal)) {
    await deps.store.rollouts.save([{ ...one, revision: one.revision + 1, looks: LOOKS.length }], []);
    return;
  }
  const bound = SIGNALS.flatMap((wanted) => {
    const found = byId.get(wanted.concept);
    return found === undefined ? [] : [{ wanted, found }];
  });
  const beside = await Promise.all(bound.map(({ found }) => versionsIn(source, found, one, now, signal)));
  const how = beside.some((both) => both !== undefined) ? "versions" : "time";
  const signals = await Promise.all(
    bound.map(({ wanted, found }, at) =>
      how === "time" || (beside[at] !== undefined && wanted.only === undefined)
        ? measure(source, wanted, found, one, beside[at], now, signal)
        : undefined,
    ),
  );
  const kept = signals.filter((each) => each !== undefined);
  const verdict = overall(kept.map((each) => each.verdict));
  const next: Rollout = { ...one, revision: one.revision + 1, looks, lookedAt: now, verdict, how, signals: kept };
  const back = verdict === "worse" && one.back === undefined ? await wayBack(deps, next, signal) : undefined;
  await deps.store.rollouts.save([back === undefined ? next : { ...next, back }], []);
}

/** Whether that version was there since, and another one is there now instead of it. */
async function isGone(
  source: Metrics,
  build: Bound | undefined,
  { service, to, at }: Rollout,
  now: number,
  signal: AbortSignal,
): Promise<boolean> {
  const self = build?.names["self"];
  if (build === undefined || self === undefined || to === undefined || !build.metric.labels.has("version"))
    return false;
  const promql = `max by (version) (${build.metric.name}{${matcher({ label: self, values: [service] })}})`;
  const end = Math.floor(now / 60) * 60;
  const start = end - Math.floor((end - at) / 60) * 60;
  const found = await source.range(promql, { start, end, step: 60 }, signal);
  const lastOf = ({ points }: Series) => points.findLast(([, value]) => Number.isFinite(value))?.[0];
  const last = found.filter(({ labels }) => labels["version"] === to).map(lastOf)[0];
  return last !== undefined && last < end && found.some((other) => lastOf(other) === end);
}

const LEAST = 3;

/** Both versions since the deployment, where both ran and a label tells them apart. */
type Beside = { readonly label: string; readonly old: readonly Point[]; readonly young: readonly Point[] };

async function versionsIn(
  source: Metrics,
  bound: Bound,
  { service, from, to, at }: Rollout,
  now: number,
  signal: AbortSignal,
): Promise<Beside | undefined> {
  if (from === undefined || to === undefined) return undefined;
  const label = VERSION_LABELS.find((name) => bound.metric.labels.has(name));
  if (label === undefined) return undefined;
  const own = { label: bound.names["self"] ?? "service", values: [service] };
  const window = windowOf(at + SETTLE, now);
  const of = async (version: string) =>
    pointsOf(await source.range(query(bound, [own, { label, values: [version] }]), window, signal));
  const [old, young] = await Promise.all([of(from), of(to)]);
  return old.length >= LEAST && young.length >= LEAST ? { label, old, young } : undefined;
}

function query(bound: Bound, filters: readonly Filter[]): string {
  // Grouped by the service, since a query has to be grouped by something.
  const by = [bound.names["self"] ?? "service"];
  return queryFor(bound, { filters, by, window: `${STEP / 60}m`, quantile: 0.95, form: "rate" });
}

function windowOf(from: number, to: number) {
  const end = Math.floor(to / 60) * 60;
  return { start: end - Math.floor((end - from) / STEP) * STEP, end, step: STEP };
}

function pointsOf(series: readonly Series[] | undefined): readonly Point[] {
  return (series?.[0]?.points ?? []).filter(([, value]) => Number.isFinite(value));
}

/** One measure under both. What cannot be asked is said. */
async function measure(
  source: Metrics,
  wanted: (typeof SIGNALS)[number],
  bound: Bound,
  { service, from, to, at }: Rollout,
  beside: Beside | undefined,
  now: number,
  signal: AbortSignal,
): Promise<Signal> {
  const own: Filter = { label: bound.names["self"] ?? "service", values: [service] };
  const of = (version: string | undefined): Filter[] =>
    beside === undefined || version === undefined ? [own] : [own, { label: beside.label, values: [version] }];
  const [promql, oldPromql] = [query(bound, of(to)), query(bound, of(from))];
  const base = {
    ...{ concept: wanted.concept, name: wanted.name, unit: bound.concept.unit, noun: bound.concept.noun, promql },
    ...(beside !== undefined && { oldPromql }),
  };
  try {
    const points = beside ?? (await beforeAndSince());
    const values = (list: readonly Point[]) => list.map(([, value]) => value);
    const { verdict, old: was, young: is } = contrast(values(points.old), values(points.young), wanted);
    const which = points.young.length < LEAST ? "since it was deployed" : "from before it was deployed";
    return {
      ...base,
      ...{ verdict, points: { old: points.old, young: points.young } },
      ...(was !== undefined && { old: was }),
      ...(is !== undefined && { young: is }),
      ...(verdict === "none" && { why: `too few values ${which}` }),
    };
  } catch (problem) {
    if (signal.aborted || !isNo(problem)) throw problem;
    return { ...base, verdict: "none", points: { old: [], young: [] }, why: reasonOf(problem) };
  }

  async function beforeAndSince(): Promise<Pick<Beside, "old" | "young">> {
    const [old, young] = await Promise.all([
      source.range(promql, windowOf(at - BEFORE, at), signal),
      source.range(promql, windowOf(at + SETTLE, now), signal),
    ]);
    return { old: pointsOf(old), young: pointsOf(young) };
  }
}

const KINDS = ["deployment", "service"];

/** What the runbook may want to know about the service. Where its namespace is not certain, the runbook asks for it. */
async function valuesOf(source: Metrics | undefined, service: string, signal: AbortSignal): Promise<Need["values"]> {
  if (source === undefined) return {};
  const told = (value: string) => ({ value, origin: "label" as const });
  const catalogue = await source.catalogue(signal);
  let spaces: readonly string[] = [];
  for (const promql of namespaceQueries(catalogue, catalogue.named(service), KINDS)) {
    spaces = (await source.instant(promql, undefined, signal)).flatMap(({ labels }) => labels["namespace"] ?? []);
    if (spaces.length > 0) break;
  }
  const [space] = spaces;
  return {
    ...{ name: told(service), deployment: told(service), service: told(service) },
    ...(source.cluster !== undefined && { cluster: told(source.cluster) }),
    ...(space !== undefined && spaces.length === 1 && { namespace: told(space) }),
  };
}

/** A proposal to bring the version before it back, like any other: nothing is changed before people approve it. */
async function wayBack(deps: RolloutDeps, one: Rollout, signal: AbortSignal): Promise<Rollout["back"]> {
  const worst = one.signals.find(({ verdict }) => verdict === "worse");
  if (one.places.length === 0 || worst === undefined) return { why: "it is posted nowhere" };
  const source = deps.sources.find(({ name }) => name === one.source);
  const { old = 0, young = 0 } = worst;
  const told = `${worst.name} of ${inertName(one.service)} is worse since ${inertName(one.to ?? "a deployment")}`;
  try {
    const suggested = await deps.suggest(
      {
        action: { type: "rollback", target: one.service, params: {} },
        kinds: KINDS,
        values: await valuesOf(source, one.service, signal),
        environment: one.environment,
        source: one.source,
        requester: undefined,
        places: one.places,
        cause: {
          kind: "anomaly",
          text: told,
          trigger: {
            name: told,
            promql: worst.promql,
            expect: { op: young > old ? ">" : "<", value: (old + young) / 2 },
            none: "fail",
          },
        },
        facts: [`Compared after the deployment: ${told}. It is withdrawn when that is over.`],
        isOnlyIfRunnable: true,
      },
      AbortSignal.any([signal, AbortSignal.timeout(PROPOSE_MS)]),
    );
    if (suggested.kind === "proposed") return { proposal: suggested.proposal.id };
    return { why: suggested.kind === "refused" ? suggested.reason : suggested.text };
  } catch (problem) {
    if (signal.aborted) throw problem;
    // Whether it can be proposed is not known: the next look tries again.
    deps.report("warn", "the way back of a deployment could not be proposed", {
      rollout: one.id,
      reason: reasonOf(problem),
    });
    return undefined;
  }
}

/**
 * One message for each in each place, edited with each look that changes what it says. Nothing is posted before something could be compared,
 * or it is certain that nothing can.
 */
async function show({ store, zone, clock, sources, posted }: RolloutDeps): Promise<void> {
  let isPosted = false;
  for (const one of await store.rollouts.unshown(MOST_OPEN * 4)) {
    const isWorthIt = one.looks > 0 && (one.verdict !== "none" || one.looks === LOOKS.length);
    for (const place of isWorthIt ? one.places : []) {
      const source = sources.find(({ name }) => name === one.source);
      const linkTo: Metrics["linkTo"] = (promql, window) => source?.linkTo(promql, window);
      const card = rolloutCard(one, { now: clock(), zone, linkTo });
      const id = `rollout:${one.id}:${place.platform}/${place.channel}`;
      await postOrEdit(
        store.outbox.put,
        { id, place, card, at: clock(), revision: one.revision },
        sha256(JSON.stringify(card)).slice(0, 12),
      );
      isPosted = true;
    }
    await store.rollouts.shown(one.id, one.revision);
  }
  if (isPosted) posted();
}
