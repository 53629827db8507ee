import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Run } from "../../../src/core/ci/run.ts";
import { incidentCounts, periodBefore, runCounts } from "../../../src/core/digest/counts.ts";
import { againOf, digestOf, SECTIONS, TO_DO, toDo } from "../../../src/core/digest/digest.ts";
import { type Facts, keyOf } from "../../../src/core/digest/facts.ts";
import { noiseIn } from "../../../src/core/digest/noise.ts";
import { actedWith } from "../../../src/core/incident/acted.ts";
import type { Incident } from "../../../src/core/incident.ts";
import type { Spec } from "../../../src/core/proposal.ts";
import { anAnomaly } from "../../contracts/detection.ts";
import { aChange, aLimit, anEnded, anIncident } from "../../fakes/digests.ts";
import { aProposal } from "../../fakes/proposals.ts";
import { aRun } from "../../fakes/runs.ts";

const NOW = 1_790_000_000;
const DAY = 86_400;
const HOUR = 3600;
const PERIOD = { from: NOW - DAY, to: NOW };

function facts(
  more: Partial<{ readonly [K in keyof Facts]: Facts[K] extends { data: infer T } | infer _ ? T : never }> &
    Record<string, unknown> = {},
): Facts {
  const of = (name: string) => ({ ok: true as const, data: (more[name] ?? []) as never });
  return {
    ...{ incidents: of("incidents"), proposals: of("proposals"), anomalies: of("anomalies") },
    ...{ watches: of("watches"), forecasts: of("forecasts"), waste: of("waste"), runs: of("runs"), knownSince: 0 },
  };
}

const daily = (more: Record<string, unknown>) => digestOf("daily", facts(more), PERIOD, NOW);
const names = (digest: ReturnType<typeof daily>) => digest.sections.map(({ name, total }) => `${name} ${total}`);

describe("what a digest tells besides incidents", () => {
  const run = (id: string, ago: number, more: Partial<Run> = {}) => aRun({ id, endedAt: NOW - ago, ...more });
  const failed = { outcome: "failure" } as const;

  it("is a main branch whose newest run failed, since the first in a row", () => {
    const runs = [
      run("a", HOUR, failed),
      run("b", 2 * HOUR, { outcome: "cancelled" }),
      run("c", 3 * HOUR, failed),
      run("d", 4 * HOUR),
      run("e", HOUR, { ...failed, branch: "feature", isMain: false }),
      run("f", HOUR, { pipeline: "Lint" }),
      run("g", 2 * HOUR, { ...failed, pipeline: "Lint" }),
      run("h", 15 * DAY, { ...failed, pipeline: "Old" }),
    ];
    const { sections } = daily({ runs });
    expect(sections).toMatchObject([
      { name: "red", total: 1, items: [{ red: { pipeline: "Tests", runs: 2, since: NOW - 3 * HOUR } }] },
    ]);
  });

  it("is a silence that ends within a day, and an error budget that is short or used up fast", () => {
    const silence = (id: string, until: number) => ({ id, matchers: `a="${id}"`, until, by: "" });
    const budget = (service: string, left: number, burn: number) => ({ service, source: "main", left, burn, days: 7 });
    const digest = digestOf(
      "daily",
      {
        ...facts(),
        silences: {
          ok: true,
          data: [silence("late", NOW + 2 * DAY), silence("over", NOW - 1), silence("soon", NOW + 60)],
        },
        budgets: { ok: true, data: [budget("well", 0.8, 1), budget("fast", 0.7, 14), budget("out", -0.3, 0)] },
      },
      PERIOD,
      NOW,
    );
    expect(digest.sections.map(({ name, items }) => [name, items.map(keyOf)])).toEqual([
      ["silences", ["silence soon"]],
      ["budgets", ["budget main out", "budget main fast"]],
    ]);
  });

  it("is what each team and project delivered, weekly", () => {
    const to = (service: string) => ({ deploys: { service, environment: "production" } });
    const runs = [
      run("a", HOUR, { project: "acme/shop", ...to("shop") }),
      run("b", 2 * HOUR, { project: "acme/pay", ...to("pay") }),
      run("c", 3 * HOUR, { project: "acme/pay", ...to("pay"), ...failed }),
      run("d", 4 * HOUR, { project: "acme/pay", deploys: { service: "pay", environment: "staging" } }),
      run("e", 9 * DAY, { project: "acme/old", ...to("old") }),
    ];
    const teamOf = (project: string) => (project === "acme/old" ? undefined : "payments");
    const digest = digestOf("weekly", { ...facts({ runs }), teamOf }, { from: NOW - 7 * DAY, to: NOW }, NOW);
    const told = digest.sections.find(({ name }) => name === "delivery")!.items;
    expect(told).toMatchObject([
      { delivery: { kind: "team", name: "payments", dora: { deployments: 2, tries: 3, failed: 1 } } },
      { delivery: { kind: "project", name: "acme/pay", dora: { deployments: 1, tries: 2 } } },
      { delivery: { kind: "project", name: "acme/shop", dora: { deployments: 1 } } },
    ]);
    expect(names(daily({ runs }))).toEqual([]);
  });
});

describe("a digest", () => {
  it("has nothing in it when nothing happened", () => {
    const digest = daily({});
    expect(digest.sections).toEqual([]);
    expect(digest.missing).toEqual([]);
    expect(toDo(digest)).toEqual([]);
  });

  it("tells of what is open whenever it began, and of nothing else that is older", () => {
    const old = NOW - 20 * DAY;
    const digest = daily({
      incidents: [anIncident("inc-1", old), anEnded("inc-2", old, 60, { isFlapping: true })],
      proposals: [
        aChange("p1", old, { status: "expired", endedAt: old + 1800 }),
        aChange("p2", old, { status: "unknown", startedAt: old }),
        aChange("p3", old, { status: "verified", startedAt: old, endedAt: old + 60 }),
      ],
      anomalies: [
        anAnomaly("a1", { openedAt: old, since: old, labels: { service: "x" } }),
        anAnomaly("a2", { openedAt: old, since: old, status: "over", endedAt: old + 60, labels: { service: "y" } }),
      ],
    });
    expect(names(digest)).toEqual(["unattended 1", "unclear 1", "uncovered 1"]);
  });

  it("counts an anomaly as covered by an alert about the same thing at that time only", () => {
    const anomaly = anAnomaly("a1", {
      openedAt: NOW - 2 * HOUR,
      since: NOW - 2 * HOUR,
      status: "over",
      endedAt: NOW - HOUR,
    });
    const subject = { kind: "service", name: "orders" };
    const by = (incident: Incident) =>
      names(daily({ anomalies: [anomaly], incidents: [incident] })).includes("uncovered 1");
    expect(by(anEnded("inc-1", NOW - 1.9 * HOUR, 600, { subject }))).toBe(false);
    expect(by(anEnded("inc-1", NOW - 5 * HOUR, 600, { subject }))).toBe(true);
    expect(by(anEnded("inc-1", NOW - 1.9 * HOUR, 600))).toBe(true);
  });

  it("tells of an anomaly once: as its incident while that goes on, and as one that no alert covers where none came", () => {
    const anomaly = anAnomaly("a1", { openedAt: NOW - HOUR, since: NOW - HOUR });
    const line = {
      fingerprint: "anomaly a1",
      name: "p95 latency unusual",
      severity: "warning" as const,
      anomaly: "a1",
    };
    const lines = [{ ...line, summary: "", startsAt: NOW - HOUR, labels: { service: "orders" } }];
    const alone = { lines, total: 1, firing: 1, anomalies: { total: 1, firing: 1 } };
    const open = daily({ anomalies: [anomaly], incidents: [anIncident("inc-1", NOW - HOUR, alone)] });
    expect(names(open)).toEqual(["unattended 1"]);
    const told = ({ counts }: typeof open, name: string) => counts.find((one) => one.name === name)?.now;
    expect([told(open, "incidents"), told(open, "alerts"), told(open, "anomalies")]).toEqual([1, 0, 1]);
    const over = { ...anomaly, status: "over" as const, endedAt: NOW - 60 };
    const ended = anEnded("inc-1", NOW - HOUR, 600, { ...alone, anomalies: { total: 1, firing: 0 } });
    expect(names(daily({ anomalies: [over], incidents: [ended] }))).toEqual(["uncovered 1"]);
    const many = ["inc-1", "inc-2", "inc-3", "inc-4"].map((id) => anEnded(id, NOW - HOUR, 60, alone));
    expect(names(daily({ incidents: many })).filter((one) => one.startsWith("noise"))).toEqual([]);
  });

  it("tells of the newest forecast of a series only, while it lies ahead", () => {
    const limit = (id: string, at: number, due: number, series = "one") => ({
      ...aLimit(id, at, { at: due, what: `${id} full`, ask: "forecast disk" }),
      series,
    });
    const later = { ...limit("f9", NOW - 10, 0), reaches: undefined };
    expect(names(daily({ forecasts: [limit("f1", NOW - HOUR, NOW + HOUR)] }))).toEqual(["forecasts 1"]);
    expect(names(daily({ forecasts: [limit("f1", NOW - HOUR, NOW + HOUR), later] }))).toEqual([]);
    expect(
      names(daily({ forecasts: [limit("f1", NOW - HOUR, NOW - 1), limit("f2", NOW - HOUR, NOW + 3 * DAY, "two")] })),
    ).toEqual([]);
  });

  it("tells of what the watching expects to run out, and not as an anomaly that no alert covers", () => {
    const reaches = { at: NOW + 5 * HOUR, earliest: NOW + HOUR, limit: 1, will: "will be full", by: "trend" as const };
    const ahead = anAnomaly("a1", { kind: "ahead", reaches, openedAt: NOW - HOUR, since: NOW - HOUR });
    const digest = daily({ anomalies: [ahead] });
    expect(names(digest)).toEqual(["forecasts 1"]);
    expect(digest.counts.find(({ name }) => name === "anomalies")?.now).toBe(0);
    expect(names(daily({ anomalies: [{ ...ahead, status: "over", endedAt: NOW - 60 }] }))).toEqual([]);
  });

  it("says what could not be asked, and gives no number of it", () => {
    const digest = digestOf("daily", { ...facts(), incidents: { ok: false, reason: "gone" } }, PERIOD, NOW);
    expect(digest.missing).toEqual(["Incidents could not be asked: gone"]);
    expect(digest.counts.map(({ name }) => name)).toEqual(["anomalies", "changes", "helped"]);
  });

  it("has numbers that are those of the store, whatever is in it", () => {
    const incident = fc.record({
      began: fc.integer({ min: -3 * DAY, max: 0 }),
      lasted: fc.option(fc.integer({ min: 0, max: 2 * DAY })),
      acked: fc.option(fc.integer({ min: 0, max: 3 * HOUR })),
      severity: fc.constantFrom("info" as const, "warning" as const, "critical" as const),
      isFlapping: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(incident, { maxLength: 60 }), (drawn) => {
        const all = drawn.map(({ began, lasted, acked, severity, isFlapping }, i): Incident => {
          const at = NOW + began;
          const by = acked === null ? {} : { acknowledged: { person: "ann", name: "Ann", at: at + 20 + acked } };
          return lasted === null || at + lasted > NOW
            ? anIncident(`inc-${i}`, at, {
                severity,
                isFlapping,
                ...by,
                ...(acked !== null && { status: "acknowledged" as const }),
              })
            : anEnded(`inc-${i}`, at, lasted, { severity, isFlapping, ...by });
        });
        const digest = digestOf("handover", facts({ incidents: all }), PERIOD, NOW);
        const total = (name: string) => digest.sections.find((one) => one.name === name)?.total ?? 0;
        const live = all.filter(({ status }) => status !== "resolved");
        expect(total("unattended")).toBe(live.filter(({ status }) => status === "open").length);
        // Each is told once, and each line is of something that is there.
        const keys = digest.sections.flatMap(({ items }) => items.map(keyOf));
        expect(new Set(keys).size).toBe(keys.length);
        expect(total("unattended") + total("attended") + total("flapping")).toBe(
          live.length +
            all.filter(
              ({ status, isFlapping: flaps, endedAt = 0 }) =>
                status === "resolved" && flaps && endedAt >= PERIOD.from && endedAt < NOW,
            ).length,
        );
        const count = Object.fromEntries(digest.counts.map(({ name, now }) => [name, now]));
        expect(count["incidents"]).toBe(all.filter(({ openedAt }) => openedAt >= PERIOD.from && openedAt < NOW).length);
        for (const { items, total: all } of digest.sections) expect(items.length).toBeLessThanOrEqual(all);
      }),
      { numRuns: 200 },
    );
  });

  it("has no section that is unknown to its order", () => {
    expect([...TO_DO].every((name) => SECTIONS.includes(name))).toBe(true);
  });
});

describe("a digest looked at again", () => {
  it("marks what is done, keeps what is left, and takes in nothing new", () => {
    const [one, two] = [anIncident("inc-1", NOW - HOUR), anIncident("inc-2", NOW - HOUR)];
    const before = digestOf("handover", facts({ incidents: [one, two] }), PERIOD, NOW);
    const taken = { ...two, status: "acknowledged" as const, acknowledged: { person: "ann", name: "Ann", at: NOW } };
    const over = { ...one, status: "resolved" as const, endedAt: NOW + 60 };
    const fresh = anIncident("inc-3", NOW + 60);
    const now = againOf(before, digestOf("handover", facts({ incidents: [over, taken, fresh] }), PERIOD, NOW + 300));
    expect(names(now)).toEqual(["attended 1"]);
    expect(now.done.map(keyOf)).toEqual(["incident inc-1"]);
    // It comes back: it is to be done again.
    const back = againOf(now, digestOf("handover", facts({ incidents: [one, taken] }), PERIOD, NOW + 600));
    expect(names(back)).toEqual(["unattended 1", "attended 1"]);
    expect(back.done).toEqual([]);
  });
});

describe("numbers of a period", () => {
  it("are those within it and within the stretch before, edges counted once", () => {
    const acknowledged = (at: number) => ({ acknowledged: { person: "ann", name: "Ann", at } });
    const at = (openedAt: number, more = {}) => ({ ...anEnded("x", openedAt, 600), openedAt, ...more });
    const all = [
      at(PERIOD.from, { ...acknowledged(PERIOD.from + 120), severity: "critical", total: 3 }),
      at(PERIOD.to, {}),
      at(PERIOD.from - 1, {}),
      at(PERIOD.from - DAY, acknowledged(PERIOD.from - DAY + 60)),
    ];
    const counts = new Map(incidentCounts(all, PERIOD).map(({ name, now, before }) => [name, [now, before]]));
    expect(counts.get("incidents")).toEqual([1, 2]);
    expect(counts.get("critical")).toEqual([1, 0]);
    expect(counts.get("alerts")).toEqual([3, 2]);
    expect(counts.get("mtta")).toEqual([120, 60]);
    // The one that was opened a second before it ended within it.
    expect(counts.get("unattended")).toEqual([1, 0]);
    expect(counts.get("mttr")).toEqual([600, 600]);
    expect(periodBefore(PERIOD)).toEqual({ from: PERIOD.from - DAY, to: PERIOD.from });
  });

  it("have no mean of nothing", () => {
    const counts = incidentCounts([anIncident("inc-1", NOW - HOUR)], PERIOD);
    expect(counts.find(({ name }) => name === "mtta")?.now).toBeUndefined();
  });
});

describe("noise", () => {
  const lasting = (seconds: readonly number[], more: Partial<Incident> = {}) =>
    seconds.map((each, i) => anEnded(`inc-${i}`, NOW - DAY + i, each, more));
  const acked = { acknowledged: { person: "ann", name: "Ann", at: NOW } };

  it("is an alert that nobody acts on, with a `for` that would have kept most of it away", () => {
    expect(noiseIn(lasting([100, 200, 250, 280, 5000]))).toEqual([
      { name: "HighErrorRate", unacted: 5, acted: 0, median: 250, longer: { seconds: 300, away: 4 } },
    ]);
  });

  it("suggests no time that would have kept away what somebody acted on", () => {
    const short = lasting([100, 100, 100, 100, 100]);
    expect(noiseIn([...short, anEnded("acted", NOW - HOUR, 90, acked)])[0]?.longer).toBeUndefined();
    expect(noiseIn([...short, anEnded("acted", NOW - HOUR, 900, acked)])[0]?.longer).toEqual({ seconds: 120, away: 5 });
  });

  it("is not what was snoozed by somebody or mended by a change; a maintenance window is nobody", () => {
    const snoozed = { person: "ann", name: "Ann", at: NOW - HOUR, until: NOW };
    const five = [100, 100, 100, 100, 100];
    expect(noiseIn(lasting(five, { snoozed }))).toEqual([]);
    expect(noiseIn(lasting(five, { woken: { at: NOW, because: "time", snoozed } }))).toEqual([]);
    expect(noiseIn(lasting(five, { snoozed: { ...snoozed, window: "nightly" } }))).toHaveLength(1);
    const mended = lasting(five, { subject: { kind: "service", name: "checkout" }, environment: undefined });
    const change = (target: string, at: number, more: Partial<Spec> = {}) =>
      aProposal(
        { action: { type: "restart", target, params: {} }, environment: undefined, createdAt: at, ...more },
        { startedAt: at + 5 },
      );
    const named = mended.map(({ id }) =>
      change("cart", NOW, { cause: { kind: "incident", text: `Incident ${id}: HighErrorRate` } }),
    );
    expect(noiseIn(mended, actedWith(named))).toEqual([]);
    const onIt = mended.map(({ startedAt }) => change("checkout", startedAt + 10));
    expect(noiseIn(mended, actedWith(onIt))).toEqual([]);
    const unstarted = onIt.map(({ startedAt: _, ...one }) => one);
    expect(noiseIn(mended, actedWith(unstarted))).toHaveLength(1);
    expect(noiseIn(mended, actedWith(mended.map(({ startedAt }) => change("cart", startedAt + 10))))).toHaveLength(1);
  });

  it("is none when it is rare, acted on, open, or of several alerts", () => {
    expect(noiseIn(lasting([60, 60]))).toEqual([]);
    expect(noiseIn([...lasting([60, 60, 60]), ...lasting([60, 60], acked)])).toEqual([]);
    expect(noiseIn([1, 2, 3, 4].map((n) => anIncident(`inc-${n}`, NOW - n)))).toEqual([]);
    const names = ["A", "B"].map((name) => ({ name, severity: "warning" as const, total: 1, firing: 0 }));
    expect(noiseIn(lasting([60, 60, 60, 60], { names }))).toEqual([]);
  });
});

describe("deployments in a digest", () => {
  const deploy = (id: string, at: number, more: Partial<Run> = {}) =>
    aRun({ id, endedAt: at, deploys: { service: "checkout", environment: "production", version: id }, ...more });

  it("are counted beside those of the stretch before, with what they broke", () => {
    const runs = [
      deploy("v1", PERIOD.from - 3600, { committedAt: PERIOD.from - 7200 }),
      deploy("v2", PERIOD.from + 3600, { committedAt: PERIOD.from }),
      deploy("v3", PERIOD.from + 7200, { outcome: "failure" }),
      aRun({ id: "t1", endedAt: PERIOD.from + 60, outcome: "failure" }),
      aRun({ id: "t2", endedAt: PERIOD.from + 90, outcome: "failure", isMain: false, branch: "topic" }),
    ];
    const incident = anEnded("i1", PERIOD.from + 3700, 1800);
    const counts = new Map(runCounts(runs, [incident], PERIOD).map((one) => [one.name, one]));
    expect(counts.get("deployments")).toMatchObject({ now: 1, before: 1 });
    expect(counts.get("lead")).toMatchObject({ now: 3600, before: 3600 });
    expect(counts.get("failed_deployments")).toMatchObject({ now: 2, before: 0 });
    expect(counts.get("restore")).toMatchObject({ now: 1900, before: undefined });
    expect(counts.get("red")).toMatchObject({ now: 2, before: 0 });
    expect(runCounts([], [], PERIOD)).toEqual([]);
  });
});
