import { lineOf, type Run } from "../../core/ci/run.ts";
import type { Store } from "../../ports/store.ts";

/** Runs that are looked back at. */
const BACK = 200;

/** Earlier runs of its own line, and of the branch that it is to be merged into: oldest first. */
export async function runsBefore(
  runs: Store["runs"],
  run: Run,
): Promise<{ readonly own: readonly Run[]; readonly base: readonly Run[] }> {
  const of = async (branch: string) => [...(await runs.of(lineOf({ ...run, branch }), run.endedAt, BACK))].reverse();
  const [own, base] = await Promise.all([of(run.branch), run.base === undefined ? [] : of(run.base)]);
  return { own, base };
}
