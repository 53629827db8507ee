import { endOf, type ForecastScore, type KeptForecast, scoreOf } from "../core/forecast/score.ts";
import { seriesKey } from "../core/series.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { isNo, reasonOf } from "../util/errors.ts";

export type ScoreDeps = {
  readonly store: Pick<Store, "forecasts">;
  readonly sources: readonly Metrics[];
  readonly clock: Clock;
};

/** What one round of scoring came to. */
export type ScoreReport = {
  readonly scores: readonly ForecastScore[];
  /** Forecasts of which too little was measured to say how they turned out. */
  readonly unmeasured: number;
  /** Sentences. */
  readonly problems: readonly string[];
};

/** Queries in one round, and forecasts that are looked at for them. */
const QUERIES = 20;
const LOOKED_AT = 500;
/** What was measured last needs a moment to be there. */
const SETTLED_SECONDS = 300;
/** A query reaches back no further: what could not be scored by then never will be. */
const FARTHEST_SECONDS = 31 * 86_400;

/**
 * Kept forecasts whose last step has come -> how they turned out, by one range query for those of one query and stretch. The returned function
 * makes one bounded round. What was not measured is not asked for again by this process. Throws only the signal's reason and what the store throws.
 */
export function scoreForecasts({ store, sources, clock }: ScoreDeps): (signal: AbortSignal) => Promise<ScoreReport> {
  const unmeasured = new Set<string>();

  return async (signal) => {
    const now = clock();
    const due = (await store.forecasts.due(now - SETTLED_SECONDS, LOOKED_AT)).filter(
      (one) => !unmeasured.has(one.id) && one.start > now - FARTHEST_SECONDS,
    );
    const groups = Map.groupBy(due, ({ source, promql, start, step, mean }) =>
      JSON.stringify([source, promql, start, step, mean.length]),
    );
    const scores: ForecastScore[] = [];
    const problems: string[] = [];
    let missed = 0;
    for (const group of [...groups.values()].slice(0, QUERIES)) {
      signal.throwIfAborted();
      try {
        const came = await measured(group[0]!, signal);
        for (const one of group) {
          const score = scoreOf(one, came?.get(one.series) ?? []);
          if (score === undefined) {
            unmeasured.add(one.id);
            missed++;
          } else if (await store.forecasts.score(one.id, score)) scores.push(score);
        }
      } catch (problem) {
        signal.throwIfAborted();
        if (!isNo(problem)) throw problem;
        problems.push(`Forecasts of ${group[0]!.about} could not be scored: ${reasonOf(problem)}`);
      }
    }
    return { scores, unmeasured: missed, problems };
  };

  /** What came, by series. Undefined where its source is not configured any more. */
  async function measured(one: KeptForecast, signal: AbortSignal) {
    const source = sources.find(({ name }) => name === one.source);
    if (source === undefined) return undefined;
    const answer = await source.range(one.promql, { start: one.start, end: endOf(one), step: one.step }, signal);
    return new Map(answer.map(({ labels, points }) => [seriesKey(labels), points]));
  }
}
