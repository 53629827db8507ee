import { spawn } from "node:child_process";
import { access, constants, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Action, Arguments, Ran, RunContext } from "../../ports/changes.ts";
import { RefusedError, reasonOf, UnreachableError } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import { untilAborted } from "../shared/deadline.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { outputOf, redactLines } from "../shared/output.ts";
import { argumentsOf, checkWith, entryName, readWith } from "../shared/patterns.ts";
import { PROGRAM_PATH, runProgram } from "../shared/program.ts";
import type { Order } from "./keeper.ts";
import { type Exit, folderOf, type Mark, markOf, take } from "./marks.ts";
import { fillWords, type LocalCommand, problemsOf, whyNotArgs } from "./settings.ts";

export type { LocalCommand } from "./settings.ts";

const KEEPER = fileURLToPath(new URL("./keeper.ts", import.meta.url));
/** Between asking a command to end and making it. */
const GRACE_MS = 2000;
const MOST_BYTES = 256 * 1024;
/** Marks are kept as long as a proposal may be asked about. */
const KEPT_DAYS = 90;
const POLL_MS = 25;

const schema = argumentsOf({
  command: entryName.optional(),
  args: z.record(z.string(), z.string("must be a text")).default({}),
});

/**
 * Commands of this machine, each from a fixed list of words, without a shell and in an environment of its own. A keeper process runs
 * each one, so that it ends at its deadline and its end is noted whatever becomes of the bot. Throws an `Error` with sentences for
 * settings that cannot be used.
 */
export function createLocalActions(commands: readonly LocalCommand[], deps: ActionDeps): readonly Action[] {
  const problems = commands.flatMap(problemsOf);
  if (problems.length > 0) throw new Error(problems.join(" "));
  const redact = redactLines(deps.secrets);

  function known(args: Arguments): {
    readonly command: LocalCommand;
    readonly values: Readonly<Record<string, string>>;
  } {
    const { command: name, args: values } = readWith(schema, args);
    const chosen = choose(commands, name, "command");
    if (chosen.kind === "none") throw new Error(chosen.why);
    const wrong = whyNotArgs(chosen.entry, values);
    if (wrong !== undefined) throw new Error(wrong);
    return { command: chosen.entry, values };
  }

  const say = (outcome: Ran["outcome"], output: string, text: string): Ran => ({
    outcome,
    output: outputOf(`${output.trimEnd()}\n${text}`.trim(), redact),
  });

  async function run(args: Arguments, context: RunContext): Promise<Ran> {
    const { command, values } = known(args);
    const argv = fillWords(command.argv, values);
    if (
      context.precondition["argv"] !== undefined &&
      JSON.stringify(context.precondition["argv"]) !== JSON.stringify(argv)
    )
      return say(
        "failed",
        "",
        `${command.name} is configured with other words than those that were shown. Nothing was done.`,
      );
    const folder = folderOf(deps.dataDir, context.key);
    if (context.signal.aborted) return say("failed", "", "The time was up before it began. Nothing was done.");
    const isOurs = await take(folder, "began");
    if (!isOurs)
      return ofMark(
        command,
        await markOf(folder),
        " An earlier attempt at the same step did it; it was not begun a second time.",
      );
    void forgetOld(deps);
    const order: Order = {
      folder,
      argv: [...argv],
      cwd: command.cwd ?? "/",
      env: { PATH: PROGRAM_PATH, LANG: "C.UTF-8", ...command.env },
      timeoutMs: context.timeoutMs,
      graceMs: GRACE_MS,
      mostBytes: MOST_BYTES,
    };
    await keep(order, context.signal);
    return ofMark(command, await settledMark(folder), "");
  }

  function ofMark(command: LocalCommand, mark: Mark, also: string): Ran {
    switch (mark.state) {
      case "ended": {
        const { outcome, text } = judge(command, mark.exit);
        return say(outcome, mark.output, `${text}${also}`);
      }
      case "void":
        return say("failed", "", `This key was given up before. ${command.name} was not run.`);
      case "running":
        return say("unknown", "", `${command.name} still runs.`);
      default:
        return say("unknown", "", `${command.name} began, and its end was not noted.`);
    }
  }

  async function check(command: LocalCommand, values: Readonly<Record<string, string>>, signal: AbortSignal) {
    if (command.checkArgv === undefined) return undefined;
    const [program = "", ...words] = fillWords(command.checkArgv, values);
    const end = await runProgram({
      command: program,
      argv: words,
      env: { PATH: PROGRAM_PATH, LANG: "C.UTF-8", ...command.env },
      signal,
      graceMs: GRACE_MS,
      maxBytes: MOST_BYTES,
    });
    return {
      code: end.isCut ? undefined : end.code,
      said: outputOf((end.stdout + end.stderr).trim(), redact).slice(0, 500),
    };
  }

  const action: Action = {
    name: "local/run",
    changes: true,
    check(args) {
      const wrong = checkWith(schema, args);
      if (wrong !== undefined) return wrong;
      try {
        known(args);
        return undefined;
      } catch (problem) {
        return reasonOf(problem);
      }
    },
    async look(args, signal) {
      const { command, values } = known(args);
      const argv = fillWords(command.argv, values);
      const [program = ""] = argv;
      const file = await stat(program).catch(() => undefined);
      const mayRun = await access(program, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (file === undefined || !file.isFile() || !mayRun)
        throw new RefusedError("local", 404, `${program} is no program that the bot may run`);
      if ((file.mode & 0o002) !== 0)
        throw new RefusedError("local", 403, `${program} can be changed by anybody on this machine`);
      const checked = await check(command, values, signal);
      return {
        identity: {
          program,
          inode: String(file.ino),
          changed: String(Math.round(file.mtimeMs)),
          bytes: String(file.size),
        },
        precondition: { argv: [...argv] },
        captured: {},
        facts: [
          `It runs ${JSON.stringify(argv)} in ${command.cwd ?? "/"}, without a shell.`,
          ...(checked === undefined
            ? []
            : [`Its check says: ${checked.said === "" ? `exit code ${checked.code}` : checked.said}`]),
        ],
        blast: {
          kind: "unknown",
          text: `What ${command.name} touches is not known to the bot: it is a program of this machine.`,
        },
      };
    },
    simulate: async (args) => ({ kind: "cannot", why: `${known(args).command.name} has no dry run.` }),
    async run(args, context) {
      let began = false;
      try {
        const moved = await hasMoved(context.identity);
        if (moved !== undefined) return say("failed", "", moved);
        began = true;
        return await run(args, context);
      } catch (problem) {
        const isSure = !began || !(problem instanceof UnreachableError);
        return say(isSure ? "failed" : "unknown", "", reasonOf(problem));
      }
    },
    async probe(args, { key, signal }) {
      try {
        const { command, values } = known(args);
        const folder = folderOf(deps.dataDir, key);
        // Taking the key keeps an attempt that comes late from running.
        if (await take(folder, "void"))
          return {
            found: "not_run",
            isSure: true,
            text: `${command.name} has no mark of it, and will refuse it from now on.`,
          };
        const mark = await markOf(folder);
        if (mark.state === "void")
          return { found: "not_run", isSure: true, text: `${command.name} has no mark of it.` };
        if (mark.state === "ended") {
          const { outcome, text } = judge(command, mark.exit);
          if (outcome === "succeeded") return { found: "ran", text };
          if (mark.exit.error !== undefined) return { found: "not_run", isSure: true, text };
        }
        if (mark.state === "running") return { found: "unknown", text: `${command.name} still runs.` };
        const checked = await untilAborted(check(command, values, signal), signal);
        if (checked?.code === 0)
          return { found: "ran", text: `The check of ${command.name} finds its effect. ${checked.said}`.trim() };
        const { text } =
          mark.state === "ended"
            ? judge(command, mark.exit)
            : { text: `${command.name} began, and its end was not noted.` };
        return { found: "unknown", text };
      } catch (problem) {
        return { found: "unknown", text: outputOf(reasonOf(problem), redact) };
      }
    },
  };
  return [action];
}

function judge({ name }: LocalCommand, { code, signal, cut, error }: Exit): { outcome: Ran["outcome"]; text: string } {
  if (error !== undefined)
    return { outcome: "failed", text: `${name} could not be started: ${error}. Nothing was done.` };
  if (cut)
    return { outcome: "unknown", text: `${name} was ended before it was done (${signal ?? `exit code ${code}`}).` };
  if (signal !== null) return { outcome: "unknown", text: `${name} was ended by ${signal}.` };
  return code === 0
    ? { outcome: "succeeded", text: `${name} ended with exit code 0.` }
    : { outcome: "failed", text: `${name} ended with exit code ${code}.` };
}

/** Runs the keeper to its end; when the signal fires, tells it to end the command. Throws `UnreachableError` when the keeper is lost. */
function keep(order: Order, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [KEEPER], {
      cwd: "/",
      env: { PATH: PROGRAM_PATH, LANG: "C.UTF-8", NODE_NO_WARNINGS: "1" },
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    const cut = () => child.kill("SIGTERM");
    const done = () => signal.removeEventListener("abort", cut);
    signal.addEventListener("abort", cut, { once: true });
    child.once("error", (problem) => {
      done();
      reject(child.pid === undefined ? problem : new UnreachableError("local", problem.message));
    });
    child.once("exit", () => {
      done();
      resolve();
    });
    // It may be gone before it has read its order.
    child.stdin.on("error", () => undefined);
    child.stdin.end(JSON.stringify(order));
    child.unref();
  });
}

/** The keeper has ended; its last write may still be on its way to us on a slow disk. */
async function settledMark(folder: string): Promise<Mark> {
  for (let n = 0; n < 4; n++) {
    const mark = await markOf(folder);
    if (mark.state !== "running") return mark;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return await markOf(folder);
}

async function hasMoved(identity: Readonly<Record<string, string>>): Promise<string | undefined> {
  const { program, inode, changed, bytes } = identity;
  if (program === undefined) return undefined;
  const file = await stat(program).catch(() => undefined);
  const isSame =
    file !== undefined &&
    String(file.ino) === inode &&
    String(Math.round(file.mtimeMs)) === changed &&
    String(file.size) === bytes;
  return isSame ? undefined : `${program} is another file than the one that was shown. Nothing was done.`;
}

/** Marks of long ago. Trouble with it is no trouble of the step that is about to run. */
async function forgetOld({ dataDir, clock }: ActionDeps): Promise<void> {
  const folder = join(dataDir, "executions");
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const seen = await stat(join(folder, name)).catch(() => undefined);
    if (seen !== undefined && seen.mtimeMs / 1000 < clock() - KEPT_DAYS * 86_400)
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
