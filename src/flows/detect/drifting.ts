import { type Drift, driftOf } from "../../core/anomaly/drift.ts";
import { randomOf } from "../../core/anomaly/forest.ts";
import { seriesKey } from "../../core/series.ts";
import type { DriftFound, WatchModel } from "../../core/watch/model.ts";
import type { Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";

const DAY = 86_400;
const WEEK = 7 * DAY;
const STEP = 900;
/** Series of one watch that are compared. */
const COMPARED = 40;
/** One series that changes is an anomaly, which the detector finds; a watch has changed when this share of it has. */
const SHARE = 0.5;
const HOURS = 24;

/**
 * Whether the series of a watch, and the scores they get, are still of the kind they were: the last day against the same day of the week before, by
 * a permutation test each. Two range queries. Throws what the source throws.
 */
export async function measureDrift(
  source: Metrics,
  { promql }: Watch,
  { scores }: Pick<WatchModel, "scores">,
  now: number,
  signal: AbortSignal,
): Promise<DriftFound> {
  const end = Math.floor(now / STEP) * STEP;
  const day = (until: number) => source.range(promql, { start: until - DAY + STEP, end: until, step: STEP }, signal);
  const [before, after] = await Promise.all([day(end - WEEK), day(end)]);
  const random = randomOf(Math.round(end));
  const earlier = new Map(before.map(({ labels, points }) => [seriesKey(labels), points]));
  const found = after
    .filter(({ labels }) => earlier.has(seriesKey(labels)))
    .slice(0, COMPARED)
    .flatMap(({ labels, points }) => {
      const values = (all: typeof points) => all.map(([, value]) => value);
      return driftOf(values(earlier.get(seriesKey(labels))!), values(points), random) ?? [];
    });
  const ofScores = driftOf(scores.slice(0, -HOURS), scores.slice(-HOURS), random);
  const drifted = found.filter(({ isDrift }) => isDrift);
  return {
    at: now,
    compared: found.length,
    drifted: drifted.length,
    inputs: strongest(drifted.length > 0 ? drifted : found),
    scores: finite(ofScores),
    isDrift: (found.length > 0 && drifted.length >= SHARE * found.length) || ofScores?.isDrift === true,
  };
}

function strongest(all: readonly Drift[]): Drift | undefined {
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  return finite(others.reduce((most, one) => (Math.abs(one.shift) > Math.abs(most.shift) ? one : most), first));
}

/** A constant that changed has moved infinitely far, which no JSON can hold. */
function finite(drift: Drift | undefined): Drift | undefined {
  if (drift === undefined) return undefined;
  const held = (value: number) => Math.max(-1e6, Math.min(1e6, Number.isNaN(value) ? 1 : value));
  return { ...drift, shift: held(drift.shift), widening: held(drift.widening) };
}
