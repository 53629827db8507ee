import { setImmediate as nextTurn } from "node:timers/promises";
import { SeriesDetector, type Verdict } from "../../core/anomaly/detector.ts";
import type { SeverityReason } from "../../core/anomaly/severity.ts";
import { type Labels, type Series, seriesKey } from "../../core/series.ts";
import { NEW_TRACK, step, type Track, type TrackEvent } from "../../core/watch/track.ts";
import type { Watch } from "../../core/watch.ts";
import { sha256 } from "../../util/canonical.ts";

/** One series as this process knows it. */
export type Followed = {
  readonly labels: Labels;
  detector: SeriesDetector;
  track: Track;
  /** The threshold that the detector was made with. */
  threshold: number;
  verdict: Verdict | undefined;
};

/** What happened to one anomaly of a series while points were read: the first and the worst of it, and whether it is over. */
export type Happened = {
  readonly id: string;
  readonly series: string;
  readonly labels: Labels;
  readonly event: TrackEvent;
  readonly verdict: Verdict;
  readonly since: number;
  readonly severity: NonNullable<Verdict["severity"]>;
  readonly reasons?: readonly SeverityReason[] | undefined;
  /** Unix seconds of the point. */
  readonly at: number;
};

export type FollowSettings = {
  readonly stepSeconds: number;
  readonly windowSeconds: number;
  readonly isCounter: boolean;
  readonly thresholdOf: (series: string) => number;
  /** Told of each new point, as it was judged: unix seconds. */
  readonly seen?: ((series: string, labels: Labels, at: number, value: number) => void) | undefined;
};

/** A counter that fell began anew: a fact of its own, and no fall of what it counts. */
export type Reset = { readonly series: string; readonly labels: Labels; readonly at: number };

/** Points judged before others get a turn of the event loop: some milliseconds. */
const SLICE = 250;

/** The key of a watch's states: another query, step or source begins anew. */
export function versionOf(watch: Watch, stepSeconds: number): string {
  const text = JSON.stringify([watch.source, watch.promql, stepSeconds, watch.direction, watch.sensitivity]);
  return `${watch.id}@${sha256(text).slice(0, 12)}`;
}

export function detectorOptions(watch: Watch, { stepSeconds, isCounter }: FollowSettings, threshold: number) {
  const { direction, sensitivity } = watch;
  return { stepSeconds, direction, sensitivity, counter: isCounter, threshold };
}

/**
 * Judges new points of a watch's series, in order, and follows their anomalies. Points that were seen before change nothing. Leaves the
 * event loop free between slices. Returns what happened and how many points were new.
 */
export async function feed(
  watch: Watch,
  known: Map<string, Followed>,
  answer: readonly Series[],
  settings: FollowSettings,
): Promise<{ readonly happened: readonly Happened[]; readonly resets: readonly Reset[]; readonly points: number }> {
  const happened: Happened[] = [];
  const resets: Reset[] = [];
  let points = 0;
  let slice = 0;
  for (const { labels, points: values } of answer) {
    const series = seriesKey(labels);
    const one = known.get(series) ?? begin(watch, labels, series, settings);
    known.set(series, one);
    retune(one, watch, series, settings);
    const idOf = (since: number) => sha256(JSON.stringify([watch.id, watch.source, series, since])).slice(0, 16);
    const stepped = { ...settings, watch, idOf };
    for (const [at, value] of values) {
      if (at <= one.track.last) continue;
      points++;
      if (++slice % SLICE === 0) await nextTurn();
      const verdict = one.detector.observe(at * 1000, value);
      one.verdict = verdict;
      if (verdict.quiet?.kind !== "late") settings.seen?.(series, labels, at, verdict.value);
      if (verdict.isReset) resets.push({ series, labels, at });
      const { track, event, reasons } = step(one.track, verdict, stepped);
      one.track = track;
      const about = track.open ?? track.closed;
      if (event === undefined || about === undefined) continue;
      const { id, since, severity } = about;
      happened.push({ id, series, labels: one.labels, event, verdict, since, severity, reasons, at });
    }
  }
  return { happened, resets, points };
}

function begin(watch: Watch, labels: Labels, series: string, settings: FollowSettings): Followed {
  const threshold = settings.thresholdOf(series);
  const detector = new SeriesDetector(detectorOptions(watch, settings, threshold));
  return { labels, detector, track: NEW_TRACK, threshold, verdict: undefined };
}

/** What people said moved the threshold: the detector goes on with its memory. */
function retune(one: Followed, watch: Watch, series: string, settings: FollowSettings): void {
  const threshold = settings.thresholdOf(series);
  if (Math.abs(threshold - one.threshold) < 0.005) return;
  one.detector = SeriesDetector.fromBytes(one.detector.toBytes(), detectorOptions(watch, settings, threshold));
  one.threshold = threshold;
}
