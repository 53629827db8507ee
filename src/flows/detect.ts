import type { Catalogue } from "../core/catalogue.ts";
import { type Anomaly, type Opinion, over } from "../core/watch/anomaly.ts";
import { activeOf, type WatchModel } from "../core/watch/model.ts";
import { rankOf, subjectOf, type Watch } from "../core/watch.ts";
import type { Metrics, WatchRound } from "../ports.ts";
import { QueryRefusedError, RefusedError, reasonOf } from "../util/errors.ts";
import { lookForEnds, newOutlook, type Outlook } from "./detect/ahead.ts";
import { CERTIFICATES, type CertificateLooks, lookAtCertificates } from "./detect/certificates.ts";
import type { DetectDeps, Gauge, RoundReport } from "./detect/deps.ts";
import { explain } from "./detect/explain.ts";
import { versionOf } from "./detect/follow.ts";
import { type DownTarget, downTargets, judgeMissing, judgeTargets } from "./detect/lacks.ts";
import { dueStates, type Kept, type Looked, lookAt, takeUp } from "./detect/one-watch.ts";
import { lacking, recordAll } from "./detect/record.ts";
import { showAnomalies } from "./detect/show.ts";
import { followVersions } from "./detect/versions.ts";
import { unitOf, watchesOf } from "./detect/watches.ts";

/** Metrics -> anomalies, by schedule. */
export type Detect = {
  /**
   * One round, for the slot that was planned at that unix second. Never throws for what the world does: that is in the report. Calls at the same
   * time share one round. Once `signal` has fired it ends early; what is not done is done by the next one.
   */
  readonly round: (slot: number, signal: AbortSignal) => Promise<RoundReport>;
  /** Lets the messages of that group be drawn anew, since people said something of it. */
  readonly redraw: (group: string) => Promise<void>;
  /** Posts and edits what its messages do not show yet. */
  readonly show: () => Promise<void>;
  /** Writes all states that are not written yet. */
  readonly flush: () => Promise<void>;
};

const JOB = "detect";
/** A round that takes longer than this has died with its process. */
const LEASE_SECONDS = 600;
/** A source that cannot be asked in so many rounds is said to be away. */
const AWAY_ROUNDS = 3;
const OPINIONS_SECONDS = 365 * 86_400;
/** Seconds after which a round that still goes on shows what it has. */
const SHOW_EVERY = 5;
const MOST_OPEN = 5000;
const MOST_GAUGES = 200;

type SourceState = {
  kept: Map<string, Kept>;
  down: readonly DownTarget[];
  readonly outlook: Outlook;
  /** Rounds in a row in which it could not be asked, and since when. */
  failed: number;
  failedSince: number;
};

export function detect(deps: DetectDeps): Detect {
  const { store, clock, elapsed, settings } = deps;
  const states = new Map<string, SourceState>();
  const versions = followVersions(deps);
  const certificates: CertificateLooks = new Map();
  /** Everything that is open, by id. Undefined until it was read from the store. */
  let open: Map<string, Anomaly> | undefined;
  let running: Promise<RoundReport> | undefined;
  let shownAt = 0;

  return {
    round(slot, signal) {
      running ??= once(slot, signal).finally(() => {
        running = undefined;
      });
      return running;
    },
    async redraw(group) {
      const members = await store.detection.anomalies({ group, limit: MOST_OPEN });
      const anomalies = members.map((one) => {
        const newest = open?.get(one.id) ?? one;
        const next = { ...newest, revision: newest.revision + 1 };
        if (open?.has(one.id)) open.set(one.id, next);
        return next;
      });
      await store.detection.commit({ anomalies });
      await showAnomalies(deps);
    },
    show: () => showAnomalies(deps),
    async flush() {
      for (const { kept } of states.values())
        for (const one of kept.values()) {
          const due = dueStates(one, clock(), true);
          if (due !== undefined) await store.detection.commit(due);
        }
    },
  };

  async function once(slot: number, signal: AbortSignal): Promise<RoundReport> {
    const began = elapsed();
    shownAt = began;
    const won = await store.detection.claim(JOB, slot, deps.owner, clock(), clock() + LEASE_SECONDS);
    const tally = new Tally();
    if (won === "lost") return tally.report("taken", elapsed() - began);
    try {
      if (won === "anew" || open === undefined) {
        // Somebody else had the last round, or this process is new: what counts is what is stored.
        states.clear();
        open = new Map(
          (await store.detection.anomalies({ status: "open", limit: MOST_OPEN })).map((one) => [one.id, one]),
        );
      }
      const [opinions, rounds, models] = await Promise.all([
        store.detection.opinions(clock() - OPINIONS_SECONDS),
        store.detection.rounds(),
        versions.read(),
      ]);
      let left = settings.series;
      for (const [at, source] of deps.sources.entries()) {
        if (signal.aborted) break;
        left = await oneSource({ source, isFirst: at === 0, opinions, rounds, models, left, open, tally, signal });
      }
      await showAnomalies(deps);
    } finally {
      await store.detection.release(JOB, deps.owner);
    }
    const report = tally.report(tally.problems.length > 0 ? "partly" : "done", elapsed() - began);
    deps.observe?.(report, gauges(open));
    return report;
  }

  type Round = {
    readonly source: Metrics;
    readonly isFirst: boolean;
    readonly opinions: readonly Opinion[];
    readonly rounds: readonly WatchRound[];
    readonly models: ReadonlyMap<string, WatchModel>;
    readonly left: number;
    readonly open: Map<string, Anomaly>;
    readonly tally: Tally;
    readonly signal: AbortSignal;
  };

  /** Returns how many series are left for other sources. */
  async function oneSource(round: Round): Promise<number> {
    const { source, open, tally, signal, opinions, rounds } = round;
    const state = states.get(source.name) ?? {
      kept: new Map(),
      down: [],
      outlook: newOutlook(),
      failed: 0,
      failedSince: 0,
    };
    states.set(source.name, state);
    let left = round.left;
    let catalogue: Catalogue;
    try {
      catalogue = await source.catalogue(signal);
      state.down = await downTargets(source, state.down, clock(), signal);
    } catch (problem) {
      await away(source, state, problem, open, tally);
      return left;
    }
    await keep({ anomalies: judgeTargets(source.name, state.down, open, clock()) }, open, tally);
    const watches = watchesOf(deps, source.name, catalogue, round.isFirst);
    await forget(state, watches, open, tally, source.name);
    for (const watch of watches) {
      if (signal.aborted) return left;
      const look = deps.look(watch.promql);
      if (!look.ok) {
        tally.problem(`${watch.id}: ${look.reason}`);
        continue;
      }
      let one = state.kept.get(watch.id);
      if (one === undefined || one.watch.promql !== watch.promql) {
        const version = activeOf(round.models.get(versionOf(watch, settings.everySeconds)));
        const taken = await takeUp(deps, watch, look, opinions, rounds, version);
        one = taken.kept;
        state.kept.set(watch.id, one);
        if (taken.broken.length > 0) {
          const many = taken.broken.length === 1 ? "state" : "states";
          tally.problem(`${watch.id}: ${taken.broken.length} stored ${many} could not be read and begin anew.`);
          deps.report("error", "stored states of a detector could not be read: dropped, and learnt anew", {
            watch: watch.id,
            series: taken.broken.slice(0, 5),
            count: taken.broken.length,
          });
        }
      }
      const most = Math.min(settings.seriesPerWatch, left);
      let looked: Looked;
      const before = one.problem;
      try {
        looked = await lookAt(deps, one, source, most, opinions, signal);
      } catch (problem) {
        if (signal.aborted) return left;
        if (await isAlive(source, problem, signal)) {
          // This one query is too much for it, or wrong: others are asked all the same.
          one.problem = reasonOf(problem);
          tally.problem(`${watch.id}: ${reasonOf(problem)}`);
          if (before !== one.problem)
            deps.report("warn", "a watch could not be asked", { watch: watch.id, reason: one.problem });
          continue;
        }
        await away(source, state, problem, open, tally);
        return left;
      }
      if (one.problem !== undefined) {
        tally.problem(`${watch.id}: ${one.problem}`);
        if (before !== one.problem)
          deps.report("warn", "a watch is not followed whole", { watch: watch.id, reason: one.problem });
      }
      left -= Math.min(most, one.series.size);
      await judge(one, looked, catalogue, state, round);
      state.kept.set(watch.id, await versions.follow(one, looked.isFirst ? [] : looked.happened, round));
    }
    if (settings.automatic) {
      const problem = (sentence: string) => tally.problem(sentence);
      const looking = { deps, source, isFirst: round.isFirst, catalogue, open, signal, problem };
      await keep({ anomalies: await lookForEnds(state.outlook, looking) }, open, tally);
      const changed = await lookAtCertificates(certificates, looking).catch((err: unknown) => {
        signal.throwIfAborted();
        problem(`${CERTIFICATES}: ${reasonOf(err)}`);
        return [];
      });
      await keep({ anomalies: changed }, open, tally);
    }
    await back(source, state, open, tally);
    return left;
  }

  /** What was read of one watch -> anomalies, explained, and written with the states in one transaction. */
  async function judge(
    one: Kept,
    looked: Looked,
    catalogue: Catalogue,
    state: SourceState,
    round: Round,
  ): Promise<void> {
    const { open, tally, opinions, source, signal } = round;
    const { watch } = one;
    tally.looked(one.series.size, looked.points, looked.asking);
    const jobs = new Set(one.look.metrics.flatMap((name) => catalogue.metrics.get(name)?.labels.get("job") ?? []));
    const down = state.down.filter(({ job }) => jobs.has(job));
    const { changed, opened } = recordAll(looked.happened, open, {
      watch,
      unit: unitOf(watch, catalogue),
      now: clock(),
      zone: settings.zone,
      isFirst: looked.isFirst,
      opinions,
      down: down.map(({ instance }) => instance),
    });
    const missing = looked.window === undefined ? [] : judgeMissing(one, open, state.down, clock());
    const resets = looked.resets.slice(-5).map(({ series, labels, at }) => {
      const lack = lacking(
        {
          kind: "reset",
          watch: watch.id,
          source: source.name,
          measure: watch.name,
          subject: subjectOf(watch, labels),
          since: at,
          severity: "info",
          series,
          labels,
          promql: watch.promql,
        },
        open.values(),
        clock(),
      );
      return over(lack, at);
    });
    const began = elapsed();
    const explained = await explain(deps, { source, watch, catalogue, packs: deps.packs, signal }, opened);
    tally.asked(elapsed() - began);
    for (const anomaly of explained.values()) if (open.has(anomaly.id)) open.set(anomaly.id, anomaly);
    const anomalies = [...changed.map((anomaly) => explained.get(anomaly.id) ?? anomaly), ...missing, ...resets];
    await keep({ ...dueStates(one, clock(), anomalies.length > 0 || looked.isFirst), anomalies }, open, tally);
    // A round that takes long, as the first does, says what it knows on the way.
    if (elapsed() - shownAt > SHOW_EVERY) {
      await showAnomalies(deps);
      shownAt = elapsed();
    }
  }

  async function keep(
    change: Parameters<typeof store.detection.commit>[0],
    open: Map<string, Anomaly>,
    tally: Tally,
  ): Promise<void> {
    const { anomalies = [] } = change;
    if (change.watch === undefined && anomalies.length === 0) return;
    await store.detection.commit(change);
    for (const one of anomalies) {
      if (one.status === "open") open.set(one.id, one);
      else open.delete(one.id);
      tally.changed(one);
    }
  }

  /** The source could not be asked: said once it lasts, and nothing of it is judged meanwhile. */
  async function away(
    { name }: Metrics,
    state: SourceState,
    problem: unknown,
    open: Map<string, Anomaly>,
    tally: Tally,
  ): Promise<void> {
    const now = clock();
    if (state.failed === 0) state.failedSince = now;
    state.failed++;
    tally.problem(reasonOf(problem));
    const isSaid = [...open.values()].some(({ kind, source }) => kind === "unreachable" && source === name);
    if (isSaid || state.failed < AWAY_ROUNDS) return;
    const lack = lacking(
      {
        kind: "unreachable",
        watch: "sources",
        source: name,
        measure: "Prometheus",
        subject: name,
        since: state.failedSince,
        severity: "critical",
        because: [reasonOf(problem)],
      },
      open.values(),
      now,
    );
    await keep({ anomalies: [lack] }, open, tally);
  }

  async function back({ name }: Metrics, state: SourceState, open: Map<string, Anomaly>, tally: Tally): Promise<void> {
    state.failed = 0;
    const said = [...open.values()].filter(({ kind, source }) => kind === "unreachable" && source === name);
    await keep({ anomalies: said.map((one) => over(one, clock())) }, open, tally);
  }

  /** Watches that are not there any more: what is open of them ends with them. */
  async function forget(
    state: SourceState,
    watches: readonly Watch[],
    open: Map<string, Anomaly>,
    tally: Tally,
    source: string,
  ): Promise<void> {
    const there = new Set([...watches.map(({ id }) => id), "targets", "sources", CERTIFICATES]);
    for (const id of state.kept.keys()) if (!there.has(id)) state.kept.delete(id);
    const orphans = [...open.values()].filter(
      (one) => one.source === source && !there.has(one.watch) && !(one.kind === "ahead" && settings.automatic),
    );
    const ended = orphans.map((one) => ({
      ...over(one, clock()),
      because: [...one.because, "It is not watched any more."],
    }));
    await keep({ anomalies: ended }, open, tally);
  }

  function gauges(open: ReadonlyMap<string, Anomaly>): readonly Gauge[] {
    const bySeries = new Map([...open.values()].map((one) => [`${one.watch} ${one.series}`, one]));
    const all = [...states.values()].flatMap(({ kept }) =>
      [...kept.values()].flatMap(({ watch, series }) =>
        [...series].flatMap(([key, { labels, verdict, track }]) => {
          if (verdict === undefined || !Number.isFinite(verdict.value)) return [];
          const anomaly = bySeries.get(`${watch.id} ${key}`);
          const severity = anomaly === undefined ? 0 : ((rankOf(anomaly.severity) + 1) as 1 | 2 | 3);
          const { value, score } = verdict;
          // While something is open, what was usual before it: the detector learns from the anomaly itself.
          const usual = track.open?.usual ?? verdict.usual;
          const name = subjectOf(watch, labels);
          return [
            { watch: watch.id, series: name, value, score, low: usual?.low, high: usual?.high, severity },
          ] as const;
        }),
      ),
    );
    // Those with something open first, then in the order in which watches matter.
    return [...all].sort((a, b) => Number(b.severity > 0) - Number(a.severity > 0)).slice(0, MOST_GAUGES);
  }
}

/** Whether the source answers at all: then it was the query. */
async function isAlive(source: Metrics, problem: unknown, signal: AbortSignal): Promise<boolean> {
  if (problem instanceof RefusedError || problem instanceof QueryRefusedError) return true;
  return source.instant("vector(1)", undefined, signal).then(
    () => true,
    () => false,
  );
}

/** What a round comes to. */
class Tally {
  #watches = 0;
  #series = 0;
  #points = 0;
  #asking = 0;
  #opened = 0;
  #over = 0;
  readonly problems: string[] = [];

  looked(series: number, points: number, asking: number): void {
    this.#watches++;
    this.#series += series;
    this.#points += points;
    this.#asking += asking;
  }

  asked(seconds: number): void {
    this.#asking += seconds;
  }

  changed({ status, revision }: Anomaly): void {
    if (status === "over") this.#over++;
    else if (revision === 1) this.#opened++;
  }

  problem(sentence: string): void {
    this.problems.push(sentence);
  }

  report(outcome: RoundReport["outcome"], seconds: number): RoundReport {
    return {
      outcome,
      watches: this.#watches,
      series: this.#series,
      points: this.#points,
      seconds,
      asking: this.#asking,
      opened: this.#opened,
      over: this.#over,
      problems: this.problems,
    };
  }
}
