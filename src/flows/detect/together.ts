import { setImmediate as nextTurn } from "node:timers/promises";
import type { Direction, Verdict } from "../../core/anomaly/detector.ts";
import { CorruptStateError } from "../../core/anomaly/errors.ts";
import { JointDetector, type JointOptions } from "../../core/anomaly/joint.ts";
import { LEAST_METRICS, MOST_METRICS } from "../../core/anomaly/joint-memory.ts";
import type { Labels, Point } from "../../core/series.ts";
import type { Opinion } from "../../core/watch/anomaly.ts";
import { thresholdFor } from "../../core/watch/threshold.ts";
import { rowsOf, TOGETHER } from "../../core/watch/together.ts";
import { NEW_TRACK, step, type Track, type TrackEvent } from "../../core/watch/track.ts";
import type { Watch } from "../../core/watch.ts";
import type { DetectionChange, SeriesState } from "../../ports/detection.ts";
import { sha256 } from "../../util/canonical.ts";
import type { DetectDeps } from "./deps.ts";

/** Several metrics of one thing judged together, from the points that the watches of single series read: no query of its own. */

/** Things of one source: each is some 20 KB to keep and 200 KB of trees. */
const MOST_THINGS = 200;
/** How far back points of a first reading are used. */
const HISTORY_SECONDS = 2 * 86_400;
/** Points of a metric that wait for the others': rounds that met an error. */
const WAITING = 30;
/** A metric that gives so much less than the others is left out: it would leave holes. */
const OFTEN = 0.8;
/** Without its metrics, or with others, for so long, a thing begins anew with those that are there. */
const OTHERS_SECONDS = 86_400;
const PRESENT_SECONDS = 3600;
const SAVE_EVERY = 300;
const FORGET_SECONDS = 2 * 86_400;
/** Rows judged before others get a turn of the event loop: some milliseconds. */
const SLICE = 100;

export type Thing = {
  readonly series: string;
  readonly labels: Labels;
  /** By watch: points that are not judged yet, and the time of the newest one. */
  readonly waiting: Map<string, Point[]>;
  readonly newest: Map<string, number>;
  metrics: readonly string[];
  detector: JointDetector | undefined;
  threshold: number;
  track: Track;
  verdict: Verdict | undefined;
  othersSince: number | undefined;
};

/** What happened to a thing: `carriers` are metrics by their watch, the one that sets it apart most first. */
export type HappenedTogether = {
  readonly id: string;
  readonly thing: Pick<Thing, "series" | "labels" | "metrics">;
  readonly event: TrackEvent;
  readonly verdict: Verdict;
  readonly since: number;
  readonly at: number;
  readonly carriers: readonly (ReturnType<JointDetector["carriers"]>[number] & { readonly watch: string })[];
};

export type Together = {
  readonly id: string;
  /** Told of each new point of a single series. */
  readonly seen: (watch: string, series: string, labels: Labels, at: number, value: number) => void;
  /** Judges what is new. */
  readonly judge: (watches: readonly Watch[], opinions: readonly Opinion[]) => Promise<readonly HappenedTogether[]>;
  /** What is to be written now, if anything. */
  readonly due: (isUrgent: boolean) => Pick<DetectionChange, "watch" | "states" | "dropped"> | undefined;
  readonly things: () => Iterable<Thing>;
  /** Keys of states that could not be read and begin anew: told once. */
  readonly broken: () => readonly string[];
};

type Deps = Pick<DetectDeps, "store" | "settings" | "clock">;

/** Takes up what is kept of the things of one source. */
export async function takeUpTogether(
  { store, settings, clock }: Deps,
  source: string,
  isFirst: boolean,
): Promise<Together> {
  const forest = settings.forest ?? { trees: 100, contamination: 0.01 };
  const id = isFirst ? TOGETHER : `${source}/${TOGETHER}`;
  const version = `${id}@${sha256(JSON.stringify([source, settings.everySeconds, forest])).slice(0, 12)}`;
  const things = new Map<string, Thing>();
  let broken: readonly string[] = [];
  let unsaid: readonly string[] = [];
  let savedAt = clock();
  for (const state of await store.detection.states(version)) {
    const thing = "broken" in state ? undefined : read(state, settings, forest);
    if (thing === undefined) broken = [...broken, state.series];
    else things.set(state.series, thing);
  }
  unsaid = broken;

  return {
    id,
    broken() {
      const told = unsaid;
      unsaid = [];
      return told;
    },
    things: () => things.values(),
    seen(watch, series, labels, at, value) {
      // What has no labels is not a thing, but all of them.
      if (!Number.isFinite(value) || series === "[]") return;
      const thing = things.get(series) ?? newThing(series, labels);
      if (!things.has(series)) things.set(series, thing);
      const points = thing.waiting.get(watch) ?? [];
      thing.waiting.set(watch, points);
      points.push([at, value]);
      thing.newest.set(watch, at);
    },
    async judge(watches, opinions) {
      const happened: HappenedTogether[] = [];
      const about = opinions.filter((one) => one.watch === id);
      const byId = new Map(watches.map((watch) => [watch.id, watch]));
      let left = MOST_THINGS;
      let rows = 0;
      for (const thing of things.values()) {
        const threshold = about.length === 0 ? 1 : thresholdFor(about, id, thing.series, clock());
        if (left <= 0 || !isReady(thing, watches, threshold)) {
          trim(thing);
          continue;
        }
        left--;
        const ways = thing.metrics.map((one) => byId.get(one)?.direction ?? "both");
        const points = thing.metrics.map((one) => thing.waiting.get(one) ?? []);
        for (const { at, values } of rowsOf(points, Math.max(thing.track.last, newestOf(thing) - HISTORY_SECONDS))) {
          if (++rows % SLICE === 0) await nextTurn();
          const one = observe(thing, at, values, ways);
          if (one !== undefined) happened.push(one);
        }
        trim(thing);
      }
      return happened;
    },
    due(isUrgent) {
      const now = clock();
      if (!(isUrgent || now - savedAt >= SAVE_EVERY)) return undefined;
      const states: SeriesState[] = [];
      const dropped = [...broken];
      broken = [];
      for (const thing of things.values()) {
        if (now - newestOf(thing) > FORGET_SECONDS) {
          things.delete(thing.series);
          dropped.push(thing.series);
        } else if (thing.detector !== undefined && Number.isFinite(thing.track.last))
          states.push(written(thing, thing.detector));
      }
      if (states.length === 0 && dropped.length === 0) return undefined;
      savedAt = now;
      const at = Math.max(0, ...states.map(({ track }) => track.last));
      return { watch: { watch: version, at, series: states.length, matched: states.length }, states, dropped };
    },
  };

  /** Whether a thing has a detector that fits: made, made anew for other metrics, or for another threshold. */
  function isReady(thing: Thing, watches: readonly Watch[], threshold: number): boolean {
    const there = watches.map((watch) => watch.id);
    const fit = there.filter((watch) => clock() - (thing.newest.get(watch) ?? 0) < PRESENT_SECONDS);
    const isSame =
      thing.metrics.every((one) => fit.includes(one)) && thing.metrics.length === Math.min(MOST_METRICS, fit.length);
    if (thing.detector === undefined || !isSame) {
      thing.othersSince ??= clock();
      const waits = thing.detector !== undefined && clock() - thing.othersSince < OTHERS_SECONDS;
      if (!waits) begin(thing, fit, threshold);
    } else {
      thing.othersSince = undefined;
      if (Math.abs(threshold - thing.threshold) >= 0.005) {
        thing.detector = JointDetector.fromBytes(thing.detector.toBytes(), optionsOf(thing.metrics, threshold));
        thing.threshold = threshold;
      }
    }
    return thing.detector !== undefined;
  }

  function begin(thing: Thing, fit: readonly string[], threshold: number): void {
    const counts = fit.map((watch) => thing.waiting.get(watch)?.length ?? 0);
    const most = Math.max(0, ...counts);
    // At the first reading by how much there is; later, when all of it was judged before, by who is there.
    const often = fit.filter((_, at) => most <= WAITING || counts[at]! >= OFTEN * most).slice(0, MOST_METRICS);
    if (often.length < LEAST_METRICS) {
      thing.detector = undefined;
      return;
    }
    thing.metrics = often;
    thing.threshold = threshold;
    thing.othersSince = undefined;
    thing.detector = new JointDetector(optionsOf(often, threshold));
  }

  function optionsOf(metrics: readonly string[], threshold: number): JointOptions {
    return { stepSeconds: settings.everySeconds, metrics: metrics.length, threshold, seed: 1, ...forest };
  }

  function observe(
    thing: Thing,
    at: number,
    values: readonly number[],
    ways: readonly Direction[],
  ): HappenedTogether | undefined {
    const { series, labels, metrics, detector } = thing;
    const verdict = detector?.observe(at * 1000, values, ways);
    if (detector === undefined || verdict === undefined) {
      thing.track = { ...thing.track, last: at };
      return undefined;
    }
    thing.verdict = verdict;
    const { track, event } = step(thing.track, verdict, {
      stepSeconds: settings.everySeconds,
      windowSeconds: 0,
      watch: { most: "warning", direction: "up" },
      idOf: (since) => sha256(JSON.stringify([id, source, series, since])).slice(0, 16),
    });
    thing.track = track;
    const about = track.open ?? track.closed;
    if (event === undefined || about === undefined) return undefined;
    const carriers = detector.carriers().map((one) => ({ ...one, watch: metrics[one.metric] ?? "" }));
    return { id: about.id, thing: { series, labels, metrics }, event, verdict, since: about.since, at, carriers };
  }
}

function newThing(series: string, labels: Labels): Thing {
  const { __name__: _, ...own } = labels;
  return {
    ...{ series, labels: own, waiting: new Map(), newest: new Map(), metrics: [], detector: undefined },
    ...{ threshold: 1, track: NEW_TRACK, verdict: undefined, othersSince: undefined },
  };
}

function newestOf({ newest, track }: Thing): number {
  return Math.max(0, ...newest.values(), track.last);
}

/** Keeps of each metric what is not judged yet, and no more than a little of what waits for others. */
function trim(thing: Thing): void {
  for (const [watch, points] of thing.waiting) {
    const isAwaited = thing.detector === undefined || thing.metrics.includes(watch);
    const kept = isAwaited ? points.filter(([at]) => at > thing.track.last).slice(-WAITING) : [];
    thing.waiting.set(watch, kept);
  }
}

/** The metrics stand before the detector's own bytes: these fit no others. */
function written({ series, labels, track, metrics }: Thing, detector: JointDetector): SeriesState {
  const head = new TextEncoder().encode(JSON.stringify(metrics));
  const own = detector.toBytes();
  const bytes = new Uint8Array(4 + head.length + own.length);
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, 4);
  bytes.set(own, 4 + head.length);
  return { series, labels, track, detector: bytes };
}

function read(
  state: SeriesState,
  settings: Pick<DetectDeps["settings"], "everySeconds">,
  forest: Pick<JointOptions, "trees" | "contamination">,
): Thing | undefined {
  const { series, labels, track, detector: bytes } = state;
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
    const metrics: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
    if (!Array.isArray(metrics) || !metrics.every((one) => typeof one === "string")) return undefined;
    const options = { stepSeconds: settings.everySeconds, metrics: metrics.length, seed: 1, ...forest };
    const detector = JointDetector.fromBytes(bytes.subarray(4 + length), options);
    return { ...newThing(series, labels), metrics, detector, track };
  } catch (problem) {
    // Too short for its length, no JSON, or no memory of this version: each is a damaged row.
    if (problem instanceof CorruptStateError || problem instanceof SyntaxError || problem instanceof RangeError)
      return undefined;
    throw problem;
  }
}
