import { isDeepStrictEqual } from "node:util";
import type { Card } from "../../core/card.ts";
import type { Trouble } from "../../core/ci/judge.ts";
import { PULLS, type PullLine, type PullNote, type PullSettings } from "../../core/ci/pull.ts";
import type { Run } from "../../core/ci/run.ts";
import { type Judgement, verdictOf } from "../../core/ci/verdict.ts";
import { postOrEdit } from "../../core/posted.ts";
import type { Store } from "../../ports/store.ts";
import { fitsGlob } from "../../util/glob.ts";
import { runsBefore } from "./before.ts";

export type PullDeps = {
  readonly store: Pick<Store, "runs" | "outbox">;
  readonly clock: () => number;
  readonly troubleOf: (name: string) => Trouble;
  readonly settings: PullSettings;
  /** A message stands in the outbox. */
  readonly wake: () => void;
};

/** A run that ended longer ago is history. */
const NEWS_SECONDS = 86_400;
/** A pull request's other pipelines are looked for among so many runs of a week, and so many of them are told. */
const BACK_SECONDS = 7 * 86_400;
const MOST_RUNS = 1000;
const MOST_LINES = 20;
/** One run puts its comment at most so often, while others go on to end. */
const MOST_EDITIONS = 5;
/** No repository is called "." or "..", which would lead elsewhere in an address. */
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
/** SHA-1 and SHA-256, whole. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * A run that was judged -> the outbox, for its pull request: the state of its commit, and one comment that is there once a pipeline was unlike
 * earlier runs, and is edited with each run from then on. The same run again tells nothing anew.
 */
export function tellsPulls(deps: PullDeps): (run: Run, judgement: Judgement) => Promise<void> {
  const { store, clock, settings } = deps;
  return async (run, judgement) => {
    const { project } = run;
    const isWanted = REPOSITORY.test(project) && settings.projects.some((one) => fitsGlob(one, project));
    if (!isWanted || run.isMain || clock() - run.endedAt > NEWS_SECONDS) return;
    if (settings.status && COMMIT.test(run.commit ?? "") && run.deploys === undefined)
      await put({ kind: "status", repository: project, sha: run.commit ?? "", ...lineOf(run, judgement) }, run);
    if (settings.comment && run.pullRequest !== undefined) await comment(run, run.pullRequest, judgement);
    deps.wake();
  };

  async function comment(run: Run, number: number, judgement: Judgement): Promise<void> {
    const isThere = (await store.outbox.fateOf(idOf(run.project, number))) !== undefined;
    if (!isThere && judgement.verdict !== "fail") return;
    let lines = await linesOf(run, judgement);
    for (let edition = 0; edition < MOST_EDITIONS; edition++) {
      await put({ kind: "comment", repository: run.project, number, lines }, run, edition);
      // Another pipeline's run may have been stored after these were read, and its comment put before this one: the last one put is read again.
      const after = await linesOf(run, judgement);
      if (isDeepStrictEqual(after, lines)) return;
      lines = after;
    }
  }

  /** The newest run of each pipeline, as it is judged. */
  async function linesOf(run: Run, judgement: Judgement): Promise<readonly PullLine[]> {
    const lately = await store.runs.since(run.endedAt - BACK_SECONDS, MOST_RUNS);
    const its = [run, ...lately]
      .filter(({ project, pullRequest }) => project === run.project && pullRequest === run.pullRequest)
      .sort((a, b) => a.endedAt - b.endedAt);
    const newest = new Map(its.map((one) => [one.pipeline, one]));
    const told = [...newest.values()].sort((a, b) => a.pipeline.localeCompare(b.pipeline)).slice(0, MOST_LINES);
    return Promise.all(
      told.map(async (one) => {
        if (one.id === run.id) return lineOf(one, judgement);
        return lineOf(one, verdictOf(one, await runsBefore(store.runs, one), deps.troubleOf));
      }),
    );
  }

  async function put(note: PullNote, run: Run, edition = 0): Promise<void> {
    const isComment = note.kind === "comment";
    const channel = isComment ? `${note.repository}#${note.number}` : `${note.repository}@${note.sha}`;
    const message = {
      id: isComment ? idOf(note.repository, note.number) : `ci-status:${run.id}`,
      place: { platform: PULLS, channel, thread: "" },
      card: cardOf(channel, isComment ? note.lines : [note]),
      hint: JSON.stringify(note),
      at: clock(),
    };
    if (isComment) await postOrEdit(store.outbox.put, message, edition === 0 ? run.id : `${run.id}.${edition}`);
    else await store.outbox.put(message);
  }
}

function idOf(project: string, number: number): string {
  return `ci-pull:${project}#${number}`;
}

function lineOf({ pipeline, outcome, commit, url }: Run, { verdict, reason }: Judgement): PullLine {
  return {
    ...{ pipeline, outcome, verdict, reason },
    ...(commit !== undefined && { commit }),
    ...(url !== undefined && { url }),
  };
}

/** What people see of it in lists of what waits. */
function cardOf(where: string, lines: readonly PullLine[]): Card {
  const blocks = lines.map(({ pipeline, reason }) => ({ kind: "text" as const, text: `${pipeline}: ${reason}` }));
  return { title: `Pipelines of ${where}`, tone: "info", blocks };
}
