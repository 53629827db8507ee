import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { callSocket, isRunning } from "../chat/socket/call.ts";
import { lookOf, renderCard } from "../chat/terminal/index.ts";
import { readCard } from "../chat/terminal/schema.ts";
import { accountHere } from "../chat/terminal/visitor.ts";
import { reasonOf } from "../util/errors.ts";
import { type Call, EXIT, UsageError } from "./command.ts";
import { askHere, noDecider } from "./deciding.ts";
import { readConfig } from "./settings.ts";

const TIMEOUT_MS = 5000;
const LONGEST = 500;

/**
 * `stop [REASON]`: the emergency stop. Through the running bot; when it does not answer, and when none runs, by the file
 * STOP in the data folder, which every bot looks at. Asks nothing: whoever stops is in a hurry.
 */
export async function run(call: Call): Promise<number> {
  const reason = call.words.join(" ").trim().slice(0, LONGEST);
  const config = readConfig(call);
  try {
    if (await isRunning(config.dataDir)) {
      const said = await callSocket(config.dataDir, { kind: "stop", reason }, { timeoutMs: TIMEOUT_MS });
      call.stdout.write(renderCard(readCard(said), lookOf(call.stdout, call.env, config.timezone)));
      return EXIT.ok;
    }
  } catch (problem) {
    call.stderr.write(`smartcloudops: ${reasonOf(problem)}\n`);
  }
  const file = writeStop(config.dataDir, reason);
  call.stdout.write(`Stopped by the file ${file}: nothing starts while it is there. Two people resume.\n`);
  return EXIT.ok;
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
