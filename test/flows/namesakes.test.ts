import { describe, expect, it } from "vitest";
import { harbour } from "../fakes/harbour.ts";
import type { FakeSeries } from "../fakes/metrics.ts";
import { NOW, verdictOf, World } from "../fakes/world.ts";

/** Two things of one name, in two namespaces, are two things. */

const DAY = 86_400;

function deployment(namespace: string, wanted: number, ready: number): FakeSeries[] {
  const labels = { namespace, deployment: "gatehouse" };
  return [
    { metric: "kube_deployment_spec_replicas", labels, value: wanted },
    { metric: "kube_deployment_status_replicas_available", labels, value: ready },
  ];
}

const world = (...series: FakeSeries[]) => new World(harbour({ series }));

describe("a deployment in several namespaces", () => {
  it("is as healthy as the worst of them, each paired with its own", async () => {
    const asked = world(...deployment("east", 3, 3), ...deployment("west", 2, 0));
    const { card, reply } = await asked.tell("is gatehouse up?");
    expect(verdictOf(reply)).toBe(
      "No: gatehouse in west is down, 0 of 2 replicas available; 1 of 2 places have all theirs.",
    );
    expect(reply.reply_text).toContain("east: 3 of 3 replicas available");
    expect(card.tone).toBe("danger");
    expect(reply.values).toMatchObject([
      { labels: { namespace: "east" }, value: 3 },
      { labels: { namespace: "west" }, value: 0 },
    ]);
  });

  it("is up when it is up in all", async () => {
    const asked = world(...deployment("east", 3, 3), ...deployment("west", 2, 2));
    expect(verdictOf(await asked.ask("is gatehouse up?"))).toBe("Yes: gatehouse is up in all 2 places.");
  });

  it("in one namespace needs no namespace said, and scaled to nothing is down", async () => {
    expect(verdictOf(await world(...deployment("east", 3, 2)).ask("is gatehouse up?"))).toBe(
      "Yes, but degraded: gatehouse is up with only 2 of 3 replicas available.",
    );
    expect(verdictOf(await world(...deployment("east", 0, 0)).ask("is gatehouse up?"))).toBe(
      "No: gatehouse is down, scaled to 0 replicas.",
    );
  });

  it("is that of the namespace in the question, when one is named", async () => {
    const pod = (namespace: string): FakeSeries => ({
      metric: "kube_pod_info",
      labels: { namespace, pod: "x-1" },
      value: 1,
    });
    const asked = world(...deployment("east", 3, 3), ...deployment("west", 2, 0), pod("east"), pod("west"));
    expect(verdictOf(await asked.ask("is gatehouse in namespace east up?"))).toBe(
      "Yes: gatehouse is up, 3 of 3 replicas available.",
    );
  });

  it("is one deployment, however many times it is scraped, and two where another label differs", async () => {
    const scraped = (instance: string) =>
      deployment("east", 3, 1).map((one) => ({ ...one, labels: { ...one.labels, instance } }));
    expect(verdictOf(await world(...scraped("ksm-0"), ...scraped("ksm-1")).ask("is gatehouse up?"))).toBe(
      "Yes, but degraded: gatehouse is up with only 1 of 3 replicas available.",
    );
    const inRegion = (region: string, ready: number) =>
      deployment("east", 3, ready).map((one) => ({ ...one, labels: { ...one.labels, region } }));
    const { reply_text } = await world(...inRegion("a", 3), ...inRegion("b", 0)).ask("is gatehouse up?");
    expect(reply_text).toMatch(/^No: gatehouse in east of b is down, 0 of 3/);
    expect(reply_text).toContain("east of a: 3 of 3");
  });

  it("without data on it is not said to be up", async () => {
    const [, ...half] = deployment("west", 2, 2).toReversed();
    const { card, reply } = await world(...deployment("east", 3, 3), ...half).tell("is gatehouse up?");
    expect(verdictOf(reply)).toMatch(/^I cannot tell whether gatehouse in west is up: no data/);
    expect(card.tone).toBe("warning");
  });

  it("on its way down says what is left", async () => {
    expect(verdictOf(await world(...deployment("east", 0, 1)).ask("is gatehouse up?"))).toBe(
      "Yes, but degraded: gatehouse is up, being scaled to 0 replicas, 1 still available.",
    );
  });

  it("has a row for each, told apart", async () => {
    const asked = world(...deployment("east", 3, 3), ...deployment("west", 2, 1));
    const { reply_text, values } = await asked.ask("available replicas of gatehouse");
    expect(reply_text).toContain("gatehouse in east");
    expect(reply_text).toContain("gatehouse in west");
    expect(values.map(({ value }) => value).sort()).toEqual([1, 3]);
  });

  it("is compared with itself, not with its namesake", async () => {
    const warmth = (namespace: string, now: number, before: number): FakeSeries => ({
      metric: "harbour_gate_temperature_celsius",
      labels: { namespace, gate: "lock-1" },
      value: (at) => (at > NOW - DAY / 2 ? now : before),
    });
    const asked = world(warmth("east", 8, 2), warmth("west", 5, 5), warmth("north", 1, 4));
    const { reply_text } = await asked.ask("gate temperature compared to yesterday");
    expect(reply_text).toMatch(/east.*from 2 to 8 °C/);
    expect(reply_text).toMatch(/north.*from 4 to 1/);
    expect(reply_text).toMatch(/west.*unchanged at 5/);
  });
});
