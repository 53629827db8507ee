import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, it } from "vitest";
import type { JobQueue, JobQueueLimits } from "../../src/ports/jobs.ts";

const LIMITS: JobQueueLimits = { concurrency: 2, waiting: 100, retryMs: 10 };
const PATIENCE = 20_000;

/** What every queue of jobs does. */
export function jobsContract(name: string, open: (limits: JobQueueLimits) => JobQueue | Promise<JobQueue>): void {
  describe(name, () => {
    const queues: JobQueue[] = [];
    afterEach(async () => {
      await Promise.all(queues.splice(0).map((queue) => queue.close(0)));
    });
    const opened = async (limits: Partial<JobQueueLimits> = {}) => {
      const queue = await open({ ...LIMITS, ...limits });
      queues.push(queue);
      return queue;
    };

    it("does each job once, and gives back what became of each in the order in which they were added", async () => {
      const queue = await opened();
      const done: string[] = [];
      queue.take(async (id, attempt) => {
        done.push(id);
        await pause(id === "a:1" ? 30 : 1);
        return { id, attempt };
      });
      const ids = ["a:1", "b/ü@2", "c"];
      assert.deepEqual(
        await queue.run(ids, PATIENCE),
        ids.map((id) => ({ id, ok: true, result: { id, attempt: 1 } })),
      );
      assert.deepEqual([...done].sort(), [...ids].sort());
      assert.deepEqual(await queue.run([], PATIENCE), []);
    });

    it("does a job once that is added again while it is under way, and when it has just ended", async () => {
      const queue = await opened();
      let done = 0;
      queue.take(async () => {
        await pause(20);
        done += 1;
        return done;
      });
      const both = await Promise.all([queue.run(["a"], PATIENCE), queue.run(["a"], PATIENCE)]);
      const again = await queue.run(["a"], PATIENCE);
      assert.deepEqual(
        [...both, again],
        [1, 1, 1].map((result) => [{ id: "a", ok: true, result }]),
      );
      assert.equal(done, 1);
    });

    it("has no more jobs under way than it was made for, and that many", async () => {
      const queue = await opened({ concurrency: 3 });
      let under = 0;
      let most = 0;
      queue.take(async () => {
        most = Math.max(most, ++under);
        await pause(20);
        under -= 1;
      });
      await queue.run(
        Array.from({ length: 10 }, (_, at) => `job-${at}`),
        PATIENCE,
      );
      assert.equal(most, 3);
    });

    it("tries a job again that failed, and says after three times why it could not be done", async () => {
      const queue = await opened();
      const tried: string[] = [];
      queue.take(async (id, attempt) => {
        tried.push(`${id} ${attempt}`);
        if (id === "never" || attempt === 1) throw new Error(`${id} cannot be done`);
        return "done";
      });
      assert.deepEqual(await queue.run(["later", "never"], PATIENCE), [
        { id: "later", ok: true, result: "done" },
        { id: "never", ok: false, why: "never cannot be done" },
      ]);
      assert.deepEqual(tried.sort(), ["later 1", "later 2", "never 1", "never 2", "never 3"]);
    });

    it("refuses what is more than may wait, and does the rest", async () => {
      const queue = await opened({ concurrency: 1, waiting: 3 });
      const running = queue.run(["a", "b", "c", "d"], PATIENCE);
      await pause(100);
      queue.take(async (id) => id);
      const outcomes = await running;
      assert.deepEqual(
        outcomes.map(({ ok }) => ok),
        [true, true, true, false],
      );
      assert.match(JSON.stringify(outcomes[3]), /3 jobs wait already/);
    });

    it("waits no longer than its caller wants for a job that nobody takes", async () => {
      const queue = await opened();
      const [outcome] = await queue.run(["a"], 50);
      assert.equal(outcome?.ok, false);
      assert.match(JSON.stringify(outcome), /ended after 0.05 s|timed out/);
    });

    it("lets what is under way end when it is closed", async () => {
      const queue = await opened();
      let done = false;
      const begun = new Promise<void>((resolve) => {
        queue.take(async () => {
          resolve();
          await pause(100);
          done = true;
        });
      });
      void queue.run(["a"], PATIENCE);
      await begun;
      await queue.close(PATIENCE);
      assert.equal(done, true);
    });
  });
}
