import { deploymentsOf } from "../ci/dora.ts";
import type { Run } from "../ci/run.ts";
import { alertsIn, type Incident } from "../incident.ts";
import { median } from "../stats.ts";
import { localTime } from "../zone.ts";
import { believedUpTo, fisherTail } from "./exact.ts";

/** Alerts that begin after deployments more often than they would by chance. */

/** Times in unix seconds, stretches in seconds. */
export type AfterDeploys = {
  readonly alert: string;
  /** What the alert is about; undefined where it is told of machines, which come and go. */
  readonly about: string | undefined;
  readonly service: string;
  readonly environment: string;
  /** Deployments, those close together counted once, and those after which it began within `within`. */
  readonly deployments: number;
  readonly followed: number;
  readonly within: number;
  /** Half of them began so soon. */
  readonly median: number;
  /** Stretches of that length at the same times of other days, and those in which it began. */
  readonly others: number;
  readonly otherwise: number;
  /** Probability of so many or more if deployments made no difference. */
  readonly chance: number;
  /** Pairs of alert and service that were tried. */
  readonly tried: number;
  /** The newest ones that it followed: when was deployed, and when the alert began. */
  readonly examples: readonly { readonly deployedAt: number; readonly beganAt: number; readonly incident: string }[];
};

export type History = {
  readonly incidents: readonly Incident[];
  readonly runs: readonly Run[];
  /** Since when alerts and deployments are known, and until when. */
  readonly from: number;
  readonly to: number;
  /** Whose working days count. */
  readonly zone: string;
};

/** An alert that begins so soon after a deployment may be of it, in seconds. */
export const WITHIN = 3600;
const DAY = 86_400;
/** Fewer deployments, or fewer of them followed, say nothing. */
const LEAST_DEPLOYMENTS = 4;
const LEAST_FOLLOWED = 3;
/** What is rarer after deployments is no pattern that helps anybody, however sure it is. */
const LEAST_SHARE = 0.2;
const LEAST_TIMES = 2;
/** Share of what is told that may be by chance. */
const WRONG = 0.05;
const EXAMPLES = 3;
/** Where the same hour of other days is hardly ever free of deployments, so many hours before and after are compared with. */
const NEAR_HOURS = [2, -2, 3, -3, 4, -4] as const;

/**
 * Alerts after deployments: the surest first. For each pair of an alert (with what it is about) and a deployed service, deployments that it
 * followed are held against stretches of the same length at the same times of other days of the same kind (working days or not), so that
 * both being things of the working day makes no pattern. Fisher's exact test; of all pairs tried, as many are told that 5 % of them may be
 * wrong (Benjamini and Hochberg). Where one alert follows two services that are deployed together, the surer one is told.
 */
export function afterDeploys(history: History): readonly AfterDeploys[] {
  const alerts = begins(history.incidents);
  const found = deployed(history).flatMap((thing) => {
    const others = controls(thing.at, history);
    return [...alerts.values()].flatMap((alert) => compared(alert, thing, others) ?? []);
  });
  const limit = believedUpTo(
    found.map(({ chance }) => chance),
    WRONG,
  );
  const told = found
    .map((one): Found => ({ ...one, tried: found.length }))
    .filter(({ chance, followed, deployments, otherwise, others }) => {
      const share = followed / deployments;
      const isEnough = followed >= LEAST_FOLLOWED && share >= LEAST_SHARE;
      return chance <= limit && isEnough && share >= LEAST_TIMES * (otherwise / others);
    })
    .sort((a, b) => a.chance - b.chance || Number(b.about === b.service) - Number(a.about === a.service));
  return withoutShadows(told).map(({ at: _, ...one }) => one);
}

type Begin = { readonly at: number; readonly incident: string };
type Alert = {
  readonly alert: string;
  readonly about: string | undefined;
  readonly environment: string | undefined;
  readonly begins: readonly Begin[];
};
type Deployed = { readonly service: string; readonly environment: string; readonly at: readonly number[] };
/** `at`: the deployments that it followed. */
type Found = AfterDeploys & { readonly at: readonly number[] };

/** Machines, and what of them is replaced by another one of the same kind. */
const MACHINES: ReadonlySet<string> = new Set(["instance", "node", "host"]);

/** When each alert began, oldest first, by its name, what it is about and where. What came in a storm tells nothing of its own. */
function begins(incidents: readonly Incident[]): ReadonlyMap<string, Alert> {
  const found = new Map<string, Alert & { begins: Begin[] }>();
  for (const incident of incidents) {
    const { id, lines, startedAt, subject, environment, isStorm } = incident;
    if (isStorm) continue;
    const about = subject === undefined || MACHINES.has(subject.kind) ? undefined : subject.name;
    for (const { name } of alertsIn(incident)) {
      const own = lines.filter((line) => line.name === name).map(({ startsAt }) => startsAt);
      const key = JSON.stringify([name, about, environment]);
      const alert = found.get(key) ?? { alert: name, about, environment, begins: [] };
      alert.begins.push({ at: own.length === 0 ? startedAt : Math.min(...own), incident: id });
      found.set(key, alert);
    }
  }
  for (const { begins: all } of found.values()) all.sort((a, b) => a.at - b.at);
  return found;
}

/** What was deployed where and when, oldest first: those so close together that nobody could tell which one did it are the first of them. */
function deployed({ runs, from, to }: History): readonly Deployed[] {
  const well = deploymentsOf(runs).filter(({ outcome }) => outcome === "success");
  const byThing = Map.groupBy(well, ({ deploys }) => JSON.stringify([deploys.service, deploys.environment]));
  return [...byThing.values()].flatMap((same) => {
    const at: number[] = [];
    for (const { endedAt } of same)
      if (endedAt >= from && endedAt + WITHIN <= to && endedAt - (at.at(-1) ?? 0) >= WITHIN) at.push(endedAt);
    const { service, environment } = same[0]!.deploys;
    return at.length < LEAST_DEPLOYMENTS ? [] : [{ service, environment, at }];
  });
}

/** Begins of stretches without a deployment, at the same times of other days, nearer days first; none overlaps another. In order. */
function controls(at: readonly number[], { from, to, zone }: History): readonly number[] {
  const kept = new Spaced(WITHIN);
  const hours = new Set(at.map((one) => Math.floor(one / WITHIN)));
  /** Not within an hour before a deployment, nor two after it, by the hour that it lies in. */
  const isFree = (start: number) => {
    const hour = Math.floor(start / WITHIN);
    return start >= from && start + WITHIN <= to && ![1, 0, -1, -2].some((away) => hours.has(hour + away));
  };
  const weekdays = at.map((one) => localTime(one, zone).weekday);
  const isWeekend = (weekday: number) => (((weekday - 1) % 7) + 7) % 7 >= 5;
  const days = Math.ceil((to - from) / DAY);
  for (let day = 1; day <= days; day++)
    for (const [n, one] of at.entries())
      for (const away of [-day, day]) {
        const weekday = weekdays[n]!;
        if (isWeekend(weekday + away) === isWeekend(weekday) && isFree(one + away * DAY)) kept.add(one + away * DAY);
      }
  if (kept.size < 3 * at.length)
    for (const away of NEAR_HOURS) for (const one of at) if (isFree(one + away * 3600)) kept.add(one + away * 3600);
  return kept.sorted();
}

/** Times of which no two are nearer than that. */
class Spaced {
  readonly #least: number;
  readonly #byBucket = new Map<number, number>();

  constructor(least: number) {
    this.#least = least;
  }

  get size(): number {
    return this.#byBucket.size;
  }

  /** Left out where it is too near to one that is there. */
  add(time: number): void {
    const bucket = Math.floor(time / this.#least);
    const isNear = [bucket - 1, bucket, bucket + 1].some((one) => {
      const other = this.#byBucket.get(one);
      return other !== undefined && Math.abs(other - time) < this.#least;
    });
    if (!isNear) this.#byBucket.set(bucket, time);
  }

  sorted(): readonly number[] {
    return [...this.#byBucket.values()].sort((a, b) => a - b);
  }
}

function compared(alert: Alert, thing: Deployed, others: readonly number[]): Found | undefined {
  const { service, environment, at } = thing;
  if (alert.environment !== undefined && alert.environment !== environment) return undefined;
  const [after, else_] = [firstIn(at, alert.begins), firstIn(others, alert.begins)];
  // What never came near any of the stretches cannot be told from chance, whichever way it went: it counts as no try.
  if (others.length < at.length || after.size + else_.size < LEAST_FOLLOWED) return undefined;
  const pairs = [...after].map(([deployedAt, { at: beganAt, incident }]) => ({ deployedAt, beganAt, incident }));
  return {
    ...{ alert: alert.alert, about: alert.about, service, environment },
    ...{ deployments: at.length, followed: after.size, within: WITHIN },
    median: median(pairs.map(({ deployedAt, beganAt }) => beganAt - deployedAt)) ?? 0,
    ...{ others: others.length, otherwise: else_.size },
    chance: fisherTail(after.size, at.length, else_.size, others.length),
    tried: 0,
    examples: pairs.slice(-EXAMPLES).reverse(),
    at: [...after.keys()],
  };
}

/** The first begin within each stretch that has one. Both are in order; stretches do not overlap. */
function firstIn(starts: readonly number[], all: readonly Begin[]): ReadonlyMap<number, Begin> {
  const found = new Map<number, Begin>();
  let place = 0;
  for (const begin of all) {
    while (place < starts.length && starts[place]! + WITHIN < begin.at) place++;
    const start = starts[place];
    if (start !== undefined && begin.at >= start && !found.has(start)) found.set(start, begin);
  }
  return found;
}

/** Without services that were mostly deployed with a surer one that the same alert followed. */
function withoutShadows(sorted: readonly Found[]): readonly Found[] {
  const kept: Found[] = [];
  for (const one of sorted) {
    const surer = kept.filter(({ alert, about }) => alert === one.alert && about === one.about);
    const shared = one.at.filter((at) =>
      surer.some((other) => other.at.some((there) => Math.abs(there - at) <= WITHIN)),
    );
    if (2 * shared.length < one.at.length) kept.push(one);
  }
  return kept;
}
