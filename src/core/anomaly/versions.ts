import type { Point } from "../series.ts";
import type { Direction } from "./detector.ts";

/** A detector or forest of one version at work on one series. */
export type Running = {
  /** Whether it would alert at that point. Points in order of time. */
  readonly observe: (at: number, value: number) => boolean;
  /** Another one that has seen the same so far. */
  readonly fork: () => Running;
};

/** A detector or forest of one version, set up anew for one series. */
export type Candidate = { readonly id: string; readonly start: () => Running };

/** How a version did on anomalies that were put in, and on history as it was. */
export type Trial = {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Alerts a day and series where nothing was put in. */
  readonly alertsADay: number;
};

export type Gate = {
  readonly passed: boolean;
  /** What it failed at, as facts for a sentence. Empty when it passed. */
  readonly failed: readonly {
    readonly what: "f1" | "precision" | "recall" | "backtest";
    readonly found: number;
    readonly wanted: number;
  }[];
  readonly candidate: Trial;
  readonly current: Trial | undefined;
};

export type TrialOptions = {
  /** From 0 to below 1: makes it repeatable. */
  readonly random: () => number;
  /** Which way is trouble: nothing is put in the other way, which nobody wants to hear of. */
  readonly direction?: Direction;
  /** Hears how much is done, 0 to 1. */
  readonly progress?: (share: number) => void;
  /** Waits for a moment, so that others have their turn. Called after some milliseconds of work each time. */
  readonly breathe?: () => Promise<unknown>;
};

/** What every version has to reach on injected anomalies. Real ones are harder: these figures say that it works, not how well. */
export const WANTED = { f1: 0.7, precision: 0.6, recall: 0.5 } as const;
/** A new version may alert a quarter more than the old one on the same history, or once in fifty days where that hardly did. */
const MORE_ALERTS = 1.25;
const FEW_ALERTS = 0.02;
/** It may find so much less of what was put in, and what finds only so much more is not better. */
const LESS_F1 = 0.02;

/** Share of a history that is learned from before anything is put in. */
const LEARNED = 0.5;
/** Points that are needed behind them. */
const LEAST_POINTS = 100;
const LENGTHS = { spike: 2, far: 8, shift: 24, burst: 16 } as const;
type Kind = keyof typeof LENGTHS;
const KINDS = Object.keys(LENGTHS) as readonly Kind[];
/** Points after an anomaly in which an alert still belongs to it. */
const GRACE = 3;
/** Points judged between two breaths. */
const SLICE = 250;

/** Whether a history is long enough to learn from and to put something in behind it. */
export function isLongEnough(points: readonly Point[]): boolean {
  return points.length * (1 - LEARNED) >= LEAST_POINTS;
}

/**
 * Whether a new version may take the place of the current one: both run over the same histories, once with anomalies put in and once as
 * they are. Without a current version the absolute gate decides alone. Histories in order of time, unix seconds; those too short to put
 * anything in are left out.
 */
export async function judgeVersion(
  candidate: Candidate,
  current: Candidate | undefined,
  histories: readonly (readonly Point[])[],
  options: TrialOptions,
): Promise<Gate> {
  const versions = current === undefined ? [candidate] : [candidate, current];
  const [found, old] = (await tryAll(versions, histories, options)) as [Trial, Trial?];
  const failed: Gate["failed"][number][] = [];
  for (const what of ["f1", "precision", "recall"] as const)
    if (!(found[what] >= WANTED[what])) failed.push({ what, found: found[what], wanted: WANTED[what] });
  if (old !== undefined) {
    const most = Math.max(FEW_ALERTS, old.alertsADay * MORE_ALERTS);
    if (found.alertsADay > most) failed.push({ what: "backtest", found: found.alertsADay, wanted: most });
    if (found.f1 < old.f1 - LESS_F1) failed.push({ what: "f1", found: found.f1, wanted: old.f1 - LESS_F1 });
  }
  return { passed: failed.length === 0, failed, candidate: found, current: old };
}

/**
 * The one of these versions that finds most of what is put in while it alerts at most `alertsADay` times a day and series on history as it
 * was; of those that find the same, the one with fewer alerts, and then the first. Where all alert more than that, the quietest. Throws `RangeError` without candidates.
 */
export async function bestOf<T extends Candidate>(
  candidates: readonly T[],
  histories: readonly (readonly Point[])[],
  alertsADay: number,
  options: TrialOptions,
): Promise<T> {
  const trials = await tryAll(candidates, histories, options);
  const all = candidates.map((candidate, at) => ({ candidate, ...trials[at]! }));
  const quiet = all.filter((one) => one.alertsADay <= alertsADay);
  const best = (quiet.length > 0 ? quiet : all).reduce((a, b) => {
    if (quiet.length > 0 && Math.abs(a.f1 - b.f1) > LESS_F1) return b.f1 > a.f1 ? b : a;
    return b.alertsADay < a.alertsADay ? b : a;
  });
  return best.candidate;
}

/** How each did, all on the same anomalies. */
async function tryAll(
  versions: readonly Candidate[],
  histories: readonly (readonly Point[])[],
  { random, direction = "both", progress = () => {}, breathe = async () => {} }: TrialOptions,
): Promise<readonly Trial[]> {
  if (versions.length === 0) throw new RangeError("There is no version to try.");
  const cases = histories.filter(isLongEnough).map((points) => putIn(points, direction, random));
  const trials: Trial[] = [];
  for (const version of versions) {
    const before = trials.length;
    const done = (count: number) => progress((before + count / cases.length) / versions.length);
    trials.push(await tryOut(version, cases, done, breathe));
  }
  progress(1);
  return trials;
}

type Case = {
  readonly plain: readonly Point[];
  /** The history with one anomaly each: what recurs is rightly said less. The same up to `from`. */
  readonly changes: readonly { readonly points: readonly Point[]; readonly from: number; readonly to: number }[];
};

/** Puts an anomaly of each kind somewhere into the second half of a history. */
function putIn(plain: readonly Point[], direction: Direction, random: () => number): Case {
  const first = Math.ceil(plain.length * LEARNED);
  const known = plain
    .slice(0, first)
    .map(([, value]) => value)
    .filter(Number.isFinite);
  const low = known.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = known.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  // A constant has no spread: its own size will do.
  const spread = high > low ? high - low : Math.max(1, Math.abs(high));
  const range = { low, high, spread };
  const changes = KINDS.map((kind) => {
    const from = first + Math.floor(random() * (plain.length - first - LENGTHS[kind] - GRACE));
    const to = from + LENGTHS[kind];
    const points = plain.map(
      ([at, value], i): Point => [at, i >= from && i < to ? anomalous(kind, value, range, direction, random) : value],
    );
    return { points, from, to: to + GRACE };
  });
  return { plain, changes };
}

type Range = { readonly low: number; readonly high: number; readonly spread: number };

function anomalous(
  kind: Kind,
  value: number,
  { low, high, spread }: Range,
  direction: Direction,
  random: () => number,
): number {
  const way = direction === "down" ? -1 : 1;
  switch (kind) {
    case "spike":
      return value + way * 2 * spread;
    // Beyond what was ever there: below it, unless only what is above is trouble.
    case "far":
      return direction === "up" ? high + 0.5 * spread : low - 0.5 * spread;
    case "shift":
      return value + way * spread;
    case "burst":
      return value + (random() - 0.5) * 3 * spread;
  }
}

async function tryOut(
  version: Candidate,
  cases: readonly Case[],
  done: (count: number) => void,
  breathe: () => Promise<unknown>,
): Promise<Trial> {
  let [events, found, wrong, alerts, seconds] = [0, 0, 0, 0, 0];
  for (const [index, { plain, changes }] of cases.entries()) {
    const first = Math.ceil(plain.length * LEARNED);
    const forks = new Map<number, Running>(changes.map(({ from }) => [from, version.start()]));
    const own = await alertsIn(version.start(), plain, 0, breathe, forks);
    // What it says of the history itself is no fault of the anomalies that were put in.
    const known = new Set(own);
    for (const { points, from, to } of changes) {
      const said = await alertsIn(forks.get(from)!.fork(), points, from, breathe);
      events++;
      if (said.some((i) => i >= from && i < to)) found++;
      wrong += said.filter((i) => !known.has(i) && i >= to).length;
    }
    alerts += own.filter((i) => i >= first).length;
    seconds += (plain.at(-1)?.[0] ?? 0) - (plain[first]?.[0] ?? 0);
    done(index + 1);
  }
  const precision = found + wrong > 0 ? found / (found + wrong) : 0;
  const recall = events > 0 ? found / events : 0;
  const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { precision, recall, f1, alertsADay: seconds > 0 ? (86_400 * alerts) / seconds : 0 };
}

/** Places of the points, from `first` on, at which it alerts. Notes in `forks` how it was just before the points that are named there. */
async function alertsIn(
  running: Running,
  points: readonly Point[],
  first: number,
  breathe: () => Promise<unknown>,
  forks: Map<number, Running> = new Map(),
): Promise<readonly number[]> {
  const alerts: number[] = [];
  for (let i = first; i < points.length; i++) {
    if ((i + 1) % SLICE === 0) await breathe();
    if (forks.has(i)) forks.set(i, running.fork());
    const [at, value] = points[i]!;
    if (running.observe(at, value)) alerts.push(i);
  }
  return alerts;
}
