import { once } from "node:events";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { PART_SECONDS, partsOf } from "./exposition.ts";
import type { Processes, Program } from "./processes.ts";
import type { World } from "./world.ts";

/**
 * Writes the world's history into Prometheus' data folder `data`: each part as OpenMetrics text, and promtool makes a
 * block of it. `work` holds the text meanwhile. `done` hears the finished share, 0 to 1. Throws what promtool said.
 */
export async function importHistory({
  world,
  promtool,
  processes,
  data,
  work,
  done,
  signal,
}: {
  world: World;
  promtool: Program;
  processes: Processes;
  data: string;
  work: string;
  done: (share: number) => void;
  signal: AbortSignal;
}): Promise<void> {
  await mkdir(data, { recursive: true });
  const parts = partsOf(world);
  const seconds = (part: { from: number; until: number }) => part.until - part.from;
  const total = parts.reduce((sum, part) => sum + seconds(part), 0);
  const waiting = parts.map((part, index) => ({ part, index })).sort((a, b) => seconds(b.part) - seconds(a.part));
  let finished = 0;

  // Writing and importing use a processor each to the full, so one line of work per processor; more than four gains nothing.
  const lines = Math.min(4, Math.max(1, availableParallelism()), parts.length);
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);

  async function line(): Promise<void> {
    const worker = new Worker(new URL("./history-worker.ts", import.meta.url), {
      workerData: { now: world.end, seed: world.seed },
    });
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        stop.throwIfAborted();
        const file = join(work, `part-${next.index}.om`);
        const blocks = join(work, `blocks-${next.index}`);
        worker.postMessage({ part: next.part, file });
        await once(worker, "message", { signal: stop });
        finished += seconds(next.part) * 0.35;
        done(finished / total);
        await processes.run(
          promtool,
          ["tsdb", "create-blocks-from", "openmetrics", `--max-block-duration=${PART_SECONDS / 3600}h`, file, blocks],
          stop,
        );
        await rm(file);
        for (const block of await readdir(blocks)) await rename(join(blocks, block), join(data, block));
        await rm(blocks, { recursive: true });
        finished += seconds(next.part) * 0.65;
        done(finished / total);
      }
    } catch (cause) {
      failed.abort(cause);
      throw cause;
    } finally {
      await worker.terminate();
    }
  }
  const results = await Promise.allSettled(Array.from({ length: lines }, line));
  signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
