import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Card } from "../../src/core/card.ts";
import type { Incident } from "../../src/core/incident.ts";
import { anAnomaly } from "../contracts/detection.ts";
import { harbour } from "../fakes/harbour.ts";
import { firing, aWorld as incidentsOf, over } from "../fakes/incidents.ts";
import type { FakeOptions } from "../fakes/metrics.ts";
import { type ModelOptions, modelOn } from "../fakes/model.ts";
import { type Asked, type Openai, type Reply, startOpenai } from "../fakes/openai/index.ts";
import { NOW, World } from "../fakes/world.ts";

/** What the bot itself keeps, as a model gets to know it: at a glance, and by its tools. */

let server: Openai;
beforeAll(async () => {
  server = await startOpenai();
});
afterAll(() => server.stop());

const WHY = "why is the queue manifests so long, and what does the tide have to do with it?";
const FIRING = 'ALERTS{alertstate="firing"}';
const HOUR = 3600;

/** A world whose model makes these replies, one after the other. */
function aWorld(replies: readonly Reply[], more: Partial<FakeOptions> = {}, options: ModelOptions = {}) {
  let turn = 0;
  server.play(() => replies[Math.min(turn++, replies.length - 1)]!);
  return new World({ ...harbour(), ...more }, { model: modelOn(server.url, options) });
}

const call = (name: string, args: object = {}): Reply => ({ calls: [{ name, args }] });
const told = (): string => server.asked.at(-1)?.body.messages[1].content ?? "";
const results = (): readonly string[] =>
  server.asked
    .at(-1)!
    .body.messages.filter(({ role }: Asked["body"]) => role === "tool")
    .map(({ content }: Asked["body"]) => content);
const said = (card: Card) => card.blocks.flatMap((block) => (block.kind === "said" ? block.paragraphs : []));
const cited = (card: Card) =>
  card.blocks.flatMap((block) =>
    block.kind === "evidence" ? block.items.flatMap(({ promql, mark }) => (mark ? [promql] : [])) : [],
  );

const unusual = (id: string, more: Parameters<typeof anAnomaly>[1] = {}) =>
  anAnomaly(id, { source: "harbour", promql: "pilot_seconds", since: NOW - 2 * HOUR, openedAt: NOW - HOUR, ...more });

function anIncident(name: string, more: Partial<Incident> = {}): Incident {
  const { tell, all } = incidentsOf();
  tell(firing(name, { startsAt: NOW - HOUR, at: NOW - HOUR + 10 }));
  return { ...all()[0]!, id: `inc-${name}`, ...more };
}

const keep = (world: World, ...incidents: readonly Incident[]) =>
  world.store.incidents.save({ incidents, alerts: [], entries: [] });

const BERTH_DEPLOYED = {
  types: { ...harbour().types, deployment_last_timestamp_seconds: "gauge", app_build_info: "gauge" },
  series: [
    ...(harbour().series ?? []),
    {
      metric: "deployment_last_timestamp_seconds",
      labels: { service: "pilotage" },
      value: (at: number) => (at >= NOW - HOUR ? NOW - HOUR : NOW - 90 * HOUR),
    },
    { metric: "app_build_info", labels: { service: "pilotage", version: "v7.0.3" }, value: 1, until: NOW - HOUR },
    { metric: "app_build_info", labels: { service: "pilotage", version: "v7.1.0" }, value: 1 },
  ],
} as const;

describe("the whole at a glance", () => {
  it("has anomalies of the source, and their numbers may be said with the query that found them", async () => {
    const text = "The p95 latency of orders was 2.4 s. The p95 latency of orders was 917 s.";
    const world = aWorld([{ text }]);
    await world.store.detection.commit({
      anomalies: [unusual("a"), unusual("b", { source: "elsewhere", subject: "of-elsewhere" })],
    });
    const { card } = await world.tell(WHY);
    expect(told()).toMatch(/"anomalies":\{"count":1,"newest":\[\{"what":"p95 latency of orders"/);
    expect(told()).toContain('"value_when_found":"2.4 s","usual":"200 to 400 ms"');
    expect(told()).not.toContain("of-elsewhere");
    expect(said(card)).toEqual([expect.stringMatching(/^The p95 latency of orders was 2\.4 s\. \[\d+\]$/)]);
    expect(cited(card)).toEqual(["pilot_seconds"]);
  });

  it("has open incidents that whoever asks may read, and names of theirs may be said", async () => {
    const world = aWorld([{ text: "There is an incident of berthing." }]);
    await keep(world, anIncident("berthing"), anIncident("stowage", { environment: "production" }));
    const { card } = await world.tell(WHY);
    expect(told()).toMatch(/"open_incidents":\{"count":2,.*"about":"service berthing","alerts":\["HighErrorRate"\]/);
    expect(said(card)).toEqual(["There is an incident of berthing."]);
    await world.tell(WHY, { open: ["harbour"] });
    expect(told()).toContain('"open_incidents":{"count":0,"newest":[]}');
  });

  it("has what was deployed lately, with both versions", async () => {
    const world = aWorld([{ text: "The service pilotage went from v7.0.3 to v7.1.0 1 hour ago." }], BERTH_DEPLOYED);
    const { card } = await world.tell(WHY);
    expect(told()).toContain('"deployed_lately":[{"service":"pilotage","from":"v7.0.3","to":"v7.1.0","at":"');
    expect(said(card)).toEqual([expect.stringContaining("from v7.0.3 to v7.1.0 1 hour ago.")]);
    const asked = world.queries.filter((promql) => promql.includes("deployment_last_timestamp_seconds")).length;
    expect(asked).toBeGreaterThan(0);
    await world.tell(WHY);
    expect(told()).toContain('"deployed_lately":[{"service":"pilotage"');
    expect(world.queries.filter((promql) => promql.includes("deployment_last_timestamp_seconds"))).toHaveLength(asked);
  });

  it.each<[string, (world: World) => Promise<unknown>]>([
    ["an anomaly", (world) => world.store.detection.commit({ anomalies: [unusual("a")] })],
    ["an incident", (world) => keep(world, anIncident("berthing"))],
  ])("is asked anew once there is %s that it did not have", async (_, happen) => {
    const world = aWorld([{ text: "It is long." }]);
    const asked = () => world.queries.filter((promql) => promql === FIRING).length;
    await world.tell(WHY);
    const before = asked();
    await world.tell(WHY);
    expect(asked()).toBe(before);
    await happen(world);
    await world.tell(WHY);
    expect(asked()).toBe(before + 1);
  });
});

describe("what will run out", () => {
  it("is told with the time at which it is expected, which may be said", async () => {
    const text = "The free space of quay-2 will be used up in 6 hours.";
    const world = aWorld([{ text: `${text} It lasts 40 hours.` }]);
    const reaches = {
      at: NOW + 6 * HOUR,
      earliest: NOW + 4 * HOUR,
      limit: 0,
      will: "will be used up",
      by: "trend",
    } as const;
    const ahead = { kind: "ahead", measure: "free space", subject: "quay-2", labels: { instance: "quay-2" } } as const;
    await world.store.detection.commit({ anomalies: [unusual("a", { ...ahead, unit: "bytes", value: 4e9, reaches })] });
    const { card } = await world.tell(WHY);
    expect(told()).toContain('"expected":{"what":"will be used up","at":"2026-03-11T16:20:00Z","earliest":"');
    expect(said(card)).toEqual([expect.stringContaining(text)]);
  });
});

describe("the tool for incidents", () => {
  it("gives numbers of alerts that may be said of their own incident, and of no other", async () => {
    const text = "37 alerts of berthing fire. 37 alerts of stowage fire. 37 requests of stowage failed.";
    const world = aWorld([call("incidents"), { text }]);
    await keep(world, anIncident("berthing", { firing: 37, total: 41 }), anIncident("stowage"));
    const { card } = await world.tell(WHY);
    expect(said(card)).toEqual(["37 alerts of berthing fire."]);
  });

  it("tells those that go on, and with a time those that are over; its result is kept with the answer", async () => {
    const { tell, all } = incidentsOf();
    tell(firing("stowage", { startsAt: NOW - 3 * HOUR, at: NOW - 3 * HOUR }));
    tell(over("stowage", { startsAt: NOW - 3 * HOUR, endsAt: NOW - 2 * HOUR, at: NOW - 2 * HOUR }));
    const ended = {
      ...all()[0]!,
      id: "inc-stowage",
      revision: 1,
      status: "resolved" as const,
      endedAt: NOW - 2 * HOUR,
    };
    const look = [call("incidents"), call("incidents", { since: "-24h" }), call("incidents", { about: "BERTH" })];
    const world = aWorld([...look, { text: "The incident of stowage lasted 1 hour." }]);
    await keep(world, anIncident("berthing"), ended);
    const { card } = await world.tell(WHY);
    expect(results().map((one) => [one.includes("service berthing"), one.includes("service stowage")])).toEqual([
      [true, false],
      [true, true],
      [true, false],
    ]);
    expect(results()[0]).toContain("5 % of requests of berthing fail");
    expect(said(card)).toEqual(["The incident of stowage lasted 1 hour."]);
    const { recording } = (await world.store.evidence.get("q1"))!;
    expect(JSON.stringify(recording?.model?.turns)).toContain("service stowage");
  });

  it("says that there is none, tells at most fifteen, and keeps alerts' own words where the settings say so", async () => {
    const world = aWorld([call("incidents"), { text: "It is long." }], {}, { alertText: "off" });
    await world.tell(WHY);
    expect(results()).toEqual([
      "No incident is kept that fits. What no alert and no grave anomaly told of is in none.",
    ]);
    await keep(world, ...Array.from({ length: 20 }, (_, index) => anIncident(`berth-${index}`)));
    server.play([call("incidents"), { text: "It is long." }]);
    await world.tell(WHY, { thread: "other" });
    const [result] = results();
    expect(result!.match(/"about":"service berth-/g)).toHaveLength(15);
    expect(result).toContain('"of":20,"truncated":true');
    expect(result).not.toContain("of requests");
  });
});

describe("the tool for anomalies", () => {
  it("tells what watching found, with the query as evidence, and lets no other number through", async () => {
    const text = "The p95 latency of orders was 2.4 s, usually 200 to 400 ms. The p95 latency of bollards was 2.4 s.";
    const world = aWorld([call("anomalies", { since: "-24h", about: "orders" }), { text }]);
    await world.store.detection.commit({
      anomalies: [
        unusual("a", { status: "over", endedAt: NOW - 60 }),
        unusual("b", { subject: "quays", labels: { service: "quays" } }),
        unusual("c", { quiet: "It is expected.", labels: { service: "orders", shift: "late" } }),
      ],
    });
    const { card, reply } = await world.tell(WHY);
    expect(results()[0]).toMatch(/"anomalies":\[\{"what":"p95 latency of orders","kind":"unusual".*"of":1,/);
    expect(said(card)).toEqual([expect.stringMatching(/^The p95 latency of orders was 2\.4 s, usually .* \[\d+\]$/)]);
    expect(cited(card)).toEqual(["pilot_seconds"]);
    const source = reply.sources.find(({ promql }) => promql === "pilot_seconds");
    expect(Date.parse(source!.end) / 1000).toBe(NOW - 2 * HOUR);
  });
});
