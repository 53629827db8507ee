import { expect, it } from "vitest";
import { shownSeverity } from "../../src/core/incident/impact.ts";
import type { Incident } from "../../src/core/incident.ts";
import { NO_GRAPH } from "../../src/core/topology/graph.ts";
import { age, type ImpactDeps, weigh } from "../../src/flows/impact.ts";
import { aCall, aGraph, aWorld, firing, T } from "../fakes/incidents.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { newStore, shippedPacks } from "../fakes/world.ts";

const packs = await shippedPacks();
const REQUESTS = "http_requests_total";
const LABELS = { service: "checkout", code: "200" };
/** So many targets of checkout, of which the first `down` do not answer. */
const targets = (all: number, down = 0) =>
  Array.from({ length: all }, (_, n) => ({
    ...{ metric: "up", labels: { job: "shop", service: "checkout", instance: `c${n}:80` }, value: n < down ? 0 : 1 },
  }));

async function aDesk(
  options: Partial<Parameters<typeof fakeMetrics>[0]> & { share?: number; rate?: number; day?: number } = {},
) {
  const { share = 0, rate = 412, day = 0, ...more } = options;
  const store = newStore();
  const source = fakeMetrics({
    name: "shop",
    clock: () => T + 60,
    types: { [REQUESTS]: "counter", up: "gauge" },
    series: [{ metric: REQUESTS, labels: LABELS, value: rate }, ...targets(12)],
    answers: [
      [/increase/, [{ labels: { service: "checkout" }, at: T, value: day }]],
      [/code=~"5\.\."/, [{ labels: { service: "checkout" }, at: T, value: share }]],
    ],
    ...more,
  });
  const placesOf = ({ places }: Incident) => places;
  const deps: Parameters<typeof weigh>[0] = {
    ...{ store, sources: [source], packs, clock: () => T + 60, graph: () => NO_GRAPH, isRouted: false, placesOf },
  };
  async function told(...events: Parameters<ReturnType<typeof aWorld>["tell"]>) {
    const { tell } = aWorld();
    const { incidents, alerts } = tell(...events);
    await store.incidents.save({ incidents, alerts, entries: [] });
    return incidents[0]!;
  }
  async function weighed(incident: Incident, other: Partial<ImpactDeps> = {}) {
    const done = await weigh({ ...deps, ...other }, incident, new AbortController().signal);
    return { ...done, now: (await store.incidents.get(incident.id))! };
  }
  return { source, store, told, weighed, deps };
}

const CRITICAL = { service: "checkout", instance: "c3:80", severity: "critical" };

it("shows a critical alert about one of twelve instances, without a failed request, as a warning, by queries that it keeps", async () => {
  const { source, told, weighed } = await aDesk();
  const { isChanged, now } = await weighed(await told(firing("1", { labels: CRITICAL })));
  expect(isChanged).toBe(true);
  expect(now).toMatchObject({ severity: "critical", revision: 2 });
  expect(shownSeverity(now)).toBe("warning");
  expect(now.impact?.facts).toMatchObject({
    instances: { all: 12, alerting: 1, down: 0, isWhole: true },
    failed: { share: 0, warn: 0.01, critical: 0.05, rate: 412 },
  });
  expect(now.impact?.asked.map(({ promql }) => promql)).toEqual(source.sent.map(({ promql }) => promql));
  expect(source.sent.length).toBeLessThanOrEqual(4);
});

it("shows a warning as critical where most instances are down and others call it, or requests fail", async () => {
  const down = await aDesk({ series: [...targets(12, 7)] });
  const one = await down.weighed(await down.told(firing("checkout")), {
    graph: () => aGraph(aCall("web", "checkout")),
  });
  expect(shownSeverity(one.now)).toBe("critical");
  expect(one.now.impact?.facts).toMatchObject({ instances: { down: 7, all: 12 }, callers: { names: ["web"], all: 1 } });
  const failing = await aDesk({ share: 0.4 });
  expect(shownSeverity((await failing.weighed(await failing.told(firing("checkout")))).now)).toBe("critical");
});

it("calls unused only what had a series and no request within a day", async () => {
  const unused = await aDesk({ rate: 0 });
  const labels = { severity: "critical" };
  expect((await unused.weighed(await unused.told(firing("checkout", { labels })))).now.impact?.facts.isUnused).toBe(
    true,
  );
  const used = await aDesk({ rate: 0, day: 12 });
  expect(
    (await used.weighed(await used.told(firing("checkout", { labels })))).now.impact?.facts.isUnused,
  ).toBeUndefined();
});

it("leaves the rule's severity where Prometheus cannot be asked, and says that it was not measured", async () => {
  const { source, told, weighed } = await aDesk();
  source.fail("unreachable");
  const { isChanged, missing, now } = await weighed(await told(firing("1", { labels: CRITICAL })));
  expect(isChanged).toBe(false);
  expect(missing).toMatch(/^Impact not measured: shop: .*connection refused/);
  expect([now.impact, shownSeverity(now)]).toEqual([undefined, "critical"]);
});

it("counts a few instances for an hour at most, where it could not be measured again", async () => {
  const { source, told, weighed, deps } = await aDesk();
  const { now } = await weighed(await told(firing("1", { labels: CRITICAL })));
  source.fail("unreachable");
  expect(await age({ ...deps, clock: () => T + 900 }, now.id)).toBe(false);
  expect(await age({ ...deps, clock: () => T + 3700 }, now.id)).toBe(true);
  const later = await deps.store.incidents.get(now.id);
  expect([later?.revision, later && shownSeverity(later)]).toEqual([now.revision + 1, "critical"]);
});

it("asks the next source of the place where the first does not have the thing", async () => {
  const { source, told, weighed } = await aDesk();
  const other = fakeMetrics({ name: "other", clock: () => T, types: { up: "gauge" }, series: [] });
  const { now } = await weighed(await told(firing("1", { labels: CRITICAL })), { sources: [other, source] });
  expect(now.impact?.asked.map(({ source: name }) => name)).toContain("shop");
});

it("asks nothing about what it cannot name, another environment, a storm, or anomalies alone", async () => {
  const { source, told, weighed } = await aDesk({ environment: "production" });
  const strange = await told(firing("1", { labels: { service: "mystery" } }));
  const staging = await told(firing("2", { labels: { ...CRITICAL, environment: "staging" } }));
  const anomaly = await told(firing("3", { labels: CRITICAL, anomaly: "a1" }));
  for (const one of [strange, staging, anomaly, { ...strange, isStorm: true }])
    expect(await weighed(one)).toMatchObject({ isChanged: false });
  expect(source.sent).toEqual([]);
});

it("does not undo what somebody else did meanwhile, and tells nothing twice", async () => {
  const { store, told, weighed } = await aDesk();
  const incident = await told(firing("1", { labels: CRITICAL }));
  const acknowledged = { ...incident, revision: 2, status: "acknowledged" as const };
  await store.incidents.save({ incidents: [acknowledged], alerts: [], entries: [] });
  expect((await weighed(incident)).now).toMatchObject({ revision: 3, status: "acknowledged" });
  expect((await weighed(incident)).isChanged).toBe(false);
});
