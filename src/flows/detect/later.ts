import { movedWith } from "../../core/anomaly/moved.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import { type Point, type Series, seriesKey } from "../../core/series.ts";
import { formatDuration } from "../../core/units.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { nameOf, rankOf, subjectOf, type Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { deadlineIn } from "../../util/deadline.ts";
import { inertName } from "../../util/inert.ts";
import type { DetectDeps } from "./deps.ts";
import { burnsOf, weighed } from "./impact.ts";
import type { WatchView } from "./share-look.ts";

/** A second look at what goes on for a while: what moved with it, and whether an objective is being missed. Before, there is too little of it to tell. */

const LATER_SECONDS = 900;
const LATER_POINTS = 12;
const LATEST_SECONDS = 6 * 3600;
/** At most so much before and after the beginning is compared, in so many points, and held against so much before it. */
const WINDOW_SECONDS = 3600;
const WINDOW_POINTS = 30;
const PAST_SECONDS = 6 * 3600;
const MOST_LOOKED = 2;
/** Queries for one anomaly: of its own source, and of others. */
const MOST_QUERIES = 6;
const MOST_ELSEWHERE = 2;
/** A watch of more series is asked for only where it is about the same thing. */
const MANY_SERIES = 100;
const PATIENCE_MS = 6000;
const NAMED = 3;

export type LaterInput = {
  readonly source: Metrics;
  readonly catalogue: Catalogue;
  /** What is followed, by the name of its source. */
  readonly kept: ReadonlyMap<string, readonly WatchView[]>;
  readonly open: ReadonlyMap<string, Anomaly>;
  readonly signal: AbortSignal;
};

type Candidate = { readonly name: string; readonly points: readonly Point[] };

/** Anomalies of that source that are due for their second look -> these with what was found, of a higher revision where that is something. Each is looked at once. Never throws but for `signal`. */
export async function lookLater(
  deps: Pick<DetectDeps, "clock" | "settings" | "packs" | "sources">,
  input: LaterInput,
): Promise<readonly Anomaly[]> {
  const now = deps.clock();
  const every = deps.settings.everySeconds;
  const due = [...input.open.values()]
    .filter((one) => one.kind === "unusual" && one.source === input.source.name && one.quiet === undefined)
    .filter(({ looked, since }) => looked === undefined && now - since >= Math.max(LATER_SECONDS, LATER_POINTS * every))
    .filter(({ since, promql }) => now - since < LATEST_SECONDS && promql !== "")
    .sort((a, b) => rankOf(b.severity) - rankOf(a.severity) || b.score - a.score)
    .slice(0, MOST_LOOKED);
  if (due.length === 0) return [];
  const deadline = deadlineIn(PATIENCE_MS);
  const signal = AbortSignal.any([input.signal, deadline.signal]);
  try {
    const asking = { source: input.source, catalogue: input.catalogue, packs: deps.packs };
    const [burns, ...moved] = await Promise.all([
      burnsOf(asking, due, signal).catch((): ReadonlyMap<string, number> => new Map()),
      ...due.map((one) => movedNear(deps, input, one, now, signal)),
    ]);
    if (input.signal.aborted) return [];
    return due.map((one, at) => {
      const most = input.kept.get(one.source)?.find(({ watch }) => watch.id === one.watch)?.watch.most ?? "warning";
      const sentence = moved[at];
      const because = sentence === undefined ? one.because : [...one.because, sentence];
      const next = weighed({ ...one, because, looked: now }, burns.get(one.id), most, now);
      const isNews = sentence !== undefined || next.severity !== one.severity || next.why !== one.why;
      return isNews ? { ...next, revision: one.revision + 1 } : next;
    });
  } finally {
    deadline.end();
  }
}

/** "Moved with it: error rate of orders (rank correlation 0.91 over 1 h). Together in time, which is no proof." Undefined when nothing did. */
async function movedNear(
  deps: Pick<DetectDeps, "settings" | "sources">,
  { kept, source }: LaterInput,
  one: Anomaly,
  now: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const every = deps.settings.everySeconds;
  const half = Math.min(WINDOW_SECONDS, Math.max(LATER_SECONDS, LATER_POINTS * every, now - one.since));
  const step = Math.max(every, Math.ceil((2 * half) / WINDOW_POINTS / every) * every);
  const end = Math.floor(Math.min(now, one.since + half) / step) * step;
  const from = one.since - half;
  const start = Math.floor((from - PAST_SECONDS) / step) * step;
  const chosen = watchesNear(kept, one);
  const answers = await Promise.all(
    chosen.map(async (watch): Promise<{ watch: Watch; answer: readonly Series[] }> => {
      const asked = deps.sources.find(({ name }) => name === watch.source);
      const answer = asked?.range(watch.promql, { start, end, step }, signal).catch((): readonly Series[] => []);
      return { watch, answer: (await answer) ?? [] };
    }),
  );
  const isOwn = (watch: Watch, series: Series) =>
    watch.source === one.source && watch.promql === one.promql && seriesKey(series.labels) === one.series;
  const own = answers.flatMap(({ watch, answer }) => answer.find((series) => isOwn(watch, series)) ?? [])[0];
  if (own === undefined) return undefined;
  const others = answers.flatMap(({ watch, answer }) =>
    answer
      .filter((series) => !isOwn(watch, series))
      .map(({ labels, points }): Candidate => {
        const name = nameOf(watch.name, subjectOf(watch, labels));
        return { name: watch.source === source.name ? name : `${name} in ${inertName(watch.source)}`, points };
      }),
  );
  const moved = movedWith(
    own.points,
    others.map(({ points }) => points),
    from,
    end,
  );
  if (moved.length === 0) return undefined;
  const over = formatDuration(Math.round((end - from) / 60) * 60);
  const said = moved.slice(0, NAMED).map(({ index, correlation }, at) => {
    const figure = `${correlation < 0 ? "−" : ""}${Math.abs(correlation).toFixed(2)}`;
    return `${others[index]?.name} (${at === 0 ? `rank correlation ${figure} over ${over}` : figure})`;
  });
  const more = moved.length > NAMED ? ` and ${moved.length - NAMED} more` : "";
  return `Moved with it: ${said.join(", ")}${more}; together in time, which is no proof.`;
}

/** Its own watch, those about the same thing, then the others as they matter; and the same measures of other sources. */
function watchesNear(kept: LaterInput["kept"], one: Anomaly): readonly Watch[] {
  const values = new Set(Object.values(one.labels));
  const here = (kept.get(one.source) ?? []).map(({ watch, series }) => {
    const isOwn = watch.promql === one.promql;
    const isNear = [...series.values()].some(({ labels }) => Object.values(labels).some((value) => values.has(value)));
    return { watch, order: isOwn ? 0 : isNear ? 1 : 2, isMany: series.size > MANY_SERIES };
  });
  const own = here.find(({ order }) => order === 0)?.watch;
  if (own === undefined) return [];
  const chosen = here
    .filter(({ order, isMany }) => order < 2 || !isMany)
    .sort((a, b) => a.order - b.order || a.watch.rank - b.watch.rank)
    .slice(0, MOST_QUERIES);
  const elsewhere = [...kept]
    .filter(([source]) => source !== one.source)
    .flatMap(([, list]) => list)
    .filter(({ watch, series }) => watch.name === own.name && series.size <= MANY_SERIES)
    .slice(0, MOST_ELSEWHERE);
  return [...chosen, ...elsewhere].map(({ watch }) => watch);
}
