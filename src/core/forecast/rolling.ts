import { EXPERTS, type Expert, yesterday } from "./experts.ts";
import { holtWinters, SMOOTHINGS } from "./holt-winters.ts";

/** Past days on which every method is tried. Older ones tell little about the next. */
const MOST_ORIGINS = 28;
/** What Holt-Winters runs over, in periods. */
const MOST_PERIODS = 42;

/** What every method forecast from the end (`ahead`) and from each of the past origins (`past`), which came true as `came`. */
export type Trials = {
  readonly names: readonly string[];
  readonly horizon: number;
  /** Newest first: number of values seen before each. */
  readonly origins: readonly number[];
  /** Method by method. */
  readonly ahead: readonly Float64Array[];
  /** Method by method: rows of `horizon` values, one for each origin. */
  readonly past: readonly Float64Array[];
  readonly came: Float64Array;
};

/** Values that must have been seen before a trial, at least. */
export function leastSeen(period: number): number {
  return Math.max(4, 2 * period);
}

/**
 * Rolling-origin evaluation (Tashman, "Out-of-sample tests of forecasting accuracy", Int. J. Forecasting 16 (2000)): every
 * method forecasts the last four weeks as if it stood there, a period apart, so at the same time of day as now.
 */
export function trials(y: Float64Array, period: number, horizon: number): Trials {
  const n = y.length;
  const least = leastSeen(period);
  const origins: number[] = [];
  for (let at = n - Math.ceil(horizon / period) * period; origins.length < MOST_ORIGINS && at >= least; at -= period)
    origins.push(at);
  const came = new Float64Array(origins.length * horizon);
  for (const [j, at] of origins.entries()) came.set(y.subarray(at, at + horizon), j * horizon);
  const names: string[] = [];
  const ahead: Float64Array[] = [];
  const past: Float64Array[] = [];
  for (const expert of EXPERTS) {
    if (expert.periods * period > n) continue;
    names.push(expert.name);
    const last = new Float64Array(horizon);
    expert.forecast(y, n, period, last);
    ahead.push(last);
    const all = new Float64Array(came.length);
    for (const [j, at] of origins.entries())
      standIn(expert, at / period).forecast(y, at, period, all.subarray(j * horizon, (j + 1) * horizon));
    past.push(all);
  }
  smooth(y, period, horizon, origins, { names, ahead, past });
  return { names, horizon, origins, ahead, past, came };
}

/** Where a method had too little history, the next simpler one of its kind stands in. */
function standIn(expert: Expert, periods: number): Expert {
  if (periods >= expert.periods) return expert;
  const simpler = EXPERTS.find(({ name }) => name === expert.simpler);
  return simpler === undefined ? yesterday : standIn(simpler, periods);
}

function smooth(
  y: Float64Array,
  period: number,
  horizon: number,
  origins: readonly number[],
  into: { readonly names: string[]; readonly ahead: Float64Array[]; readonly past: Float64Array[] },
): void {
  const from = Math.max(0, y.length - MOST_PERIODS * period);
  const runs = [...origins, y.length].filter((at) => at - from >= 2 * period).sort((a, b) => a - b);
  for (const smoothing of SMOOTHINGS) {
    const rows = new Float64Array(runs.length * horizon);
    holtWinters(y, from, period, smoothing, runs, horizon, rows);
    const rowAt = (at: number) => rows.subarray(runs.indexOf(at) * horizon, (runs.indexOf(at) + 1) * horizon);
    const all = new Float64Array(origins.length * horizon);
    for (const [j, at] of origins.entries()) {
      if (runs.includes(at)) all.set(rowAt(at), j * horizon);
      else yesterday.forecast(y, at, period, all.subarray(j * horizon, (j + 1) * horizon));
    }
    into.names.push(smoothing.name);
    into.ahead.push(rowAt(y.length).slice());
    into.past.push(all);
  }
}
