import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verifyAll } from "../../src/app/audit.ts";
import type { Store } from "../../src/ports/store.ts";
import { MIGRATIONS } from "../../src/store/migrations.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION, turn } from "../contracts/store.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";
import { anEntry, ann, aProposal, approvedBy, bob, claimed, NOW, THREAD } from "../fakes/proposals.ts";
import { runHere } from "./in-process.ts";

let server: RedisProgram;
let missing: string | undefined;
const root = mkdtempSync(join(tmpdir(), "backup-redis-"));
const opened: Store[] = [];
let db = 0;

beforeAll(async () => {
  const started = await startRedis({ keeps: true });
  if ("skipped" in started) missing = started.skipped;
  else server = started;
});
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
  db += 1;
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});

const run = (on: number, ...args: string[]) =>
  runHere(args, {
    cwd: root,
    env: { SMARTCLOUDOPS_DATA: join(root, `command-${on}`), REDIS_URL: server.urlOf(on).reveal() },
  });

/** A replica on that database, whose folder remembers how far the audit went. */
async function replica(on: number, name = "replica"): Promise<Store> {
  const settings = { url: server.urlOf(on), dataDir: join(root, `${name}-${on}`), retention: RETENTION };
  const store = await openRedisStore({ ...settings, now: () => NOW });
  opened.push(store);
  return store;
}

async function told(store: Store, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await store.conversations.append(THREAD, turn(text, { text }));
    await store.audit.append([anEntry({ reason: text })]);
  }
}

const texts = async (store: Store) => (await store.conversations.recent(THREAD, 100)).map(({ text }) => text);

describe("backup and restore of a store in Redis", () => {
  it("copy a store in use into one file for its owner only, and put it back; then nothing starts until a person accepted it", async () => {
    const store = await replica(db);
    await told(store, "before");
    const proposal = aProposal();
    await store.proposals.insert(proposal, [anEntry({ id: proposal.id })]);
    const approved = approvedBy(proposal, bob, await store.proposals.epoch());
    await store.proposals.replace(approved, [anEntry({ action: "approve" })]);
    const file = `copy-${db}.db`;
    expect(await run(db, "backup", file)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/the store as it is now, .* with 3 audit records/),
    });
    expect(statSync(join(root, file)).mode & 0o777).toBe(0o600);
    expect(readdirSync(root).filter((name) => name.includes(".part"))).toEqual([]);

    await told(store, "after");
    const restored = await run(db, "restore", file);
    expect(restored).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/kept under keys that begin with \{smartcloudops-\d{4}-.*\}: until/),
    });
    // A replica that runs stands still at once, and one that starts, too, without taking it for another loss.
    expect(await store.proposals.restored()).toMatch(/by `restore`/);
    const later = await replica(db);
    expect(await texts(later)).toEqual(["before"]);
    expect(await later.proposals.restored()).toMatch(/by `restore`/);
    expect(
      (await later.audit.range(0, 100)).map(({ action }) => action).filter((one) => one === "restored"),
    ).toHaveLength(1);
    await expect(later.proposals.replace(claimed(approved), [anEntry({ action: "claim" })])).rejects.toThrow(
      /started anew since this was approved/,
    );
    expect(await later.proposals.acceptRestored(ann)).toBe(true);
    expect(await later.proposals.restored()).toBeUndefined();
    expect((await verifyAll(later, [], [], undefined)).verdict.kind).toBe("whole");
  });

  it("are of one kind of file with those of SQLite", async () => {
    const dataDir = join(root, `sqlite-${db}`);
    const before = openSqliteStore({ dataDir, retention: RETENTION, now: () => NOW });
    await told(before, "in the file");
    await before.close();
    const here = (...args: string[]) => runHere(args, { cwd: root, env: { SMARTCLOUDOPS_DATA: dataDir } });
    await here("backup", `file-${db}.db`);
    expect(await run(db, "restore", `file-${db}.db`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/no store before/),
    });
    expect(await texts(await replica(db))).toEqual(["in the file"]);
    await run(db, "backup", `redis-${db}.db`);
    expect(await here("restore", `redis-${db}.db`)).toMatchObject({ code: 0 });
    const after = openSqliteStore({ dataDir, retention: RETENTION, now: () => NOW });
    opened.push(after);
    expect(await texts(after)).toEqual(["in the file"]);
  });

  it("touch nothing for a file that is no copy", async () => {
    await told(await replica(db), "here");
    writeFileSync(join(root, "poem.db"), "no database");
    expect(await run(db, "restore", "poem.db")).toMatchObject({ code: 1, stderr: expect.stringMatching(/poem\.db/) });
    expect(await run(db, "restore", "nothing.db")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no copy at/),
    });
    expect(await texts(await replica(db, "another"))).toEqual(["here"]);
    expect(await run(db + 500, "backup", "none.db")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no store in that Redis/),
    });
  });

  it("are the way back from a newer version, whose store an older bot refuses", async () => {
    await (await replica(db)).close();
    await server.redis.select(db);
    await server.redis.hset("{smartcloudops}:meta", "version", String(MIGRATIONS.length + 1));
    await expect(replica(db)).rejects.toThrow(
      /written by a newer SmartCloudOps .*never taken back to an older version/,
    );
  });
});
