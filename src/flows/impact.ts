import type { Catalogue } from "../core/catalogue.ts";
import { type Bound, type ConceptPacks, type Filter, queryFor, quote, stateQuery } from "../core/concept.ts";
import {
  boundsOf,
  type Impact,
  type ImpactFacts,
  isNewImpact,
  rehearsalOf,
  withImpact,
  withOlderImpact,
} from "../core/incident/impact.ts";
import { isKeptBack } from "../core/incident/maintenance.ts";
import { namesOf } from "../core/incident/subject.ts";
import { type AlertRecord, countsOf, type Incident, isLive } from "../core/incident.ts";
import { conceptIndex } from "../core/language/subject.ts";
import type { Sample } from "../core/series.ts";
import { nodeName } from "../core/topology/call.ts";
import { likelyCause } from "../core/topology/cause.ts";
import { callersOf, type Graph } from "../core/topology/graph.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { isNo } from "../util/errors.ts";
import { inert, inertName } from "../util/inert.ts";

export type ImpactDeps = {
  readonly store: Pick<Store, "incidents">;
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly clock: Clock;
  readonly graph: () => Graph;
  /** Whether routes take a milder severity, too. */
  readonly isRouted: boolean;
};

/** Alerts that are read of one incident, to count its instances. */
const ALERTS_READ = 500;
const NAMED_CALLERS = 3;

/**
 * Live incidents -> their impact, stored with them where it is news. `isChanged`: one revision further. `missing`: why it could not be measured. What somebody
 * else changed at that moment stands: it is measured again. Rejects only when `signal` fires.
 */
export async function weigh(
  deps: WeighDeps,
  incident: Incident,
  signal: AbortSignal,
): Promise<{ readonly isChanged: boolean; readonly missing?: string }> {
  const found = await measureImpact(deps, incident, signal);
  if (found === undefined) return { isChanged: false };
  if ("missing" in found) return { isChanged: false, missing: found.missing };
  const now = await deps.store.incidents.get(incident.id);
  if (now === undefined || !isLive(now) || !isNewImpact(now, found)) return { isChanged: false };
  return { isChanged: await save(deps, withImpact(now, found)) };
}

type WeighDeps = ImpactDeps & { readonly placesOf: (incident: Incident) => Incident["places"] };

/** What an impact that was not measured anew comes to by now, stored where that is another severity. Resolves with whether it is. */
export async function age(deps: WeighDeps, id: string): Promise<boolean> {
  const now = await deps.store.incidents.get(id);
  const next = now !== undefined && isLive(now) ? withOlderImpact(now, deps.clock()) : undefined;
  return next !== undefined && save(deps, next);
}

async function save({ store, placesOf }: WeighDeps, next: Incident): Promise<boolean> {
  const placed = { ...next, places: isKeptBack(next) ? next.places : placesOf(next) };
  return store.incidents.save({ incidents: [placed], alerts: [], entries: [] });
}

/**
 * What an incident of alerts does, asked by at most four guarded queries about its thing, each of one moment: the share of requests that fails, its error budget, its instances, whether anybody
 * uses it. Undefined where there is nothing to measure: a storm, anomalies alone (which were weighed when they were found), labels that name no service. `missing`: a sentence on why it could not be
 * asked. Rejects only when `signal` fires.
 */
async function measureImpact(
  deps: ImpactDeps,
  incident: Incident,
  signal: AbortSignal,
): Promise<Impact | { readonly missing: string } | undefined> {
  if (incident.isStorm || countsOf(incident).alerts.firing === 0) return undefined;
  const all = await deps.store.incidents.alertsOf(incident.id, { skip: 0, limit: ALERTS_READ });
  const alerts = all.filter(({ anomaly, endsAt }) => anomaly === undefined && endsAt === undefined);
  const first = leadOf(incident, alerts);
  if (first === undefined) return undefined;
  const sources = sourcesFor(deps.sources, incident, first);
  if (sources.length === 0) return undefined;
  const reasons: string[] = [];
  let unmeasured: Impact | undefined;
  for (const source of sources) {
    try {
      const { impact, isMeasured } = await measuredBy(
        deps,
        source,
        incident,
        [first, ...alerts.filter((one) => one !== first)],
        signal,
      );
      if (isMeasured) return impact;
      // Another one may have it.
      unmeasured ??= impact;
    } catch (problem) {
      signal.throwIfAborted();
      if (!isNo(problem)) throw problem;
      reasons.push(`${inertName(source.name)}: ${inert(problem.message)}`);
    }
  }
  return reasons.length === 0 ? unmeasured : { missing: `Impact not measured: ${reasons.join(" ")}` };
}

/** The alert whose thing is measured: that of the likely cause where things call each other, else the gravest that has lasted longest. */
function leadOf({ dependencies = [], lines }: Incident, alerts: readonly AlertRecord[]): AlertRecord | undefined {
  const cause = likelyCause(dependencies)?.name;
  const isCause = ({ labels }: AlertRecord) => namesOf(labels).some((name) => nodeName(name)?.name === cause);
  const gravest = lines.find(({ anomaly, endsAt }) => anomaly === undefined && endsAt === undefined)?.fingerprint;
  return (
    (cause === undefined ? undefined : alerts.find(isCause)) ??
    alerts.find(({ fingerprint }) => fingerprint === gravest) ??
    alerts[0]
  );
}

/** Those that may have the thing: another environment's or cluster's figures are about something else. */
function sourcesFor(
  sources: readonly Metrics[],
  { environment }: Incident,
  { labels }: AlertRecord,
): readonly Metrics[] {
  const fits = (said: string | undefined, own: string | undefined) =>
    said === undefined || own === undefined || said === own;
  return sources.filter((one) => fits(environment, one.environment) && fits(labels["cluster"], one.cluster));
}

async function measuredBy(
  deps: ImpactDeps,
  source: Metrics,
  incident: Incident,
  alerts: readonly AlertRecord[],
  signal: AbortSignal,
): Promise<{ readonly impact: Impact | undefined; readonly isMeasured: boolean }> {
  const catalogue = await source.catalogue(signal);
  const asked: { promql: string; source: string }[] = [];
  const ask = async (promql: string): Promise<readonly Sample[]> => {
    asked.push({ promql, source: source.name });
    return source.instant(promql, undefined, signal);
  };
  const thing: Thing = { catalogue, packs: deps.packs, alerts, ask };
  const rehearsal = rehearsalOf(incident.environment ?? source.environment);
  const now = deps.clock();
  const callers = callersIn(deps.graph(), incident, alerts);
  const facts: ImpactFacts = {
    ...(await requestsOf(thing)),
    ...(await burnOf(thing)),
    ...(await instancesOf(thing)),
    ...(callers && { callers: callers.facts }),
    ...(rehearsal !== undefined && { rehearsal }),
    lastedSeconds: Math.max(0, now - incident.startedAt),
  };
  const isMeasured = asked.length > 0;
  if (!isMeasured && callers === undefined && rehearsal === undefined) return { impact: undefined, isMeasured };
  const impact: Impact = {
    ...{ at: now, facts, of: incident.severity, isRouted: deps.isRouted, asked: [...asked, ...(callers?.asked ?? [])] },
    ...boundsOf(facts),
  };
  return { impact, isMeasured };
}

type Thing = {
  readonly catalogue: Catalogue;
  readonly packs: ConceptPacks;
  readonly alerts: readonly AlertRecord[];
  readonly ask: (promql: string) => Promise<readonly Sample[]>;
};

/** Matchers for what the alerts are about on this metric, with what both say of the place. Undefined where it does not have it. */
function filtersOf(
  { alerts }: Pick<Thing, "alerts">,
  labels: Bound["metric"]["labels"],
  self: string | undefined,
): readonly Filter[] | undefined {
  const own = alerts[0]?.labels ?? {};
  const known = self === undefined ? [] : (labels.get(self) ?? []);
  const name = namesOf(own).find((one) => known.includes(one));
  if (self === undefined || name === undefined) return undefined;
  const places = PLACES.filter((label) => own[label] !== undefined && labels.get(label)?.includes(own[label]));
  return [{ label: self, values: [name] }, ...places.map((label) => ({ label, values: [own[label] ?? ""] }))];
}

const PLACES = ["namespace", "cluster", "environment", "env"];

async function requestsOf(thing: Thing): Promise<Pick<ImpactFacts, "failed" | "isUnused">> {
  const index = conceptIndex(thing.packs, thing.catalogue);
  const requests = index.byId.get("service.requests");
  const errors = index.byId.get("service.errors") ?? index.byId.get("service.grpc_errors");
  const filters = requests && filtersOf(thing, requests.metric.labels, requests.names["self"]);
  if (requests === undefined || filters === undefined) return {};
  const [rate] = await thing.ask(whole(requests, filters));
  if (rate === undefined || rate.value === 0) {
    const day = { filters, by: [filters[0]!.label], window: "1d", quantile: 0.95, form: "count" as const };
    const [sum] = await thing.ask(queryFor(requests, day));
    // No series at all is no proof that nobody used it.
    return sum !== undefined && sum.value === 0 ? { isUnused: true } : {};
  }
  const same = errors && filtersOf(thing, errors.metric.labels, errors.names["self"]);
  if (errors === undefined || same === undefined) return {};
  const [share] = await thing.ask(whole(errors, same));
  if (share === undefined || !Number.isFinite(share.value)) return {};
  const { warn = 0.01, critical = 0.05 } = errors.concept;
  return { failed: { share: share.value, warn, critical, rate: rate.value } };
}

async function burnOf(thing: Thing): Promise<Pick<ImpactFacts, "burn">> {
  const bound = conceptIndex(thing.packs, thing.catalogue).byId.get("slo.burn");
  const filters = bound && filtersOf(thing, bound.metric.labels, bound.names["self"]);
  if (bound === undefined || filters === undefined) return {};
  // Objectives seldom have more labels than the service's name.
  const [burn] = await thing.ask(stateQuery(bound, filters.slice(0, 1)));
  return burn !== undefined && Number.isFinite(burn.value) ? { burn: burn.value } : {};
}

/** One value for the thing, however many series its concept would tell apart. */
function whole(bound: Bound, filters: readonly Filter[]): string {
  const window = bound.concept.window ?? "5m";
  return queryFor(bound, { filters, by: [filters[0]!.label], window, quantile: 0.95, form: "rate" });
}

/** Of the targets that carry the thing's name, those that answer not; and of the alerts, the instances that they are about. */
async function instancesOf(thing: Thing): Promise<Pick<ImpactFacts, "instances">> {
  const up = thing.catalogue.metrics.get("up");
  const labels = up?.labels;
  const self = labels && NAMING.find((label) => filtersOf(thing, labels, label) !== undefined);
  const filters = labels && filtersOf(thing, labels, self);
  if (filters === undefined) return {};
  const match = filters.map(({ label, values }) => `${label}=${quote(values[0] ?? "")}`).join(",");
  const samples = await thing.ask(`up{${match}}`);
  if (samples.length === 0) return {};
  // An alert names the target or, in Kubernetes, its pod.
  const targets = new Map<string, string>();
  for (const { labels: own } of samples)
    for (const name of [own["instance"], own["pod"]]) if (name) targets.set(name, own["instance"] ?? "");
  const instances = new Set(targets.values());
  const targetOf = ({ labels: own }: AlertRecord) =>
    targets.get(own["instance"] ?? "") ?? targets.get(own["pod"] ?? "");
  const alerting = thing.alerts.flatMap((alert) => targetOf(alert) ?? []);
  const down = samples.filter(({ value }) => value === 0).map(({ labels: own }) => own["instance"] ?? "");
  const isWhole = thing.alerts.every((alert) => alert.severity !== "critical" || targetOf(alert) !== undefined);
  return {
    instances: { all: instances.size, alerting: new Set(alerting).size, down: new Set(down).size, isWhole },
  };
}

const NAMING = ["service", "service_name", "app", "application", "deployment", "job"];

function callersIn(graph: Graph, { environment }: Incident, [first]: readonly AlertRecord[]) {
  const names = namesOf(first?.labels ?? {}).flatMap((name) => nodeName(name)?.name ?? []);
  const found = callersOf(graph, { environment, cluster: first?.labels["cluster"] }, names);
  if (found.length === 0) return undefined;
  const asked = new Map(
    found.slice(0, NAMED_CALLERS).map(({ promql, source }) => [`${source} ${promql}`, { promql, source }]),
  );
  return {
    facts: { names: found.slice(0, NAMED_CALLERS).map(({ caller }) => caller), all: found.length },
    asked: [...asked.values()],
  };
}
