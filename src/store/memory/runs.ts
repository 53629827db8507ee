import { lineOf, type Run } from "../../core/ci/run.ts";
import type { Runs } from "../../ports/runs.ts";
import { copy } from "./copy.ts";

/** `Runs` in memory, in the map that it is given; `use` is the store's own door. */
export function memoryRuns(all: Map<string, Run>, use: <T>(work: () => T) => Promise<T>): Runs {
  const newestFirst = (isWanted: (run: Run) => boolean, limit: number): readonly Run[] =>
    [...all.values()]
      .reverse()
      .filter(isWanted)
      .sort((a, b) => b.endedAt - a.endedAt)
      .slice(0, Math.max(0, limit))
      .map(copy);
  return {
    keep: (run) =>
      use(() => {
        if (all.has(run.id)) return false;
        all.set(run.id, copy(run));
        return true;
      }),
    of: (line, before, limit) => use(() => newestFirst((run) => lineOf(run) === line && run.endedAt < before, limit)),
    since: (at, limit, only) =>
      use(() => newestFirst((run) => run.endedAt >= at && (only === undefined || run.deploys !== undefined), limit)),
  };
}
