import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { RETENTION } from "../contracts/store.ts";
import { CHANNEL } from "../fakes/remedy-world.ts";
import { type Cluster, startCluster } from "./cluster.ts";

/** Replicas of the whole program on one Redis share the rounds of watching. */

const WATCHES = ["latency", "errors", "traffic", "cpu", "queue", "disk", "threads", "heap"];
const EVERY = 10;
const PATIENCE = { timeout: 60_000, interval: 200 };

let missing: string | undefined;
let cluster: Cluster;
let store: Store;

beforeAll(async () => {
  const started = await startCluster(async (folder) => {
    const settings = {
      watches: WATCHES.map((name) => ({ name, promql: name, by: ["service"], direction: "up" })),
      schedules: {
        detect: { every: `${EVERY}s`, history: "13h", automatic: false, post: [{ slack: CHANNEL, severity: "info" }] },
      },
    };
    writeFileSync(join(folder, "smartcloudops.yaml"), JSON.stringify(settings));
    writeFileSync(join(folder, "asked"), "");
    return { main: fileURLToPath(new URL("./watcher.ts", import.meta.url)), env: { WATCHES: WATCHES.join(",") } };
  });
  if ("skipped" in started) missing = started.skipped;
  else cluster = started;
}, 60_000);
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});
afterAll(async () => {
  await store?.close();
  await cluster?.stop();
});

/** What was asked for from that point on. */
const asked = (from = 0) =>
  readFileSync(join(cluster.folder, "asked"), "utf8")
    .trim()
    .split("\n")
    .map((line) => /^(\w+) .*?(\w+)\)* \d+ (\d+)$/.exec(line))
    .map((found) => ({ name: found?.[1], watch: found?.[2] ?? "", end: Number(found?.[3]) }))
    .filter(({ end }) => end >= from);

it("lose and double nothing of what they watch when one of three is killed in the middle of a round", {
  timeout: 180_000,
}, async () => {
  const one = await cluster.start("one");
  store = await openRedisStore({
    ...{ url: cluster.redis.urlOf(0), dataDir: join(cluster.folder, "test"), retention: RETENTION, readOnly: true },
    now: () => Date.now() / 1000,
  });
  await expect
    .poll(async () => (await store.detection.rounds()).length, PATIENCE)
    .toBeGreaterThanOrEqual(WATCHES.length);
  const [two, three] = await Promise.all([cluster.start("two"), cluster.start("three")]);
  const since = Math.floor(Date.now() / 1000);
  await expect.poll(() => new Set(asked(since).map(({ name }) => name)).size, PATIENCE).toBe(3);

  // The orders go wrong from a point that nobody has read yet, and one replica is killed while it reads that point.
  writeFileSync(join(cluster.folder, "hang-two"), "");
  const incident = Math.ceil((Date.now() / 1000 + 2) / EVERY) * EVERY;
  writeFileSync(join(cluster.folder, "incident"), String(incident));
  await expect.poll(() => asked(incident).some(({ name }) => name === "two"), PATIENCE).toBe(true);
  const inHand = new Set(asked(incident).flatMap(({ name, watch }) => (name === "two" ? [watch] : [])));
  two.child.kill("SIGKILL");

  const found = async () => {
    const all = await store.detection.anomalies({ limit: 99 });
    return all.filter(({ kind }) => kind === "unusual");
  };
  await expect
    .poll(async () => [...new Set((await found()).map(({ watch }) => watch))].sort(), PATIENCE)
    .toEqual([...WATCHES].sort());
  for (const watch of inHand)
    expect(asked(incident).some((one) => one.watch === watch && one.name !== "two")).toBe(true);
  const messages = () => cluster.slack.sent(CHANNEL).filter(({ blocks }) => JSON.stringify(blocks).includes("orders"));
  await expect.poll(() => messages().length, PATIENCE).toBe(1);
  // In which a second message, or the same anomaly again, would have come.
  const rounds = asked().length;
  await expect.poll(() => asked().length, PATIENCE).toBeGreaterThan(rounds + WATCHES.length);
  expect(messages()).toHaveLength(1);
  expect((await found()).map(({ watch, series }) => `${watch} ${series}`).sort()).toEqual(
    [...WATCHES].sort().map((watch) => `${watch} [["service","orders"]]`),
  );
  expect([one.isAlive(), three.isAlive()]).toEqual([true, true]);
});
