import { describe, expect, it } from "vitest";
import { type TourReply, tourOf, whatIsWrong } from "../../src/demo/tour.ts";
import { createWorld } from "../../src/demo/world.ts";

const world = createWorld({ now: Date.UTC(2026, 4, 12, 13, 37) / 1000 });
const reply = (over: Partial<TourReply> = {}): TourReply => ({
  intent: "golden_signal",
  reply_text: "p95 latency of orders is 2.4 s.",
  values: [{ value: 2.4, unit: "seconds" }],
  ...over,
});
const truth = async () => ({ value: 2.37, labels: { instance: "pg-1:9100" } });

describe("the tour", () => {
  it("asks a dozen things, each with something it can fail on", () => {
    const steps = tourOf(world);
    expect(steps.length).toBeGreaterThanOrEqual(12);
    for (const { ask, expect: wanted } of steps) expect(Object.keys(wanted), ask).not.toEqual([]);
    expect(steps.filter(({ thread }) => thread === "follow").map(({ ask }) => ask)).toEqual([
      "cpu of pg-1",
      "and memory?",
    ]);
  });

  it("accepts a value near what Prometheus says, in seconds or milliseconds, and no other", async () => {
    const wanted = { measures: "p95" };
    expect(await whatIsWrong(reply(), wanted, truth)).toEqual([]);
    expect(await whatIsWrong(reply({ values: [{ value: 2370, unit: "milliseconds" }] }), wanted, truth)).toEqual([]);
    expect(await whatIsWrong(reply({ values: [{ value: 0.3, unit: "seconds" }] }), wanted, truth)).toEqual([
      "wanted a value near 2.37, got 0.3 seconds",
    ]);
    expect(await whatIsWrong(reply({ values: [] }), wanted, truth)).toHaveLength(1);
    expect(await whatIsWrong(reply(), wanted, async () => undefined)).toEqual(["Prometheus has nothing for p95"]);
  });

  it("misses words, intents and names, and dislikes some", async () => {
    expect(
      await whatIsWrong(reply(), { says: [/orders/], neverSays: /billing/, intent: ["golden_signal"] }, truth),
    ).toEqual([]);
    expect(
      await whatIsWrong(reply(), { says: [/billing/], neverSays: /orders/, intent: ["smalltalk"] }, truth),
    ).toHaveLength(3);
    expect(await whatIsWrong(reply(), { names: { promql: "top", label: "instance" } }, truth)).toEqual([
      "wanted pg-1 in the text",
    ]);
    expect(
      await whatIsWrong(reply({ reply_text: "pg-1 leads" }), { names: { promql: "top", label: "instance" } }, truth),
    ).toEqual([]);
    expect(await whatIsWrong(reply(), { values: "none" }, truth)).toEqual(["wanted no values, got 2.4"]);
  });

  it("takes a change only as pending and not executed", async () => {
    const wanted = { proposal: "pending" } as const;
    expect(
      await whatIsWrong(reply({ proposed_actions: [{ status: "pending", executed: false }] }), wanted, truth),
    ).toEqual([]);
    for (const proposed_actions of [
      [],
      [{ status: "pending", executed: true }],
      [{ status: "approved", executed: false }],
    ]) {
      expect(await whatIsWrong(reply({ proposed_actions }), wanted, truth)).toHaveLength(1);
    }
    expect(
      await whatIsWrong(
        reply({ proposed_actions: [{ status: "pending", executed: false }] }),
        { proposal: "none" },
        truth,
      ),
    ).toHaveLength(1);
  });
});
