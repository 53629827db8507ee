import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, it } from "vitest";
import { verifyAll } from "../../src/app/audit.ts";
import { type Proposal, shortHash, stepKey } from "../../src/core/proposal.ts";
import { decide } from "../../src/flows/remedy/decide.ts";
import { execute } from "../../src/flows/remedy/execute.ts";
import type { Store } from "../../src/ports/store.ts";
import { readAnchors } from "../../src/store/anchors.ts";
import { MIGRATIONS, migrate } from "../../src/store/migrations.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION } from "../contracts/store.ts";
import { aLook } from "../fakes/actions.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";
import { aProposal, aVoter, NOW } from "../fakes/proposals.ts";
import { aClick, Clinic } from "../fakes/remedy.ts";

/** An upgrade while proposals are open: what was asked for and approved under the old version is decided and done under the new one. */

const FILE = "smartcloudops.db";
const root = mkdtempSync(join(tmpdir(), "upgrade-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Proposals have had their tables since this version of the file; those from before are closed by it. */
const FIRST = MIGRATIONS.findIndex((step) => typeof step === "function") + 1;

const { identity, precondition } = aLook();
const looks = [{ identity, precondition }];
const targetOf = (name: string) => ({ kind: "deployment", name, key: `kubernetes:prod/shop/deployment/${name}` });
const waiting = aProposal({ id: "waiting", target: targetOf("cart"), looks });
const agreed = aProposal({ id: "agreed", target: targetOf("checkout"), looks });

const openFile = (dataDir: string) => openSqliteStore({ dataDir, retention: RETENTION, now: () => NOW + 20 });

/** A pending proposal and an approved one, with their records. */
async function leaveOpen(store: Store): Promise<void> {
  const clinic = new Clinic({ store });
  await clinic.put(waiting);
  await clinic.approved(agreed);
}

/** The new version's part: the pending one is approved, both are carried out once, and the record of it all is whole. */
async function goOn(store: Store, dataDir: string): Promise<void> {
  const clinic = new Clinic({ store });
  const before = await store.proposals.find({ limit: 10 });
  assert.deepEqual(Object.fromEntries(before.map(({ id, status }) => [id, status])), {
    waiting: "pending",
    agreed: "approved",
  });
  assert.equal(await store.proposals.restored(), undefined);
  const card = await decide(
    {
      ...clinic.deps,
      cardOf: () => ({ now: clinic.now, zone: "UTC", mode: "act", isStopped: false }),
      whyClosed: async () => undefined,
      voterOf: async () => aVoter(),
      again: async () => ({ reason: "not in this test" }),
    },
    aClick(waiting, shortHash(waiting.hash)),
  );
  assert.equal(card.title, "Approved. It starts now.");
  for (let round = 0; round < 2; round++) {
    const executing = execute(clinic.deps);
    await executing.round(new AbortController().signal);
    await executing.idle();
  }
  const keys = clinic.hands.effects.map(({ key }) => key).sort();
  assert.deepEqual(keys, [agreed, waiting].map((one: Proposal) => stepKey(one, 0)).sort());
  for (const { id } of [waiting, agreed]) assert.equal((await clinic.get(id)).status, "succeeded", id);
  const { verdict, lost } = await verifyAll(store, readAnchors(dataDir)?.lines ?? [], [], undefined);
  assert.deepEqual([verdict.kind, lost], ["whole", 0]);
  // Two asked for, two approved, and each claimed, started, gone through and ended.
  assert.equal((await store.audit.head())?.seq, 12);
}

/** That folder's store as the version wrote it: its tables, with what today's have of their columns. */
function asOf(version: number, from: string): string {
  const to = join(root, `version-${version}`);
  mkdirSync(to, { mode: 0o700 });
  cpSync(join(from, "audit.anchors"), join(to, "audit.anchors"));
  const db = new DatabaseSync(join(to, FILE));
  migrate(db, FILE, MIGRATIONS.slice(0, version));
  db.exec(`DELETE FROM meta; ATTACH '${join(from, FILE)}' AS today`);
  const names = (sql: string) =>
    db
      .prepare(sql)
      .all()
      .map((row) => `"${row["name"]}"`);
  for (const table of names("SELECT name FROM main.sqlite_schema WHERE type = 'table'")) {
    const columns = names(`SELECT name FROM pragma_table_info(${table.replaceAll('"', "'")}, 'main')`).join(", ");
    db.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM today.${table}`);
  }
  assert.equal(db.prepare("SELECT user_version AS version FROM pragma_user_version").get()?.["version"], version);
  db.close();
  return to;
}

describe("a file of an older version, with open proposals", () => {
  const today = join(root, "today");
  beforeAll(async () => {
    const store = openFile(today);
    await leaveOpen(store);
    await store.close();
  });

  it.each(Array.from({ length: MIGRATIONS.length - FIRST + 1 }, (_, at) => FIRST + at))(
    "goes on from version %i",
    async (version) => {
      const dataDir = asOf(version, today);
      const store = openFile(dataDir);
      try {
        await goOn(store, dataDir);
      } finally {
        await store.close();
      }
      const db = new DatabaseSync(join(dataDir, FILE), { readOnly: true });
      assert.equal(db.prepare("PRAGMA user_version").get()?.["user_version"], MIGRATIONS.length);
      db.close();
    },
  );
});

describe("a store in Redis of an older version, with open proposals", () => {
  let server: RedisProgram | undefined;
  afterAll(() => server?.stop());

  it("goes on, and is refused to the older version from then on", { timeout: 60_000 }, async ({ skip }) => {
    const started = await startRedis({ keeps: true });
    if ("skipped" in started) return skip(started.skipped);
    server = started;
    const dataDir = join(root, "redis");
    const open = () =>
      openRedisStore({
        ...{ url: started.urlOf(1), dataDir, retention: RETENTION, now: () => NOW + 20, patienceMs: 1500 },
      });
    const old = await open();
    await leaveOpen(old);
    await old.close();
    await server.redis.select(1);
    const mark = ["{smartcloudops}:meta", "version"] as const;
    await server.redis.hset(...mark, String(MIGRATIONS.length - 1));
    const store = await open();
    try {
      assert.equal(await server.redis.hget(...mark), String(MIGRATIONS.length));
      await goOn(store, dataDir);
    } finally {
      await store.close();
    }
  });
});
