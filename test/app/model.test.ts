import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type App, createApp, type Overrides } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/util/log.ts";
import { harbour } from "../fakes/harbour.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { type Openai, startOpenai } from "../fakes/openai/index.ts";
import { newStore } from "../fakes/world.ts";

/** The whole bot as the environment builds it, with a model of ours at the other end. */

let server: Openai;
const apps: App[] = [];
const folder = mkdtempSync(join(tmpdir(), "app-model-"));
beforeAll(async () => {
  server = await startOpenai();
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const WHY = "why is the queue manifests so long, and what does the tide have to do with it?";
const clock = () => Date.now() / 1000;

async function anApp(overrides: Overrides = {}, answerTimeoutMs?: number): Promise<App> {
  const loaded = loadConfig({
    env: {
      OPENAI_MODEL: "scripted",
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: server.url,
      SMARTCLOUDOPS_DATA: folder,
    },
    cwd: folder,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const limits = { ...loaded.config.limits, ...(answerTimeoutMs !== undefined && { answerTimeoutMs }) };
  // On a busy machine twenty calls take their time to begin: none of them is to be given up meanwhile.
  const model = { ...loaded.config.model!, callMs: 100_000 };
  const app = await createApp(
    { ...loaded.config, limits, model },
    {
      sources: [fakeMetrics({ ...harbour(), clock })],
      store: newStore(),
      log: createLog({ level: "error", secrets: [] }),
      ...overrides,
    },
  );
  apps.push(app);
  return app;
}

let count = 0;
const question = (text: string) => ({
  id: `q${++count}`,
  place: { platform: "terminal", channel: "c", thread: `t${count}` },
  user: { platform: "terminal", id: "ada", name: "ada" },
  text,
  at: clock(),
});

describe("the bot with a model", () => {
  it("answers with it by the environment alone, and counts what it took", async () => {
    const used: { kind: string; outcome: string; input: number }[] = [];
    const observer = {
      answered: () => {},
      understood: () => {},
      asked: () => {},
      modelUsed: (event: { kind: string; outcome: string; input: number }) => used.push(event),
    };
    const app = await anApp({ observer });
    server.play([
      { calls: [{ name: "query", args: { promql: "rabbitmq_queue_messages" } }] },
      { text: "The queue manifests has 640 messages." },
    ]);
    const { card, reply } = await app.ask(question(WHY));
    expect(card.blocks.find(({ kind }) => kind === "said")).toMatchObject({
      by: "scripted",
      paragraphs: ["The queue manifests has 640 messages. [1]"],
    });
    expect(reply.degraded).toBeUndefined();
    expect(used).toMatchObject([{ kind: "investigate", outcome: "answered", input: 200 }]);
  });

  it("gives the model time of its own, beyond that of an answer without one", async () => {
    const app = await anApp({}, 6000);
    server.play([{ text: "It is long.", afterMs: 7000 }]);
    const { card } = await app.ask(question(WHY));
    expect(card.blocks.some(({ kind }) => kind === "said")).toBe(true);
  }, 30_000);

  it("answers others while twenty investigations wait for the model", async () => {
    const app = await anApp({ limitPerPerson: false });
    server.play(["hangs"]);
    const stop = new AbortController();
    const waiting = Array.from({ length: 20 }, () => app.ask(question(WHY), stop.signal));
    await expect.poll(() => server.asked.length, { timeout: 60_000 }).toBe(20);
    const { reply } = await app.ask(question("cpu of quay-2"));
    expect(reply.values).toHaveLength(1);
    stop.abort();
    for (const { card } of await Promise.all(waiting)) expect(card.title).toMatch(/^Stopped/);
  }, 120_000);

  it("stops the model when the person stops the question", async () => {
    const app = await anApp();
    server.play(["hangs"]);
    const stop = new AbortController();
    const asked = app.ask(question(WHY), stop.signal);
    await expect.poll(() => server.asked.length, { timeout: 20_000 }).toBe(1);
    stop.abort();
    expect((await asked).card.title).toBe("Stopped: you cancelled this question.");
    await expect.poll(() => server.open).toBe(0);
  });

  it("says that a model is down, and answers all the same", async () => {
    const app = await anApp();
    server.play([{ status: 401, message: "sk-test is no key" }]);
    const { card, reply, failed } = await app.ask(question(WHY));
    expect(failed).toBeUndefined();
    expect(card.title).not.toBe("");
    expect(reply.degraded).toEqual([
      "The language model: it does not accept the key (HTTP 401). This is the answer without it.",
    ]);
  });
});
