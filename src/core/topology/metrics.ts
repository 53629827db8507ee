import type { Catalogue, Metric } from "../catalogue.ts";
import { matcher } from "../concept.ts";
import type { Sample } from "../series.ts";
import { type Call, keyOfCall, nodeName } from "./call.ts";

/** What one query tells of who calls whom: the labels that name both sides. */
export type CallsQuery = {
  readonly promql: string;
  readonly noun: string;
  readonly caller: string;
  readonly callee: string;
  readonly callerNamespace?: string;
  readonly calleeNamespace?: string;
  /** It cannot tell who of the two called: answers go the other way in the same counter. */
  readonly isTwoWay?: true;
};

/** A metric whose series are calls, and the labels of both sides, the surest first. */
type Family = {
  readonly metric: RegExp;
  readonly noun: string;
  readonly caller: readonly string[];
  readonly callee: readonly string[];
  readonly callerNamespace?: readonly string[];
  readonly calleeNamespace?: readonly string[];
  /** Only these series, by labels that it has. */
  readonly only?: readonly (readonly [label: string, ...values: readonly string[]])[];
  readonly isTwoWay?: true;
};

const OWN_NAME = ["service_name", "service", "app", "application", "workload", "deployment", "job"];

/**
 * The surest first: of one edge that several tell of, the first counts. Service graphs of Tempo and of OpenTelemetry's connector, Istio's and Linkerd's
 * standard metrics, Cilium's Hubble, Envoy's clusters; then whatever client counts its calls by whom they go to.
 */
const FAMILIES: readonly Family[] = [
  { metric: /^traces_service_graph_request(_total)?$/, noun: "requests", caller: ["client"], callee: ["server"] },
  {
    metric: /^istio_requests_total$/,
    noun: "requests",
    caller: ["source_canonical_service", "source_workload", "source_app"],
    callee: ["destination_canonical_service", "destination_workload", "destination_service_name"],
    callerNamespace: ["source_workload_namespace"],
    calleeNamespace: ["destination_workload_namespace", "destination_service_namespace"],
    // Both sides report; what never arrived, the caller's alone.
    only: [["reporter", "source", "waypoint"]],
  },
  {
    metric: /^request_total$/,
    noun: "requests",
    caller: ["deployment", "statefulset", "daemonset", "workload_name"],
    callee: ["dst_deployment", "dst_statefulset", "dst_service", "dst_workload_name"],
    callerNamespace: ["namespace"],
    calleeNamespace: ["dst_namespace"],
    only: [["direction", "outbound"]],
  },
  {
    metric: /^hubble_http_requests_total$/,
    noun: "requests",
    caller: ["source_workload", "source_app"],
    callee: ["destination_workload", "destination_app"],
    callerNamespace: ["source_namespace"],
    calleeNamespace: ["destination_namespace"],
    only: [["reporter", "client"]],
  },
  {
    metric: /^envoy_cluster_upstream_rq(_total)?$/,
    noun: "requests",
    caller: OWN_NAME,
    callee: ["envoy_cluster_name"],
    callerNamespace: ["namespace"],
  },
  {
    // Not those of failures, sizes and pools alone, which say nothing of how often one calls.
    metric:
      /^(?!prometheus_|alertmanager_)(?!.*(?:error|fail|retr|timeout|drop|reject|abort|byte|size|pool))(?:.*_)?(?:client|outbound|upstream|egress|dependency)_/,
    noun: "requests",
    caller: OWN_NAME,
    callee: [
      "peer_service",
      "server_address",
      "net_peer_name",
      "http_host",
      "upstream_service",
      "upstream",
      "remote_service",
      "target_service",
      "destination_service",
      "dependency",
      "callee",
      "peer",
      "target",
      "server",
    ],
    callerNamespace: ["namespace", "k8s_namespace_name"],
  },
  {
    metric: /^hubble_flows_processed_total$/,
    noun: "flows",
    caller: ["source_workload", "source_app"],
    callee: ["destination_workload", "destination_app"],
    callerNamespace: ["source_namespace"],
    calleeNamespace: ["destination_namespace"],
    isTwoWay: true,
  },
];

/** Asked of one source, each time that edges are learnt; and edges of one answer. */
export const MOST_QUERIES = 8;
export const MOST_EDGES = 1000;
const WINDOW = "10m";
const PLACES = ["environment", "env", "stage", "cluster"];

/** Queries for the calls that a source's metrics tell of, the surest first. */
export function callsQueries(catalogue: Pick<Catalogue, "metrics">): readonly CallsQuery[] {
  const found: CallsQuery[] = [];
  for (const family of FAMILIES) {
    for (const metric of catalogue.metrics.values()) {
      if (found.length >= MOST_QUERIES) return found;
      const query = family.metric.test(metric.name) ? queryOf(family, metric) : undefined;
      if (query !== undefined) found.push(query);
    }
  }
  return found;
}

function queryOf(family: Family, metric: Metric): CallsQuery | undefined {
  const first = (labels: readonly string[] = []) => labels.find((label) => metric.labels.has(label));
  const [caller, callee] = [first(family.caller), first(family.callee)];
  const rate = rateOf(metric, family);
  if (caller === undefined || callee === undefined || caller === callee || rate === undefined) return undefined;
  const [callerNamespace, calleeNamespace] = [first(family.callerNamespace), first(family.calleeNamespace)];
  const by = [caller, callee, callerNamespace, calleeNamespace, ...PLACES.filter((label) => metric.labels.has(label))]
    .filter((label) => label !== undefined)
    .filter((label, at, all) => all.indexOf(label) === at);
  return {
    promql: `topk(${MOST_EDGES}, sum by (${by.join(", ")}) (${rate}) > 0)`,
    noun: family.noun,
    ...{ caller, callee },
    ...(callerNamespace !== undefined && { callerNamespace }),
    ...(calleeNamespace !== undefined && { calleeNamespace }),
    ...(family.isTwoWay && { isTwoWay: true }),
  };
}

/** How often in a second: of a counter, or of how many a histogram or summary has measured. Undefined for a gauge. */
function rateOf({ name, type, native, labels }: Metric, { only = [] }: Family): string | undefined {
  const chosen = only.flatMap(([label, ...wanted]) => {
    const values = wanted.filter((value) => labels.get(label)?.includes(value));
    return values.length === 0 ? [] : [matcher({ label, values })];
  });
  const match = chosen.length === 0 ? "" : `{${chosen.join(",")}}`;
  if (type === "histogram" || type === "summary")
    return native ? `histogram_count(rate(${name}${match}[${WINDOW}]))` : `rate(${name}_count${match}[${WINDOW}])`;
  return type === "counter" || name.endsWith("_total") ? `rate(${name}${match}[${WINDOW}])` : undefined;
}

/** The edges of one answer. `where`: the environment and the cluster of the source, as far as labels leave these open. */
export function readCalls(
  query: CallsQuery,
  samples: readonly Sample[],
  { source, ...where }: { readonly source: string; readonly environment?: string; readonly cluster?: string },
  at: number,
): readonly Call[] {
  const calls = new Map<string, Call>();
  for (const { labels, value } of samples) {
    const caller = nodeName(labels[query.caller] ?? "");
    const callee = nodeName(labels[query.callee] ?? "");
    if (caller === undefined || callee === undefined || caller.name === callee.name || !(value > 0)) continue;
    const said = (label: string | undefined) => (label === undefined ? undefined : labels[label] || undefined);
    const callerNamespace = said(query.callerNamespace) ?? caller.namespace;
    const calleeNamespace = said(query.calleeNamespace) ?? callee.namespace;
    const environment = labels["environment"] ?? labels["env"] ?? labels["stage"] ?? where.environment;
    const cluster = labels["cluster"] ?? where.cluster;
    const call: Call = {
      ...{ caller: caller.name, callee: callee.name },
      ...(callerNamespace !== undefined && { callerNamespace }),
      ...(calleeNamespace !== undefined && { calleeNamespace }),
      ...(environment !== undefined && { environment }),
      ...(cluster !== undefined && { cluster }),
      ...{ rate: value, noun: query.noun, seenAt: at, promql: query.promql, source },
    };
    const known = calls.get(keyOfCall(call));
    calls.set(keyOfCall(call), known === undefined ? call : { ...known, rate: known.rate + value });
  }
  return query.isTwoWay ? oneWay([...calls.values()]) : [...calls.values()];
}

/** Without the edges that are seen both ways: who of the two asked and who answered is not known. */
function oneWay(calls: readonly Call[]): readonly Call[] {
  const pairs = new Set(calls.map(({ caller, callee }) => `${caller}\0${callee}`));
  return calls.filter(({ caller, callee }) => !pairs.has(`${callee}\0${caller}`));
}
