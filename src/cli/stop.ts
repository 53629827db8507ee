import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { accountHere } from "../chat/terminal/visitor.ts";
import { dataDirOf } from "../config/data-dir.ts";
import { reasonOf } from "../util/errors.ts";
import { type Call, EXIT, UsageError } from "./command.ts";

const TIMEOUT_MS = 5000;
const LONGEST = 500;

/**
 * `stop [REASON]`: the emergency stop. First by the file STOP in the data folder, which every bot looks at, then through the running
 * bot, which records it. Asks nothing, and loads next to nothing before the file stands: whoever stops is in a hurry, and may
 * have a configuration that cannot be read.
 */
export async function run(call: Call): Promise<number> {
  const reason = call.words.join(" ").trim().slice(0, LONGEST);
  const dataDir = dataDirOf(call.env["SMARTCLOUDOPS_DATA"], call.cwd);
  const file = attempt(() => writeStop(dataDir, reason));
  try {
    const { callSocket, isRunning } = await import("../chat/socket/call.ts");
    if (await isRunning(dataDir)) {
      const said = await callSocket(dataDir, { kind: "stop", reason }, { timeoutMs: TIMEOUT_MS });
      const [{ lookOf, renderCard }, { readCard }] = await Promise.all([
        import("../chat/terminal/index.ts"),
        import("../chat/terminal/schema.ts"),
      ]);
      call.stdout.write(renderCard(readCard(said), lookOf(call.stdout, call.env, "UTC")));
      return EXIT.ok;
    }
  } catch (problem) {
    call.stderr.write(`smartcloudops: ${reasonOf(problem)}\n`);
  }
  // The bot could not be told: then the file is all there is.
  if ("problem" in file) throw file.problem;
  call.stdout.write(`Stopped by the file ${file.path}: nothing starts while it is there. Two people resume.\n`);
  return EXIT.ok;
}

function attempt(write: () => string): { readonly path: string } | { readonly problem: unknown } {
  try {
    return { path: write() };
  } catch (problem) {
    return { problem };
  }
}

/** As store/stop.ts reads it. One that is there already stays: the first one's name counts. */
function writeStop(dataDir: string, reason: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, "STOP");
  try {
    const handle = openSync(file, "wx", 0o600);
    try {
      writeSync(handle, `${JSON.stringify({ at: Date.now() / 1000, by: accountHere(), reason, wishes: [] })}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (problem) {
    if (!(problem instanceof Error && "code" in problem && problem.code === "EEXIST")) throw problem;
  }
  return file;
}

/** `resume`: one person's wish to let changes run again. It takes two people, each at a terminal or in the chat. */
export async function runResume(call: Call): Promise<number> {
  if (call.words.length > 0) throw new UsageError("resume takes no words.");
  const [{ callSocket, isRunning }, { lookOf, renderCard }, { readCard }, { askHere, noDecider }, { readConfig }] =
    await Promise.all([
      import("../chat/socket/call.ts"),
      import("../chat/terminal/index.ts"),
      import("../chat/terminal/schema.ts"),
      import("./deciding.ts"),
      import("./settings.ts"),
    ]);
  const config = readConfig(call);
  const refuse = (sentence: string): number => {
    call.stderr.write(`smartcloudops: ${sentence}\n`);
    return EXIT.failed;
  };
  if (call.stdin.isTTY !== true || call.stdout.isTTY !== true)
    return refuse("to resume is typed by a person at a terminal: neither a pipe nor a script can do it.");
  if (!(await isRunning(config.dataDir))) return refuse(noDecider(config));
  const person = askHere(call);
  const said = await person
    .ask('What was approved before the stop may run then. Type "resume" to wish it, anything else leaves it: ')
    .finally(() => person.close());
  if (said?.trim().toLowerCase() !== "resume") return refuse("it stays stopped.");
  const answer = await callSocket(config.dataDir, { kind: "resume" }, { timeoutMs: TIMEOUT_MS });
  call.stdout.write(renderCard(readCard(answer), lookOf(call.stdout, call.env, config.timezone)));
  return EXIT.ok;
}
