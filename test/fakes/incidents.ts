import { type Absorbed, absorb, type World } from "../../src/core/incident/absorb.ts";
import { sorterFor } from "../../src/core/incident/parts.ts";
import type { Tally } from "../../src/core/incident/tally.ts";
import type { AlertEvent, AlertRecord, Incident } from "../../src/core/incident.ts";
import { LIVE } from "../../src/core/incident.ts";
import type { Call } from "../../src/core/topology/call.ts";
import { type Graph, NO_GRAPH, remember } from "../../src/core/topology/graph.ts";

export const T = 1_790_000_000;

/** An alert that fires, as Alertmanager tells of it. `id` is its fingerprint and its service's name. */
export function firing(id: string, more: Partial<AlertEvent> & { labels?: Record<string, string> } = {}): AlertEvent {
  const { labels = {}, ...rest } = more;
  return {
    fingerprint: id,
    status: "firing",
    labels: { alertname: "HighErrorRate", severity: "warning", service: id, ...labels },
    annotations: { summary: `5 % of requests of ${id} fail` },
    startsAt: T,
    at: T + 10,
    ...rest,
  };
}

export function over(id: string, more: Parameters<typeof firing>[1] = {}): AlertEvent {
  return firing(id, { status: "resolved", endsAt: T + 600, at: T + 610, ...more });
}

/** One thing calls another, as Tempo's service graph tells. */
export function aCall(caller: string, callee: string, more: Partial<Call> = {}): Call {
  const promql = "topk(1000, sum by (client, server) (rate(traces_service_graph_request_total[10m])) > 0)";
  return { caller, callee, rate: 412, noun: "requests", seenAt: T - 60, promql, source: "shop", ...more };
}

export function aGraph(...calls: readonly Call[]): Graph {
  return remember(NO_GRAPH, calls, T);
}

/** A world that keeps what it is told, as the store would. `asking`: what asks for labels of its alerts. `graph`: who calls whom. */
export function aWorld(asking?: Parameters<typeof sorterFor>[0], graph?: Graph) {
  const alerts = new Map<string, AlertRecord>();
  const incidents = new Map<string, Incident>();
  const tallies = new Map<string, Tally>();
  let made = 0;
  const world: World = {
    alert: (fingerprint) => alerts.get(fingerprint),
    incident: (id) => incidents.get(id),
    withKey: (key) => [...incidents.values()].findLast((one) => LIVE.includes(one.status) && one.keys.includes(key)),
    alertsOf: (id) => [...alerts.values()].filter(({ incident }) => incident === id),
    tallyOf: (id) => tallies.get(id),
    ...(graph && {
      topology: { graph, live: () => [...incidents.values()].filter(({ status }) => LIVE.includes(status)) },
    }),
    ...(asking !== undefined && { sorter: sorterFor(asking) }),
    get openedLately() {
      return [...incidents.values()].map(({ openedAt }) => openedAt);
    },
  };
  return {
    world,
    alerts,
    incidents,
    tell(...events: AlertEvent[]): Absorbed {
      const absorbed = absorb(world, events, () => `inc-${++made}`);
      for (const one of absorbed.alerts) alerts.set(one.fingerprint, one);
      for (const one of absorbed.incidents) incidents.set(one.id, one);
      for (const [id, tally] of absorbed.tallies) tallies.set(id, tally);
      return absorbed;
    },
    all: () => [...incidents.values()],
  };
}
