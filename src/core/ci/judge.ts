import { MAD_TO_SIGMA, mad, median } from "../stats.ts";
import { DURATION, measuresOf, type Run } from "./run.ts";

/** Whether a run is unlike those before it. */

/** Which way a number is trouble. */
export type Trouble = "up" | "down" | "both";

/** What is unusual about a run. `usual`: of the same number in the runs before it. */
export type Unusual =
  | {
      readonly kind: "number";
      /** `DURATION` or the name of another number. */
      readonly name: string;
      readonly value: number;
      readonly usual: { readonly low: number; readonly typical: number; readonly high: number };
      readonly direction: "up" | "down";
      /** Modified z-score. */
      readonly score: number;
    }
  | {
      readonly kind: "failing";
      /** Failures among the last so many runs, this one counted. */
      readonly failed: number;
      readonly of: number;
      /** The same of the runs before those. */
      readonly before: { readonly failed: number; readonly of: number };
      /** Probability of so many or more, if that share still held. */
      readonly chance: number;
    };

/** A number of a run beside the same one of earlier runs. */
export type Judged = {
  readonly name: string;
  readonly value: number;
  /** Earlier runs that told it. */
  readonly past: number;
  /** Undefined while too few did. */
  readonly usual: { readonly low: number; readonly typical: number; readonly high: number } | undefined;
  /** Undefined where it is as usual, or nobody can tell. */
  readonly unusual: Extract<Unusual, { kind: "number" }> | undefined;
};

/** Successful runs that are looked back at, and those without which nothing is said. */
const BACK = 50;
export const LEAST = 8;
/** After so many alike, they are the usual. */
const LATELY = 8;
/** Modified z-score from which a value is an outlier: Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993. */
const OUTLIER = 3.5;
/** What differs by less is no news, however alike the runs before were: a share, and for durations seconds as well. */
const LEAST_SHARE = 0.2;
const LEAST_SECONDS = 20;
/** A spread is never taken for less than this share of the value. */
const LEAST_SPREAD = 0.02;
/** Failures so unlikely are not by chance; past runs that the share is taken of, and the stretch that is looked at beside a streak. */
const UNLIKELY = 0.005;
const PAST = 100;
const STRETCH = 10;

/**
 * What is unusual about `run`, after `before`: earlier runs of the same line, oldest first. A number is compared with the last 50
 * successful runs, and with the last eight, so that a new level is news only for a while.
 */
export function judgeRun(
  run: Run,
  before: readonly Run[],
  troubleOf: (name: string) => Trouble = () => "both",
): readonly Unusual[] {
  const failing = judgeOutcome(run, before);
  const numbers = judgeNumbers(run, before, troubleOf).flatMap(({ unusual }) => unusual ?? []);
  return failing === undefined ? numbers : [failing, ...numbers];
}

/** Each number of a successful run beside those of the successful ones in `before`, see `judgeRun`. Of others none: what stopped half-way took any time. */
export function judgeNumbers(
  run: Run,
  before: readonly Run[],
  troubleOf: (name: string) => Trouble = () => "both",
): readonly Judged[] {
  if (run.outcome !== "success") return [];
  const good = before.filter(({ outcome }) => outcome === "success").slice(-BACK);
  return Object.entries(measuresOf(run)).map(([name, value]) => {
    const past = good.flatMap((one) => measuresOf(one)[name] ?? []);
    return judgeNumber(name, value, past, name === DURATION ? "up" : troubleOf(name));
  });
}

function judgeNumber(name: string, value: number, past: readonly number[], trouble: Trouble): Judged {
  const known = { name, value, past: past.length, unusual: undefined };
  if (past.length < LEAST || !Number.isFinite(value)) return { ...known, usual: undefined };
  const { spread, ...usual } = usualOf(past);
  const direction = value > usual.typical ? "up" : "down";
  const apart = Math.abs(value - usual.typical);
  const isUsual =
    (trouble !== "both" && trouble !== direction) ||
    isWithin(value, usual) ||
    isWithin(value, usualOf(past.slice(-LATELY))) ||
    apart < LEAST_SHARE * Math.abs(usual.typical) ||
    (name === DURATION && apart < LEAST_SECONDS);
  if (isUsual) return { ...known, usual };
  return { ...known, usual, unusual: { kind: "number", name, value, usual, direction, score: apart / spread } };
}

/** The range in which values are no outliers. `spread`: one unit of the modified z-score. */
function usualOf(past: readonly number[]) {
  const typical = median(past) ?? 0;
  const spread = Math.max(MAD_TO_SIGMA * (mad(past) ?? 0), LEAST_SPREAD * Math.abs(typical), Number.EPSILON);
  const low = typical - OUTLIER * spread;
  const isPositive = past.every((one) => one >= 0);
  return { low: isPositive ? Math.max(0, low) : low, typical, high: typical + OUTLIER * spread, spread };
}

function isWithin(value: number, { low, high }: { readonly low: number; readonly high: number }): boolean {
  return value >= low && value <= high;
}

/** Whether so many failures are more than chance, by the share that failed before: as a streak, or within ten runs. */
function judgeOutcome(run: Run, before: readonly Run[]): Unusual | undefined {
  if (run.outcome !== "failure") return undefined;
  const failed = [...before, run]
    .filter(({ outcome }) => outcome !== "cancelled")
    .map(({ outcome }) => outcome === "failure");
  const streak = failed.length - 1 - failed.lastIndexOf(false);
  const found = [streak, STRETCH].flatMap((of) => {
    const past = failed.slice(-PAST - of, -of);
    if (past.length < LEAST) return [];
    const count = failed.slice(-of).filter(Boolean).length;
    // Jeffreys' prior, so that a line that never failed can.
    const before = { failed: past.filter(Boolean).length, of: past.length };
    const usual = (before.failed + 0.5) / (before.of + 1);
    return [{ kind: "failing" as const, failed: count, of, before, chance: binomialTail(count, of, usual) }];
  });
  return found.filter(({ chance }) => chance <= UNLIKELY).sort((a, b) => a.chance - b.chance)[0];
}

/** Probability of `least` or more successes in `trials`, each with probability `p`. */
export function binomialTail(least: number, trials: number, p: number): number {
  let sum = 0;
  let term = (1 - p) ** trials;
  for (let k = 0; k <= trials; k++) {
    if (k >= least) sum += term;
    term *= ((trials - k) / (k + 1)) * (p / (1 - p));
  }
  return Math.min(1, sum);
}
