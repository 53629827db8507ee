import { type Forecast, type ForecastOptions, forecast } from "./forecast.ts";
import type { CannotForecast, History } from "./history.ts";

/** What counts as the end, and from which side it is reached: 100 % of a quota rising, 0 bytes of free space falling. */
export type Limit = { readonly value: number; readonly rising: boolean };

/** When a forecast reaches a limit. Times are unix seconds. */
export type Crossing =
  | { readonly kind: "already" }
  | {
      readonly kind: "crosses";
      /** Where the near edge of the 80 % band, the forecast itself and the far edge cross; undefined beyond the horizon. */
      readonly earliest: number;
      readonly likely: number;
      readonly latest: number | undefined;
    }
  /** The forecast stays clear of it up to `until`, but the 80 % band reaches it. */
  | { readonly kind: "possible"; readonly earliest: number; readonly until: number }
  | { readonly kind: "clear"; readonly until: number };

/**
 * First-passage time of the forecast and of the edges of its 80 % band. For a quantity that only goes one way, that is the
 * exact 80 % band of the time as well, since it is past the limit then exactly if it has passed it; for one that goes to and
 * fro, the passage may be earlier than that, and is not called later.
 * @param now the last measured value, or the value now
 */
export function crossingOf(forecast: Forecast, limit: Limit, now: number): Crossing {
  if (isPast(now, limit)) return { kind: "already" };
  const { mean, lo80, hi80, start, step } = forecast;
  const [near, far] = limit.rising ? [hi80, lo80] : [lo80, hi80];
  const passage = (line: Float64Array) => firstPassage(line, limit, now, start, step);
  const [earliest, likely] = [passage(near), passage(mean)];
  const until = start + (mean.length - 1) * step;
  if (earliest === undefined) return { kind: "clear", until };
  if (likely === undefined) return { kind: "possible", earliest, until };
  return { kind: "crosses", earliest: Math.min(earliest, likely), likely, latest: passage(far) };
}

/**
 * The forecast with the shortest of several horizons (ascending) in which the limit is reached; the longest when it is reached in none. A
 * short horizon was tried more often and on younger trials, so it knows best of a growth that began a few days ago.
 */
export function forecastUntil(
  history: History,
  limit: Limit,
  horizons: readonly number[],
  options: Omit<ForecastOptions, "horizon"> = {},
): Forecast | CannotForecast {
  const now = history.values[history.values.length - 1] ?? Number.NaN;
  let told: Forecast | CannotForecast | undefined;
  for (const horizon of horizons) {
    const longer = forecast(history, { ...options, horizon });
    if (longer.kind === "cannot") return told ?? longer;
    told = longer;
    const { kind } = crossingOf(longer, limit, now);
    if (kind === "already" || kind === "crosses") return longer;
  }
  return told ?? { kind: "cannot", reason: "too far", message: "there is no time ahead" };
}

/** Whether a value is at the limit or beyond it. */
export function isPast(value: number, { value: limit, rising }: Limit): boolean {
  return rising ? value >= limit : value <= limit;
}

/** The moment at which a line that begins at `now`, one step before `start`, reaches the limit: between two steps on a straight line. */
function firstPassage(line: Float64Array, limit: Limit, now: number, start: number, step: number): number | undefined {
  const k = line.findIndex((value) => isPast(value, limit));
  if (k < 0) return undefined;
  const before = k === 0 ? now : line[k - 1]!;
  const share = line[k] === before ? 1 : (limit.value - before) / (line[k]! - before);
  return start + (k - 1 + Math.min(1, Math.max(0, share))) * step;
}

/**
 * The crossing by the trend of the last `steps` values: the median of the slopes between values half of them apart (Theil's
 * "incomplete method", as in `relation.ts`), and its tenth and ninetieth percentile for the band. Within `ahead` seconds.
 */
export function trendCrossing({ start, step, values }: History, steps: number, limit: Limit, ahead: number): Crossing {
  const n = values.length;
  const half = Math.max(1, Math.floor(steps / 2));
  const slopes: number[] = [];
  for (let i = Math.max(half, n - half); i < n; i++) slopes.push((values[i]! - values[i - half]!) / (half * step));
  slopes.sort((a, b) => a - b);
  const now = start + (n - 1) * step;
  const left = limit.value - (values[n - 1] ?? Number.NaN);
  const reached = (share: number): number | undefined => {
    const at = limit.rising ? share : 1 - share;
    const seconds = left / (slopes[Math.round(at * (slopes.length - 1))] ?? 0);
    return seconds > 0 && seconds <= ahead ? now + seconds : undefined;
  };
  const [earliest, likely] = [reached(0.9), reached(0.5)];
  if (earliest === undefined) return { kind: "clear", until: now + ahead };
  if (likely === undefined) return { kind: "possible", earliest, until: now + ahead };
  return { kind: "crosses", earliest, likely, latest: reached(0.1) };
}
