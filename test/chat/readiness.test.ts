import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Surface } from "../../src/ports/chat.ts";
import { type BotFramework, startBotFramework } from "../fakes/bot-framework/index.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { SlackBot } from "./slack/bot.ts";
import { openTeams } from "./teams/world.ts";

/** Time enough for any answer here; a check that would wait for a platform that hangs runs into it. */
const check = (surface: Surface) => surface.check(AbortSignal.timeout(8000));

describe("whether Slack can be reached", () => {
  let slack: FakeSlack;
  let bot: SlackBot;
  let now = 1_790_000_000;
  beforeEach(async () => {
    slack = await new FakeSlack().start();
    bot = new SlackBot(slack, "http");
    bot.clock = () => now;
    await bot.start();
    slack.calls.length = 0;
  });
  afterEach(async () => {
    await bot.stop();
    await slack.stop();
  });
  const asked = () => slack.called("auth.test").length;

  it("is asked once for a storm of requests, and again after a while", async () => {
    await Promise.all(Array.from({ length: 200 }, () => check(bot.surface)));
    for (let i = 0; i < 44; i++) {
      now++;
      await check(bot.surface);
    }
    expect(asked()).toBe(1);
    now++;
    await check(bot.surface);
    expect(asked()).toBe(2);
  });

  it("is told though Slack hangs, however many ask, with one question to Slack", async () => {
    slack.faults.push({ method: "auth.test", kind: "hang", times: 1 });
    const first = Promise.allSettled(Array.from({ length: 50 }, () => check(bot.surface)));
    for (const { reason } of (await first) as PromiseRejectedResult[]) expect(String(reason)).toMatch(/not answered/);
    now += 3;
    await expect(check(bot.surface)).rejects.toThrow(/not answered within 2 s/);
    expect(asked()).toBe(1);
  });

  it("is found out soon after Slack is back, and says what is wrong till then", async () => {
    slack.faults.push({ method: "auth.test", kind: "error", error: "token_revoked", times: 1 });
    await expect(check(bot.surface)).rejects.toThrow(/Install it again/);
    await expect(check(bot.surface)).rejects.toThrow(/Install it again/);
    now += 15;
    await check(bot.surface);
    expect(asked()).toBe(2);
  });

  it("is not asked before the bot is connected", async () => {
    const early = new SlackBot(slack, "http");
    await expect(check(early.surface)).rejects.toThrow(/not started/);
    expect(asked()).toBe(0);
  });
});

describe("whether Teams can be reached", () => {
  let framework: BotFramework;
  let now: number;
  beforeEach(async () => {
    framework = await startBotFramework();
    now = Date.now() / 1000;
  });
  afterEach(() => framework.close());

  it("needs no new login while the bot's token is good", async () => {
    const { surface } = await openTeams(framework, { clock: () => now });
    const { tokens } = framework.counts; // one, from the start
    for (let i = 0; i < 5; i++) {
      now += 60;
      await check(surface);
    }
    expect(framework.counts.tokens).toBe(tokens);
  });

  it("is asked of the login server once for all, and again after a while, when there is no token", async () => {
    framework.state.login = 503;
    const { surface } = await openTeams(framework, { clock: () => now });
    const { tokens } = framework.counts;
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => check(surface)));
    expect(all.every(({ status }) => status === "rejected")).toBe(true);
    expect(framework.counts.tokens).toBe(tokens + 1);
    framework.state.login = 200;
    now += 15;
    await check(surface);
    expect(framework.counts.tokens).toBe(tokens + 2);
  });
});
