import { type ForecastOptions, forecast } from "./forecast.ts";
import type { History } from "./history.ts";

/** A series that has left the course that its past told. */
export type Departure = {
  /** Unix seconds of the first value outside. */
  readonly since: number;
  /** What was told for the last value (95 % band), and what came. */
  readonly low: number;
  readonly high: number;
  readonly actual: number;
};

/**
 * Whether the last `steps` values have left the 95 % band of a forecast that was made before them: the last one and at least half of them are
 * outside, on one side. Then an incident is under way that the past knows nothing of, and its own short trend tells more than any
 * forecast. Undefined when they stayed, or when there is too little past to say.
 */
export function departureOf(
  history: History,
  steps: number,
  options: Omit<ForecastOptions, "horizon"> = {},
): Departure | undefined {
  const n = history.values.length;
  if (n <= steps) return undefined;
  const told = forecast({ ...history, values: history.values.subarray(0, n - steps) }, { ...options, horizon: steps });
  if (told.kind === "cannot") return undefined;
  const side = (k: number): number => {
    const value = history.values[n - steps + k]!;
    const room = 1e-9 * Math.abs(value);
    return value > told.hi95[k]! + room ? 1 : value < told.lo95[k]! - room ? -1 : 0;
  };
  const last = side(steps - 1);
  const outside = Array.from({ length: steps }, (_, k) => k).filter((k) => side(k) === last);
  if (last === 0 || outside.length < steps / 2) return undefined;
  return {
    since: told.start + outside[0]! * told.step,
    low: told.lo95[steps - 1]!,
    high: told.hi95[steps - 1]!,
    actual: history.values[n - 1]!,
  };
}
