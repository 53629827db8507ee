import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { Onlooker } from "../../../src/ports/chat.ts";
import { aDraft, FINISHED } from "../../fakes/drafts.ts";
import { clickBody, directEvent, eventBody, FakeSlack, mentionEvent } from "../../fakes/slack/index.ts";
import { SlackBot, until } from "./bot.ts";

const THREAD = "1779999999.000001";
const IN_THREAD = { thread_ts: THREAD };

describe("an answer on its way in Slack", () => {
  let slack: FakeSlack;
  let bot: SlackBot;
  let onlooker: Onlooker | undefined;
  let finish: () => void;
  beforeEach(async () => {
    slack = await new FakeSlack().start();
    bot = await new SlackBot(slack, "http").start();
    onlooker = undefined;
    const done = Promise.withResolvers<void>();
    finish = done.resolve;
    bot.answer = async (_, looking) => {
      onlooker = looking;
      await done.promise;
      return { card: FINISHED };
    };
  });
  afterEach(async () => {
    finish();
    await bot.stop();
    await slack.stop();
  });

  async function ask(event: Record<string, unknown>): Promise<Onlooker> {
    await bot.post(slack.signed(eventBody(event), Math.floor(Date.now() / 1000)));
    await until(() => onlooker !== undefined, "the question is being answered");
    return onlooker!;
  }
  const messages = (channel: string) => slack.sent(channel);
  const edited = () => slack.called("chat.update").length;
  const appended = () => slack.called("chat.appendStream").length;
  const answered = async (channel: string) => {
    finish();
    await until(() => [...bot.outbox.keys()].some((id) => id.startsWith("answer:")), "the answer waits");
    await bot.deliver();
    return messages(channel).filter(({ text }) => text.includes("Orders is slow"));
  };
  const clickOn = (channel: string, over: Record<string, unknown> = {}) => {
    const stored = messages(channel)[0]!;
    const actions = stored.blocks.find(({ type }) => type === "actions") as { elements: { value: string }[] };
    const element = { ...actions.elements[0]!, type: "button", action_id: "enough:0" };
    return bot.post(
      slack.signed(
        clickBody(element, { channel: { id: channel }, message: { ts: stored.ts }, ...over }),
        Math.floor(Date.now() / 1000),
        "click",
      ),
    );
  };

  it("says nothing by itself when there is nothing on the way", async () => {
    await ask(mentionEvent("why?"));
    await answered("C0GENERAL1");
    assert.equal(messages("C0GENERAL1").length, 1);
    assert.equal(edited(), 0);
  });

  it("is one message in a channel, edited as it goes on and at last into the answer", async () => {
    const { show } = await ask(mentionEvent("why?"));
    show(aDraft("Looking (step 1 of at most 8)…"));
    await until(() => messages("C0GENERAL1").length === 1, "the first draft is there");
    assert.match(JSON.stringify(messages("C0GENERAL1")[0]!.blocks), /P95 latency.*step 1 of.*Stop looking/);
    show(aDraft("Looking (step 2 of at most 8)…", ["Orders has 3 pods. [1]"]));
    await until(() => edited() === 1, "the second is shown");
    assert.match(JSON.stringify(messages("C0GENERAL1")[0]!.blocks), /Orders has 3 pods\. \[1\].*step 2 of/);
    const [message] = await answered("C0GENERAL1");
    assert.equal(messages("C0GENERAL1").length, 1);
    assert.doesNotMatch(JSON.stringify(message!.blocks), /Stop looking|step 2/);
    assert.equal(slack.called("chat.startStream").length, 0);
  });

  it("shows only the newest of many drafts", async () => {
    const { show } = await ask(mentionEvent("why?"));
    for (let step = 1; step <= 8; step++) show(aDraft(`Step ${step}…`));
    await until(() => edited() === 1, "a newer draft is shown");
    assert.match(JSON.stringify(messages("C0GENERAL1")[0]!.blocks), /Step 8…/);
  });

  it("streams in a thread of direct messages, sentence by sentence, and ends as the answer with its buttons", async () => {
    const { show } = await ask(directEvent("why?", IN_THREAD));
    show(aDraft("Step 1…"));
    await until(() => messages("D0ALICE001").length === 1, "the stream began");
    const [message] = messages("D0ALICE001");
    assert.equal(message!.streaming_state, "in_progress");
    assert.match(message!.text, /^\*\*Nothing unusual for orders\.\*\*\n\nP95 latency of orders is 397 ms\.$/);
    show(aDraft("Step 2…", ["Orders has 3 pods. [1]"]));
    await until(() => appended() === 1, "a sentence came");
    show(aDraft("Step 2…", ["Orders has 3 pods. [1]", "It is slow & <!channel>."]));
    await until(() => appended() === 2, "another came");
    assert.match(message!.text, /\n\nOrders has 3 pods\. \\\[1\\\] It is slow &amp; &lt;\\!channel&gt;\.$/);
    assert.equal(message!.blocks.filter(({ type }) => type === "task_update").length, 1);
    await answered("D0ALICE001");
    assert.equal(messages("D0ALICE001").length, 1);
    assert.equal(message!.streaming_state, "completed");
    assert.match(message!.text, /^⚠️? ?Orders is slow|^Orders is slow/);
  });

  it("says so in a stream when the model went on looking after it had spoken", async () => {
    const { show } = await ask(directEvent("why?", IN_THREAD));
    show(aDraft("Step 1…", ["I think so."]));
    await until(() => messages("D0ALICE001").length === 1, "the stream began");
    show(aDraft("Step 2…", ["Orders has 3 pods."]));
    await until(() => appended() === 1, "the newer sentence came");
    assert.match(messages("D0ALICE001")[0]!.text, /\\\(It looked further\.\\\)\n\nOrders has 3 pods\.$/);
  });

  it("is edited where Slack refuses streams, and asks for none again soon", async () => {
    slack.hasStreams = false;
    const { show } = await ask(directEvent("why?", IN_THREAD));
    show(aDraft("Step 1…"));
    await until(() => messages("D0ALICE001").length === 1, "it is posted");
    show(aDraft("Step 2…"));
    await until(() => edited() === 1, "it is edited");
    await answered("D0ALICE001");
    assert.equal(messages("D0ALICE001").length, 1);
    assert.equal(slack.called("chat.startStream").length, 1);
  });

  it("starts its stream without a button where Slack takes none in it", async () => {
    slack.faults.push({
      method: "chat.startStream",
      kind: "error",
      error: "invalid_chunks",
      when: ({ chunks = "" }) => chunks.includes('"blocks"'),
      times: 9,
    });
    const { show } = await ask(directEvent("why?", IN_THREAD));
    show(aDraft("Step 1…"));
    await until(() => messages("D0ALICE001").length === 1, "the stream began");
    assert.equal(messages("D0ALICE001")[0]!.streaming_state, "in_progress");
  });

  it("is edited from then on when Slack ends its stream", async () => {
    const { show } = await ask(directEvent("why?", IN_THREAD));
    show(aDraft("Step 1…"));
    await until(() => messages("D0ALICE001").length === 1, "the stream began");
    slack.endStream(messages("D0ALICE001")[0]!.ts, "timed out");
    show(aDraft("Step 2…"));
    await until(() => appended() === 1, "Slack refused more of it");
    show(aDraft("Step 3…"));
    await until(() => edited() === 1, "it is edited");
    await answered("D0ALICE001");
    assert.equal(messages("D0ALICE001").length, 1);
  });

  it("ends the look when its reader stops the stream", async () => {
    const { show, enough } = await ask(directEvent("why?", IN_THREAD));
    show(aDraft("Step 1…"));
    await until(() => messages("D0ALICE001").length === 1, "the stream began");
    slack.endStream(messages("D0ALICE001")[0]!.ts, "stopped by its reader");
    show(aDraft("Step 2…"));
    await until(() => enough!.aborted, "the look is ended");
    assert.equal((enough!.reason as Error).message, "Stopped in Slack");
    await answered("D0ALICE001");
    assert.equal(messages("D0ALICE001").length, 1);
  });

  it("ends the look when somebody who may ask there presses the button", async () => {
    const { show } = await ask(mentionEvent("why?"));
    show(aDraft("Step 1…"));
    await until(() => messages("C0GENERAL1").length === 1, "the draft is there");
    await clickOn("C0GENERAL1", { user: { id: "U0BEN00001", name: "ben", team_id: "T0TESTTEAM" } });
    await until(() => bot.ended.length === 1, "the click arrived");
    const [question, channel, by] = bot.ended[0]!;
    assert.deepEqual([question, channel.channel, by], ["q1", "C0GENERAL1", "Ben Example"]);
    assert.equal(slack.ephemerals.length, 0);
  });

  it("tells the one who clicked, and nobody else, that they may not, or that it is over", async () => {
    const { show } = await ask(mentionEvent("why?"));
    show(aDraft("Step 1…"));
    await until(() => messages("C0GENERAL1").length === 1, "the draft is there");
    bot.reach = () => ({ allowed: false, reason: "Guests may not ask here." });
    await clickOn("C0GENERAL1");
    await until(() => slack.ephemerals.length === 1, "it is refused");
    assert.match(slack.ephemerals[0]!.text, /Guests may not ask here\./);
    assert.equal(bot.ended.length, 0);
    bot.reach = () => ({ allowed: true });
    bot.look = "over";
    await clickOn("C0GENERAL1");
    await until(() => slack.ephemerals.length === 2, "it is over");
    assert.match(slack.ephemerals[1]!.text, /That look is over already\./);
    bot.look = "unknown";
    await clickOn("C0GENERAL1");
    await until(() => slack.ephemerals.length === 3, "it cannot be told");
    assert.match(slack.ephemerals[2]!.text, /I cannot pass that on just now\./);
  });

  it("is said anew when somebody deleted its draft", async () => {
    const { show } = await ask(mentionEvent("why?"));
    show(aDraft("Step 1…"));
    await until(() => messages("C0GENERAL1").length === 1, "the draft is there");
    slack.messages.set("C0GENERAL1", []);
    assert.equal((await answered("C0GENERAL1")).length, 1);
  });

  it("is only the answer where the bot cannot post", async () => {
    slack.channels.get("C0GENERAL1")!.isMember = false;
    const { show } = await ask(mentionEvent("why?"));
    show(aDraft("Step 1…"));
    await until(() => [...bot.outbox.values()].some(({ note }) => note === "nowhere"), "the draft was tried");
    slack.channels.get("C0GENERAL1")!.isMember = true;
    assert.equal((await answered("C0GENERAL1")).length, 1);
    assert.equal(messages("C0GENERAL1").length, 1);
  });

  it("finds the stream again that an attempt began whose answer was lost", async () => {
    slack.faults.push({ method: "chat.startStream", kind: "lost", times: 1 });
    const { show } = await ask(directEvent("why?", IN_THREAD));
    show(aDraft("Step 1…"));
    await until(() => messages("D0ALICE001").length === 1, "the stream began");
    await until(() => [...bot.outbox.values()].some(({ note }) => note !== ""), "the attempt failed");
    await bot.deliver();
    await answered("D0ALICE001");
    assert.equal(messages("D0ALICE001").length, 1);
    assert.equal(messages("D0ALICE001")[0]!.streaming_state, "completed");
  });

  it("is finished by the next run when the bot was killed in the middle", async () => {
    const { show } = await ask(directEvent("why?", IN_THREAD));
    show(aDraft("Step 1…"));
    await until(() => messages("D0ALICE001").length === 1, "the stream began");
    await until(() => [...bot.outbox.values()].some(({ state }) => state === "sent"), "it is noted");
    const next = await bot.restarted();
    const [id] = [...next.outbox.keys()];
    const place = { platform: "slack", channel: "D0ALICE001", thread: THREAD };
    await next.show({ id: "answer:x", place, card: FINISHED, at: 0, edits: id! });
    assert.equal(messages("D0ALICE001").length, 1);
    assert.match(messages("D0ALICE001")[0]!.text, /Orders is slow/);
    await next.stop();
  });
});
