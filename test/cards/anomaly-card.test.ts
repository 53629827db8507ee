import { describe, expect, it } from "vitest";
import { anomalyCard } from "../../src/cards/anomaly-card.ts";
import { titleOf } from "../../src/cards/anomaly-title.ts";
import { renderCard as renderSlack } from "../../src/chat/slack/render.ts";
import { renderCard as renderTeams } from "../../src/chat/teams/render.ts";
import { plainText } from "../../src/core/card.ts";
import type { Anomaly } from "../../src/core/watch/anomaly.ts";
import { anAnomaly } from "../contracts/detection.ts";
import { complaintAbout } from "../fakes/slack/limits.ts";

const NOW = Date.UTC(2026, 2, 11, 10, 20) / 1000;
const minutes = (n: number) => NOW - n * 60;

const slow = anAnomaly("a1", {
  group: "g1",
  watch: "service.latency",
  promql: "histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))",
  since: minutes(15),
  openedAt: minutes(14),
  because: ["orders 4.11.1 → 4.12.0 was deployed at 10:03 UTC: near in time, which is no proof."],
  points: Array.from({ length: 40 }, (_, i) => [minutes(40 - i), i < 25 ? 0.3 : 2.4] as const),
  events: [{ at: minutes(17), name: "orders 4.12.0" }],
  terms: [
    { name: "level", weight: 0.5 },
    { name: "change", weight: 0.3 },
    { name: "shape", weight: 0.05 },
  ],
});

const context = {
  now: NOW,
  zone: "UTC",
  record: { posts: 12, useful: 9, notUseful: 1, expected: 0 },
  opinions: [],
  near: [anAnomaly("n1", { measure: "error rate", subject: "orders", since: minutes(12) })],
  linkTo: () => "http://prometheus.example/graph",
};

const members = (n: number, more: (i: number) => Partial<Anomaly> = () => ({})) =>
  Array.from({ length: n }, (_, i) => ({
    ...slow,
    id: `m${i}`,
    subject: `service-${i}`,
    score: n - i,
    because: [],
    ...more(i),
  }));

const { usual: _usual, ...withoutUsual } = slow;
const ahead: Anomaly = {
  ...withoutUsual,
  kind: "ahead",
  direction: "down",
  watch: "ahead/host.disk_free",
  measure: "disk",
  subject: "pg-1 /var",
  unit: "bytes",
  promql: 'node_filesystem_avail_bytes{instance="pg-1",mountpoint="/var"}',
  value: 21e9,
  points: Array.from(
    { length: 97 },
    (_, i) => [minutes(15 * (96 - i)), i < 60 ? 40e9 : 40e9 - 0.5e9 * (i - 59)] as const,
  ),
  events: [],
  terms: [],
  because: [],
  reaches: {
    ...{ at: NOW + 9 * 3600, earliest: NOW + 8 * 3600, latest: NOW + 12 * 3600, limit: 0 },
    ...{ will: "will be full", by: "trend" as const },
  },
};

const CASES: readonly (readonly [name: string, members: readonly Anomaly[]])[] = [
  ["one-open", [slow]],
  ["one-over", [{ ...slow, status: "over", endedAt: minutes(2) }]],
  ["critical", [{ ...slow, severity: "critical" }]],
  [
    "why-and-moved",
    [
      {
        ...slow,
        severity: "critical",
        why: { at: NOW, reasons: [{ kind: "lasting" }, { kind: "objective", burn: 21.3 }] },
        because: [
          ...slow.because,
          "P95 latency of orders: route /pay carries 82 % of the change (210 ms before, 2.4 s now).",
          "Moved with it: queue length of billing (rank correlation 0.91 over 2 h), CPU usage of web-1 (−0.78); together in time, which is no proof.",
        ],
      },
    ],
  ],
  [
    "together",
    [
      {
        ...slow,
        watch: "together",
        measure: "CPU usage",
        subject: "web-1",
        unit: "ratio",
        promql: "cpu",
        value: 0.82,
        usual: { low: 0.21, typical: 0.28, high: 0.34 },
        terms: [],
        because: [],
        events: [],
        why: { at: minutes(1), reasons: [] },
        points: Array.from({ length: 40 }, (_, i) => [minutes(40 - i), i < 25 ? 0.3 : 0.82] as const),
        together: {
          metrics: 4,
          carriers: [
            {
              measure: "CPU usage",
              unit: "ratio",
              noun: "",
              promql: "cpu",
              value: 0.82,
              direction: "up",
              expected: { low: 0.21, typical: 0.28, high: 0.34 },
            },
            {
              measure: "requests",
              unit: "per_s",
              noun: "req",
              promql: "requests",
              value: 40,
              direction: "down",
              expected: { low: 110, typical: 130, high: 150 },
            },
          ],
        },
      },
    ],
  ],
  ["storm", members(24)],
  [
    "one-thing",
    [
      slow,
      {
        ...slow,
        id: "a2",
        measure: "error rate",
        unit: "ratio",
        value: 0.07,
        usual: { low: 0, typical: 0.001, high: 0.002 },
        points: [],
      },
    ],
  ],
  ["ahead", [ahead]],
  [
    "target",
    [
      {
        ...slow,
        kind: "down",
        measure: "target",
        subject: "web-1",
        promql: 'up{instance="web-1:9100"}',
        points: [],
        terms: [],
        because: [],
      },
    ],
  ],
];

describe("the card of an anomaly", () => {
  it.each(CASES)("looks in Slack as kept: %s", async (name, all) => {
    const rendered = renderSlack(anomalyCard(all, context), { now: NOW, zone: "UTC", native: true });
    expect(complaintAbout(rendered.blocks, 50, new Set())).toBeUndefined();
    await expect(`${JSON.stringify(rendered, null, 2)}\n`).toMatchFileSnapshot(
      `../fixtures/cards/anomaly/${name}.slack.json`,
    );
  });

  it.each(CASES)("looks in Teams as kept: %s", async (name, all) => {
    const rendered = renderTeams(anomalyCard(all, context), { now: NOW, zone: "UTC", charts: "native" });
    expect(JSON.stringify(rendered.content).length).toBeLessThan(24_000);
    await expect(`${JSON.stringify(rendered, null, 2)}\n`).toMatchFileSnapshot(
      `../fixtures/cards/anomaly/${name}.teams.json`,
    );
  });

  it("says what, how far from usual, since when, and why perhaps, in this order", () => {
    expect(
      plainText(anomalyCard([slow], context))
        .split("\n")
        .slice(0, 5),
    ).toEqual([
      "p95 latency of orders: 2.4 s, 8 times its usual 200 to 400 ms, since 10:05 UTC",
      "orders 4.11.1 → 4.12.0 was deployed at 10:03 UTC: near in time, which is no proof.",
      "What stands out: its level and how fast it changed.",
      "At the same time: error rate of orders (10:08 UTC).",
      `\`${slow.promql}\``,
    ]);
    expect(plainText(anomalyCard([slow], context))).toContain(
      "Watch service.latency: 12 posts, 9 useful, 1 not useful in 30 days.",
    );
  });

  it("says when something will run out, how sure that is and how it is known", () => {
    const said = (more: Partial<Anomaly>) => plainText(anomalyCard([{ ...ahead, ...more }], context)).split("\n");
    expect(said({}).slice(0, 3)).toEqual([
      "Disk of pg-1 /var will be full about 19:20 UTC, in about 9 h",
      "Now it is 19.6 GiB.",
      "By the trend of its last six hours, since it has left its usual course: between 18:20 UTC and 22:20 UTC, four times of five.",
    ]);
    const { latest: _, ...reaches } = ahead.reaches!;
    expect(said({ reaches: { ...reaches, by: "forecast" } })[2]).toBe(
      "By a forecast from its last seven days: not before 18:20 UTC, nine times of ten; how late it may be cannot be told.",
    );
    expect(said({ status: "over", endedAt: NOW })[0]).toBe(
      "Over since 10:20 UTC: disk of pg-1 /var was about to be full",
    );
    expect(said({ status: "over", endedAt: NOW, value: 0 })[0]).toBe(
      "It came to that at 10:20 UTC: disk of pg-1 /var was about to be full",
    );
    const certificate = { measure: "certificate", reaches: { ...reaches, will: "expires", by: "date" as const } };
    expect(said(certificate)[0]).toBe("Certificate of pg-1 /var expires at 19:20 UTC, in 9 h");
    const two = [ahead, { ...ahead, id: "a9", subject: "pg-2 /var" }];
    expect(plainText(anomalyCard(two, context)).split("\n")[0]).toBe(
      "2 things will run out: disk of pg-1 /var, disk of pg-2 /var, the first about 19:20 UTC",
    );
  });

  it.each([
    [
      "below",
      { value: 0.1, usual: { low: 0.2, typical: 0.3, high: 0.4 } },
      "p95 latency of orders: 100 ms, below its usual 200 to 400 ms, since 10:05 UTC",
    ],
    [
      "a little above",
      { value: 0.41 },
      "p95 latency of orders: 410 ms, above its usual 200 to 400 ms, since 10:05 UTC",
    ],
    [
      "inside",
      { value: 0.35 },
      "p95 latency of orders: 350 ms, unlike its usual course (200 to 400 ms), since 10:05 UTC",
    ],
    [
      "one usual value",
      { value: 1, unit: "count", noun: "replicas", usual: { low: 2, typical: 2, high: 2 } },
      "p95 latency of orders: 1 replica, below its usual 2, since 10:05 UTC",
    ],
    [
      "from zero",
      { value: 5, unit: "per_s", usual: { low: 0, typical: 0, high: 0 } },
      "p95 latency of orders: 5/s, above its usual 0/s, since 10:05 UTC",
    ],
    ["gone", { kind: "gone" }, "p95 latency of orders has no data any more: its series ended"],
    [
      "silent",
      { kind: "silent", subject: "" },
      "p95 latency has no data: the query returns nothing any more, since 10:05 UTC",
    ],
    [
      "unreachable",
      { kind: "unreachable", measure: "Prometheus", subject: "eu" },
      "Prometheus eu cannot be asked, since 10:05 UTC",
    ],
    [
      "over",
      { status: "over", endedAt: minutes(5) },
      "Over since 10:15 UTC: p95 latency of orders was 2.4 s, 8 times its usual 200 to 400 ms, for 10 min",
    ],
    [
      "down, over",
      { kind: "down", measure: "target", subject: "web-1", status: "over", endedAt: minutes(5) },
      "Over since 10:15 UTC: target web-1 did not answer: its scrapes fail, for 10 min",
    ],
  ] as const)("says %s", (_, more, title) => {
    expect(titleOf({ ...slow, ...(more as Partial<Anomaly>) }, { now: NOW, zone: "UTC" })).toBe(title);
  });

  it("counts what one message leaves out, and is good news only when all is over", () => {
    const half = members(4, (i) => (i < 2 ? { status: "over", endedAt: minutes(1) } : {}));
    const card = anomalyCard(half, context);
    expect(card.title).toBe(
      "p95 latency of 4 series is unusual (2 still): service-2, service-3, service-0 and 1 more, since 10:05 UTC",
    );
    expect(card.tone).toBe("warning");
    const over = anomalyCard(
      half.map((one) => ({ ...one, status: "over", endedAt: minutes(1) })),
      context,
    );
    expect(over.tone).toBe("good");
    expect(over.title).toMatch(/^Over since 10:19 UTC: p95 latency of 4 series was unusual/);
  });
});
