import type { Catalogue, Metric } from "../../core/catalogue.ts";
import { contrasts, drillDown } from "../../core/cause/contrast.ts";
import { sayDeploy, versionsBorn, versionsQuery } from "../../core/cause/versions.ts";
import { deploysOf, MOST_TOLD, runsAt, TOLD_BEFORE, withTold } from "../../core/ci/deploys.ts";
import { type Bound, type ConceptPacks, type Filter, stateQuery } from "../../core/concept.ts";
import type { Deploy } from "../../core/deploy.ts";
import { conceptIndex } from "../../core/language/subject.ts";
import { SILENT, shortName } from "../../core/names.ts";
import { sayIn } from "../../core/plot.ts";
import { type Series, seriesKey } from "../../core/series.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { nameOf, rankOf, type Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { deadlineIn } from "../../util/deadline.ts";
import { inertName } from "../../util/inert.ts";
import type { DetectDeps } from "./deps.ts";
import { burnsOf, weighed } from "./impact.ts";

export type ExplainInput = {
  readonly source: Metrics;
  readonly watch: Watch;
  readonly catalogue: Catalogue;
  readonly packs: ConceptPacks;
  readonly signal: AbortSignal;
};

/** A card does not wait longer for its explanation. */
const PATIENCE_MS = 4000;
/** Of a storm, so many are looked into. */
const MOST_EXPLAINED = 3;
const MOST_LABELS = 4;
const CHART_POINTS = 120;
const CHART_BEFORE = 3 * 3600;
const HOUR = 3600;
/** A deployment so long before may be the cause, and one so soon after is at least worth knowing. */
const DEPLOY_BEFORE = 2700;
const OTHER_DEPLOY_BEFORE = 900;
const DEPLOY_AFTER = 300;

/**
 * Looks into new anomalies of one watch: their course for the chart, which label values carry them, and deployments near their beginning.
 * A handful of queries, whatever their number; what cannot be asked in time is left out. Never throws but for `signal`.
 */
export async function explain(
  deps: Pick<DetectDeps, "clock" | "settings" | "sources" | "look" | "split"> & {
    readonly store: Pick<DetectDeps["store"], "runs">;
  },
  input: ExplainInput,
  opened: readonly Anomaly[],
): Promise<ReadonlyMap<string, Anomaly>> {
  const loud = opened
    .filter(({ quiet }) => quiet === undefined)
    .sort((a, b) => rankOf(b.severity) - rankOf(a.severity) || b.score - a.score);
  const chosen = loud.slice(0, MOST_EXPLAINED);
  if (chosen.length === 0) return new Map();
  const deadline = deadlineIn(PATIENCE_MS);
  const signal = AbortSignal.any([input.signal, deadline.signal]);
  const bound =
    input.watch.concept === undefined
      ? undefined
      : conceptIndex(input.packs, input.catalogue).byId.get(input.watch.concept);
  const now = deps.clock();
  try {
    const [courses, deploys, burns, ...carriers] = await Promise.all([
      orNothing(coursesOf(input, bound, chosen, now, deps.settings.everySeconds, signal), new Map()),
      orNothing(deploysNear(deps, input, chosen, now, signal), []),
      orNothing(burnsOf(input, chosen, signal), new Map()),
      ...chosen.map((one) => {
        const parts = bound === undefined ? partsOfQuery(deps, input, one) : partsOfConcept(bound, one);
        return orNothing(carrierOf(input.source, parts, one, now, signal), undefined);
      }),
    ]);
    return new Map(
      chosen.map((one, at) => {
        const near = deploys.filter((deploy) => {
          const isOwn = Object.values(one.labels).includes(deploy.service);
          const before = one.since - (isOwn ? DEPLOY_BEFORE : OTHER_DEPLOY_BEFORE);
          return deploy.at >= before && deploy.at <= one.since + DEPLOY_AFTER;
        });
        const carrier = carriers[at];
        const made: Anomaly = {
          ...one,
          points: courses.get(one.series) ?? [],
          because: [
            ...near
              .slice(0, 2)
              .map((deploy) => `${sayDeploy(deploy, now, deps.settings.zone)}: near in time, which is no proof.`),
            ...(carrier === undefined ? [] : [carrier]),
          ],
          events: near.slice(0, 4).map((deploy) => ({
            at: deploy.at,
            name: `${inertName(deploy.service)} ${inertName(deploy.to ?? "")}`.trim(),
          })),
        };
        return [one.id, weighed(made, burns.get(one.id), input.watch.most, now)];
      }),
    );
  } finally {
    deadline.end();
  }
}

function orNothing<T>(work: Promise<T>, nothing: T): Promise<T> {
  return work.catch(() => nothing);
}

// ---------------------------------------------------------------- the course

/** Points of each series around its beginning, by key. */
async function coursesOf(
  { source, watch }: ExplainInput,
  bound: Bound | undefined,
  chosen: readonly Anomaly[],
  now: number,
  every: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Anomaly["points"]>> {
  const from = Math.min(...chosen.map(({ since }) => since)) - CHART_BEFORE;
  const step = Math.max(every, Math.ceil((now - from) / CHART_POINTS / every) * every);
  const end = Math.floor(now / every) * every;
  const start = end - Math.floor((end - from) / step) * step;
  const promql = bound === undefined ? watch.promql : stateQuery(bound, filtersOf(bound, chosen));
  const answer = await source.range(promql, { start, end, step }, signal);
  const wanted = new Set(chosen.map(({ series }) => series));
  return new Map(
    answer.flatMap(({ labels, points }) => {
      const key = seriesKey(labels);
      return wanted.has(key) ? [[key, points] as const] : [];
    }),
  );
}

/** Matchers that narrow a concept to what these anomalies are about. */
function filtersOf(bound: Bound, chosen: readonly Anomaly[]): readonly Filter[] {
  const self = bound.names["self"];
  const values = self === undefined ? [] : chosen.flatMap(({ labels }) => labels[self] ?? []);
  return self === undefined || values.length === 0 ? [] : [{ label: self, values: [...new Set(values)] }];
}

// ---------------------------------------------------------------- what carries it

/** Labels that tell more than others where trouble sits. */
const TELLING = [
  "route",
  "handler",
  "path",
  "uri",
  "endpoint",
  "method",
  "code",
  "status",
  "operation",
  "pod",
  "instance",
  "zone",
  "region",
  "node",
];
const MOST_VALUES = 60;

/** A label and the query that asks for the parts by it. */
type Part = { readonly label: string; readonly promql: string };

function partsOfConcept(bound: Bound, one: Anomaly): readonly Part[] {
  const filters = Object.entries(one.labels).map(([label, value]): Filter => ({ label, values: [value] }));
  const taken = new Set([...Object.keys(one.labels), ...Object.values(bound.names)]);
  return candidatesOf([bound.metric], taken).map((label) => ({
    label,
    promql: stateQuery(bound, filters, 0.95, [label]),
  }));
}

/** Of a query that somebody wrote: by the labels that all of its metrics have, as far as it aggregates them. */
function partsOfQuery(
  { look, split }: Pick<DetectDeps, "look" | "split">,
  { watch, catalogue }: ExplainInput,
  one: Anomaly,
): readonly Part[] {
  const looked = look(watch.promql);
  const { __name__: _, ...only } = one.labels;
  const metricOf = (name: string) =>
    catalogue.metrics.get(name) ?? catalogue.metrics.get(name.replace(/_(?:bucket|sum|count)$/, ""));
  const metrics = looked.ok ? looked.metrics.map(metricOf) : [];
  if (metrics.length === 0 || !metrics.every((metric) => metric !== undefined)) return [];
  const has = (name: string, label: string) => metricOf(name)?.labels.has(label) === true;
  return candidatesOf(metrics, new Set(Object.keys(only))).flatMap((label) => {
    const promql = split(watch.promql, label, only, has);
    return promql === undefined ? [] : [{ label, promql }];
  });
}

/** "p95 latency of checkout: route /pay carries 82 % of the change (210 ms before, 2.4 s now)." Undefined when no single value does. */
async function carrierOf(
  source: Metrics,
  parts: readonly Part[],
  one: Anomaly,
  now: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = Math.floor(now / 60) * 60;
  const start = Math.min(end - 600, Math.floor((one.since - HOUR) / 60) * 60);
  const step = Math.max(60, Math.ceil((end - start) / 30 / 60) * 60);
  const found = await Promise.all(
    parts.map(async ({ label, promql }) => {
      const answer = await source.range(
        promql,
        { start: end - Math.floor((end - start) / step) * step, end, step },
        signal,
      );
      const courses = answer.map((series) => onlyLabel(series, label, one.since));
      return drillDown(contrasts(courses, end, 0));
    }),
  );
  const best = found.filter((each) => each !== undefined).sort((a, b) => b.share - a.share)[0];
  if (best === undefined) return undefined;
  const share = Math.min(100, Math.round(best.share * 100));
  const { unit } = one;
  const part = `${inertName(best.label)} ${shortName(best.label, best.value)}`;
  return `${nameOf(one.measure, one.subject)}: ${part} carries ${share} % of the change (${sayIn(unit, best.before)} before, ${sayIn(unit, best.after)} now).`;
}

/** One part, with the points before it began and the newest one, as `contrasts` compares them. */
function onlyLabel({ labels, points }: Series, label: string, since: number): Series {
  const newest = points.at(-1);
  const before = points.filter(([at]) => at < since);
  return {
    labels: { [label]: labels[label] ?? "" },
    points: newest === undefined || newest[0] < since ? before : [...before, newest],
  };
}

/** Labels of all of these metrics that may tell where it sits, those that tell most first. */
function candidatesOf(metrics: readonly Metric[], taken: ReadonlySet<string>): readonly string[] {
  const [first, ...others] = metrics;
  const wanted = [...(first?.labels ?? [])].filter(([label, values]) => {
    return (
      !taken.has(label) &&
      label !== "le" &&
      label !== "quantile" &&
      others.every(({ labels }) => labels.has(label)) &&
      values.length > 1 &&
      values.length <= MOST_VALUES &&
      (!SILENT.has(label) || TELLING.includes(label))
    );
  });
  const place = (label: string) => (TELLING.includes(label) ? TELLING.indexOf(label) : TELLING.length);
  return wanted
    .map(([label]) => label)
    .sort((a, b) => place(a) - place(b) || a.localeCompare(b))
    .slice(0, MOST_LABELS);
}

// ---------------------------------------------------------------- deployments

/** Deployments around the beginning of these anomalies, as Prometheus measured them and as pipelines told of them, those of the same thing first. */
async function deploysNear(
  { store: { runs }, sources }: Pick<DetectDeps, "sources"> & { readonly store: Pick<DetectDeps["store"], "runs"> },
  input: ExplainInput,
  chosen: readonly Anomaly[],
  now: number,
  signal: AbortSignal,
): Promise<readonly Deploy[]> {
  const sinces = chosen.map(({ since }) => since);
  const [from, to] = [Math.min(...sinces) - DEPLOY_BEFORE, Math.min(now, Math.max(...sinces) + DEPLOY_AFTER)];
  const query = versionsQuery(input, from, to);
  const [measured, told] = await Promise.all([
    query === undefined ? [] : orNothing(input.source.range(query.promql, query.window, signal), []),
    orNothing(runs.since(from - TOLD_BEFORE, MOST_TOLD, { deploying: true }), []),
  ]);
  const born = query === undefined ? [] : versionsBorn(measured, query);
  const about = (service: string) => chosen.some(({ labels }) => Object.values(labels).includes(service));
  return [...withTold(born, deploysOf(runsAt(told, input.source, sources), from, to))].sort(
    (a, b) => Number(about(b.service)) - Number(about(a.service)) || b.at - a.at,
  );
}
