import { setImmediate as nextTick } from "node:timers/promises";
import type { Catalogue } from "../../core/catalogue.ts";
import { type Bound, groupBy, stateQuery } from "../../core/concept.ts";
import { type Crossing, isPast } from "../../core/forecast/crossing.ts";
import type { Forecast } from "../../core/forecast/forecast.ts";
import { historyOf } from "../../core/forecast/history.ts";
import { keptOf } from "../../core/forecast/score.ts";
import { CALM, look, lookAhead, type Warning, type WarningState } from "../../core/forecast/warning.ts";
import { conceptIndex } from "../../core/language/subject.ts";
import { type Point, type Series, seriesKey } from "../../core/series.ts";
import { type Anomaly, over } from "../../core/watch/anomaly.ts";
import { ENDS, type End, isHeading, mayReach, rulesOf } from "../../core/watch/ends.ts";
import { groupFor } from "../../core/watch/group.ts";
import { atLeast, type Severity, subjectOf } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { sha256 } from "../../util/canonical.ts";
import { QueryRefusedError, RefusedError, reasonOf } from "../../util/errors.ts";
import type { DetectDeps } from "./deps.ts";

/** What will run out: looked for every ten minutes, by few queries. */

const EVERY_SECONDS = 600;
/** The cheap look at everything, and the close one at what may reach its end. */
const COARSE = { back: 6 * 3600, step: 1800 };
const CLOSE = { back: 7 * 86_400, step: 900 };
/** Series of one end that are looked at closely in one round. */
const MOST_CLOSE = 20;
/** A round must end well before another process may take it for dead. */
const MOST_SECONDS = 120;
const GONE_LOOKS = 3;
const DRAWN = 24 * 3600;

/** What is remembered of one source between two looks. What has been warned of stands in its anomaly, and survives a restart by it. */
export type Outlook = {
  next: number;
  readonly states: Map<string, WarningState>;
  /** Looks in a row in which what was warned of had no data, by the anomaly's id. */
  readonly missed: Map<string, number>;
};

export function newOutlook(): Outlook {
  return { next: 0, states: new Map(), missed: new Map() };
}

type Looking = {
  readonly deps: Pick<DetectDeps, "clock" | "elapsed" | "packs" | "settings"> & {
    readonly store: Pick<DetectDeps["store"], "forecasts">;
  };
  readonly source: Metrics;
  /** The source whose names are plain. */
  readonly isFirst: boolean;
  readonly catalogue: Catalogue;
  readonly open: ReadonlyMap<string, Anomaly>;
  readonly signal: AbortSignal;
  /** By `elapsed`: nothing more is looked at closely after it. */
  readonly until: number;
  /** Told of what could not be asked: others are. */
  readonly problem: (sentence: string) => void;
};

/** Everything that runs full or out in that source -> anomalies that begin, change or end. Nothing when the last look was a moment ago. */
export async function lookForEnds(outlook: Outlook, round: Omit<Looking, "until">): Promise<readonly Anomaly[]> {
  const { deps, catalogue, signal, problem } = round;
  if (deps.clock() < outlook.next) return [];
  outlook.next = deps.clock() + EVERY_SECONDS;
  const looking = { ...round, until: deps.elapsed() + MOST_SECONDS };
  const { byId } = conceptIndex(deps.packs, catalogue);
  const measured = ENDS.flatMap((end) => {
    const bound = byId.get(end.concept);
    return bound === undefined ? [] : [{ end, bound }];
  });
  const ids = new Set(measured.map(({ end }) => idOf(end, looking)));
  const changed: Anomaly[] = [...unmeasured(ids, looking)];
  for (const { end, bound } of measured) {
    try {
      changed.push(...(await lookAtEnd(end, bound, outlook, looking, changed)));
    } catch (err) {
      if (signal.aborted) return changed;
      problem(`${idOf(end, looking)}: ${reasonOf(err)}`);
    }
  }
  return changed;
}

/** What was said of an end that nothing measures any more, or under another name of its source, ends. */
function unmeasured(there: ReadonlySet<string>, looking: Looking): readonly Anomaly[] {
  return [...looking.open.values()]
    .filter(({ kind, source, watch }) => kind === "ahead" && source === looking.source.name && !there.has(watch))
    .map((one) => ({ ...over(one, looking.deps.clock()), because: ["It is not watched any more."] }));
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
  const { deps, source, open, signal, problem } = looking;
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
  const gone = mine.filter((one) => isGone(one, there.has(one.series), outlook));
  const changed: Anomaly[] = gone.map((one) => ({ ...over(one, now), because: ["It has no data any more."] }));
  const isMine = ({ key }: Pick<Candidate, "key">) => mine.some(({ series }) => series === key);
  const candidates = current
    .map(({ labels, value }) => {
      const key = seriesKey(labels);
      return { key, labels, value, course: [...(past.get(key) ?? []), value] };
    })
    .filter((one) => isMine(one) || mayReach(one.course, COARSE.step, end))
    .map((one) => ({ ...one, rank: 2 * Number(isMine(one)) + Number(isHeading(one.course, COARSE.step, end)) }))
    // What is said of, then what is on its way, then what is near: many may stand near their whole for ever.
    .sort((a, b) => b.rank - a.rank || (end.rising ? b.value - a.value : a.value - b.value));
  for (const key of outlook.states.keys())
    if (key.startsWith(`${watch} `) && !candidates.some((one) => key === `${watch} ${one.key}`))
      outlook.states.delete(key);
  for (const candidate of candidates.slice(0, MOST_CLOSE)) {
    if (deps.elapsed() > looking.until) {
      problem(`${watch}: looking ahead took more than ${MOST_SECONDS} s, so not all was looked at.`);
      break;
    }
    const id = `${watch} ${candidate.key}`;
    const before = mine.find(({ series }) => series === candidate.key);
    let found: Close | undefined;
    try {
      found = await closely(end, bound, stateOf(outlook.states.get(id), before), candidate, looking);
    } catch (err) {
      if (signal.aborted) break;
      problem(`${watch}: ${reasonOf(err)}`);
      // This one query is too much for it, or nothing can be asked now.
      if (err instanceof RefusedError || err instanceof QueryRefusedError) continue;
      break;
    }
    const known = [...open.values(), ...earlier, ...changed];
    const one =
      found === undefined
        ? lapsed(before, now)
        : told(end, bound, watch, { ...candidate, ...found, before }, looking, known);
    if (one !== undefined) changed.push(one);
    if (one !== undefined && before === undefined && found?.told !== undefined)
      await keepForecast(found.told, found, one, bound, looking);
    if (found !== undefined)
      outlook.states.set(id, { ...found.state, ...(one?.reaches && { likely: one.reaches.at }) });
    await nextTick();
  }
  return changed;
}

/** What a warning rests on is kept, so that it can be said later how it turned out. A store that cannot be used costs the record, not the warning. */
async function keepForecast(
  told: Forecast,
  { promql, points }: Close,
  { id, series, value }: Anomaly,
  { concept }: Bound,
  { deps, source, problem }: Looking,
): Promise<void> {
  const about = { id: `ahead-${id}`, about: concept.id, source: source.name, promql, series, at: deps.clock() };
  const last = points.at(-1)?.[1] ?? value ?? 0;
  await deps.store.forecasts
    .keep(keptOf(told, { ...about, last }))
    .catch((err: unknown) => problem(`A forecast could not be kept: ${reasonOf(err)}`));
}

/** Without data in so many looks in a row: a gap is no end, and after it nothing is said anew. */
function isGone({ id }: Anomaly, isThere: boolean, { missed }: Outlook): boolean {
  const count = isThere ? 0 : (missed.get(id) ?? 0) + 1;
  if (count === 0 || count >= GONE_LOOKS) missed.delete(id);
  else missed.set(id, count);
  return count >= GONE_LOOKS;
}

/** What has been warned of is what is open: after a restart, and where a warning or its end could not be written. */
function stateOf(kept: WarningState | undefined, before: Anomaly | undefined): WarningState {
  if (before === undefined) return kept?.phase === "calm" ? kept : CALM;
  return kept?.phase === "warned" ? kept : { phase: "warned", against: 0, likely: before.reaches?.at };
}

/** Nothing can be told of it now: what was said stands until its time is over. */
function lapsed(before: Anomaly | undefined, now: number): Anomaly | undefined {
  if (before === undefined || now < (before.reaches?.at ?? 0)) return undefined;
  return { ...over(before, now), because: ["Its course cannot be told any more."] };
}

type Candidate = { readonly key: string; readonly labels: Series["labels"]; readonly value: number };
type Close = {
  readonly state: WarningState;
  readonly warning: Warning;
  readonly crossing: Crossing;
  readonly promql: string;
  readonly points: readonly Point[];
  readonly by: NonNullable<Anomaly["reaches"]>["by"];
  readonly told?: Forecast;
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
    return { ...look(state, crossing, now, rulesOf(end)), crossing, promql, points: [], by: "date" };
  }
  const { step = CLOSE.step } = end;
  const to = Math.floor(now / step) * step;
  const window = { start: to - CLOSE.back, end: to, step };
  const series = (await source.range(promql, window, signal)).find((one) => seriesKey(one.labels) === key);
  // The value of now is the next step, as near as makes no difference.
  const points: Point[] = [...(series?.points ?? []), [to + step, value]];
  const history = historyOf(points, step);
  if ("kind" in history) return undefined;
  const found = lookAhead(state, history, end, now, {
    ...(end.low !== undefined && { low: end.low }),
    ...(end.high !== undefined && { high: end.high }),
  });
  if ("kind" in found) return undefined;
  return { ...found, promql, points: points.filter(([at]) => at >= now - DRAWN) };
}

/** Whether the time that its message says is another one now, by more than a quarter of what is left. */
function isOff({ reaches }: Anomaly, likely: number, now: number): boolean {
  return reaches === undefined || Math.abs(likely - reaches.at) > (likely - now) / 4;
}

const UNEXPECTED = "By its course since, it is not to be expected any more.";

/** What comes of a look at one series: an anomaly that begins, is more urgent, or ends. */
function told(
  end: End,
  bound: Bound,
  watch: string,
  { warning, crossing, before, key, labels, value, promql, points, by }: Found,
  { deps, source }: Looking,
  open: readonly Anomaly[],
): Anomaly | undefined {
  const now = deps.clock();
  if (warning?.kind === "ends") {
    if (before === undefined) return undefined;
    const why = isPast(value, end) ? "It came to that." : by === "date" ? "It has another date." : UNEXPECTED;
    return { ...over(before, now), value, because: [why] };
  }
  if (crossing.kind !== "crosses" || (warning === undefined && before === undefined)) return undefined;
  const soon: Severity = crossing.likely - now <= end.critical ? "critical" : "warning";
  // Where it was said, it is said what became of it: so never less severe than it was.
  const severity = atLeast(soon, before?.severity ?? soon);
  if (warning === undefined && before?.severity === severity && !isOff(before, crossing.likely, now)) return undefined;
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
  const about = `${watch}-${subject}`.replace(/[^\w.-]+/g, "_").slice(0, 80);
  const made: Anomaly = {
    id: `${about}-${sha256(key).slice(0, 8)}-${Math.round(now)}`,
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
