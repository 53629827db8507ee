import { beforeAll, expect, it } from "vitest";
import type { ConceptPacks } from "../../src/core/concept.ts";
import type { Incident } from "../../src/core/incident.ts";
import { changesBefore, withChanges } from "../../src/flows/enrich/changes.ts";
import { anIncident } from "../fakes/digests.ts";
import { type FakeSeries, fakeMetrics } from "../fakes/metrics.ts";
import { aRun } from "../fakes/runs.ts";
import { newStore, shippedPacks } from "../fakes/world.ts";

const T = 1_790_000_040;
const MINUTE = 60;
const LINE: Incident["lines"][number] = {
  ...{ fingerprint: "f", name: "HighErrorRate", severity: "warning", summary: "", startsAt: T },
  labels: { alertname: "HighErrorRate", service: "checkout" },
};
let packs: ConceptPacks;
beforeAll(async () => {
  packs = await shippedPacks();
});

/** `at`: minutes before the incident began. */
const version = (service: string, name: string, from: number, until?: number): FakeSeries => ({
  ...{ metric: "app_build_info", labels: { service, version: name } },
  value: 1,
  since: T - from * MINUTE,
  ...(until !== undefined && { until: T - until * MINUTE }),
});
const replicas = (deployment: string, before: number, after: number, minutes: number): FakeSeries => ({
  ...{ metric: "kube_deployment_spec_replicas", labels: { namespace: "shop", deployment } },
  value: (at) => (at >= T - minutes * MINUTE ? after : before),
});

async function looked(
  series: readonly FakeSeries[],
  more: Partial<Incident> = {},
  set: { fault?: "unreachable"; twice?: true } = {},
) {
  const clock = () => T + 20 * MINUTE;
  const source = fakeMetrics({ clock, series, environment: "production" });
  const store = newStore();
  if (more.id === "told")
    await store.runs.keep(
      aRun({
        ...{ id: "deploy-1", endedAt: T - 5 * MINUTE, startedAt: T - 9 * MINUTE },
        deploys: { service: "checkout", environment: "production", version: "9.0" },
      }),
    );
  if (set.fault !== undefined) source.fail(set.fault);
  const sources =
    set.twice === true ? [source, fakeMetrics({ clock, name: "other", environment: "production" })] : [source];
  const incident = anIncident("inc-1", T, {
    lines: [LINE],
    ...{ startedAt: T, environment: "production", subject: { kind: "service", name: "checkout" } },
    ...more,
  });
  return changesBefore({ sources, packs, runs: store.runs, clock, zone: "UTC" }, incident, AbortSignal.timeout(5000));
}

it("tells deployments and scaling of what an incident is about, with their queries, and draws the deployments", async () => {
  const found = await looked([
    version("checkout", "4.11.1", 600, 19),
    version("checkout", "4.12.0", 20),
    version("cart", "1.0", 600),
    version("search", "2.0", 40),
    replicas("checkout", 6, 2, 12),
    replicas("cart", 6, 2, 12),
  ]);
  expect(found.facts).toEqual([
    expect.stringMatching(
      /^Changed shortly before: checkout 4\.11\.1 → 4\.12\.0 was deployed at \S+ UTC; scaled: checkout from 6 to 2 replicas at \S+ UTC\. Near in time, which is no proof\.$/,
    ),
  ]);
  expect(found.evidence.map(({ promql }) => promql)).toEqual([
    "max by (service, version) (app_build_info)",
    "kube_deployment_spec_replicas",
  ]);
  expect(found.events).toEqual([{ at: expect.closeTo(T - 20 * MINUTE, -2), name: "checkout 4.12.0" }]);
  const shown = withChanges(
    { facts: ["a"], chart: { title: "t", unit: "", series: [], events: [{ at: T, name: "fires" }] } },
    found,
  );
  expect(shown.facts?.[0]).toBe("a");
  expect(shown.chart?.events?.map(({ name }) => name)).toEqual(["fires", "checkout 4.12.0"]);
});

it("tells somebody else's deployment only when it was just before", async () => {
  const [far, near] = [40, 10].map((minutes) => [
    version("search", "1.0", 600, minutes - 1),
    version("search", "2.0", minutes),
  ]);
  expect((await looked(far!)).facts).toEqual([
    expect.stringMatching(/^No change of it is seen in the hour before \(looked at: deployments/),
  ]);
  expect((await looked(near!)).facts).toEqual([
    expect.stringMatching(/^Changed shortly before: search 1\.0 → 2\.0 was deployed/),
  ]);
});

it("takes a pipeline's word where no metric tells of a deployment: there is no query then", async () => {
  const found = await looked([], { id: "told" });
  expect(found.facts).toEqual([expect.stringMatching(/^Changed shortly before: checkout 9\.0 was deployed/)]);
  expect(found.evidence).toEqual([]);
});

it("says nothing where nothing could be asked, it is not known which source is meant, or anomalies bring their own", async () => {
  const deployed = [version("checkout", "1.0", 600, 19), version("checkout", "2.0", 20)];
  const nothing = { facts: [], evidence: [], events: [] };
  expect(await looked([])).toEqual(nothing);
  expect(await looked(deployed, {}, { fault: "unreachable" })).toEqual(nothing);
  expect(await looked(deployed, {}, { twice: true })).toEqual(nothing);
  expect(await looked(deployed, { isStorm: true })).toEqual(nothing);
  expect(await looked(deployed, { lines: [{ ...LINE, anomaly: "a-1" }] })).toEqual(nothing);
  expect((await looked(deployed)).facts).toHaveLength(1);
});
