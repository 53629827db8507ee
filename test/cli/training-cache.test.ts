import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it, vi } from "vitest";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "training-"));
  folders.push(folder);
  return folder;
}

/** The modules as a new process has them: nothing learnt yet. */
async function fresh() {
  vi.resetModules();
  const { useKeptTraining } = await import("../../src/cli/training-cache.ts");
  const { classify, keptTraining } = await import("../../src/core/language/classify.ts");
  return { useKeptTraining, classify, keptTraining };
}

const QUESTIONS = ["p95 latency of <service>", "restart <service>", "wie geht es <service>", "hallo", "xyzzy <name>"];

describe("kept training", () => {
  it("reads every question just as learning does", async () => {
    const folder = newFolder();
    const first = await fresh();
    const keep = await first.useKeptTraining(folder);
    const learnt = QUESTIONS.map((text) => first.classify(text));
    await keep();
    assert.equal(statSync(join(folder, "training.bin")).mode & 0o777, 0o600);

    const second = await fresh();
    await second.useKeptTraining(folder);
    assert.ok(second.keptTraining() !== undefined, "it was to be learnt again");
    assert.deepEqual(
      QUESTIONS.map((text) => second.classify(text)),
      learnt,
    );
  });

  it("is not written by who learnt nothing", async () => {
    const folder = newFolder();
    const keep = await (await fresh()).useKeptTraining(folder);
    await keep();
    assert.throws(() => statSync(join(folder, "training.bin")), /ENOENT/);
  });

  it("does not matter when it is of other phrases, cut short or damaged, or the folder cannot be used", async () => {
    const folder = newFolder();
    const file = join(folder, "training.bin");
    const first = await fresh();
    const keep = await first.useKeptTraining(folder);
    first.classify("hello");
    await keep();
    const whole = readFileSync(file);
    const otherPhrases = Buffer.from(whole);
    otherPhrases[10]! ^= 1;
    const otherLayout = Buffer.from(whole);
    const mark = whole.indexOf(Buffer.from(Int32Array.of(0x5c0c1a01).buffer));
    assert.ok(mark > 0);
    otherLayout[mark]! ^= 1;
    for (const bytes of [otherPhrases, otherLayout, whole.subarray(0, -4), whole.subarray(0, 100), Buffer.alloc(0)]) {
      writeFileSync(file, bytes);
      const next = await fresh();
      await next.useKeptTraining(folder);
      assert.ok(next.keptTraining() === undefined, "a damaged file was believed");
      assert.equal(next.classify("hello").ranked[0]?.intent, "smalltalk");
    }
    const nowhere = await (await fresh()).useKeptTraining("/dev/null/data");
    await nowhere();
  });
});
