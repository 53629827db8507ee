import { ageWeight } from "./combine.ts";

/** Bands around a forecast: what comes is inside the 80 % band four times of five, as long as the series goes on as before. */
export type Bands = {
  readonly lo80: Float64Array;
  readonly hi80: Float64Array;
  readonly lo95: Float64Array;
  readonly hi95: Float64Array;
};

/** How much of a step's scale is the step's own; the rest is the whole horizon's, which is known better. */
const OWN = 0.7;
/** Trials older than one, from which on that one is judged by them alone, as the forecast itself will be. */
const FORESEEN_BY = 4;
/**
 * The outer band is wider than the trials say by this: the weights of the methods were chosen on the same trials, and levels
 * shift more in the future than in a few weeks of past. Measured on series that no method was made for.
 */
const WIDER_95 = 1.15;

/**
 * Conformal bands (Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", 2005; with a local scale: Lei,
 * G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-free predictive inference for regression", JASA 113 (2018),
 * section 5.2). The misses of the trials are divided by the scale of their step, as it was known before them, and pooled;
 * younger ones count more (Barber, Candès, Ramdas and Tibshirani, "Conformal prediction beyond exchangeability", Annals of
 * Statistics 51 (2023)). Both sides have their own quantile. Days, not steps, count as independent for the correction
 * for few trials.
 *
 * `misses` are rows as long as `mean`, newest first. Without any, the bands are infinite: nothing is known.
 */
export function bandsAround(mean: Float64Array, misses: Float64Array): Bands {
  const horizon = mean.length;
  const days = misses.length / horizon;
  if (days < 1) return unknown(horizon);
  const { near, whole } = sizes(misses, horizon, days);
  const { scores, own, all } = foreseen(misses, near, whole, horizon, days);
  const total = scores.reduce((sum, { weight }) => sum + weight, 0);
  scores.sort((a, b) => a.score - b.score);
  const few = 1 / days;
  const side = (alpha: number, wider: number): readonly [number, number] => {
    const outside = (alpha / 2) * (1 - few);
    const factor = wider * (1 + few);
    return [
      Math.min(0, quantileOf(scores, total * outside)) * factor,
      Math.max(0, quantileOf(scores, total * (1 - outside))) * factor,
    ];
  };
  const around = (times: number): Float64Array =>
    mean.map((value, k) => value + times * (OWN * own[k]! + (1 - OWN) * all));
  const [low80, high80] = side(0.2, 1);
  const [low95, high95] = side(0.05, WIDER_95);
  return { lo80: around(low80), hi80: around(high80), lo95: around(low95), hi95: around(high95) };
}

type Score = { readonly score: number; readonly weight: number };

/** The mean absolute miss around each step of each trial, and of the whole trial. */
function sizes(misses: Float64Array, horizon: number, days: number): { near: Float64Array; whole: Float64Array } {
  const reach = Math.max(1, Math.round(horizon / 24));
  const near = new Float64Array(misses.length);
  const whole = new Float64Array(days);
  for (let j = 0; j < days; j++) {
    let all = 0;
    for (let k = 0; k < horizon; k++) {
      const last = Math.min(horizon - 1, k + reach);
      let sum = 0;
      for (let i = Math.max(0, k - reach); i <= last; i++) sum += Math.abs(misses[j * horizon + i]!);
      near[j * horizon + k] = sum / (last - Math.max(0, k - reach) + 1);
      all += near[j * horizon + k]!;
    }
    whole[j] = all / horizon;
  }
  return { near, whole };
}

/** Each miss in units of the scale that was known before it, oldest first, and the scale that is known now. */
function foreseen(
  misses: Float64Array,
  near: Float64Array,
  whole: Float64Array,
  horizon: number,
  days: number,
): { readonly scores: Score[]; readonly own: Float64Array; readonly all: number } {
  const fade = ageWeight(1);
  // The scales of all days, to judge the oldest ones by the others.
  const every = new Float64Array(horizon);
  let everyWhole = 0;
  let everyWeight = 0;
  for (let j = 0; j < days; j++) {
    const weight = ageWeight(j);
    everyWeight += weight;
    everyWhole += weight * whole[j]!;
    for (let k = 0; k < horizon; k++) every[k] = every[k]! + weight * near[j * horizon + k]!;
  }
  // Where a scale is next to nothing, beside the others, a miss is not made to look like a thousand of them.
  const least = (1e-3 * everyWhole) / everyWeight;
  const scores: Score[] = [];
  const older = new Float64Array(horizon);
  let [olderWhole, olderWeight] = [0, 0];
  for (let j = days - 1; j >= 0; j--) {
    const weight = ageWeight(j);
    const isForeseen = days - 1 - j >= FORESEEN_BY;
    const left = everyWeight - weight;
    for (let k = 0; k < horizon; k++) {
      const at = j * horizon + k;
      const own = isForeseen
        ? older[k]! / olderWeight
        : left > 0
          ? (every[k]! - weight * near[at]!) / left
          : every[k]! / everyWeight;
      const all = isForeseen
        ? olderWhole / olderWeight
        : left > 0
          ? (everyWhole - weight * whole[j]!) / left
          : everyWhole / everyWeight;
      const miss = misses[at]!;
      const scale = Math.max(least, OWN * own + (1 - OWN) * all);
      scores.push({ score: scale > 0 ? miss / scale : 0, weight });
    }
    for (let k = 0; k < horizon; k++) older[k] = fade * older[k]! + near[j * horizon + k]!;
    olderWhole = fade * olderWhole + whole[j]!;
    olderWeight = fade * olderWeight + 1;
  }
  return { scores, own: every.map((sum) => sum / everyWeight), all: everyWhole / everyWeight };
}

/** The value up to which that much weight has been passed. */
function quantileOf(sorted: readonly Score[], weight: number): number {
  let passed = 0;
  for (const { score, weight: own } of sorted) {
    passed += own;
    if (passed >= weight) return score;
  }
  return sorted.at(-1)?.score ?? 0;
}

function unknown(horizon: number): Bands {
  const low = new Float64Array(horizon).fill(Number.NEGATIVE_INFINITY);
  const high = new Float64Array(horizon).fill(Number.POSITIVE_INFINITY);
  return { lo80: low, hi80: high, lo95: low, hi95: high };
}
