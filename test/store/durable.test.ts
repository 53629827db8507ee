import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, it } from "vitest";
import { verifyChain } from "../../src/core/audit.ts";
import { hashOf, type Proposal } from "../../src/core/proposal.ts";
import type { Store } from "../../src/ports/store.ts";
import { anchorsFile, readAnchors } from "../../src/store/anchors.ts";
import { MIGRATIONS, migrate } from "../../src/store/migrations.ts";
import { openSqliteStore, type SqliteSettings } from "../../src/store/sqlite.ts";
import { loggedWith } from "../../src/util/log.ts";
import { RETENTION, turn } from "../contracts/store.ts";
import { oldChain } from "../fakes/audit.ts";
import { advanced, anEntry, ann, aProposal, approvedBy, aVote, bob, NOW, THREAD } from "../fakes/proposals.ts";

const KILLED = fileURLToPath(new URL("./change-killed.ts", import.meta.url));

let dataDir: string;
let opened: Store[];
beforeEach(() => {
  dataDir = join(mkdtempSync(join(tmpdir(), "durable-")), "data");
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(join(dataDir, ".."), { recursive: true, force: true });
});

function open(more: Partial<SqliteSettings> = {}): Store {
  const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => NOW, ...more });
  opened.push(store);
  return store;
}

const file = () => join(dataDir, "smartcloudops.db");
const stopFile = () => join(dataDir, "STOP");

async function propose(store: Store, id = "p1"): Promise<Proposal> {
  const proposal = aProposal({ id, target: { kind: "deployment", name: id, key: id } });
  await store.proposals.insert(proposal, [anEntry({ id })]);
  return proposal;
}

function approve(proposal: Proposal) {
  const vote = aVote(proposal);
  return advanced(proposal, { kind: "vote", vote, rule: proposal.spec.rule, epoch: "e1" });
}

async function assertUnchanged(store: Store, proposal: Proposal, records: number): Promise<void> {
  assert.equal((await store.proposals.get(proposal.id))?.revision, proposal.revision);
  const chain = await store.audit.range(0, 1000);
  assert.equal(chain.length, records);
  assert.equal(verifyChain(chain).kind, "whole");
}

/** By hand, as another program would. */
function byHand(sql: string): void {
  const db = new DatabaseSync(file());
  db.exec(sql);
  db.close();
}

describe("a process that is killed between any two statements of a change", { timeout: 180_000 }, () => {
  it("leaves each change with its records or without both, loses none it confirmed, and raises no false alarm", async () => {
    await open().close();
    const counts = new Map<string, number>();
    let isWhole = false;
    for (let n = 1; !isWhole; n++) {
      assert.ok(n < 100, "the change never ends");
      const child = spawn(process.execPath, [KILLED, dataDir, `p${n}`, `${n}`], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const said = (await textOf(child.stdout)).split("\n").filter((line) => line !== "");
      isWhole = said.includes("whole");
      const confirmed = said.filter((line) => line === "confirmed").length;
      const store = open();
      const { revision = 0 } = (await store.proposals.get(`p${n}`)) ?? {};
      assert.ok(revision === confirmed || revision === confirmed + 1, `${revision} of ${confirmed} confirmed at ${n}`);
      counts.set(`p${n}`, [0, 1, 3][revision]!);
      const chain = await store.audit.range(0, 1000);
      assert.deepEqual(verifyChain(chain, { anchors: readAnchors(dataDir)!.lines }).kind, "whole");
      for (const [id, wanted] of counts) assert.equal(chain.filter((record) => record.id === id).length, wanted, id);
      assert.equal(await store.proposals.restored(), undefined);
      await store.close();
    }
    assert.ok(counts.size > 12, `only ${counts.size} points`);
    assert.deepEqual(new Set(counts.values()), new Set([0, 1, 3]));
  });
});

describe("a store that cannot be written", () => {
  it("changes nothing when the disk is full, and goes on when there is room", async () => {
    const store = open({ maxBytes: 1_000_000 });
    const first = await propose(store);
    let isFull = false;
    for (let n = 0; !isFull; n++)
      await store.conversations.append(THREAD, turn(`t${n}`, { text: "x".repeat(3000) })).catch(() => {
        isFull = true;
      });
    const { proposal, entry } = approve(first);
    const long = { ...proposal, facts: ["y".repeat(20_000)] };
    await assert.rejects(store.proposals.replace(long, [entry]), { problem: "full" });
    await assert.rejects(store.proposals.insert({ ...aProposal({ id: "p2" }), facts: long.facts }, [entry]), {
      problem: "full",
    });
    await assertUnchanged(store, first, 1);
    await store.prune(NOW + RETENTION.conversations + 1);
    assert.equal(await store.proposals.replace(long, [entry]), "done");
  });

  it("changes nothing when it is read-only", async () => {
    const writer = open();
    const first = await propose(writer);
    const store = open({ readOnly: true });
    const { proposal, entry } = approve(first);
    await assert.rejects(store.proposals.replace(proposal, [entry]), { problem: "read-only" });
    await assert.rejects(store.proposals.insert(aProposal({ id: "p2" }), [entry]), { problem: "read-only" });
    await assert.rejects(store.audit.append([entry]), { problem: "read-only" });
    await assertUnchanged(store, first, 1);
  });

  it("changes nothing when another program holds the file", async () => {
    const store = open();
    const first = await propose(store);
    const other = new DatabaseSync(file());
    other.exec("BEGIN IMMEDIATE");
    const { proposal, entry } = approve(first);
    await assert.rejects(store.proposals.replace(proposal, [entry]), { problem: "busy" });
    other.close();
    assert.equal(await store.proposals.replace(proposal, [entry]), "done");
  });

  it("changes nothing when the audit alone cannot be written", async () => {
    const store = open();
    const first = await propose(store);
    byHand("CREATE TRIGGER no BEFORE INSERT ON audit WHEN NEW.action <> 'fine' BEGIN SELECT RAISE(ABORT, 'no'); END");
    const { proposal, entry } = approve(first);
    await assert.rejects(store.proposals.replace(proposal, [{ ...entry, action: "fine" }, entry]), /no/);
    await assert.rejects(store.proposals.insert(aProposal({ id: "p2" }), [entry]), /no/);
    assert.equal(await store.proposals.get("p2"), undefined);
    await assertUnchanged(store, first, 1);
  });

  it("still goes on when only the anchors cannot be written, and says so", async () => {
    const warned: string[] = [];
    const store = open({ warn: (_, message) => warned.push(message) });
    rmSync(anchorsFile(dataDir));
    mkdirSync(anchorsFile(dataDir));
    await propose(store);
    assert.match(warned.join(), /audit\.anchors cannot be written/);
  });
});

describe("records", () => {
  it("can be neither changed nor deleted through SQL", async () => {
    await propose(open());
    assert.throws(() => byHand("UPDATE audit SET reason = 'x'"), /never changed/);
    assert.throws(() => byHand("DELETE FROM audit"), /never deleted/);
  });

  it("leave no trace of a person who was forgotten", async () => {
    const store = open();
    const odd = { ...ann, name: "Annegret-Unmistakable" };
    await store.audit.append([anEntry({ actor: await store.audit.actorOf(odd) })]);
    await store.audit.forget("ann");
    await store.close();
    assert.equal(readFileSync(file()).includes("Annegret-Unmistakable"), false);
  });

  it("are anchored outside of the store, one line a change", async () => {
    const store = open();
    await propose(store);
    await store.audit.append([anEntry(), anEntry()]);
    const epoch = await store.proposals.epoch();
    const head = await store.audit.head();
    const { lines, unreadable } = readAnchors(dataDir)!;
    assert.deepEqual([lines.map(({ seq }) => seq), unreadable], [[0, 1, 3], 0]);
    assert.deepEqual(lines.at(-1), { seq: 3, record_hash: head!.record_hash, at: NOW, epoch });
  });
});

describe("a store that was put back from an older copy", () => {
  const copy = () => join(dataDir, "..", "backup.db");

  async function putBack(): Promise<void> {
    const store = open();
    await propose(store, "p1");
    await store.close();
    cpSync(file(), copy());
    const later = open();
    await propose(later, "p2");
    await propose(later, "p3");
    await later.close();
    cpSync(copy(), file());
  }

  it("gets another epoch, says so until a person accepts it, and goes on then", async () => {
    const before = open();
    const epoch = await before.proposals.epoch();
    await before.close();
    await putBack();
    const store = open();
    assert.match((await store.proposals.restored())!, /knows record 3, and the store ends at 1: an older copy/);
    const renewed = await store.proposals.epoch();
    assert.notEqual(renewed, epoch);
    await store.close();

    const again = open();
    assert.equal(await again.proposals.epoch(), renewed);
    assert.notEqual(await again.proposals.restored(), undefined);
    await propose(again, "p4");
    assert.equal(await again.proposals.acceptRestored(bob), true);
    assert.equal(await again.proposals.acceptRestored(bob), false);
    assert.equal(await again.proposals.restored(), undefined);
    const chain = await again.audit.range(0, 100);
    assert.equal(verifyChain(chain).kind, "whole");
    assert.deepEqual(
      chain.map(({ action, from, to }) => [action, from, to]),
      [
        ["propose", "", "pending"],
        ["restored", epoch, renewed],
        ["propose", "", "pending"],
        ["accept_restored", "frozen", "running"],
      ],
    );
    await again.close();
    assert.equal(await open().proposals.restored(), undefined);
  });

  it("is told also when it grew as far again before anybody looked", async () => {
    await putBack();
    const anchors = readFileSync(anchorsFile(dataDir));
    rmSync(anchorsFile(dataDir));
    writeFileSync(anchorsFile(dataDir), "");
    const elsewhere = open();
    for (const id of ["x", "y", "z"]) await propose(elsewhere, id);
    await elsewhere.close();
    byHand("UPDATE meta SET value = (SELECT \"from\" FROM audit WHERE action = 'restored') WHERE key = 'epoch'");
    byHand("DELETE FROM meta WHERE key = 'restored'");
    writeFileSync(anchorsFile(dataDir), anchors);
    assert.match((await open().proposals.restored())!, /record 3 is not the one that audit\.anchors names/);
  });

  it("is told when the copy is from before an earlier restore", async () => {
    await putBack();
    const second = open();
    await second.proposals.acceptRestored(ann);
    await propose(second, "p5");
    await second.close();
    cpSync(copy(), file());
    assert.match((await open().proposals.restored())!, /older copy was put back/);
  });

  it.each([
    ["its file was lost", () => rmSync(file())],
    ["the anchors were lost", () => rmSync(anchorsFile(dataDir))],
    ["the anchors hold nothing that can be read", () => writeFileSync(anchorsFile(dataDir), "what?\n")],
  ])("is suspected when %s", async (_, lose) => {
    const store = open();
    await propose(store);
    await store.close();
    lose();
    assert.notEqual(await open().proposals.restored(), undefined);
  });

  it("is not suspected when the last line of the anchors was cut off", async () => {
    const store = open();
    await propose(store, "p1");
    await propose(store, "p2");
    await store.close();
    const whole = readFileSync(anchorsFile(dataDir));
    for (const cut of [1, 2, 40, 100]) {
      writeFileSync(anchorsFile(dataDir), whole.subarray(0, whole.length - cut));
      const again = open();
      assert.equal(await again.proposals.restored(), undefined, `${cut} bytes`);
      await propose(again, `after ${cut}`);
      await again.close();
    }
    const { lines } = readAnchors(dataDir)!;
    assert.equal(lines.at(-1)?.seq, 6);
  });
});

describe("the stop's file", () => {
  it("stops when it is made by hand, and goes when two people resume", async () => {
    const { stop, audit } = open();
    writeFileSync(stopFile(), "");
    assert.deepEqual(await stop.read(), { at: undefined, by: undefined, reason: undefined, resumeWanted: [] });
    assert.equal(await stop.release(ann), 1);
    assert.deepEqual((await stop.read())?.resumeWanted, ["Ann"]);
    assert.equal(readFileSync(stopFile(), "utf8"), "");
    assert.equal(await stop.release(bob), 0);
    assert.equal(await stop.read(), undefined);
    assert.throws(() => readFileSync(stopFile()), { code: "ENOENT" });
    assert.match((await audit.head())!.reason, /stopped by the file STOP/);
  });

  it("is written by a press, stops the next start, and keeps stopping when either half is lost", async () => {
    const store = open();
    await store.stop.press(ann, "enough");
    const pressed = { at: NOW, by: "Ann", reason: "enough", resumeWanted: [] };
    await store.close();
    assert.deepEqual(await open().stop.read(), pressed);
    rmSync(stopFile());
    assert.deepEqual(await open().stop.read(), pressed);
    await open().stop.press(bob, "again");
    byHand("DELETE FROM meta WHERE key = 'stop'");
    assert.equal((await open().stop.read())?.by, "Bob");
    rmSync(stopFile());
    assert.equal(await open().stop.read(), undefined);
  });

  it("stops within one call of another process's press", async () => {
    const [one, other] = [open(), open()];
    assert.equal(await other.stop.read(), undefined);
    await one.stop.press(ann, "");
    assert.equal((await other.stop.read())?.by, "Ann");
  });

  it("counts as pressed when it cannot be read", async () => {
    const store = open();
    byHand("INSERT INTO meta (key, value) VALUES ('stop', 'what?')");
    assert.deepEqual((await store.stop.read())?.by, undefined);
    assert.notEqual(await store.stop.read(), undefined);
    byHand("DELETE FROM meta WHERE key = 'stop'");
    mkdirSync(stopFile());
    assert.match((await store.stop.read())!.reason!, /cannot be read/);
    rmSync(stopFile(), { recursive: true });
    await store.close();
    assert.match((await store.stop.read())!.reason!, /cannot be read.*closed/);
  });

  it("stops even when the store cannot be written, and only says so when nothing could be", async () => {
    const writer = open();
    await propose(writer);
    const store = open({ readOnly: true });
    await store.stop.press(ann, "now");
    assert.equal((await writer.stop.read())?.reason, "now");
    await assert.rejects(store.stop.release(ann), { problem: "read-only" });
    renameSync(dataDir, `${dataDir}-away`); // neither the file nor the store
    await assert.rejects(store.stop.press(ann, "now"), { problem: "read-only" });
  });

  it("goes on stopping when resuming cannot be written down", async () => {
    const store = open();
    writeFileSync(stopFile(), "");
    await store.stop.release(ann);
    byHand("CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END");
    await assert.rejects(store.stop.release(bob), /no/);
    assert.deepEqual((await store.stop.read())?.resumeWanted, ["Ann"]);
  });
});

describe("the audit of an older version, whose records have no cause", () => {
  it("stays as it was written, and goes on with records that have one", async () => {
    const { records, publicKey } = oldChain();
    mkdirSync(dataDir);
    const db = new DatabaseSync(file());
    const at = MIGRATIONS.findIndex((step) => typeof step === "string" && step.includes("ADD COLUMN cause"));
    migrate(db, file(), MIGRATIONS.slice(0, at));
    for (const record of records) {
      const names = Object.keys(record).map((name) => `"${name}"`);
      db.prepare(`INSERT INTO audit (${names}) VALUES (${names.map(() => "?")})`).run(...Object.values(record));
    }
    db.close();

    const { audit } = open();
    assert.deepEqual(await audit.range(0, 4), records);
    await loggedWith({ question: "q-1" }, () => audit.append([anEntry()]));
    const all = await audit.range(0, 10);
    assert.equal(all.at(-1)?.cause, "q-1");
    assert.equal(verifyChain(all).kind, "whole");
    assert.equal(verifyChain(all.slice(0, 4), { publicKeys: [publicKey] }).kind, "whole");
  });
});

describe("proposals of an older version", () => {
  it("stay to be looked up, closed, and block nothing", async () => {
    mkdirSync(dataDir);
    const db = new DatabaseSync(file());
    const at = MIGRATIONS.findIndex((step) => typeof step === "function");
    migrate(db, file(), MIGRATIONS.slice(0, at));
    const action = { type: "scale", target: "api", params: { replicas: 3 }, status: "pending", executed: false };
    const requester = { platform: "slack", id: "U1", name: "Ana" };
    const insert = db.prepare("INSERT INTO proposals (id, at, status, body) VALUES (?, ?, 'pending', ?)");
    insert.run("old1", NOW - 9, JSON.stringify({ id: "old1", action, requester, place: THREAD, at: NOW - 9 }));
    insert.run("old2", NOW - 8, JSON.stringify({ id: "old2", action, requester, place: THREAD, at: NOW - 8 }));
    insert.run("spoilt", NOW - 7, "{");
    db.close();

    const { proposals, audit } = open();
    const found = await proposals.find({ limit: 10 });
    assert.deepEqual(
      found.map(({ id, status, hash, spec }) => ({ id, status, isHash: hash === hashOf(spec) })),
      ["spoilt", "old2", "old1"].map((id) => ({ id, status: "expired", isHash: true })),
    );
    const old = (await proposals.get("old1"))!;
    assert.deepEqual(old.spec.action, { type: "scale", target: "api", params: { replicas: 3 } });
    assert.equal(old.spec.requester?.name, "Ana");
    assert.match(old.note!, /older version.*Ask for it again/);
    assert.deepEqual(await proposals.unshown(10), []);
    assert.equal(await audit.head(), undefined);
    const wish = aProposal({ id: "new", runbook: undefined, action: old.spec.action });
    assert.equal((await proposals.insert(wish, [anEntry()])).kind, "inserted");
  });
});

describe("clicks from several processes at once", { timeout: 60_000 }, () => {
  it("let one of them win", async () => {
    const store = open();
    const first = await propose(store);
    const script = `
      const { openSqliteStore } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/store/sqlite.ts"))});
      const [retention, next, entry] = ${JSON.stringify([RETENTION, approvedBy(first), anEntry()])};
      const store = openSqliteStore({ dataDir: ${JSON.stringify(dataDir)}, retention, now: () => 1 });
      const results = await Promise.all(Array.from({ length: 25 }, () => store.proposals.replace(next, [entry])));
      console.log(results.filter((result) => result === "done").length);`;
    const wins = await Promise.all(
      Array.from({ length: 4 }, () =>
        textOf(
          spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] })
            .stdout,
        ),
      ),
    );
    assert.equal(
      wins.map(Number).reduce((sum, won) => sum + won, 0),
      1,
      wins.join(),
    );
    assert.equal((await store.audit.range(0, 1000)).length, 2);
  });
});

describe("a real disk that gives out", () => {
  it("leaves proposals and records as they were", async (context) => {
    const mount = join(dataDir, "..", "small");
    mkdirSync(mount);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1000k", "tmpfs", mount], { stdio: "pipe" });
    } catch {
      context.skip("no small disk can be mounted here");
    }
    const store = open({ dataDir: mount });
    try {
      let kept = 0;
      for (let isFull = false; !isFull && kept < 2000; )
        await store.proposals
          .insert(aProposal({ id: `p${kept}`, target: { kind: "d", name: "n", key: `k${kept}` } }), [anEntry()])
          .then(
            () => kept++,
            () => {
              isFull = true;
            },
          );
      assert.ok(kept > 10 && kept < 2000, String(kept));
      const chain = await store.audit.range(0, 10_000);
      assert.equal(chain.length, kept);
      assert.equal(verifyChain(chain).kind, "whole");
      assert.equal((await store.proposals.find({ limit: 10_000 })).length, kept);
    } finally {
      await store.close();
      execFileSync("umount", [mount]);
    }
  });
});
