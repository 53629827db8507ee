import { HARBOUR, HELPS, TYPES } from "../fakes/harbour.ts";
import type { FakeOptions, FakeSeries } from "../fakes/metrics.ts";
import { NOW } from "../fakes/world.ts";

/** The harbour on the morning of the stories: the ferry desk became slow 40 minutes ago, and somebody names queues to do harm. */

/** What a queue is called by whoever wants the bot to call everybody, link somewhere, or turn the line around. */
const HOSTILE = "<!channel> <at>everyone</at> *pay* [here](https://evil.example) \u202Egnp";

const BERTHS = 60;
const SLOW_SINCE = NOW - 40 * 60;

const ferrydesk = (at: number): number =>
  at >= SLOW_SINCE ? 1.75 : 0.38 + 0.03 * Math.sin(at / 5400) + 0.01 * Math.sin(at / 1100);

const queues: readonly FakeSeries[] = [
  { metric: "rabbitmq_queue_messages", labels: { queue: HOSTILE, vhost: "/" }, value: 7200 },
  ...Array.from({ length: BERTHS }, (_, i) => ({
    metric: "rabbitmq_queue_messages",
    labels: { queue: `berth_${String(i + 1).padStart(2, "0")}`, vhost: "/" },
    value: i + 1,
  })),
];

const alert = (name: string, severity: string, minutes: number, more: Readonly<Record<string, string>>) => ({
  name,
  severity,
  labels: { alertname: name, severity, ...more },
  summary: `${name} for more than ten minutes`,
  activeAt: NOW - minutes * 60,
});

/** A source that everybody in the stories may read, and one that nobody in chat may. */
export const SOURCES: readonly Omit<FakeOptions, "clock">[] = [
  {
    name: "harbour",
    types: TYPES,
    helps: HELPS,
    externalUrl: "http://prometheus.example:9090",
    series: [
      ...HARBOUR.map((one) =>
        one.metric === "http_request_duration_seconds" && one.labels["service"] === "ferrydesk"
          ? { ...one, value: ferrydesk }
          : one,
      ),
      ...queues,
    ],
    alerts: [
      { ...alert("FerrydeskSlow", "critical", 30, { service: "ferrydesk" }), state: "firing" },
      { ...alert("CraneIdle", "warning", 90, { instance: "winch-3:9100" }), state: "firing" },
      { ...alert("TideGaugeSilent", "warning", 2, { instance: "buoy-7:9100" }), state: "pending" },
    ],
  },
  {
    name: "customs",
    types: TYPES,
    series: [
      {
        metric: "node_cpu_seconds_total",
        labels: { instance: "vault-1:9100", job: "node", cpu: "0", mode: "idle" },
        value: 0.66,
      },
      { metric: "up", labels: { instance: "vault-1:9100", job: "node" }, value: 1 },
    ],
  },
];

/**
 * In chat only the harbour is open, to members; the terminal belongs to whoever sits there. The people of the stories are in
 * Berlin: a time in Tokyo's zone is one whose zone nobody looked up.
 */
export const SETTINGS = `
timezone: Asia/Tokyo
sources:
  - { name: harbour, url: "http://127.0.0.1:1", default: true }
  - { name: customs, url: "http://127.0.0.1:1" }
access:
  - { people: [members], sources: [harbour] }
`;
