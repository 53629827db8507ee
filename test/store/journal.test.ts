import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { StoreError } from "../../src/store/errors.ts";
import { type OpenJournal, openJournal } from "../../src/store/journal.ts";

const FOREVER = fileURLToPath(new URL("./journal-forever.ts", import.meta.url));

let dataDir: string;
let opened: OpenJournal[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "journal-"));
  opened = [];
});
afterEach(async () => {
  for (const journal of opened) await journal.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(compactBytes?: number): Promise<OpenJournal> {
  const journal = await openJournal(dataDir, compactBytes === undefined ? {} : { compactBytes });
  opened.push(journal);
  return journal;
}

const file = () => join(dataDir, "executions.journal");
const k1 = { key: "k1", proposal: "p1", fence: 1 };
const k2 = { key: "k2", proposal: "p2", fence: 7 };

function fillDisk(file: string): void {
  for (const bytes of [4096, 1])
    for (let isFull = false; !isFull; )
      try {
        appendFileSync(file, Buffer.alloc(bytes));
      } catch {
        isFull = true;
      }
}

describe("the journal", () => {
  it("knows what began and has no end, also after a restart", async () => {
    const journal = await open();
    assert.deepEqual(await journal.all(), []);
    await journal.began("k1", "p1", 1);
    await journal.began("k2", "p2", 7);
    await journal.ended("k1");
    await journal.ended("never began");
    assert.deepEqual(await journal.all(), [k2]);
    await journal.close();
    assert.deepEqual(await (await open()).all(), [k2]);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
  });

  it("remembers what ended, as long as an older copy of the store could run it again, also when it is written anew", async () => {
    let now = 1000;
    const options = { compactBytes: 2000, now: () => now };
    const journal = await openJournal(dataDir, options);
    opened.push(journal);
    const ran = { outcome: "partial", startedAt: 10, endedAt: 20, until: 5000 } as const;
    const short = { outcome: "succeeded", startedAt: 10, endedAt: 20, until: 1500 } as const;
    await journal.began("k1", "p1", 1);
    await journal.ended("k1", ran);
    await journal.began("k2", "p2", 7);
    await journal.ended("k2", short);
    await journal.ended("never began", ran);
    assert.deepEqual(await journal.get("k1"), { ...k1, ran });
    assert.equal(await journal.get("never began"), undefined);
    for (let n = 0; n < 200; n++) {
      await journal.began(`x${n}`, "p", n);
      await journal.ended(`x${n}`);
    }
    assert.ok(statSync(file()).size < 4000, `${statSync(file()).size} bytes`);
    const again = await openJournal(dataDir, options);
    opened.push(again);
    assert.deepEqual(await again.all(), [
      { ...k1, ran },
      { ...k2, ran: short },
    ]);
    now = 1500;
    assert.deepEqual(await again.all(), [{ ...k1, ran }]);
  });

  it("takes the newest fence of a key that began twice, and one end for both", async () => {
    const journal = await open();
    await journal.began("k1", "p1", 1);
    await journal.began("k1", "p1", 2);
    assert.deepEqual(await journal.all(), [{ ...k1, fence: 2 }]);
    await journal.ended("k1");
    assert.deepEqual(await (await open()).all(), []);
  });

  it("has each line on the disk when it says so, in the order it was asked", async () => {
    const journal = await open();
    await Promise.all([journal.began("k1", "p1", 1), journal.ended("k1"), journal.began("k2", "p2", 7)]);
    assert.equal(
      readFileSync(file(), "utf8"),
      `${JSON.stringify(k1)}\n${JSON.stringify({ ended: "k1" })}\n${JSON.stringify(k2)}\n`,
    );
  });

  it("tolerates a last line cut off at any byte, and goes on after it", async () => {
    const journal = await open();
    await journal.began("k1", "p1", 1);
    const first = statSync(file()).size;
    await journal.began("k2", "p2", 7);
    const whole = readFileSync(file());
    for (let cut = first; cut < whole.length; cut++) {
      writeFileSync(file(), whole.subarray(0, cut));
      const after = await open();
      assert.deepEqual(await after.all(), [k1], `cut at ${cut}`);
      await after.began("k3", "p3", 1);
      await after.close();
      assert.deepEqual(
        (await (await open()).all()).map(({ key }) => key),
        ["k1", "k3"],
        `cut at ${cut}`,
      );
    }
  });

  it("takes the zeros that a power cut can leave at the end for a line cut off", async () => {
    const journal = await open();
    await journal.began("k1", "p1", 1);
    appendFileSync(file(), Buffer.alloc(300));
    assert.deepEqual(await (await open()).all(), [k1]);
    assert.equal(readFileSync(file()).includes(0), false);
  });

  it("refuses a line that was spoilt in the middle, since an open one may be lost in it", async () => {
    writeFileSync(file(), `${JSON.stringify(k1)}\n{"key":"k2","prop\n${JSON.stringify(k2)}\n`);
    await assert.rejects(open(), { name: "StoreError", problem: "corrupt", message: /line 2 .*move the file away/ });
    writeFileSync(file(), `{"key":"k2","proposal":"p","fence":"1"}\n`);
    await assert.rejects(open(), { problem: "corrupt" });
  });

  it("is written anew when it has grown, and loses nothing that is open", async () => {
    const journal = await open(2000);
    await journal.began("k2", "p2", 7);
    for (let n = 0; n < 200; n++) {
      await journal.began(`x${n}`, "p", n);
      await journal.ended(`x${n}`);
    }
    assert.ok(statSync(file()).size < 4000, `${statSync(file()).size} bytes`);
    assert.deepEqual(await journal.all(), [k2]);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.deepEqual(await (await open()).all(), [k2]);
  });

  it("says when it cannot be written, and when it was closed", async () => {
    await assert.rejects(openJournal(join(import.meta.filename, "inside")), { problem: "no-access" });
    const journal = await open();
    await journal.close();
    await assert.rejects(journal.began("k", "p", 1), { problem: "closed" });
  });

  it("says when the disk is full, and leaves no half line in the way once there is room", async (context) => {
    const mount = join(dataDir, "small");
    mkdirSync(mount);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", mount], { stdio: "pipe" });
    } catch {
      context.skip("no small disk can be mounted here");
    }
    try {
      const journal = await openJournal(mount);
      opened.push(journal);
      await journal.began("k1", "p1", 1);
      fillDisk(join(mount, "ballast"));
      let kept = 0;
      let problem: unknown;
      // The rest of the page that the file has already, and then no more: a part of the last line arrives.
      while (problem === undefined && kept < 1000)
        await journal.began(`more-${kept}`, "p".repeat(700), 7).then(
          () => kept++,
          (cause: unknown) => {
            problem = cause;
          },
        );
      assert.equal((problem as StoreError).problem, "full");
      assert.ok(kept > 2);
      rmSync(join(mount, "ballast"));
      await journal.began("k2", "p2", 7);
      await journal.close();
      const again = await openJournal(mount);
      const keys = (await again.all()).map(({ key }) => key);
      await again.close();
      assert.deepEqual(keys, ["k1", ...Array.from({ length: kept }, (_, n) => `more-${n}`), "k2"]);
    } finally {
      for (const journal of opened) await journal.close();
      execFileSync("umount", [mount]);
    }
  });

  it("has every line that it confirmed when its process is killed", async () => {
    const child = spawn(process.execPath, [FOREVER, dataDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    const confirmed: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      confirmed.push(line);
      if (confirmed.length === 60) child.kill("SIGKILL");
    }
    assert.deepEqual(await exit, [null, "SIGKILL"]);
    const kept = new Set((await (await open()).all()).map(({ key }) => key));
    assert.deepEqual(
      confirmed.filter((key) => !kept.has(key)),
      [],
    );
  });
});
