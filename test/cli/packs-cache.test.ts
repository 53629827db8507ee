import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "vitest";
import { loadKeptPacks } from "../../src/cli/packs-cache.ts";
import { loadPacks } from "../../src/metrics/packs.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): { dataDir: string; packs: string[]; kept: string } {
  const home = mkdtempSync(join(tmpdir(), "packs-"));
  folders.push(home);
  mkdirSync(join(home, "mine"));
  return { dataDir: join(home, "data"), packs: [join(home, "mine")], kept: join(home, "data", "packs.json") };
}

const pack = (name: string) => `pack: mine
concepts:
  - { id: mine.one, name: ${name}, says: [one], about: "", metrics: { m: [one_total] }, promql: "$m", unit: count, intent: metric_query }
`;

describe("kept concept packs", () => {
  it("are what the YAML says, the first time and every time after it", async () => {
    const config = newFolder();
    writeFileSync(join(config.packs[0]!, "mine.yaml"), pack("one"));
    const read = JSON.parse(JSON.stringify(await loadPacks(config.packs)));
    assert.deepEqual(JSON.parse(JSON.stringify(await loadKeptPacks(config))), read);
    assert.deepEqual(await loadKeptPacks(config), read);
    assert.equal(statSync(config.kept).mode & 0o777, 0o600);
  });

  it("are used instead of the YAML while that is unchanged, and read anew once it changes", async () => {
    const config = newFolder();
    const file = join(config.packs[0]!, "mine.yaml");
    writeFileSync(file, pack("one"));
    await loadKeptPacks(config);
    const kept = JSON.parse(readFileSync(config.kept, "utf8"));
    writeFileSync(config.kept, JSON.stringify({ ...kept, packs: { concepts: [] } }));
    assert.deepEqual(await loadKeptPacks(config), { concepts: [] });
    writeFileSync(file, pack("two"));
    utimesSync(file, 1, 1);
    assert.equal((await loadKeptPacks(config)).concepts.find(({ id }) => id === "mine.one")?.name, "two");
  });

  it("do not matter when the file is damaged or the folder cannot be written", async () => {
    const config = newFolder();
    mkdirSync(config.dataDir);
    writeFileSync(config.kept, '{"key":');
    assert.ok((await loadKeptPacks(config)).concepts.length > 0);
    assert.ok((await loadKeptPacks({ dataDir: "/dev/null/data", packs: [] })).concepts.length > 0);
  });
});
