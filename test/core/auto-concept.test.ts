import { describe, expect, it } from "vitest";
import { autoConcept } from "../../src/core/auto-concept.ts";
import type { Metric, MetricType } from "../../src/core/catalogue.ts";
import { queryFor } from "../../src/core/concept.ts";
import type { Unit } from "../../src/core/units.ts";
import { parse } from "../../src/metrics/promql.ts";

function metric(name: string, type: MetricType, more: Partial<Metric> = {}): Metric {
  return { name, type, help: "", unit: "", labels: new Map(), ...more };
}

function ask(one: Metric, form: "rate" | "count" = "rate"): string {
  return queryFor(autoConcept(one), {
    filters: [{ label: "yard", values: ["east"] }],
    by: ["yard"],
    window: "5m",
    quantile: 0.9,
    form,
  });
}

describe("a metric that no pack knows", () => {
  it.each<[name: string, type: MetricType, unit: Unit, promql: string]>([
    ["wharf_lorries_total", "counter", "per_s", 'sum by (yard) (rate(wharf_lorries_total{yard="east"}[5m]))'],
    ["wharf_sent_bytes_total", "counter", "bytes/s", 'sum by (yard) (rate(wharf_sent_bytes_total{yard="east"}[5m]))'],
    [
      "wharf_winch_seconds_total",
      "counter",
      "none",
      'sum by (yard) (rate(wharf_winch_seconds_total{yard="east"}[5m]))',
    ],
    [
      "wharf_fees_cents_total",
      "counter",
      "money",
      'sum by (yard) (increase(wharf_fees_cents_total{yard="east"}[5m])) * 0.01',
    ],
    [
      "wharf_wait_seconds",
      "histogram",
      "seconds",
      'histogram_quantile(0.9, sum by (le, yard) (rate(wharf_wait_seconds_bucket{yard="east"}[5m])))',
    ],
    [
      "wharf_wait_ms",
      "histogram",
      "seconds",
      'histogram_quantile(0.9, sum by (le, yard) (rate(wharf_wait_ms_bucket{yard="east"}[5m]))) * 0.001',
    ],
    ["wharf_load_ratio", "gauge", "ratio", 'wharf_load_ratio{yard="east"}'],
    ["wharf_load_percent", "gauge", "ratio", 'wharf_load_percent{yard="east"} * 0.01'],
    ["wharf_stock_bytes", "gauge", "bytes", 'wharf_stock_bytes{yard="east"}'],
    ["wharf_oil_celsius", "gauge", "celsius", 'wharf_oil_celsius{yard="east"}'],
    ["wharf_crates", "gauge", "count", 'wharf_crates{yard="east"}'],
    ["wharf_gate_enabled", "gauge", "bool", 'wharf_gate_enabled{yard="east"}'],
    ["wharf_beacon_up", "gauge", "bool", 'wharf_beacon_up{yard="east"}'],
    [
      "wharf_last_tide_timestamp_seconds",
      "gauge",
      "seconds",
      'time() - wharf_last_tide_timestamp_seconds{yard="east"}',
    ],
    [
      "wharf_lease_expiry_timestamp_seconds",
      "gauge",
      "seconds",
      'wharf_lease_expiry_timestamp_seconds{yard="east"} - time()',
    ],
    ["wharf_build_info", "gauge", "none", 'wharf_build_info{yard="east"}'],
    ["wharf_heat_usd", "gauge", "money", 'wharf_heat_usd{yard="east"}'],
    ["wharf_things", "unknown", "count", 'wharf_things{yard="east"}'],
    ["wharf_rope_seconds", "summary", "seconds", 'wharf_rope_seconds{yard="east"}'],
  ])("named %s of type %s is asked in %s as %s", (name, type, unit, promql) => {
    const one = metric(name, type);
    expect(autoConcept(one).concept.unit).toBe(unit);
    expect(ask(one)).toBe(promql);
  });

  it("that is a native histogram is asked by its bare name", () => {
    expect(ask(metric("wharf_wait_seconds", "histogram", { native: true }))).toBe(
      'histogram_quantile(0.9, sum by (yard) (rate(wharf_wait_seconds{yard="east"}[5m])))',
    );
  });

  it("that counts can be asked for how often", () => {
    expect(ask(metric("wharf_lorries_total", "counter"), "count")).toBe(
      'sum by (yard) (increase(wharf_lorries_total{yard="east"}[5m]))',
    );
    expect(autoConcept(metric("wharf_lorries_total", "counter")).concept.noun).toBe("lorries");
  });

  it("that is money names its currency, and is asked over an hour", () => {
    const { concept } = autoConcept(metric("wharf_fees_eur_total", "counter"));
    expect(concept).toMatchObject({ unit: "money", noun: "EUR", window: "1h", fold: "sum" });
  });

  it("adds up what can be added, and lists what cannot", () => {
    const foldOf = (name: string, type: MetricType) => autoConcept(metric(name, type)).concept.fold;
    expect(foldOf("wharf_stock_bytes", "gauge")).toBe("sum");
    expect(foldOf("wharf_crates", "gauge")).toBe("sum");
    expect(foldOf("wharf_lorries_total", "counter")).toBe("sum");
    for (const name of ["wharf_oil_celsius", "wharf_load_ratio", "wharf_rope_seconds"]) {
      expect(foldOf(name, "gauge"), name).toBe("none");
    }
  });

  it.each<[name: string, type: MetricType, wanted: object]>([
    ["wharf_lorries_total", "counter", { noun: "lorries", fold: "sum", says: ["wharf lorries"] }],
    ["wharf_sent_bytes_total", "counter", { noun: "", fold: "sum", says: ["wharf sent"] }],
    ["wharf_winch_seconds_total", "counter", { noun: "", fold: "sum" }],
    ["wharf_wait_seconds", "histogram", { fold: "none", says: ["wharf wait"] }],
    ["wharf_lease_days", "gauge", { unit: "seconds", fold: "none", says: ["wharf lease"] }],
    ["wharf_heat_usd", "gauge", { fold: "sum", noun: "USD" }],
    ["wharf_crates", "gauge", { fold: "sum", unit: "count", noun: "" }],
    ["wharf_crates_count", "gauge", { fold: "sum", unit: "count", says: ["wharf crates"] }],
    ["wharf_gate_ready", "gauge", { unit: "bool", fold: "none" }],
    ["wharf_lease_next_timestamp_seconds", "gauge", { unit: "seconds", fold: "none" }],
    ["wharf_build_info", "gauge", { fold: "none", unit: "none", shows: "*" }],
  ])("named %s of type %s is %j", (name, type, wanted) => {
    const { concept, metrics } = autoConcept(metric(name, type));
    expect(concept).toMatchObject({
      id: `metric:${name}`,
      about: "",
      narrows: [],
      rows: [],
      labels: {},
      metrics: { metric: [name] },
      worse: "none",
      intent: "metric_query",
      ...wanted,
    });
    expect(metrics.map((one) => one.name)).toEqual([name]);
  });

  it("shows the labels of an info metric as its answer", () => {
    expect(autoConcept(metric("wharf_build_info", "gauge")).concept.shows).toBe("*");
  });

  it("is called by the words of its name, without its unit", () => {
    expect(autoConcept(metric("wharf_wait_seconds", "histogram")).concept.name).toBe("wharf wait");
    expect(autoConcept(metric("seconds_total", "counter")).concept.name).toBe("seconds_total");
  });

  it("gives valid PromQL for every type and unit, in both forms, also without groups and filters", () => {
    const units =
      "seconds milliseconds bytes ratio percent celsius cents usd eur info timestamp_seconds up created".split(" ");
    for (const unit of [...units, "things"]) {
      for (const type of ["counter", "gauge", "histogram", "summary", "unknown"] as const) {
        const one = autoConcept(metric(`wharf_${unit}${type === "counter" ? "_total" : ""}`, type));
        for (const form of ["rate", "count"] as const) {
          const promql = queryFor(one, { filters: [], by: [], window: "5m", quantile: 0.5, form });
          expect(parse(promql), promql).toHaveProperty("tree");
          expect(promql).not.toContain("$");
        }
      }
    }
  });
});
