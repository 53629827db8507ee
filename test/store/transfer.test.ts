import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { verifyAll } from "../../src/app/audit.ts";
import { answerOf } from "../../src/core/answer.ts";
import type { Store } from "../../src/ports/store.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { copyToRedis, copyToSqlite } from "../../src/store/transfer.ts";
import { anAnomaly } from "../contracts/detection.ts";
import { aKeptDigest } from "../contracts/digests.ts";
import { RETENTION, turn } from "../contracts/store.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";
import { anEntry, ann, aProposal, approvedBy, bob, NOW, THREAD } from "../fakes/proposals.ts";
import { aRun } from "../fakes/runs.ts";

let server: RedisProgram;
let missing: string | undefined;
const root = mkdtempSync(join(tmpdir(), "transfer-"));

beforeAll(async () => {
  const started = await startRedis({ keeps: true });
  if ("skipped" in started) missing = started.skipped;
  else server = started;
});
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});
afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});

const now = () => NOW;
const progress = () => undefined;
const sqlite = (dataDir: string) => openSqliteStore({ dataDir, retention: RETENTION, now });
const redisAt = (db: number) => ({ url: server.urlOf(db), allowVolatile: false });

/** Something in every table. */
async function fill(store: Store): Promise<void> {
  const { outbox, inbox, detection } = store;
  const card = { title: "one", tone: "good" as const, blocks: [] };
  await store.conversations.append(THREAD, turn("a", { memory: { slots: {} } }));
  await store.conversations.append(THREAD, turn("b", { author: "bot", user: undefined }));
  await store.places.save(THREAD, { url: "https://a.example" }, NOW);
  await store.places.save({ ...THREAD, platform: "teams" }, null, NOW);
  for (const id of ["e1", "e2"]) await inbox.take("slack", { id, body: `{"of":"${id}"}`, at: NOW });
  await inbox.done("slack", "e1");
  const recording = { version: 1 as const, question: "why?", degraded: [], answer: answerOf("It is 7.") };
  await store.evidence.save({ id: "a1", place: THREAD, at: NOW, text: "7", evidence: [], recording });
  await store.evidence.save({ id: "a2", place: THREAD, at: NOW + 1, text: "8", evidence: [] });
  await store.lessons.teach(THREAD, { id: "l1", word: "Shop", meaning: "checkout", by: "U1", at: NOW });
  const one = aProposal({ id: "p1" });
  await store.proposals.insert(one, [anEntry()]);
  await store.proposals.replace(approvedBy(one, bob, await store.proposals.epoch()), [anEntry({ action: "approve" })]);
  await store.proposals.insert(aProposal({ id: "p2" }, { status: "expired", endedAt: NOW }), [anEntry({ id: "p2" })]);
  await store.proposals.shown("p2", 1);
  await store.silences.save(
    [
      {
        ...{ id: "s1", revision: 1, status: "asked" as const, matchers: [], seconds: 60, reason: "", isForAll: false },
        ...{
          matched: { total: 0, names: [] },
          asked: { person: "ann", name: "Ann", at: NOW },
          madeAt: NOW,
          places: [],
        },
      },
    ],
    [anEntry({ action: "silence" })],
  );
  await store.digests.keep(aKeptDigest());
  await store.digests.plan({ name: "morning", revision: 1, state: "active", since: NOW }, []);
  for (const id of ["m1", "m2", "m3"])
    await outbox.put({ id, place: THREAD, card, at: NOW, ...(id === "m1" && { answer: "a1" }) });
  await outbox.sent("m1", "1790.1", NOW);
  await outbox.postpone("m2", NOW + 30, "rate limited");
  await store.feedback.save({
    answer: "a1",
    user: { platform: "slack", id: "U1", name: "Ana" },
    helpful: true,
    at: NOW,
  });
  await store.spending.add(Math.floor(NOW / 86_400), ["all", "user slack/U1"], { tokens: 3, cost: 0.5 });
  const line = { mean: [1], lo80: [1], hi80: [1], lo95: [1], hi95: [1] };
  for (const id of ["f1", "f2"])
    await store.forecasts.keep({
      ...{
        id,
        about: "host.cpu",
        source: "default",
        promql: "cpu",
        series: "[]",
        at: NOW,
        start: NOW,
        step: 60,
        last: 1,
      },
      ...line,
    });
  await store.forecasts.score("f1", { steps: 1, off: 0, offIfUnchanged: 0, bias: 0, inside80: 1, inside95: 1 });
  await detection.commit({
    watch: { watch: "w", at: NOW, series: 1, matched: 1 },
    states: [
      { series: "s", labels: { a: "b" }, track: { last: NOW, value: 1 }, detector: new Uint8Array([0, 255, 7]) },
    ],
    anomalies: [anAnomaly("x"), anAnomaly("y", { status: "over", endedAt: NOW + 5 })],
  });
  await detection.shown("x", 1, true);
  await detection.judge({ anomaly: "x", watch: "w", series: "s", by: "ann", kind: "useful", at: NOW, since: NOW });
  await store.runs.keep(aRun({ id: "r1", deploys: { service: "shop", environment: "production" } }));
  const alert = {
    ...{ fingerprint: "fp", name: "Down", severity: "critical" as const, labels: { job: "a" }, annotations: {} },
    ...{ startsAt: NOW, seenAt: NOW, begins: [NOW], incident: "inc-1" },
  };
  const incident = {
    ...{ id: "inc-1", revision: 1, status: "open", severity: "critical", keys: ["k"], openedAt: NOW, changedAt: NOW },
    ...{ startedAt: NOW, total: 1, firing: 1, lines: [alert], places: [THREAD] },
  };
  await store.incidents.save({ incidents: [incident as never], alerts: [alert as never], entries: [] });
  await store.audit.actorOf(ann);
  await store.audit.actorOf(bob);
  await store.stop.press(ann, "to try it");
  await store.check();
}

/** All that a file holds, but for what a store may number and time as it likes. */
function dump(dataDir: string): Record<string, readonly unknown[]> {
  const db = new DatabaseSync(join(dataDir, "smartcloudops.db"), { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").all();
  const all = Object.fromEntries(
    tables.map(({ name }): [string, readonly unknown[]] => {
      const isNumbered = name !== "meta" && name !== "digest_plans" && name !== "jobs";
      const rows = db.prepare(`SELECT * FROM ${String(name)} ORDER BY ${isNumbered ? "seq" : "1"}`).all();
      return [String(name), rows.map(({ seq, ...row }) => (name === "audit" ? { seq, ...row } : row))];
    }),
  );
  db.close();
  return all;
}

describe("a store that is copied", () => {
  it("from SQLite to Redis and back is the same, row by row, and holds its audit", async () => {
    const [first, last] = [join(root, "first"), join(root, "last")];
    const store = sqlite(first);
    await fill(store);
    const head = await store.audit.head();
    await store.close();
    const counts = await copyToRedis({ dataDir: first, redis: redisAt(1), progress, now });
    for (const [table, rows] of Object.entries(counts)) assert.ok(rows > 0, `${table} is empty, so nothing is tried`);

    const redis = await openRedisStore({ ...redisAt(1), dataDir: first, retention: RETENTION, now });
    const { verdict } = await verifyAll(redis, [], [head!], undefined);
    assert.equal(verdict.kind, "whole");
    assert.equal(await redis.proposals.restored(), undefined);
    assert.deepEqual(
      (await redis.outbox.due("slack", NOW + 30, 9)).map(({ id }) => id),
      ["m2"],
    );
    assert.equal((await redis.stop.read())?.by, "Ann");
    assert.deepEqual(
      (await redis.inbox.left("slack")).map(({ id }) => id),
      ["e2"],
    );
    assert.equal(await redis.inbox.take("slack", { id: "e1", body: "{}", at: NOW }), false);
    assert.deepEqual(
      (await redis.incidents.live()).map(({ id }) => id),
      ["inc-1"],
    );
    assert.deepEqual(
      (await redis.detection.unshown(9)).map(({ id }) => id),
      ["y"],
    );
    await redis.close();

    const back = await copyToSqlite({ dataDir: last, redis: redisAt(1), progress, now });
    assert.deepEqual(back, counts);
    assert.deepEqual(dump(last), dump(first));
    const again = sqlite(last);
    assert.equal(await again.proposals.restored(), undefined);
    assert.deepEqual(await again.audit.head(), head);
    await again.close();
  });

  it("goes into nothing that holds a store already, and one that was cut off is not started on", async () => {
    const full = join(root, "full");
    const store = sqlite(full);
    await store.audit.append([anEntry()]);
    await store.close();
    const other = await openRedisStore({ ...redisAt(2), dataDir: join(root, "other"), retention: RETENTION, now });
    await assert.rejects(copyToRedis({ dataDir: full, redis: redisAt(2), progress, now }), /holds a store already/);
    await assert.rejects(copyToSqlite({ dataDir: full, redis: redisAt(2), progress, now }), /is a store already/);
    await assert.rejects(
      copyToRedis({ dataDir: join(root, "none"), redis: redisAt(3), progress, now }),
      /there is no store/,
    );
    await other.close();
    const cutOff = new Error("the power went");
    const stop = () => {
      throw cutOff;
    };
    await assert.rejects(copyToRedis({ dataDir: full, redis: redisAt(4), progress: stop, now }), cutOff);
    await assert.rejects(
      openRedisStore({ ...redisAt(4), dataDir: join(root, "new"), retention: RETENTION, now }),
      /was being copied into this Redis, and that was cut off/,
    );
  });
});
