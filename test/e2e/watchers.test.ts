import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Store } from "../../src/ports.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { RETENTION } from "../contracts/store.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";
import { CHANNEL } from "../fakes/remedy-world.ts";
import { FakeSlack } from "../fakes/slack/index.ts";

/** Replicas of the whole program on one Redis share the rounds of watching. */

const MAIN = fileURLToPath(new URL("./watcher.ts", import.meta.url));
const WATCHES = ["latency", "errors", "traffic", "cpu", "queue", "disk", "threads", "heap"];
const EVERY = 10;
const PATIENCE = { timeout: 60_000, interval: 200 };

const folder = mkdtempSync(join(tmpdir(), "watchers-"));
const children = new Map<string, ChildProcess>();
const said: string[] = [];
let missing: string | undefined;
let redis: RedisProgram;
let slack: FakeSlack;
let store: Store;

beforeAll(async () => {
  const started = await startRedis({ keeps: true });
  if ("skipped" in started) {
    missing = started.skipped;
    return;
  }
  redis = started;
  slack = await new FakeSlack().start();
  const settings = {
    watches: WATCHES.map((name) => ({ name, promql: name, by: ["service"], direction: "up" })),
    schedules: {
      detect: { every: `${EVERY}s`, history: "13h", automatic: false, post: [{ slack: CHANNEL, severity: "info" }] },
    },
  };
  writeFileSync(join(folder, "smartcloudops.yaml"), JSON.stringify(settings));
  writeFileSync(join(folder, "asked"), "");
}, 60_000);
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});
afterAll(async () => {
    console.log(
      said.join("\n"),
      readFileSync(join(folder, "asked"), "utf8"),
      JSON.stringify(
        slack.sent(CHANNEL).map(({ text, blocks }) => [text, blocks]),
        null,
        1,
      ),
      JSON.stringify(await store.detection.anomalies({ limit: 99 }), null, 1),
    );
  await store?.close();
  for (const child of children.values()) child.kill("SIGKILL");
  await Promise.all([slack?.stop(), redis?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(name: string): Promise<void> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      NAME: name,
      WATCHES: WATCHES.join(","),
      SMARTCLOUDOPS_DATA: join(folder, name),
      SMARTCLOUDOPS_CONFIG: "smartcloudops.yaml",
      REDIS_URL: redis.urlOf(0).reveal(),
      PROMETHEUS_URL: "http://127.0.0.1:1",
      PORT: "0",
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.set(name, child);
  createInterface({ input: child.stderr }).on("line", (line) => said.push(`${name} ${line}`));
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`replica ${name} ended: ${said.join("\n")}`)));
  ended.catch(() => undefined); // one is killed later on
  await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
}

/** What was asked for from that point on. */
const asked = (from = 0) =>
  readFileSync(join(folder, "asked"), "utf8")
    .trim()
    .split("\n")
    .map((line) => /^(\w+) .*?(\w+)\)* \d+ (\d+)$/.exec(line))
    .map((found) => ({ name: found?.[1], watch: found?.[2] ?? "", end: Number(found?.[3]) }))
    .filter(({ end }) => end >= from);

it("lose and double nothing of what they watch when one of three is killed in the middle of a round", {
  timeout: 180_000,
}, async () => {
  await start("one");
  store = await openRedisStore({
    ...{ url: redis.urlOf(0), dataDir: join(folder, "test"), retention: RETENTION, readOnly: true },
    now: () => Date.now() / 1000,
  });
  await expect
    .poll(async () => (await store.detection.rounds()).length, PATIENCE)
    .toBeGreaterThanOrEqual(WATCHES.length);
  await Promise.all([start("two"), start("three")]);
  const since = Math.floor(Date.now() / 1000);
  await expect.poll(() => new Set(asked(since).map(({ name }) => name)).size, PATIENCE).toBe(3);

  // The orders go wrong from a point that nobody has read yet, and one replica is killed while it reads that point.
  writeFileSync(join(folder, "hang-two"), "");
  const incident = Math.ceil((Date.now() / 1000 + 2) / EVERY) * EVERY;
  writeFileSync(join(folder, "incident"), String(incident));
  await expect.poll(() => asked(incident).some(({ name }) => name === "two"), PATIENCE).toBe(true);
  const inHand = new Set(asked(incident).flatMap(({ name, watch }) => (name === "two" ? [watch] : [])));
  children.get("two")?.kill("SIGKILL");

  const found = async () => {
    const all = await store.detection.anomalies({ limit: 99 });
    return all.filter(({ kind }) => kind === "unusual");
  };
  await expect
    .poll(async () => [...new Set((await found()).map(({ watch }) => watch))].sort(), PATIENCE)
    .toEqual([...WATCHES].sort());
  for (const watch of inHand)
    expect(asked(incident).some((one) => one.watch === watch && one.name !== "two")).toBe(true);
  const messages = () => slack.sent(CHANNEL).filter(({ blocks }) => JSON.stringify(blocks).includes("orders"));
  await expect.poll(() => messages().length, PATIENCE).toBe(1);
  // In which a second message, or the same anomaly again, would have come.
  const rounds = asked().length;
  await expect.poll(() => asked().length, PATIENCE).toBeGreaterThan(rounds + WATCHES.length);
  expect(messages()).toHaveLength(1);
  expect((await found()).map(({ watch, series }) => `${watch} ${series}`).sort()).toEqual(
    [...WATCHES].sort().map((watch) => `${watch} [["service","orders"]]`),
  );
  expect(children.get("one")?.exitCode ?? children.get("three")?.exitCode).toBe(null);
});
