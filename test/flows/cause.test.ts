import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import { harbour } from "../fakes/harbour.ts";
import type { FakeSeries } from "../fakes/metrics.ts";
import { NOW, verdictOf, World } from "../fakes/world.ts";

const MINUTE = 60;
const HOUR = 3600;
/** When ferrydesk became slow in these tests. */
const SLOW = NOW - 2 * HOUR;
const DEPLOYED = SLOW - 8 * MINUTE;

/** The value before a moment and from it on. */
function step(moment: number, before: number, after: number): (at: number) => number {
  return (at) => (at >= moment ? after : before);
}

function latency(service: string, value: FakeSeries["value"]): FakeSeries {
  return { metric: "http_request_duration_seconds", labels: { service, job: "pier" }, value };
}

const deploy = (service: string, at: number, before: number): FakeSeries => ({
  metric: "deployment_last_timestamp_seconds",
  labels: { service },
  value: step(at, before, at),
});

const RELEASES: FakeSeries[] = [
  deploy("pilotage", DEPLOYED, NOW - 40 * 24 * HOUR),
  { metric: "app_build_info", labels: { service: "pilotage", version: "v7.0.3" }, value: 1, until: DEPLOYED },
  { metric: "app_build_info", labels: { service: "pilotage", version: "v7.1.0" }, value: 1 },
];

const MORE_TYPES = {
  deployment_last_timestamp_seconds: "gauge",
  app_build_info: "gauge",
  pilotage_tug_errors_total: "counter",
  node_filesystem_avail_bytes: "gauge",
} as const;

async function worldWith(series: readonly FakeSeries[]) {
  const base = harbour();
  return new World({ ...base, types: { ...base.types, ...MORE_TYPES }, series: [...(base.series ?? []), ...series] });
}

describe("why a service is slow", () => {
  const slow = latency("pilotage", step(SLOW, 0.2, 1.9));

  it("names the deployment just before it, both versions, and since when it is slow", async () => {
    const world = await worldWith([slow, ...RELEASES]);
    const reply = await world.ask("why is the pilotage service slow?");
    expect(reply.intent).toBe("root_cause");
    expect(verdictOf(reply)).toMatch(/Likely cause: deployment of pilotage v7\.0\.3 → v7\.1\.0/);
    expect(reply.reply_text).toMatch(/1\.9 s against 200 ms usual/);
    expect(reply.reply_text).toContain("since 08:20 UTC");
    expect(reply.reply_text).toMatch(/not proof/i);
    expect(reply.values).toContainEqual(expect.objectContaining({ value: 1.9, unit: "seconds" }));
  });

  it("changes nothing by itself: a rollback is only offered as a question", async () => {
    const world = await worldWith([slow, ...RELEASES]);
    const reply = await world.ask("why is the pilotage service slow?");
    expect(reply.proposed_actions).toEqual([]);
    expect(reply.reply_text).toMatch(/Propose: roll back pilotage/);
  });

  it("does not blame a deployment of another service of long ago", async () => {
    const world = await worldWith([slow, deploy("lighthouse", NOW - 7 * HOUR, NOW - 40 * 24 * HOUR)]);
    const reply = await world.ask("why is the pilotage service slow?");
    expect(reply.reply_text).not.toMatch(/deployment of lighthouse/);
    expect(verdictOf(reply)).toMatch(/nothing I looked at explains it/);
  });

  it("names the label value that carries the change of the service's own metric", async () => {
    const errors = (tug: string, value: FakeSeries["value"]): FakeSeries => ({
      metric: "pilotage_tug_errors_total",
      labels: { tug },
      value,
    });
    const world = await worldWith([
      slow,
      errors("bollard", step(SLOW, 0.01, 2.5)),
      errors("hawser", 0.01),
      errors("fender", 0.01),
    ]);
    const reply = await world.ask("why is the pilotage service slow?");
    expect(verdictOf(reply)).toMatch(/Likely cause: .*tug bollard/);
    expect(reply.reply_text).not.toMatch(/hawser/);
  });

  it("says that it is not slow when it is not, with the number", async () => {
    const world = await worldWith([latency("pilotage", 0.2), ...RELEASES]);
    const reply = await world.ask("why is the pilotage service slow?");
    expect(verdictOf(reply)).toMatch(/cannot confirm.*200 ms/);
    expect(reply.reply_text).not.toMatch(/Likely cause/);
  });

  it("finds a past time's worst moment and looks there", async () => {
    const from = NOW - 20 * HOUR;
    const world = await worldWith([
      latency("pilotage", (at) => (at >= from && at < from + HOUR ? 3 : 0.2)),
      deploy("pilotage", from - 5 * MINUTE, NOW - 40 * 24 * HOUR),
    ]);
    const reply = await world.ask("why was the pilotage service slow yesterday?");
    expect(verdictOf(reply)).toMatch(/Likely cause: deployment of pilotage/);
    expect(reply.reply_text).toMatch(/3 s against 200 ms usual/);
    expect(reply.reply_text).toMatch(/yesterday/);
  });
});

describe("why something is so over a longer time than a query may reach", () => {
  it("looks at what it can reach, and says that the window was cut", async () => {
    const world = await worldWith([latency("pilotage", step(NOW - 9 * 24 * HOUR, 0.1, 0.1))]);
    const { card } = await world.tell("why was pilotage slow in the last 100000 days?");
    const windows = world.sources[0]!.sent.flatMap(({ window }) => (window === undefined ? [] : [window]));
    expect(windows.length).toBeGreaterThan(0);
    for (const { start, end, step } of windows) {
      expect((end - start) / 86_400).toBeLessThanOrEqual(31);
      expect((end - start) / step).toBeLessThanOrEqual(11_000);
    }
    expect(plainText(card)).toContain("The window was cut to 31 days.");
  });
});

describe("when Prometheus cannot be asked", () => {
  it("says so and calls nothing likely", async () => {
    const world = await worldWith([latency("pilotage", step(SLOW, 0.2, 1.9)), ...RELEASES]);
    world.metrics.fail("unreachable");
    const reply = await world.ask("why is the pilotage service slow?");
    expect(verdictOf(reply)).toMatch(/could not ask/i);
    expect(reply.reply_text).not.toMatch(/Likely cause|cannot confirm/);
  });

  it("counts what could not be asked, and still answers from the rest", async () => {
    const world = await worldWith([latency("pilotage", step(SLOW, 0.2, 1.9)), ...RELEASES]);
    world.metrics.fail((promql) => (/^(?:1 - avg|\(?sum.*http_requests)/.test(promql) ? "refused" : undefined));
    const reply = await world.ask("why is the pilotage service slow?");
    expect(verdictOf(reply)).toMatch(/Likely cause: deployment of pilotage/);
    expect(reply.reply_text).toMatch(/could not be asked/);
  });
});

describe("what changed", () => {
  it("lists deployments with their versions, newest first, and says what it did not look at", async () => {
    const world = await worldWith([
      latency("pilotage", 0.2),
      ...RELEASES,
      { metric: "up", labels: { instance: "winch-9:9100", job: "node" }, value: step(NOW - HOUR, 1, 0) },
    ]);
    const reply = await world.ask("what changed in the last 4 hours?");
    const text = reply.reply_text;
    expect(text).toMatch(/deployed: pilotage v7\.0\.3 → v7\.1\.0/);
    expect(text).toMatch(/target lost: winch-9/);
    expect(text.indexOf("winch-9")).toBeLessThan(text.indexOf("deployed: pilotage"));
    expect(text).toMatch(/Not looked at: .*logs/);
  });

  it("says that nothing changed when nothing did", async () => {
    const world = await worldWith([
      latency("pilotage", 0.2),
      deploy("pilotage", NOW - 20 * 24 * HOUR, NOW - 40 * 24 * HOUR),
    ]);
    expect(verdictOf(await world.ask("what changed in the last 4 hours?"))).toMatch(/No change/);
  });
});
