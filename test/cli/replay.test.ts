import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION } from "../contracts/store.ts";
import { harbour } from "../fakes/harbour.ts";
import { modelOn } from "../fakes/model.ts";
import { type Reply, startOpenai } from "../fakes/openai/index.ts";
import { NOW, World } from "../fakes/world.ts";
import { runHere } from "./in-process.ts";

let home: string;
/** Ids of an answer of the templates and of one with a model's part. */
let ids: readonly [string, string];
let said: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "replay-"));
  const store = openSqliteStore({ dataDir: join(home, "data"), retention: RETENTION, now: () => NOW });
  const look: Reply = { calls: [{ name: "query", args: { promql: "rabbitmq_queue_messages" } }] };
  const server = await startOpenai((asked) => {
    if (asked.body.response_format !== undefined) return { text: '{"intent":"root_cause"}' };
    const isFirst = !asked.body.messages.some(({ role }: { role: string }) => role === "tool");
    return isFirst ? look : { text: "The queue manifests has 640 messages. It had 917 yesterday." };
  });
  const world = new World(harbour(), { store, model: modelOn(server.url) });
  const plain = await world.tell("p95 latency of ferrydesk");
  const looked = await world.tell("why is the queue manifests so long, and what does the tide have to do with it?");
  ids = [plain.reply.answer_id!, looked.reply.answer_id!];
  said = looked.reply.reply_text;
  await store.close();
  await server.stop();
});
afterAll(() => rmSync(home, { recursive: true }));

const run = (...args: string[]) =>
  runHere(["replay", ...args], { cwd: home, env: { SMARTCLOUDOPS_DATA: join(home, "data") } });

describe("replay", () => {
  it("lists what was answered, newest first, with ids", async () => {
    const listed = JSON.parse((await run("--json")).stdout) as { id: string; said: string }[];
    assert.deepEqual(new Set(listed.map(({ id }) => id)), new Set(ids));
    const { stdout, code } = await run();
    assert.equal(code, 0);
    for (const id of ids) assert.ok(stdout.includes(id));
  });

  it("draws an answer again with what the model did and what was left out of it", async () => {
    const { stdout, code } = await run(ids[1]);
    assert.equal(code, 0);
    for (const part of [
      /manifests has 640 messages\. \[1\]/,
      /Drawn again from what was stored: the same as it was given\./,
      /Question.*why is the queue manifests so long/,
      /It called query/,
      /Left out/,
      /“917” is no value that a query returned\./,
    ])
      assert.match(stdout, part);
    const json = JSON.parse((await run(ids[1], "--json")).stdout);
    assert.equal(json.reply_text, said);
    assert.equal(json.same, true);
    assert.deepEqual(
      json.sentences.map(({ kept }: { kept: boolean }) => kept),
      [true, false],
    );
    assert.equal(json.turns[0].tool, "query");
  });

  it("writes a case for the tests, which says what is expected", async () => {
    const { stdout, code } = await run(ids[1], "--to-test", "--dir", "cases");
    assert.equal(code, 0);
    const [file = ""] = readdirSync(join(home, "cases"));
    assert.ok(stdout.includes(join(home, "cases", file)));
    const written = JSON.parse(readFileSync(join(home, "cases", file), "utf8"));
    assert.equal(written.id, ids[1]);
    assert.equal(written.expect.text, said);
    assert.deepEqual(
      written.expect.sentences.map(({ kept }: { kept: boolean }) => kept),
      [true, false],
    );
  });

  it("says what is wrong with the id or the flags", async () => {
    const unknown = await run("nothing-like-it");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /there is no answer "nothing-like-it"\. "replay" lists/);
    const common = ids[0].slice(0, 1);
    if (ids[1].startsWith(common)) assert.match((await run(common)).stderr, /2 answers have an id that begins with/);
    assert.equal((await run("--to-test")).code, 2);
    assert.equal((await run(ids[0], "--dir", "x")).code, 2);
    assert.equal((await run("a", "b")).code, 2);
  });
});
