import { randomUUID } from "node:crypto";
import type { Config, Problem } from "../config.ts";
import type { Card } from "../core/card.ts";
import type { Question, User } from "../core/chat.ts";
import type { ConceptPacks } from "../core/concept.ts";
import { identify } from "../core/people.ts";
import type { WatchModel } from "../core/watch/model.ts";
import type { WatchWish } from "../core/watch/wish.ts";
import type { Gauge, QueryLook, RoundReport } from "../flows/detect/deps.ts";
import type { Judge } from "../flows/detect/judging.ts";
import type { Raising } from "../flows/detect/raise.ts";
import type { Train } from "../flows/detect/train.ts";
import type { Detect } from "../flows/detect.ts";
import { startLoop } from "../jobs/loop.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobQueue } from "../ports/jobs.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { Thread } from "../util/thread.ts";
import { type CareObserver, createCare } from "./care.ts";
import type { Sharing } from "./sharing.ts";

/** The scheduled detector, put together: watches, rounds by the calendar, and what is asked about them. */
export type Detection = {
  /** What is asked about the watching, and what people say of its messages. */
  readonly answer: (question: Question, wish: WatchWish, signal: AbortSignal) => Promise<Card>;
  /** Posts and edits what was found elsewhere and is not shown yet. */
  readonly show: () => Promise<void>;
  /** New versions of what judges a watch, and the way back. Throw with a sentence where nothing is watched. */
  readonly learn: Train["learnNow"];
  readonly rollBack: (watch: string, version: number, by: User) => Promise<WatchModel>;
  /**
   * Begins to watch; only one process of a data folder may. `posted`: a message stands in the outbox. Resolves with what ends it. Throws
   * `WatchError` when a watch or the schedule cannot be used.
   */
  readonly start: (posted: () => void) => Promise<(graceMs: number) => Promise<void>>;
};

/** Watches or their schedule cannot be used. `message` names each with its place in the file. */
export class WatchError extends Error {
  override readonly name = "WatchError";
}

type Options = {
  readonly store: Store;
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly clock: Clock;
  readonly log: Log;
  readonly sharing?: Sharing | undefined;
  /** Incidents that take anomalies in. Undefined: each is a message of its own. */
  readonly raising?: Omit<Raising, "least"> | undefined;
  readonly observer?:
    | (CareObserver & { readonly watched?: (report: RoundReport, gauges: readonly Gauge[]) => void })
    | undefined;
};

const JUDGE = new URL("../flows/detect/judge-thread.ts", import.meta.url);
const FIRST_ROUND_MS = 3_000;
/** Seconds between two looks whether this process goes on to be the one that watches. */
const RENEW = 4;
/** Seconds after which a round that died with another process keeps this one from its own no longer: renewed while it lasts. */
const SHARED_LEASE = 15;
/** Shares of a round: more at once would only wait for Prometheus. What is left of rounds that nobody ended is dropped when it is taken. */
const SHARES = { concurrency: 4, waiting: 10_000, retryMs: 3000 };

export function createDetection(config: Config, options: Options): Detection {
  const { store, clock, log } = options;
  const owner = randomUUID();
  const names = new Map(options.packs.concepts.map(({ id, name }) => [id, name]));
  let running: Detect | undefined;
  let posted = () => {};

  async function detector(jobs?: JobQueue, judge?: Judge): Promise<Detect> {
    const [{ detect }, { lookAtQuery }, { splitQuery }] = await Promise.all([
      import("../flows/detect.ts"),
      import("../metrics/look.ts"),
      import("../metrics/split.ts"),
    ]);
    return detect({
      store,
      sources: options.sources,
      packs: options.packs,
      settings: { ...config.detection, zone: config.timezone },
      look: lookAtQuery,
      split: splitQuery,
      clock,
      elapsed: () => performance.now() / 1000,
      owner,
      posted: () => posted(),
      report: (level, message, data) => log[level](data, message),
      ...(options.raising !== undefined && { raising: { ...options.raising, least: config.detection.incidents } }),
      ...(options.sharing !== undefined && { leaseSeconds: SHARED_LEASE }),
      ...(judge !== undefined && { judge }),
      ...(jobs !== undefined && { jobs: { run: jobs.run, isShared: options.sharing !== undefined } }),
      ...(options.observer?.watched !== undefined && { observe: options.observer.watched }),
    });
  }

  /** Shares of rounds: in Redis where several processes are on it, else within this one. */
  async function queue(): Promise<JobQueue> {
    const { redis } = config;
    if (options.sharing === undefined || redis === undefined) {
      const { createMemoryQueue } = await import("../jobs/memory-queue.ts");
      return createMemoryQueue(SHARES);
    }
    const { createRedisQueue } = await import("../jobs/redis-queue.ts");
    const warn = (err: unknown, message: string) => log.warn({ err }, message);
    return createRedisQueue({ ...SHARES, url: redis.url, name: "watching", warn });
  }

  const care = createCare(config, { ...options, owner });
  async function watching(): Promise<Train> {
    if (running !== undefined) return care.trainer();
    throw new Error("nothing is watched here: no source is configured, or schedules.detect.enabled is false.");
  }

  return {
    async answer(question, wish, signal) {
      const { watching } = await import("../flows/watching.ts");
      const here = running;
      return watching(
        {
          store,
          clock,
          zone: question.user.zone ?? config.timezone,
          nameOf: (concept) => names.get(concept) ?? concept,
          scan: here && ((stop) => here.round(clock(), stop)),
          redraw: async (group) => (here ?? (await detector())).redraw(group),
        },
        question,
        wish,
        signal,
      );
    },
    async show() {
      await (running ?? (await detector())).show();
    },
    learn: async (watch, progress, signal) => (await watching()).learnNow(watch, progress, signal),
    rollBack: async (watch, version, by) => (await watching()).rollBack(watch, version, identify(config.people, by)),
    async start(wake) {
      posted = wake;
      await checkWatches(config);
      if (options.sources.length === 0) return async () => {};
      const endCare = await care.start();
      if (!config.detection.enabled) return endCare;
      const { startCron } = await import("../jobs/cron.ts");
      const jobs = await queue();
      const { createThread } = await import("../util/thread.ts");
      const thread = createThread(JUDGE, (err) =>
        log.error({ err }, "the thread that judges has ended: another one goes on"),
      );
      const one = await detector(jobs, judgeIn(thread));
      running = one;
      // The same one each time: it holds what the others would have to read anew.
      const lead = options.sharing?.lead("watching");
      let isNoted = false;
      const work = async (slot: number, signal: AbortSignal): Promise<void> => {
        if (lead !== undefined && !(await lead.leads())) return;
        const report = await one.round(slot, signal);
        // Whoever just started the bot asks for what is watched before the next visit.
        if (!isNoted && report.outcome !== "taken") {
          isNoted = true;
          await care.note(signal);
        }
        if (report.outcome !== "taken") log.debug(report, "a round of watching");
      };
      const onProblem = (err: unknown) => log.error({ err }, `a round of watching failed: ${reasonOf(err)}`);
      const job = startCron({
        expression: config.detection.cron,
        zone: config.timezone,
        name: "detect",
        work,
        onProblem,
        onMissed: (slot, why) => log.warn({ slot, why }, "a round of watching was left out"),
      });
      // Whoever starts the bot wants to know now, and not at the next full minute.
      const stop = new AbortController();
      jobs.take((id, attempt) => one.share(id, attempt, stop.signal));
      const renewing =
        lead &&
        startLoop(
          async () => void (await lead.leads()),
          () => {},
          RENEW,
          RENEW,
        );
      renewing?.wake();
      let isFirstOver: Promise<void> | undefined;
      const first = setTimeout(() => {
        isFirstOver = work(clock(), stop.signal).catch((err: unknown) => {
          if (!stop.signal.aborted) onProblem(err);
        });
      }, FIRST_ROUND_MS).unref();
      return async (graceMs) => {
        clearTimeout(first);
        stop.abort(new Error("the bot is stopping"));
        running = undefined;
        const late = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
        await Promise.all([job.stop(graceMs), endCare(graceMs), isFirstOver && Promise.race([isFirstOver, late])]);
        await Promise.all([renewing?.stop(graceMs), jobs.close(graceMs)]);
        await one.flush().catch((err: unknown) => log.error({ err }, "states of the detector could not be kept"));
        await lead?.release().catch(() => {});
        await thread.close();
      };
    },
  };
}

/** The judge in a thread of its own. */
function judgeIn({ run }: Thread): Judge {
  return {
    load: (states) => run("load", states),
    feed: (batch) => run("feed", batch),
    states: (version, dropped) => run("states", { version, dropped }),
    drop: (version) => run("drop", version),
  };
}

/** Throws `WatchError` with one line for each watch whose query cannot be asked, and for a schedule that is none. */
export async function checkWatches(config: Pick<Config, "detection">): Promise<void> {
  const problems = await watchProblems(config);
  if (problems.length > 0)
    throw new WatchError(
      `What is to be watched cannot be used:\n${problems.map(({ where, message }) => `  ${where}: ${message}`).join("\n")}`,
    );
}

/** What is wrong with watches and their schedule beyond their form, each with its place in the file. */
export async function watchProblems({ detection }: Pick<Config, "detection">): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  if (detection.watches.length > 0) {
    const { lookAtQuery } = await import("../metrics/look.ts");
    for (const { id, promql, where } of detection.watches) {
      const look: QueryLook = lookAtQuery(promql);
      if (!look.ok) problems.push({ where, message: `watch ${JSON.stringify(id)}: ${look.reason}` });
    }
  }
  const { whyNotCron } = await import("../jobs/cron.ts");
  const wrong = whyNotCron(detection.cron);
  if (wrong !== undefined)
    problems.push({
      where: detection.cronWhere,
      message: `must be five or six fields of cron, such as "*/5 * * * *": it is ${JSON.stringify(detection.cron)} (${wrong}).`,
    });
  return problems;
}
