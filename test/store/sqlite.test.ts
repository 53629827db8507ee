import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { MIGRATIONS, migrate } from "../../src/store/migrations.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION, turn } from "../contracts/store.ts";

const PLACE = { platform: "slack", channel: "C1", thread: "1" };
const CHANNEL = { platform: "slack", channel: "C1" };

let dataDir: string;
let opened: Store[];
beforeEach(() => {
  dataDir = join(mkdtempSync(join(tmpdir(), "sqlite-")), "data");
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(join(dataDir, ".."), { recursive: true, force: true });
});

function open(more: { readOnly?: boolean; maxBytes?: number; dataDir?: string } = {}): Store {
  const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => 7, ...more });
  opened.push(store);
  return store;
}

const file = () => join(dataDir, "smartcloudops.db");

async function fillUntilRefused(store: Store): Promise<{ kept: number; error: Error }> {
  for (let n = 0; n < 100_000; n++) {
    try {
      await store.conversations.append(PLACE, turn(`t${n}`, { text: "x".repeat(1000) }));
    } catch (error) {
      return { kept: n, error: error as Error };
    }
  }
  throw new Error("the store never refused");
}

describe("the file of the SQLite store", () => {
  it("is readable by its owner only, and so is the folder made for it", async () => {
    await open().check();
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    for (const name of ["smartcloudops.db", "smartcloudops.db-wal"]) {
      assert.equal(statSync(join(dataDir, name)).mode & 0o777, 0o600, name);
    }
  });

  it("overwrites what retention deletes", async () => {
    const store = open();
    await store.conversations.append(PLACE, turn("a", { text: "the-secret-sentence", at: 0 }));
    await store.prune(RETENTION.conversations + 1);
    await store.close();
    assert.equal(readFileSync(file()).includes("the-secret-sentence"), false);
  });

  it("overwrites what was sent to the bot once it was dealt with", async () => {
    const store = open();
    await store.inbox.take("slack", { id: "Ev1", body: '{"text":"the-secret-sentence"}', at: 1 });
    await store.inbox.done("slack", "Ev1");
    await store.close();
    assert.equal(readFileSync(file()).includes("the-secret-sentence"), false);
    assert.equal(readFileSync(file()).includes("Ev1"), true);
  });

  it("can be opened for the first time by several processes at once", async () => {
    const folders = Array.from({ length: 25 }, (_, n) => join(dataDir, String(n)));
    // Each folder at one moment by all of them: what only goes wrong when two meet needs many meetings.
    const script = `
      const { openSqliteStore } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/store/sqlite.ts"))});
      const retention = ${JSON.stringify(RETENTION)};
      let moment = ${Date.now() + 1500};
      for (const dataDir of ${JSON.stringify(folders)}) {
        for (moment += 100; Date.now() < moment; );
        const store = openSqliteStore({ dataDir, retention, now: () => 1 });
        await store.inbox.take("slack", { id: String(process.pid), body: "{}", at: 1 });
        await store.close();
      }`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
    assert.deepEqual(codes, [0, 0, 0, 0]);
    for (const folder of folders) {
      const { inbox } = open({ dataDir: folder });
      for (const { pid } of children)
        assert.equal(await inbox.take("slack", { id: String(pid), body: "{}", at: 2 }), false);
    }
  });
});

describe("a disk that gives out", () => {
  it("is said when it is full, keeps all that was confirmed, and works again once there is room", async () => {
    const store = open({ maxBytes: 1_000_000 });
    const { kept, error } = await fillUntilRefused(store);
    assert.ok(kept > 100);
    assert.match(error.message, /disk is full.*Nothing was stored\. Free some space/);
    await assert.rejects(
      store.lessons.teach(CHANNEL, { id: "1", word: "w", meaning: "y".repeat(9000), by: "U", at: 1 }),
      { problem: "full" },
    );
    const large = { id: "Ev1", body: "y".repeat(9000), at: 1 };
    await assert.rejects(store.inbox.take("slack", large), { problem: "full" });
    assert.deepEqual(await store.inbox.left("slack"), []);
    assert.equal((await store.conversations.recent(PLACE, 100_000)).length, kept);
    await store.prune(turn("x").at + RETENTION.conversations + 1);
    assert.equal(await store.conversations.append(PLACE, turn("after")), true);
    assert.equal(await store.inbox.take("slack", large), true);
  });

  it("leaves a lesson as it was when its successor cannot be stored", async () => {
    const store = open({ maxBytes: 1_000_000 });
    const old = { id: "1", word: "shop", meaning: "checkout", by: "U1", at: 1 };
    await store.lessons.teach(CHANNEL, old);
    await fillUntilRefused(store);
    await assert.rejects(store.lessons.teach(CHANNEL, { ...old, id: "2", meaning: "z".repeat(500_000) }), {
      problem: "full",
    });
    assert.deepEqual(await store.lessons.of(CHANNEL), [old]);
  });

  it("is said when a real one is full or read-only", async (context) => {
    const mount = join(dataDir, "..", "small");
    mkdirSync(mount);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=600k", "tmpfs", mount], { stdio: "pipe" });
    } catch (cause) {
      context.skip(
        `no small disk can be mounted here: ${String((cause as Error).message)
          .split("\n")
          .at(-2)}`,
      );
    }
    try {
      const store = open({ dataDir: mount });
      const { kept, error } = await fillUntilRefused(store);
      assert.match(error.message, /disk is full|disk reports an error/);
      assert.equal((await store.conversations.recent(PLACE, 100_000)).length, kept);
      await store.close();
      execFileSync("mount", ["-o", "remount,ro", mount]);
      assert.throws(() => open({ dataDir: mount }), { problem: "read-only" });
    } finally {
      execFileSync("umount", [mount]);
    }
  });

  it("is said when another program holds the file", async () => {
    const store = open();
    const other = new DatabaseSync(file());
    other.exec("BEGIN IMMEDIATE");
    try {
      await assert.rejects(store.check(), { problem: "busy" });
    } finally {
      other.close();
    }
    await store.check();
  });

  it("is said when the data folder is a file", () => {
    writeFileSync(dataDir, "");
    assert.throws(() => open(), { problem: "no-access", message: /must be a folder/ });
  });

  it.skipIf(process.getuid?.() === 0)(
    "is said when the data folder belongs to somebody else (root may open any)",
    () => {
      mkdirSync(dataDir);
      chmodSync(dataDir, 0);
      assert.throws(() => open(), { problem: "no-access" });
    },
  );
});

describe("a file that is not a sound store", () => {
  it("is refused when it is no database, and left as it is", () => {
    mkdirSync(dataDir);
    writeFileSync(file(), "shopping list\n".repeat(500));
    assert.throws(() => open(), { problem: "not-a-database", message: /move that file away/ });
    assert.equal(readFileSync(file(), "utf8"), "shopping list\n".repeat(500));
  });

  it("is refused when it is another program's database", () => {
    mkdirSync(dataDir);
    const other = new DatabaseSync(file());
    other.exec("CREATE TABLE recipes (name TEXT)");
    other.close();
    assert.throws(() => open(), { problem: "not-a-database", message: /another program/ });
  });

  it("is refused when pages are damaged", async () => {
    const store = open();
    for (let n = 0; n < 300; n++) await store.conversations.append(PLACE, turn(`t${n}`));
    await store.close();
    const size = statSync(file()).size;
    const handle = openSync(file(), "r+");
    writeSync(handle, Buffer.alloc(size - 8192, 0xaa), 0, size - 8192, 8192);
    closeSync(handle);
    assert.throws(() => open(), { problem: "corrupt", message: /is damaged .* restore a backup/ });
  });

  it("is said when one row was spoilt by hand", async () => {
    const store = open();
    await store.evidence.save({ id: "a", place: PLACE, at: 1, text: "t", evidence: [] });
    const hand = new DatabaseSync(file());
    hand.exec(`UPDATE answers SET evidence = '[{"promql":1'`);
    hand.close();
    await assert.rejects(store.evidence.get("a"), { problem: "corrupt", message: /evidence is not JSON/ });
  });
});

describe("what is private in a message", () => {
  it("is not in the file any more once the message was sent or given up", async () => {
    const store = open();
    for (const id of ["m1", "m2"]) {
      const card = { title: id, tone: "info" as const, blocks: [] };
      await store.outbox.put({ id, place: PLACE, card, at: 1, hint: "private-canary" });
      await store.outbox.hint(id, "private-canary, used once");
    }
    await store.outbox.sent("m1", "1.1", 2);
    await store.outbox.gaveUp("m2", "archived", 2);
    await store.close(); // the log of changes goes into the file
    for (const one of readdirSync(dataDir))
      assert.ok(!readFileSync(join(dataDir, one)).includes("private-canary"), `it is in ${one}`);
  });
});

describe("versions of the store", () => {
  it("refuse a file from a newer bot, and do not touch it", async () => {
    await open().close();
    const newer = new DatabaseSync(file());
    newer.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    newer.close();
    for (const readOnly of [false, true]) {
      assert.throws(() => open({ readOnly }), { problem: "newer", message: /newer SmartCloudOps .*never taken back/ });
    }
  });

  it("move up step by step, keep what is stored, and stop at the step that fails", () => {
    const db = new DatabaseSync(":memory:");
    migrate(db, "m", ["CREATE TABLE a (x)"]);
    db.exec("INSERT INTO a VALUES (1)");
    const steps = [
      "CREATE TABLE a (x)",
      "ALTER TABLE a ADD COLUMN y",
      "CREATE TABLE b (z); INSERT INTO nowhere VALUES (1)",
    ];
    assert.throws(() => migrate(db, "m", steps), /nowhere/);
    assert.equal(db.prepare("PRAGMA user_version").get()?.user_version, 2);
    assert.deepEqual({ ...db.prepare("SELECT * FROM a").get() }, { x: 1, y: null });
    assert.equal(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'b'").get()?.n, 0);
    assert.throws(() => migrate(db, "m", ["CREATE TABLE a (x)"]), { problem: "newer" });
    db.close();
  });
});

describe("reading beside a running bot", () => {
  it("sees what the bot stores, and cannot write", async () => {
    const writer = open();
    const reader = open({ readOnly: true });
    await writer.conversations.append(PLACE, turn("a"));
    assert.deepEqual(await reader.conversations.recent(PLACE, 5), [turn("a")]);
    await assert.rejects(reader.conversations.append(PLACE, turn("b")), { problem: "read-only" });
    await assert.rejects(reader.check(), { problem: "read-only" });
  });

  it("says that there is nothing to read yet, and creates nothing", () => {
    assert.throws(() => open({ readOnly: true }), { problem: "missing", message: /Start the bot once/ });
    assert.throws(() => statSync(dataDir), { code: "ENOENT" });
  });

  it("asks for the bot to be started when the file is from an older one", async () => {
    mkdirSync(dataDir);
    writeFileSync(file(), "");
    assert.throws(() => open({ readOnly: true }), { problem: "older" });
  });
});
