import { z } from "zod";
import type { Action, Arguments, Look, Ran, RunContext } from "../../ports/changes.ts";
import { RefusedError, reasonOf } from "../../util/errors.ts";
import { pause } from "../shared/deadline.ts";
import { outputOf } from "../shared/output.ts";
import { argumentsOf, entryName, gitRef, workflowFile } from "../shared/patterns.ts";
import { checkPlaced, type Kit, place, type Repository } from "./kit.ts";
import { Commit, Dispatched, followRun, Run, runByKey, sayRun, Workflow } from "./runs.ts";

/** GitHub takes 25 inputs; one is ours. */
const MOST_INPUTS = 24;
const OURS = "execution_id";
/** A run shows up in the list some seconds after it was asked for: so often the list is read. */
const LOOKS = 5;

const inputText = z
  .string("must be text")
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._/:@+,=-]{0,499}$/,
    "must be of letters, digits and ._/:@+,=- and begin with a letter or digit: a workflow may put it into a shell",
  );

const DispatchArgs = argumentsOf({
  repository: entryName.optional(),
  workflow: workflowFile,
  ref: gitRef,
  inputs: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/, "must be an input's name"),
      z.union([inputText, z.boolean(), z.number()]),
    )
    .refine((inputs) => Object.keys(inputs).length <= MOST_INPUTS, `must have at most ${MOST_INPUTS} entries`)
    .refine((inputs) => !Object.hasOwn(inputs, OURS), `must not hold ${OURS}: the bot sets it`)
    .default({}),
});
type DispatchArgs = z.output<typeof DispatchArgs>;

/**
 * Starts a workflow. The commit of the ref is pinned when it is looked at; a ref that has moved since is refused, and a run
 * that turns out to be of another commit is cancelled. The key goes along as the input `execution_id`, which the workflow
 * has to declare, and to show in its `run-name` so that a lost answer can be cleared up.
 */
export function dispatch(kit: Kit): Action {
  const ran = (outcome: Ran["outcome"], text: string): Ran => ({ outcome, output: outputOf(text, kit.redact) });
  const where = ({ workflow, ref }: DispatchArgs) => `${workflow} on ${ref}`;

  async function lookAt(repository: Repository, args: DispatchArgs, signal: AbortSignal) {
    const { api } = repository;
    const [commit, workflow] = await Promise.all([
      api.read(Commit, `/commits/${args.ref.split("/").map(encodeURIComponent).join("/")}`, {}, signal),
      api.read(Workflow, `/actions/workflows/${args.workflow}`, {}, signal),
    ]);
    if (workflow.state !== "active")
      throw new RefusedError(api.service, 409, `the workflow ${args.workflow} is not active: ${workflow.state}.`);
    const text = await api.file(workflow.path, commit.sha, signal);
    if (!/\bworkflow_dispatch\b/.test(text))
      throw new RefusedError(
        api.service,
        409,
        `${args.workflow} has no workflow_dispatch at that commit, so it cannot be started.`,
      );
    if (!/\bexecution_id\b/.test(text))
      throw new RefusedError(
        api.service,
        409,
        `${args.workflow} declares no input execution_id. Add it under workflow_dispatch, and show it in run-name.`,
      );
    return { sha: commit.sha, showsKey: /^run-name:.*\binputs\.execution_id\b/m.test(text) };
  }

  async function run(args: Arguments, context: RunContext): Promise<Ran> {
    const { repository, read } = place(kit, DispatchArgs, args);
    const { api } = repository;
    const { signal, key } = context;
    try {
      const earlier = await runByKey(api, read.workflow, key, signal);
      if (earlier !== undefined)
        return await follow(repository, read, earlier.id, context, "An earlier attempt started it");
      const now = await lookAt(repository, read, signal);
      const moved = whyMoved(repository, now.sha, context, read.ref);
      if (moved !== undefined) return ran("failed", `${moved} Nothing was started.`);
    } catch (error) {
      return ran("failed", `${reasonOf(error)} Nothing was started.`);
    }
    const inputs = Object.fromEntries(Object.entries(read.inputs).map(([name, value]) => [name, String(value)]));
    const sent = await api.post(
      `/actions/workflows/${read.workflow}/dispatches`,
      { ref: read.ref, inputs: { ...inputs, [OURS]: key }, return_run_details: true },
      signal,
    );
    if (sent.kind === "unknown") return ran("unknown", `${sent.text} Whether ${where(read)} was started is not known.`);
    if (sent.kind === "not_sent") return ran("failed", `${sent.text} Nothing was started.`);
    if (sent.kind === "refused") return ran("failed", `${api.service}: ${sent.text} Nothing was started.`);
    const details = Dispatched.safeParse(sent.body);
    const id = details.success ? details.data.workflow_run_id : await findId(repository, read, key, signal);
    if (id === undefined) return ran("partial", `${where(read)} was started, but its run did not show up in the list.`);
    return follow(repository, read, id, context, `${where(read)} was started`);
  }

  /** A server that knows no `return_run_details` answers 204 without an id. */
  async function findId({ api }: Repository, { workflow }: DispatchArgs, key: string, signal: AbortSignal) {
    for (let look = 0; look < LOOKS; look++) {
      const found = await runByKey(api, workflow, key, signal).catch(() => undefined);
      if (found !== undefined) return found.id;
      if (!(await pause(kit.pollMs, signal))) return undefined;
    }
    return undefined;
  }

  async function follow(
    { api }: Repository,
    read: DispatchArgs,
    id: number,
    context: RunContext,
    said: string,
  ): Promise<Ran> {
    const { signal, progress, precondition } = context;
    progress(`${said}: run ${id}`);
    const run = await api.read(Run, `/actions/runs/${id}`, {}, signal).catch(() => undefined);
    if (run !== undefined && run.head_sha !== precondition["sha"]) {
      const cancelled = await api.post(`/actions/runs/${id}/cancel`, undefined, signal);
      return ran(
        "partial",
        `${read.ref} moved at that very moment: run ${id} is of commit ${run.head_sha}, not of the one that was approved. ${cancelled.kind === "done" ? "It was cancelled." : "It could not be cancelled: stop it by hand."} ${run.html_url}`,
      );
    }
    const followed = await followRun(api, id, 1, { pollMs: kit.pollMs, signal, progress });
    return ran(followed.outcome, `${said}. ${followed.output}`);
  }

  return {
    name: "github/dispatch",
    changes: true,
    check: (args) => checkPlaced(kit, DispatchArgs, args),
    async look(args, signal): Promise<Look> {
      const { repository, read } = place(kit, DispatchArgs, args);
      const { sha, showsKey } = await lookAt(repository, read, signal);
      return {
        identity: { repository: repository.settings.repository },
        precondition: { sha },
        captured: { sha },
        facts: [
          `${read.ref} is commit ${sha.slice(0, 12)}.`,
          ...(showsKey
            ? []
            : [
                `${read.workflow} does not show inputs.execution_id in its run-name: after a lost answer nothing can tell whether it ran.`,
              ]),
        ],
        blast: { kind: "unknown", text: `What ${read.workflow} does stands in its file.` },
      };
    },
    async simulate(args, look, signal) {
      const { repository, read } = place(kit, DispatchArgs, args);
      const { sha } = await lookAt(repository, read, signal);
      const moved = whyMoved(repository, sha, look, read.ref);
      if (moved !== undefined) throw new RefusedError(repository.api.service, 409, moved);
      return {
        kind: "cannot",
        why: `GitHub has no dry run of a workflow. ${where(read)} is active and at the commit that was looked at.`,
      };
    },
    async run(args, context) {
      try {
        return await run(args, context);
      } catch (error) {
        return ran("failed", `${reasonOf(error)} Nothing was started.`);
      }
    },
    async probe(args, { key, identity, precondition, signal }) {
      try {
        const { repository, read } = place(kit, DispatchArgs, args);
        if (identity["repository"] !== repository.settings.repository)
          return { found: "unknown", text: "It is another repository than the one that was approved." };
        const { api } = repository;
        for (let look = 1; ; look++) {
          const found = await runByKey(api, read.workflow, key, signal);
          if (found !== undefined)
            return { found: "ran", text: outputOf(`${sayRun(found)}: ${found.html_url}`, kit.redact) };
          if (look === LOOKS || !(await pause(kit.pollMs, signal))) break;
        }
        signal.throwIfAborted();
        const workflow = await api.read(Workflow, `/actions/workflows/${read.workflow}`, {}, signal);
        const text = await api.file(workflow.path, String(precondition["sha"]), signal);
        return /^run-name:.*\binputs\.execution_id\b/m.test(text)
          ? { found: "not_run", text: "No run shows this execution's key in its name." }
          : {
              found: "unknown",
              text: `${read.workflow} does not show inputs.execution_id in its run-name, so its runs tell nothing.`,
            };
      } catch (error) {
        return { found: "unknown", text: outputOf(`It cannot be seen: ${reasonOf(error)}`, kit.redact) };
      }
    },
  };
}

function whyMoved(
  { settings }: Repository,
  sha: string,
  { identity, precondition }: Pick<RunContext, "identity" | "precondition">,
  ref: string,
): string | undefined {
  if (identity["repository"] !== settings.repository)
    return `It is another repository now: ${settings.repository} instead of ${identity["repository"] ?? "none"}.`;
  if (precondition["sha"] === sha) return undefined;
  return `${ref} has moved since it was approved: it was commit ${String(precondition["sha"]).slice(0, 12)} and is ${sha.slice(0, 12)}.`;
}
