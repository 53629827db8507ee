import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "vitest";
import type { Overrides } from "../../src/app.ts";
import { isRunning } from "../../src/chat/socket/call.ts";
import { openBot } from "../../src/cli/bot.ts";
import { type Serving, serve } from "../../src/cli/serve.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { Question } from "../../src/core/chat.ts";
import type { Draft } from "../../src/core/draft.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import type { Log } from "../../src/util/log.ts";
import { aDraft } from "../fakes/drafts.ts";

import { FakeSlack } from "../fakes/slack/index.ts";

const folders: string[] = [];
const running: Serving[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop(100);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const nothing = () => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };

function newConfig(more: Record<string, string> = {}): Config {
  const folder = mkdtempSync(join(tmpdir(), "serve-"));
  folders.push(folder);
  const loaded = loadConfig({
    env: { PORT: "0", SMARTCLOUDOPS_DATA: folder, PROMETHEUS_URL: "http://127.0.0.1:1", ...more },
    cwd: folder,
  });
  assert.ok(loaded.ok);
  return loaded.config;
}

const source = (check: () => Promise<{ version: string }>) => ({ name: "main", check }) as unknown as Metrics;

/** Keeps what it was asked, and answers with a chart whose JSON has a hole. */
function fakeFlow(asked: Question[] = []): NonNullable<Overrides["answer"]> {
  return async (_deps: unknown, question: Question) => {
    asked.push(question);
    const chart = {
      title: "t",
      unit: "count",
      series: [{ name: "a", points: [[0, Number.NaN] as const, [60, 2] as const] }],
    };
    return {
      card: {
        title: `heard ${question.text}`,
        tone: "info",
        blocks: [
          { kind: "chart", chart },
          { kind: "said", by: "a model", paragraphs: ["It is long. [1]"] },
          { kind: "evidence", items: [{ promql: "up", source: "main", mark: "[1]" }] },
        ],
      },
      reply: {
        intent: "metric_query",
        slots: { n: 1 },
        reply_text: "heard",
        promql: ["up"],
        values: [],
        proposed_actions: [],
        sources: [],
      },
    };
  };
}

async function start(config: Config, overrides: Overrides = {}): Promise<Serving> {
  const sources = [source(async () => ({ version: "3.0.0" }))];
  const serving = await serve(config, {
    log,
    overrides: { answer: fakeFlow(), sources, packs: { concepts: [] }, ...overrides },
    onBrokenStore: nothing,
  });
  running.push(serving);
  return serving;
}

describe("a running bot", () => {
  it("answers a command on the same data folder over its socket, card and reply alike", async () => {
    const config = newConfig();
    const asked: Question[] = [];
    await start(config, { answer: fakeFlow(asked) });
    const bot = await openBot(config);
    assert.equal(bot.isRemote, true);
    const user = { platform: "terminal", id: "ada", name: "ada" };
    const place = { platform: "terminal", channel: "ada", thread: "cli" };
    const { card, reply } = await bot.ask({ id: "x", place, user, text: "hello", at: 0 });
    assert.equal(card.title, "heard hello");
    const [block, ...others] = card.blocks;
    assert.deepEqual(others, [
      { kind: "said", by: "a model", paragraphs: ["It is long. [1]"] },
      { kind: "evidence", items: [{ promql: "up", source: "main", mark: "[1]" }] },
    ]);
    assert.ok(block?.kind === "chart");
    assert.deepEqual(block.chart.series[0]!.points, [
      [0, Number.NaN],
      [60, 2],
    ]);
    assert.deepEqual(reply.slots, { n: 1 });
    assert.deepEqual(asked[0]!.place, place);
    assert.equal(asked[0]!.user.id, "ada");
  });

  it("shows an answer on its way to a command, which can end the look, and what a model said arrives whole", async () => {
    const config = newConfig();
    const said = { kind: "said", by: "scripted", paragraphs: ["Orders has 3 pods. [1]"] } as const;
    const evidence = { kind: "evidence", items: [{ promql: "up", source: "main", mark: "[1]" }] } as const;
    await start(config, {
      answer: async (deps, question) => {
        const { show, enough } = deps.onlooker!;
        show(aDraft("Step 1…", ["Orders has 3 pods. [1]"], question.id));
        await new Promise((resolve) => enough?.addEventListener("abort", resolve));
        const found = await fakeFlow()(deps, question, new AbortController().signal);
        return { ...found, card: { title: String(enough?.reason), tone: "info", blocks: [said, evidence] } };
      },
    });
    const bot = await openBot(config);
    const user = { platform: "terminal", id: "ada", name: "ada" };
    const place = { platform: "terminal", channel: "ada", thread: "cli" };
    const ended = new AbortController();
    const drafts: Draft[] = [];
    const show = (draft: Draft) => {
      drafts.push(draft);
      ended.abort(new Error("Stopped by you"));
    };
    const question = { id: "q7", place, user, text: "why?", at: 0 };
    const { card } = await bot.ask(question, undefined, { show, enough: ended.signal });
    assert.deepEqual(drafts, [aDraft("Step 1…", ["Orders has 3 pods. [1]"], "q7")]);
    assert.equal(card.title, "Error: Stopped by ada");
    assert.deepEqual(card.blocks, [said, evidence]);
  });

  it("is passed by when the question is about another time", async () => {
    const config = newConfig();
    await start(config);
    const bot = await openBot(config, { now: 1000, overrides: { answer: fakeFlow(), packs: { concepts: [] } } });
    assert.equal(bot.isRemote, false);
    await bot.stop();
  });

  it("refuses a second start on its data folder, and the first goes on", async () => {
    const config = newConfig();
    await start(config);
    await assert.rejects(start(config), /already running on .*process \d+/);
    assert.equal(await isRunning(config.dataDir), true);
  });

  it("leaves a free folder behind: after it stops another can start, also after a start that failed", async () => {
    const config = newConfig();
    const first = await start(config);
    const other = newConfig();
    await assert.rejects(start({ ...other, http: { ...other.http, port: first.port } }), /is taken by another program/);
    await start(other);
    await first.stop(100);
    assert.equal(await isRunning(config.dataDir), false);
    await start(config);
  });

  it("is healthy and ready with its Prometheus, and only degraded without it", async () => {
    const { port } = await start(newConfig());
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text(), "ok\n");
    const alone = await start(newConfig(), {
      sources: [source(() => Promise.reject(new Error("connection refused")))],
    });
    assert.equal(await (await fetch(`http://127.0.0.1:${alone.port}/healthz`)).text(), "degraded\n");
    const ready = await fetch(`http://127.0.0.1:${alone.port}/readyz`);
    assert.equal(ready.status, 200);
    assert.match(await ready.text(), /prometheus\/main/);
  });

  it("is ready while Slack hangs, which is named as degraded, and asks it no second time meanwhile", async () => {
    const slack = await new FakeSlack().start();
    try {
      const { port } = await start(
        newConfig({
          SLACK_API_URL: slack.apiUrl,
          SLACK_BOT_TOKEN: slack.botToken,
          SLACK_SIGNING_SECRET: slack.signingSecret,
        }),
      );
      slack.calls.length = 0;
      slack.faults.push({ method: "auth.test", kind: "hang", times: 9 });
      const look = async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
        const { dependencies } = (await answer.json()) as { dependencies: { name: string; state: string }[] };
        return [answer.status, dependencies.find(({ name }) => name.startsWith("slack"))?.state];
      };
      const [all, health] = await Promise.all([
        Promise.all(Array.from({ length: 50 }, look)),
        fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.text()),
      ]);
      for (const one of all) assert.deepEqual(one, [200, "degraded"]);
      assert.equal(health, "degraded\n");
      assert.equal(slack.called("auth.test").length, 1);
    } finally {
      await slack.stop();
    }
  });

  it("counts what it answered in its own metrics", async () => {
    const config = newConfig();
    const serving = await start(config);
    const user = { platform: "terminal", id: "ada", name: "ada" };
    await serving.app.ask({
      id: "x",
      place: { platform: "terminal", channel: "ada", thread: "t" },
      user,
      text: "hi",
      at: 0,
    });
    const metrics = await (await fetch(`http://127.0.0.1:${serving.port}/metrics`)).text();
    assert.match(
      metrics,
      /smartcloudops_questions_total\{intent="metric_query",platform="terminal",outcome="answered"\} 1/,
    );
  });
});

describe("a bot in the command's own process", () => {
  it("keeps the conversation in memory when the data folder cannot be used, and says so", async () => {
    const config = { ...newConfig(), dataDir: "/dev/null/data" };
    const bot = await openBot(config, { overrides: { answer: fakeFlow(), packs: { concepts: [] } } });
    const user = { platform: "terminal", id: "ada", name: "ada" };
    const { reply } = await bot.ask({
      id: "x",
      place: { platform: "terminal", channel: "ada", thread: "t" },
      user,
      text: "hi",
      at: 0,
    });
    assert.match(reply.degraded?.[0] ?? "", /^This conversation is not kept: \/dev\/null\/data/);
    await bot.stop();
  });
});
