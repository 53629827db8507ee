import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterDeploys } from "../../../src/core/pattern/after-deploys.ts";
import { believedUpTo, fisherTail } from "../../../src/core/pattern/exact.ts";
import { patternsIn } from "../../../src/core/pattern/pattern.ts";
import type { Runbook } from "../../../src/core/runbook.ts";
import { aWorld, ours, scoreOf } from "../../bench/pattern-score.ts";
import { aChange, anEnded } from "../../fakes/digests.ts";
import { aRun } from "../../fakes/runs.ts";

const DAY = 86_400;
/** A Monday, noon UTC. */
const T = Date.UTC(2026, 5, 1, 12) / 1000;

describe("exact tests", () => {
  it("give Fisher's tea: three of four cups right is 17/70", () => {
    expect(fisherTail(3, 4, 1, 4)).toBeCloseTo(17 / 70, 12);
    expect(fisherTail(4, 4, 0, 4)).toBeCloseTo(1 / 70, 12);
    expect(fisherTail(0, 4, 3, 4)).toBeCloseTo(1, 12);
  });

  it("sum to one over everything that can be", () => {
    const small = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(small, small, fc.nat(60), (trials, others, marks) => {
        const marked = Math.min(marks, trials + others);
        const least = Math.max(0, marked - others);
        expect(fisherTail(least, trials, marked - least, others)).toBeCloseTo(1, 9);
      }),
    );
  });

  it("believe as Benjamini and Hochberg do", () => {
    // Table 1 of their paper, of which the first four are believed at 5 %.
    const theirs = [
      ...[0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324],
      ...[0.4262, 0.5719, 0.6528, 0.759, 1],
    ];
    expect(believedUpTo(theirs, 0.05)).toBe(0.0095);
    expect(believedUpTo([0.3, 0.9], 0.05)).toBe(0);
    expect(believedUpTo([], 0.05)).toBe(0);
  });
});

describe("alerts after deployments", () => {
  it("are found in made histories, and hardly any that are not there", () => {
    const all = Array.from({ length: 6 }, (_, seed) => aWorld(seed + 1, false)).map((one) => scoreOf(one, ours(one)));
    const right = all.reduce((sum, one) => sum + one.right, 0);
    expect(right).toBeGreaterThanOrEqual(27);
    expect(all.reduce((sum, one) => sum + one.wrong, 0)).toBeLessThanOrEqual(2);
    const chance = Array.from({ length: 6 }, (_, seed) => aWorld(seed + 1, true)).map((one) => ours(one).length);
    expect(chance.filter((count) => count > 0).length).toBeLessThanOrEqual(2);
  });

  const deploys = (times: readonly number[], service = "checkout") =>
    times.map((endedAt, n) =>
      aRun({ id: `${service}-${n}`, endedAt, deploys: { service, environment: "production", version: `v${n}` } }),
    );
  const alerts = (times: readonly number[], more = {}) => times.map((at, n) => anEnded(`i-${n}-${at}`, at, 600, more));
  const weekly = Array.from({ length: 10 }, (_, week) => T + week * 7 * DAY);
  const span = { from: T - 7 * DAY, to: T + 77 * DAY, zone: "UTC" };

  it("are told with their numbers", () => {
    const incidents = alerts(weekly.slice(0, 7).map((at) => at + 300));
    expect(afterDeploys({ ...span, runs: deploys(weekly), incidents })).toMatchObject([
      {
        ...{ alert: "HighErrorRate", about: "checkout", service: "checkout", environment: "production" },
        ...{ deployments: 10, followed: 7, median: 300, otherwise: 0, tried: 1 },
        examples: [{ deployedAt: weekly[6], beganAt: weekly[6]! + 300 }, {}, {}],
      },
    ]);
  });

  it("are none where the same hour of other days has it as often", () => {
    const daily = Array.from({ length: 84 }, (_, day) => span.from + day * DAY + 600);
    expect(afterDeploys({ ...span, runs: deploys(weekly), incidents: alerts(daily) })).toEqual([]);
  });

  it("are none in another environment, after too few, or where a storm brought them", () => {
    const times = weekly.map((at) => at + 300);
    const none = (incidents: ReturnType<typeof alerts>, runs = deploys(weekly)) =>
      expect(afterDeploys({ ...span, runs, incidents })).toEqual([]);
    none(alerts(times, { environment: "staging" }));
    none(alerts(times, { isStorm: true }));
    none(alerts(times), deploys(weekly.slice(0, 3)));
    none(alerts(times.slice(0, 2)));
  });

  it("are of alerts: an anomaly that follows is none, alone or beside one", () => {
    const line = { fingerprint: "anomaly a", severity: "warning", summary: "", labels: {}, anomaly: "a" } as const;
    const follow = (...names: readonly string[]) => {
      const incidents = weekly.map((at, n) =>
        anEnded(`i-${n}`, at + 300, 600, {
          names: names.map((name) => ({ name, severity: "warning", total: 1, firing: 0 })),
          lines: [{ ...line, name: "latency unusual", startsAt: at + 300 }],
          ...{ total: names.length, anomalies: { total: 1, firing: 0 } },
        }),
      );
      return afterDeploys({ ...span, runs: deploys(weekly), incidents }).map(({ alert }) => alert);
    };
    expect(follow("HighErrorRate", "latency unusual")).toEqual(["HighErrorRate"]);
    expect(follow("latency unusual")).toEqual([]);
  });

  it("name the one service that it is about where two are deployed together", () => {
    const runs = [
      ...deploys(weekly),
      ...deploys(
        weekly.map((at) => at + 60),
        "cart",
      ),
    ];
    const found = afterDeploys({ ...span, runs, incidents: alerts(weekly.map((at) => at + 300)) });
    expect(found.map(({ service }) => service)).toEqual(["checkout"]);
  });

  it("cannot be told where a service is deployed all day long", () => {
    const hourly = Array.from({ length: 84 * 24 }, (_, hour) => span.from + hour * 3600);
    expect(afterDeploys({ ...span, runs: deploys(hourly), incidents: alerts(weekly) })).toEqual([]);
  });
});

describe("what helped with an alert", () => {
  const times = Array.from({ length: 6 }, (_, n) => T + n * 3 * DAY);
  const incidents = times.map((at, n) => anEnded(`inc-${n}`, at, 1800));
  const span = { from: T - DAY, to: T + 30 * DAY, zone: "UTC", runs: [], incidents };
  const changes = times.map((at, n) =>
    aChange(
      `p${n}`,
      at + 60,
      { status: n === 0 ? "no_effect" : "verified", startedAt: at + 60, endedAt: at + 120, measured: [] },
      { cause: { kind: "alert", text: `Incident inc-${n}: HighErrorRate` } as never },
    ),
  );
  const { id, title } = changes[1]!.spec.runbook!;
  const runbook = (...alerts: string[]) =>
    ({ id, title, matches: { asks: [], alerts, anomalies: [] } }) as unknown as Runbook;

  it("is told with how often, where its runbook does not name the alert yet", () => {
    const found = patternsIn({ ...span, changes, runbooks: [runbook("Other")] });
    expect(found).toMatchObject([{ alert: "HighErrorRate", helped: { runbook: id, helped: 5, isMatched: false } }]);
    expect(patternsIn({ ...span, changes, runbooks: [runbook("High*")] })).toEqual([]);
    expect(patternsIn({ ...span, changes: changes.slice(0, 3), runbooks: [] })).toEqual([]);
  });

  it("stands with the deployments that the alert followed", () => {
    const weekly = Array.from({ length: 6 }, (_, n) => T + n * 7 * DAY);
    const after = weekly.map((at, n) => anEnded(`inc-${n}`, at + 120, 1800));
    const runs = weekly.map((endedAt, n) =>
      aRun({ id: `r${n}`, endedAt, deploys: { service: "checkout", environment: "production" } }),
    );
    const found = patternsIn({
      ...{ from: T - DAY, to: T + 50 * DAY, zone: "UTC", runs, incidents: after, changes },
      runbooks: [runbook("HighErrorRate")],
    });
    expect(found).toMatchObject([{ after: { followed: 6 }, helped: { helped: 5, isMatched: true } }]);
  });
});
