import { describe, expect, it } from "vitest";
import { harbour } from "../fakes/harbour.ts";
import type { FakeOptions, FakeSeries } from "../fakes/metrics.ts";
import { NOW, verdictOf, World } from "../fakes/world.ts";

const target = (service: string, value: number): FakeSeries => ({
  metric: "slo_objective_ratio",
  labels: { service },
  value,
});
const SERIES = [target("lighthouse", 0.99), target("ferrydesk", 0.999)];

/** What the queries come to: availability, budget left and burn rate of each service. */
function answers(of: Readonly<Record<string, readonly [number, number, number]>>): FakeOptions["answers"] {
  const samples = (which: 0 | 1 | 2) =>
    Object.entries(of).map(([service, values]) => ({ labels: { service }, at: NOW, value: values[which] }));
  return [
    [/\[1h\].*slo_objective/, samples(2)],
    [/^1 - .*slo_objective/, samples(1)],
    [/^1 - \(sum by/, samples(0)],
  ];
}
const ask = (question: string, of: Parameters<typeof answers>[0]) =>
  new World(harbour({ series: SERIES, answers: answers(of) ?? [] })).tell(question);

describe("objectives", () => {
  it("of one service: availability, objective, budget and burn rate", async () => {
    const { card, reply } = await ask("is lighthouse within its slo?", { lighthouse: [0.995, 0.5, 0.4] });
    expect(verdictOf(reply)).toMatch(/^Yes: /);
    expect(reply.reply_text).toContain("99.5 %");
    expect(reply.reply_text).toContain("50 % of the error budget of lighthouse is left");
    expect(card.tone).toBe("good");
  });

  it("of several services are kept apart, the one in trouble first", async () => {
    const { card, reply } = await ask("slo of lighthouse and ferrydesk", {
      lighthouse: [0.98, -1, 3],
      ferrydesk: [0.9995, 0.5, 0.2],
    });
    expect(verdictOf(reply)).toBe("1 of 2 services misses its objective over 7 d: lighthouse.");
    expect(reply.reply_text).toMatch(/lighthouse: availability 98 %.*\n.*ferrydesk: availability 99.95 %/);
    expect(card.tone).toBe("danger");
    expect(reply.values).toHaveLength(8);
  });

  it("of several services that could not be asked are not said to be missing, nor fine", async () => {
    const of = { lighthouse: [0.98, -1, 3], ferrydesk: [0.9995, 0.5, 0.2] } as const;
    const world = new World(harbour({ series: SERIES, answers: answers(of) ?? [] }));
    world.metrics.fail((promql) => (promql.startsWith("max by (service) (slo_objective") ? "refused" : undefined));
    const { card, reply } = await world.tell("are lighthouse and ferrydesk within slo?");
    expect(verdictOf(reply)).toMatch(/^I could not ask Prometheus for the objective of these services/);
    expect(card.tone).toBe("danger"); // a budget is used up all the same
  });

  it("without requests are no availability, and no good news", async () => {
    const { card, reply } = await ask("availability slo of lighthouse", {
      lighthouse: [Number.NaN, Number.NaN, Number.NaN],
    });
    expect(reply.reply_text).toMatch(/nothing was asked of lighthouse/i);
    expect(reply.reply_text).not.toMatch(/NaN|not a number/);
    expect(card.tone).not.toBe("good");
  });

  it("of which a part could not be asked say so, and are no good news either", async () => {
    const world = new World(harbour({ series: SERIES, answers: answers({ lighthouse: [0.995, 0.5, 0.4] }) ?? [] }));
    world.metrics.fail((promql) => (promql.startsWith("max by (service) (slo_objective") ? "refused" : undefined));
    const { card, reply } = await world.tell("error budget of lighthouse");
    expect(reply.reply_text).toContain("50 %");
    expect(reply.reply_text).toContain("too many queries");
    expect(reply.reply_text).not.toContain("no objective");
    expect(card.tone).not.toBe("good");
  });
});
