import type { Point } from "../series.ts";
import { median } from "../stats.ts";
import type { Forecast } from "./forecast.ts";

/** A forecast as it is kept until what it spoke of has come. */
export type KeptForecast = {
  readonly id: string;
  /** What was forecast, the same for forecasts that may be counted together: a concept's id. */
  readonly about: string;
  /** The source, the query, and which of its series (`seriesKey`). */
  readonly source: string;
  readonly promql: string;
  readonly series: string;
  /** When it was made, unix seconds. */
  readonly at: number;
  readonly start: number;
  readonly step: number;
  readonly mean: readonly number[];
  readonly lo80: readonly number[];
  readonly hi80: readonly number[];
  readonly lo95: readonly number[];
  readonly hi95: readonly number[];
  /** What would have been said without any method: the last value. */
  readonly last: number;
  /** The limit that it reaches and when (unix seconds), where one was asked about. `ask`: the question that forecasts it anew. */
  readonly reaches?: { readonly at: number; readonly what: string; readonly ask: string };
};

/** How a forecast turned out. Shares are 0 to 1. */
export type ForecastScore = {
  /** Steps that were measured. */
  readonly steps: number;
  /** Sum of the absolute misses over the sum of what came, and the same for "it stays as it is". */
  readonly off: number;
  readonly offIfUnchanged: number;
  /** The forecast less what came, over what came: above 0 for too high. */
  readonly bias: number;
  readonly inside80: number;
  readonly inside95: number;
};

/** Steps kept of a long forecast, at most: the score needs no more. */
const MOST_KEPT = 96;

/** What is kept of a forecast: every step of a short one, evenly chosen ones of a long one, six digits. */
export function keptOf(
  forecast: Forecast,
  about: Pick<KeptForecast, "id" | "about" | "source" | "promql" | "series" | "at" | "last" | "reaches">,
): KeptForecast {
  const every = Math.ceil(forecast.mean.length / MOST_KEPT);
  const thin = (line: Float64Array) =>
    [...line].filter((_, k) => k % every === every - 1).map((value) => Number(value.toPrecision(6)));
  return {
    ...about,
    start: forecast.start + (every - 1) * forecast.step,
    step: every * forecast.step,
    mean: thin(forecast.mean),
    lo80: thin(forecast.lo80),
    hi80: thin(forecast.hi80),
    lo95: thin(forecast.lo95),
    hi95: thin(forecast.hi95),
  };
}

/** When the last step of a kept forecast has come, unix seconds. */
export function endOf({ start, step, mean }: KeptForecast): number {
  return start + (mean.length - 1) * step;
}

/**
 * A kept forecast and what came (any points of the same series) to its score. A step counts when something was measured within half
 * a step of it. Undefined when that is so for less than half of the steps: nothing can be said then. "Off" is the weighted absolute percentage
 * error, which zeros do not break (Kolassa and Schütz, Foresight 6 (2007)).
 */
export function scoreOf(kept: KeptForecast, came: readonly Point[]): ForecastScore | undefined {
  const nearest = new Map<number, readonly [distance: number, value: number]>();
  for (const [at, value] of came) {
    const k = Math.round((at - kept.start) / kept.step);
    if (!Number.isFinite(value) || k < 0 || k >= kept.mean.length) continue;
    const distance = Math.abs(at - kept.start - k * kept.step);
    if (distance < (nearest.get(k)?.[0] ?? Number.POSITIVE_INFINITY)) nearest.set(k, [distance, value]);
  }
  if (nearest.size === 0 || nearest.size < kept.mean.length / 2) return undefined;
  let [missed, unchanged, sum, bias, in80, in95] = [0, 0, 0, 0, 0, 0];
  for (const [k, [, value]] of nearest) {
    missed += Math.abs(kept.mean[k]! - value);
    unchanged += Math.abs(kept.last - value);
    bias += kept.mean[k]! - value;
    sum += Math.abs(value);
    if (value >= kept.lo80[k]! && value <= kept.hi80[k]!) in80++;
    if (value >= kept.lo95[k]! && value <= kept.hi95[k]!) in95++;
  }
  const share = (part: number) => (sum > 0 ? part / sum : part === 0 ? 0 : Math.sign(part));
  const steps = nearest.size;
  return {
    steps,
    off: share(missed),
    offIfUnchanged: share(unchanged),
    bias: share(bias),
    inside80: in80 / steps,
    inside95: in95 / steps,
  };
}

/** Scores from which on they say something. */
export const ENOUGH_SCORES = 5;

/** "The last 12 forecasts of this kind were off by 8 %…", once there are enough of them. */
export function sayRecord(scores: readonly ForecastScore[]): string | undefined {
  if (scores.length < ENOUGH_SCORES) return undefined;
  const off = median(scores.map((score) => score.off)) ?? 0;
  const steps = scores.reduce((sum, score) => sum + score.steps, 0);
  const inside = scores.reduce((sum, score) => sum + score.inside95 * score.steps, 0) / steps;
  return `The last ${scores.length} forecasts of this kind were off by ${percent(off)} (median); ${percent(inside)} of what came was inside their 95 % band.`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
