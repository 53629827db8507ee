import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { endGroup } from "../shared/program.ts";
import { type Exit, startOf, writeDurably } from "./marks.ts";

/**
 * A process of its own that runs one command and notes its end, so that the end is known and the deadline is kept even when the bot is
 * killed meanwhile. It reads its order from standard input. SIGTERM means: end it now.
 */

/** `before` and `after` are how many bytes of the output are kept, from its beginning and its end. */
const Order = z.object({
  folder: z.string(),
  argv: z.array(z.string()).min(1),
  cwd: z.string(),
  env: z.record(z.string(), z.string()),
  timeoutMs: z.number(),
  graceMs: z.number(),
  mostBytes: z.number(),
});
export type Order = z.infer<typeof Order>;

if (import.meta.main) await keep(Order.parse(JSON.parse(await text(process.stdin))));

async function keep(order: Order): Promise<void> {
  const { folder, argv, cwd, env, timeoutMs, graceMs, mostBytes } = order;
  const cut = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => cut.abort());
  await writeDurably(
    folder,
    "pid",
    JSON.stringify({ keeper: process.pid, startedAt: (await startOf(process.pid)) ?? "" }),
  );
  const [command = "", ...words] = argv;
  const exit = await new Promise<Exit>((resolve) => {
    // A stop that came before it began: nothing has happened.
    if (cut.signal.aborted)
      return resolve({ code: null, signal: null, cut: false, error: "it was stopped before it began" });
    const child = spawn(command, words, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true, shell: false });
    const output = createWriteStream(join(folder, "output"), { mode: 0o600 });
    let left = mostBytes;
    const take = (chunk: Buffer) => {
      if (left > 0) output.write(chunk.subarray(0, left));
      left -= chunk.length;
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    let isCut = false;
    let killer: NodeJS.Timeout | undefined;
    const end = () => {
      isCut = true;
      endGroup(child.pid, "SIGTERM");
      killer ??= setTimeout(() => {
        endGroup(child.pid, "SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
      }, graceMs);
    };
    const deadline = setTimeout(end, timeoutMs);
    cut.signal.addEventListener("abort", end, { once: true });
    const done = (how: Exit) => {
      clearTimeout(deadline);
      clearTimeout(killer);
      output.end(() => resolve(how));
    };
    child.once("error", (problem) => {
      if (child.pid === undefined) done({ code: null, signal: null, cut: false, error: problem.message });
    });
    child.once("close", (code, signal) => {
      endGroup(child.pid, "SIGKILL");
      done({ code, signal, cut: isCut });
    });
  });
  await writeDurably(folder, "exit", JSON.stringify(exit));
  process.exit(0);
}
