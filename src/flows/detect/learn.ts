import { setImmediate as nextTurn } from "node:timers/promises";
import { SeriesDetector } from "../../core/anomaly/detector.ts";
import { randomOf } from "../../core/anomaly/forest.ts";
import {
  bestOf,
  type Candidate,
  type Gate,
  isLongEnough,
  judgeVersion,
  type Running,
} from "../../core/anomaly/versions.ts";
import { type Point, seriesKey } from "../../core/series.ts";
import type { Opinion } from "../../core/watch/anomaly.ts";
import { BACKFILL_SAMPLES } from "../../core/watch/plan.ts";
import type { Watch } from "../../core/watch.ts";
import type { SeriesState } from "../../ports/detection.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { DetectDeps, QueryLook } from "./deps.ts";
import { detectorOptions, type Followed, type FollowSettings, feed } from "./follow.ts";
import { type ActiveVersion, followSettings } from "./one-watch.ts";

/** A watch learnt anew from its own past, and tried. */
export type Learnt = {
  readonly states: readonly SeriesState[];
  /** Unix seconds: from where to where it learnt. */
  readonly from: number;
  readonly to: number;
  readonly threshold: number;
  /** Series that it was tried on. */
  readonly tried: number;
  readonly gate: Gate;
};

export type LearnInput = {
  readonly deps: Pick<DetectDeps, "settings" | "clock">;
  readonly source: Metrics;
  readonly watch: Watch;
  readonly look: QueryLook & { readonly ok: true };
  /** Keys of the series that are followed: those are learnt, and no others. */
  readonly series: ReadonlySet<string>;
  readonly active: ActiveVersion;
  readonly opinions: readonly Opinion[];
  /** Waits between two queries. */
  readonly pause: () => Promise<unknown>;
  /** What is being done and how far all of it is, 0 to 1. */
  readonly progress: (share: number, what: string) => void;
  readonly seed: number;
  readonly signal: AbortSignal;
};

const DAY = 86_400;
/** Two weeks: each hour of the week twice. */
const LEARN_SECONDS = 14 * DAY;
const MOST_POINTS = 10_000;
/** Series that versions are tried on, and the newest points of each. */
const TRIED = 6;
const TRIED_POINTS = 10_000;
/** How far a threshold may be moved, against the shipped one. The one in force and the first of these win where others do as well. */
const FACTORS = [1, 1.15, 0.85, 1.3, 1.5] as const;
/** What a series may say, as shipped: one alert in five days. */
const ALERTS_A_DAY = 0.2;
/** Of all the time: reading the past, choosing a threshold, and the gate. */
const READ = 0.6;
const CHOSEN = 0.85;

/**
 * Learns each followed series of a watch anew from the last 14 days, chooses how far its threshold is moved, and holds the result against the
 * version in force. Few bounded queries, one after the other with a pause between, and other work has its turn every few milliseconds. Throws
 * what the source throws, the signal's reason, and `RangeError` with a sentence where there is too little to learn from.
 */
export async function learn(input: LearnInput): Promise<Learnt> {
  const { deps, watch, look, opinions, active, seed, progress, signal } = input;
  const { from, to, known, histories } = await readPast(input);
  const settings = followSettings(deps, { watch, look, model: { number: 0, threshold: 1 } }, opinions);
  if (!histories.some(isLongEnough))
    throw new RangeError("There is too little history to try a new version on: none of its series has 200 points.");
  const version = (threshold: number) => ({ ...candidate(watch, settings, threshold), threshold });
  const breathe = async () => {
    signal.throwIfAborted();
    await nextTurn();
  };
  const trial = { direction: watch.direction, breathe };
  const { threshold } = await bestOf(
    [...new Set([active.threshold, ...FACTORS])].map(version),
    histories,
    ALERTS_A_DAY,
    {
      ...trial,
      random: randomOf(seed),
      progress: (share) => progress(READ + (CHOSEN - READ) * share, "choosing a threshold"),
    },
  );
  // Other anomalies than those by which the threshold was chosen.
  const gate = await judgeVersion(version(threshold), version(active.threshold), histories, {
    ...trial,
    random: randomOf(seed + 1),
    progress: (share) => progress(CHOSEN + (1 - CHOSEN) * share, "trying it against the version in force"),
  });
  const states = [...known].map(([series, { labels, track, detector }]) => ({
    ...{ series, labels, track: { last: track.last, value: track.value }, detector: detector.toBytes() },
  }));
  return { states, from, to, threshold, gate, tried: histories.filter(isLongEnough).length };
}

/** The last 14 days of every followed series into new detectors, and of some of them the points. */
async function readPast(input: LearnInput) {
  const { deps, source, watch, look, series, opinions, pause, progress, signal } = input;
  const step = deps.settings.everySeconds;
  const to = Math.floor(deps.clock() / step) * step;
  const from = to - Math.floor(LEARN_SECONDS / step) * step;
  const perQuery = Math.max(10, Math.min(MOST_POINTS, Math.floor(BACKFILL_SAMPLES / Math.max(1, series.size))));
  const settings = followSettings(deps, { watch, look, model: { number: 0, threshold: 1 } }, opinions);
  const known = new Map<string, Followed>();
  const every = Math.max(1, Math.floor(series.size / TRIED));
  const chosen = [...series]
    .sort()
    .filter((_, at) => at % every === 0)
    .slice(0, TRIED);
  const past = new Map<string, Point[]>(chosen.map((key) => [key, []]));
  for (let start = from; start <= to; start += perQuery * step) {
    signal.throwIfAborted();
    if (start > from) await pause();
    const end = Math.min(to, start + (perQuery - 1) * step);
    const answer = await source.range(watch.promql, { start, end, step }, signal);
    const followed = answer.filter(({ labels }) => series.has(seriesKey(labels)));
    for (const { labels, points } of followed) {
      const kept = past.get(seriesKey(labels));
      for (const point of points) kept?.push(point);
      kept?.splice(0, kept.length - TRIED_POINTS);
    }
    await feed(watch, known, followed, settings);
    progress((READ * (end - from)) / (to - from), "reading the last 14 days");
  }
  const histories = [...past.values()].map((points) => (settings.isCounter ? growthOf(points) : points));
  return { from, to, known, histories };
}

/** A counter as it is judged: what it grew by a second. What was put into the counter itself would be a restart. */
function growthOf(points: readonly Point[]): readonly Point[] {
  return points.slice(1).map(([at, value], before): Point => {
    const [then, last] = points[before]!;
    return [at, (value < last ? value : value - last) / (at - then)];
  });
}

function candidate(watch: Watch, settings: FollowSettings, threshold: number): Candidate {
  const options = { ...detectorOptions(watch, settings, threshold), counter: false };
  const running = (detector: SeriesDetector): Running => ({
    observe: (at, value) => detector.observe(at * 1000, value).isAlert,
    fork: () => running(SeriesDetector.fromBytes(detector.toBytes(), options)),
  });
  return { id: `threshold ${threshold}`, start: () => running(new SeriesDetector(options)) };
}
