import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { acquireStart } from "../../src/store/lock.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION, turn } from "../contracts/store.ts";
import { anEntry, ann, aProposal, bob } from "../fakes/proposals.ts";
import { runHere } from "./in-process.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "person-"));
  dataDir = join(home, "data");
  writeFileSync(join(home, "smartcloudops.yaml"), "people: {ann: {name: Ann, slack: [U0ANN00001]}}\n");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const run = (args: readonly string[], input?: string) =>
  runHere(["person", ...args], {
    ...{ cwd: home, env: { SMARTCLOUDOPS_DATA: dataDir } },
    ...(input !== undefined && { input }),
  });
const theirs = { ...ann, account: "U0ANN00001" };

/** What Ann said and proposed. */
async function kept(status: "rejected" | "pending" = "rejected"): Promise<string> {
  const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => Date.now() / 1000 });
  const user = { platform: "slack", id: theirs.account, name: "Ann" };
  await store.conversations.append({ platform: "slack", channel: "C1", thread: "1" }, turn("t1", { user }));
  const actor = await store.audit.actorOf(theirs);
  await store.proposals.insert(aProposal({ requester: theirs }, { status }), [anEntry({ actor })]);
  await store.audit.actorOf(bob);
  await store.close();
  return actor;
}

describe("person export", () => {
  it("prints all that is stored, by id and by account, and notes that it did", async () => {
    await kept();
    for (const id of ["ann", "slack:U0ANN00001"]) {
      const { stdout, code } = await run(["export", id]);
      assert.equal(code, 0);
      const { person, accounts, tables } = JSON.parse(stdout);
      assert.equal(person, id);
      assert.deepEqual(accounts, [{ platform: "slack", id: "U0ANN00001" }]);
      assert.deepEqual(Object.keys(tables).sort(), ["actors", "proposals", "turns"]);
      assert.equal(tables.turns[0].user.name, "Ann");
      assert.equal(tables.proposals[0].body.spec.requester.person, "ann");
    }
    const audit = await runHere(["audit", "export"], { cwd: home, env: { SMARTCLOUDOPS_DATA: dataDir } });
    assert.equal(audit.stdout.match(/"action":"export person"/g)?.length, 2);
  });

  it("wants a person that is known, or an account", async () => {
    const { stderr, code } = await run(["export", "nobody"]);
    assert.equal(code, 2);
    assert.match(stderr, /id of somebody under `people`, or an account as platform:id/);
  });
});

describe("person forget", () => {
  it("asks before it does, and leaves an audit that verifies and tells of nobody", async () => {
    const actor = await kept();
    const refused = await run(["forget", "ann"], "yes\n");
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /3 rows name "ann".*Type forget to go on: Nothing was changed\./s);
    const { stdout, code } = await run(["forget", "ann"], "forget\n");
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`Forgotten: 3 rows; ${actor} stands in their place`));
    const env = { SMARTCLOUDOPS_DATA: dataDir };
    assert.equal((await runHere(["audit", "verify"], { cwd: home, env })).code, 0);
    const audit = await runHere(["audit", "export"], { cwd: home, env });
    assert.doesNotMatch(audit.stdout, /U0ANN00001|"Ann"/);
    assert.match(audit.stdout, /"action":"forget person"/);
    assert.match((await run(["forget", "ann"], "forget\n")).stderr, /Nothing is stored about "ann"/);
  });

  it("finds what is kept under the name alone that a platform calls them by", async () => {
    await kept();
    const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => Date.now() / 1000 });
    const place = { platform: "slack", channel: "C1" };
    const user = { platform: "slack", id: theirs.account, name: "ann.smith" };
    await store.conversations.append({ ...place, thread: "2" }, turn("t2", { user }));
    for (const by of ["ann.smith", "Bob"])
      await store.lessons.teach(place, {
        id: by,
        word: `shop of ${by}`,
        meaning: "checkout",
        by,
        at: Date.now() / 1000,
      });
    await store.close();
    assert.equal(JSON.parse((await run(["export", "ann"])).stdout).tables.lessons?.length, 1);
    assert.equal((await run(["forget", "slack:U0ANN00001"], "forget\n")).code, 0);
    const after = openSqliteStore({ dataDir, retention: RETENTION, now: () => Date.now() / 1000 });
    const by = (await after.lessons.of(place)).map((lesson) => lesson.by);
    await after.close();
    assert.match(by[0] ?? "", /^a-/);
    assert.equal(by[1], "Bob");
  });

  it("does nothing from a pipe, beside a running bot, or while a change of theirs is not over", async () => {
    await kept("pending");
    assert.match((await run(["forget", "ann"])).stderr, /needs a terminal/);
    const bot = acquireStart(dataDir);
    assert.notEqual((await run(["forget", "ann"], "forget\n")).code, 0);
    bot.release();
    const { stderr, code } = await run(["forget", "ann"], "forget\n");
    assert.equal(code, 1);
    assert.match(stderr, /are not over.*Nothing was changed/s);
    assert.match((await run(["export", "ann"])).stdout, /"Ann"/);
  });
});
