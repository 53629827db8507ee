import { describe, expect, it } from "vitest";
import { sentenceOf } from "../../src/cards/anomaly-title.ts";
import { type IncidentContext, incidentCard } from "../../src/cards/incident-card.ts";
import { callCard, moreCard, wokenCard, worseCard } from "../../src/cards/incident-note.ts";
import { endsSoonCard, silenceCard } from "../../src/cards/silence-card.ts";
import { renderCard as renderSlack } from "../../src/chat/slack/render.ts";
import { renderCard as renderTeams } from "../../src/chat/teams/render.ts";
import type { Called, Card } from "../../src/core/card.ts";
import { eventOf } from "../../src/core/incident/anomaly.ts";
import { boundsOf, type ImpactFacts, withImpact } from "../../src/core/incident/impact.ts";
import { respond } from "../../src/core/incident/respond.ts";
import type { Incident, Severity } from "../../src/core/incident.ts";
import type { SilenceDraft } from "../../src/core/silence.ts";
import type { Anomaly } from "../../src/core/watch/anomaly.ts";
import { aCall, aGraph, aWorld, firing, over, T } from "../fakes/incidents.ts";
import { complaintAbout } from "../fakes/slack/limits.ts";

/** How the messages about incidents look on both platforms; after a change that is meant, read them and run with `-u`. */

const NOW = T + 600;
const ann = { person: "ann", name: "Ann", at: T + 300 };

const context = {
  ...{ now: NOW, zone: "Europe/Berlin", edition: 1, canFix: true },
  facts: ["Its measure is 5.2 % at the end of the chart; the rule fires when it is > 2 % for 300 s."],
  evidence: [
    {
      promql: 'sum(rate(http_requests_total{service="checkout",code=~"5.."}[5m]))',
      source: "shop",
      url: "http://prometheus.example/graph",
    },
  ],
  chart: {
    title: "HighErrorRate",
    unit: "ratio",
    series: [
      {
        name: "checkout",
        points: Array.from({ length: 60 }, (_, i) => [T - 3600 + 60 * i, i < 40 ? 0.001 : 0.052] as const),
      },
    ],
    threshold: 0.02,
    events: [{ at: T, name: "fires" }],
  },
};

function open(): Incident {
  const { tell, all } = aWorld();
  tell(
    firing("checkout", { labels: { severity: "critical", instance: "a:80" }, group: "g" }),
    firing("2", {
      labels: { service: "checkout", alertname: "Slow", instance: "b:80" },
      annotations: { summary: "p95 is 3 s", runbook_url: "https://runbooks.example/slow" },
      group: "g",
    }),
  );
  return all()[0]!;
}

function answered(how: Parameters<typeof respond>[1]): Incident {
  const done = respond(open(), how, ann);
  if (!done.ok) throw new Error(done.reason);
  return done.incident;
}

/** One thing fails, and what calls it after it, by way of something that has no rule. */
function spread(): Incident {
  const { tell, all } = aWorld(
    undefined,
    aGraph(
      aCall("orders", "payments"),
      aCall("gateway", "orders", { rate: 300 }),
      aCall("web", "gateway", { rate: 520 }),
    ),
  );
  const later = (id: string, minutes: number, labels: Record<string, string>) =>
    firing(id, { startsAt: T + minutes * 60, at: T + minutes * 60 + 10, labels });
  tell(later("payments", 0, { alertname: "ConnectionPoolFull", severity: "critical" }));
  tell(later("orders", 2, {}));
  tell(later("web", 4, { alertname: "LatencyHigh" }));
  return all()[0]!;
}

/** What was measured of it makes it another severity than its rule's. */
function weighedAs(severity: Severity, facts: Partial<ImpactFacts>): Incident {
  const { tell, all } = aWorld();
  tell(
    firing("checkout", {
      labels: { alertname: "InstanceDown", severity, instance: "c3:80", environment: "production" },
      annotations: { summary: "c3:80 of checkout does not answer" },
    }),
  );
  const all12: ImpactFacts = { lastedSeconds: 120, ...facts };
  const asked = [
    { promql: 'sum by (service) (rate(http_requests_total{service="checkout"}[5m]))', source: "shop" },
    { promql: 'up{service="checkout"}', source: "shop" },
  ];
  const impact = { at: T + 60, facts: all12, of: severity, isRouted: false, asked, ...boundsOf(all12) };
  return withImpact(all()[0]!, impact);
}

function ended(): Incident {
  const { tell, all } = aWorld();
  tell(firing("checkout"));
  tell(over("checkout"));
  return all()[0]!;
}

/** Latency of orders, as the watching found it. */
const anomaly: Anomaly = {
  ...{ id: "a1", group: "a1", kind: "unusual", watch: "service.latency", source: "shop", status: "open", revision: 1 },
  ...{
    series: '[["service","checkout"]]',
    labels: { service: "checkout" },
    measure: "p95 latency",
    subject: "checkout",
  },
  ...{ unit: "seconds", noun: "", severity: "warning", openedAt: T + 60, since: T, value: 2.39, score: 12 },
  promql: "histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))",
  why: { at: T + 480, reasons: [{ kind: "limit", limit: 2 }] },
  usual: { low: 0.31, typical: 0.39, high: 0.48 },
  direction: "up",
  terms: [
    { name: "level", weight: 0.5 },
    { name: "change", weight: 0.3 },
  ],
  because: ["checkout 4.1 → 4.2 was deployed 3 min before.", "Mostly region=eu: 92 % of it."],
  points: Array.from({ length: 90 }, (_, i) => [T - 4800 + 60 * i, i < 80 ? 0.36 + 0.03 * (i % 3) : 2.3] as const),
  events: [{ at: T - 180, name: "checkout 4.2" }],
};
const anomalies = {
  ...{ members: [anomaly], near: [], record: { posts: 12, useful: 9, notUseful: 1, expected: 0 } },
  opinions: [
    {
      ...{ anomaly: "a1", watch: "service.latency", series: anomaly.series, by: "slack/U1" },
      kind: "useful",
      at: T,
      since: T,
    },
  ],
  linkTo: () => "http://prometheus.example/graph",
} satisfies IncidentContext["anomalies"];

/** An incident of an anomaly, and of an alert besides. */
function unusual(...others: Parameters<ReturnType<typeof aWorld>["tell"]>): Incident {
  const { tell, all } = aWorld();
  tell(eventOf(anomaly, sentenceOf(anomaly), undefined, T + 60), ...others);
  return all()[0]!;
}

function unusualNoMore(): Card {
  const over = { ...anomaly, status: "over" as const, endedAt: T + 1500 };
  const { tell, all } = aWorld();
  tell(eventOf(anomaly, sentenceOf(anomaly), undefined, T + 60));
  tell(eventOf(over, sentenceOf(over), undefined, T + 1500));
  return incidentCard(all()[0]!, { ...look, edition: 1, anomalies: { ...anomalies, members: [over] } });
}

const asked: SilenceDraft = {
  ...{ id: "sil-00000001", revision: 1, status: "asked", seconds: 7200, reason: "the disk is being changed" },
  matchers: [
    { name: "alertname", value: "DiskFull", isRegex: false, isEqual: true },
    { name: "instance", value: "pg-.*", isRegex: true, isEqual: true },
  ],
  isForAll: false,
  matched: { total: 3, names: [{ name: "DiskFull", total: 3 }] },
  asked: ann,
  madeAt: T,
  incident: "inc-1",
  places: [],
};
const active: SilenceDraft = {
  ...asked,
  status: "active",
  written: { ...ann, until: NOW + 7200, alertmanagerId: "f00d" },
};
const look = { now: NOW, zone: "Europe/Berlin" };

const ben = { person: "ben", name: "Ben", at: T + 200, account: { platform: "slack", id: "U0BEN00001" } };
const PEOPLE: readonly Called[] = [
  { name: "Ben <!channel>", accounts: { slack: ["U0BEN00001"], teams: ["29:ben"] } },
  { name: "Cleo", accounts: { teams: ["29:cleo"] } },
];
const CALL = { at: NOW, people: [], places: [] };

const MORE = {
  ...{ at: T + 500, by: ben, had: "acknowledged" as const, things: 1, names: ["db-1"], firing: 3, reopens: true },
};

/** Of what Ann has acknowledged, once this came to it. */
function more(...events: Parameters<ReturnType<typeof aWorld>["tell"]>): Incident {
  const { tell, incidents, all } = aWorld();
  tell(firing("checkout", { labels: { severity: "critical" }, group: "g" }));
  const done = respond(all()[0]!, { kind: "acknowledge" }, ann);
  if (done.ok) incidents.set(done.incident.id, done.incident);
  tell(...events);
  return all()[0]!;
}

const CASES: readonly (readonly [name: string, make: () => Card])[] = [
  ["open", () => incidentCard(open(), context)],
  ["acknowledged", () => incidentCard(answered({ kind: "acknowledge" }), context)],
  ["snoozed", () => incidentCard(answered({ kind: "snooze", until: NOW + 7200 }), context)],
  ["resolved", () => incidentCard(ended(), { ...context, canFix: false })],
  ["unknown", () => incidentCard(open(), { ...look, edition: 1, missing: "I could not ask Prometheus." })],
  ["storm", () => incidentCard({ ...open(), isStorm: true }, { ...look, edition: 0 })],
  ["anomaly", () => incidentCard(unusual(), { ...look, edition: 1, canSilence: true, anomalies })],
  ["spread", () => incidentCard(spread(), { ...look, edition: 1, linkTo: () => "http://prometheus.example/graph" })],
  [
    "impact-one-of-twelve",
    () =>
      incidentCard(
        weighedAs("critical", {
          failed: { share: 0, warn: 0.01, critical: 0.05, rate: 412 },
          instances: { all: 12, alerting: 1, down: 1, isWhole: true },
          callers: { names: ["web", "app"], all: 2 },
        }),
        context,
      ),
  ],
  [
    "impact-most",
    () =>
      incidentCard(
        weighedAs("warning", {
          failed: { share: 0.612, warn: 0.01, critical: 0.05, rate: 412 },
          burn: 612,
          instances: { all: 12, alerting: 1, down: 7, isWhole: true },
          callers: { names: ["web", "app", "partners"], all: 5 },
        }),
        context,
      ),
  ],
  [
    "impact-missing",
    () =>
      incidentCard(open(), {
        ...look,
        edition: 1,
        impactMissing: "Impact not measured: shop: Prometheus (shop) did not answer within 10 s.",
      }),
  ],
  ["anomaly-over", unusualNoMore],
  [
    "anomaly-and-alert",
    () =>
      incidentCard(unusual(firing("checkout", { labels: { severity: "critical", namespace: "shop" } })), {
        ...context,
        canSilence: true,
        anomalies,
      }),
  ],
  ["called", () => callCard(open(), { ...CALL, because: "unacknowledged" }, PEOPLE, look)],
  ["called-nobody", () => callCard(open(), { ...CALL, because: "unacknowledged" }, [], look)],
  ["handed-back", () => callCard(open(), { ...CALL, because: "idle" }, PEOPLE, look)],
  [
    "more",
    () => moreCard(more(firing("db-1", { group: "g", labels: { severity: "critical" }, at: T + 500 })), MORE, look),
  ],
  [
    "more-milder",
    () =>
      moreCard(
        open(),
        { ...MORE, things: 7, names: ["db-1 <!channel>", "db-2", "db-3", "db-4", "db-5"], reopens: false },
        look,
      ),
  ],
  ["more-of-it", () => moreCard(open(), { ...MORE, things: 0, names: [], was: 1 }, look)],
  [
    "open-again",
    () => incidentCard(more(firing("db-1", { group: "g", labels: { severity: "critical" }, at: T + 500 })), context),
  ],
  [
    "woken",
    () =>
      wokenCard(
        open(),
        { at: NOW, because: "worse", snoozed: { ...ben, until: NOW + 7200, severity: "warning" } },
        look,
      ),
  ],
  ["worse", () => worseCard(open(), ben, look)],
  ["silence-asked", () => silenceCard(asked, look)],
  ["silence-everything", () => silenceCard({ ...asked, isForAll: true, matched: { total: 0, names: [] } }, look)],
  ["silence-anomaly", () => silenceCard({ ...asked, matched: { total: 0, names: [], anomalies: 1 } }, look)],
  ["silence-active", () => silenceCard(active, look)],
  ["silence-over", () => silenceCard({ ...active, status: "ended", endedAt: NOW, ended: { because: "time" } }, look)],
  ["silence-ends-soon", () => endsSoonCard(active, 2, look)],
];

describe("messages about incidents", () => {
  it.each(CASES)("look in Slack as kept: %s", async (name, make) => {
    const rendered = renderSlack(make(), { now: NOW, zone: "Europe/Berlin", native: true });
    expect(complaintAbout(rendered.blocks, 50, new Set())).toBeUndefined();
    await expect(`${JSON.stringify(rendered, null, 2)}\n`).toMatchFileSnapshot(
      `../fixtures/cards/incident/${name}.slack.json`,
    );
  });

  it.each(CASES)("look in Teams as kept: %s", async (name, make) => {
    const rendered = renderTeams(make(), { now: NOW, zone: "Europe/Berlin", charts: "native" });
    expect(JSON.stringify(rendered.content).length).toBeLessThan(24_000);
    await expect(`${JSON.stringify(rendered, null, 2)}\n`).toMatchFileSnapshot(
      `../fixtures/cards/incident/${name}.teams.json`,
    );
  });
});
