import type { Action } from "../../ports/changes.ts";
import { reasonOf } from "../../util/errors.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { outputOf } from "../shared/output.ts";
import { argumentsOf, entryName, workflowFile } from "../shared/patterns.ts";
import { cancel, rerun } from "./again.ts";
import { dispatch } from "./dispatch.ts";
import { checkPlaced, createKit, type Kit, place } from "./kit.ts";
import { listRuns, sayRun } from "./runs.ts";
import type { GithubSettings } from "./settings.ts";

/** Milliseconds between two looks at a run: GitHub counts requests by the hour. */
const POLL_MS = 5000;

const RunsArgs = argumentsOf({ repository: entryName.optional(), workflow: workflowFile.optional() });

/**
 * The actions `github/*`. Rights of the token, on the repository alone: Actions read and write, Contents read (the workflow's
 * file and the ref's commit), Metadata read. Throws an `Error` with a sentence for settings that are not safe.
 */
export function createGithubActions(
  settings: readonly GithubSettings[],
  deps: ActionDeps,
  options: { readonly pollMs?: number } = {},
): readonly Action[] {
  const kit = createKit(settings, deps, options.pollMs ?? POLL_MS);
  return [dispatch(kit), rerun(kit), cancel(kit), runs(kit)];
}

/** The last runs, the newest first. */
function runs(kit: Kit): Action {
  async function text(args: Parameters<Action["run"]>[0], signal: AbortSignal): Promise<string> {
    const { repository, read } = place(kit, RunsArgs, args);
    const found = await listRuns(repository.api, read.workflow, { per_page: "20" }, signal);
    const lines = found.map(
      (run) => `${run.created_at} ${sayRun(run)}, by ${run.actor?.login ?? "nobody"}: ${run.html_url}`,
    );
    return outputOf(lines.length === 0 ? "No runs." : lines.join("\n"), kit.redact);
  }
  return {
    name: "github/runs",
    changes: false,
    check: (args) => checkPlaced(kit, RunsArgs, args),
    async look(args, signal) {
      const lines = (await text(args, signal)).split("\n");
      return {
        identity: {},
        precondition: {},
        captured: {},
        facts: lines.slice(0, 5),
        blast: { kind: "known", text: "It only reads." },
      };
    },
    async simulate() {
      return { kind: "simulated", text: "It only reads: running it changes nothing." };
    },
    async run(args, { signal }) {
      try {
        return { outcome: "succeeded", output: await text(args, signal) };
      } catch (error) {
        return { outcome: "failed", output: outputOf(reasonOf(error), kit.redact) };
      }
    },
    async probe() {
      return { found: "not_run", isSure: true, text: "It only reads: whether it ran makes no difference." };
    },
  };
}
