import type { Run } from "../../src/core/ci/run.ts";
import type { Incident } from "../../src/core/incident.ts";
import { type AfterDeploys, afterDeploys, type History } from "../../src/core/pattern/after-deploys.ts";
import { anEnded } from "../fakes/digests.ts";
import { aRun } from "../fakes/runs.ts";
import { randomNumbers } from "../tools/random.ts";

/**
 * Weeks of alerts and deployments of which it is known what follows what, since they are made so: deployments on working days by day, alerts
 * at any time, alerts of the working day (which come near deployments without being of them), alerts in bad weeks, and alerts that follow the
 * deployments of one service, some of the times.
 */

const DAY = 86_400;
/** A Monday, midnight UTC. */
const FROM = Date.UTC(2026, 5, 1) / 1000;
const SERVICES = 12;
/** What follows deployments of one service, with its probability for each. */
const TRUE: readonly (readonly [service: number, share: number])[] = [
  [0, 0.8],
  [1, 0.6],
  [2, 0.5],
  [3, 0.4],
  [4, 0.3],
];

export type World = {
  readonly history: History;
  /** "alert service" of those that are true. */
  readonly truth: ReadonlySet<string>;
};

/** `isChance`: no alert has anything to do with deployments. */
export function aWorld(seed: number, isChance: boolean, weeks = 13): World {
  const random = randomNumbers(seed);
  const days = weeks * 7;
  const incidents: Incident[] = [];
  const runs: Run[] = [];
  const between = (low: number, high: number) => low + random() * (high - low);
  const fire = (name: string, thing: string, at: number) => {
    incidents.push(
      anEnded(`i${incidents.length}`, at, between(120, 3600), {
        subject: { kind: "service", name: thing },
        names: [{ name, severity: "warning", total: 1, firing: 0 }],
      }),
    );
  };
  const isWorkday = (day: number) => day % 7 < 5;
  for (let service = 0; service < SERVICES; service++) {
    const name = `service-${service}`;
    const weekly = between(1, 5);
    const follows = isChance ? undefined : TRUE.find(([one]) => one === service);
    for (let day = 0; day < days; day++) {
      if (!isWorkday(day) || random() > weekly / 5) continue;
      const at = FROM + day * DAY + between(9, 17) * 3600;
      runs.push(aRun({ id: `r${runs.length}`, endedAt: at, deploys: { service: name, environment: "production" } }));
      if (follows !== undefined && random() < follows[1]) fire("ErrorsHigh", name, at + between(60, 1800));
    }
    // The same alert without a deployment, now and then; and others of the same service.
    for (let n = 0; n < 4 * (weeks / 13); n++) fire("ErrorsHigh", name, FROM + random() * days * DAY);
    for (let n = 0; n < 8 * (weeks / 13); n++) fire("DiskFull", name, FROM + random() * days * DAY);
    for (let day = 0; day < days; day++)
      if (isWorkday(day) && random() < 0.4) fire("TrafficHigh", name, FROM + day * DAY + between(9, 17) * 3600);
    const bad = Math.floor(random() * weeks) * 7;
    for (let n = 0; n < 15; n++) fire("DependencySlow", name, FROM + (bad + random() * 7) * DAY);
  }
  return {
    history: { incidents, runs, from: FROM, to: FROM + days * DAY, zone: "UTC" },
    truth: new Set(
      isChance ? [] : TRUE.map(([service]) => `ErrorsHigh of service-${service} after service-${service}`),
    ),
  };
}

export type PatternScore = { readonly right: number; readonly wrong: number; readonly truth: number };

export function scoreOf({ truth }: World, found: readonly Named[]): PatternScore {
  const names = new Set(found.map(({ alert, about, service }) => `${alert} of ${about} after ${service}`));
  const right = [...names].filter((name) => truth.has(name)).length;
  return { right, wrong: names.size - right, truth: truth.size };
}

type Named = Pick<AfterDeploys, "alert" | "about" | "service">;

export function ours({ history }: World): readonly Named[] {
  return afterDeploys(history);
}

/** What one would write down at first: pairs of which three or more fell together. */
export function byCount({ history }: World): readonly Named[] {
  return [...pairsOf(history).values()].filter(({ together }) => together >= 3);
}

/** Binomial test against the alert's rate over all hours, 5 % for each pair, with no regard to how many are tried. */
export function byRate({ history }: World): readonly Named[] {
  return [...pairsOf(history).values()].filter(({ together, deployments, begins }) => {
    const usual = 1 - Math.exp((-begins * 3600) / (history.to - history.from));
    return together >= 3 && tail(together, deployments, usual) <= 0.05;
  });
}

type Pair = Named & { together: number; deployments: number; begins: number };

function pairsOf({ incidents, runs }: History): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>();
  const byService = Map.groupBy(runs, ({ deploys }) => deploys?.service ?? "");
  const byAlert = Map.groupBy(incidents, ({ names, subject }) => `${names[0]?.name}\n${subject?.name}`);
  for (const [service, deploys] of byService)
    for (const [key, same] of byAlert) {
      const [alert = "", about] = key.split("\n");
      const together = deploys.filter(({ endedAt }) =>
        same.some(({ startedAt }) => startedAt >= endedAt && startedAt <= endedAt + 3600),
      ).length;
      const counts = { together, deployments: deploys.length, begins: same.length };
      pairs.set(`${key}\n${service}`, { alert, about, service, ...counts });
    }
  return pairs;
}

function tail(least: number, trials: number, p: number): number {
  let sum = 0;
  let term = (1 - p) ** trials;
  for (let k = 0; k <= trials; k++) {
    if (k >= least) sum += term;
    term *= ((trials - k) / (k + 1)) * (p / (1 - p));
  }
  return sum;
}
