import { AT, learnAnew, type Memory, newMemory, readMemory, STATISTICS, writeMemory } from "./memory.ts";
import { pass, type Standing, say, stand } from "./recurrence.ts";
import { GROUPS, type GroupName, LARGEST, type Pace, paceOf, takeIn, trustInSeason } from "./statistics.ts";
import { learn, quantileOf, tailOf } from "./tails.ts";

/** Which way from the usual is worth an alert: latency up, success ratio down, traffic both. */
export type Direction = "both" | "up" | "down";

export type Sensitivity = "low" | "normal" | "high";

export type Severity = "info" | "warning" | "critical";

export type DetectorOptions = {
  /** Usual distance of two points, in seconds. */
  readonly stepSeconds: number;
  readonly direction?: Direction;
  /** Low lets a series raise a third of the alerts, high three times as many. */
  readonly sensitivity?: Sensitivity;
  /** The values are a counter that only grows and starts anew at a restart: its growth a second is judged. */
  readonly counter?: boolean;
  /** Multiplies the shipped threshold; 1 is as shipped. Feedback moves it: 1.1 after "not useful" halves the alerts, about. */
  readonly threshold?: number;
};

/** What one group of statistics contributed, as facts. */
export type Term = {
  readonly name: GroupName;
  /** Its share of the surprise, 0 to 1. */
  readonly weight: number;
  /** -log10 of how often its statistics were as far out before, in the mean: 3 is once in a thousand points. */
  readonly surprise: number;
};

/** Why a point raised no alert. */
export type Quiet =
  | { readonly kind: "usual" }
  /** `points`: how many more are wanted, at least, before it judges. */
  | { readonly kind: "warming up"; readonly points: number }
  /** It was said already, at `since` (ms), and is not worse now. */
  | { readonly kind: "silenced"; readonly since: number }
  /** The like happened `times` times lately (it fades), so it takes more. */
  | { readonly kind: "recurring"; readonly times: number }
  | { readonly kind: "other direction" }
  | { readonly kind: "not a number" }
  /** Before or at the time of the newest point: not used. */
  | { readonly kind: "late" };

export type Usual = { readonly low: number; readonly typical: number; readonly high: number };

export type Verdict = {
  /** Unix milliseconds. */
  readonly at: number;
  /** What was judged: the value, or the growth a second of a counter. */
  readonly value: number;
  /** 0 or more, finite; an alert from `threshold` on. 2 is what a series has once a day, 3 once in ten days; so comparable between series. */
  readonly score: number;
  readonly threshold: number;
  readonly isAlert: boolean;
  /** Of an alert, by its score alone; see `severityOf` for persistence and impact. */
  readonly severity: Severity | undefined;
  /** Largest first. Empty where nothing was judged, and where nothing stands out. */
  readonly terms: readonly Term[];
  /** Where nine of ten values of this hour of the week are. Undefined while warming up. */
  readonly usual: Usual | undefined;
  /** Unix ms since when it has been unusual, `at` when it just began or is usual. */
  readonly since: number;
  readonly direction: "up" | "down";
  /** Undefined for an alert. */
  readonly quiet: Quiet | undefined;
  /** A counter that began anew at this point. */
  readonly isReset: boolean;
};

/** Shipped threshold: a series may have one alert in five days. Chosen once, on the open part of the benchmark kit. */
export const THRESHOLD = 2.7;
const BY_SENSITIVITY: Readonly<Record<Sensitivity, number>> = { low: 0.5, normal: 0, high: -0.5 };
/** From so far above the threshold an alert is more than worth knowing: a quarter and a sixteenth as frequent. */
const WARNING = 0.3;
const CRITICAL = 1.2;

/** Points, and hours, before it judges. */
const WARM_POINTS = 60;
const WARM_HOURS = 12;
/** Values that fade to 1/e: so many, or two weeks of them. */
const MEMORY_POINTS = 10_000;
const MEMORY_SECONDS = 14 * 86_400;
/** The sum of six groups is compared with what one point an hour would give: so many of them count as independent. */
const INDEPENDENT = 3;
/** So many late points in a row: the clock was set back, and this is the time now. */
const CLOCK_SET_BACK = 24;
/** A level that nothing before knew, as after a change of the unit, is learned anew after so many hours of it. */
const NEW_LEVEL_HOURS = 24;
/** Such a level: so many usual deviations (of at most eight) from the season, in the mean of a day. */
const NEW_LEVEL = 5;
/** A point of such a surprise is unusual, though not worth an alert: two of three series have one a day. */
const UNUSUAL = 5;
/** Below this no term says anything: most points of most series. */
const PLAIN = 2;

const HOUR_MS = 3_600_000;
/** Statistics by number, see `GROUPS`. */
const SEASON = 5;
const SEASON_DAY = 13;

const found = new Float64Array(STATISTICS);
const surprises = new Float64Array(GROUPS.length);

/**
 * Watches one series. Its whole memory is `MEMORY_BYTES`, whatever it has seen. Causal: a verdict depends on this point and
 * those before. Never throws on a point.
 *
 * Fourteen statistics in six groups answer how far the point is from the past (`statistics.ts`); each answer becomes -log10 of how
 * rare it was in that statistic's own past (`tails.ts`); the groups' means are added up, less what the distance of points explains,
 * since a series of one point a minute has sixty chances an hour to be rare; and the sum becomes a rate of alerts a day, in
 * which what recurs counts less and what was said already counts nothing (`recurrence.ts`).
 */
export class SeriesDetector {
  readonly #options: DetectorOptions;
  readonly #memory: Memory;
  readonly #threshold: number;
  readonly #fading: number;
  #pace: Pace;

  constructor(options: DetectorOptions, memory: Memory = newMemory()) {
    this.#options = options;
    this.#memory = memory;
    this.#threshold = (THRESHOLD + BY_SENSITIVITY[options.sensitivity ?? "normal"]) * (options.threshold ?? 1);
    this.#fading = Math.max(MEMORY_POINTS, MEMORY_SECONDS / options.stepSeconds);
    this.#pace = paceOf(options.stepSeconds, options.stepSeconds);
  }

  /** Judges a point and learns from it. `at` is unix milliseconds. */
  observe(at: number, value: number): Verdict {
    const { now } = this.#memory;
    if (!Number.isFinite(value) || !Number.isFinite(at)) return this.#unjudged(at, value, { kind: "not a number" });
    const isFirst = now[AT.firstMs] === 0;
    if (!isFirst && at <= now[AT.lastMs]!) {
      now[AT.late] = now[AT.late]! + 1;
      if (now[AT.late]! < CLOCK_SET_BACK) return this.#unjudged(at, value, { kind: "late" });
      this.#setBack(at);
    }
    now[AT.late] = 0;
    const { stepSeconds, counter } = this.#options;
    const apart = at - now[AT.lastMs]!;
    const seconds = isFirst || apart <= 0 ? stepSeconds : Math.min(86_400, apart / 1000);
    if (counter !== true) return this.#judge(at, held(value), seconds, false);
    const counted = now[AT.counted]!;
    now[AT.counted] = value;
    if (isFirst) {
      now[AT.firstMs] = at;
      now[AT.lastMs] = at;
      return this.#unjudged(at, 0, { kind: "warming up", points: WARM_POINTS });
    }
    // After a reset it grew from zero, as Prometheus' rate() reckons.
    const isReset = value < counted;
    return this.#judge(
      at,
      held((isReset ? value : value - counted) / (apart <= 0 ? stepSeconds : apart / 1000)),
      seconds,
      isReset,
    );
  }

  /** The memory as bytes, for the store. */
  toBytes(): Uint8Array {
    return writeMemory(this.#memory);
  }

  /** What `toBytes` gave. Throws `CorruptStateError` for anything else, and for the bytes of another version. */
  static fromBytes(bytes: Uint8Array, options: DetectorOptions): SeriesDetector {
    return new SeriesDetector(options, readMemory(bytes));
  }

  #judge(at: number, value: number, seconds: number, isReset: boolean): Verdict {
    const memory = this.#memory;
    const { now, tails } = memory;
    const { stepSeconds, direction: way = "both" } = this.#options;
    if (now[AT.firstMs] === 0) now[AT.firstMs] = at;
    if (now[AT.seen] === 0) {
      now[AT.learningMs] = at;
      now[AT.origin] = value;
      now[AT.least] = value;
    }
    if (seconds !== this.#pace.seconds) this.#pace = paceOf(stepSeconds, seconds);
    pass(memory, seconds / 3600);
    const missing = this.#missing(at);
    const spread = now[AT.seasonScale]!;
    const trust = trustInSeason(memory, at);
    const expected = takeIn(memory, at, value, stepSeconds, this.#pace, found);
    const direction = value - now[AT.origin]! < expected ? "down" : "up";
    const point = { at, value, direction, isReset } as const;
    const usual = missing > 0 ? undefined : usualOf(memory, expected, spread);
    now[AT.least] = Math.min(now[AT.least]!, value);

    const sum = weigh(tails, way, trust);
    for (let i = 0; i < STATISTICS; i++) learn(tails, i, found[i]!, this.#fading);
    if (isNewLevel(now, found[SEASON_DAY]!, seconds / 3600)) learnAnew(memory);
    if (missing > 0) return this.#unjudged(at, value, { kind: "warming up", points: missing }, isReset);

    const surprise = sum - INDEPENDENT * Math.log10(3600 / stepSeconds);
    this.#noteUnusual(point, surprise, usual);
    if (way !== "both" && way !== direction)
      return this.#verdict(point, { score: 0, terms: [], usual, quiet: { kind: "other direction" } });
    const said = now[AT.alertMs]!;
    const standing = stand(memory, at, surprise);
    const isAlert = standing.isNews && standing.isWorse && standing.score >= this.#threshold;
    if (isAlert) say(memory, at, surprise);
    return this.#verdict(point, {
      score: standing.isNews ? standing.score : 0,
      terms: surprise >= PLAIN ? termsOf(sum) : [],
      usual,
      quiet: isAlert ? undefined : quietOf(standing, this.#threshold, said),
    });
  }

  /** Points that are wanted before it judges; 0 when it knows enough. */
  #missing(at: number): number {
    const { now } = this.#memory;
    const hours = (at - now[AT.learningMs]!) / HOUR_MS;
    const byTime = Math.ceil(((WARM_HOURS - hours) * 3600) / this.#options.stepSeconds);
    return Math.max(0, WARM_POINTS - now[AT.seen]!, byTime);
  }

  /**
   * Keeps since when it has been unusual. That begins with a surprise, and lasts until there was neither surprise nor a value
   * outside of the usual range for an hour, or three points.
   */
  #noteUnusual({ at, value }: Pick<Verdict, "at" | "value">, surprise: number, usual: Usual | undefined): void {
    const { now } = this.#memory;
    const calm = Math.max(HOUR_MS, 3000 * this.#options.stepSeconds);
    if (now[AT.sinceMs]! > 0 && at - now[AT.unusualMs]! > calm) now[AT.sinceMs] = 0;
    const isOut = usual !== undefined && (value < usual.low || value > usual.high);
    if (surprise < UNUSUAL && !(isOut && now[AT.sinceMs]! > 0)) return;
    if (now[AT.sinceMs] === 0) now[AT.sinceMs] = at;
    now[AT.unusualMs] = at;
  }

  /** The clock was set back to `at`: what was noted of times moves along. */
  #setBack(at: number): void {
    const { now } = this.#memory;
    const by = now[AT.lastMs]! - at;
    for (const place of [AT.firstMs, AT.learningMs, AT.sinceMs, AT.unusualMs, AT.alertMs])
      if (now[place]! > 0) now[place] = now[place]! - by;
  }

  #verdict(
    point: Pick<Verdict, "at" | "value" | "direction" | "isReset">,
    { score, terms, usual, quiet }: Pick<Verdict, "score" | "terms" | "usual" | "quiet">,
  ): Verdict {
    const threshold = this.#threshold;
    return {
      at: point.at,
      value: point.value,
      score,
      threshold,
      isAlert: quiet === undefined,
      severity: quiet === undefined ? severityByScore(score - threshold) : undefined,
      terms,
      usual,
      since: this.#memory.now[AT.sinceMs]! || point.at,
      direction: point.direction,
      quiet,
      isReset: point.isReset,
    };
  }

  #unjudged(at: number, value: number, quiet: Quiet, isReset = false): Verdict {
    return this.#verdict({ at, value, direction: "up", isReset }, { score: 0, terms: [], usual: undefined, quiet });
  }
}

function held(value: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, value));
}

/** Fills `surprises` with each group's mean of -log10 p and returns their sum. A direction looks at that side alone. `trust`: in the season. */
function weigh(tails: Float32Array, way: Direction, trust: number): number {
  let sum = 0;
  for (let group = 0; group < GROUPS.length; group++) {
    const { name, statistics } = GROUPS[group]!;
    const isSided = way !== "both" && name !== "variability";
    let own = 0;
    for (const statistic of statistics) {
      const value = found[statistic]!;
      let p = tailOf(tails, statistic, value, way === "down" && isSided ? -1 : 1);
      if (!isSided && p > 0.5) p = tailOf(tails, statistic, value, -1);
      if (p < 0.5) own -= Math.log10(2 * p);
    }
    own *= (name === "season" ? trust : 1) / statistics.length;
    surprises[group] = own;
    sum += own;
  }
  return sum;
}

function termsOf(sum: number): readonly Term[] {
  const terms = GROUPS.map(({ name }, group): Term => {
    const surprise = surprises[group]!;
    return { name, weight: sum > 0 ? surprise / sum : 0, surprise };
  });
  return terms.sort((a, b) => b.surprise - a.surprise);
}

function quietOf({ score, first, times }: Standing, threshold: number, said: number): Quiet {
  if (first < threshold) return { kind: "usual" };
  // Enough for an alert, but no news.
  if (score >= threshold && said > 0) return { kind: "silenced", since: said };
  return score >= threshold ? { kind: "usual" } : { kind: "recurring", times };
}

function severityByScore(above: number): Severity {
  if (above >= CRITICAL) return "critical";
  return above >= WARNING ? "warning" : "info";
}

function usualOf({ now, tails }: Memory, expected: number, spread: number): Usual {
  const typical = now[AT.origin]! + expected;
  const low = typical + Math.min(0, quantileOf(tails, SEASON, 0.05)) * spread;
  const high = typical + Math.max(0, quantileOf(tails, SEASON, 0.95)) * spread;
  const isNeverBelowZero = now[AT.least]! >= 0;
  if (!isNeverBelowZero) return { low, typical, high };
  return { low: Math.max(0, low), typical: Math.max(0, typical), high: Math.max(0, high) };
}

/** Counts hours at a level that nothing before knew. */
function isNewLevel(now: Float64Array, seasonDay: number, hours: number): boolean {
  const stray = Math.abs(seasonDay) > NEW_LEVEL ? now[AT.stray]! + Math.min(1, hours) : 0;
  now[AT.stray] = stray;
  return stray >= NEW_LEVEL_HOURS;
}
