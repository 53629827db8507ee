/** Unix seconds and seconds, as a range query takes them. */
export type Window = { readonly start: number; readonly end: number; readonly step: number };

/**
 * Samples that one reading back may bring: some eight megabytes of JSON. Fewer series are read back further; two hundred, the most of one
 * watch unless told, more than half a day at a point a minute, which the detector wants before it judges.
 */
export const BACKFILL_SAMPLES = 200_000;
/** Prometheus itself gives no more points of one series. */
const MOST_POINTS = 10_900;
/** A catch-up brings no more than this; what is older is a hole. */
const CATCH_UP_SAMPLES = 250_000;

export type PlanInput = {
  /** Unix seconds. */
  readonly now: number;
  readonly stepSeconds: number;
  /** Up to where the series were read; undefined for the first time. */
  readonly readTo: number | undefined;
  /** How far to read back the first time. */
  readonly historySeconds: number;
  /** How many series are expected. */
  readonly series: number;
};

/**
 * What to ask for: the points since the last time, at whole multiples of the step so that the same moment is asked for each time; the first time as
 * far back as history and the number of series allow. Undefined when there is no new point yet.
 */
export function windowFor({ now, stepSeconds, readTo, historySeconds, series }: PlanInput): Window | undefined {
  const step = stepSeconds;
  const end = Math.floor(now / step) * step;
  const samples = readTo === undefined ? BACKFILL_SAMPLES : CATCH_UP_SAMPLES;
  const points = Math.max(2, Math.min(MOST_POINTS, Math.floor(samples / Math.max(1, series))));
  const earliest = end - Math.min((points - 1) * step, Math.max(step, Math.floor(historySeconds / step) * step));
  const start = readTo === undefined ? earliest : Math.max(earliest, Math.floor(readTo / step) * step + step);
  return start > end ? undefined : { start, end, step };
}
