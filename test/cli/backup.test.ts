import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { backupStore } from "../../src/store/backup.ts";
import { acquireStart } from "../../src/store/lock.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION, turn } from "../contracts/store.ts";
import { anEntry } from "../fakes/proposals.ts";
import { runHere } from "./in-process.ts";

const PLACE = { platform: "slack", channel: "C1", thread: "1" };

let home: string;
let dataDir: string;
let opened: Store[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "backup-"));
  dataDir = join(home, "data");
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(home, { recursive: true, force: true });
});

const run = (...args: string[]) => runHere(args, { cwd: home, env: { SMARTCLOUDOPS_DATA: dataDir } });

function open(): Store {
  const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => 7 });
  opened.push(store);
  return store;
}

/** A store with these turns and as many audit records. */
async function told(...texts: string[]): Promise<Store> {
  const store = open();
  for (const text of texts) {
    await store.conversations.append(PLACE, turn(text, { text }));
    await store.audit.append([anEntry({ reason: text })]);
  }
  return store;
}

const texts = async (store: Store) => (await store.conversations.recent(PLACE, 100)).map(({ text }) => text);

describe("backup", () => {
  it("copies a store that is in use, as it is, for its owner only, into one file", async () => {
    const store = await told("one", "two");
    const { stdout, code } = await run("backup", "copy.db");
    assert.equal(code, 0);
    assert.match(stdout, /copy\.db: the store as it is now, .* with 2 audit records/);
    assert.equal(statSync(join(home, "copy.db")).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(home).sort(), ["copy.db", "data"]);
    // The store goes on.
    await store.conversations.append(PLACE, turn("three", { text: "three" }));
    assert.deepEqual(await texts(store), ["one", "two", "three"]);
  });

  it("is whole however much is written meanwhile", async () => {
    const store = await told("one");
    let isOver = false;
    const writing = (async () => {
      for (let n = 0; !isOver; n++) {
        await store.conversations.append(PLACE, turn(`t${n}`, { text: "x".repeat(2000) }));
        await store.audit.append([anEntry({ reason: `r${n}` })]);
      }
    })();
    for (let n = 0; n < 3; n++) assert.equal((await run("backup", `copy-${n}.db`)).code, 0);
    isOver = true;
    await writing;
    for (let n = 0; n < 3; n++) {
      const copy = new DatabaseSync(join(home, `copy-${n}.db`), { readOnly: true });
      const count = (table: string) => Number(copy.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
      const ahead = count("turns") - count("audit");
      assert.ok(ahead === 0 || ahead === 1, `copy ${n} is of no single moment: ${ahead}`);
      assert.equal(copy.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
      copy.close();
    }
  });

  it("does not begin anew whenever somebody else writes meanwhile", async () => {
    const store = await told("one");
    for (let n = 0; n < 20; n++) await store.conversations.append(PLACE, turn(`t${n}`, { text: "x".repeat(200_000) }));
    const other = new DatabaseSync(join(dataDir, "smartcloudops.db"));
    const shares: number[] = [];
    await backupStore(dataDir, join(home, "copy.db"), (share) => {
      shares.push(share);
      // As many writes as there are steps: it would never come to its end.
      if (shares.length < 50) other.exec("UPDATE turns SET at = at + 1");
    });
    other.close();
    assert.ok(shares.length > 1);
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.ok(shares.length < 50);
  });

  it.each([
    ["no file", ["backup"], 2, /takes the name of one file.*none was given/],
    ["two files", ["backup", "a", "b"], 2, /2 were given/],
    ["a file that is there", ["backup", "there.db"], 1, /is there already, and is left alone/],
    ["a folder that is not there", ["backup", "no/where.db"], 1, /the folder .*no is not there/],
  ])("refuses %s, and leaves nothing behind", async (_, args, code, why) => {
    await told("one");
    writeFileSync(join(home, "there.db"), "mine");
    const said = await run(...args);
    assert.equal(said.code, code);
    assert.match(said.stderr, why);
    assert.deepEqual(readdirSync(home).sort(), ["data", "there.db"]);
    assert.equal(statSync(join(home, "there.db")).size, 4);
  });

  it("says where there is nothing to copy", async () => {
    const { code, stderr } = await run("backup", "copy.db");
    assert.equal(code, 1);
    assert.match(stderr, /there is no store at .* yet/);
  });
});

describe("restore", () => {
  async function copied(): Promise<void> {
    const store = await told("one", "two");
    await run("backup", "copy.db");
    await store.conversations.append(PLACE, turn("three", { text: "three" }));
    await store.audit.append([anEntry({ reason: "three" })]);
    await store.close();
    opened = [];
  }

  it("puts the copy back, keeps what was there, and lets no change start until somebody accepts it", async () => {
    await copied();
    const { stdout, code } = await run("restore", "copy.db");
    assert.equal(code, 0);
    assert.match(stdout, /2 audit records\. The store that was there is .*smartcloudops\.db\.\d{4}-\d\d-\d\dT\d{6}Z/);
    assert.match(stdout, /no change starts until somebody has looked/);
    const store = open();
    assert.deepEqual(await texts(store), ["one", "two"]);
    assert.match((await store.proposals.restored()) ?? "", /older copy was put back/);
    const kept = readdirSync(dataDir).find((name) => /^smartcloudops\.db\.2.*Z$/.test(name));
    const before = new DatabaseSync(join(dataDir, kept!), { readOnly: true });
    assert.equal(before.prepare("SELECT count(*) AS n FROM turns").get()?.["n"], 3);
    before.close();
  });

  it("puts back the store that an earlier restore put aside, with what stands in the file beside it", async () => {
    await copied();
    // As after a bot that was killed: its last writes are not in the file itself yet.
    const kept = openSqliteStore({ dataDir, retention: RETENTION, now: () => 7 });
    await kept.conversations.append(PLACE, turn("four", { text: "four" }));
    for (const ending of ["", "-wal"])
      copyFileSync(join(dataDir, `smartcloudops.db${ending}`), join(home, `kept.db${ending}`));
    await kept.close();
    assert.equal((await run("restore", "kept.db")).code, 0);
    assert.deepEqual(await texts(open()), ["one", "two", "three", "four"]);
    assert.deepEqual(
      readdirSync(dataDir).filter((name) => name.includes(".part")),
      [],
    );
  });

  it("refuses while a bot runs", async () => {
    await copied();
    const bot = acquireStart(dataDir);
    try {
      const { code, stderr } = await run("restore", "copy.db");
      assert.equal(code, 1);
      assert.match(stderr, /a bot is already running/);
      assert.deepEqual(await texts(open()), ["one", "two", "three"]);
    } finally {
      bot.release();
    }
  });

  it.each([
    ["is not there", () => rmSync(join(home, "copy.db")), /there is no copy at/],
    ["is no database", () => writeFileSync(join(home, "copy.db"), "x".repeat(9000)), /copy\.db/],
    ["was cut off", () => truncateSync(join(home, "copy.db"), 20_000), /copy\.db/],
    [
      "is another program's",
      () => {
        rmSync(join(home, "copy.db"));
        const db = new DatabaseSync(join(home, "copy.db"));
        db.exec("CREATE TABLE theirs (x)");
        db.close();
      },
      /of another program/,
    ],
    [
      "is of a newer bot",
      () => {
        const db = new DatabaseSync(join(home, "copy.db"));
        db.exec("PRAGMA user_version = 9999");
        db.close();
      },
      /newer SmartCloudOps/,
    ],
    ["is empty", () => writeFileSync(join(home, "copy.db"), ""), /is an empty store/],
  ])("leaves everything as it was where the copy %s", async (_, happen, why) => {
    await copied();
    happen();
    const { code, stderr } = await run("restore", "copy.db");
    assert.equal(code, 1);
    assert.match(stderr, why);
    assert.deepEqual(
      readdirSync(dataDir).filter((name) => /part|Z$/.test(name)),
      [],
    );
    assert.deepEqual(await texts(open()), ["one", "two", "three"]);
  });

  it("makes the store of a folder that has none", async () => {
    await copied();
    rmSync(dataDir, { recursive: true });
    const { stdout, code } = await run("restore", "copy.db");
    assert.equal(code, 0);
    assert.match(stdout, /There was no store before/);
    assert.deepEqual(await texts(open()), ["one", "two"]);
    assert.ok(existsSync(join(dataDir, "smartcloudops.db")));
  });
});
