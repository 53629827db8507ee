import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { localRateLimiter, sharedRateLimiters } from "../../src/jobs/rate-limiter.ts";
import { secret } from "../../src/util/secret.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";

const SETTINGS = { most: 3, seconds: 60, name: "person" };

it("a rate limiter of one process lets each do so much, and says once that it is too much", async () => {
  const { take } = localRateLimiter(SETTINGS);
  const kinds = [];
  for (let i = 0; i < 5; i++) kinds.push(await take("ann", 1000));
  expect(kinds).toEqual([
    ...Array.from({ length: 3 }, () => ({ kind: "go" })),
    { kind: "wait", seconds: 60, isFirst: true },
    { kind: "wait", seconds: 60, isFirst: false },
  ]);
  expect(await take("ben", 1000)).toEqual({ kind: "go" });
  expect(await take("ann", 1060)).toEqual({ kind: "go" });
});

describe("rate limiters on a real Redis", () => {
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

  it("count for all replicas together, and say once that it is too much", async () => {
    const replicas = await Promise.all([1, 2].map(() => sharedRateLimiters(server.urlOf(1), () => {})));
    try {
      const [one, two] = replicas.map(({ of }) => of(SETTINGS));
      const taken = [];
      for (let i = 0; i < 6; i++) taken.push(await (i % 2 === 0 ? one! : two!).take("ann", 0));
      expect(taken.slice(0, 3).every(({ kind }) => kind === "go")).toBe(true);
      expect(taken.slice(3).map((one) => one.kind === "wait" && one.isFirst)).toEqual([true, false, false]);
      expect(await two!.take("ben", 0)).toEqual({ kind: "go" });
    } finally {
      for (const one of replicas) one.close();
    }
  });

  it("count for each process alone where Redis is away, and say so once", async () => {
    const said: string[] = [];
    const limiters = await sharedRateLimiters(secret("redis://127.0.0.1:1"), (_, message) => said.push(message));
    try {
      const { take } = limiters.of(SETTINGS);
      const kinds = [];
      for (let i = 0; i < 4; i++) kinds.push((await take("ann", 1000)).kind);
      expect(kinds).toEqual(["go", "go", "go", "wait"]);
      await expect.poll(() => said.length).toBe(1);
    } finally {
      limiters.close();
    }
  });
});
