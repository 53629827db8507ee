import type { Severity, Verdict } from "../anomaly/detector.ts";
import { type Judged, type SeverityReason, severityOf } from "../anomaly/severity.ts";
import { atLeast, rankOf, type Watch } from "../watch.ts";

/**
 * What is known of one watched series beside its detector: how far it was read, and whether something is open. Plain data, kept with the
 * detector's state. Times are unix seconds.
 */
export type Track = {
  /** Time and value of the newest point. */
  readonly last: number;
  readonly value: number;
  /** Until then nothing is opened: the points after a hole rest on half-filled windows. */
  readonly muteUntil?: number;
  /** What raised an alert while nothing could be opened. */
  readonly held?: { readonly since: number };
  readonly open?: Opened;
  /** The one before, which is opened again when it comes back soon. */
  readonly closed?: Opened & { readonly at: number };
  /** Set while the series is missing from the answers. */
  readonly goneSince?: number;
};

type Opened = {
  readonly id: string;
  readonly since: number;
  readonly severity: Severity;
  /** The detector's own at its worst: what is rare is grave once it lasts. */
  readonly own: Severity;
  /** Points in a row that were usual. */
  readonly calm: number;
  /** Points that were not. */
  readonly unusual: number;
  /** The value furthest from its usual that was told. */
  readonly extreme: number;
  /** What was usual before it began: what the detector calls usual learns from the anomaly itself. */
  readonly usual?: Range;
};

type Range = { readonly low: number; readonly typical: number; readonly high: number };

/** What a point changed. `worse`: more severe than before, or clearly further from usual. `again`: it came back soon after it was over. */
export type TrackEvent = "opened" | "again" | "worse" | "over";

export type Stepped = {
  readonly track: Track;
  readonly event?: TrackEvent;
  /** Of what began or is worse: why it is as severe as it is. */
  readonly reasons?: readonly SeverityReason[];
};

/** So many usual points end it, and at least so many seconds of them. */
const CALM_POINTS = 5;
const CALM_SECONDS = 300;
/** One that comes back sooner than this is the same one. */
const AGAIN_SECONDS = 1800;
/** A hole of more steps than this is a gap. */
const GAP_STEPS = 3;
/** What lasts so long may be the new usual: from then on the detector's own range counts too. */
const NEW_USUAL_SECONDS = 6 * 3600;
/** So many times as far from usual as was told is worth telling. */
const FURTHER = 1.5;
/** Part of the band's width by which a value may leave it and still count as usual. */
const SLACK = 0.25;

export type StepSettings = {
  readonly stepSeconds: number;
  /** Longest range that the query looks back, seconds: so long after a gap its values are made of half a window. */
  readonly windowSeconds: number;
  readonly watch: Pick<Watch, "most" | "warn" | "critical" | "direction">;
  /** Id for an anomaly that is unusual since then. */
  readonly idOf: (since: number) => string;
};

/** A series of which nothing was seen yet. */
export const NEW_TRACK: Track = { last: Number.NEGATIVE_INFINITY, value: Number.NaN };

/**
 * Follows one series by one point and its verdict: opens an anomaly at an alert, closes it after five usual points and five minutes, opens
 * the same one again when it comes back within half an hour, and opens nothing right after a gap unless it lasts.
 */
export function step(before: Track, verdict: Verdict, settings: StepSettings): Stepped {
  const at = verdict.at / 1000;
  if (verdict.quiet?.kind === "late") return { track: before };
  const { stepSeconds, windowSeconds } = settings;
  const isGap = Number.isFinite(before.last) && at - before.last > GAP_STEPS * stepSeconds;
  const { goneSince: _, ...rest } = before;
  const seen: Track = {
    ...rest,
    last: at,
    value: verdict.value,
    ...(isGap && { muteUntil: at + Math.max(windowSeconds, CALM_SECONDS) }),
  };
  if (!Number.isFinite(verdict.value)) return { track: seen };
  const isUsual = usual(verdict, verdict.usual, settings.watch.direction);
  if (seen.open !== undefined) return goOn(seen, seen.open, verdict, settings);
  if (seen.muteUntil !== undefined) {
    if (at < seen.muteUntil) {
      if (isUsual) return { track: without(seen, "held") };
      return { track: verdict.isAlert || seen.held ? { ...seen, held: seen.held ?? { since: at } } : seen };
    }
    const { muteUntil: __, held, ...free } = seen;
    return held === undefined || isUsual ? open(free, verdict, settings) : begin(free, verdict, held.since, settings);
  }
  return open(seen, verdict, settings);
}

function open(track: Track, verdict: Verdict, settings: StepSettings): Stepped {
  return verdict.isAlert ? begin(track, verdict, verdict.since / 1000, settings) : { track };
}

function begin(track: Track, verdict: Verdict, since: number, settings: StepSettings): Stepped {
  const own = verdict.severity ?? "info";
  const { severity, reasons } = judged(verdict, own, 1, settings);
  const { closed, ...free } = track;
  if (closed !== undefined && track.last - closed.at <= AGAIN_SECONDS) {
    const { at: _, ...before } = closed;
    const now = {
      ...before,
      severity: atLeast(severity, closed.severity),
      calm: 0,
      unusual: closed.unusual + 1,
      extreme: verdict.value,
      ...usualOf(verdict),
    };
    return { track: { ...free, open: now }, event: "again", reasons };
  }
  const opened = {
    id: settings.idOf(since),
    since,
    severity,
    own,
    calm: 0,
    unusual: 1,
    extreme: verdict.value,
    ...usualOf(verdict),
  };
  return { track: { ...free, open: opened }, event: "opened", reasons };
}

function goOn(track: Track, open: Opened, verdict: Verdict, settings: StepSettings): Stepped {
  const { open: _, ...free } = track;
  const { direction } = settings.watch;
  const isUsual =
    usual(verdict, open.usual ?? verdict.usual, direction) ||
    (track.last - open.since > NEW_USUAL_SECONDS && usual(verdict, verdict.usual, direction));
  if (!isUsual) {
    const unusual = open.unusual + 1;
    const own = atLeast(verdict.severity ?? "info", open.own);
    const { severity: now, reasons } = judged(verdict, own, unusual, settings);
    const severity = atLeast(now, open.severity);
    const isFurther = distance(open.usual, verdict.value) > FURTHER * distance(open.usual, open.extreme);
    const isWorse = rankOf(severity) > rankOf(open.severity) || isFurther;
    const extreme = isWorse ? verdict.value : open.extreme;
    const next = { ...track, open: { ...open, calm: 0, unusual, severity, own, extreme } };
    return isWorse ? { track: next, event: "worse", reasons } : { track: next };
  }
  const calm = open.calm + 1;
  const isOver = calm >= CALM_POINTS && calm * settings.stepSeconds >= CALM_SECONDS;
  if (!isOver) return { track: { ...track, open: { ...open, calm } } };
  return { track: { ...free, closed: { ...open, calm, at: track.last } }, event: "over" };
}

/** From the value that is typical now. */
function distance(band: Range | undefined, value: number): number {
  return band === undefined ? 0 : Math.abs(value - band.typical);
}

function usualOf({ usual: band }: Verdict): { readonly usual?: Range } {
  return band === undefined ? {} : { usual: { low: band.low, typical: band.typical, high: band.high } };
}

/** Within the usual range and a little more, or beyond it on the side that nobody minds, and no alert of its own. */
function usual(
  { value, isAlert, score, threshold }: Verdict,
  band: Range | undefined,
  direction: Watch["direction"],
): boolean {
  if (isAlert) return false;
  if (band === undefined) return true;
  const slack = SLACK * (band.high - band.low);
  const isAbove = value > band.high + slack;
  const isBelow = value < band.low - slack;
  if (direction === "up") return !isAbove;
  if (direction === "down") return !isBelow;
  return !isAbove && !isBelow && score < threshold;
}

/** As severe as it is after so many points that were not usual. */
function judged(verdict: Verdict, own: Severity, unusual: number, { watch, stepSeconds }: StepSettings): Judged {
  const { warn, critical, direction, most } = watch;
  return severityOf(own, verdict, { lastedSeconds: unusual * stepSeconds, worse: direction, warn, critical, most });
}

function without(track: Track, key: "held"): Track {
  const { [key]: _, ...rest } = track;
  return rest;
}
