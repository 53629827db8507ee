import { type World as Absorbing, absorb } from "../../src/core/incident/absorb.ts";
import type { Tally } from "../../src/core/incident/tally.ts";
import { type AlertEvent, type AlertRecord, type Incident, isLive } from "../../src/core/incident.ts";
import type { Call } from "../../src/core/topology/call.ts";
import { likelyCause } from "../../src/core/topology/cause.ts";
import { type Graph, NO_GRAPH, remember } from "../../src/core/topology/graph.ts";
import { randomNumbers } from "../tools/random.ts";

/**
 * Made worlds of services that call each other, whose faults and their consequences are known since they are made so: a fault begins at one
 * service and spreads to callers, the likelier the more of their calls go there, with delays and with rules that wait for different times. Beside them: faults at the same
 * time that have nothing to do with each other, alerts of no consequence, and edges that the graph lacks or has wrongly.
 */

/** An alert of a fault, or of none. `fault`: its number; each alert that belongs to none has one of its own. */
type Told = { readonly event: AlertEvent; readonly fault: number };
export type MadeWorld = {
  readonly graph: Graph;
  readonly told: readonly Told[];
  /** The service that each fault began at, of faults that more than one thing suffered. */
  readonly roots: ReadonlyMap<number, string>;
};

const START = 1_790_000_000;
const HOURS = 12;
const SPREADING = ["HighErrorRate", "LatencyHigh", "ErrorBudgetBurn", "RequestTimeouts"];
const OWN = ["HighErrorRate", "LatencyHigh", "PodCrashLooping", "CPUThrottling", "MemoryHigh", "ConnectionPoolFull"];
const OF_NO_CONSEQUENCE = [
  "DiskFilling",
  "HighErrorRate",
  "LatencyHigh",
  "MemoryHigh",
  "CertificateExpiresSoon",
  "PodRestarts",
];

/** `lost`: share of edges that no metric tells of. `wrong`: edges that are told and carry no dependency, as a share of the true ones. `faults`: of 12 hours. */
export function aWorld(
  seed: number,
  {
    services = 40,
    faults = 24,
    noise = 30,
    lost = 0.1,
    wrong = 0.1,
  }: Partial<Record<"services" | "faults" | "noise" | "lost" | "wrong", number>> = {},
): MadeWorld {
  const random = randomNumbers(seed);
  const between = (low: number, high: number) => low + random() * (high - low);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const name = (n: number) => `service-${n}`;
  // Layers, so that nothing calls itself by a detour: a few entrances, many in between, stores at the bottom that many share.
  const edges: { caller: number; callee: number; rate: number }[] = [];
  for (let caller = 0; caller < services * 0.8; caller++) {
    const count = 1 + Math.floor(random() * 4);
    const callees = new Set<number>();
    for (let n = 0; n < count; n++) {
      const near = caller + 1 + Math.floor(random() ** 1.5 * (services - caller - 1));
      if (near < services) callees.add(near);
    }
    for (const callee of callees) edges.push({ caller, callee, rate: 10 ** between(-1, 3) });
  }
  const calls = edges
    .filter(() => random() >= lost)
    .map(({ caller, callee, rate }) => aCall(name(caller), name(callee), rate));
  for (let n = 0; n < edges.length * wrong; n++)
    calls.push(
      aCall(name(Math.floor(random() * services)), name(Math.floor(random() * services)), 10 ** between(-1, 3)),
    );

  const told: Told[] = [];
  const roots = new Map<number, string>();
  let alerts = 0;
  const fire = (service: number, alertname: string, began: number, lasts: number, fault: number) => {
    // A rule looks once a minute, waits for a time of its own, and Alertmanager for half a minute.
    const startsAt = Math.ceil(began / 60) * 60 + one([60, 120, 300, 300, 600]);
    if (startsAt >= began + lasts) return false;
    const fingerprint = `a${alerts++}`;
    const labels = {
      alertname,
      service: name(service),
      severity: one(["warning", "warning", "critical"]),
      environment: "production",
    };
    const event = { fingerprint, labels, annotations: {}, startsAt } as const;
    told.push({ event: { ...event, status: "firing", at: startsAt + between(5, 35) }, fault });
    const endsAt = began + lasts + between(60, 360);
    told.push({ event: { ...event, status: "resolved", endsAt, at: endsAt + between(5, 300) }, fault });
    return true;
  };
  for (let fault = 0; fault < faults; fault++) {
    const root = Math.floor(random() * services);
    const began = START + random() * HOURS * 3600;
    const lasts = between(900, 5400);
    const suffering = new Map([[root, began]]);
    const queue = [root];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const { caller, callee, rate } of edges) {
        if (callee !== at || suffering.has(caller)) continue;
        const total = edges.filter((edge) => edge.caller === caller).reduce((sum, edge) => sum + edge.rate, 0);
        if (random() > 0.85 * Math.min(1, 3 * (rate / total))) continue;
        suffering.set(caller, (suffering.get(at) ?? began) + between(0, 180));
        queue.push(caller);
      }
    }
    let things = 0;
    for (const [service, since] of suffering) {
      // Not everything has a rule, and the root's own may be of another kind than its callers'.
      if (random() < 0.15) continue;
      const rules = new Set(
        Array.from({ length: 1 + Math.floor(random() * 3) }, () => one(service === root ? OWN : SPREADING)),
      );
      if ([...rules].filter((rule) => fire(service, rule, since, lasts, fault)).length > 0) things++;
    }
    if (things > 1) roots.set(fault, name(root));
  }
  for (let n = 0; n < noise; n++)
    fire(
      Math.floor(random() * services),
      one(OF_NO_CONSEQUENCE),
      START + random() * HOURS * 3600,
      between(700, 5400),
      faults + n,
    );
  told.sort((a, b) => a.event.at - b.event.at);
  return { graph: remember(NO_GRAPH, calls, START), told, roots };
}

function aCall(caller: string, callee: string, rate: number): Call {
  const promql = "sum by (client, server) (rate(traces_service_graph_request_total[10m]))";
  return { caller, callee, rate, noun: "requests", seenAt: START, promql, source: "made", environment: "production" };
}

/** The incidents as the bot makes them, with the graph or without. */
export function ours(world: MadeWorld, graph: Graph | undefined): Grouped {
  const alerts = new Map<string, AlertRecord>();
  const incidents = new Map<string, Incident>();
  const tallies = new Map<string, Tally>();
  let made = 0;
  const live = () => [...incidents.values()].filter(isLive);
  for (const { event } of world.told) {
    const known: Absorbing = {
      alert: (fingerprint) => alerts.get(fingerprint),
      incident: (id) => incidents.get(id),
      withKey: (key) => live().findLast((one) => one.keys.includes(key)),
      alertsOf: (id) => [...alerts.values()].filter(({ incident }) => incident === id),
      tallyOf: (id) => tallies.get(id),
      openedLately: live().map(({ openedAt }) => openedAt),
      ...(graph && { topology: { graph, live } }),
    };
    const absorbed = absorb(known, [event], () => `i${made++}`);
    for (const one of absorbed.alerts) alerts.set(one.fingerprint, one);
    for (const one of absorbed.incidents) incidents.set(one.id, one);
    for (const [id, tally] of absorbed.tallies) tallies.set(id, tally);
  }
  const groupOf = new Map([...alerts].map(([fingerprint, { incident }]) => [fingerprint, incident ?? fingerprint]));
  const firstOf = firstThings(world, groupOf);
  const causeOf = (group: string) => likelyCause(incidents.get(group)?.dependencies ?? [])?.name ?? firstOf(group);
  return { groupOf, causeOf };
}

/** Our incidents, with the thing that began first as the root. */
export function oursFirst(world: MadeWorld): Grouped {
  const { groupOf } = ours(world, world.graph);
  return { groupOf, causeOf: firstThings(world, groupOf) };
}

/**
 * Our incidents, with the thing at which a random walk over their services ends up most as the root: along calls, in proportion to their rates, sometimes
 * back or staying, as MonitorRank and MicroRCA walk. All alerts are alike here, so there is no other weight.
 */
export function oursWalked(world: MadeWorld): Grouped {
  const { groupOf } = ours(world, world.graph);
  const things = new Map<string, Set<string>>();
  for (const { event } of world.told) {
    const group = groupOf.get(event.fingerprint) ?? "";
    things.set(group, (things.get(group) ?? new Set()).add(event.labels["service"] ?? ""));
  }
  return { groupOf, causeOf: (group) => walked(world.graph, [...(things.get(group) ?? [])]) };
}

const [BACK, RESTART] = [0.3, 0.15];

function walked(graph: Graph, names: readonly string[]): string {
  const calls = [...graph.calls.values()].filter((one) => names.includes(one.caller) && names.includes(one.callee));
  let share = new Map(names.map((name) => [name, 1 / names.length]));
  for (let round = 0; round < 50; round++) {
    const next = new Map(names.map((name) => [name, RESTART / names.length]));
    const give = (name: string, part: number) => next.set(name, (next.get(name) ?? 0) + part);
    for (const name of names) {
      const steps = [
        ...calls.filter(({ caller }) => caller === name).map(({ callee, usual }) => [callee, usual] as const),
        ...calls.filter(({ callee }) => callee === name).map(({ caller, usual }) => [caller, usual * BACK] as const),
      ];
      const total = steps.reduce((sum, [, weight]) => sum + weight, 0);
      const own = (1 - RESTART) * (share.get(name) ?? 0);
      if (total === 0) give(name, own);
      else for (const [to, weight] of steps) give(to, (own * weight) / total);
    }
    share = next;
  }
  return [...share].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}

/** All alerts of one environment within ten minutes of the last are one; what began first is the cause. */
export function byTime(world: MadeWorld): Grouped {
  const groupOf = new Map<string, string>();
  let [group, last] = [0, 0];
  for (const { event } of world.told) {
    if (event.status !== "firing") continue;
    if (event.at - last > 600) group++;
    last = event.at;
    groupOf.set(event.fingerprint, `g${group}`);
  }
  return { groupOf, causeOf: firstThings(world, groupOf) };
}

function firstThings({ told }: MadeWorld, groupOf: ReadonlyMap<string, string>): Grouped["causeOf"] {
  const first = new Map<string, AlertEvent>();
  for (const { event } of told) {
    const group = groupOf.get(event.fingerprint) ?? "";
    if (event.startsAt < (first.get(group)?.startsAt ?? Number.POSITIVE_INFINITY)) first.set(group, event);
  }
  return (group) => first.get(group)?.labels["service"] ?? "";
}

export type Grouped = {
  /** By the alert's fingerprint. */
  readonly groupOf: ReadonlyMap<string, string>;
  /** The service that a group is said to come from. */
  readonly causeOf: (group: string) => string;
};

export type TopologyScore = {
  /** Pairs of alerts: together rightly, together wrongly, and those that belong together. */
  readonly right: number;
  readonly wrong: number;
  readonly pairs: number;
  /** Faults that several things suffered, and those whose root was named by the group that has most of the fault's alerts. */
  readonly faults: number;
  readonly hits: number;
  /** Groups: messages that somebody gets. */
  readonly messages: number;
};

export function scoreOf(world: MadeWorld, { groupOf, causeOf }: Grouped): TopologyScore {
  const firing = world.told.filter(({ event }) => event.status === "firing");
  let [right, wrong, pairs] = [0, 0, 0];
  for (const [at, a] of firing.entries())
    for (const b of firing.slice(at + 1)) {
      const isOne = a.fault === b.fault;
      const isTogether = groupOf.get(a.event.fingerprint) === groupOf.get(b.event.fingerprint);
      if (isOne) pairs++;
      if (isTogether && isOne) right++;
      if (isTogether && !isOne) wrong++;
    }
  let hits = 0;
  for (const [fault, root] of world.roots) {
    const groups = firing.filter((one) => one.fault === fault).map(({ event }) => groupOf.get(event.fingerprint) ?? "");
    const [most] = [...Map.groupBy(groups, (group) => group).values()].sort((a, b) => b.length - a.length);
    if (most?.[0] !== undefined && causeOf(most[0]) === root) hits++;
  }
  return { right, wrong, pairs, faults: world.roots.size, hits, messages: new Set(groupOf.values()).size };
}
