import { expect, it } from "vitest";
import { ingest } from "../../src/flows/ingest.ts";
import { learnTopology } from "../../src/flows/topology.ts";
import { firing, T } from "../fakes/incidents.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { newStore } from "../fakes/world.ts";

const GRAPH = "traces_service_graph_request_total";

function aSource(more: Partial<Parameters<typeof fakeMetrics>[0]> = {}) {
  let now = T;
  const source = fakeMetrics({
    name: "shop",
    environment: "production",
    clock: () => now,
    types: { [GRAPH]: "counter" },
    series: [
      { metric: GRAPH, labels: { client: "orders", server: "payments" }, value: 412 },
      // By night only.
      { metric: GRAPH, labels: { client: "billing", server: "archive" }, value: 3, until: T - 7200 },
    ],
    ...more,
  });
  const said: string[] = [];
  const learner = learnTopology({
    sources: [source],
    clock: () => now,
    report: (level, text) => said.push(`${level} ${text}`),
  });
  const look = () => learner.look(new AbortController().signal);
  const wait = (seconds: number) => {
    now += seconds;
  };
  return { source, learner, look, wait, said };
}

it("learns who calls whom by one query, and what was called within the week by a few more at the start", async () => {
  const { source, learner, look, wait } = aSource();
  expect(await look()).toBe(300);
  const edges = [...learner.graph().calls.values()];
  expect(
    edges.map(({ caller, callee, rate, environment }) => `${caller} ${callee} ${rate} ${environment}`).sort(),
  ).toEqual(["billing archive 3 production", "orders payments 412 production"]);
  expect(source.sent).toHaveLength(6);
  wait(10);
  expect(await look()).toBe(290);
  expect(source.sent).toHaveLength(6);
  wait(300);
  await look();
  expect(source.sent).toHaveLength(7);
});

it("keeps what it knows while Prometheus is away, and says so once each time that it changes", async () => {
  const { source, learner, look, wait, said } = aSource();
  await look();
  source.fail("unreachable");
  for (let n = 0; n < 3; n++) {
    wait(300);
    await look();
  }
  expect(learner.graph().calls.size).toBe(2);
  source.fail(undefined);
  wait(300);
  await look();
  expect(said).toEqual([
    "info who calls whom is known",
    "warn who calls whom could not be read: what is known of it counts until it fades",
    "info who calls whom can be read again",
  ]);
});

it("makes one incident of a service and its caller with what it learnt, and two without", async () => {
  const { learner, look } = aSource();
  await look();
  const incidentsWith = async (graph: typeof learner.graph | undefined) => {
    const store = newStore();
    let made = 0;
    const { take } = ingest({
      store,
      newId: () => `inc-${++made}`,
      placesOf: () => [],
      changed: () => {},
      ...(graph && { graph }),
    });
    await take([firing("payments")]);
    await take([firing("orders", { startsAt: T + 120, at: T + 130 })]);
    const live = await store.incidents.live();
    // As a restart finds it.
    return live.map(({ total, dependencies = [] }) => [total, dependencies.length]);
  };
  expect(await incidentsWith(learner.graph)).toEqual([[2, 1]]);
  expect(await incidentsWith(undefined)).toEqual([
    [1, 0],
    [1, 0],
  ]);
});
