import type { KeptForecast } from "../../src/core/forecast/score.ts";
import type { Incident } from "../../src/core/incident.ts";
import { hashOf, type Proposal, type Spec } from "../../src/core/proposal.ts";
import type { Anomaly } from "../../src/core/watch/anomaly.ts";
import type { Store } from "../../src/ports/store.ts";
import { anAnomaly } from "../contracts/detection.ts";
import { anEntry, aSpec } from "./proposals.ts";
import { aRun } from "./runs.ts";

/** A night to hand over: what every part of a digest has something to tell of. */

const HOUR = 3600;

export function anIncident(id: string, at: number, more: Partial<Incident> = {}): Incident {
  const severity = more.severity ?? "warning";
  return {
    ...{ id, revision: 1, status: "open", severity, environment: "production", keys: [`k-${id}`] },
    subject: { kind: "service", name: "checkout" },
    ...{ startedAt: at, openedAt: at + 20, changedAt: at + 20, total: 1, firing: 1 },
    names: [{ name: "HighErrorRate", severity, total: 1, firing: 1 }],
    lines: [],
    ...{ isFlapping: false, isStorm: false, places: [] },
    ...more,
  };
}

/** One that is over after so many seconds, of one alert, about a thing of its own. */
export function anEnded(id: string, at: number, seconds: number, more: Partial<Incident> = {}): Incident {
  return anIncident(id, at, {
    ...{ status: "resolved", endedAt: at + seconds, changedAt: at + seconds, firing: 0 },
    ...more,
  });
}

export function aChange(id: string, at: number, more: Partial<Proposal>, spec: Partial<Spec> = {}): Proposal {
  const whole = aSpec({ ...{ id, nonce: `n-${id}`, createdAt: at, approveBy: at + 1800 }, ...spec });
  return {
    ...{ id, revision: 1, spec: whole, hash: hashOf(whole), status: "pending", places: [], facts: [], evidence: [] },
    ...{ votes: [], fence: 0 },
    ...more,
  };
}

export function aLimit(id: string, at: number, reaches: NonNullable<KeptForecast["reaches"]>): KeptForecast {
  const line = [1, 2];
  return {
    ...{ id, about: "host.disk", source: "default", promql: "disk", series: `s-${id}`, at, start: at, step: HOUR },
    ...{ mean: line, lo80: line, hi80: line, lo95: line, hi95: line, last: 1, reaches },
  };
}

/** Everything of the night before `now`, in a store. */
export async function aNight(store: Store, now: number): Promise<void> {
  const by = { person: "ann", name: "Ann", at: now - 7 * HOUR };
  const noisy = [2, 3, 2, 4, 1, 2].map((minutes, i) =>
    anEnded(`inc-0000000${i}`, now - (20 - i) * HOUR, minutes * 60, {
      subject: { kind: "service", name: `batch-${i}` },
      names: [{ name: "QueueSlow", severity: "warning", total: 1, firing: 0 }],
    }),
  );
  const incidents: Incident[] = [
    anIncident("inc-aaaaaaaa", now - 2 * HOUR, { severity: "critical", total: 4, firing: 3 }),
    anIncident("inc-bbbbbbbb", now - 8 * HOUR, {
      ...{ status: "acknowledged", acknowledged: by, subject: { kind: "service", name: "search <!channel>" } },
      names: [{ name: "LatencyHigh", severity: "warning", total: 1, firing: 1 }],
    }),
    anEnded("inc-cccccccc", now - 9 * HOUR, 40 * 60, {
      ...{ isFlapping: true, acknowledged: by, subject: { kind: "instance", name: "web-3:9100" } },
      names: [{ name: "TargetDown", severity: "critical", total: 1, firing: 0 }],
      severity: "critical",
    }),
    ...noisy,
    anEnded("inc-eeeeeeee", now - 20 * 24 * HOUR, 600),
    anEnded("inc-dddddddd", now - 30 * HOUR, 1800, { acknowledged: { ...by, at: now - 29.5 * HOUR } }),
  ];
  for (const one of incidents) await store.incidents.save({ incidents: [one], alerts: [], entries: [] });
  const anomalies: Anomaly[] = [
    // The incident of the same service tells of this one.
    anAnomaly("covered", {
      subject: "checkout",
      labels: { service: "checkout" },
      openedAt: now - HOUR,
      since: now - HOUR,
    }),
    anAnomaly("alone", { openedAt: now - 3 * HOUR, since: now - 3 * HOUR }),
    anAnomaly("quiet", {
      openedAt: now - 3 * HOUR,
      since: now - 3 * HOUR,
      quiet: "expected",
      labels: { service: "q" },
    }),
  ];
  await store.detection.commit({ anomalies });
  const ended = { endedAt: now - 6 * HOUR };
  const proposals: Proposal[] = [
    aChange(
      "p-expired",
      now - 7 * HOUR,
      { status: "expired", ...ended },
      { cause: { kind: "ask", text: "restart checkout" } },
    ),
    aChange("p-helped", now - 5 * HOUR, { status: "verified", startedAt: now - 5 * HOUR, endedAt: now - 4.9 * HOUR }),
    aChange(
      "p-useless",
      now - 4 * HOUR,
      { status: "no_effect", startedAt: now - 4 * HOUR, endedAt: now - 3.9 * HOUR },
      {
        target: { kind: "deployment", name: "shop/search", key: "k-search" },
      },
    ),
  ];
  for (const one of proposals) await store.proposals.insert(one, [anEntry()]);
  await store.forecasts.keep(
    aLimit("f1", now - 2 * HOUR, {
      at: now + 14 * HOUR,
      what: "pg-1 will be full",
      ask: "forecast disk usage of pg-1",
    }),
  );
}

const BUDGET = { source: "default", days: 7, left: 0.12, burn: 8.2 };
const WEEKLY = { service: "checkout", environment: "production" };

/** What stands in a digest besides what the store has: as Alertmanager, the schedules, objectives, and the weeks before tell it. */
export function aBackground(now: number) {
  const of = <T>(...data: T[]) => ({ ok: true as const, data });
  const deploys = { service: "checkout", environment: "production" };
  const example = { deployedAt: now - 50 * HOUR, beganAt: now - 49.8 * HOUR, incident: "inc-12345678" };
  return {
    silences: of(
      { id: "a1", matchers: 'alertname="DiskFull", host=~"db-.*"', until: now + 3 * HOUR, by: "Ann" },
      { id: "a2", matchers: 'service="later"', until: now + 90 * HOUR, by: "Ben" },
    ),
    duties: of({ schedule: "shop", person: "Ann", until: now + HOUR, next: { person: "Ben", at: now + HOUR } }),
    budgets: of({ ...BUDGET, service: "billing" }, { ...BUDGET, service: "search", left: 0.9, burn: 0.4 }),
    patterns: of({
      alert: "HighErrorRate",
      after: {
        ...{ alert: "HighErrorRate", about: "checkout", ...WEEKLY, deployments: 9, followed: 6, within: HOUR },
        ...{ median: 420, others: 41, otherwise: 2, chance: 0.0000123, tried: 240, examples: [example] },
      },
      helped: { runbook: "rollback", title: "Roll back a deployment", helped: 5, of: 6, isMatched: false },
    }),
    thresholds: new Map([
      [
        "QueueSlow",
        { limit: { operator: ">" as const, value: 100 }, value: 130, away: 5, of: 6, acted: 0, unknown: 0 },
      ],
    ]),
    runs: of(
      aRun({ id: "r1", endedAt: now - 2 * HOUR, outcome: "failure" }),
      aRun({ id: "r2", endedAt: now - 4 * HOUR, outcome: "failure" }),
      aRun({ id: "r3", endedAt: now - 6 * HOUR }),
      ...[5, 26, 50].map((hours) =>
        aRun({
          ...{ id: `d${hours}`, pipeline: "Deploy", endedAt: now - hours * HOUR, deploys },
          committedAt: now - (hours + 2) * HOUR,
        }),
      ),
    ),
    teamOf: (project: string) => (project === "acme/shop" ? "payments" : undefined),
  };
}
