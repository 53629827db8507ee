import { closeSync, openSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { historyText, type Part } from "./exposition.ts";
import { createWorld } from "./world.ts";

/** Writes parts of the same world beside the main thread: a part and a file come in, the file's name goes out when it is written. */
const world = createWorld(workerData as { now: number; seed: number });

parentPort?.on("message", ({ part, file }: { part: Part; file: string }) => {
  const handle = openSync(file, "w");
  try {
    for (const text of historyText(world, part)) writeSync(handle, text);
  } finally {
    closeSync(handle);
  }
  parentPort?.postMessage(file);
});
