import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { openRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION } from "../contracts/store.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";
import { anEntry, NOW } from "../fakes/proposals.ts";
import { runHere } from "./in-process.ts";

let server: RedisProgram;
let missing: string | undefined;
const root = mkdtempSync(join(tmpdir(), "migrate-"));

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

const migrate = (data: string, db: number | undefined, ...args: string[]) =>
  runHere(["migrate", ...args], {
    cwd: root,
    env: { SMARTCLOUDOPS_DATA: join(root, data), ...(db !== undefined && { REDIS_URL: server.urlOf(db).reveal() }) },
  });

it("says what it copies and that it is whole, there and back, and changes nothing where it came from", async () => {
  const store = openSqliteStore({ dataDir: join(root, "old"), retention: RETENTION, now: () => NOW });
  await store.audit.append([anEntry(), anEntry()]);
  await store.close();
  const there = await migrate("old", 1, "--from", "sqlite", "--to", "redis");
  expect(there).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/audit is whole: 2 records, and ends as it did/),
  });
  expect(there.stderr).toMatch(/^turns: 0 rows\n(.*\n)*audit: 2 rows\n$/);
  const redis = await openRedisStore({
    ...{ url: server.urlOf(1), dataDir: join(root, "replica"), retention: RETENTION, now: () => NOW },
  });
  await redis.audit.append([anEntry({ action: "later" })]);
  await redis.close();
  const back = await migrate("new", 1, "--from", "redis", "--to", "sqlite");
  expect(back).toMatchObject({ code: 0, stdout: expect.stringMatching(/audit is whole: 3 records/) });
  const again = await migrate("old", 1, "--from", "sqlite", "--to", "redis");
  expect(again).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/holds a store already, and nothing was copied/),
  });
});

it("needs both ways to be said, and the Redis", async () => {
  expect(await migrate("old", 2)).toMatchObject({ code: 2, stderr: expect.stringMatching(/given nothing to nothing/) });
  const noRedis = await migrate("old", undefined, "--from", "sqlite", "--to", "redis");
  expect(noRedis).toMatchObject({ code: 2, stderr: expect.stringMatching(/set REDIS_URL/) });
});
