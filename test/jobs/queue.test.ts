import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createMemoryQueue } from "../../src/jobs/memory-queue.ts";
import { createRedisQueue } from "../../src/jobs/redis-queue.ts";
import type { JobQueueLimits } from "../../src/ports/jobs.ts";
import { jobsContract } from "../contracts/jobs.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";

jobsContract("the queue in memory", createMemoryQueue);

describe("on a real Redis", () => {
  let server: RedisProgram;
  let missing: string | undefined;
  beforeAll(async () => {
    const started = await startRedis();
    if ("skipped" in started) missing = started.skipped;
    else server = started;
  });
  afterAll(() => server?.stop());
  beforeEach(({ skip }) => {
    if (missing !== undefined) skip(missing);
  });

  let databases = 0;
  const on = (database: number, limits: Partial<JobQueueLimits> = {}) =>
    createRedisQueue({
      ...{ concurrency: 2, waiting: 100, retryMs: 10, ...limits },
      ...{ url: server.urlOf(database), name: "test", lockSeconds: 1, warn: () => {} },
    });

  jobsContract("the queue in Redis", (limits) => {
    databases += 1;
    return on(databases, limits);
  });

  describe("two processes", () => {
    it("share the jobs, and each knows of the other's", async () => {
      const [one, two] = await Promise.all([on(500, { concurrency: 1 }), on(500, { concurrency: 1 })]);
      try {
        for (const [name, queue] of [["one", one] as const, ["two", two] as const])
          queue.take(async () => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            return name;
          });
        const ids = Array.from({ length: 20 }, (_, at) => `job-${at}`);
        const outcomes = await one.run(ids, 20_000);
        const takers = new Set(outcomes.map((outcome) => outcome.ok && outcome.result));
        expect(takers).toEqual(new Set(["one", "two"]));
      } finally {
        await Promise.all([one.close(0), two.close(0)]);
      }
    });

    it("lose no job whose taker is gone: another takes it over", async () => {
      const [one, two, three] = await Promise.all([on(501), on(501), on(501)]);
      try {
        const taken = new Promise<void>((resolve) => {
          two.take(() => {
            resolve();
            return new Promise(() => {});
          });
        });
        const running = one.run(["a"], 30_000);
        await taken;
        await two.close(0);
        three.take(async (id, attempt) => ({ id, isAgain: attempt > 1 }));
        expect(await running).toEqual([{ id: "a", ok: true, result: { id: "a", isAgain: true } }]);
      } finally {
        await Promise.all([one, three].map((queue) => queue.close(0)));
      }
    }, 40_000);

    it("go on when Redis comes back", async () => {
      const queue = await on(502);
      try {
        queue.take(async (id) => id);
        await server.restart();
        await expect
          .poll(async () => (await queue.run([`a-${Math.random()}`], 2000))[0]?.ok, { timeout: 20_000 })
          .toBe(true);
      } finally {
        await queue.close(0);
      }
    }, 30_000);
  });
});
