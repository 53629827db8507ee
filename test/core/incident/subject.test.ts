import { describe, expect, it } from "vitest";
import { measureOf } from "../../../src/core/incident/measure.ts";
import { subjectOf, workloadOf } from "../../../src/core/incident/subject.ts";

describe("what an alert is about", () => {
  it.each([
    [
      { service: "checkout", instance: "10.0.0.1:80" },
      { kind: "service", name: "checkout" },
    ],
    [
      { deployment: "api", namespace: "shop" },
      { kind: "deployment", name: "api" },
    ],
    [{ pod: "api-6d4cf56db6-x7k2p" }, { kind: "workload", name: "api" }],
    [
      { instance: "web-1:9100", job: "node" },
      { kind: "instance", name: "web-1:9100" },
    ],
    [
      { job: "kube-state-metrics", service: "kube-state-metrics", instance: "10.1.1.1:8080", deployment: "api" },
      { kind: "deployment", name: "api" },
    ],
    [
      { replicaset: "api-6d4cf56db6", namespace: "shop" },
      { kind: "workload", name: "api" },
    ],
    [{ horizontalpodautoscaler: "api" }, { kind: "autoscaler", name: "api" }],
    [{ severity: "critical" }, undefined],
  ])("%j is %j", (labels, subject) => {
    expect(subjectOf(labels as unknown as Record<string, string>)).toEqual(subject);
  });

  it.each([
    ["api-6d4cf56db6-x7k2p", "api"],
    ["node-exporter-b7xzq", "node-exporter"],
    ["postgres-0", "postgres"],
    ["my-queue-worker", "my-queue-worker"],
  ])("pod %s belongs to %s", (pod, workload) => {
    expect(workloadOf(pod)).toBe(workload);
  });
});

describe("what a rule measures", () => {
  it.each([
    ["rate(x[5m]) > 0.05", "rate(x[5m])", ">", 0.05],
    ["up == 0", "up", "==", 0],
    ['sum by (a) (rate(x{b=">"}[5m])) >= bool 1e3', 'sum by (a) (rate(x{b=">"}[5m]))', ">=", 1000],
    ["(a / b) * 100 < -2.5", "(a / b) * 100", "<", -2.5],
  ])("%s", (expr, promql, operator, value) => {
    expect(measureOf(expr)).toEqual({ promql, limit: { operator, value } });
  });

  it.each([
    "absent(up)",
    "a > 1 and b > 2",
    "a > b",
    "(a > 1) or (b > 2)",
    "a > 1 > 2",
    "(a > 1",
    "count(a > 0) by (x) unless b == 1",
  ])("is left as it is: %s", (expr) => {
    expect(measureOf(expr)).toEqual({ promql: expr });
  });
});
