import type { Point } from "../series.ts";

/** Measurements on an even grid without holes, ready to be forecast. */
export type History = {
  /** Unix seconds of the first value. */
  readonly start: number;
  /** Seconds between values. */
  readonly step: number;
  readonly values: Float64Array;
  /** How many values were not measured and stand in for holes. */
  readonly filled: number;
};

/** Why nothing can be forecast. `message` ends a sentence that says what for. */
export type CannotForecast = {
  readonly kind: "cannot";
  readonly reason: "empty" | "too short" | "too many gaps" | "too fine" | "too far";
  readonly message: string;
};

/** More values than that are no history for a forecast but a mistake of the step. */
const MOST_VALUES = 200_000;
/** Above this share of holes, what is forecast is our own filling. */
const MOST_HOLES = 0.4;

export function cannot(reason: CannotForecast["reason"], message: string): CannotForecast {
  return { kind: "cannot", reason, message };
}

/**
 * Puts points onto an even grid. Points may repeat, miss, come in any order and be no number: several in one place are
 * averaged, a hole of up to three steps is a straight line, a longer one is filled with the same hour of the day before, or else of
 * the day after. `stepSeconds` is taken from the median distance when it is left out.
 */
export function historyOf(points: readonly Point[], stepSeconds?: number): History | CannotForecast {
  const kept = points.filter(([at, value]) => Number.isFinite(at) && Number.isFinite(value)).sort(([a], [b]) => a - b);
  const [first, last] = [kept[0], kept.at(-1)];
  if (first === undefined || last === undefined) return cannot("empty", "nothing was measured");
  const step = stepSeconds ?? usualStep(kept);
  if (step === undefined) return cannot("too short", "there is a single measurement");
  const length = Math.round((last[0] - first[0]) / step) + 1;
  if (length > MOST_VALUES)
    return cannot("too fine", `${length} steps of ${step} s are more than the ${MOST_VALUES} that are looked at`);
  const values = new Float64Array(length);
  const counts = new Uint32Array(length);
  for (const [at, value] of kept) {
    const i = Math.round((at - first[0]) / step);
    values[i] = values[i]! + value;
    counts[i] = counts[i]! + 1;
  }
  const holes: number[] = [];
  for (let i = 0; i < length; i++)
    if (counts[i] === 0) holes.push(i);
    else values[i] = values[i]! / counts[i]!;
  if (holes.length > MOST_HOLES * length)
    return cannot(
      "too many gaps",
      `${Math.round((100 * holes.length) / length)} % of its past was not measured, at one value every ${step} s`,
    );
  fill(values, counts, Math.max(1, Math.round(86_400 / step)));
  return { start: first[0], step, values, filled: holes.length };
}

function usualStep(points: readonly Point[]): number | undefined {
  const steps = points
    .slice(1)
    .map(([at], i) => at - points[i]![0])
    .filter((seconds) => seconds > 0)
    .sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)];
}

/** Steps of a hole up to which a straight line is believed. */
const SHORT = 3;

function fill(values: Float64Array, counts: Uint32Array, day: number): void {
  for (let i = 0; i < values.length; i++) {
    if (counts[i] !== 0) continue;
    let end = i;
    while (counts[end] === 0) end++;
    const [before, after] = [values[i - 1]!, values[end]!];
    for (let k = i; k < end; k++) {
      const share = (k - i + 1) / (end - i + 1);
      const line = before + share * (after - before);
      // What is before this hole is known or filled by now.
      const other = k - day >= 0 ? values[k - day]! : counts[k + day] ? values[k + day]! : line;
      values[k] = end - i <= SHORT ? line : other;
    }
    i = end;
  }
}
