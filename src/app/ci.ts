import type { Config } from "../config.ts";
import type { Card } from "../core/card.ts";
import type { Question } from "../core/chat.ts";
import { isForeign, isProject, type Run } from "../core/ci/run.ts";
import { type CiWish, readCiWish } from "../core/ci/wish.ts";
import type { takesRuns } from "../flows/ci.ts";
import { isSignedByGitHub, readGitHub, readRun } from "../http/ci.ts";
import { ciRoute } from "../http/webhooks.ts";
import type { Clock } from "../ports/clock.ts";
import type { Route } from "../ports/http.ts";
import type { Store } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import { fitsGlob } from "../util/glob.ts";
import type { Log } from "../util/log.ts";

/** Pipelines that tell of their runs, put together. */
export type CiDesk = {
  /** The address that they tell it to. */
  readonly routes: readonly Route[];
  /** What a question wants to know of pipelines by a word of its own; undefined when nothing, or when none of that name told of a run. */
  readonly wishOf: (question: Question) => Promise<CiWish | undefined>;
  readonly list: (question: Question, wish: CiWish) => Promise<Card>;
  /** Begins to count what is known of pipelines. `posted`: a message stands in the outbox. */
  readonly start: (posted?: () => void) => Promise<void>;
};

type Options = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Anomalies changed: posts and edits their messages. */
  readonly show: () => Promise<void>;
  /** A run that was told of: just now, or before the start. */
  readonly told?: ((run: Run, isNew: boolean) => void) | undefined;
};

/** What is known after a restart. */
const KNOWN_SECONDS = 30 * 86_400;
const MOST_KNOWN = 20_000;

const CLOSED: Card = {
  title: "I may not tell of pipelines for you here.",
  tone: "info",
  blocks: [{ kind: "text", text: "They are of no source, so they are shown where every source is open." }],
};

export function createCi({ ci, timezone }: Config, { store, clock, log, show, told }: Options): CiDesk {
  let wakeOutbox: (() => void) | undefined;
  let taking: Promise<ReturnType<typeof takesRuns>> | undefined;
  /** What the newest runs came to, for the bot's own metrics. */
  async function recall(): Promise<void> {
    const runs = await store.runs.since(clock() - KNOWN_SECONDS, MOST_KNOWN);
    for (const run of [...runs].reverse()) told?.(run, false);
  }

  const changed = (): void => {
    show().catch((err: unknown) => log.error({ err }, `an anomaly of a pipeline could not be shown: ${reasonOf(err)}`));
  };
  const open = async () => {
    const [{ takesRuns }, { tellsPulls }] = await Promise.all([
      import("../flows/ci.ts"),
      import("../flows/ci/pull.ts"),
    ]);
    const troubleOf = (name: string) => ci.numbers[name] ?? "both";
    const wake = () => wakeOutbox?.();
    const judged = ci.github && tellsPulls({ store, clock, troubleOf, settings: ci.github, wake });
    return takesRuns({ store, clock, changed, troubleOf, ...(judged !== undefined && { judged }) });
  };

  /** What the configuration says that a run deploys; else what it says of itself. */
  function delivering(run: Run): Run {
    const entry = ci.deploys.find(
      ({ project, pipeline, branch }) =>
        fitsGlob(project, run.project) &&
        fitsGlob(pipeline, run.pipeline) &&
        (branch === undefined ? run.isMain : fitsGlob(branch, run.branch)),
    );
    if (entry === undefined || isForeign(run)) return run;
    const { service, environment } = entry;
    const version = run.deploys?.version ?? run.commit?.slice(0, 12);
    return { ...run, deploys: { service, environment, ...(version !== undefined && { version }) } };
  }

  return {
    routes: [
      ciRoute({
        secret: ci.secret,
        read: { github: readGitHub, isSigned: isSignedByGitHub, other: (body) => readRun(body, clock()) },
        async take(given) {
          const run = delivering(given);
          try {
            taking ??= open();
            const taken = await (await taking)(run);
            if (taken.status === "taken") told?.(run, true);
            return taken;
          } catch (err) {
            log.error({ err, run: run.id }, "a run of a pipeline could not be kept");
            throw err;
          }
        },
      }),
    ],
    start(posted) {
      wakeOutbox = posted;
      return recall();
    },
    async wishOf(question) {
      const wish = readCiWish(question.text);
      if (wish?.kind !== "pipelines") return wish;
      // Prometheus may know of pipelines too, and of whatever else that word names.
      const most = wish.project === undefined ? 1 : MOST_KNOWN;
      const runs = await store.runs.since(clock() - KNOWN_SECONDS, most);
      const isKnown = runs.some(({ project }) => wish.project === undefined || isProject(project, wish.project));
      return isKnown ? wish : undefined;
    },
    async list(question, wish) {
      if (question.sources !== undefined) return CLOSED;
      const { ciList } = await import("../flows/ci-list.ts");
      const zone = question.user.zone ?? timezone;
      return ciList({ store, now: clock(), zone, teamOf: (project) => ci.teams.get(project) }, wish);
    },
  };
}
