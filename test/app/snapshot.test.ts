import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nock from "nock";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type App, createApp, type Overrides } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import type { Question } from "../../src/core/chat.ts";
import { createMemoryStore } from "../../src/store/memory.ts";

const URL_ = "http://prometheus.test:9090";
const PLACE = { platform: "terminal", channel: "ada", thread: "t" };
const USER = { platform: "terminal", id: "ada", name: "ada" };

const folder = mkdtempSync(join(tmpdir(), "app-snapshot-"));
const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
  nock.cleanAll();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** Only these services exist. */
function prometheusWith(...services: string[]): void {
  nock.cleanAll();
  const ok = (data: unknown) => ({ status: "success", data });
  const server = nock(URL_).persist();
  server.get("/api/v1/status/buildinfo").reply(200, ok({ version: "3.2.1" }));
  server.get("/api/v1/metadata").reply(200, ok({}));
  server
    .get("/api/v1/label/__name__/values")
    .query(true)
    .reply(200, ok(["up"]));
  server.post("/api/v1/series").reply(200, ok(services.map((service) => ({ __name__: "up", service }))));
}

/** Says whether it knows the name that the question is, and remembers having been asked. */
type Flow = NonNullable<Overrides["answer"]>;
const flow = (async (...[deps, question, signal]: Parameters<Flow>) => {
  const [source] = deps.sources;
  const found = (await source!.catalogue(signal)).named(question.text);
  await deps.store.conversations.append(question.place, {
    id: question.id,
    at: question.at,
    author: "bot",
    user: undefined,
    text: found.length > 0 ? "known" : "unknown",
    memory: undefined,
  });
  const slots = found.length > 0 ? {} : { unknown: [question.text] };
  const text = found.length > 0 ? "known" : "unknown";
  const reply = { intent: "metric_query", slots, reply_text: text, promql: [], values: [], proposed_actions: [] };
  return { card: { title: text, tone: "info", blocks: [] }, reply: { ...reply, sources: [{ readings: 1 }] } };
}) as unknown as Flow;

async function newApp() {
  const loaded = loadConfig({
    env: { PROMETHEUS_URL: URL_, SMARTCLOUDOPS_DATA: folder, LOG_LEVEL: "error" },
    cwd: "/nowhere",
  });
  if (!loaded.ok) throw new Error("the configuration is wrong");
  const store = createMemoryStore({ retention: loaded.config.limits.retentionSeconds });
  const app = await createApp(loaded.config, { store, answer: flow, packs: { concepts: [] } });
  apps.push(app);
  const ask = async (text: string) => {
    const question: Question = { id: text, place: PLACE, user: USER, text, at: Date.now() / 1000 };
    const { reply } = await app.ask(question);
    const kept = await store.conversations.recent(PLACE, 10);
    return { said: reply.reply_text, kept: kept.map((turn) => turn.text) };
  };
  return { app, ask };
}

describe("an app that begins with a snapshot", () => {
  it("looks again before it says that a name is unknown, once the snapshot is over a minute old", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    prometheusWith("cart");
    const first = await newApp();
    expect(await first.ask("cart")).toEqual({ said: "known", kept: ["known"] });
    await first.app.stop();

    prometheusWith("cart", "newcomer");
    vi.setSystemTime(Date.now() + 59_000);
    expect(await (await newApp()).ask("newcomer")).toEqual({ said: "unknown", kept: ["unknown"] });
    vi.setSystemTime(Date.now() + 2_000);
    expect(await (await newApp()).ask("newcomer")).toEqual({ said: "known", kept: ["known"] });
  });

  it("answers a known name from it, and an unknown one too while Prometheus is out of reach, and keeps the answer", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    prometheusWith("cart");
    const first = await newApp();
    await first.ask("cart");
    await first.app.stop();
    nock.cleanAll();
    nock(URL_).persist().get(/.*/).query(true).reply(403, "no");
    vi.setSystemTime(Date.now() + 120_000);
    const second = await newApp();
    expect(await second.ask("cart")).toEqual({ said: "known", kept: ["known"] });
    expect(await second.ask("newcomer")).toEqual({ said: "unknown", kept: ["known", "unknown"] });
  });
});
