import { chanceOfFailure } from "../core/ci/chance.ts";
import { type Judged, judgeRun, type Trouble, type Unusual } from "../core/ci/judge.ts";
import { durationOf, lineOf, measuresOf, type Run, sayLine } from "../core/ci/run.ts";
import { type Judgement, type Verdict, verdictOf } from "../core/ci/verdict.ts";
import { measureOf, sayUnusual, unitOf } from "../core/ci/words.ts";
import { formatValue } from "../core/units.ts";
import { type Anomaly, over } from "../core/watch/anomaly.ts";
import { groupFor } from "../core/watch/group.ts";
import type { Store } from "../ports/store.ts";
import { sha256 } from "../util/canonical.ts";
import { runsBefore } from "./ci/before.ts";

/** Runs of pipelines -> anomalies. */

export type CiDeps = {
  readonly store: Pick<Store, "runs" | "detection">;
  readonly clock: () => number;
  /** Which way a number is trouble. */
  readonly troubleOf: (name: string) => Trouble;
  /** Anomalies changed: their messages are behind. */
  readonly changed: () => void;
  /** A run was judged, and is about to be kept: tells it where its pull request is. */
  readonly judged?: (run: Run, judgement: Judgement) => Promise<void>;
};

/** What a run came to, for the pipeline that told of it. */
export type Taken = {
  /** `known`: it was told before. */
  readonly status: "taken" | "known";
  readonly verdict: Verdict;
  readonly reason: string;
  readonly findings: readonly string[];
  /** Probability that the next run of that pipeline and branch fails. */
  readonly next_failure_probability: number;
  /** Each number, and what is usual for it: null while too few runs told it. */
  readonly numbers: Readonly<
    Record<string, { readonly value: number; readonly usual: Judged["usual"] | null; readonly is_unusual: boolean }>
  >;
  /** Runs of that pipeline that it was compared with, and their branch. */
  readonly compared_with: number;
  readonly compared_branch: string;
};

/** Where such anomalies come from: no name that a source can have. */
export const CI_SOURCE = "CI webhook";
const WATCH = "ci";
const MOST_OPEN = 5000;
/** A run that ended longer ago is history: pipelines may tell of theirs when they are set up. */
const NEWS_SECONDS = 86_400;
/** A pipeline that told of no run for so long does not run any more; and how often that is looked at. */
const GONE_SECONDS = 14 * 86_400;
const SWEEP_SECONDS = 3600;
/** All open anomalies are read at most so often, however many runs are told of. */
const READ_SECONDS = 5;
/** Runs in the chart. */
const DRAWN = 60;

/** Takes runs, one after the other. Each is judged before it is kept, so that what a crash cuts off can be told again. Rejects when the store cannot be written. */
export function takesRuns(deps: CiDeps): (run: Run) => Promise<Taken> {
  const known: Known = { lines: new Set(), readAt: Number.NEGATIVE_INFINITY, sweptAt: Number.NEGATIVE_INFINITY };
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(async () => {
      await refresh(deps, known);
      return take(deps, known, run);
    });
    last = next.catch(() => {});
    return next;
  };
}

/** Lines of which something may be open: all open anomalies are read for a run of these, or an unusual one, alone. */
type Known = { lines: Set<string>; readAt: number; sweptAt: number };

/** Other replicas open anomalies, too. */
async function refresh(deps: CiDeps, known: Known): Promise<void> {
  const now = deps.clock();
  if (now - known.readAt < READ_SECONDS) return;
  const open = (await deps.store.detection.anomalies({ status: "open", limit: MOST_OPEN })).filter(
    ({ source }) => source === CI_SOURCE,
  );
  known.lines = new Set(open.map(({ labels }) => labels["line"] ?? ""));
  known.readAt = now;
  if (now - known.sweptAt < SWEEP_SECONDS) return;
  await sweep(deps, open, now);
  known.sweptAt = now;
}

/** What is open of pipelines that do not run any more ends: branches are deleted, and workflows renamed. */
async function sweep({ store, changed }: CiDeps, open: readonly Anomaly[], now: number): Promise<void> {
  const old = open.filter(({ since }) => since < now - GONE_SECONDS);
  const newest = new Map<string, Run | undefined>();
  for (const line of new Set(old.map(({ labels }) => labels["line"] ?? "")))
    newest.set(line, (await store.runs.of(line, Number.MAX_SAFE_INTEGER, 1))[0]);
  const gone = old.filter(({ labels }) => (newest.get(labels["line"] ?? "")?.endedAt ?? 0) < now - GONE_SECONDS);
  if (gone.length > 0) {
    const because = `Its pipeline told of no run for ${formatValue(GONE_SECONDS, "seconds")}.`;
    await store.detection.commit({ anomalies: gone.map((one) => ({ ...over(one, now), because: [because] })) });
    changed();
  }
}

async function take(deps: CiDeps, { lines }: Known, run: Run): Promise<Taken> {
  const { store, clock, troubleOf, changed } = deps;
  const line = lineOf(run);
  const [{ own: before, base }, [newest]] = await Promise.all([
    runsBefore(store.runs, run),
    store.runs.of(line, Number.MAX_SAFE_INTEGER, 1),
  ]);
  const found = judgeRun(run, before, troubleOf);
  // One that comes late, or again, changes nothing that was said since.
  const isNewest = newest === undefined || (newest.endedAt <= run.endedAt && newest.id !== run.id);
  if (isNewest && (found.length > 0 || lines.has(line))) {
    const open = await store.detection.anomalies({ status: "open", limit: MOST_OPEN });
    const anomalies = anomaliesOf(run, found, { before, newest }, open, clock());
    if (anomalies.length > 0) {
      lines.add(line);
      await store.detection.commit({ anomalies });
      changed();
    }
  }
  const judgement = verdictOf(run, { own: before, base }, troubleOf);
  await deps.judged?.(run, judgement);
  const isNew = await store.runs.keep(run);
  return {
    status: isNew ? "taken" : "known",
    verdict: judgement.verdict,
    reason: judgement.reason,
    findings: findingsOf(run, judgement, found),
    numbers: Object.fromEntries(
      judgement.numbers.map(({ name, value, usual, unusual }) => [
        name,
        { value, usual: usual ?? null, is_unusual: unusual !== undefined },
      ]),
    ),
    next_failure_probability: Number(chanceOfFailure([...before, run].map(({ outcome }) => outcome)).toFixed(3)),
    compared_with: judgement.runs,
    compared_branch: judgement.branch,
  };
}

/** What is unlike the runs that it was compared with, and whether it fails more than its branch did. */
function findingsOf(run: Run, { numbers, branch }: Judgement, found: readonly Unusual[]): readonly string[] {
  const line = sayLine(run);
  const beside = branch === run.branch ? "" : ` on ${branch}`;
  return [
    ...found.filter(({ kind }) => kind === "failing").map(sayUnusual),
    ...numbers.flatMap(({ unusual }) => (unusual === undefined ? [] : [`${line}: ${sayUnusual(unusual)}${beside}.`])),
  ];
}

/** What begins, goes on and ends with this run. */
function anomaliesOf(
  run: Run,
  found: readonly Unusual[],
  { before, newest }: { readonly before: readonly Run[]; readonly newest: Run | undefined },
  open: readonly Anomaly[],
  now: number,
): readonly Anomaly[] {
  const line = lineOf(run);
  const mine = open.filter(({ source, labels }) => source === CI_SOURCE && labels["line"] === line);
  const changed: Anomaly[] = [];
  for (const one of found) {
    const series = seriesOf(line, nameOf(one));
    const known = mine.find((other) => other.series === series);
    const facts = factsOf(one, run, before);
    if (known !== undefined) changed.push({ ...known, ...facts, revision: known.revision + 1 });
    else changed.push(opening(one, run, newest, facts, [...open, ...changed], now));
  }
  for (const one of mine) {
    const isStill = found.some((other) => seriesOf(line, nameOf(other)) === one.series);
    if (!isStill && endsWith(one, run)) changed.push(over(one, run.endedAt));
  }
  return changed;
}

/** Only a run that says something of it ends it: a failed one has no numbers, a cancelled one says nothing. */
function endsWith({ kind, series }: Anomaly, run: Run): boolean {
  if (kind === "failing") return run.outcome === "success";
  return (
    run.outcome === "success" && Object.keys(measuresOf(run)).some((name) => seriesOf(lineOf(run), name) === series)
  );
}

function nameOf(one: Unusual): string {
  return one.kind === "failing" ? "failing" : one.name;
}

function seriesOf(line: string, name: string): string {
  return `${line}\n${name}`;
}

/** What changes with each run. */
function factsOf(one: Unusual, run: Run, before: readonly Run[]) {
  const because = [sayRun(run)];
  const page = run.url === undefined ? {} : { url: run.url };
  if (one.kind === "failing")
    return {
      because,
      ...page,
      runs: { failed: one.failed, of: one.of, before: one.before },
      points: [],
      score: -Math.log10(one.chance),
    };
  const points = [...before, run]
    .filter(({ outcome }) => outcome === "success")
    .slice(-DRAWN)
    .flatMap((past): [number, number][] => {
      const value = measuresOf(past)[one.name];
      return value === undefined ? [] : [[past.endedAt, value]];
    });
  return { because, ...page, value: one.value, usual: one.usual, points, score: one.score };
}

function opening(
  one: Unusual,
  run: Run,
  newest: Run | undefined,
  facts: ReturnType<typeof factsOf>,
  open: readonly Anomaly[],
  now: number,
): Anomaly {
  const line = lineOf(run);
  const series = seriesOf(line, nameOf(one));
  const made: Anomaly = {
    // By the run before it: replicas that judge two runs after that one at the same moment open one anomaly, since the first of an id stays.
    id: `ci-${sha256(series).slice(0, 12)}-${sha256(newest?.id ?? "").slice(0, 8)}`,
    group: "",
    kind: one.kind === "failing" ? "failing" : "unusual",
    watch: `${WATCH}.${one.kind === "failing" ? "failures" : one.name}`,
    source: CI_SOURCE,
    series,
    labels: { line, project: run.project, pipeline: run.pipeline, branch: run.branch },
    measure: one.kind === "failing" ? "pipeline" : measureOf(one.name),
    subject: sayLine(run),
    unit: one.kind === "failing" ? "none" : unitOf(one.name),
    noun: "",
    promql: "",
    status: "open",
    // A branch in work may fail: only what everybody builds on is worth a message.
    severity: run.isMain || run.deploys !== undefined ? "warning" : "info",
    openedAt: now,
    since: run.startedAt,
    direction: one.kind === "failing" ? "up" : one.direction,
    terms: [],
    events: [],
    ...facts,
    ...quietOf(run, now),
    revision: 1,
  };
  return { ...made, group: groupFor(made, open) };
}

/** Why nobody is told of it. */
function quietOf(run: Run, now: number): { readonly quiet?: string } {
  if (!run.isMain && run.deploys === undefined) return { quiet: "it is not the main branch" };
  return now - run.endedAt > NEWS_SECONDS ? { quiet: "the run ended more than a day before it was told of" } : {};
}

/** "Run of 3f2a91c, failed after 4 min 12 s." */
function sayRun(run: Run): string {
  const what = run.commit === undefined ? "The run" : `The run of ${run.commit.slice(0, 10)}`;
  const took = durationOf(run);
  if (took === undefined)
    return `${what} ${{ success: "ended well", failure: "failed", cancelled: "was cancelled" }[run.outcome]}.`;
  const ended = { success: "took", failure: "failed after", cancelled: "was cancelled after" }[run.outcome];
  return `${what} ${ended} ${formatValue(took, "seconds")}.`;
}
