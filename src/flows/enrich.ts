import type { IncidentContext } from "../cards/incident-card.ts";
import { isMadeOf, measureOf, type RuleMeasure, ruleOf } from "../core/incident/measure.ts";
import { type AlertLine, type Incident, isLive } from "../core/incident.ts";
import { unitOfQuery } from "../core/query-unit.ts";
import type { Series } from "../core/series.ts";
import { formatValue } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics, Rule } from "../ports/metrics.ts";
import { isNo } from "../util/errors.ts";
import { inert, inertName } from "../util/inert.ts";

export type EnrichDeps = { readonly sources: readonly Metrics[]; readonly clock: Clock };

export type Enriched = Pick<IncidentContext, "chart" | "evidence" | "facts" | "missing" | "canFix" | "impactMissing">;

/** Drawn before the first alert began, in seconds; and points of the drawing. */
const BEFORE = 3600;
const POINTS = 120;
const LINES = 5;

/**
 * The measure behind an incident's gravest alert: its rule's own expression, asked again. Anomalies bring what they were found by. What cannot be found or asked is said as
 * that. Rejects only when `signal` fires.
 */
export async function enrich(deps: EnrichDeps, incident: Incident, signal: AbortSignal): Promise<Enriched> {
  const line = incident.lines.find(({ anomaly }) => anomaly === undefined);
  if (line === undefined || incident.isStorm) return {};
  const reasons: string[] = [];
  for (const source of candidates(deps.sources, incident, line)) {
    try {
      const rule = ruleOf(await source.rules(signal), line);
      if (rule === undefined) continue;
      return await measured(deps, source, rule, line, incident, signal);
    } catch (problem) {
      signal.throwIfAborted();
      if (!isNo(problem)) throw problem;
      reasons.push(`${inertName(source.name)}: ${inert(problem.message)}`);
    }
  }
  if (reasons.length > 0) return { missing: `I could not ask Prometheus for what is behind it. ${reasons.join(" ")}` };
  return { missing: "No Prometheus that I know has a rule of that name, so I cannot show what is behind it." };
}

/** Sources of the incident's environment first: a rule of the same name may exist in several. */
function candidates(sources: readonly Metrics[], { environment }: Incident, line: AlertLine): readonly Metrics[] {
  const cluster = line.labels["cluster"];
  const fits = (one: Metrics) =>
    Number(environment !== undefined && one.environment === environment) +
    Number(cluster !== undefined && one.cluster === cluster);
  return [...sources].sort((a, b) => fits(b) - fits(a));
}

async function measured(
  { clock }: EnrichDeps,
  source: Metrics,
  rule: Rule,
  line: AlertLine,
  incident: Incident,
  signal: AbortSignal,
): Promise<Enriched> {
  const measure = measureOf(rule.promql);
  const end = isLive(incident) ? clock() : Math.min(clock(), (incident.endedAt ?? clock()) + BEFORE / 4);
  const start = Math.max(incident.startedAt - BEFORE, end - 24 * 3600);
  const step = Math.max(15, Math.ceil((end - start) / POINTS));
  const window = { start, end, step };
  const url = source.linkTo(measure.promql, window);
  const evidence = [{ promql: measure.promql, source: source.name, ...(url !== undefined && { url }) }];
  const all = await source.range(measure.promql, window, signal);
  const own = all.filter((series) => isMadeOf(series.labels, line));
  if (own.length === 0)
    return {
      evidence,
      missing:
        measure.limit === undefined
          ? "Its rule's expression gives no series for it now: it only has some while the alert fires."
          : "Its rule's expression gives no series for it over this time: they are gone, or were never there.",
    };
  const { unit, scale } = unitOfQuery(measure.promql, await source.catalogue(signal));
  const scaled = own.slice(0, LINES).map(({ labels, points }) => ({
    name: nameOf(labels, line),
    points: points.map(([at, value]) => [at, value * scale] as const),
  }));
  const limit = measure.limit === undefined ? undefined : measure.limit.value * scale;
  return {
    evidence,
    facts: factsOf(scaled[0]?.points, measure, (value) => formatValue(value, unit), scale, rule),
    chart: {
      title: inertName(rule.name),
      unit,
      series: scaled,
      ...(limit !== undefined && { threshold: limit }),
      events: [{ at: line.startsAt, name: "fires" }],
    },
  };
}

function nameOf(labels: Series["labels"], line: AlertLine): string {
  const own = Object.entries(labels).filter(([label]) => label !== "__name__");
  return own.length === 0 ? inertName(line.name) : own.map(([, value]) => inertName(value, { max: 40 })).join(" ");
}

function factsOf(
  points: readonly (readonly [number, number])[] | undefined,
  { limit }: RuleMeasure,
  say: (value: number) => string,
  scale: number,
  rule: Rule,
): readonly string[] {
  const values = (points ?? []).map(([, value]) => value).filter(Number.isFinite);
  const now = values.at(-1);
  if (now === undefined || limit === undefined) return [];
  const lowest = values.reduce((a, b) => Math.min(a, b));
  const highest = values.reduce((a, b) => Math.max(a, b));
  const held = rule.forSeconds > 0 ? ` for ${Math.round(rule.forSeconds)} s` : "";
  return [
    `Its measure is ${say(now)} at the end of the chart, between ${say(lowest)} and ${say(highest)} within it; the rule fires when it is ${limit.operator} ${say(limit.value * scale)}${held}.`,
  ];
}
