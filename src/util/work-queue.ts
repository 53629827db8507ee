import { AsyncLocalStorage } from "node:async_hooks";

/** Work that waits for its turn. */
export type WorkQueue = {
  /** Adds work, to be begun after all that was added before. It must not reject. */
  add(work: () => Promise<void>): void;
  /** Begins with what waits. */
  start(): void;
  /** Goes on until nothing is left, at most for `graceMs`; begins nothing more after that. */
  stop(graceMs: number): Promise<void>;
};

export type WorkQueueLimits = {
  /** Pieces of work at the same time. */
  readonly atOnce: number;
  /** After beginning work for so long, the event loop gets its turn: a burst of work keeps others waiting no longer. */
  readonly sliceMs: number;
  /** When everything else took longer than `sliceMs` since, work may take as long as that, but no longer than this. */
  readonly longestSliceMs: number;
};

/**
 * Work for a process that has to stay ready for others. While both press it, each gets half of its time, so that what is
 * taken in does not pile up here without end.
 */
export function createWorkQueue({ atOnce, sliceMs, longestSliceMs }: WorkQueueLimits): WorkQueue {
  const waiting: (() => Promise<void>)[] = [];
  let state: "waiting to start" | "open" | "closed" = "waiting to start";
  let working = 0;
  let isPlanned = false;
  let lastEnd = 0;
  let onIdle: (() => void) | undefined;

  function plan(): void {
    if (isPlanned || state !== "open" || waiting.length === 0 || working >= atOnce) return;
    isPlanned = true;
    setImmediate(() => void slice());
  }

  async function slice(): Promise<void> {
    const start = performance.now();
    const end = start + Math.min(longestSliceMs, Math.max(sliceMs, start - lastEnd));
    do {
      const next = state === "open" && working < atOnce ? waiting.shift() : undefined;
      if (next === undefined) break;
      begin(next);
      await undefined; // lets it come to its first wait
    } while (performance.now() < end);
    lastEnd = performance.now();
    isPlanned = false;
    plan();
  }

  function begin(work: () => Promise<void>): void {
    working++;
    void work().then(() => {
      working--;
      if (working === 0 && waiting.length === 0) onIdle?.();
      plan();
    });
  }

  return {
    add(work) {
      // It is begun among others': what is under way now stays with it, as on the log's lines.
      waiting.push(AsyncLocalStorage.bind(work));
      plan();
    },
    start() {
      if (state === "waiting to start") state = "open";
      plan();
    },
    async stop(graceMs) {
      if (working > 0 || (state === "open" && waiting.length > 0)) {
        const idle = new Promise<void>((resolve) => {
          onIdle = resolve;
        });
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, graceMs);
        });
        await Promise.race([idle, late]);
        clearTimeout(timer);
      }
      state = "closed";
    },
  };
}
