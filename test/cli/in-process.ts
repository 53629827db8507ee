import { PassThrough, Writable } from "node:stream";
import type { Surroundings } from "../../src/cli/command.ts";
import { runCommand } from "../../src/cli/run.ts";

/** Runs a command in this process. `input` is what a person types at a terminal; undefined for a pipe. */
export async function runHere(
  args: readonly string[],
  {
    env = {},
    cwd,
    input,
    piped,
  }: { env?: Record<string, string>; cwd: string; input?: string /** What comes through a pipe. */; piped?: string },
): Promise<{ stdout: string; stderr: string; code: number }> {
  const said = { stdout: "", stderr: "" };
  const into = (name: "stdout" | "stderr") =>
    new Writable({
      write(chunk, _, done) {
        said[name] += String(chunk);
        done();
      },
    });
  const stdin: Surroundings["stdin"] = Object.assign(new PassThrough(), { isTTY: input !== undefined });
  (stdin as PassThrough).end(input ?? piped ?? "");
  const around = { env, cwd, stdin, stdout: into("stdout"), stderr: into("stderr") };
  const code = await runCommand(args, around);
  return { ...said, code };
}
