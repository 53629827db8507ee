import { z } from "zod";
import type { Ran } from "../../ports/changes.ts";
import { RefusedError, reasonOf } from "../../util/errors.ts";
import { pause } from "../shared/deadline.ts";
import type { GithubApi } from "./api.ts";

/** What is read of GitHub's answers. */

export const Run = z.object({
  id: z.int().positive(),
  name: z.string().nullish(),
  display_title: z.string().default(""),
  head_branch: z.string().nullish(),
  head_sha: z.string(),
  path: z.string().default(""),
  event: z.string().default(""),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  run_attempt: z.int().default(1),
  created_at: z.string().default(""),
  html_url: z.string().default(""),
  actor: z.object({ login: z.string() }).nullish(),
});
export type Run = z.output<typeof Run>;

const Runs = z.object({ workflow_runs: z.array(Run) });
export const Workflow = z.object({ id: z.int(), path: z.string(), state: z.string() });
export const Commit = z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) });
export const Dispatched = z.object({ workflow_run_id: z.int().positive() });

/** The newest runs, of one workflow or of all. */
export async function listRuns(
  api: GithubApi,
  workflow: string | undefined,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly Run[]> {
  const path = workflow === undefined ? "/actions/runs" : `/actions/workflows/${workflow}/runs`;
  return (await api.read(Runs, path, query, signal)).workflow_runs;
}

/** The run that shows a key in its title, which the workflow's `run-name` puts there. */
export async function runByKey(
  api: GithubApi,
  workflow: string,
  key: string,
  signal: AbortSignal,
): Promise<Run | undefined> {
  const runs = await listRuns(api, workflow, { event: "workflow_dispatch", per_page: "100" }, signal);
  return runs.find(({ display_title, name }) => display_title.includes(key) || name?.includes(key) === true);
}

/** The file that a run came from: "deploy.yml". */
export function workflowOf({ path }: Run): string {
  return path.replace(/@.*$/, "").replace(/^\.github\/workflows\//, "");
}

/** "run 7 (deploy.yml on main, attempt 1) failed". */
export function sayRun(run: Run): string {
  const state =
    run.status === "completed" ? (run.conclusion ?? "completed") : (run.status ?? "unknown").replace("_", " ");
  return `run ${run.id} (${workflowOf(run)} on ${run.head_branch ?? "?"} at ${run.head_sha.slice(0, 7)}, attempt ${run.run_attempt}) ${state}`;
}

/**
 * Waits until a run has ended. It was started already: an end of the time is `partial`, and so is a run that failed, which
 * may have changed something before it did.
 */
export async function followRun(
  api: GithubApi,
  id: number,
  minAttempt: number,
  at: { readonly pollMs: number; readonly signal: AbortSignal; readonly progress: (line: string) => void },
): Promise<Ran> {
  let last = "";
  for (;;) {
    try {
      const run = await api.read(Run, `/actions/runs/${id}`, {}, at.signal);
      const now = sayRun(run);
      if (now !== last) at.progress(now);
      last = now;
      if (run.run_attempt >= minAttempt && run.status === "completed")
        return { outcome: run.conclusion === "success" ? "succeeded" : "partial", output: `${now}: ${run.html_url}` };
    } catch (error) {
      if (!at.signal.aborted && (last === "" || error instanceof RefusedError))
        last = `run ${id} cannot be seen: ${reasonOf(error)}`;
    }
    if (!(await pause(at.pollMs, at.signal)))
      return {
        outcome: "partial",
        output: `It was started, and had not ended when the time was up: ${last || `run ${id}`}.`,
      };
  }
}
