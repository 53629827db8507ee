import { type Series, seriesKey } from "../../core/series.ts";
import type { Opinion } from "../../core/watch/anomaly.ts";
import { type ModelVersion, stateKey } from "../../core/watch/model.ts";
import { type Window, windowFor } from "../../core/watch/plan.ts";
import { thresholdFor } from "../../core/watch/threshold.ts";
import type { Watch } from "../../core/watch.ts";
import type { SeriesState, WatchRound } from "../../ports/detection.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { QueryRefusedError } from "../../util/errors.ts";
import type { DetectDeps, QueryLook } from "./deps.ts";
import { type FollowSettings, type Happened, type Reset, versionOf } from "./follow.ts";
import { LostDetectorsError, packed, type Standing } from "./judging.ts";

/** What this process knows of one watch. The store has the same as of `savedTo`. */
export type Kept = {
  readonly watch: Watch;
  /** Key of the watch as it is asked, and of the states of the version that judges it: they are the same for the first one. */
  readonly key: string;
  readonly version: string;
  readonly model: ActiveVersion;
  readonly look: QueryLook & { readonly ok: true };
  readonly series: Map<string, Standing>;
  /** Unix seconds up to which its points were read; undefined before the first time. */
  readTo: number | undefined;
  savedAt: number;
  matched: number;
  /** How far the first reading goes back: shorter after one that was too much. */
  historySeconds: number;
  countedAt: number;
  problem: string | undefined;
};

/** What one look at one watch gave. */
export type Looked = {
  readonly happened: readonly Happened[];
  readonly resets: readonly Reset[];
  readonly points: number;
  /** Seconds spent waiting for Prometheus. */
  readonly asking: number;
  readonly window: Window | undefined;
  /** It was the first reading: what it found happened before the watching began. */
  readonly isFirst: boolean;
  /** States that could not be read and begin anew. */
  readonly broken: readonly string[];
};

/** More series than this are not even asked for one by one. */
export const MOST_MATCHED = 5000;
const COUNT_EVERY = 3600;
const LEAST_HISTORY = 3600;
/** States are written so often at least; what is lost in a crash is read again. */
const SAVE_EVERY = 300;
/** A series that nobody has seen for so long is forgotten. */
const FORGET_SECONDS = 86_400;

/** Which version judges a watch, and how far it moves the threshold. */
export type ActiveVersion = Pick<ModelVersion, "number" | "threshold">;

type Deps = Pick<DetectDeps, "store" | "settings" | "clock" | "elapsed"> & Required<Pick<DetectDeps, "judge">>;

/** Takes up a watch: its states as they were kept. What cannot be read is left out, and begins anew by one reading back. */
export async function takeUp(
  deps: Deps,
  watch: Watch,
  look: Kept["look"],
  opinions: readonly Opinion[],
  rounds: readonly WatchRound[],
  model: ActiveVersion,
): Promise<{ readonly kept: Kept; readonly broken: readonly string[] }> {
  const { settings, store, clock } = deps;
  const key = versionOf(watch, settings.everySeconds);
  const version = stateKey(key, model.number);
  const round = rounds.find((one) => one.watch === version);
  const kept: Kept = {
    watch,
    key,
    version,
    model,
    look,
    series: new Map(),
    readTo: round?.at,
    savedAt: clock(),
    matched: round?.matched ?? 0,
    historySeconds: settings.historySeconds,
    countedAt: Number.NEGATIVE_INFINITY,
    problem: undefined,
  };
  const follow = followSettings(deps, kept, opinions);
  const broken: string[] = [];
  const whole: SeriesState[] = [];
  for (const state of round === undefined ? [] : await store.detection.states(version)) {
    if ("broken" in state) broken.push(state.series);
    else whole.push(state);
  }
  const states = whole.map(({ track: _, ...state }) => ({ ...state, threshold: follow.thresholdOf(state.series) }));
  const corrupt = new Set(await deps.judge.load({ version, watch, follow: plainOf(follow), states }));
  for (const { series, labels, track } of whole)
    if (corrupt.has(series)) broken.push(series);
    else kept.series.set(series, { labels, track, verdict: undefined });
  // One reading back for all of them; points that the others have seen change nothing.
  if (broken.length > 0) kept.readTo = undefined;
  return { kept, broken };
}

function plainOf({ stepSeconds, windowSeconds, isCounter }: FollowSettings) {
  return { stepSeconds, windowSeconds, isCounter };
}

/**
 * Reads what is new of one watch with one range query, judges it, and keeps count of what the query returns. Nothing is asked when
 * there is no new point yet. Throws what the source throws; then nothing has changed. Throws `LostDetectorsError` when its
 * detectors are gone: it is to be taken up anew.
 */
export async function lookAt(
  deps: Deps,
  kept: Kept,
  source: Metrics,
  most: number,
  opinions: readonly Opinion[],
  signal: AbortSignal,
  seen?: FollowSettings["seen"],
): Promise<Looked> {
  const { settings, clock, elapsed } = deps;
  const nothing = { happened: [], resets: [], points: 0, broken: [] };
  const isFirst = kept.readTo === undefined;
  const began = elapsed();
  const now = clock();
  if (isFirst || now - kept.countedAt > COUNT_EVERY) {
    kept.matched = await count(kept.watch, source, now, signal);
    kept.countedAt = now;
  }
  kept.problem = whyNotWhole(kept.matched, most, settings.seriesPerWatch);
  if (kept.matched > MOST_MATCHED || most === 0) {
    return { ...nothing, asking: elapsed() - began, window: undefined, isFirst };
  }
  const asked = await read(kept, source, now, settings.everySeconds, signal);
  if (asked === undefined) return { ...nothing, asking: elapsed() - began, window: undefined, isFirst };
  const { window, answer } = asked;
  const asking = elapsed() - began;
  kept.matched = Math.max(answer.length, window.start === window.end ? 0 : kept.matched);
  kept.problem = whyNotWhole(kept.matched, most, settings.seriesPerWatch);
  const followed = choose(answer, kept.series, most);
  const follow = followSettings(deps, kept, opinions);
  const batch = packed(followed, kept.series, follow.thresholdOf);
  const fed = await deps.judge
    .feed({
      version: kept.version,
      watch: kept.watch,
      follow: plainOf(follow),
      ...batch,
      tellsSeen: seen !== undefined,
    })
    .catch((cause: unknown) => {
      throw new LostDetectorsError("the thread that judges has ended", { cause });
    });
  if (fed === "lost") throw new LostDetectorsError("the thread that judges began anew");
  const { happened, resets, points } = fed;
  for (const [at, { track, verdict }] of fed.standing.entries()) {
    const { series, labels } = batch.series[at]!;
    kept.series.set(series, { labels: kept.series.get(series)?.labels ?? labels, track, verdict });
  }
  for (let at = 0; at < fed.seen.length; at += 3) {
    const { series, labels } = batch.series[fed.seen[at]!]!;
    seen?.(series, labels, fed.seen[at + 1]!, fed.seen[at + 2]!);
  }
  kept.readTo = window.end;
  return { happened, resets, points, asking, window, isFirst, broken: [] };
}

/** One range query of what is new. The first reading goes back less far where the whole would be too much. */
async function read(
  kept: Kept,
  source: Metrics,
  now: number,
  stepSeconds: number,
  signal: AbortSignal,
): Promise<{ readonly window: Window; readonly answer: readonly Series[] } | undefined> {
  const { readTo, matched } = kept;
  for (;;) {
    const { historySeconds } = kept;
    const window = windowFor({ now, stepSeconds, readTo, historySeconds, series: matched });
    if (window === undefined) return undefined;
    try {
      return { window, answer: await source.range(kept.watch.promql, window, signal) };
    } catch (problem) {
      if (readTo !== undefined || historySeconds <= LEAST_HISTORY) throw problem;
      kept.historySeconds = Math.max(LEAST_HISTORY, historySeconds / 2);
      // Our own guard said no before anybody was asked; whatever else it was may pass until the next round.
      if (!(problem instanceof QueryRefusedError)) throw problem;
    }
  }
}

async function count(watch: Watch, source: Metrics, now: number, signal: AbortSignal): Promise<number> {
  const [sample] = await source.instant(`count(${watch.promql})`, now, signal);
  return sample?.value ?? 0;
}

function whyNotWhole(matched: number, most: number, perWatch: number): string | undefined {
  const many = matched.toLocaleString("en-US");
  const cure = "Narrow the query with matchers, or split it by fewer labels.";
  if (matched > MOST_MATCHED)
    return `It matches ${many} series; up to ${MOST_MATCHED.toLocaleString("en-US")} can be asked for, so none is followed. ${cure}`;
  if (matched <= most) return undefined;
  if (most < Math.min(matched, perWatch))
    return `It matches ${many} series, and ${most} of limits.watched_series are left for it.`;
  return `It matches ${many} series; ${most} are followed (limits.series_per_watch). ${cure}`;
}

/** The series that are followed already, then others in the order of their labels, so that the same ones stay. */
function choose(answer: readonly Series[], known: ReadonlyMap<string, Standing>, most: number): readonly Series[] {
  if (answer.length <= most) return answer;
  const keyed = answer.map((one) => ({ one, key: seriesKey(one.labels) }));
  keyed.sort((a, b) => Number(known.has(b.key)) - Number(known.has(a.key)) || (a.key < b.key ? -1 : 1));
  return keyed.slice(0, most).map(({ one }) => one);
}

/** How the series of a watch are judged by that version, with what people said of them. */
export function followSettings(
  { settings, clock }: Pick<Deps, "settings" | "clock">,
  { watch, look, model }: Pick<Kept, "watch" | "look" | "model">,
  opinions: readonly Opinion[],
): FollowSettings {
  const about = opinions.filter((one) => one.watch === watch.id);
  const now = clock();
  return {
    stepSeconds: settings.everySeconds,
    windowSeconds: look.windowSeconds,
    isCounter: look.isBare && /_total$/.test(look.metrics[0] ?? ""),
    thresholdOf: (series) => model.threshold * (about.length === 0 ? 1 : thresholdFor(about, watch.id, series, now)),
  };
}

/** What is to be written now, if anything: all states of the watch together with how far they were read. Nothing when its detectors are gone: then what is stored counts. */
export async function dueStates(
  { judge }: Pick<Deps, "judge">,
  kept: Kept,
  now: number,
  isUrgent: boolean,
): Promise<
  | { readonly watch: WatchRound; readonly states: readonly SeriesState[]; readonly dropped: readonly string[] }
  | undefined
> {
  const { readTo, version } = kept;
  if (readTo === undefined || !(isUrgent || now - kept.savedAt >= SAVE_EVERY)) return undefined;
  const dropped = [...kept.series].filter(([, { track }]) => readTo - track.last > FORGET_SECONDS).map(([key]) => key);
  const detectors = new Map(await judge.states(version, dropped).catch(() => []));
  for (const series of dropped) kept.series.delete(series);
  const states: SeriesState[] = [];
  for (const [series, { labels, track }] of kept.series) {
    const detector = detectors.get(series);
    if (detector === undefined) return undefined;
    states.push({ series, labels, track, detector });
  }
  kept.savedAt = now;
  return { watch: roundOf(kept), states, dropped };
}

/** How the watch stands, for lists. */
export function roundOf({ version, readTo = 0, series, matched, problem }: Kept): WatchRound {
  return { watch: version, at: readTo, series: series.size, matched, ...(problem !== undefined && { problem }) };
}
