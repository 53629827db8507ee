import { AT, type Memory, WEEK_HOURS } from "./memory.ts";
import { predict } from "./predictor.ts";

/**
 * Fourteen streaming statistics of a series, in six groups that a message can name. Each answers in its own way "how far is this
 * from what was": against all of the past, the last hours, the hour of the week, and a prediction. How rare an answer is, is
 * not judged here (see `tails.ts`), so their scales do not matter.
 */
export const GROUPS = [
  // The value, its short mean, its mean over six hours.
  { name: "level", statistics: [0, 1, 2] },
  // Against the mean of the last hour; the short mean against that of six hours.
  { name: "change", statistics: [3, 4] },
  // Against the usual at this hour of the week: now, and over an hour.
  { name: "season", statistics: [5, 6] },
  // Logarithms: steps of the last hour against those of a week; spread of the short mean against that of a day.
  { name: "variability", statistics: [7, 8] },
  // In standard deviations: from the last 24 hours, from the last hour, from a prediction.
  { name: "local", statistics: [9, 10, 11] },
  // Small deviations from the season that go on and on: over half a day, over a day.
  { name: "shape", statistics: [12, 13] },
] as const;

export type GroupName = (typeof GROUPS)[number]["name"];

const HOUR = 3600;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** Points before outliers are cut down: until then nobody knows what is one. */
const SETTLED = 60;
/** What enters a running mean is at most so many standard deviations from it, so that the way back from a spike is no change. */
const CLIP = 4;
/** Squares that enter a variance: five standard deviations at most. */
const CLIP_SQUARE = 25;
/** Share that the newest week has in the weekly profile. */
const NEW_WEEK = 0.3;
const MOST_SEASON = 8;
/** Beyond this a number says nothing but "huge", and squares would not fit. */
export const LARGEST = 1e30;
/** After so many weeks the season counts for half of what it will. */
const DOUBTFUL_WEEKS = 3;

/** How much of a running mean one point replaces, for each memory, at this distance of points. */
export type Pace = {
  readonly seconds: number;
  /** Short (three points, at least half an hour), hour (six points), six hours, half a day, day, week. */
  readonly shares: readonly [number, number, number, number, number, number];
};

/** `stepSeconds`: the usual distance of points; `seconds`: that of these two. */
export function paceOf(stepSeconds: number, seconds: number): Pace {
  const share = (memory: number) => 1 - Math.exp(-seconds / memory);
  return {
    seconds,
    shares: [
      share(Math.max(3 * stepSeconds, HOUR / 2)),
      share(Math.max(6 * stepSeconds, HOUR)),
      share(Math.max(6 * stepSeconds, 6 * HOUR)),
      share(Math.max(12 * stepSeconds, DAY / 2)),
      share(Math.max(24 * stepSeconds, DAY)),
      share(Math.max(24 * stepSeconds, WEEK)),
    ],
  };
}

const shares = new Float64Array(6);

/** Takes in one point and writes the fourteen statistics to `out`. Returns what was usual at this hour, less the origin. */
export function takeIn(memory: Memory, at: number, exact: number, stepSeconds: number, pace: Pace, out: Float64Array) {
  const { now } = memory;
  const value = exact - now[AT.origin]!;
  const isFirst = now[AT.seen] === 0;
  const isSettled = now[AT.seen]! >= SETTLED;
  for (let i = 0; i < 6; i++) {
    const share = pace.shares[i]!;
    const filled = Math.min(1, now[AT.filled + i]! * (1 - share) + share);
    now[AT.filled + i] = filled;
    shares[i] = isFirst ? 1 : share / filled;
  }
  const [short, hour, sixHours, halfDay, day, week] = shares as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (isFirst) startAt(now, value);

  const previous = now[AT.previous]!;
  const dayMean = now[AT.day]!;
  const daySpread = Math.sqrt(now[AT.dayVariance]!);
  const change = value - now[AT.hour]!;
  const usual = usualAt(memory.week, at, dayMean);
  const off = value - usual;

  const reach = isSettled ? CLIP * Math.sqrt(now[AT.changeVariance]!) : 0;
  const shortMean = follow(now, AT.short, value, short);
  const hourMean = follow(now, AT.hour, near(value, now[AT.hour]!, reach), hour);
  const sixMean = follow(now, AT.sixHours, value, sixHours);
  const steadySix = follow(now, AT.steadySixHours, near(value, now[AT.steadySixHours]!, reach), sixHours);
  const cut = near(value, dayMean, isSettled ? CLIP * daySpread : 0);
  follow(now, AT.day, cut, day);
  const dayVariance = now[AT.dayVariance]!;
  follow(now, AT.dayVariance, (cut - dayMean) ** 2, day);
  const step = Math.abs(value - previous);
  const stepsShort = follow(now, AT.stepsShort, step, hour);
  const stepsLong = follow(now, AT.stepsLong, step, week);
  const nearVariance = follow(now, AT.nearVariance, (value - hourMean) ** 2, short);
  const changeVariance = now[AT.changeVariance]!;
  follow(now, AT.changeVariance, cutSquare(change, changeVariance, isSettled), day);

  const scale = now[AT.seasonScale]!;
  const seasonScale = follow(
    now,
    AT.seasonScale,
    Math.min(Math.abs(off), isSettled && scale > 0 ? 6 * scale : Number.POSITIVE_INFINITY),
    week,
  );
  const season = off / (seasonScale + 1e-12);
  const mild = Math.max(-MOST_SEASON, Math.min(MOST_SEASON, season));
  const small = 1e-9 + 1e-6 * Math.abs(now[AT.day]!);

  out[0] = value;
  out[1] = shortMean;
  out[2] = sixMean;
  out[3] = change;
  out[4] = shortMean - steadySix;
  out[5] = season;
  out[6] = follow(now, AT.seasonHour, Math.max(-LARGEST, Math.min(LARGEST, season)), hour);
  out[7] = Math.log((stepsShort + small) / (stepsLong + small));
  out[8] = 0.5 * Math.log((nearVariance + small * small) / (dayVariance + small * small));
  out[9] = daySpread > 0 ? (value - dayMean) / daySpread : 0;
  out[10] = changeVariance > 0 ? change / Math.sqrt(changeVariance) : 0;
  const residual = predict(memory, value, hourMean, usual);
  const residualVariance = now[AT.residualVariance]!;
  out[11] = residualVariance > 0 ? residual / Math.sqrt(residualVariance) : 0;
  follow(now, AT.residualVariance, cutSquare(residual, residualVariance, isSettled), day);
  out[12] = follow(now, AT.seasonHalfDay, mild, halfDay);
  out[13] = follow(now, AT.seasonDay, mild, day);

  // A quotient of a huge and a tiny number would not fit into 32 bits.
  for (let i = 0; i < out.length; i++) out[i] = Math.max(-LARGEST, Math.min(LARGEST, out[i]!)) || 0;

  learnWeek(memory.week, at, value, stepSeconds);
  now[AT.beforePrevious] = previous;
  now[AT.previous] = value;
  now[AT.lastMs] = at;
  now[AT.seen] = now[AT.seen]! + 1;
  return usual;
}

function startAt(now: Float64Array, value: number): void {
  for (const place of [AT.previous, AT.beforePrevious, AT.short, AT.hour, AT.sixHours, AT.steadySixHours, AT.day])
    now[place] = value;
}

/** An exponentially weighted mean, in place. */
function follow(now: Float64Array, place: number, value: number, share: number): number {
  const mean = now[place]! + share * (value - now[place]!);
  now[place] = mean;
  return mean;
}

/** `value`, but at most `reach` from `centre`; as it is where there is no reach yet. */
function near(value: number, centre: number, reach: number): number {
  return reach > 0 ? Math.max(centre - reach, Math.min(centre + reach, value)) : value;
}

function cutSquare(value: number, variance: number, isSettled: boolean): number {
  return isSettled && variance > 0 ? Math.min(value * value, CLIP_SQUARE * variance) : value * value;
}

/** Hour of the week (from Thursday 0:00 UTC, where unix time begins), with its fraction. */
function hourOfWeek(at: number): number {
  return (((at / 3_600_000) % WEEK_HOURS) + WEEK_HOURS) % WEEK_HOURS;
}

/**
 * The usual value at this hour of the week: the profile between the middles of two hours, drawn to the mean of this hour over
 * all days as long as few weeks were seen. `otherwise` when the hour was never seen.
 */
function usualAt(week: Float32Array, at: number, otherwise: number): number {
  const hour = hourOfWeek(at);
  const here = Math.floor(hour);
  const part = hour - here - 0.5;
  const beside = (here + (part >= 0 ? 1 : WEEK_HOURS - 1)) % WEEK_HOURS;
  let [sum, days] = [0, 0];
  for (let i = here % 24; i < WEEK_HOURS; i += 24) {
    if (week[3 * i + 2]! === 0) continue;
    sum += week[3 * i]!;
    days++;
  }
  if (days === 0) return otherwise;
  const weeks = week[3 * here + 2]!;
  if (weeks === 0) return sum / days;
  const far = Math.abs(part);
  const profile = week[3 * beside + 2]! > 0 ? week[3 * here]! * (1 - far) + week[3 * beside]! * far : week[3 * here]!;
  return (profile * weeks + sum / days) / (weeks + 1);
}

/**
 * How far the profile of this hour of the week is to be trusted, 0 to below 1: a mean of few weeks is itself uncertain, and what
 * differs from it is no news yet.
 */
export function trustInSeason({ week }: Memory, at: number): number {
  const weeks = week[3 * Math.floor(hourOfWeek(at)) + 2]!;
  return weeks / (weeks + DOUBTFUL_WEEKS);
}

function learnWeek(week: Float32Array, at: number, value: number, stepSeconds: number): void {
  const place = 3 * Math.floor(hourOfWeek(at));
  const [mean, deviation, weeks] = [week[place]!, week[place + 1]!, week[place + 2]!];
  const perHour = Math.max(1, HOUR / stepSeconds);
  const share = Math.max(1 / (weeks * perHour + 1), NEW_WEEK / perHour);
  const off = near(value - mean, 0, weeks > 1 ? CLIP * deviation : 0);
  week[place] = weeks === 0 ? value : mean + share * off;
  if (weeks > 0) week[place + 1] = deviation + share * (Math.abs(off) - deviation);
  week[place + 2] = weeks + 1 / perHour;
}
