/**
 * Times other processes for processes.ts, from a process of its own: starting one copies the page tables of the one that
 * starts it, 20 ms for a benchmark that holds catalogues, which no shell of a user pays.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

process.on("message", async ({ args, env }: { args: string[]; env: Record<string, string> }) => {
  const started = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += String(chunk);
  });
  const [code] = (await once(child, "exit")) as [number | null];
  process.send?.({ ms: performance.now() - started, code, said: said.slice(-500) });
});
