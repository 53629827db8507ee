import { expect, it } from "vitest";
import type { Metric } from "../../src/core/catalogue.ts";
import { unitOfQuery } from "../../src/core/query-unit.ts";

const metric = (name: string, unit = ""): [string, Metric] => [
  name,
  { name, type: "unknown", help: "", unit, labels: new Map() },
];
const catalogue = {
  metrics: new Map([
    metric("http_requests_total"),
    metric("http_request_duration_seconds"),
    metric("node_memory_MemTotal_bytes"),
    metric("node_network_receive_bytes_total"),
    metric("queue_age", "milliseconds"),
    metric("rabbitmq_queue_messages"),
  ]),
};

it.each([
  ["node_memory_MemTotal_bytes", "bytes", 1],
  ['max by (instance) (node_memory_MemTotal_bytes{job="a-b + c"})', "bytes", 1],
  ["avg_over_time(node_memory_MemTotal_bytes[1h] offset 1d)", "bytes", 1],
  ["queue_age", "seconds", 1e-3],
  ["sum(rate(http_requests_total[5m]))", "per_s", 1],
  ["rate(node_network_receive_bytes_total[5m])", "bytes/s", 1],
  ["histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))", "seconds", 1],
  ["rate(http_request_duration_seconds_count[5m])", "per_s", 1],
  ["count(node_memory_MemTotal_bytes)", "count", 1],
  ["topk(3, node_memory_MemTotal_bytes)", "bytes", 1],
  // nobody told
  ["rabbitmq_queue_messages", "none", 1],
  ["rate(http_request_duration_seconds_sum[5m])", "none", 1],
  ["node_memory_MemTotal_bytes / 1024", "none", 1],
  ["node_memory_MemTotal_bytes and rabbitmq_queue_messages", "none", 1],
  ["sqrt(node_memory_MemTotal_bytes)", "none", 1],
  ["rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])", "none", 1],
  ["vector(1)", "none", 1],
  ["((((", "none", 1],
] as const)("the values of %s are in %s", (promql, unit, scale) => {
  expect(unitOfQuery(promql, catalogue)).toMatchObject({ unit, scale });
});
