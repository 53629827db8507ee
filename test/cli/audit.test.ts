import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "vitest";
import { isInForce } from "../../src/app/audit.ts";
import { accountHere } from "../../src/chat/terminal/visitor.ts";
import { anchorsFile } from "../../src/store/anchors.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { newPrivateKey, readSigner } from "../../src/util/signature.ts";
import { RETENTION } from "../contracts/store.ts";
import { OLD_EXPORT, OLD_KEY } from "../fakes/audit.ts";
import { anEntry, ann, aProposal, bob, NOW } from "../fakes/proposals.ts";
import { runHere } from "./in-process.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "audit-"));
  dataDir = join(home, "data");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const run = (args: readonly string[], more: { env?: Record<string, string>; input?: string } = {}) =>
  runHere(["audit", ...args], { cwd: home, ...more, env: { SMARTCLOUDOPS_DATA: dataDir, ...more.env } });

/** A store with these many records; the last ones by Ann. */
async function record(
  reasons: readonly string[],
  { now = NOW, sign }: { now?: number; sign?: (t: string) => string } = {},
) {
  const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => now, ...(sign && { sign }) });
  const actor = await store.audit.actorOf(ann);
  for (const reason of reasons) await store.audit.append([anEntry({ actor, reason })]);
  const head = await store.audit.head();
  await store.close();
  return { actor, head: head! };
}

function byHand(sql: string): void {
  const db = new DatabaseSync(join(dataDir, "smartcloudops.db"));
  db.exec("DROP TRIGGER audit_stays; DROP TRIGGER audit_keeps");
  db.exec(sql);
  db.close();
}

describe("audit verify", () => {
  it("says that the record is whole, and where it ends", async () => {
    const { head } = await record(["a", "b", "c"]);
    const { stdout, code } = await run(["verify"]);
    assert.match(stdout, /The record is whole: 3 records, 0 signed\./);
    assert.ok(stdout.replace(/\s/g, "").includes(`3:${head.record_hash}`));
    assert.equal(code, 0);
    const asJson = await run(["verify", "--json"]);
    const { notes, ...verdict } = JSON.parse(asJson.stdout) as { notes: string[] };
    assert.deepEqual(verdict, {
      ok: true,
      kind: "whole",
      records: 3,
      signed: 0,
      head: { seq: 3, record_hash: head.record_hash },
    });
    assert.match(notes.join(), /Without a key/);
  });

  it("names the record that was changed, and ends with 1", async () => {
    await record(["a", "b", "c"]);
    byHand("UPDATE audit SET reason = 'B' WHERE seq = 2");
    const { stdout, code } = await run(["verify"]);
    assert.match(stdout, /Record 2 is not as it was written: its content does not fit its hash/);
    assert.equal(code, 1);
  });

  it("ends with 2 when the end is missing, also by an anchor that is given, and when nothing can tell", async () => {
    const { head } = await record(["a", "b", "c"]);
    const anchor = `3:${head.record_hash.slice(0, 12).toUpperCase()}`;
    assert.equal((await run(["verify", "--anchor", anchor])).code, 0);
    byHand("DELETE FROM audit WHERE seq = 3");
    const short = await run(["verify"]);
    assert.match(short.stdout, /The end is missing: there are 2 records, and an anchor knows 3/);
    assert.equal(short.code, 2);
    rmSync(anchorsFile(dataDir));
    const unknown = await run(["verify", "--json"]);
    assert.equal(JSON.parse(unknown.stdout).kind, "unanchored");
    assert.equal(unknown.code, 2);
    assert.equal((await run(["verify", "--anchor", anchor])).code, 2);
  });

  it("finds records that were all written anew, by the anchors or by the key", async () => {
    const pem = newPrivateKey();
    const { sign, publicKey } = readSigner(pem);
    writeFileSync(join(home, "key.pem"), pem);
    writeFileSync(join(home, "public.pem"), publicKey);
    await record(["a", "b"], { sign });
    const env = { AUDIT_KEY_FILE: join(home, "key.pem") };
    assert.match((await run(["verify"], { env })).stdout, /2 records, each signed/);
    assert.equal((await run(["verify", "--public-key", "public.pem"])).code, 0);
    rmSync(dataDir, { recursive: true });
    await record(["A", "b"], { sign: readSigner(newPrivateKey()).sign });
    assert.equal((await run(["verify"])).code, 0); // nothing outside of that folder says otherwise
    for (const args of [["verify"], ["verify", "--public-key", "public.pem"]]) {
      const { stdout, code } = await run(args, args.length > 1 ? {} : { env });
      assert.match(stdout, /Record 1 is not as it was written: its signature is not by a known key/);
      assert.equal(code, 1);
    }
  });

  it("goes on after an older copy was put back, and says how much of the other one is gone", async () => {
    await record(["a"]);
    cpSync(join(dataDir, "smartcloudops.db"), join(home, "copy.db"));
    await record(["b", "c"]);
    cpSync(join(home, "copy.db"), join(dataDir, "smartcloudops.db"));
    assert.equal((await run(["verify"])).code, 2);
    await record(["d"]);
    const { stdout, code } = await run(["verify"]);
    assert.match(stdout, /3 records/);
    assert.match(stdout, /2 anchors are of a copy of the store/);
    assert.equal(code, 0);
    byHand("UPDATE audit SET reason = 'x' WHERE seq = 1");
    assert.equal((await run(["verify"])).code, 1);
  });

  it("verifies an export on another machine", async () => {
    const { sign, publicKey } = readSigner(newPrivateKey());
    const { head } = await record(["a", "«b» \u{1F600}\nc"], { sign, now: NOW + 0.123 });
    const { stdout } = await run(["export"]);
    writeFileSync(join(home, "export.json"), stdout);
    writeFileSync(join(home, "public.pem"), publicKey);
    rmSync(dataDir, { recursive: true });
    const args = ["verify", "export.json", "--public-key", "public.pem", "--anchor", `2:${head.record_hash}`];
    assert.equal((await run(args)).code, 0);
    writeFileSync(join(home, "export.json"), stdout.replace('"reason":"a"', '"reason":"b"'));
    assert.match((await run(args)).stdout, /Record 1 is not/);
    writeFileSync(join(home, "export.json"), stdout.split("\n")[0]!);
    assert.equal((await run(args)).code, 2);
    appendFileSync(join(home, "export.json"), "\nwhat?\n");
    assert.deepEqual((await run(args)).stderr, "smartcloudops: line 2 of the export is no JSON object.\n");
  });

  it("verifies an export of before records had a cause, with its key", async () => {
    cpSync(OLD_EXPORT, join(home, "old.jsonl"));
    cpSync(OLD_KEY, join(home, "old.pem"));
    const { stdout, code } = await run(["verify", "old.jsonl", "--public-key", "old.pem"]);
    assert.match(stdout, /The record is whole: 4 records, each signed/);
    assert.equal(code, 0);
  });

  it("has nothing to say against a folder in which nothing was ever stored", async () => {
    assert.equal((await run(["verify"])).code, 0);
    assert.equal((await run(["verify", "--anchor", `1:${"a".repeat(12)}`])).code, 2);
  });
});

describe("anchors after an older copy was put back", () => {
  const restores = [
    { seq: 10, from: "e1" },
    { seq: 20, from: "e2" },
  ];
  it.each([
    ["e3", 25, true],
    ["e2", 19, true],
    ["e2", 20, false],
    ["e1", 9, true],
    ["e1", 10, false],
    ["lost", 9, true],
    ["lost", 10, false],
  ])("of %s at %i hold: %s", (epoch, seq, holds) => {
    assert.equal(isInForce({ epoch, seq }, "e3", restores), holds);
  });

  it("hold all of them when the chain knows of no such thing", () => {
    assert.equal(isInForce({ epoch: "other", seq: 99 }, "e1", []), true);
  });
});

describe("audit export", () => {
  it("gives one record a line, with the account and name of whoever is not forgotten", async () => {
    const { actor, head } = await record(["a", "b"], { now: NOW + 0.5 });
    const { stdout, code } = await run(["export", "--format", "json"]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(code, 0);
    assert.equal(lines.length, 2);
    assert.deepEqual(lines[1], {
      ...{ seq: 2, at: "2026-09-21T14:13:20.500Z", actor, platform: "slack", account: "U1", name: "Ann" },
      ...{ action: "propose", id: "p1", hash: "", from: "", to: "pending", reason: "b" },
      ...{ prev: lines[0]!.record_hash, record_hash: head.record_hash },
    });
    const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => NOW });
    await store.audit.forget("ann");
    await store.close();
    const later = JSON.parse((await run(["export"])).stdout.split("\n")[0]!) as Record<string, unknown>;
    assert.deepEqual([later.actor, later.account, later.name], [actor, null, null]);
    assert.equal((await run(["verify"])).code, 0);
  });

  it("keeps a CSV from being a program, and its cells whole", async () => {
    const odd = [
      '=HYPERLINK("http://evil")',
      "+1",
      "-1",
      "@SUM(A1)",
      "\t=1",
      " ＝1",
      'say "hi", twice\nplease',
      "plain",
    ];
    await record(odd);
    const { stdout } = await run(["export", "--format", "csv"]);
    const rows = stdout.split("\r\n").slice(1, -1);
    const reasons = rows.map((row) => /"pending","((?:[^"]|"")*)"/.exec(row)![1]!.replaceAll('""', '"'));
    assert.deepEqual(reasons, [
      ...['\'=HYPERLINK("http://evil")', "'+1", "'-1", "'@SUM(A1)", "' =1", "' ＝1"],
      ...['say "hi", twice please', "plain"],
    ]);
    for (const row of rows) assert.match(row, /^("(?:[^"]|"")*",){15}"(?:[^"]|"")*"$/);
  });

  it("keeps HTML from being anything but text", async () => {
    await record(["<script>alert(1)</script>", `"'><img src=x onerror=alert(1)>&amp;`, "\u202Eevil"]);
    const { stdout } = await run(["export", "--format", "html"]);
    const cells = [...stdout.matchAll(/<td>([^<]*)<\/td>/g)].map(([, text]) => text);
    assert.equal(cells.length, 3 * 16);
    assert.ok(cells.includes("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert.ok(cells.includes("&quot;&#39;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;amp;"));
    assert.ok(cells.includes("\\u{202E}evil"));
    assert.deepEqual([...new Set([...stdout.matchAll(/<(\w+)/g)].map(([, tag]) => tag))].sort(), [
      ...["body", "h1", "head", "html", "meta", "style", "table", "tbody", "td", "th", "thead", "title", "tr"],
    ]);
  });

  it("is cut to a period", async () => {
    await record(["old"]);
    await record(["new"], { now: Date.now() / 1000 - 3600 });
    const { stdout } = await run(["export", "--period", "2h"]);
    assert.deepEqual(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).reason),
      ["new"],
    );
  });
});

describe("audit report", () => {
  it("says what the changes of a period came to", async () => {
    const now = Date.now() / 1000;
    const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => now });
    await store.proposals.insert(aProposal({ createdAt: now - 60, requester: bob }), [anEntry()]);
    await store.proposals.insert(aProposal({ id: "old", createdAt: now - 9 * 86_400, params: {} }), [anEntry()]);
    await store.close();
    const { stdout, code } = await run(["report", "--period", "7d"]);
    assert.match(stdout, /0 of 1 proposed changes ran/);
    assert.match(stdout, /asked by\W+Bob \(1\)/);
    assert.equal(code, 0);
    const read = JSON.parse((await run(["report", "--json"])).stdout);
    assert.equal(read.proposed, 2);
    assert.deepEqual(read.minutes_saved, { minutes: 0, changes: 0, unknown: 0 });
  });

  it("is empty where nothing was ever stored", async () => {
    assert.equal(JSON.parse((await run(["report", "--json"])).stdout).proposed, 0);
  });
});

describe("audit key", () => {
  it("makes a key for its owner alone, never over another file, and says its public half", async () => {
    const made = await run(["key", "--new", "audit.pem"]);
    assert.equal(made.code, 0);
    const path = join(home, "audit.pem");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(made.stdout, readSigner(readFileSync(path, "utf8")).publicKey);
    assert.match(made.stderr, /keep it out of the data folder/);
    assert.equal((await run(["key", "--new", "audit.pem"])).code, 2);
    assert.equal((await run(["key"], { env: { AUDIT_KEY_FILE: path } })).stdout, made.stdout);
    writeFileSync(path, "hello");
    const { stderr, code } = await run(["key"], { env: { AUDIT_KEY_FILE: path } });
    assert.match(
      stderr,
      /AUDIT_KEY_FILE: must name a file with an Ed25519 private key in PEM: it holds no private key/,
    );
    assert.equal(code, 78);
  });
});

describe("audit accept-restored", () => {
  it("takes a person's word at a terminal, and no other", async () => {
    await record(["a"]);
    assert.match((await run(["accept-restored"], { input: "accept\n" })).stdout, /nothing to accept/);
    cpSync(join(dataDir, "smartcloudops.db"), join(home, "copy.db"));
    await record(["b"]);
    cpSync(join(home, "copy.db"), join(dataDir, "smartcloudops.db"));
    await record(["c"]);
    const restored = async () => {
      const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => NOW, readOnly: true });
      const [reason, head] = [await store.proposals.restored(), await store.audit.head()];
      await store.close();
      return { reason, action: head?.action };
    };
    for (const input of ["yes\n", "\n", ""]) {
      const { code, stdout } = await run(["accept-restored"], { input });
      assert.match(stdout, /an older copy was put back.*Nothing was changed/s);
      assert.equal(code, 1);
    }
    assert.notEqual((await restored()).reason, undefined);
    assert.equal((await run(["accept-restored"])).code, 2);
    assert.equal((await run(["accept-restored"], { input: "accept\n" })).code, 0);
    assert.deepEqual(await restored(), { reason: undefined, action: "accept_restored" });
  });

  it("records the account of the operating system as who it was, and a name that was given as a claim", async () => {
    await record(["a"]);
    cpSync(join(dataDir, "smartcloudops.db"), join(home, "copy.db"));
    await record(["b"]);
    cpSync(join(home, "copy.db"), join(dataDir, "smartcloudops.db"));
    await record(["c"]);
    assert.equal((await run(["accept-restored", "--user", "ann"], { input: "accept\n" })).code, 0);
    const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => NOW, readOnly: true });
    const head = (await store.audit.head())!;
    const who = (await store.audit.actors([head.actor])).get(head.actor);
    await store.close();
    assert.equal(who?.account, accountHere());
    assert.match(head.reason, /; said to be ann$/);
  });
});
