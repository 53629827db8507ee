import type { Chart, EvidenceLine } from "../../core/card.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import { STEPS, type Step, stepsOf } from "../../core/cause/steps.ts";
import { sayDeploy, versionsBorn, versionsQuery } from "../../core/cause/versions.ts";
import { deploysOf, MOST_TOLD, runsAt, TOLD_BEFORE, withTold } from "../../core/ci/deploys.ts";
import type { ConceptPacks } from "../../core/concept.ts";
import type { Deploy } from "../../core/deploy.ts";
import type { Incident } from "../../core/incident.ts";
import { conceptIndex } from "../../core/language/subject.ts";
import type { Labels } from "../../core/series.ts";
import { sayMoment } from "../../core/zone.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Runs } from "../../ports/runs.ts";
import { inertName } from "../../util/inert.ts";
import type { Enriched } from "../enrich.ts";

export type ChangesDeps = {
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly runs: Pick<Runs, "since">;
  readonly clock: Clock;
  readonly zone: string;
};

/** Looked at before an incident's first alert began, and after it: a rollout ends when its first alert may fire already. Seconds. */
const BEFORE = 3600;
const AFTER = 300;
/** Somebody else's deployment is told when it was so near. */
const OTHERS_BEFORE = 900;
const STEP = 60;
const MOST = 3;
/** Labels that name what an alert is about. Those of places, as a namespace, would make everything there its own. */
const NAMING =
  /^(?:service|app|job|deployment|statefulset|daemonset|workload|container|pod|instance|node|host|queue|target)(?:_name)?$/;

/** A change, and the query that tells of it: none of one that a pipeline told of. */
type Found = Step & { readonly promql: string | undefined };

export type Changes = {
  /** Sentences. */
  readonly facts: readonly string[];
  readonly evidence: readonly EvidenceLine[];
  /** For a chart. */
  readonly events: NonNullable<Chart["events"]>;
};

/**
 * "What changed?" of an incident, for its card: deployments, scaling, lost targets and the like in the hour before it began, the nearest first, with the
 * queries that tell of them. At most seven range queries. What could not be asked is left out; where nothing could be, nothing is said. Rejects only
 * when `signal` fires.
 */
export async function changesBefore(deps: ChangesDeps, incident: Incident, signal: AbortSignal): Promise<Changes> {
  const nothing = { facts: [], evidence: [], events: [] };
  const source = sourceOf(deps.sources, incident);
  // Anomalies bring their own.
  const isOfAlerts = incident.lines.some(({ anomaly }) => anomaly === undefined);
  if (source === undefined || incident.isStorm || !isOfAlerts) return nothing;
  const [from, to] = [incident.startedAt - BEFORE, Math.min(deps.clock(), incident.startedAt + AFTER)];
  try {
    const catalogue = await source.catalogue(signal);
    const where = { ...deps, source, catalogue };
    const isOwn = ownedBy(incident);
    const [{ deploys, versions }, steps] = await Promise.all([
      deploysBetween(where, { from, to }, signal),
      stepsBetween(where, isOwn, { from, to }, signal),
    ]);
    const near = deploys.filter(({ service, at }) => isOwn({ service }) || at >= incident.startedAt - OTHERS_BEFORE);
    const own = ({ service }: Deploy) => Number(isOwn({ service }));
    const say = (at: number) => sayMoment(at, deps.clock(), deps.zone);
    const found: readonly Found[] = [
      ...near
        .sort((a, b) => own(b) - own(a) || b.at - a.at)
        .map((one) => ({ at: one.at, text: sayDeploy(one, deps.clock(), deps.zone), promql: versions })),
      ...steps.found.sort((a, b) => b.at - a.at).map((one) => ({ ...one, text: `${one.text} ${say(one.at)}` })),
    ].slice(0, MOST);
    const looked = [...(versions === undefined ? [] : ["deployments"]), ...steps.names];
    if (found.length === 0)
      return looked.length === 0
        ? nothing
        : { ...nothing, facts: [`No change of it is seen in the hour before (looked at: ${looked.join(", ")}).`] };
    const queries = [...new Set(found.flatMap(({ promql: one }) => one ?? []))];
    return {
      facts: [`Changed shortly before: ${found.map(({ text }) => text).join("; ")}. Near in time, which is no proof.`],
      evidence: queries.map((promql) => {
        const url = source.linkTo(promql, { start: from, end: to, step: STEP });
        return { promql, source: source.name, ...(url !== undefined && { url }) };
      }),
      events: near
        .slice(0, MOST)
        .map(({ at, service, to: version }) => ({ at, name: inertName(`${service} ${version ?? ""}`.trim()) })),
    };
  } catch {
    signal.throwIfAborted();
    return nothing;
  }
}

/** What an incident's card says of its measure, and of what changed before: deployments stand in its chart too. */
export function withChanges(enriched: Enriched, { facts, evidence, events }: Changes): Enriched {
  const { chart } = enriched;
  return {
    ...enriched,
    facts: [...(enriched.facts ?? []), ...facts],
    evidence: [...(enriched.evidence ?? []), ...evidence],
    ...(chart !== undefined && { chart: { ...chart, events: [...(chart.events ?? []), ...events] } }),
  };
}

/** The one source it can come from; undefined where several may be meant: another one's changes would lead astray. */
function sourceOf(sources: readonly Metrics[], { environment, lines }: Incident): Metrics | undefined {
  const [cluster] = lines.flatMap(({ labels }) => labels["cluster"] ?? []);
  const here = sources.filter(
    (one) => [environment, one.environment].includes(undefined) || one.environment === environment,
  );
  const near = here.filter((one) => cluster === undefined || one.cluster === undefined || one.cluster === cluster);
  return near.length === 1 ? near[0] : undefined;
}

/** Whether labels are about what the incident is about: its subject, what its alerts name, and pods of these. */
function ownedBy({ subject, lines }: Incident): (labels: Labels) => boolean {
  const told = lines.flatMap(({ labels }) =>
    Object.entries(labels).flatMap(([label, value]) => (isName(label) ? [value] : [])),
  );
  const names = new Set([...told, ...(subject === undefined ? [] : [subject.name])].filter((name) => name !== ""));
  return (labels) =>
    Object.entries(labels).some(([label, value]) => {
      if (!isName(label)) return false;
      if (names.has(value)) return true;
      return label === "pod" && [...names].some((name) => value.startsWith(`${name}-`));
    });
}

function isName(label: string): boolean {
  return NAMING.test(label);
}

type Where = ChangesDeps & { readonly source: Metrics; readonly catalogue: Catalogue };
type Span = { readonly from: number; readonly to: number };

/** As the source measured them and as pipelines told of them, newest first. `versions`: the query that the source answered. */
async function deploysBetween(
  where: Where,
  { from, to }: Span,
  signal: AbortSignal,
): Promise<{ readonly deploys: readonly Deploy[]; readonly versions: string | undefined }> {
  const query = versionsQuery(where, from, to);
  const [measured, told] = await Promise.all([
    query && where.source.range(query.promql, query.window, signal).catch(() => undefined),
    where.runs.since(from - TOLD_BEFORE, MOST_TOLD, { deploying: true }).catch(() => []),
  ]);
  const born = query === undefined || measured === undefined ? [] : versionsBorn(measured, query);
  const deploys = withTold(born, deploysOf(runsAt(told, where.source, where.sources), from, to));
  return { deploys, versions: measured === undefined ? undefined : query?.promql };
}

async function stepsBetween(
  { source, packs, catalogue }: Where,
  isOwn: (labels: Labels) => boolean,
  { from, to }: Span,
  signal: AbortSignal,
): Promise<{ readonly found: Found[]; readonly names: readonly string[] }> {
  const index = conceptIndex(packs, catalogue);
  const names: string[] = [];
  const end = Math.floor(to / STEP) * STEP;
  const start = end - Math.ceil((end - from) / STEP) * STEP;
  const found = await Promise.all(
    STEPS.map(async ({ id, say }): Promise<readonly Found[]> => {
      const bound = index.byId.get(id);
      if (bound === undefined) return [];
      const promql = bound.metric.name;
      const answer = await source.range(promql, { start, end, step: STEP }, signal).catch(() => undefined);
      if (answer === undefined) return [];
      names.push(bound.concept.name);
      return answer
        .filter(({ labels }) => isOwn(labels))
        .flatMap((series) => stepsOf(series, bound.names["self"] ?? "", say))
        .map((step) => ({ ...step, promql }));
    }),
  );
  return { found: found.flat(), names };
}
