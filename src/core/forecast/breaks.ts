import { medianIn } from "./experts.ts";
import type { History } from "./history.ts";

/** Where a series last changed its level or its growth. */
export type Break = {
  /** Unix seconds. */
  readonly at: number;
  /** "level": it jumped from `before` to `after`. "growth": it grew by `before` a day, and by `after` since. */
  readonly kind: "level" | "growth";
  readonly before: number;
  readonly after: number;
};

/** Blocks of a quarter period that stand on each side of a break at least: a day. */
const LEAST_BLOCKS = 4;
const MOST_PERIODS = 28;
const MOST_BLOCKS = 4 * MOST_PERIODS;
/**
 * Andrews, "Tests for parameter instability and structural change with unknown change point", Econometrica 61 (1993), table I: two
 * parameters, 15 % trimmed, 1 % level.
 */
const CRITICAL = 15.51;
const DAY = 86_400;

/**
 * Finds the last break of the past four weeks: the series without its daily shape, in medians of a quarter period, is better told by two
 * straight lines than by one (Chow, Econometrica 28 (1960), at the unknown point of Andrews 1993). The statistic is made smaller
 * for residuals that follow each other (their number counts as n (1 - r) / (1 + r): Bartlett, J. Royal Statistical Society 98 (1935)),
 * so that a wandering series has no break. Undefined when there is none that matters.
 */
export function lastBreak(history: History, period: number): Break | undefined {
  const blocks = calmBlocks(history.values.subarray(-MOST_PERIODS * period), period);
  const size = Math.max(1, Math.round(period / 4));
  const length = Math.min(MOST_BLOCKS, blocks.length);
  const z = blocks.subarray(blocks.length - length);
  if (length < 3 * LEAST_BLOCKS) return undefined;
  const one = lineThrough(z, 0, length);
  let best: { cut: number; error: number } | undefined;
  for (let cut = LEAST_BLOCKS; cut <= length - LEAST_BLOCKS; cut++) {
    const error = lineThrough(z, 0, cut).error + lineThrough(z, cut, length).error;
    if (best === undefined || error < best.error) best = { cut, error };
  }
  if (best === undefined) return undefined;
  const { cut } = best;
  const [before, after] = [lineThrough(z, 0, cut), lineThrough(z, cut, length)];
  const left = z.map((value, i) => value - (i < cut ? before : after).at(i));
  // Lines that were fitted take some of it away: Marriott and Pope, Biometrika 41 (1954), for the shorter side.
  const found = autocorrelation(left);
  const follow = Math.min(0.98, Math.max(0, found + (1 + 4 * found) / Math.min(cut, length - cut)));
  const independent = (1 - follow) / (1 + follow);
  const spread = Math.sqrt(best.error / Math.max(1, length - 4));
  const wald = ((one.error - best.error) / (best.error / Math.max(1, length - 4) + Number.MIN_VALUE)) * independent;
  const jump = after.at(cut) - before.at(cut);
  const bend = (after.slope - before.slope) * (length - cut);
  if (!(wald > CRITICAL) || Math.max(Math.abs(jump), Math.abs(bend)) < 4 * spread) return undefined;
  if (period > 1 && !differsFromLastWeek(z, cut, before, after, period)) return undefined;
  const at = history.start + (history.values.length - (length - cut) * size) * history.step;
  const perDay = DAY / (size * history.step);
  return Math.abs(jump) >= Math.abs(bend)
    ? { at, kind: "level", before: before.at(cut - 1), after: after.at(cut) }
    : { at, kind: "growth", before: before.slope * perDay, after: after.slope * perDay };
}

/** Medians of a quarter period each, of the series without its usual daily shape, counted back from its end. */
function calmBlocks(values: Float64Array, period: number): Float64Array {
  const days = Math.floor(values.length / period);
  const from = values.length - days * period;
  const shape = new Float64Array(period);
  const picked = new Float64Array(Math.max(days, period));
  if (period > 1) {
    const levels = new Float64Array(days);
    for (let d = 0; d < days; d++) {
      picked.set(values.subarray(from + d * period, from + (d + 1) * period));
      levels[d] = medianIn(picked, period);
    }
    for (let slot = 0; slot < period; slot++) {
      for (let d = 0; d < days; d++) picked[d] = values[from + d * period + slot]! - levels[d]!;
      shape[slot] = medianIn(picked, days);
    }
  }
  const size = Math.max(1, Math.round(period / 4));
  const count = Math.floor((days * period) / size);
  const first = values.length - count * size;
  const blocks = new Float64Array(count);
  const inside = new Float64Array(size);
  for (let b = 0; b < count; b++) {
    for (let i = 0; i < size; i++) {
      const at = first + b * size + i;
      inside[i] = values[at]! - shape[(at - from + period) % period]!;
    }
    blocks[b] = medianIn(inside, size);
  }
  return blocks;
}

type Line = ReturnType<typeof lineThrough>;

/** A weekend is no break: what came after the cut has to differ from the same hours of the week before it, too. */
function differsFromLastWeek(z: Float64Array, cut: number, before: Line, after: Line, period: number): boolean {
  const week = Math.round((7 * period) / Math.max(1, Math.round(period / 4)));
  const [found, wanted]: [number[], number[]] = [[], []];
  for (let i = Math.max(cut, week); i < Math.min(z.length, cut + week); i++) {
    found.push(z[i]! - z[i - week]! - before.slope * week);
    wanted.push(after.at(i) - before.at(i));
  }
  if (found.length === 0) return true;
  const middle = (all: number[]) => medianIn(Float64Array.from(all), all.length);
  return middle(found) / middle(wanted) >= 0.5;
}

function lineThrough(z: Float64Array, from: number, to: number) {
  const n = to - from;
  let [sx, sy, sxx, sxy] = [0, 0, 0, 0];
  for (let i = from; i < to; i++) {
    const x = i - from;
    sx += x;
    sy += z[i]!;
    sxx += x * x;
    sxy += x * z[i]!;
  }
  const slope = n < 2 ? 0 : (n * sxy - sx * sy) / (n * sxx - sx * sx);
  const base = (sy - slope * sx) / n;
  let error = 0;
  for (let i = from; i < to; i++) error += (z[i]! - base - slope * (i - from)) ** 2;
  return { slope, error, at: (i: number) => base + slope * (i - from) };
}

function autocorrelation(values: Float64Array): number {
  let [with1, all] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    all += values[i]! ** 2;
    if (i > 0) with1 += values[i]! * values[i - 1]!;
  }
  return all === 0 ? 0 : with1 / all;
}
