import module from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

// Before anything of ours is loaded: with the compiled code at hand a command starts in a third of the time.
// In a folder of our own: what lies in the shared temporary one could be another user's.
module.enableCompileCache(join(import.meta.dirname, "..", "node_modules", ".cache", "smartcloudops"));
// V8 spends seconds on optimising the long patterns of dates in six languages before their first use, and half a second
// without; what they match later costs the same within a millisecond.
setFlagsFromString("--no-regexp-optimization");
const { runCommand } = await import("./cli/run.ts");

// `ask … | head -1` closes the pipe early: that is the reader's wish, not an error.
process.stdout.on("error", (problem: NodeJS.ErrnoException) => {
  if (problem.code === "EPIPE") process.exit(0);
  throw problem;
});

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
// What is still open now, such as the connection of a question that was cancelled, is not worth waiting for.
setTimeout(() => process.exit(), 500).unref();
