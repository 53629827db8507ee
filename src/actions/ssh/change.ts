import type { z } from "zod";
import type { Action, Arguments, Look, Probed, Ran, RunContext, Simulated } from "../../ports/changes.ts";
import type { Json } from "../../util/canonical.ts";
import { reasonOf } from "../../util/errors.ts";
import { outputOf, type Redact } from "../shared/output.ts";
import { checkWith, readWith } from "../shared/patterns.ts";
import { type Effect, probeOnce, runOnce, STATE_FOLDER, type Told } from "./once.ts";
import type { SshHost } from "./settings.ts";

/** What all actions over SSH share. */
export type SshWorld = {
  readonly hosts: readonly SshHost[];
  readonly redact: Redact;
  /** Unix seconds. */
  readonly now: () => number;
  /** Another folder for the marks on hosts: tests have no right to the usual one. */
  readonly stateFolder?: string | undefined;
};

type Precondition = Readonly<Record<string, Json>>;

/** One kind of change on a host, told by what makes it differ from the others. */
export type Change<A> = {
  readonly name: string;
  readonly schema: z.ZodType<A>;
  readonly hostOf: (args: A) => SshHost | string;
  /** What the settings of the host forbid, as a sentence. */
  readonly forbids: (args: A, host: SshHost) => string | undefined;
  readonly effect: Effect;
  /** The script's own words: arguments, and what it has to insist on. */
  readonly words: (args: A, host: SshHost, precondition: Precondition) => readonly string[];
  readonly look: (args: A, host: SshHost, signal: AbortSignal) => Promise<Look>;
  readonly simulate: (args: A, host: SshHost, look: Look, signal: AbortSignal) => Promise<Simulated>;
  /** What an end of the command means. The sentence ends the output. */
  readonly judge: (
    args: A,
    host: SshHost,
    told: Told & { readonly exit: number },
  ) => { outcome: Ran["outcome"]; text: string };
  readonly moved?: Action["moved"];
  /** What can be said of an attempt whose end nobody noted: true when its effect can be seen. */
  readonly isSeen: (args: A, told: Told) => boolean;
};

/** Makes an action of a change: at most once for a key, by a mark on the host itself (once.ts). */
export function actionOf<A>(change: Change<A>, world: SshWorld): Action {
  const { redact, stateFolder = STATE_FOLDER } = world;

  function known(args: Arguments): { readonly read: A; readonly host: SshHost } {
    const read = readWith(change.schema, args);
    const host = change.hostOf(read);
    if (typeof host === "string") throw new Error(host);
    const forbidden = change.forbids(read, host);
    if (forbidden !== undefined) throw new Error(forbidden);
    return { read, host };
  }

  function callOf(
    args: Arguments,
    context: Pick<RunContext, "key" | "identity" | "precondition" | "signal">,
    timeoutMs: number,
  ) {
    const { read, host } = known(args);
    const call = {
      host,
      key: context.key,
      stateFolder,
      machine: context.identity["machine"] ?? "",
      // The command ends by itself a little before we stop waiting for it.
      seconds: Math.max(1, Math.floor(timeoutMs / 1000) - 2),
      words: change.words(read, host, context.precondition),
      signal: context.signal,
    };
    return { read, host, call };
  }

  async function run(args: Arguments, context: RunContext): Promise<Ran> {
    const { read, host, call } = callOf(args, context, context.timeoutMs);
    if (context.identity["address"] !== host.address)
      return {
        outcome: "failed",
        output: `${host.name} has another address now than the one that was shown. Nothing was done.`,
      };
    const told = await runOnce(change.effect, call);
    if ("kind" in told)
      return { outcome: told.kind === "not_run" ? "failed" : "unknown", output: outputOf(told.why, redact) };
    const say = (outcome: Ran["outcome"], text: string): Ran => ({
      outcome,
      output: outputOf(`${told.output.trimEnd()}\n${text}`.trim(), redact),
    });
    switch (told.state) {
      case "refused":
        return say("failed", `${host.name}: ${told.reason}. Nothing was done.`);
      case "no_place":
        return say(
          "failed",
          `${host.name}: the mark that keeps it from running twice could not be made (${told.reason}). Nothing was done.`,
        );
      case "void":
        return say("failed", `${host.name}: this key was given up before. Nothing was done.`);
      case "running":
        return say(
          "unknown",
          `${host.name}: an earlier attempt at the same step still runs. It was not begun a second time.`,
        );
      case "exited":
      case "marked": {
        const { exit } = told;
        if (exit === undefined) return say("unknown", `${host.name} did not say how it ended.`);
        const judged = change.judge(read, host, { ...told, exit });
        const again =
          told.state === "marked" ? " An earlier attempt at the same step did it; it was not begun a second time." : "";
        return say(judged.outcome, `${judged.text}${again}`);
      }
      default:
        return say("unknown", `${host.name}: it began and nobody noted its end.`);
    }
  }

  return {
    name: change.name,
    changes: true,
    ...(change.moved === undefined ? {} : { moved: change.moved }),
    check: (args) => checkWith(change.schema, args) ?? attempt(() => known(args)),
    async look(args, signal) {
      const { read, host } = known(args);
      return await change.look(read, host, signal);
    },
    async simulate(args, look, signal) {
      const { read, host } = known(args);
      return await change.simulate(read, host, look, signal);
    },
    async run(args, context) {
      try {
        return await run(args, context);
      } catch (problem) {
        // All that can throw comes before anything is sent.
        return { outcome: "failed", output: outputOf(`${reasonOf(problem)} Nothing was done.`, redact) };
      }
    },
    async probe(args, context) {
      try {
        const { read, host, call } = callOf(args, context, 30_000);
        // Another host has no mark of it, which says nothing about the one that was acted on.
        if (context.identity["address"] !== host.address)
          return { found: "unknown", text: `${host.name} has another address now than the one that was shown.` };
        const told = await probeOnce(change.effect, call);
        if ("kind" in told) return { found: "unknown", text: outputOf(told.why, redact) };
        return found(change, read, host, told);
      } catch (problem) {
        return { found: "unknown", text: outputOf(reasonOf(problem), redact) };
      }
    },
  };
}

function found<A>(change: Change<A>, args: A, host: SshHost, told: Told): Probed {
  const { name } = host;
  switch (told.state) {
    case "void":
      return { found: "not_run", isSure: true, text: `${name} has no mark of it, and will refuse it from now on.` };
    case "running":
      return { found: "unknown", text: `${name} says that it still runs.` };
    case "refused":
    case "no_place":
      return { found: "unknown", text: `${name}: ${told.reason}.` };
    case "exited":
    case "marked": {
      if (told.exit === undefined) return { found: "unknown", text: `${name} did not note how it ended.` };
      const { outcome, text } = change.judge(args, host, { ...told, exit: told.exit });
      return { found: outcome === "succeeded" ? "ran" : "unknown", text };
    }
    default:
      return change.isSeen(args, told)
        ? { found: "ran", text: `${name} began it and its effect can be seen, though its end was not noted.` }
        : { found: "unknown", text: `${name} began it, and its end was not noted.` };
  }
}

function attempt(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (problem) {
    return reasonOf(problem);
  }
}

/** Why a command that needs rights did not get them, as a sentence; undefined when that was not it. */
export function missingRight(host: SshHost, output: string, command: string): string | undefined {
  if (/^sudo: |is not (?:allowed to execute|in the sudoers file)/m.test(output))
    return `${host.user} on ${host.name} may not run it by sudo without a password: a rule for "${command}" is missing.`;
  if (/Interactive authentication required|Access denied|Operation not permitted|Permission denied/i.test(output))
    return `${host.user} on ${host.name} lacks the right to do it: set "sudo: true" for this host and allow "${command}".`;
  return undefined;
}
