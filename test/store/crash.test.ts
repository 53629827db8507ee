import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, it } from "vitest";
import { acquireStart } from "../../src/store/lock.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { RETENTION } from "../contracts/store.ts";

const APPENDER = fileURLToPath(new URL("./append-forever.ts", import.meta.url));
const TAKER = fileURLToPath(new URL("./take-forever.ts", import.meta.url));
const PLACE = { platform: "terminal", channel: "local", thread: "t" };

describe("a bot that is killed without warning", () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "crash-"));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  /** Starts the child and kills it with SIGKILL when it has said that it stored `count` things. */
  async function killAfter(count: number, program = APPENDER): Promise<string[]> {
    const child = spawn(process.execPath, [program, dataDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === count) child.kill("SIGKILL");
    }
    const [code, signal] = await exit;
    assert.deepEqual([code, signal], [null, "SIGKILL"]);
    return acknowledged;
  }

  it("has every turn that it confirmed, and starts again on the same folder at once", async () => {
    const before: string[] = [];
    for (const count of [1, 40, 150]) {
      const acknowledged = await killAfter(count);
      assert.ok(acknowledged.length >= count);
      before.push(...acknowledged);
      const lock = acquireStart(dataDir);
      const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => 0 });
      const kept = new Set((await store.conversations.recent(PLACE, 1_000_000)).map((turn) => turn.id));
      await store.close();
      lock.release();
      assert.deepEqual(
        before.filter((id) => !kept.has(id)),
        [],
      );
    }
  });

  it("has every event that it took, each with its body and once", async () => {
    const before: string[] = [];
    for (const count of [1, 100, 400]) {
      before.push(...(await killAfter(count, TAKER)));
      const store = openSqliteStore({ dataDir, retention: RETENTION, now: () => 0 });
      const left = await store.inbox.left("slack");
      await store.close();
      const kept = new Set(left.map(({ id }) => id));
      assert.equal(kept.size, left.length);
      assert.deepEqual(
        before.filter((id) => !kept.has(id)),
        [],
      );
      for (const { id, body } of left) assert.deepEqual(JSON.parse(body), { text: id });
    }
  });

  it("holds its folder against a second start while it lives, and names its process", async () => {
    const child = spawn(process.execPath, [APPENDER, dataDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    assert.throws(
      () => acquireStart(dataDir),
      (error: Error) => error.message.includes(dataDir) && error.message.includes(`process ${child.pid}`),
    );
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
    acquireStart(dataDir).release();
  });
});

describe("the start lock", () => {
  it("is taken once at a time, also within one process, and again after its release", () => {
    const dataDir = mkdtempSync(join(tmpdir(), "lock-"));
    try {
      const lock = acquireStart(dataDir);
      assert.throws(() => acquireStart(dataDir), { problem: "in-use" });
      lock.release();
      lock.release();
      acquireStart(dataDir).release();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it("says so when the data folder cannot be one", () => {
    assert.throws(() => acquireStart(join(import.meta.filename, "inside")), { problem: "no-access" });
  });
});
