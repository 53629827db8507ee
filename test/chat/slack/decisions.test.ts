import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import type { Card } from "../../../src/core/card.ts";
import { shortHash } from "../../../src/core/proposal.ts";
import {
  clickBody,
  commandBody,
  directEvent,
  eventBody,
  FakeSlack,
  formBody,
  fresh,
  mentionEvent,
  OTHER_TEAM,
  TEAM,
} from "../../fakes/slack/index.ts";
import { CONTEXT, cardOf, proposalOf, riskyProposal } from "../proposals.ts";
import { cardFor, SlackBot, until } from "./bot.ts";

const PLACE = { platform: "slack", channel: "C0GENERAL1", thread: "1780000000.000001" };
const RISKY = riskyProposal();
const CODE = shortHash(proposalOf().hash);

/** The same stories over both ways in which Slack reaches the bot. */
for (const mode of ["socket", "http"] as const) {
  describe(`decisions in Slack, ${mode} mode`, () => {
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

    /** Posts the card as the bot does. Returns its name and a click on one of its buttons, as Slack tells it. */
    async function posted(card: Card = cardOf(), place = PLACE) {
      const reference = await bot.show({ id: "proposal:P-7QK4:0", place, card, at: Date.now() / 1000 });
      const [channel = "", ts = ""] = reference.split("/");
      const { blocks } = slack.sent(channel).find((message) => message.ts === ts)!;
      const buttons = blocks.flatMap(({ type, elements }) =>
        type === "actions" ? (elements as { action_id: string; value: string }[]) : [],
      );
      const click = (decision: string, over: Record<string, unknown> = {}) => {
        const { action_id, value } = buttons.find(({ action_id: id }) => id.startsWith(`decide:${decision}:`))!;
        return clickBody(
          { action_id, value },
          {
            container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: false },
            message: { type: "message", ts, thread_ts: place.thread, app_id: "A0TESTAPP1" },
            ...over,
          },
        );
      };
      return { reference, click, channel, ts };
    }

    const calls = () => slack.calls.map(({ method }) => method);
    const whispered = () => slack.ephemerals.map(({ user, thread, text }) => [user, thread, text]);

    it("takes a click with who clicked, where, and on which message, and answers that person alone", async () => {
      const { reference, click } = await posted();
      await send("click", click("approve"));
      await until(() => slack.ephemerals.length === 1, "an outcome");
      assert.deepEqual(bot.clicks, [
        {
          id: bot.clicks[0]!.id,
          visitor: {
            user: { platform: "slack", id: "U0ALICE001", name: "Alice Example", zone: "Europe/Berlin" },
            place: PLACE,
            isGuest: false,
            isExternal: false,
          },
          decision: "approve",
          proposal: "P-7QK4",
          code: CODE,
          fields: {},
          message: reference,
        },
      ]);
      assert.deepEqual(whispered(), [["U0ALICE001", PLACE.thread, "Noted: approve."]]);
      assert.ok(!calls().includes("chat.update"));
      assert.equal(slack.sent("C0GENERAL1").length, 1);
    });

    it("takes a click and an emergency stop at once, however many questions hang", async () => {
      const { click } = await posted();
      bot.answer = ({ text }) => (/stop/.test(text) ? { card: cardFor(text) } : new Promise<never>(() => {}));
      const many = Array.from({ length: 520 }, () => send("event", eventBody(directEvent("cpu of pg-1"))));
      await Promise.all(many);
      await until(() => bot.asked.length >= 500, "as many questions as are begun at once");
      await send("event", eventBody(directEvent("emergency stop")));
      await send("click", click("approve"));
      await until(() => slack.ephemerals.length === 1, "an outcome");
      await until(() => bot.asked.some(({ text }) => text === "emergency stop"), "the stop");
      assert.equal(bot.asked.filter(({ text }) => text === "cpu of pg-1").length, 500);
      await bot.stop(0);
    });

    it("judges a click after a restart by what the person may by now, as one click", async () => {
      const { click } = await posted();
      bot.decided = () => new Promise<never>(() => {});
      const body = click("approve");
      await send("click", body);
      await until(() => bot.clicks.length === 1, "it is being decided");
      await bot.stop(0); // nothing of it ends
      slack.people.set("U0ALICE001", { ...slack.people.get("U0ALICE001")!, deleted: true });
      const next = await new SlackBot(slack, mode, {}, bot.inbox).start();
      const before = bot;
      bot = next; // is stopped at the end
      await until(() => slack.ephemerals.length === 1, "an outcome");
      assert.deepEqual(
        next.clicks.map(({ id, visitor }) => [id, visitor.isGuest]),
        [[before.clicks[0]!.id, true]],
      );
      await send("click", body);
      await next.surface.stop(2000);
      assert.equal(next.clicks.length, 1);
    });

    it("does not decide what was clicked too long before a restart, and says so", async () => {
      const { click } = await posted();
      bot.decided = () => new Promise<never>(() => {});
      await send("click", click("approve"));
      await until(() => bot.clicks.length === 1, "it is being decided");
      await bot.stop(0);
      const next = new SlackBot(slack, mode, {}, bot.inbox);
      next.clock = () => Date.now() / 1000 + 601;
      bot = await next.start();
      await until(() => slack.ephemerals.length === 1, "a word");
      assert.match(slack.ephemerals[0]!.text, /click again if it still waits/);
      assert.equal(next.clicks.length, 0);
    });

    it("opens a form before anything else is asked or looked up, and decides when it is sent", async () => {
      const { reference, click } = await posted(proposalCard(RISKY, CONTEXT));
      const before = slack.calls.length;
      await send("click", click("approve"));
      await until(() => slack.forms.length === 1, "a form");
      assert.equal(slack.calls[before]!.method, "views.open");
      assert.equal(bot.clicks.length, 0);
      const [form] = slack.forms;
      const blocks = form!["blocks"] as { type: string; block_id?: string; optional?: boolean }[];
      assert.deepEqual(
        blocks.filter(({ type }) => type === "input").map(({ block_id: id, optional }) => [id, optional]),
        [
          ["typed", false],
          ["reason", false],
        ],
      );
      assert.deepEqual(JSON.parse(form!.private_metadata), {
        v: 1,
        decision: "approve",
        proposal: "P-7QK4",
        code: shortHash(RISKY.hash),
        channel: "C0GENERAL1",
        thread: PLACE.thread,
        message: reference,
      });
      await send("click", formBody(form!, { typed: "1a2b3c4d", reason: "errors since noon" }));
      await until(() => slack.ephemerals.length === 1, "an outcome");
      assert.equal(bot.clicks.length, 1);
      assert.deepEqual(
        { fields: bot.clicks[0]!.fields, message: bot.clicks[0]!.message, place: bot.clicks[0]!.visitor.place },
        { fields: { typed: "1a2b3c4d", reason: "errors since noon" }, message: reference, place: PLACE },
      );
      assert.deepEqual(whispered()[0]?.slice(0, 2), ["U0ALICE001", PLACE.thread]);
    });

    it("takes an empty reason for none, and the values of changed parameters", async () => {
      const { click } = await posted();
      await send("click", click("reject"));
      await until(() => slack.forms.length === 1, "a form");
      await send("click", formBody(slack.forms[0]!, { reason: null }));
      await send("click", click("change"));
      await until(() => slack.forms.length === 2, "another form");
      const values = (slack.forms[1]!["blocks"] as { element?: { initial_value?: string } }[]).flatMap(({ element }) =>
        element === undefined ? [] : [element.initial_value],
      );
      assert.deepEqual(values, ["shop", "checkout"]);
      await send("click", formBody(slack.forms[1]!, { namespace: "shop", name: "cart" }));
      await until(() => bot.clicks.length === 2, "both");
      assert.deepEqual(
        bot.clicks.map(({ decision, fields }) => [decision, fields]),
        [
          ["reject", { reason: "" }],
          ["change", { namespace: "shop", name: "cart" }],
        ],
      );
    });

    it("takes clicks and forms once, however often they are delivered or replayed", async () => {
      const { click } = await posted();
      const body = click("approve");
      for (let i = 0; i < 3; i++) await send("click", body);
      await send("click", click("reject"));
      await until(() => slack.forms.length === 1, "a form");
      const form = formBody(slack.forms[0]!, { reason: "no" });
      for (let i = 0; i < 3; i++) await send("click", form);
      await send("click", click("approve"));
      await until(() => bot.clicks.length === 3, "all");
      await bot.surface.stop(1000);
      assert.deepEqual(bot.clicks.map(({ decision }) => decision).toSorted(), ["approve", "approve", "reject"]);
      assert.equal(new Set(bot.clicks.map(({ id }) => id)).size, 3);
    });

    it("tells a refusal to that person alone, and never touches the card", async () => {
      bot.decided = () => ({
        title: "You asked for this yourself.",
        tone: "warning",
        blocks: [{ kind: "note", text: "Nothing was changed." }],
      });
      const { click, ts } = await posted();
      const before = structuredClone(slack.sent("C0GENERAL1"));
      await send("click", click("approve", { response_url: `${slack.origin}/response/r1` }));
      await until(() => slack.ephemerals.length === 1, "a refusal");
      assert.match(slack.ephemerals[0]!.text, /You asked for this yourself/);
      assert.deepEqual(slack.sent("C0GENERAL1"), before);
      assert.equal(slack.responses.length, 0);
      assert.ok(ts !== "");
    });

    it("answers through the click's own address where it cannot whisper", async () => {
      const { click } = await posted();
      slack.channels.get("C0GENERAL1")!.isMember = false;
      await send("click", click("approve", { response_url: `${slack.origin}/response/r2` }));
      await until(() => slack.responses.length === 1, "an outcome");
      const { response_type: type, replace_original: replaces } = slack.responses[0]!.body;
      assert.deepEqual([type, replaces], ["ephemeral", false]);
    });

    it("says so when Slack does not open the form", async () => {
      const { click } = await posted(proposalCard(RISKY, CONTEXT));
      slack.faults.push({ method: "views.open", times: 1, kind: "error", error: "expired_trigger_id" });
      await send("click", click("approve"));
      await until(() => slack.ephemerals.length === 1, "a word");
      assert.match(slack.ephemerals[0]!.text, /click again/);
      assert.equal(bot.clicks.length, 0);
    });

    it("takes the account from what Slack signed: guests, strangers, bots and people who left are told as such", async () => {
      const { click } = await posted();
      const by = (id: string, team = TEAM) => ({ user: { id, name: "alice", team_id: team } });
      for (const over of [
        by("U0GUEST001"),
        by("U0STRANGER"),
        by("U0ALICE001", OTHER_TEAM),
        by("U0LEFT0001"),
        by("U0ROBOT001"),
      ])
        await send("click", click("approve", over));
      await until(() => bot.clicks.length === 5, "all");
      const kinds = bot.clicks.map(({ visitor: { user, isGuest, isExternal } }) => [user.id, isGuest, isExternal]);
      assert.deepEqual(kinds.toSorted(), [
        ["U0ALICE001", false, true],
        ["U0GUEST001", true, false],
        ["U0LEFT0001", true, false],
        ["U0ROBOT001", true, false],
        ["U0STRANGER", false, true],
      ]);
    });

    it("refuses whom it cannot look up, and looks again after a minute", async () => {
      const { click } = await posted();
      slack.faults.push({ method: "users.info", times: 1, kind: "error", error: "internal_error" });
      await send("click", click("approve"));
      await until(() => slack.ephemerals.length === 1, "a refusal");
      assert.match(slack.ephemerals[0]!.text, /does not count/);
      assert.equal(bot.clicks.length, 0);
      const start = Date.now() / 1000;
      await send("click", click("approve"));
      await until(() => bot.clicks.length === 1, "a click");
      slack.people.set("U0ALICE001", { ...slack.people.get("U0ALICE001")!, deleted: true });
      bot.clock = () => start + 61;
      await send("click", click("approve"));
      await until(() => bot.clicks.length === 2, "another");
      assert.deepEqual(
        bot.clicks.map(({ visitor }) => visitor.isGuest),
        [false, true],
      );
    });

    it("takes the message from the click's container alone", async () => {
      const { click, channel, ts } = await posted();
      const elsewhere = [
        { container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: true } },
        { container: { type: "message_attachment", message_ts: ts, channel_id: channel, is_ephemeral: false } },
        { container: { type: "view", view_id: "V1" }, channel: undefined },
        { message: { type: "message", ts, app_id: "A0ANOTHER1" } },
      ];
      for (const over of elsewhere) await send("click", click("approve", over));
      const copy = { type: "message", message_ts: "1780000009.000009", channel_id: "D0ALICE001", is_ephemeral: false };
      await send("click", click("approve", { container: copy, channel: { id: "D0ALICE001" } }));
      await until(() => bot.clicks.length === 5, "all");
      assert.deepEqual(bot.clicks.map(({ message }) => message ?? "none").toSorted(), [
        "D0ALICE001/1780000009.000009",
        "none",
        "none",
        "none",
        "none",
      ]);
    });

    it("takes nothing off buttons and forms that it did not write", async () => {
      const { click } = await posted();
      for (const value of ["v1|P-7QK4", "v1|P1' OR 1=1 --|x", '{"id":{"$ne":null}}', "", `v1|P-7QK4|${CODE}|{}`])
        await send(
          "click",
          click("approve", { actions: [{ action_id: "decide:approve:0", value, action_ts: fresh("") }] }),
        );
      await send("click", click("reject"));
      await until(() => slack.forms.length === 1, "a form");
      const [form] = slack.forms;
      const about = JSON.parse(form!.private_metadata);
      for (const hostile of [
        { ...form!, callback_id: "other" },
        { ...form!, app_id: "A0ANOTHER1" },
        { ...form!, private_metadata: "" },
        { ...form!, private_metadata: JSON.stringify({ ...about, v: 2 }) },
        { ...form!, private_metadata: JSON.stringify({ ...about, decision: "approve_all" }) },
        { ...form!, private_metadata: JSON.stringify({ ...about, more: 1 }) },
      ])
        await send("click", formBody(hostile, { reason: "no" }));
      await send("click", click("approve"));
      await until(() => bot.clicks.length === 1, "the last one");
      await bot.surface.stop(1000);
      assert.deepEqual(
        bot.clicks.map(({ decision }) => decision),
        ["approve"],
      );
    });

    it("decides nothing by text, thread replies, reactions, commands, edits or shortcuts", async () => {
      const { ts } = await posted();
      const words = ["approve", "approve P-7QK4", `v1|P-7QK4|${CODE}`, "decide:approve:0", ":+1:", "yes"];
      for (const text of words) {
        await send("event", eventBody(mentionEvent(text, { thread_ts: ts })));
        await send("event", eventBody(directEvent(text)));
        await send("command", commandBody(text));
      }
      const item = { type: "message", channel: "C0GENERAL1", ts };
      await send("event", eventBody({ type: "reaction_added", user: "U0ALICE001", reaction: "+1", item }));
      const edited = { subtype: "message_changed", message: { ts, text: "approve" } };
      await send("event", eventBody(directEvent("approve", edited)));
      for (const type of ["shortcut", "message_action", "view_closed"])
        await send("click", {
          type,
          callback_id: "decide",
          team: { id: TEAM },
          user: { id: "U0ALICE001", team_id: TEAM },
          trigger_id: fresh("707.808."),
          view: { id: "V1", type: "modal", callback_id: "decide", private_metadata: "{}", state: { values: {} } },
        });
      await bot.surface.stop(2000);
      assert.equal(bot.clicks.length, 0);
      assert.deepEqual(slack.forms, []);
    });

    it("says nothing to a question whose proposals show themselves", async () => {
      bot.answer = () => ({ card: cardOf(), shownApart: true });
      await send("event", eventBody(mentionEvent("restart checkout")));
      await until(() => bot.asked.length === 1, "it is asked");
      await bot.surface.stop(1000);
      assert.equal(bot.outbox.size, 0);
    });

    it("edits the card in place, and its buttons go with the decision", async () => {
      const { reference } = await posted();
      const card = cardOf({}, { status: "rejected", note: "not now" });
      const edits = "proposal:P-7QK4:0";
      assert.equal(await bot.show({ id: `${edits}:2`, edits, place: PLACE, card, at: Date.now() / 1000 }), reference);
      const [message, ...more] = slack.sent("C0GENERAL1");
      assert.equal(more.length, 0);
      assert.ok(!JSON.stringify(message!.blocks).includes("decide:"));
      assert.match(message!.text, /^Rejected: /);
    });

    it("lists in the home tab what waits for that person, with links to the cards", async () => {
      bot.lists = ({ user }) => ({
        waiting: [{ title: `for <!channel> ${user.id}`, text: "until 12:00", message: "C0GENERAL1/1780000000.000001" }],
        own: [{ title: "mine", text: "", message: undefined }],
        decided: [],
      });
      await send(
        "event",
        eventBody({ type: "app_home_opened", user: "U0ALICE001", tab: "home", channel: "D0ALICE001" }),
      );
      await until(() => slack.views.has("U0ALICE001"), "a home tab");
      const shown = JSON.stringify(slack.views.get("U0ALICE001"));
      for (const words of [
        "Waiting for your decision",
        "Your proposals",
        "Lately decided",
        "Nothing was decided lately",
      ])
        assert.ok(shown.includes(words), words);
      assert.ok(shown.includes("https://example.slack.com/archives/C0GENERAL1/p1780000000000001"));
      assert.ok(shown.includes("\\\\u{3C}!channel> U0ALICE001"));
      bot.lists = () => {
        throw new Error("the store is away");
      };
      slack.views.clear();
      await send(
        "event",
        eventBody({ type: "app_home_opened", user: "U0ALICE001", tab: "home", channel: "D0ALICE001" }),
      );
      await until(() => slack.views.has("U0ALICE001"), "a home tab");
      assert.match(JSON.stringify(slack.views.get("U0ALICE001")), /could not look up/);
    });
  });
}
