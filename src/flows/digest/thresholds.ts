import { type IsActed, isTakenUp } from "../../core/incident/acted.ts";
import { isMadeOf, measureOf, ruleOf } from "../../core/incident/measure.ts";
import { type Limit, type Reached, reachedFor, type Threshold, thresholdFrom } from "../../core/incident/threshold.ts";
import type { Incident } from "../../core/incident.ts";
import type { Metrics, Rule } from "../../ports/metrics.ts";
import { isNo } from "../../util/errors.ts";
import { inert } from "../../util/inert.ts";

/** What an alert's own expression reached, asked of Prometheus, and the threshold that follows from it. */

export type ThresholdAdvice = {
  readonly alert: string;
  readonly source: string;
  readonly environment?: string;
  /** The rule as it is, and what is asked of Prometheus: its left side. */
  readonly rule: Pick<Rule, "promql" | "forSeconds">;
  readonly promql: string;
  readonly limit: Limit;
  /** The newest first. */
  readonly reached: readonly Reached[];
  readonly found: Threshold | string;
};

/** Incidents that are looked at: those somebody acted on, and the newest of the others. */
const ACTED = 15;
const OTHERS = 25;
const AT_ONCE = 4;
/** An incident that lasts longer is looked at for so long, in seconds: how far it went shows early. */
const LONGEST = 6 * 3600;
const POINTS = 240;

/**
 * What threshold would have kept away incidents of an alert that nobody acted on; a sentence where it cannot be said. `incidents`: of one alert
 * alone, within the stretch that is looked at. One query for each incident, 40 at most. Rejects only when `signal` fires.
 */
export async function thresholdOf(
  sources: readonly Metrics[],
  incidents: readonly Incident[],
  isActed: IsActed = isTakenUp,
  signal: AbortSignal,
): Promise<ThresholdAdvice | string> {
  const own = incidents.filter(({ lines }) => lines.length > 0).sort((a, b) => b.startedAt - a.startedAt);
  const [newest] = own;
  if (newest === undefined) return "no incident of that alert alone is kept with its labels.";
  const problems: string[] = [];
  for (const source of candidates(sources, newest)) {
    try {
      const rule = ruleOf(await source.rules(signal), newest.lines[0]!);
      if (rule === undefined) continue;
      return await advised(source, rule, own, isActed, signal);
    } catch (problem) {
      signal.throwIfAborted();
      if (!isNo(problem)) throw problem;
      problems.push(inert(problem.message));
    }
  }
  return problems.length > 0
    ? `Prometheus could not be asked: ${problems.join(" ")}`
    : "no Prometheus that I know has a rule of that name.";
}

function candidates(sources: readonly Metrics[], { environment }: Incident): readonly Metrics[] {
  return environment === undefined || !sources.some((one) => one.environment === environment)
    ? sources
    : sources.filter((one) => one.environment === environment);
}

async function advised(
  source: Metrics,
  rule: Rule,
  incidents: readonly Incident[],
  isActed: IsActed,
  signal: AbortSignal,
): Promise<ThresholdAdvice | string> {
  const { promql, limit } = measureOf(rule.promql);
  if (limit === undefined)
    return "its rule does not compare one value with a number, so there is no threshold in it to move.";
  const looked = [
    ...incidents.filter(isActed).slice(0, ACTED),
    ...incidents.filter((one) => !isActed(one)).slice(0, OTHERS),
  ];
  const reached: Reached[] = [];
  for (let at = 0; at < looked.length; at += AT_ONCE)
    reached.push(
      ...(await Promise.all(
        looked.slice(at, at + AT_ONCE).map(async (incident) => ({
          incident: incident.id,
          at: incident.startedAt,
          value: await furthest(source, { promql, limit, seconds: rule.forSeconds }, incident, signal),
          acted: isActed(incident),
        })),
      )),
    );
  const { environment } = source;
  return {
    ...{ alert: rule.name, source: source.name, ...(environment !== undefined && { environment }) },
    rule: { promql: rule.promql, forSeconds: rule.forSeconds },
    ...{ promql, limit, found: thresholdFrom(limit, reached) },
    reached: reached.sort((a, b) => b.at - a.at),
  };
}

/** How far the value of the alert's own series went while it fired, and in the `for` before. NaN where the series is gone. */
async function furthest(
  source: Metrics,
  { promql, limit, seconds }: { readonly promql: string; readonly limit: Limit; readonly seconds: number },
  { lines, startedAt, endedAt = startedAt + LONGEST }: Incident,
  signal: AbortSignal,
): Promise<number> {
  const start = startedAt - seconds;
  const end = Math.min(endedAt, startedAt + LONGEST);
  const step = Math.max(15, Math.ceil((end - start) / POINTS));
  const series = await source.range(promql, { start, end: Math.max(end, start + step), step }, signal);
  const values = series
    .filter(({ labels }) => lines.some((line) => isMadeOf(labels, line)))
    .map(({ points }) => reachedFor(points, { seconds, step }, limit))
    .filter(Number.isFinite);
  if (values.length === 0) return Number.NaN;
  return limit.operator.startsWith("<") ? Math.min(...values) : Math.max(...values);
}
