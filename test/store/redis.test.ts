import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { verifyAll } from "../../src/app/audit.ts";
import { verifyChain } from "../../src/core/audit.ts";
import type { Store } from "../../src/ports/store.ts";
import { readAnchors } from "../../src/store/anchors.ts";
import { MIGRATIONS } from "../../src/store/migrations.ts";
import type { Db } from "../../src/store/redis/client.ts";
import { whyUnsafe } from "../../src/store/redis/greet.ts";
import { openRedisStore, type RedisStoreSettings } from "../../src/store/redis.ts";
import { loggedWith } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";
import { RETENTION } from "../contracts/store.ts";
import { oldChain } from "../fakes/audit.ts";
import { type Line, startProxy } from "../fakes/programs/proxy.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";
import { anEntry, ann, aProposal, approvedBy, bob, claimed, NOW } from "../fakes/proposals.ts";

/** What the contracts do not ask: what becomes of the store when Redis or the way to it fails. */

const root = mkdtempSync(join(tmpdir(), "redis-store-"));
let server: RedisProgram;
let missing: string | undefined;
const opened: Store[] = [];
const lines: Line[] = [];

beforeAll(async () => {
  const started = await startRedis({ keeps: true });
  if ("skipped" in started) missing = started.skipped;
  else server = started;
});
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});
afterEach(async () => {
  server?.pause(false);
  for (const store of opened.splice(0)) await store.close();
  for (const line of lines.splice(0)) await line.stop();
});
afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});

let databases = 0;
const newDatabase = () => {
  databases += 1;
  return server.urlOf(databases);
};
let replicas = 0;
/** A replica on that database, with a folder of its own unless it is told one. */
async function replica(url: RedisStoreSettings["url"], more: Partial<RedisStoreSettings> = {}): Promise<Store> {
  replicas += 1;
  const dataDir = join(root, `replica-${replicas}`);
  const store = await openRedisStore({ url, dataDir, retention: RETENTION, now: () => NOW, patienceMs: 1500, ...more });
  opened.push(store);
  return store;
}
async function line(): Promise<Line> {
  const made = await startProxy(server.settings.port ?? 0);
  lines.push(made);
  return made;
}
const through = (url: RedisStoreSettings["url"], { port }: Line) =>
  secret(url.reveal().replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`));
const lengthOf = async (store: Store) => (await store.audit.head())?.seq ?? 0;

describe("the Redis store and the server that it is on", () => {
  it("refuses one that drops keys by itself, and one that keeps nothing, unless that is wanted", async () => {
    const url = newDatabase();
    await server.redis.config("SET", "maxmemory-policy", "allkeys-lru");
    await assert.rejects(replica(url), /needs a Redis that never drops keys .* and this one has allkeys-lru\. Set it/);
    await server.redis.config("SET", "maxmemory-policy", "noeviction");
    await server.redis.config("SET", "appendonly", "no");
    await assert.rejects(replica(url), /writes each change to its disk .* and this one has appendonly no/);
    const store = await replica(url, { allowVolatile: true });
    await store.check();
    await server.redis.config("SET", "appendonly", "yes");
    await (await replica(url)).check();
  });

  it("looks again where it was lost while it looked", async () => {
    const way = await line();
    way.deafen(/^\*3\r\n/); // the first that is asked: what time it is there
    const mended = setTimeout(() => way.deafen(/(?!)/), 400);
    const store = await replica(through(newDatabase(), way), { patienceMs: 5000 });
    await store.check();
    clearTimeout(mended);
  });

  it("does not besiege one that it loses each time, and says why in the end", async () => {
    const way = await line();
    way.deafen(/^\*3\r\n/);
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await server.redis.info("stats"))?.[1] ?? "NaN");
    const before = await connections();
    const opened = replica(through(newDatabase(), way), { patienceMs: 3000 });
    await assert.rejects(opened, /cannot be reached\. Nothing was stored \((?!undefined)[^)]+\)/);
    const more = (await connections()) - before;
    assert.ok(more >= 3 && more <= 15, `${more} connections`);
  });

  it("looks again by itself at one that it could not use", async () => {
    const way = await line();
    const store = await replica(through(newDatabase(), way));
    await store.check();
    await server.redis.config("SET", "maxmemory-policy", "allkeys-lru");
    way.cut();
    await assert.rejects(store.check(), /this one has allkeys-lru\. Set it/);
    await server.redis.config("SET", "maxmemory-policy", "noeviction");
    for (const end = performance.now() + 20_000; ; await sleep(100)) {
      const problem = await store.check().catch((why: unknown) => why);
      if (problem === undefined) return;
      assert.ok(performance.now() < end, String(problem));
    }
  });

  it("does not take one that still reads its data for one that keeps none", async () => {
    const args = ["--key-load-delay", "300", "--aof-use-rdb-preamble", "no"];
    const slow = await startRedis({ keeps: true, args });
    if ("skipped" in slow) throw new Error(slow.skipped);
    const client = new Redis(slow.urlOf(0).reveal(), { enableReadyCheck: false });
    client.on("error", () => undefined);
    try {
      const keys = Array.from({ length: 4000 }, (_, i) => ["set", `key-${i}`, "1"]);
      await client.pipeline(keys).exec();
      const said: unknown[] = [];
      // As the store reads: again until it can.
      const read = async (work: (redis: Redis) => Promise<unknown>) => {
        for (;;) {
          const answer = await work(client).catch((problem: unknown) => problem);
          if (!(answer instanceof Error)) return answer;
          said.push(answer.message);
        }
      };
      const restarted = slow.restart();
      assert.equal(await whyUnsafe({ read } as unknown as Db), undefined);
      await restarted;
      assert.ok(said.includes("LOADING Redis still reads its data from its disk"), String(said.slice(0, 5)));
    } finally {
      client.disconnect();
      await slow.stop();
    }
  });

  it("says which Redis it was, and why, when it cannot be reached or does not let it in", async () => {
    await assert.rejects(
      replica(secret("redis://127.0.0.1:1/0")),
      /Redis at 127\.0\.0\.1:1 cannot be reached.*REDIS_URL/,
    );
    const wrong = newDatabase().reveal().replace("redis-pass", "wrong-pass");
    await assert.rejects(replica(secret(wrong)), (problem: Error) => {
      assert.match(problem.message, /WRONGPASS|invalid username-password/);
      assert.doesNotMatch(problem.message, /wrong-pass-of/);
      return true;
    });
  });

  it("writes nothing that was opened for reading", async () => {
    const url = newDatabase();
    await (await replica(url)).audit.append([anEntry()]);
    const reader = await replica(url, { readOnly: true });
    assert.equal(await lengthOf(reader), 1);
    await assert.rejects(reader.audit.append([anEntry()]), /for reading only/);
  });

  it("makes a step once whose answer was lost on the way", async () => {
    const url = newDatabase();
    const way = await line();
    const [near, far] = [await replica(url), await replica(through(url, way))];
    way.deafen(/\bok\r\n/);
    const done = far.audit.append([anEntry({ action: "once" })]);
    while ((await lengthOf(near)) === 0);
    way.deafen(/^$/);
    await done;
    assert.equal(await lengthOf(near), 1);
  });

  it("makes changes of one moment in few steps, and of two of one proposal only one", async () => {
    const url = newDatabase();
    const store = await replica(url);
    const proposal = approvedBy(aProposal());
    await store.proposals.insert(proposal, [anEntry({ id: proposal.id })]);
    const steps = async () => {
      await server.redis.select(databases);
      return (await server.redis.keys("*:step:*")).length;
    };
    const before = await steps();
    const next = { ...proposal, revision: proposal.revision + 1 };
    const [, ...replaced] = await Promise.all([
      Promise.all(Array.from({ length: 50 }, () => store.audit.append([anEntry({ action: "noted" })]))),
      store.proposals.replace({ ...next, note: "first" }, [anEntry()]),
      store.proposals.replace({ ...next, note: "second" }, [anEntry()]),
    ]);
    assert.deepEqual(replaced, ["done", "stale"]);
    assert.equal((await store.proposals.get(proposal.id))?.note, "first");
    assert.equal(await lengthOf(store), 52);
    assert.ok((await steps()) - before < 10);
  });

  it("fails nobody for another's record that cannot be sealed", async () => {
    const store = await replica(newDatabase());
    const bad = anEntry({ reason: undefined as unknown as string });
    const all = await Promise.allSettled([anEntry(), bad, anEntry()].map((one) => store.audit.append([one])));
    assert.deepEqual(
      all.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.equal(await lengthOf(store), 2);
  });

  it("makes no step late that waited in a server which hung", async () => {
    const url = newDatabase();
    const store = await replica(url);
    server.pause(true);
    await assert.rejects(
      store.audit.append([anEntry()]),
      /Redis at 127\.0\.0\.1:\d+ (?:could not be read|did not answer)/,
    );
    server.pause(false);
    await store.audit.append([anEntry({ action: "after" })]);
    assert.deepEqual(
      (await store.audit.range(0, 10)).map(({ action }) => action),
      ["after"],
    );
  });

  it("keeps one whole chain when replicas write at once", async () => {
    const url = newDatabase();
    const stores = [await replica(url), await replica(url), await replica(url)];
    await Promise.all(stores.flatMap((store) => Array.from({ length: 40 }, () => store.audit.append([anEntry()]))));
    const { verdict } = await verifyAll(stores[0]!, [], [], undefined);
    assert.deepEqual(verdict.kind === "whole" && verdict.records, 120);
    const known = readAnchors(join(root, `replica-${replicas}`));
    const held = await verifyAll(stores[0]!, known?.lines ?? [], [], undefined);
    assert.deepEqual([held.verdict.kind, held.lost], ["whole", 0]);
  });
});

describe("a Redis that was started anew", () => {
  /** A proposal that was approved by what the store says its epoch is. */
  async function approved(store: Store, id = "p1") {
    const proposal = aProposal({ id });
    await store.proposals.insert(proposal, [anEntry({ id })]);
    const next = approvedBy(proposal, bob, await store.proposals.epoch());
    assert.equal(await store.proposals.replace(next, [anEntry({ id, action: "approve" })]), "done");
    return next;
  }

  it("is another incarnation: what was approved before does not start, and nothing is frozen that was not lost", async () => {
    const store = await replica(newDatabase());
    const proposal = await approved(store);
    const before = await store.proposals.epoch();
    await server.restart();
    assert.notEqual(await store.proposals.epoch(), before);
    await assert.rejects(
      store.proposals.replace(claimed(proposal), [anEntry({ action: "claim" })]),
      /Redis was started anew since this was approved/,
    );
    assert.equal((await store.proposals.get("p1"))?.status, "approved");
    assert.equal(await store.proposals.restored(), undefined);
    const again = { ...proposal, epoch: await store.proposals.epoch() };
    assert.equal(await store.proposals.replace(claimed(again), [anEntry({ action: "claim" })]), "done");
  });

  it("stands still once when it is an older copy, until a person says that it is the right one", async () => {
    const url = newDatabase();
    const [one, two] = ["one", "two"].map((name) => ({ dataDir: join(root, name) }));
    const store = await replica(url, one!);
    const second = await replica(url, two!);
    await store.audit.append([anEntry(), anEntry()]);
    const older = join(root, "older");
    cpSync(server.folder, older, { recursive: true });
    await second.audit.append([anEntry({ action: "lost" })]);
    await store.audit.append([anEntry({ action: "lost" })]);
    const known = await store.proposals.epoch();
    await server.restart(async () => {
      rmSync(join(server.folder, "appendonlydir"), { recursive: true });
      cpSync(older, server.folder, { recursive: true });
    });
    await store.check();
    assert.match((await store.proposals.restored()) ?? "", /audit\.anchors knows record [34], and the store ends at 2/);
    assert.match((await second.proposals.restored()) ?? "", /older copy/);
    assert.notEqual(await second.proposals.epoch(), known);
    assert.equal(await second.proposals.acceptRestored(ann), true);
    assert.equal(await store.proposals.restored(), undefined);
    // Each replica knows of the loss by its own anchors, and it was said once.
    for (const settings of [one!, two!]) {
      const after = await replica(url, settings);
      assert.equal(await after.proposals.restored(), undefined);
      const { verdict } = await verifyAll(after, readAnchors(settings.dataDir)?.lines ?? [], [], undefined);
      assert.equal(verdict.kind, "whole");
    }
    const actions = (await store.audit.range(0, 20)).map(({ action }) => action);
    assert.deepEqual(
      actions.filter((action) => action.includes("restored")),
      ["restored", "accept_restored"],
    );
  });

  it("is one that was emptied, too", async () => {
    const url = newDatabase();
    const store = await replica(url);
    await store.audit.append([anEntry()]);
    await server.redis.select(databases);
    await server.redis.flushdb();
    await server.restart();
    await store.check();
    assert.match((await store.proposals.restored()) ?? "", /the store ends at 0/);
  });
});

describe("the audit in a Redis of an older version, whose records have no cause", () => {
  it("stays as it was written, and goes on with records that have one", async () => {
    const { records, publicKey } = oldChain();
    const url = newDatabase();
    await server.redis.select(databases);
    const before = String(
      MIGRATIONS.findIndex((step) => typeof step === "string" && step.includes("ADD COLUMN cause")),
    );
    await server.redis.hset("{smartcloudops}:meta", "version", before, "epoch", "e-old");
    await server.redis.rpush("{smartcloudops}:audit", ...records.map((record) => JSON.stringify(record)));
    const { audit } = await replica(url);
    assert.deepEqual(await audit.range(0, 10), records);
    await loggedWith({ click: "c-1" }, () => audit.append([anEntry()]));
    const all = await audit.range(0, 10);
    assert.equal(all.at(-1)?.cause, "c-1");
    assert.equal(verifyChain(all).kind, "whole");
    assert.equal(verifyChain(all.slice(0, 4), { publicKeys: [publicKey] }).kind, "whole");
  });
});
