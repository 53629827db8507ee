import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { createThread } from "../../src/util/thread.ts";

const folder = mkdtempSync(join(tmpdir(), "thread-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, "counter.mjs");
writeFileSync(
  file,
  `let calls = 0;
   export const count = (by) => (calls += by);
   export const wrong = () => { throw new RangeError("too much"); };
   export const die = () => process.exit(3);
   export const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };`,
);

describe("a thread", () => {
  it("keeps what its file knows between calls, and rejects as a call does", async () => {
    const thread = createThread(pathToFileURL(file), () => {});
    try {
      expect(await thread.run("count", 2)).toBe(2);
      expect(await thread.run("count", 3)).toBe(5);
      await expect(thread.run("wrong", undefined)).rejects.toThrow("too much");
      expect(await thread.run("count", 1)).toBe(6);
    } finally {
      await thread.close();
    }
  });

  it("lets the event loop go on while it is busy", async () => {
    const thread = createThread(pathToFileURL(file), () => {});
    try {
      await thread.run("count", 1);
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      await thread.run("busy", 300);
      clearInterval(timer);
      expect(turns).toBeGreaterThan(10);
    } finally {
      await thread.close();
    }
  });

  it("rejects what is under way when it dies, and goes on with another one that knows nothing", async () => {
    const thread = createThread(pathToFileURL(file), () => {});
    try {
      await thread.run("count", 4);
      await expect(thread.run("die", undefined)).rejects.toThrow();
      expect(await thread.run("count", 1)).toBe(1);
    } finally {
      await thread.close();
    }
  });
});
