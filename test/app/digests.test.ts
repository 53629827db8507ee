import { describe, expect, it } from "vitest";
import { createApp, type Overrides } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import { aNight } from "../fakes/digests.ts";
import { NOW, newStore } from "../fakes/world.ts";

/** Which questions become digests, in the whole app. */

const answered = async () =>
  ({
    card: { title: "from Prometheus", tone: "info", blocks: [] },
    reply: {
      intent: "status_overview",
      slots: {},
      reply_text: "",
      promql: [],
      values: [],
      proposed_actions: [],
      sources: [],
    },
  }) as unknown as Awaited<ReturnType<NonNullable<Overrides["answer"]>>>;

async function anApp() {
  const loaded = loadConfig({ env: { PROMETHEUS_URL: "http://127.0.0.1:1" }, cwd: "/nowhere" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const store = newStore();
  const sources = [{ name: "main" } as Metrics];
  const app = await createApp(loaded.config, { store, sources, answer: answered, clock: () => NOW });
  const ask = async (text: string) => {
    const user = { platform: "terminal", id: "ann", name: "Ann" };
    const { card, reply } = await app.ask({
      ...{ id: text, text, at: NOW, user },
      place: { platform: "terminal", channel: "ann", thread: "t" },
    });
    return `${reply.intent}: ${card.title}`;
  };
  return { app, store, ask };
}

describe("a question about what happened", () => {
  it("is a digest once alerts reach the bot, and is asked of Prometheus until then", async () => {
    const { app, store, ask } = await anApp();
    expect(await ask("what happened last night?")).toBe("status_overview: from Prometheus");
    expect(await ask("digest")).toMatch(/^digest: Daily digest: nothing to do, as far as could be asked\.$/);
    await aNight(store, NOW);
    expect(await ask("what happened last night?")).toMatch(/^status_overview: Daily digest: 1 incident that nobody/);
    expect(await ask("handover")).toMatch(/^status_overview: Handover: /);
    expect(await ask("digests")).toBe("digest: No digest is planned.");
    expect(await ask("p95 latency of orders last night")).toBe("status_overview: from Prometheus");
    await app.stop();
  });
});
