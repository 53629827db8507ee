import { type Config, type Problem, sayProblem } from "../config.ts";
import { isNotifier } from "../core/incident/notice.ts";
import { sayTime } from "../core/zone.ts";
import type { Clock } from "../ports/clock.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { differences, isSame, type LiveConfig } from "./live-config.ts";
import { leadsTo, type WholeConfig } from "./whole-config.ts";

/** Takes the settings anew while the bot runs. */
export type Reload = {
  /** One at a time; a wish during one makes another after it. Never rejects: what is wrong is logged, and all stays as it was. */
  readonly now: () => Promise<void>;
  /** Takes no wish any more; resolves when none is under way. */
  readonly end: () => Promise<void>;
  /** What is to be said about the last attempt, where it failed. */
  readonly trouble: () => string | undefined;
};

/** A part that is ended and begun again to take its settings anew. */
export type Restartable = {
  readonly of: (config: Config) => unknown;
  readonly restart: () => Promise<void>;
  /** False where it could not be begun again. */
  readonly runs: () => boolean;
};

type Deps = {
  readonly live: LiveConfig;
  readonly read: () => Promise<WholeConfig>;
  /** Reads the runbooks of these folders; what comes back puts them in the place of the others, and gives what takes that back. */
  readonly runbooks: (settings: Config["runbooks"]) => Promise<() => () => void>;
  readonly parts: readonly Restartable[];
  /** After the settings are in place: whoever sleeps until something changes looks again. */
  readonly taken: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly told: (isGood: boolean, at: number) => void;
};

export function createReload(first: Config, deps: Deps): Reload {
  const { live, clock, log, told } = deps;
  let inForce = first;
  let good = clock();
  let failed: { readonly at: number; readonly problems: readonly Problem[] } | undefined;
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;
  let isOver = false;
  told(true, good);

  async function once(): Promise<void> {
    const problems = await take().catch((problem: unknown): readonly Problem[] => [
      { where: "", message: reasonOf(problem) },
    ]);
    if (problems.length === 0) {
      failed = undefined;
      good = clock();
      told(true, good);
      return;
    }
    failed = { at: clock(), problems };
    told(false, good);
    log.error(
      { problems: problems.map(sayProblem) },
      "the settings were not taken anew, and those from before go on: correct them, and send SIGHUP again",
    );
  }

  async function take(): Promise<readonly Problem[]> {
    const { config, problems, hindered, where, changedExtensions } = await deps.read();
    const all = [...problems, ...(await hindered())];
    if (config === undefined || all.length > 0) return all;
    const needy = needsRestart(first, config, where);
    if (needy.length > 0) return needy;
    const exchange = await deps.runbooks({ ...config.runbooks, executors: first.runbooks.executors });
    const { restart } = differences(first, config);
    const changed = differences(inForce, config).taken;
    const before = inForce;
    const isTouched = ({ of, runs }: Restartable) => !runs() || !isSame(of(before), of(config));
    // Rules and the runbooks that they are about change at one moment.
    live.take(config);
    const exchangeBack = exchange();
    try {
      for (const part of deps.parts) if (isTouched(part)) await part.restart();
    } catch (problem) {
      live.take(before);
      exchangeBack();
      for (const part of deps.parts)
        if (isTouched(part))
          await part
            .restart()
            .catch((err: unknown) => log.error({ err }, "a part could not be begun again: SIGHUP tries it anew"));
      throw problem;
    }
    inForce = config;
    deps.taken();
    log.info({ changed }, "the settings were taken anew");
    if (changedExtensions.length > 0)
      log.warn(
        { extensions: changedExtensions },
        "these extensions changed on the disk: those that were loaded go on, and the new ones are taken at the next start only",
      );
    if (restart.length > 0)
      log.warn({ settings: restart }, "these settings changed too, and take effect at the next start only");
    return [];
  }

  async function now(): Promise<void> {
    if (isOver) return;
    if (running === undefined) {
      running = once().finally(() => {
        running = undefined;
      });
      return running;
    }
    waiting ??= running.then(() => {
      waiting = undefined;
      return now();
    });
    return waiting;
  }

  return {
    now,
    async end() {
      isOver = true;
      await running;
    },
    trouble() {
      if (failed === undefined) return undefined;
      const [problem] = failed.problems;
      const say = (at: number) => sayTime(at, clock(), first.timezone);
      const others = failed.problems.length - 1;
      const more = others === 0 ? "" : ` (and ${others} more)`;
      return `The settings could not be taken anew at ${say(failed.at)}: ${problem === undefined ? "" : sayProblem(problem)}${more} Those of ${say(good)} go on. \`smartcloudops config check\` lists all that is wrong.`;
    },
  };
}

/** New settings that lead to something that is only there after a restart. */
function needsRestart(running: Config, next: Config, where: WholeConfig["where"]): readonly Problem[] {
  const notifiers = new Set(running.notifiers.map(({ name }) => name));
  const sources = new Set(running.sources.map(({ name }) => name));
  return [
    ...leadsTo(next).flatMap(({ path, to }) =>
      to
        .filter((place) => isNotifier(place) && !notifiers.has(place.channel))
        .map(({ channel }) => ({
          where: where(path),
          message: `leads to the notifier ${channel}, which is new: notifiers are taken at the start only. Restart the bot.`,
        })),
    ),
    ...next.detection.watches.flatMap(({ id, source }, at) =>
      source === "" || sources.has(source)
        ? []
        : [
            {
              where: where(["watches", at]),
              message: `watch ${id} asks ${source}, which is new: sources are taken at the start only. Restart the bot.`,
            },
          ],
    ),
  ];
}
