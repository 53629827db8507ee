import { AT, type Memory, PEAKS } from "./memory.ts";

/**
 * From how far out a point is to how often such a thing happens: alerts a day. A series that was as far out again and again
 * makes that usual for itself, so it takes more. The rate is the mean of a Gamma-Poisson model (Gelman et al., "Bayesian Data
 * Analysis", section 2.6): what is known of series in general counts as `PRIOR_DAYS` of watching this one, and what it
 * did itself, in days of its own that fade, counts as what it is.
 */

/** Chosen on the open part of the benchmark kit; results hardly move between 4 and 20. */
const PRIOR_DAYS = 8;
/** In general a series is once in ten days at this surprise or beyond, and a tenth as often for each `PER_DECADE` more. */
const ONCE_IN_TEN_DAYS = 6.5;
const PER_DECADE = 2;
/** Peaks from this surprise on are remembered. */
const REMEMBERED = ONCE_IN_TEN_DAYS - 3;
/** Surprises this close count as alike, by a logistic curve. */
const ALIKE = 0.7;
/** A peak of another day at this time of day, within so many hours, counts twice: what a nightly job does is usual at night. */
const SAME_TIME_HOURS = 1.5;
/** Days after which a peak counts half. */
const HALF_DAYS = 7;
/** Hours after which what a point has to exceed to be news is half, counted from `SILENCE_BASE`. */
const SILENCE_HALF_HOURS = 6;
const SILENCE_BASE = 5;
/** Clearly worse than what was said: by a quarter. */
const WORSE = 1.25;
const FORGOTTEN = 0.02;

const HOUR_MS = 3_600_000;

export type Standing = {
  /** 2 - log10 of the alerts a day that a series has at this level or beyond: 2 is one a day, 3 one in ten days. Not below 0. */
  readonly score: number;
  /** The score that it would have had the first time. */
  readonly first: number;
  /** Like peaks of this series that are not forgotten. */
  readonly times: number;
  /** Whether it is further out than what was there before, some of which fades with every hour. */
  readonly isNews: boolean;
  /** Whether it is clearly worse than the last alert, which fades too. */
  readonly isWorse: boolean;
};

/** Lets time pass: what is remembered fades. `hours` since the last point. */
export function pass({ now, peaks }: Memory, hours: number): void {
  const held = Math.min(24, hours);
  const kept = 2 ** (-held / (24 * HALF_DAYS));
  const fading = 2 ** (-held / SILENCE_HALF_HOURS);
  now[AT.silence] = now[AT.silence]! * fading;
  now[AT.said] = now[AT.said]! * fading;
  now[AT.days] = now[AT.days]! * kept + held / 24;
  for (let i = 1; i < 3 * PEAKS; i += 3) peaks[i] = peaks[i]! * kept;
}

/** How rare `surprise` is at `at` (ms) in this series. Remembers it. */
export function stand(memory: Memory, at: number, surprise: number): Standing {
  const { now, peaks } = memory;
  const level = surprise + SILENCE_BASE;
  const isNews = level > now[AT.silence]!;
  now[AT.silence] = Math.max(now[AT.silence]!, level);
  const general = PRIOR_DAYS * 0.1 * 10 ** ((ONCE_IN_TEN_DAYS - surprise) / PER_DECADE);
  const hour = (at - now[AT.firstMs]!) / HOUR_MS;
  // Most points of most series are nowhere near: nothing to look up.
  const times = surprise > REMEMBERED - 2 ? likePeaks(peaks, surprise, hour) : 0;
  const days = PRIOR_DAYS + now[AT.days]!;
  if (isNews && surprise > REMEMBERED) remember(peaks, surprise, hour);
  // The first time: nothing but what is known of series in general.
  return {
    score: scoreOf((general + times) / days),
    first: scoreOf(general / days),
    times,
    isNews,
    isWorse: level > WORSE * now[AT.said]!,
  };
}

/** Remembers that this was said. */
export function say({ now }: Memory, at: number, surprise: number): void {
  now[AT.alertMs] = at;
  now[AT.said] = surprise + SILENCE_BASE;
}

function scoreOf(alertsADay: number): number {
  return Math.max(0, 2 - Math.log10(alertsADay));
}

function likePeaks(peaks: Float32Array, surprise: number, hour: number): number {
  let times = 0;
  for (let i = 0; i < 3 * PEAKS; i += 3) {
    const weight = peaks[i + 1]!;
    if (weight < FORGOTTEN) continue;
    const apart = Math.abs(hour - peaks[i + 2]!) % 24;
    const isSameTime = Math.min(apart, 24 - apart) < SAME_TIME_HOURS;
    times += ((isSameTime ? 2 : 1) * weight) / (1 + Math.exp((surprise - peaks[i]!) / ALIKE));
  }
  return times;
}

/** Into the newest peak while that is a few hours old, else in place of the one that counts least. */
function remember(peaks: Float32Array, surprise: number, hour: number): void {
  let [newest, least] = [0, 0];
  for (let i = 0; i < 3 * PEAKS; i += 3) {
    if (peaks[i + 1]! > 0 && peaks[i + 2]! > peaks[newest + 2]!) newest = i;
    if (peaks[i + 1]! < peaks[least + 1]!) least = i;
  }
  const isSame = peaks[newest + 1]! > 0 && hour - peaks[newest + 2]! < SILENCE_HALF_HOURS;
  const place = isSame ? newest : least;
  peaks[place] = isSame ? Math.max(peaks[place]!, surprise) : surprise;
  peaks[place + 1] = 1;
  // When it began: what goes on for long is another peak after a while.
  if (!isSame) peaks[place + 2] = hour;
}
