import { describe, expect, it } from "vitest";
import { deploysOf, runsAt, withTold } from "../../../src/core/ci/deploys.ts";
import { doraOf } from "../../../src/core/ci/dora.ts";
import type { Run } from "../../../src/core/ci/run.ts";
import { anIncident as named } from "../../fakes/digests.ts";
import { aRun } from "../../fakes/runs.ts";

const NOW = 1_790_000_000;
const HOUR = 3600;

const deploy = (hours: number, version: string, more: Partial<Run> = {}): Run =>
  aRun({
    ...{ id: `d${hours}`, pipeline: "Deploy", endedAt: NOW + hours * HOUR, committedAt: NOW + (hours - 4) * HOUR },
    deploys: { service: "shop", environment: "production", version },
    ...more,
  });
const incident = (hours: number, minutes: number, more = {}) =>
  named("inc-1", NOW, {
    ...{ subject: { kind: "service", name: "shop" }, environment: undefined, status: "resolved" },
    ...{ startedAt: NOW + hours * HOUR, endedAt: NOW + hours * HOUR + minutes * 60 },
    ...more,
  });

describe("the four figures", () => {
  it("count what was deployed, how old it was, what failed and how long it was not well", () => {
    const runs = [deploy(0, "v1"), deploy(24, "v2"), deploy(48, "v3", { outcome: "failure" }), deploy(72, "v4")];
    const found = doraOf([...runs, aRun()], [incident(24.5, 60), incident(60, 5)], 4 * 86_400);
    expect(found).toEqual({
      ...{ deployments: 3, tries: 4, perDay: 0.75, leadSeconds: 4 * HOUR, failed: 2, failedShare: 0.5 },
      restoreSeconds: 1.5 * HOUR,
    });
  });

  it("put an incident down to the newest deployment before it, of the same thing in the same place", () => {
    const runs = [deploy(0, "v1"), deploy(0.5, "v2")];
    expect(doraOf(runs, [incident(0.75, 10)], 86_400).failed).toBe(1);
    expect(doraOf(runs, [incident(0.75, 10, { subject: { kind: "service", name: "cart" } })], 86_400).failed).toBe(0);
    expect(doraOf(runs, [incident(0.75, 10, { environment: "staging" })], 86_400).failed).toBe(0);
    expect(doraOf(runs, [incident(1.75, 10)], 86_400).failed).toBe(0);
  });

  it("count anomalies without an alert only where they are critical", () => {
    const followed = (more: object) => doraOf([deploy(0, "v1")], [incident(0.5, 60, more)], 86_400);
    const isUnusual = { total: 2, anomalies: { total: 2, firing: 0 }, severity: "warning" };
    expect(followed(isUnusual)).toMatchObject({ failed: 0, restoreSeconds: undefined });
    expect(followed({ ...isUnusual, severity: "critical" })).toMatchObject({ failed: 1, restoreSeconds: 1.5 * HOUR });
    expect(followed({ ...isUnusual, total: 3 })).toMatchObject({ failed: 1 });
  });

  it("call a deployment failed whose predecessor was brought back", () => {
    const found = doraOf([deploy(0, "v1"), deploy(1, "v2"), deploy(2, "v1")], [], 86_400);
    expect(found).toMatchObject({ deployments: 3, failed: 1 });
  });

  it("count a deployment that was told of as a run and as a deployment once, with what either knew", () => {
    const twice = (hours: number, version: string) => [
      deploy(hours, version, { id: `s${hours}`, pipeline: "deployment to production", committedAt: undefined }),
      deploy(hours + 0.1, version),
    ];
    const runs = [...twice(0, "v1"), ...twice(5, "v2"), ...twice(9, "v1")];
    expect(doraOf(runs, [], 86_400)).toMatchObject({ deployments: 3, failed: 1, leadSeconds: 3.9 * HOUR });
    expect(deploysOf(runs, NOW, NOW + 20 * HOUR).map(({ from, to }) => [from, to])).toEqual([
      ["v2", "v1"],
      ["v1", "v2"],
      [undefined, "v1"],
    ]);
  });

  it("say nothing where nothing was deployed", () => {
    expect(doraOf([aRun()], [], 86_400)).toEqual({
      ...{ deployments: 0, tries: 0, perDay: 0, leadSeconds: undefined, failed: 0, failedShare: undefined },
      restoreSeconds: undefined,
    });
  });
});

describe("deployments that pipelines tell of", () => {
  it("have the version that was there before", () => {
    const runs = [deploy(0, "v1"), deploy(1, "v2"), deploy(2, "v3", { outcome: "failure" }), deploy(3, "v4")];
    expect(deploysOf(runs, NOW + HOUR, NOW + 9 * HOUR)).toEqual([
      { service: "shop", at: NOW + 3 * HOUR, from: "v2", to: "v4" },
      { service: "shop", at: NOW + HOUR, from: "v1", to: "v2" },
    ]);
  });

  it("stand beside those that were measured, each once", () => {
    const told = deploysOf([deploy(0, "v1"), deploy(5, "v2")], NOW, NOW + 9 * HOUR);
    const measured = [{ service: "shop", at: NOW + 5 * HOUR + 300, from: "v1", to: "v2" }];
    expect(withTold(measured, told).map(({ at }) => at - NOW)).toEqual([5 * HOUR + 300, 0]);
  });

  it("count where they went to, and nowhere else", () => {
    const to = (environment: string) =>
      deploy(0, "v1", { id: environment, deploys: { service: "shop", environment, version: "v1" } });
    const runs = ["Production", "staging", "preview", "qa"].map(to);
    const [live, stage, rest, other] = ["production", "staging", undefined, undefined].map((environment) => ({
      environment,
    }));
    const at = (source: { readonly environment: string | undefined }, ...sources: (typeof source)[]) =>
      runsAt(runs, source, sources).map(({ id }) => id);
    expect(at(live!, live!, stage!)).toEqual(["Production"]);
    expect(at(stage!, live!, stage!)).toEqual(["staging"]);
    expect(at(rest!, stage!, rest!, other!)).toEqual(["Production"]);
    expect(at(rest!, live!, rest!)).toEqual(["staging", "preview", "qa"]);
    expect(at(other!, rest!, other!)).toEqual([]);
  });
});
