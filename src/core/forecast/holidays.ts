import type { Bands } from "./conformal.ts";
import { medianIn } from "./experts.ts";
import type { History } from "./history.ts";

/** Days that are not like others are data, not code: whoever forecasts names them. */

type Spans = readonly (readonly [from: number, to: number])[];

const DAY = 86_400;
/** 1970-01-04, the first Sunday. */
const A_SUNDAY = 3 * DAY;
const WEEKS = 4;

function isWithin(at: number, spans: Spans): boolean {
  return spans.some(([from, to]) => at >= from && at < to);
}

/** The history as it would have been without its holidays: each of their values is the median of that hour a week or more apart. */
export function withoutHolidays(history: History, period: number, holidays: Spans): History {
  const { values, start, step } = history;
  const week = weekOf(period, step);
  const usual = values.slice();
  const picked = new Float64Array(2 * WEEKS);
  for (let i = 0; i < values.length; i++) {
    if (!isWithin(start + i * step, holidays)) continue;
    let count = 0;
    for (let w = 1; w <= WEEKS; w++)
      for (const at of [i - w * week, i + w * week])
        if (at >= 0 && at < values.length && !isWithin(start + at * step, holidays)) picked[count++] = values[at]!;
    if (count > 0) usual[i] = medianIn(picked, count);
  }
  return { ...history, values: usual };
}

/**
 * Steps within a holiday as on Sundays and on holidays before them: the median of their hour. Nobody knows how like a Sunday it will be,
 * so the bands hold both that and an ordinary day.
 */
export function asOnSundays<T extends Bands & { readonly mean: Float64Array }>(
  forecast: T,
  history: History,
  holidays: Spans,
): T {
  const { values, start, step } = history;
  const told = {
    ...forecast,
    mean: forecast.mean.slice(),
    lo80: forecast.lo80.slice(),
    hi80: forecast.hi80.slice(),
    lo95: forecast.lo95.slice(),
    hi95: forecast.hi95.slice(),
  };
  const perDay = Math.max(1, Math.round(DAY / step));
  for (let k = 0; k < told.mean.length; k++) {
    const at = start + (values.length + k) * step;
    if (!isWithin(at, holidays)) continue;
    const found: number[] = [];
    for (let back = values.length + k - perDay; back >= 0 && found.length < WEEKS; back -= perDay) {
      const then = start + back * step;
      if (back < values.length && (isSunday(then) || isWithin(then, holidays))) found.push(values[back]!);
    }
    if (found.length === 0) continue;
    const shift = medianIn(Float64Array.from(found), found.length) - told.mean[k]!;
    told.mean[k] = told.mean[k]! + shift;
    for (const low of [told.lo80, told.lo95]) low[k] = Math.min(low[k]!, low[k]! + shift);
    for (const high of [told.hi80, told.hi95]) high[k] = Math.max(high[k]!, high[k]! + shift);
  }
  return told;

  function isSunday(time: number): boolean {
    return Math.floor((time - A_SUNDAY) / DAY) % 7 === 0;
  }
}

function weekOf(period: number, step: number): number {
  return step >= DAY ? 7 : 7 * period;
}
