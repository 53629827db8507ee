import { environmentOf, namesOf } from "../incident/subject.ts";
import type { AlertEvent, AlertRecord, Incident } from "../incident.ts";
import { readSeverity } from "../incident.ts";
import { nodeName } from "./call.ts";
import { type Graph, type GraphPlace, type KnownCall, wayBetween } from "./graph.ts";

/** Why something that began joined an incident about another thing: one calls the other. Stored with the incident. */
export type Dependency = {
  /** The edges from the caller to what is called: one, or two with something between them. */
  readonly way: readonly Pick<KnownCall, "caller" | "callee" | "rate" | "noun" | "seenAt" | "promql" | "source">[];
  /** When the caller and what it calls began, unix seconds. */
  readonly callerAt: number;
  readonly calleeAt: number;
};

/**
 * What fails spreads within minutes, and rules wait for some (`for`, 1 to 15 minutes in the usual mixins): callers may be told of so much later than
 * what they call, or, where that one's rule is the slower one, so much earlier. In seconds.
 */
export const AFTER_SECONDS = 600;
export const BEFORE_SECONDS = 300;
/** Edges from a caller to what explains it; and in an incident, to what explains all of it. */
const HOPS = 2;
const HOPS_WITHIN = 4;
/** An edge that carries less of its caller's calls cannot be why the caller fails. */
const LEAST_SHARE = 0.1;

/** What a caller suffers when that which it calls fails: it fails, is slow, or does less. */
const SPREADS =
  /err|fail|5xx|50\d|4xx|laten|slow|durat|timeout|timed|p9\d|p50|apdex|avail|unreach|burn|budget|slo(?![a-z])|success|traffic|request|throughput|backlog|queue|lag(?![a-z])|probe|degrad|saturat|down(?![a-z])/i;
/** What neither spreads nor is a consequence of anything. */
const HOUSEKEEPING =
  /cert|expir|backup|predict|fillup|will.?fill|watchdog|deadman|inhibit|deprecat|version|quota|licen|drift|mismatch|outdated/i;

/** Something with a name in the graph that goes wrong, and when that began. */
type Member = { readonly name: string; readonly namespace: string | undefined; readonly at: number };
type Told = Pick<AlertRecord, "labels" | "startsAt">;

/**
 * Whether an alert or anomaly belongs to an incident since one of the two things calls the other, and by which way; "there" for a thing that is in it already. The incident's side is what explains
 * all of it: the one member that every other one leads to. So two things that one gateway calls stay apart while only the gateway is common to them.
 *
 * Joined is only what the graph, the time and the kind of trouble agree on: a caller that fails or is slow, within `AFTER_SECONDS` after or `BEFORE_SECONDS` before
 * what it calls, over at most two edges that each carry a tenth of their caller's calls, in one environment and cluster. That what
 * fails propagates from what is called to its callers is the assumption of graph-based root cause analysis: Wu et al., "MicroRCA: Root cause localization of performance
 * issues in microservices" (NOMS 2020); Kim et al., "Root cause detection in a service-oriented architecture" (MonitorRank, SIGMETRICS 2013).
 * Their random walks weigh by how alike metrics move; alerts say only what is wrong and since when, and on those alone the walk finds fewer roots
 * (`npm run bench -- topology`).
 */
export function dependencyOn(
  graph: Graph,
  event: Pick<AlertEvent, "labels" | "startsAt">,
  incident: Pick<Incident, "environment">,
  members: Iterable<Told>,
): Dependency | "there" | undefined {
  const place = placeIn(graph, event.labels);
  if (place === undefined || !mayMatter(event.labels)) return undefined;
  const own = memberOf(graph, place, event);
  if (own === undefined) return undefined;
  const there: Member[] = [];
  const spreading = new Set<string>();
  for (const told of members) {
    const where = placeIn(graph, told.labels);
    if (where?.environment !== place.environment || where?.cluster !== place.cluster) return undefined;
    const member = memberOf(graph, place, told);
    // Something in it that the graph does not know may be about anything.
    if (member === undefined) return undefined;
    if (!mayMatter(told.labels)) continue;
    there.push(member);
    if (spreads(told.labels)) spreading.add(member.name);
  }
  if (incident.environment !== undefined && incident.environment !== place.environment) return undefined;
  // What came by a call and has more to say about the same minutes.
  if (there.some(({ name, at }) => name === own.name && Math.abs(own.at - at) <= AFTER_SECONDS)) return "there";
  const roots = rootsOf(graph, place, there);
  // All of them lead to the root, so whatever leads to one of them does, too.
  const called = spreads(event.labels) ? nearest(there.map((member) => between(graph, place, own, member))) : undefined;
  return (
    called ?? nearest(roots.map((root) => (spreading.has(root.name) ? between(graph, place, root, own) : undefined)))
  );
}

/** The shortest way; of those, between what began closest to each other. */
function nearest(found: readonly (Dependency | undefined)[]): Dependency | undefined {
  const apart = ({ callerAt, calleeAt }: Dependency) => Math.abs(callerAt - calleeAt);
  return found.filter((one) => one !== undefined).sort((a, b) => a.way.length - b.way.length || apart(a) - apart(b))[0];
}

/** Where it is: as its labels say, or as all that is known is. Undefined where that is open. */
function placeIn({ environments, clusters }: Graph, labels: AlertEvent["labels"]): GraphPlace | undefined {
  const only = (said: string | undefined, known: ReadonlySet<string | undefined>) =>
    said !== undefined || known.size !== 1 ? said : [...known][0];
  const environment = only(environmentOf(labels), environments);
  const cluster = only(labels["cluster"], clusters);
  const isOpen = (value: string | undefined, known: ReadonlySet<string | undefined>) =>
    value === undefined && known.size > 1;
  return isOpen(environment, environments) || isOpen(cluster, clusters) ? undefined : { environment, cluster };
}

function mayMatter(labels: AlertEvent["labels"]): boolean {
  const name = labels["alertname"] ?? "";
  return readSeverity(labels["severity"] ?? labels["priority"]) !== "info" && !HOUSEKEEPING.test(name);
}

function spreads(labels: AlertEvent["labels"]): boolean {
  return SPREADS.test(labels["alertname"] ?? "");
}

/** The thing of these labels under the name that the graph knows it by. */
function memberOf(graph: Graph, place: GraphPlace, { labels, startsAt }: Told): Member | undefined {
  for (const name of namesOf(labels)) {
    const node = nodeName(name);
    if (node !== undefined && graph.has(place, node.name))
      return { name: node.name, namespace: labels["namespace"] ?? node.namespace, at: startsAt };
  }
  return undefined;
}

/** Of the members, the one thing that all others lead to, once for each time that it began. Empty where there is no such thing. */
function rootsOf(graph: Graph, place: GraphPlace, members: readonly Member[]): readonly Member[] {
  const names = [...new Set(members.map(({ name }) => name))];
  const isRoot = (root: string) =>
    names.every(
      (name) =>
        name === root || wayBetween(graph, place, name, root, { most: HOPS_WITHIN, least: LEAST_SHARE }) !== undefined,
    );
  const roots = names.filter(isRoot);
  // Two that call each other explain each other: then neither explains the rest.
  return roots.length === 1 ? members.filter(({ name }) => name === roots[0]) : [];
}

function between(graph: Graph, place: GraphPlace, caller: Member, callee: Member): Dependency | undefined {
  const later = caller.at - callee.at;
  if (later > AFTER_SECONDS || later < -BEFORE_SECONDS) return undefined;
  const way = wayBetween(graph, place, caller.name, callee.name, { most: HOPS, least: LEAST_SHARE });
  if (way === undefined || !fits(way, caller.namespace, callee.namespace)) return undefined;
  return {
    way: way.map(({ caller: from, callee: to, rate, noun, seenAt, promql, source }) => ({
      ...{ caller: from, callee: to, rate, noun, seenAt, promql, source },
    })),
    callerAt: caller.at,
    calleeAt: callee.at,
  };
}

/** What is said of namespaces agrees; those of two different ones have to be the edges' own, since many have an environment in each. */
function fits(way: readonly KnownCall[], caller: string | undefined, callee: string | undefined): boolean {
  const [from, to] = [way[0]?.callerNamespace, way.at(-1)?.calleeNamespace];
  const agrees = (a: string | undefined, b: string | undefined) => a === undefined || b === undefined || a === b;
  if (!agrees(caller, from) || !agrees(callee, to)) return false;
  const isOther = caller !== undefined && callee !== undefined && caller !== callee;
  return !isOther || (from !== undefined && to !== undefined);
}
