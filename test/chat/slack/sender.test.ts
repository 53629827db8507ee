import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "vitest";
import { NeverError, NotNowError } from "../../../src/util/errors.ts";
import { FakeSlack } from "../../fakes/slack/index.ts";
import { cardFor, queued, SlackBot } from "./bot.ts";

describe("messages to Slack", () => {
  let slack: FakeSlack;
  let bot: SlackBot;
  beforeEach(async () => {
    slack = await new FakeSlack().start();
    bot = await new SlackBot(slack, "http").start();
  });
  afterEach(async () => {
    await bot.stop();
    await slack.stop();
  });
  const send = (over: Parameters<typeof queued>[0] = {}, edited?: string) =>
    bot.surface.sender.send(queued(over), edited, AbortSignal.timeout(20_000));
  const inside = (channel: string, thread = "") => ({ place: { platform: "slack", channel, thread } });
  const typesOf = (blocks: readonly Record<string, unknown>[]) => blocks.map((block) => block["type"]);

  async function failure(sending: Promise<unknown>): Promise<NotNowError | NeverError> {
    const err = await sending.then(
      () => assert.fail("it was sent"),
      (thrown: unknown) => thrown,
    );
    assert.ok(err instanceof NotNowError || err instanceof NeverError, String(err));
    return err;
  }

  it("posts with a chart, feedback and its id, and edits it later", async () => {
    const reference = await send({ answer: "a1" });
    const [message] = slack.sent("C0GENERAL1");
    assert.equal(reference, `C0GENERAL1/${message!.ts}`);
    assert.ok(typesOf(message!.blocks).includes("data_visualization"));
    assert.ok(typesOf(message!.blocks).includes("context_actions"));
    assert.deepEqual(message!.metadata, { event_type: "smartcloudops_message", event_payload: { id: "m1" } });
    assert.equal(await send({ id: "m2", card: cardFor("that") }, reference), reference);
    assert.equal(slack.sent("C0GENERAL1").length, 1);
    assert.match(slack.sent("C0GENERAL1")[0]!.text, /Answer to that/);
  });

  it("waits as long as Slack asks", async () => {
    slack.faults.push({ method: "chat.postMessage", kind: "limited", seconds: 17, times: 1 });
    const err = await failure(send());
    assert.ok(err instanceof NotNowError);
    assert.deepEqual([err.seconds, err.scope], [17, "channel"]);
    assert.equal(slack.called("chat.postMessage").length, 1);
  });

  it("finds an earlier message that arrived although its answer was lost", async () => {
    for (const place of [inside("C0GENERAL1"), inside("C0GENERAL1", "1780000001.000001")]) {
      slack.faults.push({ method: "chat.postMessage", kind: "lost", times: 1 });
      const id = `m:${place.place.thread}`;
      const before = slack.sent("C0GENERAL1").length;
      const err = await failure(send({ ...place, id }));
      assert.ok(err instanceof NotNowError && err.scope === "platform");
      const arrived = slack.sent("C0GENERAL1").at(-1)!;
      for (let n = 0; n < 3; n++) await send({ ...place, id: `other:${place.place.thread}:${n}` });
      assert.equal(await send({ ...place, id, attempts: 2 }), `C0GENERAL1/${arrived.ts}`);
      assert.equal(slack.sent("C0GENERAL1").length, before + 4);
    }
  });

  it("finds what arrived in a chat of two, which is named by the person until then", async () => {
    const place = { platform: "slack", channel: "U0ALICE001", thread: "" };
    slack.faults.push({ method: "chat.postMessage", kind: "lost", times: 1 });
    await failure(send({ place }));
    const [arrived] = slack.sent("D0ALICE001");
    assert.equal(await send({ place, attempts: 2 }), `D0ALICE001/${arrived!.ts}`);
    assert.equal(slack.sent("D0ALICE001").length, 1);
  });

  it("sends again what did not arrive", async () => {
    slack.faults.push({ method: "chat.postMessage", kind: "status", status: 503, times: 1 });
    await failure(send());
    await send({ attempts: 2 });
    assert.equal(slack.sent("C0GENERAL1").length, 1);
  });

  it("sends pictures where Slack does not draw charts", async () => {
    slack.drawsCharts = false;
    slack.pictureDelay = 1;
    await send({ answer: "a1" });
    const [message] = slack.sent("C0GENERAL1");
    const image = message!.blocks.find((block) => block["type"] === "image");
    assert.match(String(image?.["alt_text"]), /requests/);
    assert.deepEqual(bot.drawn, ["requests UTC"]);
    assert.match([...slack.uploads.values()][0]!.bytes.toString("latin1"), /PNG invented/);
    assert.equal(slack.sent("C0GENERAL1").length, 1);
  });

  it("sends text, and says so, where Slack takes no blocks of it at all", async () => {
    slack.faults.push({ method: "chat.postMessage", kind: "error", error: "invalid_blocks", times: 6 });
    await send();
    const [message] = slack.sent("C0GENERAL1");
    assert.deepEqual(typesOf(message!.blocks), ["section", "context"]);
    assert.match(JSON.stringify(message!.blocks), /Answer to it.*could not show the charts/);
  });

  it("gives up where no try can help, with the reason", async () => {
    for (const [channel, reason] of [
      ["C0ARCHIVED", "is_archived"],
      ["C0UNKNOWN", "channel_not_found"],
      ["C0NOTHERE1", "not_in_channel"],
    ] as const) {
      const err = await failure(send(inside(channel)));
      assert.ok(err instanceof NeverError);
      assert.match(err.message, new RegExp(reason));
    }
    assert.ok((await failure(send({}, "C0GENERAL1/1.2"))) instanceof NeverError);
  });

  it("stops everything, loudly, when the token is revoked", async () => {
    slack.faults.push({ method: "chat.postMessage", kind: "error", error: "token_revoked", times: 1 });
    const err = await failure(send());
    assert.ok(err instanceof NotNowError && err.scope === "platform" && err.seconds >= 60);
    assert.ok(bot.logged.some((line) => line.includes('"level":"error"') && line.includes("Install it again")));
    assert.ok(!bot.logged.join("").includes(slack.botToken));
  });

  it("waits until it is connected", async () => {
    const early = new SlackBot(slack, "http");
    const err = await failure(early.surface.sender.send(queued(), undefined, AbortSignal.timeout(1000)));
    assert.ok(err instanceof NotNowError);
  });
});
