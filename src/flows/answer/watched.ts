import type { Value } from "../../core/answer.ts";
import type { Entity } from "../../core/catalogue.ts";
import { sayIn, sayRange } from "../../core/plot.ts";
import { type Sample, seriesKey } from "../../core/series.ts";
import { formatDuration } from "../../core/units.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { isJudging } from "../../core/watch/model.ts";
import { nameOf, rankOf } from "../../core/watch.ts";
import { sayTime } from "../../core/zone.ts";
import type { Deviation } from "./anomaly.ts";
import type { Turn } from "./turn.ts";

/** Queries asked anew at most: each value that is said has to be of this moment. */
const MOST_QUERIES = 8;
const MOST_LINES = 10;
const MOST = 200;
/** What the schedule last read longer ago than this says nothing about now. */
const FRESH_SECONDS = 900;

export type FoundByWatching = {
  readonly lines: readonly string[];
  readonly values: readonly Value[];
  readonly notes: readonly string[];
  /** Whether one of the lines says it already. */
  readonly covers: (deviation: Deviation) => boolean;
};

const NOTHING: FoundByWatching = { lines: [], values: [], notes: [], covers: () => false };

/**
 * What the scheduled watching has open in the asked source, about these things or everything, each with its value now: the queries are
 * asked anew. Nothing for questions about another time, or where nothing is watched.
 */
export async function foundByWatching(turn: Turn, scope: readonly Entity[]): Promise<FoundByWatching> {
  const { ask, store, now, zone } = turn;
  if (turn.read.at !== undefined) return NOTHING;
  const [all, kept, models] = await Promise.all([
    store.detection.anomalies({ status: "open", limit: MOST }),
    store.detection.rounds(),
    store.models.open(),
  ]);
  const rounds = kept.filter(({ watch }) => isJudging(watch, models));
  const newest = Math.max(...rounds.map(({ at }) => at), 0);
  if (rounds.length === 0 || now - newest > FRESH_SECONDS) return NOTHING;
  const mine = all
    .filter(({ source, kind, quiet }) => source === ask.source.name && kind === "unusual" && quiet === undefined)
    .filter((one) => scope.length === 0 || scope.some((entity) => isAbout(one, entity)))
    .sort((a, b) => rankOf(b.severity) - rankOf(a.severity) || b.score - a.score);
  const queries = [...new Set(mine.map(({ promql }) => promql))].slice(0, MOST_QUERIES);
  const answers = new Map<string, readonly Sample[]>();
  await Promise.all(
    queries.map(async (promql) => {
      const answer = await ask.instant(promql);
      if (answer.ok) answers.set(promql, answer.data);
    }),
  );
  const said = mine.flatMap((one) => {
    const sample = answers.get(one.promql)?.find(({ labels }) => seriesKey(labels) === one.series);
    return sample === undefined || !Number.isFinite(sample.value) ? [] : [{ one, sample }];
  });
  const series = rounds.reduce((sum, one) => sum + one.series, 0);
  return {
    lines: said.slice(0, MOST_LINES).map(({ one, sample }) => {
      const usual = one.usual === undefined ? "" : `, usual ${sayRange(one.unit, one.usual)}`;
      return `${nameOf(one.measure, one.subject)} is ${sayIn(one.unit, sample.value)}${usual}, unusual since ${sayTime(one.since, now, zone)}`;
    }),
    values: said.map(({ one, sample }) => ({
      name: nameOf(one.measure, one.subject),
      value: sample.value,
      unit: one.unit,
      labels: sample.labels,
      at: sample.at,
    })),
    notes: [
      `The schedule follows ${series} series of ${rounds.length} ${rounds.length === 1 ? "watch" : "watches"}; what it keeps is ${formatDuration(Math.max(0, Math.round(now - newest)))} old. “anomalies” lists what it found.`,
    ],
    covers: ({ bound, name }) =>
      said.some(({ one }) => one.promql !== "" && one.watch === bound.concept.id && one.subject === name),
  };
}

function isAbout({ labels }: Anomaly, { at }: Entity): boolean {
  return at.some(({ label, value }) => labels[label] === value);
}
