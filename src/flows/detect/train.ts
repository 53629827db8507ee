import type { Identity } from "../../core/people.ts";
import {
  activeOf,
  inForce,
  isSound,
  newModel,
  next,
  shadowOf,
  stateKey,
  type WatchModel,
  whyLearn,
  whyNotRollBack,
  withVersion,
} from "../../core/watch/model.ts";
import type { Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Store } from "../../ports/store.ts";
import { reasonOf } from "../../util/errors.ts";
import type { DetectDeps } from "./deps.ts";
import { measureDrift } from "./drifting.ts";
import { versionOf } from "./follow.ts";
import { learn } from "./learn.ts";
import { watchesOf } from "./watches.ts";

/** What one visit of the watches' models came to, for the log and the metrics. */
export type TrainReport = {
  readonly outcome: "done" | "taken";
  /** Watches whose drift was measured, and those that drifted. */
  readonly measured: number;
  readonly drifted: readonly string[];
  /** What was learnt anew: a shadow now, or refused at its gate; or it could not be done. */
  readonly learnt: readonly { readonly watch: string; readonly outcome: "shadow" | "refused" | "failed" }[];
  readonly problems: readonly string[];
};

export type TrainDeps = Pick<DetectDeps, "sources" | "packs" | "settings" | "look" | "clock" | "owner" | "report"> & {
  readonly store: Pick<Store, "detection" | "models" | "audit">;
  /** Waits between two queries. */
  readonly pause: () => Promise<unknown>;
};

/** Watches -> new versions of what judges them. */
export type Train = {
  /** Notes watches that have no versions yet as theirs, so that their names can be asked for. Throws what the store throws. */
  readonly note: (signal: AbortSignal) => Promise<void>;
  /** One visit, for the slot that was planned at that unix second: notes new watches, measures drift, and learns at most one anew. */
  readonly visit: (slot: number, signal: AbortSignal) => Promise<TrainReport>;
  /** Learns that watch anew now. Throws `TrainError` with a sentence when that cannot be. */
  readonly learnNow: (
    watch: string,
    progress: (share: number, what: string) => void,
    signal: AbortSignal,
  ) => Promise<WatchModel>;
  /** Puts an earlier version in force, from the next round on. Throws `TrainError` with a sentence when that cannot be. */
  readonly rollBack: (watch: string, version: number, by: Identity & { readonly name: string }) => Promise<WatchModel>;
};

/** Why a version of a watch cannot be made or put in force. `message` is a sentence. */
export class TrainError extends Error {
  override readonly name = "TrainError";
}

const JOB = "train";
const LEASE_SECONDS = 1800;
/** Watches whose drift is measured in one visit, each once a day. */
const MEASURED = 2;
const DAY = 86_400;
/** Watches learnt anew in a day, besides those that somebody asks for. */
const A_DAY = 12;
const TRIES = 5;

type Watched = { readonly watch: Watch; readonly source: Metrics; readonly key: string };

export function train(deps: TrainDeps): Train {
  const { store, clock, settings } = deps;
  let busy = false;

  return {
    async visit(slot, signal) {
      const report = { outcome: "done" as const, measured: 0, drifted: [], learnt: [], problems: [] };
      if ((await store.detection.claim(JOB, slot, deps.owner, clock(), clock() + LEASE_SECONDS)) === "lost")
        return { ...report, outcome: "taken" };
      try {
        const { watches, problems, isWhole } = await watchesNow(signal);
        const models = await noted(watches, isWhole);
        const drift = await measure(watches, models, signal);
        const learnt = await learnDue(watches, await all(), signal);
        return { ...report, ...drift, ...learnt, problems: [...problems, ...drift.problems, ...learnt.problems] };
      } finally {
        await store.detection.release(JOB, deps.owner);
      }
    },
    async note(signal) {
      const { watches, isWhole } = await watchesNow(signal);
      await noted(watches, isWhole);
    },
    async learnNow(name, progress, signal) {
      const one = named((await watchesNow(signal)).watches, name);
      const model = (await store.models.get(one.key)) ?? newModel(one.key, one.watch, clock());
      if (model.revision === 1) await store.models.save([model], []);
      return learnAnew(one, model, "asked", progress, signal);
    },
    async rollBack(name, version, by) {
      const found = [...(await all()).values()].filter(({ watch }) => watch === name);
      // One of another query may not have ended yet.
      const [model] = found.sort((a, b) => b.madeAt - a.madeAt);
      if (model === undefined)
        throw new TrainError(`No watch ${JSON.stringify(name)} has versions. \`watches list\` has all names.`);
      return changed(model.id, async (newest) => {
        const why = whyNotRollBack(newest, version);
        if (why !== undefined) throw new TrainError(why);
        const from = activeOf(newest).number;
        const entry = {
          ...{ actor: await store.audit.actorOf(by), platform: by.platform, action: "roll back watch" },
          ...{ id: name, hash: "", from: `v${from}`, to: `v${version}`, reason: "" },
        };
        return { model: inForce(newest, version, clock(), by.name), entries: [entry] };
      });
    },
  };

  async function all(): Promise<ReadonlyMap<string, WatchModel>> {
    // What makes no sense is begun anew by the next round of watching, which says so.
    return new Map((await store.models.open()).filter(isSound).map((one) => [one.id, one]));
  }

  /** What is watched now. `isWhole`: every source could tell. */
  async function watchesNow(signal: AbortSignal) {
    const problems: string[] = [];
    const watches: Watched[] = [];
    for (const [at, source] of deps.sources.entries()) {
      try {
        const catalogue = await source.catalogue(signal);
        for (const watch of watchesOf(deps, source.name, catalogue, at === 0))
          watches.push({ watch, source, key: versionOf(watch, settings.everySeconds) });
      } catch (problem) {
        signal.throwIfAborted();
        problems.push(`${source.name}: ${reasonOf(problem)}`);
      }
    }
    return { watches, problems, isWhole: problems.length === 0 };
  }

  /** Models for watches that have none, and an end to those whose watch is gone. */
  async function noted(watches: readonly Watched[], isWhole: boolean): Promise<ReadonlyMap<string, WatchModel>> {
    const now = clock();
    const known = await all();
    const keys = new Set(watches.map(({ key }) => key));
    const gone = isWhole ? [...known.values()].filter(({ id }) => !keys.has(id)) : [];
    if (gone.length > 0)
      await store.models.save(
        gone.map((one) => next(one, { endedAt: now })),
        [],
      );
    const fresh = await Promise.all(
      watches
        .filter(({ key }) => !known.has(key))
        .map(async ({ key, watch }) => {
          const ended = await store.models.get(key);
          if (ended === undefined) return newModel(key, watch, now);
          const { endedAt: _, ...again } = next(ended, {});
          return again;
        }),
    );
    if (fresh.length > 0) await store.models.save(fresh, []);
    return all();
  }

  async function measure(watches: readonly Watched[], models: ReadonlyMap<string, WatchModel>, signal: AbortSignal) {
    const now = clock();
    const due = watches
      .flatMap((one) => ({ ...one, model: models.get(one.key) }))
      .filter(({ model }) => model !== undefined && now - (model.drift?.at ?? model.madeAt) >= DAY)
      .slice(0, MEASURED);
    const drifted: string[] = [];
    const problems: string[] = [];
    for (const { key, watch, source, model } of due) {
      try {
        const drift = await measureDrift(source, watch, model!, now, signal);
        if (drift.isDrift) {
          drifted.push(watch.id);
          deps.report("info", "the series of a watch are not what they were a week ago", { watch: watch.id, ...drift });
        }
        await changed(key, async (newest) => ({ model: next(newest, { drift }), entries: [] }));
      } catch (problem) {
        signal.throwIfAborted();
        problems.push(`${watch.id}: its drift could not be measured: ${reasonOf(problem)}`);
        // Tomorrow again, so that one that cannot be asked does not hold up the others.
        const drift = { at: now, compared: 0, drifted: 0, inputs: undefined, scores: undefined, isDrift: false };
        await changed(key, async (newest) => ({ model: next(newest, { drift }), entries: [] }));
      }
    }
    return { measured: due.length, drifted, problems };
  }

  /** The one that waits longest, within the budget of a day. */
  async function learnDue(watches: readonly Watched[], models: ReadonlyMap<string, WatchModel>, signal: AbortSignal) {
    const now = clock();
    const today = [...models.values()].filter(({ tried }) => tried !== undefined && now - tried.at < DAY).length;
    const due = watches
      .flatMap((one) => {
        const model = models.get(one.key);
        const why = model && whyLearn(model, now);
        return model === undefined || why === undefined ? [] : [{ one, model, why }];
      })
      .sort((a, b) => Number(b.why === "drift") - Number(a.why === "drift") || lastTry(a.model) - lastTry(b.model));
    const [first] = due;
    if (first === undefined || today >= A_DAY) return { learnt: [], problems: [] };
    try {
      const { watch, versions } = await learnAnew(first.one, first.model, first.why, () => {}, signal);
      const { number, status, threshold, gate } = versions.at(-1)!;
      const outcome = status === "shadow" ? "shadow" : "refused";
      const about = { watch, version: number, why: first.why, threshold, ...gate?.candidate };
      deps.report(
        "info",
        `a watch was learnt anew: the version is ${outcome === "shadow" ? "a shadow now" : "refused"}`,
        about,
      );
      return { learnt: [{ watch, outcome }] as const, problems: [] };
    } catch (problem) {
      signal.throwIfAborted();
      const { id } = first.one.watch;
      return {
        learnt: [{ watch: id, outcome: "failed" }] as const,
        problems: [`${id}: it could not be learnt anew: ${reasonOf(problem)}`],
      };
    }
  }

  async function learnAnew(
    { watch, source, key }: Watched,
    model: WatchModel,
    why: "weekly" | "drift" | "asked",
    progress: (share: number, what: string) => void,
    signal: AbortSignal,
  ): Promise<WatchModel> {
    if (busy) throw new TrainError("Another watch is being learnt anew just now. Try again in a few minutes.");
    busy = true;
    try {
      const look = deps.look(watch.promql);
      if (!look.ok) throw new TrainError(look.reason);
      const active = activeOf(model);
      const series = new Set((await store.detection.states(stateKey(key, active.number))).map((one) => one.series));
      if (series.size === 0)
        throw new TrainError(`${watch.id} follows no series yet: it can be learnt anew once some rounds were made.`);
      const opinions = await store.detection.opinions(clock() - 365 * DAY);
      const seed = model.versions.length * 7919 + Math.floor(clock() / DAY);
      const learnt = await learn({
        ...{ deps, source, watch, look, series, active, opinions, pause: deps.pause, progress, seed, signal },
      });
      const { from, to, tried, threshold, gate } = learnt;
      const made = { why, threshold, gate, learnt: { from, to, series: learnt.states.length, tried } };
      return await changed(key, async (newest) => {
        const next = withVersion(newest, made, clock());
        const version = shadowOf(next);
        // The states first: a model that names a version whose states are not there would begin it by a short reading back.
        if (gate.passed && version !== undefined)
          await store.detection.commit({
            watch: { watch: stateKey(key, version.number), at: to, series: learnt.states.length, matched: series.size },
            states: learnt.states,
          });
        return { model: next, entries: [] };
      });
    } catch (problem) {
      if (!signal.aborted)
        await changed(key, async (newest) => ({
          model: next(newest, { tried: { at: clock(), problem: reasonOf(problem) } }),
          entries: [],
        }));
      if (problem instanceof RangeError) throw new TrainError(problem.message, { cause: problem });
      throw problem;
    } finally {
      busy = false;
    }
  }

  /** Changes the newest revision of a model, whoever else changes it at the same time. */
  async function changed(
    key: string,
    change: (newest: WatchModel) => Promise<{
      readonly model: WatchModel;
      readonly entries: Parameters<Store["models"]["save"]>[1];
    }>,
  ): Promise<WatchModel> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const newest = await store.models.get(key);
      if (newest === undefined) throw new TrainError("Its versions are not known any more: try again in ten minutes.");
      const { model, entries } = await change(newest);
      if (await store.models.save([model], entries)) return model;
    }
    throw new TrainError("Its versions were changed by somebody else all the time: try again.");
  }
}

function lastTry({ tried, madeAt }: WatchModel): number {
  return tried?.at ?? madeAt;
}

function named(watches: readonly Watched[], name: string): Watched {
  const found = watches.find(({ watch }) => watch.id === name);
  if (found !== undefined) return found;
  throw new TrainError(`No watch is called ${JSON.stringify(name)}. \`watches list\` has all names.`);
}
