import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "../../src/metrics/promql.ts";
import { splitQuery } from "../../src/metrics/split.ts";

const all = () => true;
const only = { service: "orders" };
const split = (promql: string, has: (metric: string, label: string) => boolean = all) =>
  splitQuery(promql, "route", only, has);

describe("a query asked for parts", () => {
  it.each([
    ["sum by (service) (rate(a[5m]))", 'sum by (service, route) (rate(a{service="orders"}[5m]))'],
    ["sum(rate(a[5m])) by (service)", 'sum(rate(a{service="orders"}[5m])) by (service, route)'],
    ['sum(a{code="500"})', 'sum by (route)(a{code="500",service="orders"})'],
    ["sum by () (a{})", 'sum by (route) (a{service="orders"})'],
    [
      "sum without (pod) (sum by (service, pod) (a))",
      'sum without (pod) (sum by (service, pod, route) (a{service="orders"}))',
    ],
    [
      "histogram_quantile(0.95, sum by (le, service) (rate(b_bucket[5m])))",
      'histogram_quantile(0.95, sum by (le, service, route) (rate(b_bucket{service="orders"}[5m])))',
    ],
    [
      'sum by (service) (rate(a{code=~"5.."}[5m])) / on (service) sum by (service) (rate(a[5m]))',
      'sum by (service, route) (rate(a{code=~"5..",service="orders"}[5m])) / on (service, route) sum by (service, route) (rate(a{service="orders"}[5m]))',
    ],
    ["100 * (1 - avg(a))", '100 * (1 - avg by (route)(a{service="orders"}))'],
    // As the settings fold a watch with `by`: the label has to come through both.
    [
      "sum by (service) (max by (service, pod) (a))",
      'sum by (service, route) (max by (service, pod, route) (a{service="orders"}))',
    ],
  ])("%s", (promql, wanted) => {
    expect(split(promql)).toBe(wanted);
  });

  it.each([
    ["nothing is aggregated", "rate(a[5m])"],
    ["one side is not aggregated", "a / sum(a)"],
    ["the parts would be of another kind", "topk(3, sum by (service) (a))"],
    ["the parts would be of another kind", "quantile(0.9, a)"],
    ["the label is dropped on purpose", "sum without (route) (a)"],
    ["it is matched one to many", "sum by (service, pod) (a) * on (service) group_left sum by (service) (b)"],
    ["labels are made", 'sum by (x) (label_replace(a, "x", "$1", "y", "(.*)"))'],
    ["it is a single number", "scalar(sum(a))"],
    ["it is there already", "sum by (service, route) (a)"],
    ["the metric has no name", 'sum({job="x"})'],
    ["it is no PromQL", "sum by (service (a)"],
  ])("is none where %s: %s", (_, promql) => {
    expect(split(promql)).toBeUndefined();
  });

  it("is none where a metric lacks the label, and narrows only by labels that a metric has", () => {
    expect(split("sum(a) / sum(b)", (metric, label) => metric === "a" || label !== "route")).toBeUndefined();
    expect(split("sum(a)", (_, label) => label === "route")).toBe("sum by (route)(a)");
  });

  it("stays PromQL whatever the label's value is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 20 }), (value) => {
        const made = splitQuery("sum by (service) (rate(a[5m]))", "route", { service: value }, all);
        expect("tree" in parse(made ?? "")).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
