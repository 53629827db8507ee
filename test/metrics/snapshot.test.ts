import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nock from "nock";
import { afterEach, describe, expect, it } from "vitest";
import { createPrometheus, type Prometheus } from "../../src/metrics/prometheus.ts";
import { readSnapshot, type Snapshot, writeSnapshot } from "../../src/metrics/snapshot.ts";

const NOW = 1_700_000_000;
const KEY = { name: "prod", url: "http://ada:pa55word@prometheus.test:9090" };
const SNAPSHOT: Snapshot = {
  at: NOW,
  written: NOW + 5,
  version: "3.2.1",
  genuine: true,
  facts: {
    metrics: new Map([
      ["up", new Map([["job", new Set(["cart", "line\nbreak", "__proto__"])]])],
      ["__proto__", new Map([["constructor", new Set(["a"])]])],
      ["bare", new Map()],
    ]),
    metadata: new Map([
      ["up", { type: "gauge", help: "Is it up?", unit: "" }],
      ["only_described", { type: "counter", help: "ü", unit: "bytes" }],
    ]),
    skipped: ["huge"],
  },
};

const folders: string[] = [];
const opened: Prometheus[] = [];
afterEach(async () => {
  for (const source of opened.splice(0)) await source.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  nock.cleanAll();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "snapshot-"));
  folders.push(folder);
  return folder;
}

describe("a snapshot of what exists", () => {
  it("comes back as it was, from a file for its owner alone that tells no address", async () => {
    const folder = join(newFolder(), "data");
    await writeSnapshot(folder, KEY, SNAPSHOT);
    expect(await readSnapshot(folder, KEY)).toEqual(SNAPSHOT);
    const [file, ...more] = readdirSync(folder).map((name) => join(folder, name));
    expect(more).toEqual([]);
    expect(statSync(file!).mode & 0o777).toBe(0o600);
    expect(`${file} ${readFileSync(file!, "utf8")}`).not.toMatch(/pa55word|prometheus\.test/);
  });

  it("is of one source only: another name, address or tenant has its own", async () => {
    const folder = newFolder();
    await writeSnapshot(folder, KEY, SNAPSHOT);
    expect(await readSnapshot(folder, { ...KEY, name: "test" })).toBeUndefined();
    expect(await readSnapshot(folder, { ...KEY, url: "http://other.test" })).toBeUndefined();
    expect(await readSnapshot(folder, { ...KEY, headers: { "X-Scope-OrgID": "b" } })).toBeUndefined();
  });

  it("is as good as none when it is cut short, damaged or of another form, or there is no folder", async () => {
    const folder = newFolder();
    await writeSnapshot(folder, KEY, SNAPSHOT);
    const file = join(folder, readdirSync(folder)[0]!);
    const whole = readFileSync(file, "utf8");
    const lines = whole.split("\n");
    const broken = [
      "",
      "null",
      lines.slice(0, -1).join("\n"),
      whole.slice(0, -3),
      whole.replace('"form":1', '"form":2'),
      whole.replace('"gauge"', "7"),
      whole.replace('["job",', '["job",["a"],'),
      whole.replace('"version":"3.2.1",', ""),
    ];
    for (const text of broken) {
      expect(text).not.toBe(whole);
      writeFileSync(file, text);
      expect(await readSnapshot(folder, KEY), text).toBeUndefined();
    }
    expect(await readSnapshot("/nowhere/at/all", KEY)).toBeUndefined();
    await writeSnapshot("/dev/null/data", KEY, SNAPSHOT);
  });
});

describe("the Prometheus client with snapshots", () => {
  /** A Prometheus that knows these metrics of the service `cart`, and counts how often it is asked what exists. */
  function prometheusWith(...names: string[]): { asked: number } {
    const counted = { asked: 0 };
    const ok = (data: unknown) => ({ status: "success", data });
    const server = nock("http://prometheus.test:9090").persist();
    server.get("/api/v1/status/buildinfo").reply(200, ok({ version: "3.2.1" }));
    server.get("/api/v1/metadata").reply(200, ok({}));
    server
      .get("/api/v1/label/__name__/values")
      .query(true)
      .reply(200, () => {
        counted.asked++;
        return ok(names);
      });
    server.post("/api/v1/series").reply(200, ok(names.map((name) => ({ __name__: name, service: "cart" }))));
    return counted;
  }

  function client(folder: string, { clock = NOW, wall = NOW }: { clock?: number; wall?: number } = {}): Prometheus {
    const source = createPrometheus(
      { name: "prod", url: "http://prometheus.test:9090", snapshots: { folder, wall: () => wall } },
      { clock: () => clock, random: () => 0 },
    );
    opened.push(source);
    return source;
  }

  async function namesOf(source: Prometheus): Promise<string[]> {
    return [...(await source.catalogue()).metrics.keys()];
  }

  it("knows at once what the last one read, for as long as a refresh would be good", async () => {
    const folder = newFolder();
    prometheusWith("up", "orders_total");
    const first = client(folder);
    expect(await namesOf(first)).toEqual(["up", "orders_total"]);
    await first.stop();
    nock.cleanAll();
    const later = prometheusWith("up");
    const second = client(folder, { clock: NOW + 299, wall: NOW + 299 });
    expect(await namesOf(second)).toEqual(["up", "orders_total"]);
    expect((await second.catalogue()).refreshedAt).toBe(NOW);
    expect((await second.catalogue()).named("cart")).toHaveLength(1);
    expect(later.asked).toBe(0);
    const third = client(folder, { clock: NOW + 301, wall: NOW + 301 });
    expect(await namesOf(third)).toEqual(["up"]);
    expect(later.asked).toBe(1);
  });

  it("reads anew where either clock stands elsewhere: another time is asked about, or the file is old", async () => {
    const folder = newFolder();
    const server = prometheusWith("up");
    for (const clocks of [{}, { clock: NOW - 1 }, { clock: NOW + 3600 }, { wall: NOW + 3600 }, { wall: NOW - 1 }]) {
      await writeSnapshot(folder, { name: "prod", url: "http://prometheus.test:9090" }, SNAPSHOT_NOW);
      const before = server.asked;
      await namesOf(client(folder, clocks));
      expect(server.asked - before, JSON.stringify(clocks)).toBe(Object.keys(clocks).length);
    }
  });

  it("says when something new may be missing: over a minute after it was written, and never after a reading", async () => {
    const folder = newFolder();
    prometheusWith("up", "new_total");
    const key = { name: "prod", url: "http://prometheus.test:9090" };
    await writeSnapshot(folder, key, SNAPSHOT_NOW);
    expect(await client(folder, { wall: NOW + 60 }).mayLackNew()).toBe(false);
    const old = client(folder, { wall: NOW + 61 });
    expect(await old.mayLackNew()).toBe(true);
    expect(await namesOf(old)).not.toContain("new_total");
    await old.refresh();
    expect(await old.mayLackNew()).toBe(false);
    expect(await namesOf(old)).toContain("new_total");
    mkdirSync(join(folder, "empty"));
    expect(await client(join(folder, "empty"), { wall: NOW + 61 }).mayLackNew()).toBe(false);
  });

  const SNAPSHOT_NOW: Snapshot = { ...SNAPSHOT, written: NOW };
});
