import { type Scale, sayIn } from "../core/plot.ts";

/** A vertical axis: its ends are ticks, lowest first. No two ticks read the same. */
export type ValueAxis = Scale & { readonly ticks: readonly { readonly value: number; readonly text: string }[] };

const MOST_TICKS = 6;

/**
 * Round numbers from at or below the scale's low to at or above its high, four to six as a rule. "Loose" labels as in
 * Heckbert, "Nice Numbers for Graph Labels", Graphics Gems (1990), with steps that are round in the unit: powers of 1024
 * for bytes, minutes and hours for times. `whole`: only whole numbers were measured.
 */
export function valueAxis(scale: Scale, unit: string, whole = false): ValueAxis {
  let { low, high } = scale;
  // What differs by less than the digits we write would repeat a label: then less of the picture is used.
  for (let attempt = 0; ; attempt++) {
    const axis = looseAxis({ low, high }, unit, whole);
    const isClear = new Set(axis.ticks.map(({ text }) => text)).size === axis.ticks.length;
    if (isClear || attempt === 60) return axis;
    const more = (high - low) / 4;
    [low, high] = [scale.low >= 0 ? Math.max(0, low - more) : low - more, high + more];
  }
}

function looseAxis({ low, high }: Scale, unit: string, whole: boolean): ValueAxis {
  const step = stepFor({ low, high }, unit, whole);
  const first = floor(low / step);
  const last = Math.max(first + 1, -floor(-high / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => {
    const value = Number(((first + i) * step).toPrecision(12));
    return { value, text: sayIn(unit, value) };
  });
  return { low: ticks[0]!.value, high: ticks.at(-1)!.value, ticks };
}

/** Down to a whole number; a hair below one is that number. */
function floor(n: number): number {
  const near = Math.round(n);
  return Math.abs(n - near) < 1e-6 ? near : Math.floor(n);
}

function stepFor({ low, high }: Scale, unit: string, whole: boolean): number {
  const least = (high - low) / (MOST_TICKS - 1);
  for (const step of stepsFrom(least / 3, unit)) {
    if (whole && step % 1 !== 0) continue;
    if (-floor(-high / step) - floor(low / step) < MOST_TICKS) return step;
  }
  return high - low;
}

// biome-ignore format: seconds, minutes, hours, days
const TIMES = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000];
const DAY = 86_400;

/** Round steps in the unit from `least` on, ascending; enough of them for four to six ticks. */
function* stepsFrom(least: number, unit: string): Generator<number> {
  if (unit === "bool") return yield 1;
  if (unit === "bytes" && least >= 1) return yield* decades(least, 1024, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  const inSeconds = unit === "seconds" ? 1 : unit === "milliseconds" ? 1000 : 0;
  if (inSeconds === 0 || least < 5 * inSeconds) {
    yield* decades(least, 10, unit === "ratio" ? [1, 2, 2.5, 5] : [1, 2, 5]);
    return;
  }
  for (const time of [10, 15, 20, 30, ...TIMES]) yield time * inSeconds;
  for (const days of decades(10, 10, [2, 5, 10])) yield days * DAY * inSeconds;
}

function* decades(least: number, base: number, steps: readonly number[]): Generator<number> {
  const first = Math.floor(Math.log(least) / Math.log(base)) - 1;
  for (let power = first; power < first + 6; power++) for (const step of steps) yield step * base ** power;
}
