import * as ss from "simple-statistics";
import { MAD_TO_SIGMA } from "../stats.ts";

/**
 * Whether numbers of two stretches of time are still of one kind: of a series' values, or of its scores.
 */
export type Drift = {
  /** How likely a difference this large is when nothing changed: a permutation test. */
  readonly p: number;
  /** Difference of the medians in scaled median deviations of the earlier stretch; infinite when that was constant. */
  readonly shift: number;
  /** Spread of the later stretch against that of the earlier one. 1 where neither has one. */
  readonly widening: number;
  readonly isDrift: boolean;
};

/** More draws than this tell nothing more at the level that matters. */
const PERMUTATIONS = 400;
/** At most so many numbers of each stretch, evenly taken. */
const MOST = 200;
const LEAST = 20;
const SURE = 0.01;
/** Differences smaller than these are no drift, however sure they are. */
const WORTH = { shift: 1, widening: 2 };

/**
 * Compares two stretches. Each is ranked together first, so that single far values do not decide, and neighbours in time are thinned
 * out, since they repeat each other. `random` makes it repeatable. Undefined with fewer than 20 finite numbers on a side.
 */
export function driftOf(before: readonly number[], after: readonly number[], random: () => number): Drift | undefined {
  const [earlier, later] = [thinned(before), thinned(after)];
  if (earlier.length < LEAST || later.length < LEAST) return undefined;
  const [centre, newCentre] = [ss.median(earlier), ss.median(later)];
  const [spread, newSpread] = [ss.medianAbsoluteDeviation(earlier), ss.medianAbsoluteDeviation(later)];
  const moved = newCentre - centre;
  const shift = moved === 0 ? 0 : moved / (MAD_TO_SIGMA * spread);
  const widening = spread === newSpread ? 1 : newSpread / spread;
  const place = test(earlier, later, random);
  // The distances from each centre: a change of width at the same place.
  const width = test(
    earlier.map((value) => Math.abs(value - centre)),
    later.map((value) => Math.abs(value - newCentre)),
    random,
  );
  const isMoved = place < SURE && Math.abs(shift) >= WORTH.shift;
  const isWider = width < SURE && (widening >= WORTH.widening || widening <= 1 / WORTH.widening);
  return { p: Math.min(place, width), shift, widening, isDrift: isMoved || isWider };
}

function test(one: readonly number[], other: readonly number[], random: () => number): number {
  const ranked = ranks([...one, ...other]);
  return ss.permutationTest(ranked.slice(0, one.length), ranked.slice(one.length), "two_side", PERMUTATIONS, random);
}

/** Mean ranks, so that ties do not lean to a side. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((value, i) => [value, i] as const).sort(([a], [b]) => a - b);
  const result = new Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && order[end]?.[0] === order[start]?.[0]) end++;
    for (let i = start; i < end; i++) result[(order[i] as readonly [number, number])[1]] = (start + end - 1) / 2;
    start = end;
  }
  return result;
}

function thinned(values: readonly number[]): readonly number[] {
  const kept = values.filter(Number.isFinite);
  const step = Math.max(1, kept.length / MOST);
  return Array.from({ length: Math.min(MOST, kept.length) }, (_, i) => kept[Math.floor(i * step)] as number);
}
