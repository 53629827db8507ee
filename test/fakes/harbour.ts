import type { FakeOptions, FakeSeries } from "./metrics.ts";

/** A harbour: three services, four hosts, two queues. Round numbers, so that a reader knows them again in an answer. */

const HOSTS = { "quay-1": 0.42, "quay-2": 0.87, "winch-3": 0.11, "buoy-7": 0 } as const;

function hostSeries(): FakeSeries[] {
  return Object.entries(HOSTS).flatMap(([host, cpu]) => {
    const labels = { instance: `${host}:9100`, job: "node" };
    return [
      { metric: "node_cpu_seconds_total", labels: { ...labels, cpu: "0", mode: "idle" }, value: cpu },
      { metric: "node_memory_MemAvailable_bytes", labels, value: 0.31 },
      { metric: "node_memory_MemTotal_bytes", labels, value: 8 * 1024 ** 3 },
      { metric: "up", labels, value: 1 },
    ];
  });
}

function serviceSeries(): FakeSeries[] {
  const services = { lighthouse: [120, 0.24], ferrydesk: [35, 1.75], tidetable: [4, 0.031] } as const;
  return Object.entries(services).flatMap(([service, [requests, seconds]]) => {
    const labels = { service, job: "harbour" };
    return [
      { metric: "http_requests_total", labels: { ...labels, code: "200" }, value: requests },
      { metric: "http_requests_total", labels: { ...labels, code: "500" }, value: 0.02 },
      { metric: "http_request_duration_seconds", labels, value: seconds },
      { metric: "up", labels: { ...labels, instance: `${service}:8080` }, value: 1 },
    ];
  });
}

export const HARBOUR: FakeSeries[] = [
  ...hostSeries(),
  ...serviceSeries(),
  { metric: "rabbitmq_queue_messages", labels: { queue: "manifests", vhost: "/" }, value: 640 },
  { metric: "rabbitmq_queue_messages", labels: { queue: "pilot_calls", vhost: "/" }, value: 0 },
  { metric: "harbour_tide_height_meters", labels: { basin: "north" }, value: 2.75 },
  { metric: "harbour_tide_height_meters", labels: { basin: "south" }, value: 3.5 },
  { metric: "harbour_crates_unloaded_total", labels: { basin: "north" }, value: 18 },
];

export const TYPES = {
  node_cpu_seconds_total: "counter",
  node_memory_MemAvailable_bytes: "gauge",
  node_memory_MemTotal_bytes: "gauge",
  http_requests_total: "counter",
  http_request_duration_seconds: "histogram",
  up: "gauge",
  rabbitmq_queue_messages: "gauge",
  harbour_tide_height_meters: "gauge",
  harbour_crates_unloaded_total: "counter",
} as const;

export const HELPS = {
  harbour_tide_height_meters: "Height of the tide above chart datum.",
  harbour_crates_unloaded_total: "Crates unloaded from ships.",
};

/** The harbour, with more series or other settings. */
export function harbour(more: Partial<Omit<FakeOptions, "clock">> = {}): Omit<FakeOptions, "clock"> {
  return { types: TYPES, helps: HELPS, ...more, series: [...HARBOUR, ...(more.series ?? [])] };
}
