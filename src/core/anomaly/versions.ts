import type { Point } from "../series.ts";

/** A detector or forest of one version, set up anew for one series: says of each point in order of time whether it would alert. */
export type Candidate = { readonly id: string; readonly start: () => (at: number, value: number) => boolean };

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

/** What every version has to reach on injected anomalies. Real ones are harder: these figures say that it works, not how well. */
export const WANTED = { f1: 0.7, precision: 0.6, recall: 0.5 } as const;
/** A new version may alert a quarter more than the old one on the same history, or once in fifty days where that hardly did. */
const MORE_ALERTS = 1.25;
const FEW_ALERTS = 0.02;
/** It may find so much less of what was put in. */
const LESS_F1 = 0.02;

/** Share of a history that is learned from before anything is put in. */
const LEARNED = 0.5;
/** Points that are needed behind them. */
const LEAST_POINTS = 100;
const LENGTHS = { spike: 2, drop: 8, shift: 24, burst: 16 } as const;
type Kind = keyof typeof LENGTHS;
const KINDS = Object.keys(LENGTHS) as readonly Kind[];
/** Points after an anomaly in which an alert still belongs to it. */
const GRACE = 3;

/**
 * Whether a new version may take the place of the current one: both run over the same histories, once with anomalies put in and once as
 * they are. `random` makes it repeatable; `progress` hears how much is done, 0 to 1. Without a current version the absolute gate
 * decides alone. Histories in order of time, unix seconds; those too short to put anything in are left out.
 */
export function judgeVersion(
  candidate: Candidate,
  current: Candidate | undefined,
  histories: readonly (readonly Point[])[],
  random: () => number,
  progress: (share: number) => void = () => undefined,
): Gate {
  const cases = histories
    .filter((points) => points.length * (1 - LEARNED) >= LEAST_POINTS)
    .map((points) => putIn(points, random));
  const runs = current === undefined ? 1 : 2;
  const trial = (version: Candidate, before: number) =>
    tryOut(version, cases, (done) => progress((before + done / Math.max(1, cases.length)) / runs));
  const found = trial(candidate, 0);
  const old = current === undefined ? undefined : trial(current, 1);
  progress(1);
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

type Case = {
  readonly plain: readonly Point[];
  /** The history with one anomaly each: what recurs is rightly said less. */
  readonly changes: readonly { readonly points: readonly Point[]; readonly from: number; readonly to: number }[];
};

/** Puts an anomaly of each kind somewhere into the second half of a history. */
function putIn(plain: readonly Point[], random: () => number): Case {
  const first = Math.ceil(plain.length * LEARNED);
  const known = plain
    .slice(0, first)
    .map(([, value]) => value)
    .filter(Number.isFinite);
  const low = known.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = known.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  // A constant has no spread: its own size will do.
  const spread = high > low ? high - low : Math.max(1, Math.abs(high));
  const changes = KINDS.map((kind) => {
    const from = first + Math.floor(random() * (plain.length - first - LENGTHS[kind] - GRACE));
    const to = from + LENGTHS[kind];
    const points = plain.map(
      ([at, value], i): Point => [at, i >= from && i < to ? anomalous(kind, value, low, spread, random) : value],
    );
    return { points, from, to: to + GRACE };
  });
  return { plain, changes };
}

function anomalous(kind: Kind, value: number, low: number, spread: number, random: () => number): number {
  switch (kind) {
    case "spike":
      return value + 2 * spread;
    case "drop":
      return low - 0.5 * spread;
    case "shift":
      return value + spread;
    case "burst":
      return value + (random() - 0.5) * 3 * spread;
  }
}

function tryOut(version: Candidate, cases: readonly Case[], done: (count: number) => void): Trial {
  let [events, found, wrong, alerts, seconds] = [0, 0, 0, 0, 0];
  for (const [index, { plain, changes }] of cases.entries()) {
    const first = Math.ceil(plain.length * LEARNED);
    const own = alertsIn(version, plain, first);
    // What it says of the history itself is no fault of the anomalies that were put in.
    const known = new Set(own);
    for (const { points, from, to } of changes) {
      const said = alertsIn(version, points, first);
      events++;
      if (said.some((i) => i >= from && i < to)) found++;
      wrong += said.filter((i) => !known.has(i) && (i < from || i >= to)).length;
    }
    alerts += own.length;
    seconds += (plain.at(-1)?.[0] ?? 0) - (plain[first]?.[0] ?? 0);
    done(index + 1);
  }
  const precision = found + wrong > 0 ? found / (found + wrong) : 0;
  const recall = events > 0 ? found / events : 0;
  const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { precision, recall, f1, alertsADay: seconds > 0 ? (86_400 * alerts) / seconds : 0 };
}

function alertsIn(version: Candidate, points: readonly Point[], first: number): readonly number[] {
  const isAlert = version.start();
  return points.flatMap(([at, value], i) => (isAlert(at, value) && i >= first ? [i] : []));
}
