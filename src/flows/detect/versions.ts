import type { Opinion } from "../../core/watch/anomaly.ts";
import {
  activeOf,
  decided,
  isSound,
  newModel,
  shadowOf,
  verdictOn,
  type WatchModel,
  withScore,
  withShadowed,
} from "../../core/watch/model.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import type { DetectDeps } from "./deps.ts";
import type { Happened } from "./follow.ts";
import { type ActiveVersion, dueStates, type Kept, lookAt, takeUp } from "./one-watch.ts";

/** The versions of watches in the rounds: the one in force judges, one that was just learnt runs beside it, and another takes its place. */

/** A shadow reads so often: its queries are few, and nobody waits for it. */
const SHADOW_EVERY = 600;
const HOUR = 3600;

type Beside = { readonly kept: Kept; lookedAt: number; activeAlerts: number };
type Hour = { readonly at: number; score: number };

export type Following = {
  readonly source: Metrics;
  readonly opinions: readonly Opinion[];
  readonly models: ReadonlyMap<string, WatchModel>;
  readonly signal: AbortSignal;
};

type Deps = Pick<DetectDeps, "store" | "settings" | "clock" | "elapsed" | "report"> &
  Required<Pick<DetectDeps, "judge">>;

export type Versions = {
  /** Every model, by its watch's key. Those that cannot be read are left out, and said. */
  readonly read: () => Promise<ReadonlyMap<string, WatchModel>>;
  /** After a watch was judged: what is to judge it from now on. Says what it does in the log; throws nothing but the signal's reason. */
  readonly follow: (one: Kept, happened: readonly Happened[], round: Following) => Promise<Kept>;
};

export function followVersions(deps: Deps): Versions {
  const { store, clock, report } = deps;
  const beside = new Map<string, Beside>();
  const hours = new Map<string, Hour>();
  let unreadable: string | undefined;
  let known: ReadonlyMap<string, WatchModel> = new Map();

  return {
    async read() {
      try {
        const all = await store.models.open();
        const broken = all.filter((one) => !isSound(one));
        if (broken.length > 0) await anew(broken);
        known = new Map(all.filter(isSound).map((one) => [one.id, one]));
        unreadable = undefined;
      } catch (err) {
        // Watches go on with the versions that are known.
        if (unreadable !== reasonOf(err))
          report("error", "the versions of watches could not be read: each goes on with the one it has", { err });
        unreadable = reasonOf(err);
      }
      return known;
    },
    async follow(one, happened, round) {
      const model = round.models.get(one.key);
      if (model === undefined) return one;
      try {
        const noted = await noteScore(one, model);
        return await inForceNow(one, await runShadow(one, happened, noted, round), round);
      } catch (err) {
        round.signal.throwIfAborted();
        report("warn", "the versions of a watch could not be looked after: it goes on with the one it has", {
          err,
          watch: one.watch.id,
        });
        return one;
      }
    },
  };

  /** A model that makes no sense is as good as none: its watch begins with version 1 again. */
  async function anew(broken: readonly WatchModel[]): Promise<void> {
    report("error", "stored versions of watches made no sense: dropped, and begun anew", {
      watches: broken.slice(0, 5).map(({ id }) => id),
      count: broken.length,
    });
    for (const { id, revision, watch, source } of broken) {
      const about = { id: String(watch ?? id.split("@")[0]), source: String(source ?? "") };
      await store.models.save([{ ...newModel(id, about, clock()), revision: revision + 1 }], []);
    }
  }

  /** The highest score of each hour, for whether scores change in the long run. */
  async function noteScore({ key, series }: Kept, model: WatchModel): Promise<WatchModel> {
    const at = Math.floor((clock() + shiftOf(key)) / HOUR);
    let score = 0;
    for (const { verdict } of series.values()) score = Math.max(score, verdict?.score ?? 0);
    const hour = hours.get(key) ?? { at, score: 0 };
    hours.set(key, hour);
    if (hour.at === at) {
      hour.score = Math.max(hour.score, score);
      return model;
    }
    const noted = withScore(model, hour.score);
    hours.set(key, { at, score });
    return (await store.models.save([noted], [])) ? noted : model;
  }

  async function runShadow(
    one: Kept,
    happened: readonly Happened[],
    model: WatchModel,
    { source, opinions, signal }: Following,
  ): Promise<WatchModel> {
    const shadow = shadowOf(model);
    if (shadow === undefined) {
      beside.delete(one.key);
      return model;
    }
    let other = beside.get(one.key);
    if (other?.kept.model.number !== shadow.number) {
      other = { kept: await takeUpVersion(one, shadow, opinions), lookedAt: clock(), activeAlerts: 0 };
      beside.set(one.key, other);
    }
    other.activeAlerts += opened(happened);
    const now = clock();
    if (now - other.lookedAt < SHADOW_EVERY) return model;
    const looked = await lookAt(deps, other.kept, source, Math.max(1, one.series.size), opinions, signal);
    other.lookedAt = now;
    const due = await dueStates(deps, other.kept, now, false);
    if (due !== undefined) await store.detection.commit(due);
    // Its first look reads what was before the watching began.
    const alerts = looked.isFirst ? 0 : opened(looked.happened);
    const tallied = withShadowed(model, now, alerts, other.activeAlerts);
    const version = shadowOf(tallied)!;
    const verdict = verdictOn(version);
    const decision = verdict === "wait" ? tallied : { ...decided(tallied, verdict, now), revision: tallied.revision };
    // Somebody else changed it meanwhile: the next look counts on.
    if (!(await store.models.save([decision], []))) return model;
    other.activeAlerts = 0;
    if (verdict === "wait") return decision;
    report(
      "info",
      verdict === "promote" ? "a new version of a watch is in force" : "a new version of a watch was refused",
      {
        ...{ watch: one.watch.id, version: version.number, ...version.shadow, threshold: version.threshold },
      },
    );
    return decision;
  }

  async function takeUpVersion(
    { watch, look }: Kept,
    version: ActiveVersion,
    opinions: readonly Opinion[],
  ): Promise<Kept> {
    const { kept, broken } = await takeUp(deps, watch, look, opinions, await store.detection.rounds(), version);
    if (broken.length > 0)
      report("error", "stored states of a version could not be read: dropped, and learnt anew", {
        ...{ watch: watch.id, version: version.number, count: broken.length },
      });
    return kept;
  }

  /** The version that is in force by what is stored now, caught up, with what is open as it stands. */
  async function inForceNow(one: Kept, model: WatchModel, { source, opinions, signal }: Following): Promise<Kept> {
    const active = activeOf(model);
    if (active.number === one.model.number) return one;
    const there = beside.get(one.key)?.kept;
    const taken = there?.model.number === active.number ? there : await takeUpVersion(one, active, opinions);
    // What it finds while it catches up was told by the one before, or is no news.
    await lookAt(deps, taken, source, Math.max(1, one.series.size), opinions, signal);
    beside.delete(one.key);
    for (const [key, followed] of taken.series) {
      const before = one.series.get(key);
      if (before !== undefined)
        taken.series.set(key, { ...followed, track: { ...before.track, last: followed.track.last } });
    }
    const due = await dueStates(deps, one, clock(), true);
    if (due !== undefined) await store.detection.commit(due);
    const own = await dueStates(deps, taken, clock(), true);
    if (own !== undefined) await store.detection.commit(own);
    await deps.judge.drop(one.version);
    report("info", "a watch is judged by another version", {
      ...{ watch: one.watch.id, from: one.model.number, to: active.number },
    });
    return taken;
  }
}

/** Each watch has hours of its own, so that not all of them are written in one round. The key ends in digits of a hash. */
function shiftOf(key: string): number {
  return (Number.parseInt(key.slice(-4), 16) || 0) % HOUR;
}

function opened(happened: readonly Happened[]): number {
  return happened.filter(({ event }) => event === "opened").length;
}
