import { SeriesDetector } from "../../core/anomaly/detector.ts";
import { CorruptStateError } from "../../core/anomaly/errors.ts";
import type { Labels, Series } from "../../core/series.ts";
import { seriesKey } from "../../core/series.ts";
import { NEW_TRACK, type Track } from "../../core/watch/track.ts";
import type { Watch } from "../../core/watch.ts";
import type { SeriesState } from "../../ports/detection.ts";
import { detectorOptions, type Followed, type FollowSettings, feed, type Happened, type Reset } from "./follow.ts";

/** One series as the round knows it: all but its detector. */
export type Standing = Pick<Followed, "labels" | "track" | "verdict">;

type Follow = Pick<FollowSettings, "stepSeconds" | "windowSeconds" | "isCounter">;

/** New points of a watch's series, as they go to where the detectors are: plain data, the points of all series in one piece. */
export type Batch = {
  readonly version: string;
  readonly watch: Watch;
  readonly follow: Follow;
  readonly series: readonly {
    readonly series: string;
    readonly labels: Labels;
    readonly track: Track;
    readonly threshold: number;
    /** So many of the pairs in `points` are its own. */
    readonly count: number;
  }[];
  /** Pairs of unix seconds and value, series after series. */
  readonly points: Float64Array;
  readonly tellsSeen: boolean;
};

export type Judged = {
  readonly happened: readonly Happened[];
  readonly resets: readonly Reset[];
  /** How many were new. */
  readonly points: number;
  /** Of each series of the batch. */
  readonly standing: readonly Pick<Followed, "track" | "verdict">[];
  /** Each new point as it was judged, where that was wanted: which series of the batch, unix seconds, value. */
  readonly seen: Float64Array;
};

/**
 * Where the detectors are, by the version of their watch: in a thread of their own, so that the event loop stays free, or here. What it holds is a copy of what
 * the store has, read on. When it is lost, with its thread, watches are taken up from the store.
 */
export type Judge = {
  /** Takes up the detectors of a version in place of those that are there. Returns the series whose bytes are no state. */
  readonly load: (states: {
    readonly version: string;
    readonly watch: Watch;
    readonly follow: Follow;
    readonly states: readonly (Pick<SeriesState, "series" | "labels" | "detector"> & { readonly threshold: number })[];
  }) => Promise<readonly string[]>;
  /** Judges what is new. `lost`: it does not have the detector of a series that was judged before, and nothing was done. */
  readonly feed: (batch: Batch) => Promise<Judged | "lost">;
  /** The bytes of all detectors of that version; those of `dropped` are forgotten first. */
  readonly states: (
    version: string,
    dropped: readonly string[],
  ) => Promise<readonly (readonly [series: string, detector: Uint8Array])[]>;
  /** Forgets a version. */
  readonly drop: (version: string) => Promise<void>;
};

/** The detectors of a watch are gone, and it is to be taken up from the store. */
export class LostDetectorsError extends Error {
  override readonly name = "LostDetectorsError";
}

/** Holds the detectors itself. */
export function createJudge(): Judge {
  const versions = new Map<string, Map<string, Followed>>();

  return {
    async load({ version, watch, follow, states }) {
      const corrupt: string[] = [];
      const all = new Map<string, Followed>();
      for (const { series, labels, detector: bytes, threshold } of states) {
        const options = detectorOptions(watch, { ...follow, thresholdOf: () => threshold }, threshold);
        const detector = restored(bytes, options);
        if (detector === undefined) corrupt.push(series);
        else all.set(series, { labels, detector, track: NEW_TRACK, threshold, verdict: undefined });
      }
      versions.set(version, all);
      return corrupt;
    },
    async feed({ version, watch, follow, series, points, tellsSeen }) {
      const known = versions.get(version) ?? new Map<string, Followed>();
      if (series.some((one) => Number.isFinite(one.track.last) && !known.has(one.series))) return "lost";
      versions.set(version, known);
      const places = new Map(series.map((one, at) => [one.series, { at, threshold: one.threshold }]));
      for (const { series: key, track } of series) {
        const one = known.get(key);
        if (one !== undefined) one.track = track;
      }
      const seen: number[] = [];
      const fed = await feed(watch, known, unpacked(series, points), {
        ...follow,
        thresholdOf: (key) => places.get(key)?.threshold ?? 1,
        ...(tellsSeen && { seen: (key, _, at, value) => void seen.push(places.get(key)?.at ?? 0, at, value) }),
      });
      const standing = series.map((one) => {
        const { track, verdict } = known.get(one.series)!;
        return { track, verdict };
      });
      return { ...fed, standing, seen: new Float64Array(seen) };
    },
    async states(version, dropped) {
      const known = versions.get(version);
      for (const series of dropped) known?.delete(series);
      return [...(known ?? [])].map(([series, { detector }]) => [series, detector.toBytes()] as const);
    },
    async drop(version) {
      versions.delete(version);
    },
  };
}

function restored(bytes: Uint8Array, options: ConstructorParameters<typeof SeriesDetector>[0]) {
  try {
    return SeriesDetector.fromBytes(bytes, options);
  } catch (problem) {
    if (problem instanceof CorruptStateError) return undefined;
    throw problem;
  }
}

/** An answer as it goes to the judge. */
export function packed(
  answer: readonly Series[],
  known: ReadonlyMap<string, Standing>,
  thresholdOf: (series: string) => number,
): Pick<Batch, "series" | "points"> {
  const points = new Float64Array(2 * answer.reduce((sum, one) => sum + one.points.length, 0));
  let at = 0;
  const series = answer.map(({ labels, points: own }) => {
    const key = seriesKey(labels);
    for (const [time, value] of own) {
      points[at++] = time;
      points[at++] = value;
    }
    const track = known.get(key)?.track ?? NEW_TRACK;
    return { series: key, labels, track, threshold: thresholdOf(key), count: own.length };
  });
  return { series, points };
}

function unpacked(series: Batch["series"], points: Float64Array): readonly Series[] {
  let at = 0;
  return series.map(({ labels, count }) => {
    const from = at;
    at += 2 * count;
    return {
      labels,
      points: Array.from({ length: count }, (_, which) => [points[from + 2 * which]!, points[from + 2 * which + 1]!]),
    };
  });
}
