import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { openRedisStore } from "../../src/store/redis.ts";
import type { Retention } from "../../src/store/retention.ts";
import { type AuditSettings, auditContract } from "../contracts/audit.ts";
import { detectionContract } from "../contracts/detection.ts";
import { digestsContract } from "../contracts/digests.ts";
import { incidentsContract } from "../contracts/incidents.ts";
import { personalContract } from "../contracts/personal.ts";
import { proposalsContract } from "../contracts/proposals.ts";
import { runsContract } from "../contracts/runs.ts";
import { shelfContract } from "../contracts/shelf.ts";
import { RETENTION, storeContract } from "../contracts/store.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";

let server: RedisProgram;
let missing: string | undefined;
const root = mkdtempSync(join(tmpdir(), "redis-store-"));

beforeAll(async () => {
  const started = await startRedis({ keeps: true });
  if ("skipped" in started) missing = started.skipped;
  else server = started;
});
afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});

let databases = 0;
function open(retention: Retention, more: Partial<AuditSettings> = {}) {
  databases += 1;
  const dataDir = join(root, String(databases));
  return openRedisStore({ url: server.urlOf(databases), dataDir, retention, now: () => 1_790_000_000, ...more });
}

storeContract("the Redis store", open);
proposalsContract("the Redis store", () => open(RETENTION));
auditContract("the Redis store", (more) => open(RETENTION, more));
incidentsContract("the Redis store", open);
personalContract("the Redis store", open);
shelfContract("the Redis store", open);
detectionContract("the Redis store", open);
digestsContract("the Redis store", open);
runsContract("the Redis store", open);
