import type { Trials } from "./rolling.ts";

/** A trial counts half as much as one that is this many periods younger. */
const HALF_LIFE = 10;
/** How sharply better methods are preferred: 8 lets one that errs 20 % more have a quarter of the say. */
const SHARPNESS = 8;
/** Parts of the horizon that have their own weights, by where they end. What is right for the next hours is not for tomorrow. */
const PARTS = [1 / 6, 1 / 2, 1];

/** The mean of the methods, weighted by how well they did, and what it would have missed in the past. */
export type Combined = {
  readonly mean: Float64Array;
  /** Rows of `horizon`, newest origin first: what came minus what this mixture would have said. */
  readonly misses: Float64Array;
  /** Share of each method over the horizon, by name. */
  readonly shares: readonly { readonly name: string; readonly share: number }[];
};

/** How much a trial counts, by its place from the newest. */
export function ageWeight(origin: number): number {
  return 0.5 ** (origin / HALF_LIFE);
}

/**
 * Weights by the inverse power of the mean absolute error of each method in the trials, half of it the error in that part
 * of the horizon and half over the whole: Bates and Granger, "The combination of forecasts", Operational Research Quarterly
 * 20 (1969), with absolute errors, which one spike does not rule. Without trials all methods count the same.
 */
export function combine(trials: Trials): Combined {
  const { horizon, origins, ahead, past, came, names } = trials;
  const weights = weightsOf(trials);
  const mean = new Float64Array(horizon);
  const misses = came.slice();
  for (let e = 0; e < ahead.length; e++) {
    const [weight, told, before] = [weights[e]!, ahead[e]!, past[e]!];
    for (let k = 0; k < horizon; k++) mean[k] = mean[k]! + weight[k]! * told[k]!;
    for (let j = 0; j < origins.length; j++)
      for (let k = 0; k < horizon; k++) {
        const i = j * horizon + k;
        misses[i] = misses[i]! - weight[k]! * before[i]!;
      }
  }
  const shares = names
    .map((name, e) => ({ name, share: weights[e]!.reduce((sum, one) => sum + one, 0) / horizon }))
    .sort((a, b) => b.share - a.share);
  return { mean, misses, shares };
}

function weightsOf({ horizon, origins, past, came }: Trials): readonly Float64Array[] {
  const ends = PARTS.map((part) => Math.max(1, Math.round(part * horizon)));
  const errors = past.map((rows) => errorsOf(rows, came, origins.length, horizon, ends));
  const weights = past.map(() => new Float64Array(horizon));
  for (const [p, end] of ends.entries()) {
    const start = p === 0 ? 0 : ends[p - 1]!;
    const mixed = errors.map((one) => (one[p]! + one[ends.length]!) / 2);
    const least = Math.min(...mixed);
    const tiny = 1e-12 + 1e-9 * Math.max(...mixed);
    const raw = mixed.map((error) => ((least + tiny) / (error + tiny)) ** SHARPNESS);
    const sum = raw.reduce((a, b) => a + b, 0);
    for (const [e, one] of raw.entries()) weights[e]!.fill(one / sum, start, end);
  }
  return weights;
}

/** Mean absolute error in each part of the horizon, and over all of it last. Younger trials count more. */
function errorsOf(rows: Float64Array, came: Float64Array, origins: number, horizon: number, ends: readonly number[]) {
  const sums = new Float64Array(ends.length + 1);
  let all = 0;
  for (let j = 0; j < origins; j++) {
    const weight = ageWeight(j);
    let k = 0;
    for (const [p, end] of ends.entries()) {
      let sum = 0;
      for (; k < end; k++) sum += Math.abs(came[j * horizon + k]! - rows[j * horizon + k]!);
      sums[p] = sums[p]! + weight * sum;
    }
    all += weight;
  }
  if (all === 0) return sums;
  let whole = 0;
  for (const [p, end] of ends.entries()) {
    whole += sums[p]!;
    const steps = end - (p === 0 ? 0 : ends[p - 1]!);
    sums[p] = steps === 0 ? 0 : sums[p]! / (all * steps);
  }
  sums[ends.length] = whole / (all * horizon);
  return sums;
}
