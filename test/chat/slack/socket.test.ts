import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "vitest";
import { eventBody, FakeSlack, mentionEvent } from "../../fakes/slack/index.ts";
import { SlackBot, until } from "./bot.ts";

describe("the bot on Slack's socket", () => {
  let slack: FakeSlack;
  let bot: SlackBot;
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);
  beforeEach(async () => {
    rejections.length = 0;
    process.on("unhandledRejection", note);
    slack = await new FakeSlack().start();
    bot = new SlackBot(slack, "socket");
  });
  afterEach(async () => {
    await bot.stop();
    await slack.stop();
    process.off("unhandledRejection", note);
    assert.deepEqual(rejections, []);
  });

  it("comes back when Slack asks for it, and when the network fails", async () => {
    await bot.start();
    slack.refresh();
    await until(() => slack.socketsOpened === 2 && slack.openSockets === 1, "a second socket");
    slack.dropSockets();
    await until(() => slack.socketsOpened === 3 && slack.openSockets === 1, "a third socket");
    await slack.deliver("events_api", eventBody(mentionEvent("status")));
    await until(() => bot.asked.length === 1, "it is asked");
  });

  it("keeps trying when it cannot come back at once, and answers what waited", async () => {
    await bot.start();
    slack.faults.push({ method: "apps.connections.open", kind: "status", status: 503, times: 2 });
    slack.dropSockets();
    await until(() => slack.openSockets === 0, "gone");
    await assert.rejects(bot.surface.check(AbortSignal.timeout(1000)), /not connected/);
    const attempts = slack.deliver("events_api", eventBody(mentionEvent("status")));
    assert.ok((await attempts) >= 1);
    await until(() => bot.asked.length === 1, "it is asked");
    await bot.surface.check(AbortSignal.timeout(1000));
  });

  it("lets Slack send again what it could not note", async () => {
    await bot.start();
    bot.storeFails = true;
    const attempts = slack.deliver("events_api", eventBody(mentionEvent("status")));
    await until(() => bot.logged.some((line) => line.includes("could not be noted")), "it failed");
    bot.storeFails = false;
    assert.ok((await attempts) >= 2);
    await until(() => bot.asked.length === 1, "it is asked");
  });

  it("outlives frames that are no events", async () => {
    await bot.start();
    const frames = ["", "{", "null", "[]", '{"type":"events_api"}', '{"type":"events_api","payload":{"event":null}}'];
    for (const frame of [...frames, '{"type":"interactive","payload":null,"envelope_id":"e"}']) slack.frame(frame);
    await slack.deliver("interactive", { type: "block_actions", actions: [] });
    await slack.deliver("events_api", eventBody(mentionEvent("status")));
    await until(() => bot.asked.length === 1, "it is asked");
  });

  it("says how to cure a refused token, and tries other trouble again", async () => {
    slack.faults.push({ method: "auth.test", kind: "error", error: "invalid_auth", times: 1 });
    await assert.rejects(bot.start(), /SLACK_BOT_TOKEN/);
    slack.faults.push({ method: "apps.connections.open", kind: "status", status: 500, times: 1 });
    await bot.start();
    await until(() => slack.openSockets === 1, "connected in the end");
  });
});
