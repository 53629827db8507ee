import type { Action, Arguments, Ran, RunContext } from "../../ports/changes.ts";
import { RefusedError, reasonOf } from "../../util/errors.ts";
import { pause } from "../shared/deadline.ts";
import { outputOf } from "../shared/output.ts";
import { argumentsOf, entryName, integer } from "../shared/patterns.ts";
import { checkPlaced, type Kit, place, type Repository, whyNotWorkflow } from "./kit.ts";
import { followRun, Run, sayRun, workflowOf } from "./runs.ts";

/** So often a run is read before it is believed that nothing happened to it. */
const LOOKS = 5;

const RunArgs = argumentsOf({ repository: entryName.optional(), run_id: integer(1, Number.MAX_SAFE_INTEGER) });

/** What sets running a run again and cancelling one apart. */
type Order = {
  readonly name: "github/rerun" | "github/cancel";
  readonly path: "rerun" | "cancel";
  /** Why it makes no sense for the run as it is, as a sentence. */
  readonly whyNot: (run: Run) => string | undefined;
  readonly said: string;
  readonly blast: string;
  /** What an earlier order has come to, by the run's attempt then and the run now. */
  readonly probe: (run: Run, attempt: number) => Awaited<ReturnType<Action["probe"]>>;
  readonly follow: (repository: Repository, attempt: number, run: Run, context: RunContext) => Promise<Ran>;
};

/** Runs all jobs of a run again. The attempt that is there when it is approved is pinned: nobody's newer attempt is repeated. */
export function rerun(kit: Kit): Action {
  return ordering(kit, {
    name: "github/rerun",
    path: "rerun",
    whyNot: (run) => (run.status === "completed" ? undefined : `Run ${run.id} has not ended: it is ${run.status}.`),
    said: "is run again",
    blast: "Every job of the run is done again, with what it changes.",
    probe: (run, attempt) =>
      run.run_attempt > attempt
        ? {
            found: "ran",
            text: `It is at attempt ${run.run_attempt}. GitHub does not tell which request began that one.`,
          }
        : { found: "not_run", text: `It is at attempt ${run.run_attempt} still.` },
    follow: ({ api }, attempt, run, { signal, progress }) =>
      followRun(api, run.id, attempt + 1, { pollMs: kit.pollMs, signal, progress }),
  });
}

/** Cancels a run that has not ended. */
export function cancel(kit: Kit): Action {
  return ordering(kit, {
    name: "github/cancel",
    path: "cancel",
    whyNot: (run) => (run.status === "completed" ? `Run ${run.id} has ended already: ${run.conclusion}.` : undefined),
    said: "is cancelled",
    blast: "Its jobs stop where they are; what they have changed stays so.",
    probe(run, attempt) {
      if (run.run_attempt !== attempt)
        return { found: "unknown", text: `It was run again since: it is at attempt ${run.run_attempt}.` };
      // GitHub takes the order and cancels later, job by job.
      if (run.status !== "completed")
        return { found: "unknown", text: `The run has not ended, so it may be about to be cancelled: ${run.status}.` };
      return run.conclusion === "cancelled"
        ? { found: "ran", text: "The run is cancelled." }
        : { found: "not_run", isSure: true, text: `The run ended and was not cancelled: ${run.conclusion}.` };
    },
    async follow({ api }, attempt, run, { signal, progress }) {
      const ended = await followRun(api, run.id, attempt, { pollMs: kit.pollMs, signal, progress });
      const now = await api.read(Run, `/actions/runs/${run.id}`, {}, signal).catch(() => undefined);
      return { ...ended, outcome: now?.conclusion === "cancelled" ? "succeeded" : "partial" };
    },
  });
}

function ordering(kit: Kit, order: Order): Action {
  const ran = (outcome: Ran["outcome"], text: string): Ran => ({ outcome, output: outputOf(text, kit.redact) });

  /** The run, if its workflow may be touched. */
  async function find(args: Arguments, signal: AbortSignal) {
    const { repository, read } = place(kit, RunArgs, args);
    const run = await repository.api.read(Run, `/actions/runs/${read.run_id}`, {}, signal);
    const why = whyNotWorkflow(repository, workflowOf(run));
    if (why !== undefined) throw new RefusedError(repository.api.service, 403, why);
    return { repository, run };
  }

  async function begin(args: Arguments, context: RunContext): Promise<Ran> {
    const { repository, run } = await find(args, context.signal);
    const { attempt } = context.precondition;
    if (context.identity["repository"] !== repository.settings.repository)
      return ran("failed", "It is another repository than the one that was approved. Nothing was done.");
    if (run.run_attempt !== attempt)
      return ran(
        "failed",
        `Run ${run.id} was at attempt ${String(attempt)} when it was approved, and is at ${run.run_attempt}. Nothing was done.`,
      );
    const why = order.whyNot(run);
    if (why !== undefined) return ran("failed", `${why} Nothing was done.`);
    const sent = await repository.api.post(`/actions/runs/${run.id}/${order.path}`, undefined, context.signal);
    if (sent.kind === "unknown")
      return ran("unknown", `${sent.text} Whether run ${run.id} ${order.said} is not known.`);
    if (sent.kind === "not_sent") return ran("failed", `${sent.text} Nothing was done.`);
    if (sent.kind === "refused") return ran("failed", `${repository.api.service}: ${sent.text} Nothing was done.`);
    context.progress(`run ${run.id} ${order.said}`);
    const followed = await order.follow(repository, run.run_attempt, run, context);
    return ran(followed.outcome, `Run ${run.id} ${order.said}. ${followed.output}`);
  }

  return {
    name: order.name,
    changes: true,
    check: (args) => checkPlaced(kit, RunArgs, args),
    async look(args, signal) {
      const { repository, run } = await find(args, signal);
      const why = order.whyNot(run);
      if (why !== undefined) throw new RefusedError(repository.api.service, 409, why);
      return {
        identity: { repository: repository.settings.repository, run: String(run.id) },
        precondition: { attempt: run.run_attempt },
        captured: {},
        facts: [`${sayRun(run)}.`],
        blast: { kind: "known", text: order.blast },
      };
    },
    async simulate(args, _, signal) {
      const { run } = await find(args, signal);
      const why = order.whyNot(run);
      return { kind: "cannot", why: `GitHub has no dry run of that. ${why ?? `Now: ${sayRun(run)}.`}` };
    },
    async run(args, context) {
      try {
        return await begin(args, context);
      } catch (error) {
        return ran("failed", `${reasonOf(error)} Nothing was done.`);
      }
    },
    async probe(args, { identity, precondition, signal }) {
      try {
        for (let look = 1; ; look++) {
          const { repository, run } = await find(args, signal);
          if (identity["repository"] !== repository.settings.repository)
            return { found: "unknown", text: "It is another repository than the one that was approved." };
          const probed = order.probe(run, Number(precondition["attempt"]));
          // What was just asked for shows some seconds later.
          if (probed.found === "ran" || look === LOOKS || !(await pause(kit.pollMs, signal))) return probed;
        }
      } catch (error) {
        return { found: "unknown", text: outputOf(`It cannot be seen: ${reasonOf(error)}`, kit.redact) };
      }
    },
  };
}
