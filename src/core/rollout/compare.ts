import { median } from "../stats.ts";

/** Whether a new version does better, the same or worse than the old one, by one measure. */

export type SignalVerdict = "better" | "same" | "worse" | "none";

/** What counts as a difference: the distribution has to differ, and by enough to matter. */
export type Matters = {
  readonly worse: "up" | "down";
  /** Share of the old value, and at least so much in the measure's unit. */
  readonly share: number;
  readonly least: number;
};

export type Contrast = {
  /** `none`: too few values on one side. */
  readonly verdict: SignalVerdict;
  /** Medians. */
  readonly old: number | undefined;
  readonly young: number | undefined;
  /** Probability of values so far apart by chance. */
  readonly p: number | undefined;
};

/** Values on each side, without which nothing is said. */
const LEAST_VALUES = 3;
/**
 * In four looks at a measure that only varies (lognormal, 10 to 30 %), 0 to 1 in 100 are called worse by chance; 1 to 5 where each value goes together with
 * the one before it (correlation 0.4). The next look puts that right. Simulated in the tests.
 */
const UNLIKELY = 0.005;
/** Values of both sides together up to which the exact distribution is worked out. */
const EXACT = 60;

/**
 * Mann and Whitney's test (Annals of Mathematical Statistics 18, 1947) on values of one measure under the old and the new version,
 * as Netflix's Kayenta judges canaries, with the size of the difference beside it: what is certain and too small to matter is the same.
 */
export function contrast(old: readonly number[], young: readonly number[], { worse, share, least }: Matters): Contrast {
  const [a, b] = [old.filter(Number.isFinite), young.filter(Number.isFinite)];
  const [before, after] = [median(a), median(b)];
  if (a.length < LEAST_VALUES || b.length < LEAST_VALUES || before === undefined || after === undefined)
    return { verdict: "none", old: before, young: after, p: undefined };
  const p = mannWhitney(a, b);
  const apart = after - before;
  const isLarge = Math.abs(apart) >= Math.max(least, share * Math.abs(before));
  if (!isLarge || p > UNLIKELY) return { verdict: "same", old: before, young: after, p };
  return { verdict: apart > 0 === (worse === "up") ? "worse" : "better", old: before, young: after, p };
}

/**
 * Two-sided p of Mann and Whitney's U: exact for few values without ties, else by its normal approximation, corrected for ties and
 * continuity. 1 where all values are equal.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))].sort(
    (x, y) => x.value - y.value,
  );
  let rankSum = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]!.value === all[from]!.value) to++;
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) if (all[i]!.isA) rankSum += rank;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const [m, n, total] = [a.length, b.length, all.length];
  const u = rankSum - (m * (m + 1)) / 2;
  if (ties === 0 && total <= EXACT) return exactTail(Math.min(u, m * n - u), m, n);
  const spread = Math.sqrt(((m * n) / 12) * (total + 1 - ties / (total * (total - 1))));
  if (!(spread > 0)) return 1;
  const z = Math.max(0, Math.abs(u - (m * n) / 2) - 0.5) / spread;
  return Math.min(1, 2 * upperTail(z));
}

/** Twice the probability of a U of `u` or less: ways to reach each U, one value after the other (Mann and Whitney's own recurrence). */
function exactTail(u: number, m: number, n: number): number {
  // ways[i][k]: orders of i values of one side among j of the other with U = k, for growing j.
  let ways = Array.from({ length: m + 1 }, () => [1]);
  for (let j = 1; j <= n; j++) {
    const next: number[][] = [[1]];
    for (let i = 1; i <= m; i++)
      next.push(Array.from({ length: i * j + 1 }, (_, k) => (next[i - 1]![k - j] ?? 0) + (ways[i]![k] ?? 0)));
    ways = next;
  }
  const counts = ways[m]!;
  const all = counts.reduce((sum, count) => sum + count, 0);
  const low = counts.slice(0, Math.floor(u) + 1).reduce((sum, count) => sum + count, 0);
  return Math.min(1, (2 * low) / all);
}

/** Probability of a standard normal above `z` >= 0: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17 (error below 7.5e-8). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

/** What all measures come to: one that is worse decides, then one that is better. `none` where nothing could be compared. */
export function overall(verdicts: readonly SignalVerdict[]): SignalVerdict {
  for (const one of ["worse", "better", "same"] as const) if (verdicts.includes(one)) return one;
  return "none";
}
