import { PLACES, TAIL, WAITING } from "./memory.ts";

/**
 * How rare a value of a statistic is in the statistic's own past, from a summary of fixed size: a merging t-digest (Dunning and
 * Ertl, "Computing extremely accurate quantiles using t-digests", 2019), whose outermost places hold single values, with a
 * generalised Pareto tail beyond its 10 % on either side (peaks over threshold: Siffer et al., "Anomaly detection in streams
 * with extreme value theory", KDD 2017; fitted by moments after Hosking and Wallis, Technometrics 29, 1987). Older values
 * count less and less, so that a series may change its ways.
 */

/** Share of the values on each side that the Pareto tail is fitted to: wider than Siffer's 2 %, since many series are young. */
const TAIL_SHARE = 0.1;
/** At least so many values in the tail, up to a quarter of all. */
const TAIL_VALUES = 6;
/** Shape that is believed before the data speak: rather heavy. It counts as much as one value. Never lighter than exponential: an end of the tail is not to be known from so few. */
const SHAPE = 0.25;
const LEAST_SHAPE = 0;
const MOST_SHAPE = 0.5;
/** How much a place may hold: 4 n q (1 - q) / this, Dunning's scale function k2. */
const COMPRESSION = 14;
/** Nothing is called rarer than this. */
const RAREST = 1e-12;

/** Places in one tail, after its values. */
const WEIGHTS = PLACES;
const UNSORTED = 2 * PLACES;
const USED = UNSORTED + WAITING;
const WAITS = USED + 1;
const TOTAL = USED + 2;
/** Threshold, scale, share and shape of the fitted tail, above and below. */
const ABOVE = USED + 3;
const BELOW = USED + 7;

const mergedValues = new Float64Array(PLACES + WAITING);
const mergedWeights = new Float64Array(PLACES + WAITING);

/** Learns a value of statistic `index`. `memory` is how many values it takes for one to fade to 1/e. */
export function learn(tails: Float32Array, index: number, value: number, memory: number): void {
  const base = index * TAIL;
  const waits = tails[base + WAITS]!;
  tails[base + UNSORTED + waits] = value;
  tails[base + WAITS] = waits + 1;
  if (waits + 1 === WAITING) merge(tails, base, Math.exp(-WAITING / memory));
}

/** P(X >= x) for side 1, P(X <= x) for side -1, in the past of statistic `index`. From `RAREST` to 1. */
export function tailOf(tails: Float32Array, index: number, exact: number, side: 1 | -1): number {
  // As wide as what is kept, or a constant would differ from itself.
  const value = Math.fround(exact);
  const base = index * TAIL;
  const used = tails[base + USED]!;
  const total = tails[base + TOTAL]!;
  if (total === 0) return 1;
  const fit = base + (side > 0 ? ABOVE : BELOW);
  const beyond = value * side - tails[fit]!;
  if (beyond > 0) {
    const scale = tails[fit + 1]!;
    // All of the tail is one value, and this one lies beyond: never seen in so many.
    if (scale <= 0) return Math.max(RAREST, 0.5 / (total + 1));
    const shape = tails[fit + 3]!;
    const z = beyond / scale;
    const rest = shape < 1e-3 ? Math.exp(-z) : (1 + shape * z) ** (-1 / shape);
    return Math.max(RAREST, tails[fit + 2]! * rest);
  }
  // In the middle: the share of the places beyond, and a part of the two it lies between.
  const first = side > 0 ? base + used - 1 : base;
  let held = 0;
  for (let i = 0, at = first; i < used; i++, at -= side) {
    const place = tails[at]!;
    const weight = tails[at + WEIGHTS]!;
    if ((place - value) * side < 0) {
      if (i === 0) return Math.max(RAREST, (0.5 * weight) / total);
      const outer = tails[at + side]!;
      const outerWeight = tails[at + side + WEIGHTS]!;
      const part = (outer - value) / (outer - place);
      return Math.max(RAREST, (held - outerWeight / 2 + (part * (outerWeight + weight)) / 2) / total);
    }
    held += weight;
  }
  return 1;
}

/** The value below which a share `q` of the past lies. */
export function quantileOf(tails: Float32Array, index: number, q: number): number {
  const base = index * TAIL;
  const used = tails[base + USED]!;
  const wanted = q * tails[base + TOTAL]!;
  let [held, before] = [0, 0];
  for (let at = base; at < base + used; at++) {
    const middle = held + tails[at + WEIGHTS]! / 2;
    if (middle >= wanted) {
      if (at === base) return tails[at]!;
      const part = (wanted - before) / (middle - before);
      return tails[at - 1]! + part * (tails[at]! - tails[at - 1]!);
    }
    before = middle;
    held += tails[at + WEIGHTS]!;
  }
  return used === 0 ? 0 : tails[base + used - 1]!;
}

function merge(tails: Float32Array, base: number, fading: number): void {
  const used = tails[base + USED]!;
  const waits = tails[base + WAITS]!;
  sortWaiting(tails, base + UNSORTED, waits);
  let [old, fresh, count, total] = [0, 0, 0, 0];
  while (old < used || fresh < waits) {
    const isOld = fresh >= waits || (old < used && tails[base + old]! <= tails[base + UNSORTED + fresh]!);
    const weight = isOld ? tails[base + WEIGHTS + old]! * fading : 1;
    mergedValues[count] = isOld ? tails[base + old]! : tails[base + UNSORTED + fresh]!;
    if (isOld) old++;
    else fresh++;
    mergedWeights[count] = weight;
    total += weight;
    count++;
  }
  let compression = COMPRESSION;
  let kept = compress(tails, base, count, total, count <= PLACES ? Number.POSITIVE_INFINITY : compression);
  while (kept > PLACES) {
    compression *= 0.8;
    kept = compress(tails, base, count, total, compression);
  }
  tails[base + USED] = kept;
  tails[base + WAITS] = 0;
  tails[base + TOTAL] = total;
  if (kept === 0) return;
  fitTail(tails, base, kept, total, 1);
  fitTail(tails, base, kept, total, -1);
}

/** Eight at most: insertion sort is the fastest. */
function sortWaiting(tails: Float32Array, start: number, count: number): void {
  for (let i = start + 1; i < start + count; i++) {
    const value = tails[i]!;
    let j = i - 1;
    while (j >= start && tails[j]! > value) {
      tails[j + 1] = tails[j]!;
      j--;
    }
    tails[j + 1] = value;
  }
}

/** Joins neighbours as far as the scale function lets them. Returns how many places it takes; writes the first `PLACES`. */
function compress(tails: Float32Array, base: number, count: number, total: number, compression: number): number {
  if (count === 0) return 0;
  let [kept, done] = [0, 0];
  let value = mergedValues[0]!;
  let weight = mergedWeights[0]!;
  for (let i = 1; i <= count; i++) {
    const next = i < count ? mergedWeights[i]! : 0;
    const q = (done + (weight + next) / 2) / total;
    if (i < count && weight + next <= Math.max(1, (4 * total * q * (1 - q)) / compression)) {
      weight += next;
      value += ((mergedValues[i]! - value) * next) / weight;
      continue;
    }
    if (kept < PLACES) {
      tails[base + kept] = value;
      tails[base + WEIGHTS + kept] = weight;
    }
    kept++;
    done += weight;
    if (i < count) {
      value = mergedValues[i]!;
      weight = next;
    }
  }
  return kept;
}

/** The generalised Pareto tail beyond the `TAIL_SHARE`, by the moments of what lies beyond. */
function fitTail(tails: Float32Array, base: number, used: number, total: number, side: 1 | -1): void {
  const share = Math.max(TAIL_SHARE, Math.min(0.25, TAIL_VALUES / total));
  const place = (i: number) => base + (side > 0 ? used - 1 - i : i);
  let [beyond, at] = [0, 0];
  while (at < used - 1 && beyond + tails[place(at) + WEIGHTS]! < share * total) {
    beyond += tails[place(at) + WEIGHTS]!;
    at++;
  }
  const threshold = tails[place(at)]! * side;
  let [mean, square] = [0, 0];
  for (let i = 0; i < at; i++) {
    const excess = tails[place(i)]! * side - threshold;
    mean += tails[place(i) + WEIGHTS]! * excess;
    square += tails[place(i) + WEIGHTS]! * excess * excess;
  }
  const out = base + (side > 0 ? ABOVE : BELOW);
  tails[out] = threshold;
  tails[out + 2] = (beyond + tails[place(at) + WEIGHTS]! / 2) / total;
  if (beyond <= 0 || mean <= 0) {
    tails[out + 1] = 0;
    tails[out + 3] = SHAPE;
    return;
  }
  mean /= beyond;
  const variance = square / beyond - mean * mean;
  const byMoments = variance > 0 ? 0.5 * (1 - (mean * mean) / variance) : SHAPE;
  const shape = Math.min(MOST_SHAPE, Math.max(LEAST_SHAPE, (byMoments * beyond + SHAPE) / (beyond + 1)));
  tails[out + 1] = mean * (1 - shape);
  tails[out + 3] = shape;
}
