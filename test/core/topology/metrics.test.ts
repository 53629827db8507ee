import { describe, expect, it } from "vitest";
import type { Metric, MetricType } from "../../../src/core/catalogue.ts";
import { nodeName } from "../../../src/core/topology/call.ts";
import { callsQueries, MOST_QUERIES, readCalls } from "../../../src/core/topology/metrics.ts";
import { guard } from "../../../src/metrics/guard.ts";

function metric(name: string, labels: Record<string, readonly string[]>, more: Partial<Metric> = {}): Metric {
  const type: MetricType = name.endsWith("_total") ? "counter" : "histogram";
  return { name, type, help: "", unit: "", labels: new Map(Object.entries(labels)), ...more };
}

function queriesOf(...metrics: readonly Metric[]) {
  return callsQueries({ metrics: new Map(metrics.map((one) => [one.name, one])) });
}

const ANY = ["a"];

describe("what metrics tell of who calls whom", () => {
  it.each<[string, Metric, string]>([
    [
      "a service graph of traces",
      metric("traces_service_graph_request_total", { client: ANY, server: ANY, connection_type: ANY }),
      "topk(1000, sum by (client, server) (rate(traces_service_graph_request_total[10m])) > 0)",
    ],
    [
      "Istio, by the side that calls",
      metric("istio_requests_total", {
        reporter: ["destination", "source"],
        source_workload: ANY,
        source_workload_namespace: ANY,
        source_canonical_service: ANY,
        destination_canonical_service: ANY,
        destination_workload_namespace: ANY,
      }),
      'topk(1000, sum by (source_canonical_service, destination_canonical_service, source_workload_namespace, destination_workload_namespace) (rate(istio_requests_total{reporter="source"}[10m])) > 0)',
    ],
    [
      "Linkerd",
      metric("request_total", {
        direction: ["inbound", "outbound"],
        deployment: ANY,
        dst_deployment: ANY,
        namespace: ANY,
        dst_namespace: ANY,
      }),
      'topk(1000, sum by (deployment, dst_deployment, namespace, dst_namespace) (rate(request_total{direction="outbound"}[10m])) > 0)',
    ],
    [
      "Cilium's flows",
      metric("hubble_flows_processed_total", { source_workload: ANY, destination_workload: ANY }),
      "topk(1000, sum by (source_workload, destination_workload) (rate(hubble_flows_processed_total[10m])) > 0)",
    ],
    [
      "Envoy's clusters",
      metric("envoy_cluster_upstream_rq_total", { job: ANY, envoy_cluster_name: ANY }),
      "topk(1000, sum by (job, envoy_cluster_name) (rate(envoy_cluster_upstream_rq_total[10m])) > 0)",
    ],
    [
      "a client's histogram, with the place that its labels say",
      metric("http_client_request_duration_seconds", {
        service_name: ANY,
        server_address: ANY,
        env: ANY,
        cluster: ANY,
      }),
      "topk(1000, sum by (service_name, server_address, env, cluster) (rate(http_client_request_duration_seconds_count[10m])) > 0)",
    ],
    [
      "a native histogram",
      metric("rpc_client_duration", { job: ANY, peer_service: ANY }, { native: true }),
      "topk(1000, sum by (job, peer_service) (histogram_count(rate(rpc_client_duration[10m]))) > 0)",
    ],
  ])("is asked in one query the guard passes: %s", (_, one, promql) => {
    expect(queriesOf(one).map((query) => query.promql)).toEqual([promql]);
    expect(guard(promql, { kind: "instant", end: 1_790_000_000 }).ok).toBe(true);
  });

  it("is not taken from what only looks like it", () => {
    expect(
      queriesOf(
        metric("http_client_errors_total", { job: ANY, peer_service: ANY }),
        metric("http_client_request_size_bytes", { job: ANY, server_address: ANY }),
        metric("http_client_active_requests", { job: ANY, server_address: ANY }, { type: "gauge" }),
        metric("http_requests_total", { job: ANY, server: ANY }),
        metric("http_client_requests_total", { job: ANY }),
        metric("request_total", { direction: ["inbound"], deployment: ANY }),
      ),
    ).toEqual([]);
  });

  it("takes a bounded number of queries, the surest first", () => {
    const many = Array.from({ length: 30 }, (_, n) => metric(`m${n}_client_calls_total`, { job: ANY, peer: ANY }));
    const sure = metric("traces_service_graph_request_total", { client: ANY, server: ANY });
    const queries = queriesOf(...many, sure);
    expect(queries).toHaveLength(MOST_QUERIES);
    expect(queries[0]?.promql).toContain("traces_service_graph");
  });

  it("is edges with names as people say them, the place, and the query they came from", () => {
    const [query] = queriesOf(
      metric("http_client_requests_total", { service: ANY, server_address: ANY, namespace: ANY }),
    );
    const sample = (labels: Record<string, string>, value = 2) => ({ labels, value, at: 0 });
    const calls = readCalls(
      query!,
      [
        sample({ service: "Orders", server_address: "payments.pay.svc.cluster.local:8080", namespace: "shop" }, 400),
        sample({ service: "Orders", server_address: "payments.pay.svc:8080", namespace: "shop" }, 12),
        sample({ service: "orders", server_address: "10.0.0.7:5432" }),
        sample({ service: "orders", server_address: "orders" }),
        sample({ service: "unknown", server_address: "payments" }),
        sample({ service: "orders", server_address: "idle" }, 0),
      ],
      { source: "shop", environment: "production" },
      77,
    );
    expect(calls).toEqual([
      {
        ...{ caller: "orders", callee: "payments", callerNamespace: "shop", calleeNamespace: "pay" },
        ...{ environment: "production", rate: 412, noun: "requests", seenAt: 77, source: "shop" },
        promql: query?.promql,
      },
    ]);
  });

  it("leaves out flows that are seen both ways, since nobody knows who asked", () => {
    const [query] = queriesOf(
      metric("hubble_flows_processed_total", { source_workload: ANY, destination_workload: ANY }),
    );
    const flow = (source_workload: string, destination_workload: string) => ({
      ...{ labels: { source_workload, destination_workload }, value: 1, at: 0 },
    });
    const calls = readCalls(query!, [flow("a", "b"), flow("b", "a"), flow("a", "c")], { source: "s" }, 1);
    expect(calls.map(({ caller, callee }) => `${caller} ${callee}`)).toEqual(["a c"]);
  });

  it.each([
    ["outbound|80||payments.shop.svc.cluster.local", { name: "payments", namespace: "shop" }],
    ["https://api.stripe.com/v1", { name: "api.stripe.com" }],
    ["payments:8080", { name: "payments" }],
    ["::1", undefined],
    ["192.0.2.7:80", undefined],
    ["", undefined],
  ])("names %s", (value, wanted) => expect(nodeName(value)).toEqual(wanted));
});
