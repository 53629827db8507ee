/**
 * Holt-Winters with a damped additive trend and an additive season: Gardner and McKenzie, "Forecasting trends in time
 * series", Management Science 31 (1985); equations as in Hyndman and Athanasopoulos, "Forecasting: principles and practice",
 * 3rd ed., section 8.3. Made robust as in Gelper, Fried and Croux, "Robust forecasting with exponential and Holt-Winters
 * smoothing", J. Forecasting 29 (2010): a value farther than two scales from what was expected counts as two scales, with a
 * scale that is updated as it goes.
 *
 * The parameters are not fitted. A few fixed settings compete in the rolling validation instead: fitting gains little over
 * sensible constants and costs a hundred passes.
 */
export type Smoothing = {
  readonly name: string;
  readonly level: number;
  readonly trend: number;
  readonly season: number;
  readonly damping: number;
};

export const SMOOTHINGS: readonly Smoothing[] = [
  { name: "Holt-Winters, slow", level: 0.05, trend: 0.005, season: 0.15, damping: 0.98 },
  { name: "Holt-Winters", level: 0.25, trend: 0.02, season: 0.2, damping: 0.95 },
  { name: "Holt-Winters, quick", level: 0.6, trend: 0.05, season: 0.3, damping: 0.9 },
];

const CLIP = 2;
/** Gelper, Fried and Croux use 0.1 for their scale as well. */
const SCALE_WEIGHT = 0.1;

/**
 * One pass over `y[from, to)`, and forecasts from each of the `origins` (ascending, numbers of values seen) into the rows of
 * `out`, `horizon` apart. `from` to the first origin must hold two periods.
 */
export function holtWinters(
  y: Float64Array,
  from: number,
  period: number,
  smoothing: Smoothing,
  origins: readonly number[],
  horizon: number,
  out: Float64Array,
): void {
  const { level: alpha, trend: beta, season: gamma, damping } = smoothing;
  const seasons = new Float64Array(period);
  let level = 0;
  for (let i = 0; i < 2 * period; i++) level += y[from + i]!;
  level /= 2 * period;
  for (let i = 0; i < period; i++) seasons[i] = period === 1 ? 0 : (y[from + i]! + y[from + period + i]!) / 2 - level;
  let scale = 0;
  for (let i = 0; i < 2 * period; i++) scale += Math.abs(y[from + i]! - level - seasons[i % period]!);
  scale = Math.max(1e-12, (1.2533 * scale) / (2 * period));
  let trend = 0;
  let next = 0;
  for (let at = from + period; next < origins.length; at++) {
    while (next < origins.length && origins[next] === at) {
      let sum = 0;
      let power = 1;
      for (let k = 0; k < horizon; k++) {
        power *= damping;
        sum += power;
        out[next * horizon + k] = level + sum * trend + seasons[(at - from + k) % period]!;
      }
      next++;
    }
    if (next >= origins.length) break;
    const slot = (at - from) % period;
    const before = level + damping * trend;
    const expected = before + seasons[slot]!;
    const error = y[at]! - expected;
    const bounded = Math.max(-CLIP * scale, Math.min(CLIP * scale, error));
    const size = Math.min(3 * scale, Math.abs(error));
    scale = Math.max(1e-12, (1 - SCALE_WEIGHT) * scale + SCALE_WEIGHT * 1.2533 * size);
    level = before + alpha * bounded;
    trend = damping * trend + beta * bounded;
    if (period > 1) seasons[slot] = seasons[slot]! + gamma * (1 - alpha) * bounded;
  }
}
