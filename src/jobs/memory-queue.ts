import type { JobOutcome, JobQueue, JobQueueLimits } from "../ports/jobs.ts";
import { reasonOf } from "../util/errors.ts";
import { turns } from "../util/turns.ts";

const ATTEMPTS = 3;
/** For so long after its end a job of the same id is the same job. */
const KNOWN_MS = 60_000;

/** A queue within this process. What waits in it is gone with the process. */
export function createMemoryQueue({ concurrency, waiting, retryMs }: JobQueueLimits): JobQueue {
  const known = new Map<string, Promise<JobOutcome>>();
  const inTurn = turns(concurrency);
  const taking = Promise.withResolvers<(id: string, attempt: number) => Promise<unknown>>();
  const closing = new AbortController();
  let unfinished = 0;
  let onIdle = () => {};

  async function work(id: string): Promise<JobOutcome> {
    const handle = await taking.promise;
    for (let attempt = 1; ; attempt++) {
      try {
        return { id, ok: true, result: await inTurn(() => handle(id, attempt), closing.signal) };
      } catch (problem) {
        if (attempt === ATTEMPTS || closing.signal.aborted) return { id, ok: false, why: reasonOf(problem) };
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
    }
  }

  function add(id: string): Promise<JobOutcome> {
    const there = known.get(id);
    if (there !== undefined) return there;
    if (closing.signal.aborted) return Promise.resolve({ id, ok: false, why: "The queue is closed." });
    if (unfinished >= waiting) return Promise.resolve({ id, ok: false, why: `${unfinished} jobs wait already.` });
    unfinished++;
    const outcome = work(id).finally(() => {
      unfinished--;
      if (unfinished === 0) onIdle();
      setTimeout(() => known.delete(id), KNOWN_MS).unref();
    });
    known.set(id, outcome);
    return outcome;
  }

  return {
    run: (ids, patienceMs) => Promise.all(ids.map((id) => within(patienceMs, id, add(id)))),
    take: taking.resolve,
    async close(graceMs) {
      closing.abort(new Error("The queue is closed."));
      if (unfinished === 0) return;
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      await Promise.race([idle, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    },
  };
}

/** What becomes of a job within so many milliseconds. */
function within(ms: number, id: string, outcome: Promise<JobOutcome>): Promise<JobOutcome> {
  const { promise, resolve } = Promise.withResolvers<JobOutcome>();
  const timer = setTimeout(() => resolve({ id, ok: false, why: `It has not ended after ${ms / 1000} s.` }), ms).unref();
  return Promise.race([outcome, promise]).finally(() => clearTimeout(timer));
}
