import { describe, expect, it } from "vitest";
import { wasteCard } from "../../src/cards/waste-card.ts";
import { plainText } from "../../src/core/card.ts";
import { workloadOf } from "../../src/core/incident/subject.ts";
import type { Sample } from "../../src/core/series.ts";
import { costOf, type Prices, WASTE_METRICS, WASTE_QUERIES, wasteOf } from "../../src/core/waste.ts";
import { measureWaste } from "../../src/flows/waste.ts";
import { lookAtQuery } from "../../src/metrics/look.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { NOW, newStore } from "../fakes/world.ts";

const GIB = 2 ** 30;
const DAY = 86_400;
const EURO: Prices = { core: 25, gib: 4, currency: "EUR" };
const signal = new AbortController().signal;

const of = (workload: string, value: number): Sample => ({ labels: { namespace: "shop", workload }, at: NOW, value });

function world() {
  const store = newStore();
  const clock = { now: NOW };
  const days = [of("", 14 * 24)];
  const answers: [RegExp, Sample[]][] = [
    [/^count_over_time/, days],
    [/^sum by .*resource="cpu"/, [of("orders", 4), of("billing", 2), of("cron", 1), of("web", 1), of("new", 3)]],
    [/^quantile_over_time.*cpu_usage/, [of("orders", 0.6), of("billing", 0.2), of("cron", 0.001), of("web", 0.9)]],
    [/^sum by .*resource="memory"/, [of("orders", 8 * GIB), of("web", GIB)]],
    [/^quantile_over_time.*working_set/, [of("orders", 2 * GIB), of("web", 0.95 * GIB)]],
  ];
  const metrics = fakeMetrics({
    clock: () => clock.now,
    series: WASTE_METRICS.map((metric) => ({ metric, labels: { pod: "a" }, value: () => 1 })),
    answers,
  });
  const measure = (prices?: Prices) =>
    measureWaste({ store, sources: [metrics], clock: () => clock.now, prices }, signal);
  const said = async () => plainText(wasteCard(await store.waste.open(), { now: clock.now, zone: "UTC" }));
  return { store, metrics, measure, clock, days, said };
}

describe("what is asked for and not used", () => {
  it("is what asks for more than twice its 95th percentile and for enough to matter, most first", () => {
    const found = wasteOf(
      "cpu",
      [of("a", 1), of("b", 4), of("c", 0.15), of("d", 1)],
      [of("a", 0.4), of("b", 1), of("c", 0.06)],
    );
    expect(found.items.map(({ workload }) => workload)).toEqual(["b", "a"]);
    expect(found.sum).toEqual({ count: 2, asked: 5, used: 1.4, idle: 0 });
    expect(costOf("cpu", found.sum, EURO)).toBeCloseTo(90);
    expect(costOf("memory", { asked: 3 * GIB, used: GIB }, EURO)).toBe(8);
    expect(costOf("cpu", found.sum, undefined)).toBeUndefined();
  });

  it("is asked by the names that Kubernetes gives to pods, in queries that may be asked", () => {
    const all = [WASTE_QUERIES.hours, ...Object.values(WASTE_QUERIES.asked), ...Object.values(WASTE_QUERIES.used)];
    expect(all.every((promql) => lookAtQuery(promql).ok)).toBe(true);
    const patterns = [...WASTE_QUERIES.asked.cpu.matchAll(/"pod", "([^"]+)"/g)].map(
      ([, one]) => new RegExp(`^${one}$`),
    );
    const named = (pod: string) => patterns.reduce((name, one) => one.exec(pod)?.[1] ?? name, pod);
    for (const pod of ["orders-7d9f8b6c5d-x2zvk", "agent-x2zvk", "pg-0", "pg-12", "migrate", "a-b-7d9f8b6c5d-bcdfg"])
      expect(named(pod)).toBe(workloadOf(pod));
  });

  it("is measured once a day, said with its queries and in money where prices are known", async () => {
    const { metrics, measure, clock, said } = world();
    expect(await measure(EURO)).toEqual([]);
    expect(metrics.sent).toHaveLength(5);
    await measure(EURO);
    expect(metrics.sent).toHaveLength(5);
    const card = await said();
    expect(card.split("\n")[0]).toBe(
      "3 workloads ask for 7 cores and use 0.8 cores (p95 of 14 d): about €155 a month; 1 of them does next to nothing.",
    );
    expect(card).toContain("1 workload asks for 8 GiB of memory and uses 2 GiB (p95 of 14 d): about €24 a month.");
    expect(card).toContain("shop/cron");
    expect(card).not.toContain("shop/new");
    expect(card).toContain("quantile_over_time(0.95,");
    // Another price counts at once, without a query.
    await measure({ ...EURO, core: 50 });
    expect(metrics.sent).toHaveLength(5);
    expect(await said()).toContain("about €310 a month");
    await measure(undefined);
    expect(await said()).toContain("What a core and a GiB cost in a month stands nowhere (costs in the file).");
    clock.now += DAY;
    await measure(EURO);
    expect(metrics.sent).toHaveLength(10);
  });

  it("is not said with less than a day of history, without the metrics, or while it cannot be asked", async () => {
    const { store, metrics, measure, days, said, clock } = world();
    metrics.fail("unreachable");
    expect(await said()).toContain("What is wasted is not known yet.");
    metrics.fail((promql) => (promql.startsWith("count_over_time") ? "refused" : undefined));
    expect((await measure())[0]).toMatch(/^What is wasted in harbour could not be measured: /);
    metrics.fail(undefined);
    days[0] = of("", 5);
    await measure();
    expect(await said()).toContain("What is wasted is not known yet.");
    const none = fakeMetrics({ clock: () => clock.now, name: "other" });
    await measureWaste({ store, sources: [none], clock: () => clock.now, prices: undefined }, signal);
    expect(await store.waste.open()).toEqual([]);
    expect(none.sent).toEqual([]);
  });
});
