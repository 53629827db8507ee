import { setTimeout as wait } from "node:timers/promises";
import type { Config } from "../config.ts";
import type { ConceptPacks } from "../core/concept.ts";
import type { Train, TrainReport } from "../flows/detect/train.ts";
import type { ScoreReport } from "../flows/score-forecasts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { Sharing } from "./sharing.ts";

/** What is done beside the rounds of watching: forecasts are scored, waste is measured, and watches are learnt anew. */
export type Care = {
  readonly trainer: () => Promise<Train>;
  /** Notes what is watched by now, which a round does too. Throws what the store throws. */
  readonly note: (signal: AbortSignal) => Promise<void>;
  /** All of it once, for the slot that was planned at that unix second. Throws what the store throws. */
  readonly round: (slot: number, signal: AbortSignal) => Promise<void>;
  /** Begins it. Resolves with what ends it: what is under way then begins anew after the next start. */
  readonly start: () => Promise<(graceMs: number) => Promise<void>>;
};

export type CareObserver = {
  readonly trained?: (report: TrainReport) => void;
  readonly forecastsScored?: (scores: ScoreReport["scores"]) => void;
};

type Options = {
  readonly store: Store;
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly clock: Clock;
  readonly log: Log;
  /** This process, in locks. */
  readonly owner: string;
  readonly observer?: CareObserver | undefined;
  /** Where several processes share the store: one of them does it. */
  readonly sharing?: Pick<Sharing, "lead"> | undefined;
};

/** Every ten minutes, at a time when few other things happen. */
const CRON = "40 4-59/10 * * * *";
/** Between two queries of one that is learnt anew. */
const PAUSE_MS = 1000;
/** Nobody waits for it: it ends soon. */
const GRACE_MS = 1000;

export function createCare(config: Pick<Config, "timezone" | "costs" | "detection">, options: Options): Care {
  const { store, sources, packs, clock, log, owner, observer, sharing } = options;
  let made: Promise<Train> | undefined;
  let score: ((signal: AbortSignal) => Promise<ScoreReport>) | undefined;

  function trainer(): Promise<Train> {
    made ??= Promise.all([import("../flows/detect/train.ts"), import("../metrics/look.ts")]).then(
      ([{ train }, { lookAtQuery }]) =>
        train({
          ...{ store, sources, packs, clock, owner, look: lookAtQuery },
          settings: { ...config.detection, zone: config.timezone },
          pause: () => wait(PAUSE_MS, undefined, { ref: false }),
          report: (level, message, data) => log[level](data, message),
        }),
    );
    return made;
  }

  return {
    trainer,
    note: async (signal) => (await trainer()).note(signal),
    round,
    async start() {
      // The settings may be others than at the last start.
      made = undefined;
      const { startCron } = await import("../jobs/cron.ts");
      const lead = sharing?.lead("care");
      const job = startCron({
        ...{ expression: CRON, zone: config.timezone, name: "care" },
        // All of them are woken at the same second: whoever is first does it.
        work: async (slot, signal) => {
          if (lead === undefined || (await lead.leads())) await round(slot, signal);
        },
        onProblem: (err) => log.error({ err }, `looking after watches and forecasts failed: ${reasonOf(err)}`),
        onMissed: (slot, why) => log.debug({ slot, why }, "watches and forecasts are looked after still"),
      });
      return (graceMs) => job.stop(Math.min(graceMs, GRACE_MS));
    },
  };

  async function round(slot: number, signal: AbortSignal): Promise<void> {
    try {
      await scoreNow(signal);
      const { measureWaste } = await import("../flows/waste.ts");
      const unasked = await measureWaste({ store, sources, clock, prices: config.costs }, signal);
      for (const problem of unasked) log.warn({ problem }, "what is wasted could not be measured");
      if (config.detection.enabled) await visit(slot, signal);
    } catch (problem) {
      if (!signal.aborted) throw problem;
    }
  }

  async function scoreNow(signal: AbortSignal): Promise<void> {
    score ??= (await import("../flows/score-forecasts.ts")).scoreForecasts({ store, sources, clock });
    const { scores, unmeasured, problems } = await score(signal);
    observer?.forecastsScored?.(scores);
    if (scores.length + unmeasured + problems.length > 0)
      log.info({ scored: scores.length, unmeasured, problems }, "forecasts were compared with what came");
  }

  async function visit(slot: number, signal: AbortSignal): Promise<void> {
    const report = await (await trainer()).visit(slot, signal);
    observer?.trained?.(report);
    if (report.outcome === "done") log.debug(report, "the versions of watches were looked after");
    for (const problem of report.problems) log.warn({ problem }, "a watch could not be looked after");
  }
}
