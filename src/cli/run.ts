import { parseArgs } from "node:util";
import { nearest } from "../config/problem.ts";
import { type Call, type Command, ConfigError, EXIT, type Surroundings, UsageError } from "./command.ts";
import { COMMANDS } from "./commands.ts";

/**
 * One call of the command line, to its exit code. What went wrong is a sentence on stderr; stdout carries answers only.
 * A mistake of ours is not caught: Node prints where it happened, which is what a report needs.
 */
export async function runCommand(argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    const { command, call } = readCall(argv, around);
    const { run } = await command.load();
    return await run(call);
  } catch (problem) {
    if (!(problem instanceof Error)) throw problem;
    const code = exitCodeOf(problem);
    if (code === undefined) throw problem;
    around.stderr.write(`smartcloudops: ${problem.message}\n`);
    return code;
  }
}

/** Undefined for a mistake of ours. The others carry a sentence for the person. */
function exitCodeOf(problem: Error): number | undefined {
  if (problem instanceof UsageError) return EXIT.usage;
  if (problem instanceof ConfigError) return EXIT.config;
  // By name: importing the store's or the packs' errors here would load them for every command.
  if (problem.name === "PackError") return EXIT.config;
  return ["StoreError", "UnreachableError", "RefusedError", "StartError", "DemoError"].includes(problem.name)
    ? EXIT.failed
    : undefined;
}

function readCall(argv: readonly string[], around: Surroundings): { command: Command; call: Call } {
  const [first, ...rest] = argv;
  const name =
    first === undefined || first === "--help" || first === "-h"
      ? "help"
      : first === "--version" || first === "-v"
        ? "version"
        : first;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(unknownCommand(name));
  if (rest.includes("--help") && !rest.includes("--")) return readCall(["help", name], around);
  const { values, positionals } = readFlags(name, command, rest);
  return { command, call: { ...around, flags: values as Call["flags"], words: positionals } };
}

function unknownCommand(name: string): string {
  const meant = nearest(name, Object.keys(COMMANDS));
  return `there is no command ${JSON.stringify(name)}. ${meant === undefined ? 'See "smartcloudops help".' : `Did you mean "${meant}"?`}`;
}

function readFlags(name: string, command: Command, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: command.options, allowPositionals: true });
  } catch (problem) {
    const code = problem instanceof Error && "code" in problem ? problem.code : undefined;
    if (!(problem instanceof Error) || typeof code !== "string" || !code.startsWith("ERR_PARSE_ARGS")) throw problem;
    if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION")
      throw new UsageError(`${problem.message}. Usage: ${command.usage}`, { cause: problem });
    const unknown = /'(-[^']*)'/.exec(problem.message)?.[1] ?? "";
    const meant = nearest(unknown.replace(/^-+/, ""), Object.keys(command.options));
    const cure = meant === undefined ? `Usage: ${command.usage}` : `Did you mean --${meant}?`;
    throw new UsageError(`${name} has no flag ${unknown}. ${cure}`, { cause: problem });
  }
}
