import type { Catalogue } from "../../core/catalogue.ts";
import type { Anomaly, Opinion } from "../../core/watch/anomaly.ts";
import { activeOf, stateKey, type WatchModel } from "../../core/watch/model.ts";
import type { Watch } from "../../core/watch.ts";
import type { WatchRound } from "../../ports/detection.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { DetectDeps } from "./deps.ts";
import { versionOf } from "./follow.ts";
import type { ShareLook } from "./share-look.ts";
import type { SourceState, SourceStates } from "./source-state.ts";
import { watchesOf } from "./watches.ts";

/**
 * A round of watching in shares: each watch that was read before is a job, which any process on the same store may take. Whoever takes one writes states and
 * anomalies of that watch in one step, as in a round of its own, so that a share is done as a whole or not at all, and done again comes to the same: states tell how
 * far they were read, and anomalies have ids by what and since when. What is about several watches (which message an anomaly belongs to, its
 * explanation, several metrics together) is done by the one who makes the round, from what it is told and from what is stored.
 *
 * Whoever has the states of a watch in memory goes on with it: a process that is given a job does its own watches first, and then the one that was given.
 */

/** One watch of a round. */
export type Share = {
  /** Of its states: id and version. */
  readonly key: string;
  readonly watch: Watch;
  readonly source: Metrics;
  readonly isFirst: boolean;
  readonly catalogue: Catalogue;
  readonly state: SourceState;
  /** Series that it may follow. */
  readonly most: number;
};

/** What is the same for all shares of a slot. */
export type SlotFacts = {
  readonly slot: number;
  readonly opinions: readonly Opinion[];
  readonly rounds: readonly WatchRound[];
  readonly models: ReadonlyMap<string, WatchModel>;
  /** What is open, by id; kept up to date with what this process finds. */
  readonly open: Map<string, Anomaly>;
};

type Slot = SlotFacts & {
  readonly shares: readonly Share[];
  /** Keys of shares that this process has begun with, or that somebody else has. */
  readonly begun: Set<string>;
  readonly done: Set<string>;
};

const OPINIONS_SECONDS = 365 * 86_400;
const MOST_OPEN = 5000;
/** A share that takes longer may be done by somebody else as well: both come to the same. */
const LEASE_SECONDS = 15;
/** Part of the time between two rounds in which the shares of one are waited for, and no less than so many seconds. */
const PATIENCE = 0.7;
const LEAST_PATIENCE = 20;

type Deps = Pick<DetectDeps, "store" | "sources" | "packs" | "settings" | "look" | "clock" | "owner" | "jobs">;

export function createShares(
  deps: Deps,
  states: SourceStates,
  readModels: () => Promise<ReadonlyMap<string, WatchModel>>,
  look: (share: Share, facts: SlotFacts, signal: AbortSignal) => Promise<ShareLook>,
) {
  const { store, settings, clock, owner, jobs } = deps;
  let newest: { readonly slot: number; readonly ready: Promise<Slot> } | undefined;

  return {
    /** What counts for the round of that slot. */
    async facts(slot: number, signal: AbortSignal): Promise<Pick<SlotFacts, "opinions" | "rounds" | "models">> {
      return jobs === undefined ? readFacts() : ofSlot(slot, signal);
    },
    /** Lets whoever is free do the shares of one source. `missed`: nobody did, or the one who did has not told. */
    async share(slot: number, source: Metrics, signal: AbortSignal) {
      const looks: { readonly watch: Watch; readonly look: ShareLook }[] = [];
      const missed: { readonly watch: string; readonly why: string }[] = [];
      if (jobs === undefined) return { looks, missed };
      const own = (await ofSlot(slot, signal)).shares.filter((share) => share.source.name === source.name);
      const patience = Math.max(LEAST_PATIENCE, PATIENCE * settings.everySeconds) * 1000;
      const ids = own.map(({ key }) => `${slot}/${key}`);
      const outcomes = own.length === 0 ? [] : await Promise.race([jobs.run(ids, patience), aborted(signal)]);
      const told = new Map(
        outcomes.flatMap((one) => (one.ok ? (one.result as readonly ShareLook[]) : [])).map((one) => [one.key, one]),
      );
      for (const [at, { key, watch }] of own.entries()) {
        const found = told.get(key);
        const outcome = outcomes[at];
        if (found !== undefined) looks.push({ watch, look: found });
        else missed.push({ watch: watch.id, why: outcome === undefined || outcome.ok ? "" : outcome.why });
      }
      return { looks, missed };
    },
    /** A job: its own shares of that slot, then the one that it is about where nobody else has it. Returns those it did. Rejects where it is to be tried again. */
    async take(id: string, attempt: number, signal: AbortSignal): Promise<readonly ShareLook[]> {
      const at = id.indexOf("/");
      const slot = Number(id.slice(0, at));
      if (newest !== undefined && slot < newest.slot) return [];
      const facts = await ofSlot(slot, signal);
      const looks: ShareLook[] = [];
      const isOwn = ({ key, watch, state }: Share) => state.kept.get(watch.id)?.version === key;
      for (;;) {
        const next = facts.shares.find((share) => isOwn(share) && !facts.begun.has(share.key));
        if (next === undefined) break;
        const done = await doShare(next, facts, attempt, signal);
        if (done !== undefined) looks.push(done);
      }
      const named = facts.shares.find(({ key }) => key === id.slice(at + 1));
      if (named === undefined) throw new Error("The replica that was asked does not know this watch yet.");
      if (!facts.begun.has(named.key)) {
        const done = await doShare(named, facts, attempt, signal);
        if (done !== undefined) looks.push(done);
      }
      return looks;
    },
    /** Watches whose states this process may write: it did the last share of them, or nobody shares. */
    async isOwn(key: string): Promise<boolean> {
      if (jobs?.isShared !== true || newest === undefined) return true;
      const slot = await newest.ready.catch(() => undefined);
      return slot?.done.has(key) ?? false;
    },
  };

  async function doShare(
    share: Share,
    facts: Slot,
    attempt: number,
    signal: AbortSignal,
  ): Promise<ShareLook | undefined> {
    const { key, watch, state } = share;
    facts.begun.add(key);
    const job = `watch ${key}`;
    try {
      if (jobs?.isShared === true) {
        // A job that is given again was its taker's when that one died: the slot may be had once more.
        const slot = facts.slot + (attempt - 1) / 100;
        const now = clock();
        const won = await store.detection.claim(job, slot, owner, now, now + LEASE_SECONDS);
        if (won !== "won") state.kept.delete(watch.id);
        if (won === "lost" && attempt > 1) throw new Error("Another replica is at work on it, or was when it died.");
        if (won === "lost") return undefined;
      }
      const done = await look(share, facts, signal);
      facts.done.add(key);
      if (jobs?.isShared === true) await store.detection.release(job, owner);
      return done;
    } catch (problem) {
      facts.begun.delete(key);
      throw problem;
    }
  }

  function ofSlot(slot: number, signal: AbortSignal): Promise<Slot> {
    if (newest?.slot === slot) return newest.ready;
    const before = newest?.ready;
    const ready = prepare(slot, before, signal);
    newest = { slot, ready };
    ready.catch(() => {
      if (newest?.ready === ready) newest = undefined;
    });
    return ready;
  }

  async function readFacts() {
    const [opinions, rounds, models] = await Promise.all([
      store.detection.opinions(clock() - OPINIONS_SECONDS),
      store.detection.rounds(),
      readModels(),
    ]);
    return { opinions, rounds, models };
  }

  async function prepare(slot: number, before: Promise<Slot> | undefined, signal: AbortSignal): Promise<Slot> {
    await forgetTaken(before);
    const [facts, open] = await Promise.all([
      readFacts(),
      store.detection.anomalies({ status: "open", limit: MOST_OPEN }),
    ]);
    const sizes = new Map(facts.rounds.map(({ watch, series }) => [watch, series]));
    const found = await Promise.all(
      deps.sources.map(async (source, at): Promise<readonly Omit<Share, "most">[]> => {
        const isFirst = at === 0;
        try {
          const catalogue = await source.catalogue(signal);
          await states.lookDown(source, slot, clock(), signal);
          const state = states.of(source.name);
          return watchesOf(deps, source.name, catalogue, isFirst)
            .map((watch) => ({ key: keyOf(watch, facts.models), watch, source, isFirst, catalogue, state }))
            .filter(({ key, watch }) => sizes.has(key) && deps.look(watch.promql).ok);
        } catch {
          // Whoever makes the round sees the same, and says so.
          return [];
        }
      }),
    );
    const all = found.flat();
    // None loses what it has, and all may grow into what is left, so that it does not matter who is first.
    const left = settings.series - all.reduce((sum, { key }) => sum + (sizes.get(key) ?? 0), 0);
    const room = Math.max(0, Math.ceil(left / Math.max(1, all.length)));
    const shares = all
      .map((one) => ({ ...one, most: Math.min(settings.seriesPerWatch, (sizes.get(one.key) ?? 0) + room) }))
      // The large ones first, so that nobody has one left when all others have ended.
      .sort((a, b) => (sizes.get(b.key) ?? 0) - (sizes.get(a.key) ?? 0));
    const opened = new Map(open.map((one) => [one.id, one]));
    return { slot, ...facts, open: opened, shares, begun: new Set(), done: new Set() };
  }

  /** What others did in the slot before is theirs now. */
  async function forgetTaken(before: Promise<Slot> | undefined): Promise<void> {
    if (jobs?.isShared !== true) return;
    const slot = await before?.catch(() => undefined);
    for (const { key, watch, state } of slot?.shares ?? [])
      if (!slot?.done.has(key) && state.kept.get(watch.id)?.version === key) state.kept.delete(watch.id);
  }

  function keyOf(watch: Watch, models: ReadonlyMap<string, WatchModel>): string {
    const key = versionOf(watch, settings.everySeconds);
    return stateKey(key, activeOf(models.get(key)).number);
  }
}

function aborted(signal: AbortSignal): Promise<readonly never[]> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
