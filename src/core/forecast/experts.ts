/**
 * Simple forecasters with one shape each. None is right for every series; which are right for this one is found by letting
 * all of them forecast its past (`rolling.ts`). Each writes `out.length` steps after the first `n` values of `y`; the values
 * have no gaps. `period` is the number of steps in a day (or in whatever repeats), 1 when nothing does.
 */

export type Expert = {
  /** As it is named to people. */
  readonly name: string;
  /** Periods of history it needs before it says anything. */
  readonly periods: number;
  /** What stands in for it in trials that have less, by name. */
  readonly simpler?: string;
  readonly forecast: (y: Float64Array, n: number, period: number, out: Float64Array) => void;
};

/** The value of one period ago: the yardstick ("seasonal naive"). */
export const yesterday: Expert = {
  name: "the day before",
  periods: 1,
  forecast(y, n, period, out) {
    for (let k = 0; k < out.length; k++) out[k] = y[n - period + (k % period)]!;
  },
};

/** The level of the last few steps, kept: what is best for a quantity without memory of the clock. */
const lastLevel: Expert = {
  name: "the last level",
  periods: 0.25,
  forecast(y, n, period, out) {
    out.fill(medianOf(y, Math.max(0, n - Math.max(3, Math.round(period / 8))), n));
  },
};

/** The last value itself: for quantities that only move on, such as a disk's. */
const lastValue: Expert = {
  name: "the last value",
  periods: 0.1,
  forecast(y, n, _period, out) {
    out.fill(y[n - 1]!);
  },
};

/** The median of a week, whatever the hour: for spikes that do not announce themselves. */
const weekMedian: Expert = {
  name: "the median of the week",
  periods: 2,
  forecast(y, n, period, out) {
    out.fill(medianOf(y, Math.max(0, n - 7 * period), n));
  },
};

/** The median of the same hour over the last seven days. */
const dayProfile: Expert = {
  name: "the hour's median of seven days",
  periods: 3,
  forecast(y, n, period, out) {
    sameHour(y, n, period, 7, out);
  },
};

/** The shape of the last five days on the level of now, which gives way to the usual level within hours. */
const dayShape: Expert = {
  name: "the day's shape from the present level",
  periods: 3,
  forecast(y, n, period, out) {
    sameHour(y, n, period, 5, out);
    fade(out, recentDeviation(y, n, period, 5, period), period / 4);
  },
};

/** The shape of the last five days, each freed of its own level, on the level of the last day. */
const shiftedDay: Expert = {
  name: "the day's shape on the last day's level",
  periods: 3,
  forecast(y, n, period, out) {
    const days = Math.min(5, Math.floor(n / period));
    const levels = new Float64Array(days);
    for (let d = 0; d < days; d++) levels[d] = meanOf(y, n - (d + 1) * period, n - d * period);
    const picked = new Float64Array(days);
    for (let k = 0; k < Math.min(period, out.length); k++) {
      for (let d = 0; d < days; d++) picked[d] = y[n - (d + 1) * period + k]! - levels[d]!;
      out[k] = levels[0]! + medianIn(picked, days);
    }
    for (let k = period; k < out.length; k++) out[k] = out[k - period]!;
  },
};

/** The median of the same hour and weekday over up to four weeks. */
const weekProfile: Expert = {
  name: "the hour's median of that weekday",
  simpler: "the hour's median of seven days",
  periods: 8,
  forecast(y, n, period, out) {
    sameHour(y, n, 7 * period, 4, out);
  },
};

/** The same, on the level of now, which gives way to the usual one within half a day. */
const weekShape: Expert = {
  name: "the weekday's shape from the present level",
  simpler: "the hour's median of that weekday",
  periods: 15,
  forecast(y, n, period, out) {
    sameHour(y, n, 7 * period, 4, out);
    fade(out, recentDeviation(y, n, 7 * period, 4, period), period / 2);
  },
};

/** The weekday's shape times how much the last day was above or below its own. */
const scaledWeek: Expert = {
  name: "the weekday's shape, scaled to the last day",
  simpler: "the hour's median of that weekday",
  periods: 15,
  forecast(y, n, period, out) {
    sameHour(y, n, 7 * period, 4, out);
    const before = new Float64Array(period);
    sameHour(y, n - period, 7 * period, 4, before);
    const wanted = meanOf(before, 0, period);
    const was = meanOf(y, n - period, n);
    const factor = wanted > 0 && was > 0 ? Math.min(3, Math.max(1 / 3, was / wanted)) : 1;
    for (let k = 0; k < out.length; k++) out[k] = out[k]! * factor;
  },
};

/** The changes that are usual at each hour, added to the last value: what fills with the day's traffic. */
const changes: Expert = {
  name: "the usual change of each hour",
  periods: 3,
  forecast(y, n, period, out) {
    const days = Math.min(7, Math.floor((n - 1) / period));
    const picked = new Float64Array(days);
    let value = y[n - 1]!;
    for (let k = 0; k < out.length; k++) {
      for (let d = 0; d < days; d++) {
        const at = n - (d + 1) * period + (k % period);
        picked[d] = y[at]! - y[at - 1]!;
      }
      value += medianIn(picked, days);
      out[k] = value;
    }
  },
};

/** The changes of the same hour and weekday. */
const weekChanges: Expert = {
  name: "the usual change of each hour and weekday",
  simpler: "the usual change of each hour",
  periods: 15,
  forecast(y, n, period, out) {
    const week = 7 * period;
    const weeks = Math.min(4, Math.floor((n - 1) / week));
    const picked = new Float64Array(weeks);
    let value = y[n - 1]!;
    for (let k = 0; k < out.length; k++) {
      for (let w = 0; w < weeks; w++) {
        const at = n - (w + 1) * week + (k % week);
        picked[w] = y[at]! - y[at - 1]!;
      }
      value += medianIn(picked, weeks);
      out[k] = value;
    }
  },
};

/** The same hour of the day before, moved by the median growth of a day over the last week. */
const grownDay: Expert = {
  name: "the day before with the week's growth",
  periods: 4,
  forecast(y, n, period, out) {
    const pairs = Math.min(7 * period, n - period);
    const growth = new Float64Array(pairs);
    for (let i = 0; i < pairs; i++) growth[i] = y[n - 1 - i]! - y[n - 1 - i - period]!;
    const perDay = medianIn(growth, pairs);
    for (let k = 0; k < out.length; k++) out[k] = y[n - period + (k % period)]! + perDay * (1 + Math.floor(k / period));
  },
};

/** A straight line with the median slope over the last day's pairs of points half a day apart. */
const drift: Expert = {
  name: "a straight line",
  periods: 1.5,
  forecast(y, n, period, out) {
    const span = Math.max(2, Math.round(period / 2));
    const pairs = Math.min(n - span, Math.max(4, period));
    const slopes = new Float64Array(pairs);
    for (let i = 0; i < pairs; i++) slopes[i] = (y[n - 1 - i]! - y[n - 1 - i - span]!) / span;
    const slope = medianIn(slopes, pairs);
    for (let k = 0; k < out.length; k++) out[k] = y[n - 1]! + slope * (k + 1);
  },
};

export const EXPERTS: readonly Expert[] = [
  yesterday,
  lastValue,
  lastLevel,
  weekMedian,
  dayProfile,
  dayShape,
  shiftedDay,
  weekProfile,
  weekShape,
  scaledWeek,
  changes,
  weekChanges,
  grownDay,
  drift,
];

// ---------------------------------------------------------------- helpers

/** The median of the values 1 to `most` seasons before each step, as far as they reach. */
function sameHour(y: Float64Array, n: number, season: number, most: number, out: Float64Array): void {
  const picked = new Float64Array(most);
  const first = Math.min(season, out.length);
  for (let k = 0; k < first; k++) {
    let count = 0;
    for (let back = n + k - season; count < most && back >= 0; back -= season) picked[count++] = y[back]!;
    out[k] = count === 0 ? y[n - 1]! : medianIn(picked, count);
  }
  for (let k = season; k < out.length; k++) out[k] = out[k - season]!;
}

/** How far the last eighth of a day was off what its own past had told. */
function recentDeviation(y: Float64Array, n: number, season: number, most: number, period: number): number {
  const length = Math.max(2, Math.round(period / 8));
  const told = new Float64Array(length);
  sameHour(y, n - length, season, most, told);
  for (let i = 0; i < length; i++) told[i] = y[n - length + i]! - told[i]!;
  return medianIn(told, length);
}

function fade(out: Float64Array, deviation: number, steps: number): void {
  for (let k = 0; k < out.length; k++) out[k] = out[k]! + deviation * Math.exp(-(k + 1) / Math.max(1, steps));
}

function meanOf(y: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += y[i]!;
  return sum / (to - from);
}

function medianOf(y: Float64Array, from: number, to: number): number {
  return medianIn(y.slice(from, to), to - from);
}

/** The median of the first `count` values, which are put into order. */
export function medianIn(values: Float64Array, count: number): number {
  if (count > 24) values.subarray(0, count).sort();
  else
    for (let i = 1; i < count; i++) {
      const value = values[i]!;
      let j = i - 1;
      for (; j >= 0 && values[j]! > value; j--) values[j + 1] = values[j]!;
      values[j + 1] = value;
    }
  const half = count >> 1;
  return count % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2;
}
