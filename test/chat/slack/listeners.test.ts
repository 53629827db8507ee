import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "vitest";
import {
  BOT_USER,
  clickBody,
  commandBody,
  directEvent,
  eventBody,
  FakeSlack,
  fresh,
  mentionEvent,
  OTHER_TEAM,
} from "../../fakes/slack/index.ts";
import { SlackBot, until } from "./bot.ts";

/** The same stories over both ways in which Slack reaches the bot. */
for (const mode of ["socket", "http"] as const) {
  describe(`the bot in Slack, ${mode} mode`, () => {
    let slack: FakeSlack;
    let bot: SlackBot;
    beforeEach(async () => {
      slack = await new FakeSlack().start();
      bot = await new SlackBot(slack, mode).start();
    });
    afterEach(async () => {
      await bot.stop();
      await slack.stop();
    });

    /** Sends a body as Slack does in this mode, until the bot acknowledged it. */
    async function send(kind: "event" | "command" | "click", body: Record<string, unknown>): Promise<void> {
      if (mode === "http") {
        const { status, body: said } = await bot.post(slack.signed(body, Math.floor(Date.now() / 1000), kind));
        assert.equal(status, 200, said);
        assert.equal(said, "");
        return;
      }
      const type = { event: "events_api", command: "slash_commands", click: "interactive" } as const;
      await slack.deliver(type[kind], body);
    }
    const said = (channel: string) => slack.sent(channel).map((message) => message.text);
    const responseUrl = () => `${slack.origin}/response/${fresh("r")}`;

    it("answers a mention in its thread, once, though it was delivered twice", async () => {
      const body = eventBody(
        mentionEvent("status checkout", { ts: "1780000001.000100", event_ts: "1780000001.000100" }),
      );
      await send("event", body);
      await send("event", body);
      await until(() => bot.outbox.size === 1, "an answer waits");
      await bot.deliver();
      assert.deepEqual(
        bot.asked.map((question) => question.text),
        ["status checkout"],
      );
      assert.deepEqual(bot.asked[0]!.place, { platform: "slack", channel: "C0GENERAL1", thread: "1780000001.000100" });
      assert.deepEqual(bot.asked[0]!.user, {
        platform: "slack",
        id: "U0ALICE001",
        name: "Alice Example",
        zone: "Europe/Berlin",
      });
      const [message, ...more] = slack.sent("C0GENERAL1");
      assert.equal(more.length, 0);
      assert.equal(message!.thread_ts, "1780000001.000100");
      assert.match(message!.text, /^Answer to status checkout/);
      assert.deepEqual(message!.unfurl, ["false", "false"]);
      assert.equal(message!.metadata?.event_type, "smartcloudops_message");
    });

    it("names nobody in the id of a question, which the audit keeps", async () => {
      await send("event", eventBody(directEvent("status checkout", { ts: "1780000002.000100" })));
      const value = JSON.stringify({ kind: "ask", text: "status payments" });
      const { trigger_id: _, ...click } = clickBody({ action_id: "ask:0", value });
      await send("click", click);
      await until(() => bot.asked.length === 2, "both are asked");
      for (const { id } of bot.asked) {
        assert.match(id, /^slack:(?:direct|click):[0-9a-f]{32}$/);
        assert.doesNotMatch(id, /ALICE/);
      }
    });

    it("answers in the thread that a mention was in", async () => {
      await send("event", eventBody(mentionEvent("and yesterday?", { thread_ts: "1779999999.000001" })));
      await until(() => bot.asked.length === 1, "it is asked");
      assert.equal(bot.asked[0]!.place.thread, "1779999999.000001");
    });

    it("stays silent about a question that was answered before", async () => {
      bot.answer = () => ({ card: { title: "again", tone: "info", blocks: [] }, repeated: true });
      await send("event", eventBody(mentionEvent("status")));
      await until(() => bot.asked.length === 1, "it is asked");
      await bot.surface.stop(1000);
      assert.equal(bot.outbox.size, 0);
    });

    it("answers a slash command in the channel, with what was asked above", async () => {
      await send("command", commandBody("top 5 services by errors", { response_url: responseUrl() }));
      await until(() => bot.outbox.size === 1, "an answer waits");
      await bot.deliver();
      assert.deepEqual(
        bot.asked.map((question) => question.text),
        ["top 5 services by errors"],
      );
      const [message] = slack.sent("C0GENERAL1");
      assert.equal(message!.thread_ts, undefined);
      assert.match(JSON.stringify(message!.blocks[0]), /Alice Example asked: top 5 services by errors/);
      assert.equal(slack.responses.length, 0);
    });

    it("answers help and half a command to that person alone", async () => {
      for (const text of ["help", "", "why"]) await send("command", commandBody(text, { response_url: responseUrl() }));
      await until(() => slack.responses.length === 3, "three lists");
      for (const { body } of slack.responses) {
        assert.equal(body["response_type"], "ephemeral");
        assert.match(JSON.stringify(body["blocks"]), /\/ops forecast &lt;measure&gt;: /);
      }
      assert.equal(bot.asked.length, 0);
      assert.deepEqual(said("C0GENERAL1"), []);
    });

    it("never sends anything to an address for answers that is not Slack's", async () => {
      await send("command", commandBody("help", { response_url: "http://evil.example/response" }));
      await until(() => slack.ephemerals.length === 1, "help");
      assert.equal(slack.ephemerals[0]!.user, "U0ALICE001");
    });

    it("answers a command where it is no member through the command itself", async () => {
      await send("command", commandBody("status", { channel_id: "C0NOTHERE1", response_url: responseUrl() }));
      await until(() => bot.outbox.size === 1, "an answer waits");
      await bot.deliver();
      assert.equal(slack.responses[0]!.body["response_type"], "in_channel");
      assert.match(String(slack.responses[0]!.body["text"]), /Answer to status/);
    });

    it("answers direct messages, in their threads too", async () => {
      await send(
        "event",
        eventBody(directEvent("what is &lt;up&gt; &amp; down? &lt;<https://shop.example|shop.example>&gt;")),
      );
      await send("event", eventBody(directEvent("and now?", { thread_ts: "1779999999.000002" })));
      await until(() => bot.outbox.size === 2, "two answers wait");
      await bot.deliver();
      assert.deepEqual(
        bot.asked.map((one) => one.text).toSorted(),
        ["and now?", "what is <up> & down? <shop.example>"].toSorted(),
      );
      assert.deepEqual(
        slack
          .sent("D0ALICE001")
          .map((one) => one.thread_ts)
          .toSorted(),
        ["1779999999.000002", undefined],
      );
      assert.equal(slack.called("assistant.threads.setStatus").length, 1);
    });

    it("hears what is said beside a file, and what is shown in the channel too", async () => {
      for (const subtype of ["file_share", "thread_broadcast"])
        await send("event", eventBody(directEvent(subtype, { subtype })));
      await until(() => bot.asked.length === 2, "both are asked");
    });

    it("hears no bots, no edits and no joins", async () => {
      const ignored = [
        { bot_id: "B0OTHER" },
        { subtype: "message_changed" },
        { subtype: "channel_join" },
        { user: BOT_USER },
        { edited: { user: "U0ALICE001", ts: "1.1" } },
        { channel_type: "channel", channel: "C0GENERAL1" },
      ];
      for (const over of ignored) await send("event", eventBody(directEvent("hello", over)));
      await send("event", eventBody(directEvent("the last one")));
      await until(() => bot.asked.length > 0, "it is asked");
      assert.deepEqual(
        bot.asked.map((one) => one.text),
        ["the last one"],
      );
    });

    it("asks what a button carries, for the one who clicked", async () => {
      const value = JSON.stringify({ kind: "ask", text: "why is it slow" });
      const message = { ts: "1780000009.000001", thread_ts: "1780000008.000001" };
      const body = clickBody({ action_id: "ask:0", value }, { message, user: { id: "U0GUEST001", name: "gus" } });
      await send("click", body);
      await send("click", body);
      await until(() => bot.outbox.size === 1, "an answer waits");
      await bot.deliver();
      assert.equal(bot.asked.length, 1);
      assert.equal(bot.asked[0]!.text, "why is it slow");
      assert.equal(bot.asked[0]!.place.thread, "1780000008.000001");
      assert.equal(bot.asked[0]!.user.name, "Gus Guest");
      assert.equal(bot.visitors[0]!.isGuest, true);
      assert.equal(slack.sent("C0GENERAL1")[0]!.thread_ts, "1780000008.000001");
    });

    it("ignores buttons that it did not write", async () => {
      for (const value of ["", "null", "[]", '{"kind":"run","text":"rm"}', '{"kind":"ask","text":7}', "{"]) {
        await send("click", clickBody({ action_id: "ask:0", value }));
        await send("click", clickBody({ action_id: "feedback", value }));
      }
      await send("event", eventBody(directEvent("the last one")));
      await until(() => bot.asked.length > 0, "it is asked");
      assert.deepEqual(
        bot.asked.map((one) => one.text),
        ["the last one"],
      );
      assert.equal(bot.opinions.length, 0);
    });

    it("keeps what people thought of an answer", async () => {
      await send("event", eventBody(mentionEvent("status")));
      await until(() => bot.outbox.size === 1, "an answer waits");
      await bot.deliver();
      const blocks = slack.sent("C0GENERAL1")[0]!.blocks as {
        type: string;
        elements: { negative_button: { value: string } }[];
      }[];
      const { value } = blocks.find((block) => block.type === "context_actions")!.elements[0]!.negative_button;
      await send("click", clickBody({ type: "feedback_buttons", action_id: "feedback", value }));
      await until(() => bot.opinions.length === 1, "an opinion");
      assert.deepEqual(bot.opinions, [{ answer: bot.asked[0]!.id, user: "U0ALICE001", helpful: false }]);
    });

    it("shows its home tab, and answers its buttons in direct messages", async () => {
      await send(
        "event",
        eventBody({ type: "app_home_opened", user: "U0ALICE001", channel: "D0ALICE001", tab: "home", event_ts: "1.2" }),
      );
      await until(() => slack.views.size === 1, "a home tab");
      const view = JSON.stringify(slack.views.get("U0ALICE001"));
      assert.match(view, /which alerts are firing/);
      const value = JSON.stringify({ kind: "ask", text: "status" });
      const container = { type: "view", view_id: "V0TEST" };
      await send(
        "click",
        clickBody({ action_id: "ask:0", value }, { channel: undefined, message: undefined, container }),
      );
      await until(() => bot.outbox.size === 1, "an answer waits");
      await bot.deliver();
      assert.match(said("D0ALICE001")[0]!, /Answer to status/);
    });

    it("suggests questions in a new assistant thread", async () => {
      const thread = { user_id: "U0ALICE001", channel_id: "D0ALICE001", thread_ts: "1780000003.000001", context: {} };
      await send("event", eventBody({ type: "assistant_thread_started", assistant_thread: thread, event_ts: "1.3" }));
      await until(() => slack.called("assistant.threads.setSuggestedPrompts").length === 1, "suggestions");
    });

    it("greets a channel it was added to, and forgets it when removed", async () => {
      const joined = {
        type: "member_joined_channel",
        channel: "C0GENERAL1",
        channel_type: "C",
        team: "T0TESTTEAM",
        event_ts: "1.4",
      };
      await send("event", eventBody({ ...joined, user: "U0ALICE001" }));
      await send("event", eventBody({ ...joined, user: BOT_USER }));
      await until(() => bot.outbox.size === 1, "a greeting");
      await bot.deliver();
      assert.match(said("C0GENERAL1")[0]!, /^Hello!/);
      assert.equal(bot.places.size, 1);
      await send(
        "event",
        eventBody({ type: "channel_left", channel: "C0GENERAL1", actor_id: "U0ALICE001", event_ts: "1.5" }),
      );
      await until(() => bot.places.size === 0, "forgotten");
    });

    it("forgets every place when the app is removed", async () => {
      await send(
        "event",
        eventBody({ type: "member_joined_channel", user: BOT_USER, channel: "C0GENERAL1", event_ts: "1.6" }),
      );
      await until(() => bot.places.size === 1, "a place");
      await send("event", eventBody({ type: "app_uninstalled", event_ts: "1.7" }));
      await until(() => bot.places.size === 0, "forgotten");
    });

    it("refuses in private, and asks nothing", async () => {
      bot.reach = () => ({ allowed: false, reason: "Guests cannot ask here." });
      await send("command", commandBody("status", { user_id: "U0GUEST001", response_url: responseUrl() }));
      await send("event", eventBody(mentionEvent("status", { user: "U0STRANGER", user_team: OTHER_TEAM })));
      await until(() => slack.responses.length + slack.ephemerals.length === 2, "two refusals");
      assert.equal(bot.asked.length, 0);
      assert.equal(bot.outbox.size, 0);
      assert.equal(slack.responses[0]!.body["response_type"], "ephemeral");
      assert.match(slack.ephemerals[0]!.text, /Guests cannot ask here/);
      const seen = bot.visitors.map((one) => [one.user.id, one.isGuest, one.isExternal]).toSorted();
      assert.deepEqual(seen, [
        ["U0GUEST001", true, false],
        ["U0STRANGER", false, true],
      ]);
    });

    it("passes on which sources may be asked", async () => {
      bot.reach = () => ({ allowed: true, sources: ["public"] });
      await send("event", eventBody(mentionEvent("status")));
      await until(() => bot.asked.length === 1, "it is asked");
      assert.deepEqual(bot.asked[0]!.sources, ["public"]);
    });

    it("goes on without a zone when a person cannot be looked up", async () => {
      slack.faults.push({ method: "users.info", kind: "status", status: 500, times: 2 });
      await send("event", eventBody(mentionEvent("status", { user: "U0STRANGER", user_team: OTHER_TEAM })));
      await until(() => bot.asked.length === 1, "it is asked");
      assert.equal(bot.asked[0]!.user.zone, undefined);
      assert.equal(bot.visitors[0]!.isExternal, true);
    });

    it("reads nothing for somebody who cannot be looked up where guests may read less", async () => {
      bot.reach = ({ isGuest }) => (isGuest ? { allowed: false, reason: "No guests." } : { allowed: true });
      slack.faults.push({ method: "users.info", kind: "limited", seconds: 5, times: 1 });
      await send("event", eventBody(mentionEvent("status", { user: "U0GUEST001" })));
      await until(() => slack.ephemerals.length === 1, "it is refused in private");
      assert.match(slack.ephemerals[0]!.text, /could not look up your account/);
      assert.equal(bot.asked.length, 0);
    });

    it("answers after a restart what it had acknowledged and not answered, once", async () => {
      bot.answer = () => new Promise<never>(() => {});
      const body = eventBody(mentionEvent("status checkout"));
      await send("event", body);
      await send("command", commandBody("top 5 services", { response_url: responseUrl() }));
      await until(() => bot.asked.length === 2, "both are asked");
      await bot.stop(0); // nothing of it ends
      const next = await new SlackBot(slack, mode, {}, bot.inbox).start();
      try {
        await until(() => next.outbox.size === 2, "both are answered");
        assert.deepEqual(
          next.asked.map(({ id }) => id),
          bot.asked.map(({ id }) => id),
        );
        assert.equal(bot.outbox.size, 0);
        bot = next;
        await send("event", body);
        await next.surface.stop(1000);
        assert.equal(next.asked.length, 2);
        assert.deepEqual(await next.inbox.left("slack"), []);
      } finally {
        await next.stop();
      }
    });

    it("tells who asked too long before a restart to ask again, and them alone", async () => {
      bot.answer = () => new Promise<never>(() => {});
      await send("event", eventBody(mentionEvent("status")));
      await until(() => bot.asked.length === 1, "it is asked");
      await bot.stop(0);
      const next = new SlackBot(slack, mode, {}, bot.inbox);
      next.clock = () => Date.now() / 1000 + 601;
      try {
        await next.start();
        await until(() => slack.ephemerals.length === 1, "a word");
        assert.match(slack.ephemerals[0]!.text, /kept me from answering your question/);
        assert.equal(slack.ephemerals[0]!.user, "U0ALICE001");
        assert.equal(next.asked.length, 0);
        assert.equal(next.outbox.size, 0);
      } finally {
        await next.stop();
      }
    });

    it("says so when an answer could not be kept", async () => {
      bot.answer = () => Promise.reject(new Error("no such thing"));
      await send("event", eventBody(mentionEvent("status")));
      await until(() => slack.ephemerals.length === 1, "a word");
      assert.match(slack.ephemerals[0]!.text, /could not answer/);
    });
  });
}
