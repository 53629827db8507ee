import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../../src/actions/redis/client.ts";
import { patternOf } from "../../../src/actions/redis/flush.ts";
import { createRedisActions } from "../../../src/actions/redis/index.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { secret } from "../../../src/util/secret.ts";
import { startProxy } from "../../fakes/programs/proxy.ts";
import { type RedisProgram, startRedis } from "../../fakes/programs/redis.ts";
import { contextOf, deps, lookAndRun, named, never, newKey, until } from "../steps.ts";

let server: RedisProgram;
let missing: string | undefined;

beforeAll(async () => {
  const started = await startRedis();
  if ("skipped" in started) missing = started.skipped;
  else server = started;
});
afterAll(async () => await server?.stop());
beforeEach(async ({ skip }) => {
  if (missing !== undefined) skip(missing);
  await server.redis.flushall();
  await server.redis.config("SET", "maxmemory-policy", "noeviction");
});

const action = (name: string, over: Partial<RedisServer> = {}): Action =>
  named(createRedisActions([{ ...server.settings, ...over }], deps), name);
const fill = (count: number, prefix: string) =>
  server.redis.mset(Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, "x"])));
const countOf = async (prefix: string) => (await server.redis.keys(`${prefix}*`)).length;

const FLUSH = { server: "cache", prefix: "cart:", max_keys: 10_000 };

describe("flushing keys by their prefix", () => {
  it("removes exactly those that begin with it", async () => {
    await fill(2500, "cart:");
    await fill(700, "order:");
    await server.redis.set("xcart:1", "x");
    const flush = action("redis/flush_prefix");
    const look = await flush.look(FLUSH, never());
    expect(look.blast).toEqual({ kind: "known", text: '2,500 keys that begin with "cart:" on cache.' });
    const ran = await flush.run(FLUSH, contextOf(look));
    expect(ran).toEqual({ outcome: "succeeded", output: '2,500 keys that begin with "cart:" were removed on cache.' });
    expect(await countOf("cart:")).toBe(0);
    expect(await countOf("order:")).toBe(700);
    expect(await server.redis.exists("xcart:1")).toBe(1);
  });

  it("also removes keys that are no text", async () => {
    const key = Buffer.concat([Buffer.from("cart:"), Buffer.from([0xff, 0xfe, 0x00, 0x80])]);
    await server.redis.set(key, "x");
    await lookAndRun(action("redis/flush_prefix"), FLUSH);
    expect(await server.redis.exists(key)).toBe(0);
  });

  it("stops at the bound and says that more are there", async () => {
    await fill(1200, "cart:");
    const ran = await lookAndRun(action("redis/flush_prefix"), { ...FLUSH, max_keys: 700 });
    expect(ran.outcome).toBe("partial");
    expect(ran.output).toContain("The bound was reached, and more keys are there. 700 keys");
    expect(await countOf("cart:")).toBe(500);
  });

  it("reads a prefix as text where Redis would read a pattern", async () => {
    for (const key of ["a*b:1", "aXb:1", "a?c:1", "aYc:1", "[ab]:1", "a:1", "h\\i:1"]) await server.redis.set(key, "x");
    const matched = async (prefix: string) =>
      (await server.redis.scan("0", "MATCH", patternOf(prefix), "COUNT", 1000))[1].sort();
    expect(await matched("a*b")).toEqual(["a*b:1"]);
    expect(await matched("a?c")).toEqual(["a?c:1"]);
    expect(await matched("[ab]")).toEqual(["[ab]:1"]);
    expect(await matched("h\\i")).toEqual(["h\\i:1"]);
  });

  it("runs once for a key", async () => {
    await fill(10, "cart:");
    const flush = action("redis/flush_prefix");
    const context = contextOf(await flush.look(FLUSH, never()));
    expect(await flush.run(FLUSH, context)).toMatchObject({ outcome: "succeeded" });
    await fill(5, "cart:");
    const again = await flush.run(FLUSH, context);
    expect(again.outcome).toBe("succeeded");
    expect(again.output).toContain('10 keys that begin with "cart:" were removed on cache. An earlier attempt');
    expect(await countOf("cart:")).toBe(5);
    expect(await flush.probe(FLUSH, context)).toMatchObject({ found: "ran" });
  });

  it("is unknown when the line breaks in the middle, and the probe says how far it was", async () => {
    await fill(5000, "cart:");
    const proxy = await startProxy(server.settings.port ?? 0);
    const flush = action("redis/flush_prefix", { port: proxy.port });
    const context = contextOf(await flush.look(FLUSH, never()), {
      progress: () => proxy.cut(),
    });
    const ran = await flush.run(FLUSH, context);
    await proxy.stop();
    expect(ran.outcome).toBe("unknown");
    expect(ran.output).toContain("The connection was lost");
    expect(await countOf("cart:")).toBeGreaterThan(0);
    const near = action("redis/flush_prefix");
    expect(await near.probe(FLUSH, context)).toMatchObject({ found: "unknown" });
    const left = await countOf("cart:");
    expect(await near.run(FLUSH, context)).toMatchObject({ outcome: "unknown" });
    expect(await countOf("cart:")).toBe(left);
  });

  it("leaves off when it is stopped", async () => {
    await fill(5000, "cart:");
    const flush = action("redis/flush_prefix");
    const stop = new AbortController();
    const ran = await flush.run(
      FLUSH,
      contextOf(await flush.look(FLUSH, never()), { signal: stop.signal, progress: () => stop.abort() }),
    );
    expect(["partial", "unknown"]).toContain(ran.outcome);
    expect(await countOf("cart:")).toBeGreaterThan(0);
  });
});

describe("queues", () => {
  const PURGE = { queue: "jobs:mail", max: 3 };
  const MOVE = { from: "jobs:dead", to: "jobs:mail", max: 2 };

  it("purges the head of a list up to the bound, once for a key", async () => {
    await server.redis.rpush("jobs:mail", "a", "b", "c", "d", "e");
    const purge = action("redis/purge_queue");
    const look = await purge.look(PURGE, never());
    expect(look.blast.text).toBe("3 of 5 entries of jobs:mail on cache.");
    const context = contextOf(look);
    expect(await purge.run(PURGE, context)).toEqual({
      outcome: "succeeded",
      output: "3 entries of jobs:mail on cache were removed.",
    });
    expect(await purge.run(PURGE, context)).toMatchObject({ outcome: "succeeded" });
    expect(await server.redis.lrange("jobs:mail", 0, -1)).toEqual(["d", "e"]);
    expect(await purge.probe(PURGE, context)).toEqual({
      found: "ran",
      text: "3 entries of jobs:mail on cache were removed.",
    });
  });

  it("purges the oldest entries of a stream", async () => {
    for (let n = 1; n <= 5; n++) await server.redis.xadd("events", `${n}-0`, "n", String(n));
    await lookAndRun(action("redis/purge_queue"), { queue: "events", max: 3 });
    expect((await server.redis.xrange("events", "-", "+")).map(([id]) => id)).toEqual(["4-0", "5-0"]);
  });

  it("takes all when the bound is larger", async () => {
    await server.redis.rpush("jobs:mail", "a", "b");
    expect(await lookAndRun(action("redis/purge_queue"), PURGE)).toMatchObject({
      output: "2 entries of jobs:mail on cache were removed.",
    });
    expect(await server.redis.exists("jobs:mail")).toBe(0);
  });

  it("does nothing when the queue is of another kind now", async () => {
    await server.redis.rpush("jobs:mail", "a");
    const purge = action("redis/purge_queue");
    const look = await purge.look(PURGE, never());
    await server.redis.del("jobs:mail");
    await server.redis.set("jobs:mail", "precious");
    expect(await purge.run(PURGE, contextOf(look))).toMatchObject({ outcome: "failed" });
    expect(await server.redis.get("jobs:mail")).toBe("precious");
    await expect(purge.look(PURGE, never())).rejects.toMatchObject({ name: "RefusedError", status: 404 });
  });

  it("moves entries in their order, up to the bound, once for a key", async () => {
    await server.redis.rpush("jobs:dead", "a", "b", "c");
    await server.redis.rpush("jobs:mail", "x");
    const move = action("redis/move_queue");
    const context = contextOf(await move.look(MOVE, never()));
    expect(await move.run(MOVE, context)).toEqual({
      outcome: "succeeded",
      output: "2 entries were moved from jobs:dead to jobs:mail on cache.",
    });
    expect(await move.run(MOVE, context)).toMatchObject({ outcome: "succeeded" });
    expect(await server.redis.lrange("jobs:dead", 0, -1)).toEqual(["c"]);
    expect(await server.redis.lrange("jobs:mail", 0, -1)).toEqual(["x", "a", "b"]);
  });

  it("lets one of 20 parallel attempts with one key act", async () => {
    await server.redis.rpush("jobs:dead", ...Array.from({ length: 100 }, (_, n) => String(n)));
    const move = action("redis/move_queue");
    const context = contextOf(await move.look(MOVE, never()));
    await Promise.all(Array.from({ length: 20 }, () => move.run(MOVE, context)));
    expect(await server.redis.llen("jobs:mail")).toBe(2);
  });

  it("is unknown when the answer is lost, though it was done; the probe finds it", async () => {
    await server.redis.rpush("jobs:dead", "a", "b", "c");
    const proxy = await startProxy(server.settings.port ?? 0);
    const move = action("redis/move_queue", { port: proxy.port });
    const context = contextOf(await move.look(MOVE, never()), { timeoutMs: 1500 });
    proxy.deafen(/\bdone\b/);
    const ran = await move.run(MOVE, context);
    await proxy.stop();
    expect(ran).toMatchObject({ outcome: "unknown" });
    expect(await server.redis.llen("jobs:mail")).toBe(2);
    expect(await action("redis/move_queue").probe(MOVE, context)).toEqual({
      found: "ran",
      text: "2 entries were moved from jobs:dead to jobs:mail on cache.",
    });
  });
});

describe("what a probe can tell", () => {
  it("says that it did not run, and keeps a late attempt from running", async () => {
    await fill(3, "cart:");
    const flush = action("redis/flush_prefix");
    const context = contextOf(await flush.look(FLUSH, never()));
    expect(await flush.probe(FLUSH, context)).toMatchObject({ found: "not_run" });
    expect(await flush.probe(FLUSH, context)).toMatchObject({ found: "not_run" });
    expect(await flush.run(FLUSH, context)).toMatchObject({
      outcome: "failed",
      output: "This key was given up before. Nothing was done.",
    });
    expect(await countOf("cart:")).toBe(3);
  });

  it("does not claim it of a server that threw keys away", async () => {
    const flush = action("redis/flush_prefix");
    const context = contextOf(await flush.look(FLUSH, never()));
    await server.redis.config("SET", "maxmemory-policy", "allkeys-random");
    const used = Number(/used_memory:(\d+)/.exec(await server.redis.info("memory"))?.[1]);
    await server.redis.config("SET", "maxmemory", String(used + 300_000));
    for (let n = 0; n < 30; n++) await server.redis.set(`order:${n}`, "x".repeat(50_000));
    await server.redis.config("SET", "maxmemory", "0");
    // The mark that the first probe left makes nothing certain.
    for (let asked = 0; asked < 2; asked++)
      expect(await flush.probe(FLUSH, context)).toMatchObject({ found: "unknown" });
  });

  it("knows nothing of a server that was restarted, and does not act on it", async () => {
    const flush = action("redis/flush_prefix");
    const context = contextOf(await flush.look(FLUSH, never()));
    await server.restart();
    await fill(3, "cart:");
    expect(await flush.probe(FLUSH, context)).toMatchObject({ found: "unknown" });
    expect(await flush.run(FLUSH, context)).toMatchObject({ outcome: "failed" });
    expect(await countOf("cart:")).toBe(3);
  });
});

describe("a Redis that cannot be reached, or says no", () => {
  it("is not run when nobody listens, and when the password is wrong, which it does not tell", async () => {
    const proxy = await startProxy(server.settings.port ?? 0);
    await proxy.stop();
    await expect(action("redis/flush_prefix", { port: proxy.port }).look(FLUSH, never())).rejects.toMatchObject({
      name: "UnreachableError",
    });
    const wrong = action("redis/flush_prefix", { password: secret("wrong-password-1") });
    await expect(wrong.look(FLUSH, never())).rejects.toMatchObject({ name: "RefusedError", status: 401 });
    const ran = await wrong.run(FLUSH, contextOf({ identity: {}, precondition: {} }));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).not.toContain("wrong-password-1");
  });

  it("says which right is missing", async () => {
    await server.redis.acl(
      "SETUSER",
      "reader",
      "on",
      ">reader-pass",
      "~*",
      "+@read",
      "+info",
      "+ping",
      "+select",
      "+client",
      "+hello",
    );
    await fill(3, "cart:");
    const ran = await lookAndRun(
      action("redis/flush_prefix", { user: "reader", password: secret("reader-pass") }),
      FLUSH,
    );
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("a right is missing: NOPERM");
    expect(await countOf("cart:")).toBe(3);
  });

  it("is not run when it hangs before anything was sent", async () => {
    const flush = action("redis/flush_prefix");
    const look = await flush.look(FLUSH, never());
    server.pause(true);
    const ran = await flush.run(FLUSH, contextOf(look, { timeoutMs: 800, signal: AbortSignal.timeout(800) }));
    server.pause(false);
    expect(ran).toMatchObject({ outcome: "failed" });
  });

  it("refuses a replica", async () => {
    await server.redis.replicaof("127.0.0.1", "1");
    await expect(action("redis/flush_prefix").look(FLUSH, never())).rejects.toMatchObject({
      name: "RefusedError",
      status: 409,
    });
    await server.redis.replicaof("NO", "ONE");
  });

  it("takes its address from a URL, and hides it", async () => {
    await fill(2, "cart:");
    const { port, password } = server.settings;
    const url = secret(`redis://:${password?.reveal()}@127.0.0.1:${port}/0`);
    const made = named(
      createRedisActions([{ name: "cache", url, prefixes: ["cart:"], queues: [] }], deps),
      "redis/flush_prefix",
    );
    expect(await lookAndRun(made, FLUSH)).toMatchObject({ outcome: "succeeded" });
  });

  it("tells how it is", async () => {
    const ran = await lookAndRun(action("redis/info"), {}, { key: newKey() });
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toMatch(/^redis_version: \d/);
    expect(ran.output).not.toContain("redis-pass");
  });
});

describe("what may not be flushed or touched", () => {
  it.each([
    ["a prefix that is not allowed", { prefix: "order:" }, "none of the prefixes"],
    ["all keys", { prefix: "*" }, "beginning of a key"],
    ["an empty prefix", { prefix: "" }, "beginning of a key"],
    ["a shorter one than allowed", { prefix: "c" }, "none of the prefixes"],
    ["a pattern", { prefix: "cart:*" }, "beginning of a key"],
    ["a set of characters", { prefix: "cart:[a-z]" }, "beginning of a key"],
    ["a second line", { prefix: "cart:\r\nFLUSHALL" }, "beginning of a key"],
    ["an option", { prefix: "-cart:" }, "beginning of a key"],
    ["no bound", { max_keys: 0 }, "whole number"],
    ["a bound that is text", { max_keys: "10" }, "whole number"],
    ["too large a bound", { max_keys: 1e9 }, "whole number"],
    ["an unknown argument", { db: 3 }, "no argument of this action"],
  ])("%s", (_, over, says) => {
    expect(action("redis/flush_prefix").check({ ...FLUSH, ...over })).toContain(says);
  });

  it("the bot's own marks", () => {
    const open = { prefixes: ["s", "smartcloudops:"], queues: ["*"] };
    expect(action("redis/flush_prefix", open).check({ ...FLUSH, prefix: "smartcloudops:" })).toContain("own marks");
    expect(action("redis/flush_prefix", open).check({ ...FLUSH, prefix: "s" })).toContain("own marks");
    expect(action("redis/purge_queue", open).check({ queue: "smartcloudops:execution:x", max: 1 })).toContain(
      "own marks",
    );
  });

  it("a queue that is not allowed, or one onto itself", () => {
    expect(action("redis/purge_queue").check({ queue: "orders", max: 1 })).toContain("none of the queues");
    expect(action("redis/move_queue").check({ from: "jobs:a", to: "orders", max: 1 })).toContain("none of the queues");
    expect(action("redis/move_queue").check({ from: "jobs:a", to: "jobs:a", max: 1 })).toContain("onto itself");
  });
});

it("leaves no connection behind", async ({ skip }) => {
  if (missing !== undefined) skip(missing);
  await until(async () => !String(await server.redis.client("LIST")).includes("name=smartcloudops"), "all are closed");
});
