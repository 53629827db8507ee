import { setImmediate as nextTick } from "node:timers/promises";
import type { Catalogue } from "../../core/catalogue.ts";
import { type Bound, groupBy, stateQuery } from "../../core/concept.ts";
import { type Crossing, isPast } from "../../core/forecast/crossing.ts";
import { historyOf } from "../../core/forecast/history.ts";
import { CALM, look, lookAhead, type Warning, type WarningState } from "../../core/forecast/warning.ts";
import { conceptIndex } from "../../core/language/subject.ts";
import { type Point, type Series, seriesKey } from "../../core/series.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { ENDS, type End, mayReach, rulesOf } from "../../core/watch/ends.ts";
import { groupFor } from "../../core/watch/group.ts";
import { type Severity, subjectOf } from "../../core/watch.ts";
import type { Metrics } from "../../ports.ts";
import { reasonOf } from "../../util/errors.ts";
import type { DetectDeps } from "./deps.ts";
import { over } from "./record.ts";

/** What will run out: looked for every ten minutes, by few queries. */

const EVERY_SECONDS = 600;
/** The cheap look at everything, and the close one at what may reach its end. */
const COARSE = { back: 6 * 3600, step: 1800 };
const CLOSE = { back: 7 * 86_400, step: 900 };
/** Series of one end that are looked at closely in one round. */
const MOST_CLOSE = 20;
const DRAWN = 24 * 3600;

/** What is remembered of one source between two looks. What has been warned of stands in its anomaly, and survives a restart by it. */
export type Outlook = { next: number; readonly states: Map<string, WarningState> };

export function newOutlook(): Outlook {
  return { next: 0, states: new Map() };
}

type Looking = {
  readonly deps: Pick<DetectDeps, "clock" | "packs" | "settings">;
  readonly source: Metrics;
  /** The source whose names are plain. */
  readonly isFirst: boolean;
  readonly catalogue: Catalogue;
  readonly open: ReadonlyMap<string, Anomaly>;
  readonly signal: AbortSignal;
  /** Told of what could not be asked: others are. */
  readonly problem: (sentence: string) => void;
};

/** Everything that runs full or out in that source -> anomalies that begin, change or end. Nothing when the last look was a moment ago. */
export async function lookForEnds(outlook: Outlook, looking: Looking): Promise<readonly Anomaly[]> {
  const { deps, catalogue, signal, problem } = looking;
  if (deps.clock() < outlook.next) return [];
  outlook.next = deps.clock() + EVERY_SECONDS;
  const { byId } = conceptIndex(deps.packs, catalogue);
  const changed: Anomaly[] = [];
  for (const end of ENDS) {
    const bound = byId.get(end.concept);
    if (bound === undefined) continue;
    try {
      changed.push(...(await lookAtEnd(end, bound, outlook, looking, changed)));
    } catch (err) {
      if (signal.aborted) return changed;
      problem(`${idOf(end, looking)}: ${reasonOf(err)}`);
    }
  }
  return changed;
}

function idOf({ concept }: End, { source, isFirst }: Pick<Looking, "source" | "isFirst">): string {
  return `ahead/${isFirst ? "" : `${source.name}/`}${concept}`;
}

async function lookAtEnd(
  end: End,
  bound: Bound,
  outlook: Outlook,
  looking: Looking,
  earlier: readonly Anomaly[],
): Promise<readonly Anomaly[]> {
  const { deps, source, open, signal } = looking;
  const watch = idOf(end, looking);
  const now = deps.clock();
  const to = Math.floor(now / COARSE.step) * COARSE.step;
  // The newest value counts as well, since much can happen in half an hour.
  const [coarse, current] = await Promise.all([
    source.range(stateQuery(bound, []), { start: to - COARSE.back, end: to, step: COARSE.step }, signal),
    source.instant(stateQuery(bound, []), undefined, signal),
  ]);
  const past = new Map(coarse.map(({ labels, points }) => [seriesKey(labels), points.map(([, value]) => value)]));
  const mine = [...open.values()].filter((one) => one.watch === watch && one.source === source.name);
  const there = new Set(current.map(({ labels }) => seriesKey(labels)));
  const gone = mine.filter(({ series }) => !there.has(series));
  const changed: Anomaly[] = gone.map((one) => ({ ...over(one, now), because: ["It has no data any more."] }));
  const candidates = current
    .map(({ labels, value }) => ({ key: seriesKey(labels), labels, value }))
    .filter(
      ({ key, value }) =>
        mine.some(({ series }) => series === key) || mayReach([...(past.get(key) ?? []), value], COARSE.step, end),
    )
    .sort((a, b) => (end.rising ? b.value - a.value : a.value - b.value));
  for (const key of outlook.states.keys())
    if (key.startsWith(`${watch} `) && !candidates.some((one) => key === `${watch} ${one.key}`))
      outlook.states.delete(key);
  const calls: Found[] = [];
  for (const candidate of candidates.slice(0, MOST_CLOSE)) {
    const before = mine.find(({ series }) => series === candidate.key);
    const state = outlook.states.get(`${watch} ${candidate.key}`) ?? stateOf(before);
    const found = await closely(end, bound, state, candidate, looking);
    if (found === undefined) continue;
    outlook.states.set(`${watch} ${candidate.key}`, found.state);
    calls.push({ ...found, ...candidate, before });
    await nextTick();
  }
  for (const found of calls) {
    const one = told(end, bound, watch, found, looking, [...open.values(), ...earlier, ...changed]);
    if (one !== undefined) changed.push(one);
  }
  return changed;
}

/** After a restart: what was warned of is still warned of. */
function stateOf(before: Anomaly | undefined): WarningState {
  return before === undefined ? CALM : { phase: "warned", against: 0, likely: before.reaches?.at };
}

type Candidate = { readonly key: string; readonly labels: Series["labels"]; readonly value: number };
type Close = {
  readonly state: WarningState;
  readonly warning: Warning;
  readonly promql: string;
  readonly points: readonly Point[];
  readonly by: NonNullable<Anomaly["reaches"]>["by"];
};
type Found = Close & Candidate & { readonly before: Anomaly | undefined };

/** One series by its history. Undefined where nothing can be told of it. */
async function closely(
  end: End,
  bound: Bound,
  state: WarningState,
  { key, labels, value }: Candidate,
  { deps, source, signal }: Looking,
): Promise<Close | undefined> {
  const now = deps.clock();
  const filters = groupBy(bound).flatMap((label) => {
    const is = labels[label];
    return is === undefined ? [] : [{ label, values: [is] }];
  });
  const promql = stateQuery(bound, filters);
  if (end.isDated !== undefined) {
    const at = now + Math.max(0, value);
    const crossing: Crossing =
      value <= 0
        ? { kind: "already" }
        : value <= end.isDated.within
          ? { kind: "crosses", earliest: at, likely: at, latest: at }
          : { kind: "clear", until: at };
    return { ...look(state, crossing, now, rulesOf(end)), promql, points: [], by: "date" };
  }
  const to = Math.floor(now / CLOSE.step) * CLOSE.step;
  const window = { start: to - CLOSE.back, end: to, step: CLOSE.step };
  const series = (await source.range(promql, window, signal)).find((one) => seriesKey(one.labels) === key);
  // The value of now is the next step, as near as makes no difference.
  const points: Point[] = [...(series?.points ?? []), [to + CLOSE.step, value]];
  const history = historyOf(points, CLOSE.step);
  if ("kind" in history) return undefined;
  const found = lookAhead(state, history, end, now, {
    ...(end.low !== undefined && { low: end.low }),
    ...(end.high !== undefined && { high: end.high }),
  });
  if ("kind" in found) return undefined;
  return { ...found, promql, points: points.filter(([at]) => at >= now - DRAWN) };
}

/** What comes of a look at one series: an anomaly that begins, is more urgent, or ends. */
function told(
  end: End,
  bound: Bound,
  watch: string,
  { warning, before, key, labels, value, promql, points, by }: Found,
  { deps, source }: Looking,
  open: readonly Anomaly[],
): Anomaly | undefined {
  const now = deps.clock();
  if (warning === undefined) {
    const left = before?.reaches === undefined ? Number.POSITIVE_INFINITY : before.reaches.at - now;
    if (before === undefined || before.severity === "critical" || left > end.critical) return undefined;
    return { ...before, severity: "critical", value, points, revision: before.revision + 1 };
  }
  if (warning.kind === "ends") {
    if (before === undefined) return undefined;
    const why = isPast(value, end) ? "It came to that." : "By its course since, it is not to be expected any more.";
    return { ...over(before, now), value, because: [why] };
  }
  const { crossing } = warning;
  const severity: Severity = crossing.likely - now <= end.critical ? "critical" : "warning";
  const { earliest, likely, latest } = crossing;
  const reaches: NonNullable<Anomaly["reaches"]> = {
    at: likely,
    earliest,
    ...(latest !== undefined && { latest }),
    limit: end.value,
    will: end.will,
    by,
  };
  if (before !== undefined) return { ...before, severity, reaches, value, points, revision: before.revision + 1 };
  const subject = subjectOf({ by: groupBy(bound) }, labels);
  const made: Anomaly = {
    id: `${watch}-${subject}-${Math.round(now)}`.replace(/[^\w.-]+/g, "_").slice(0, 120),
    group: watch,
    kind: "ahead",
    watch,
    source: source.name,
    series: key,
    labels,
    measure: end.measure,
    subject,
    unit: bound.concept.unit,
    noun: bound.concept.noun,
    promql,
    status: "open",
    severity,
    openedAt: now,
    since: now,
    value,
    direction: end.rising ? "up" : "down",
    score: 0,
    terms: [],
    because: [],
    points,
    events: [],
    reaches,
    revision: 1,
  };
  return { ...made, group: groupFor(made, open) };
}
