import type { Catalogue } from "../core/catalogue.ts";
import type { Anomaly, Opinion } from "../core/watch/anomaly.ts";
import { activeOf, type WatchModel } from "../core/watch/model.ts";
import type { Watch } from "../core/watch.ts";
import type { WatchRound } from "../ports/detection.ts";
import type { Metrics } from "../ports/metrics.ts";
import { QueryRefusedError, RefusedError, reasonOf } from "../util/errors.ts";
import { lookForEnds } from "./detect/ahead.ts";
import { CERTIFICATES, type CertificateLooks, lookAtCertificates } from "./detect/certificates.ts";
import type { DetectDeps, RoundReport } from "./detect/deps.ts";
import { explain } from "./detect/explain.ts";
import { versionOf } from "./detect/follow.ts";
import { gaugesOf } from "./detect/gauges.ts";
import { hold } from "./detect/hold.ts";
import { createJudge, LostDetectorsError } from "./detect/judging.ts";
import { keep, recall } from "./detect/keep.ts";
import { judgeMissing, judgeTargets } from "./detect/lacks.ts";
import { lookLater } from "./detect/later.ts";
import { dueStates, type Kept, type Looked, lookAt, takeUp } from "./detect/one-watch.ts";
import { recordAll } from "./detect/record.ts";
import { judgeResets } from "./detect/restarts.ts";
import { settle } from "./detect/settle.ts";
import { type ShareLook, seriesOf } from "./detect/share-look.ts";
import { createShares, type Share, type SlotFacts } from "./detect/shares.ts";
import { showAnomalies } from "./detect/show.ts";
import { createSourceStates, type SourceState } from "./detect/source-state.ts";
import { away, back, forget } from "./detect/source-turns.ts";
import { Tally } from "./detect/tally.ts";
import { type Together, takeUpTogether } from "./detect/together.ts";
import { recordTogether } from "./detect/together-record.ts";
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
  /** Does a share of a round that one of several processes makes, by the id of its job. */
  readonly share: (id: string, attempt: number, signal: AbortSignal) => Promise<readonly ShareLook[]>;
  /** Writes all states that are not written yet. */
  readonly flush: () => Promise<void>;
};

const JOB = "detect";
/** A round that takes longer than this has died with its process. */
const LEASE_SECONDS = 600;
/** Seconds after which a round that still goes on shows what it has. */
const SHOW_EVERY = 5;
const MOST_OPEN = 5000;

export function detect(given: DetectDeps): Detect {
  const deps = { ...given, judge: given.judge ?? createJudge() };
  const { store, clock, elapsed, settings } = deps;
  const states = createSourceStates();
  const shares = createShares(deps, states, () => versions.read(), lookAtShare);
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
        const known = open?.get(one.id);
        const newest = known !== undefined && known.revision > one.revision ? known : one;
        const next = { ...newest, revision: newest.revision + 1 };
        if (open?.has(one.id)) open.set(one.id, next);
        return next;
      });
      await store.detection.commit({ anomalies });
      await showAnomalies(deps);
    },
    show: () => showAnomalies(deps),
    share: shares.take,
    async flush() {
      for (const { kept, together } of states.all()) {
        const whole = together?.due(true);
        if (whole !== undefined) await store.detection.commit(whole);
        for (const one of kept.values()) {
          const due = (await shares.isOwn(one.version)) ? await dueStates(deps, one, clock(), true) : undefined;
          if (due !== undefined) await store.detection.commit(due);
        }
      }
    },
  };

  async function once(slot: number, outer: AbortSignal): Promise<RoundReport> {
    const began = elapsed();
    shownAt = began;
    const won = await store.detection.claim(
      JOB,
      slot,
      deps.owner,
      clock(),
      clock() + (deps.leaseSeconds ?? LEASE_SECONDS),
    );
    const tally = new Tally();
    if (won === "lost") return tally.report("taken", elapsed() - began);
    const { owner, leaseSeconds } = deps;
    const held =
      leaseSeconds === undefined
        ? undefined
        : hold({ claims: store.detection, job: JOB, slot, since: began, owner, leaseSeconds, clock, elapsed });
    const signal = held === undefined ? outer : AbortSignal.any([outer, held.signal]);
    try {
      if (won === "anew" || open === undefined) {
        // Somebody else had the last round, or this process is new: what counts is what is stored.
        states.forget(deps.jobs?.isShared === true);
        open = new Map();
      }
      // Another process may have had one drawn anew: what it takes the place of is the newest.
      for (const one of await store.detection.anomalies({ status: "open", limit: MOST_OPEN }))
        if (one.revision > (open.get(one.id)?.revision ?? 0)) open.set(one.id, one);
      const { opinions, rounds, models } = await shares.facts(slot, signal);
      let left = settings.series;
      for (const [at, source] of deps.sources.entries()) {
        if (signal.aborted) break;
        left = await oneSource({
          slot,
          source,
          isFirst: at === 0,
          opinions,
          rounds,
          models,
          left,
          open,
          tally,
          signal,
        });
      }
      // Whoever has taken the round over shows what there is.
      held?.signal.throwIfAborted();
      await showAnomalies(deps, signal);
    } finally {
      await held?.end();
      await store.detection.release(JOB, owner);
    }
    const report = tally.report(tally.problems.length > 0 ? "partly" : "done", elapsed() - began);
    deps.observe?.(report, gaugesOf(states.views(), open));
    return report;
  }

  type Round = {
    readonly slot: number;
    readonly source: Metrics;
    readonly isFirst: boolean;
    readonly opinions: readonly Opinion[];
    readonly rounds: readonly WatchRound[];
    readonly models: ReadonlyMap<string, WatchModel>;
    readonly left: number;
    readonly open: Map<string, Anomaly>;
    readonly tally: Tally;
    readonly signal: AbortSignal;
    /** It is a share of one: whoever makes the round explains and shows what is found. */
    readonly isShare?: true;
  };

  /** Returns how many series are left for other sources. */
  async function oneSource(round: Round): Promise<number> {
    const { source, open, tally, signal } = round;
    const state = states.of(source.name);
    let left = round.left;
    let catalogue: Catalogue;
    try {
      catalogue = await source.catalogue(signal);
      await states.lookDown(source, round.slot, clock(), signal);
    } catch (problem) {
      await away(deps, source, state, problem, open, tally);
      return left;
    }
    await keep(deps, { anomalies: judgeTargets(source.name, state.down, open, clock()) }, open, tally);
    const watches = watchesOf(deps, source.name, catalogue, round.isFirst);
    if (settings.forest !== undefined && state.together === undefined)
      state.together = await takeUpTogether(deps, source.name, round.isFirst);
    const { together } = state;
    await forget(deps, state, watches, open, tally, source.name);
    const shared = await gather(source, state, round);
    if ("away" in shared) {
      await away(deps, source, state, new Error(shared.away), open, tally);
      return left;
    }
    for (const watch of watches) {
      if (signal.aborted) return left;
      const series = shared.series.get(watch.id) ?? (await oneWatch(watch, left, catalogue, state, round));
      if (series === "away") return left;
      left -= series;
    }
    if (shared.series.size > 0) {
      const known = { open, catalogue, watches: new Map(watches.map((watch) => [watch.id, watch])) };
      const began = elapsed();
      await keep(deps, { anomalies: await settle(deps, source, known, signal) }, open, tally);
      tally.asked(elapsed() - began);
    }
    if (together !== undefined) await judgeTogether(together, watches, catalogue, round);
    const kept = new Map(states.views().map((one) => [one.source, [...one.kept.values()]]));
    const looked = await lookLater(deps, { source, catalogue, kept, open, signal });
    const news = looked.filter(({ id, revision }) => revision > (open.get(id)?.revision ?? 0));
    for (const one of looked) open.set(one.id, one);
    await keep(deps, { anomalies: news }, open, tally);
    if (settings.automatic) {
      const problem = (sentence: string) => tally.problem(sentence);
      const looking = { deps, source, isFirst: round.isFirst, catalogue, open, signal, problem };
      await keep(deps, { anomalies: await lookForEnds(state.outlook, looking) }, open, tally);
      const changed = await lookAtCertificates(certificates, looking).catch((err: unknown) => {
        signal.throwIfAborted();
        problem(`${CERTIFICATES}: ${reasonOf(err)}`);
        return [];
      });
      await keep(deps, { anomalies: changed }, open, tally);
    }
    await back(deps, source, state, open, tally);
    return left;
  }

  /** One watch, whole: taken up, read, judged, and written. Returns how many series it follows, or that the source cannot be asked. */
  async function oneWatch(
    watch: Watch,
    left: number,
    catalogue: Catalogue,
    state: SourceState,
    round: Round,
    seen = state.together?.seen,
  ): Promise<number | "away"> {
    const { source, open, tally, signal } = round;
    const look = deps.look(watch.promql);
    if (!look.ok) {
      tally.problem(`${watch.id}: ${look.reason}`);
      return 0;
    }
    let one = state.kept.get(watch.id);
    if (one === undefined || one.watch.promql !== watch.promql) one = await takenUp(watch, look, state, round);
    const most = Math.min(settings.seriesPerWatch, left);
    let looked: Looked;
    const before = one.problem;
    const read = (kept: Kept) =>
      lookAt(deps, kept, source, most, round.opinions, signal, seen?.bind(undefined, watch.id));
    try {
      looked = await read(one).catch(async (problem: unknown) => {
        if (!(problem instanceof LostDetectorsError)) throw problem;
        const data = { err: problem, watch: watch.id };
        deps.report("warn", "the detectors of a watch are gone, and are taken up from what is stored", data);
        one = await takenUp(watch, look, state, round);
        return read(one);
      });
    } catch (problem) {
      if (signal.aborted) return 0;
      if (await isAlive(source, problem, signal)) {
        // This one query is too much for it, or wrong: others are asked all the same.
        one.problem = reasonOf(problem);
        tally.problem(`${watch.id}: ${reasonOf(problem)}`);
        if (before !== one.problem)
          deps.report("warn", "a watch could not be asked", { watch: watch.id, reason: one.problem });
        return 0;
      }
      if (round.isShare) throw problem;
      await away(deps, source, state, problem, open, tally);
      return "away";
    }
    if (one.problem !== undefined) {
      tally.problem(`${watch.id}: ${one.problem}`);
      if (before !== one.problem)
        deps.report("warn", "a watch is not followed whole", { watch: watch.id, reason: one.problem });
    }
    const series = Math.min(most, one.series.size);
    await judge(one, looked, catalogue, state, round);
    state.kept.set(watch.id, await versions.follow(one, looked.isFirst ? [] : looked.happened, round));
    return series;
  }

  async function takenUp(
    watch: Watch,
    look: Kept["look"],
    state: SourceState,
    { opinions, models, rounds, tally }: Pick<Round, "opinions" | "models" | "rounds" | "tally">,
  ): Promise<Kept> {
    const version = activeOf(models.get(versionOf(watch, settings.everySeconds)));
    const { kept, broken } = await takeUp(deps, watch, look, opinions, rounds, version);
    state.kept.set(watch.id, kept);
    if (broken.length > 0) {
      tally.problem(`${watch.id}: ${sayBroken(broken.length)}`);
      reportBroken(watch.id, broken);
    }
    return kept;
  }

  /** One watch as a share of a round, with what the one who makes the round has to know of it. */
  async function lookAtShare(share: Share, facts: SlotFacts, signal: AbortSignal): Promise<ShareLook> {
    const { watch, source, isFirst, catalogue, state, most, key } = share;
    const tally = new Tally();
    const seen: [series: string, at: number, value: number][] = [];
    const began = elapsed();
    const round = { ...facts, source, isFirst, left: most, tally, signal, isShare: true as const };
    await oneWatch(
      watch,
      most,
      catalogue,
      state,
      round,
      (_, series, __, at, value) => void seen.push([series, at, value]),
    );
    signal.throwIfAborted();
    const report = tally.report(tally.problems.length > 0 ? "partly" : "done", elapsed() - began);
    return { key, watch: watch.id, by: deps.owner, report, seen, series: seriesOf(state.kept.get(watch.id)) };
  }

  /** Lets whoever is free look at the watches of that source that were read before. What nobody looked at is named, and read by the next round. */
  async function gather(
    source: Metrics,
    state: SourceState,
    { slot, open, tally, signal }: Round,
  ): Promise<{ readonly series: ReadonlyMap<string, number> } | { readonly away: string }> {
    const series = new Map<string, number>();
    const { looks, missed } = await shares.share(slot, source, signal);
    for (const { watch, look } of looks) {
      tally.add(look.report);
      series.set(look.watch, look.report.series);
      states.note(watch, look, deps.owner);
      for (const [key, at, value] of look.seen) {
        const labels = look.series.find((one) => one.series === key)?.labels;
        if (labels !== undefined) state.together?.seen(look.watch, key, labels, at, value);
      }
    }
    for (const { watch, why } of missed) {
      tally.problem(`${watch}: it was not looked at in this round, and the next one reads on from there. ${why}`);
      series.set(watch, 0);
    }
    if (looks.length === 0 && missed.length > 0 && !(await isAlive(source, undefined, signal)))
      return { away: missed[0]?.why ?? "" };
    if (looks.length > 0) {
      open.clear();
      for (const one of await store.detection.anomalies({ status: "open", limit: MOST_OPEN })) open.set(one.id, one);
    }
    return { series };
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
    await recall(deps, looked.happened, open);
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
    const resets = await judgeResets(store, one, looked.resets, open, clock());
    const began = elapsed();
    const explaining = { source, watch, catalogue, packs: deps.packs, signal };
    const explained = round.isShare ? new Map<string, Anomaly>() : await explain(deps, explaining, opened);
    tally.asked(elapsed() - began);
    for (const anomaly of explained.values()) if (open.has(anomaly.id)) open.set(anomaly.id, anomaly);
    const anomalies = [...changed.map((anomaly) => explained.get(anomaly.id) ?? anomaly), ...missing, ...resets];
    const due = await dueStates(deps, one, clock(), anomalies.length > 0 || looked.isFirst);
    await keep(deps, { ...due, anomalies }, open, tally);
    // A round that takes long, as the first does, says what it knows on the way.
    if (!round.isShare && elapsed() - shownAt > SHOW_EVERY) {
      await showAnomalies(deps, signal);
      shownAt = elapsed();
    }
  }

  function reportBroken(watch: string, series: readonly string[]): void {
    const data = { watch, series: series.slice(0, 5), count: series.length };
    deps.report("error", "stored states of a detector could not be read: dropped, and learnt anew", data);
  }

  /** What single series gave, judged together by thing. */
  async function judgeTogether(
    together: Together,
    watches: readonly Watch[],
    catalogue: Catalogue,
    { open, tally, opinions, source, signal }: Round,
  ): Promise<void> {
    const broken = together.broken();
    if (broken.length > 0) {
      tally.problem(`${together.id}: ${sayBroken(broken.length)}`);
      reportBroken(together.id, broken);
    }
    const happened = await together.judge(watches, opinions);
    await recall(deps, happened, open);
    const input = { id: together.id, watches, catalogue, now: clock(), zone: settings.zone, opinions };
    const { changed, opened } = recordTogether(happened, open, input);
    const began = elapsed();
    const explained = new Map<string, Anomaly>();
    for (const [watch, own] of Map.groupBy(opened, (one) => input.watches.find(({ promql }) => promql === one.promql)))
      if (watch !== undefined)
        for (const one of await explain(deps, { source, watch, catalogue, packs: deps.packs, signal }, own))
          explained.set(...one);
    if (opened.length > 0) tally.asked(elapsed() - began);
    const anomalies = changed.map((one) => explained.get(one.id) ?? one);
    await keep(deps, { ...together.due(anomalies.length > 0), anomalies }, open, tally);
  }
}

function sayBroken(count: number): string {
  return `${count} stored ${count === 1 ? "state" : "states"} could not be read and begin anew.`;
}

/** Whether the source answers at all: then it was the query. */
async function isAlive(source: Metrics, problem: unknown, signal: AbortSignal): Promise<boolean> {
  if (problem instanceof RefusedError || problem instanceof QueryRefusedError) return true;
  return source.instant("vector(1)", undefined, signal).then(
    () => true,
    () => false,
  );
}
