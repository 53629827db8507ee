import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "vitest";
import { createReplies } from "../../../src/chat/slack/replies.ts";
import { freePorts } from "../../../src/demo/ports.ts";
import { NotNowError } from "../../../src/util/errors.ts";
import { createLog } from "../../../src/util/log.ts";
import { commandBody, FakeSlack, fresh } from "../../fakes/slack/index.ts";
import { queued, SlackBot, until } from "./bot.ts";

/** A channel that the bot was never added to: only Slack's address for answers to the command leads there. */
const ELSEWHERE = "C0NOTHERE1";

describe("the answer to a command where the bot is no member", () => {
  let slack: FakeSlack;
  let bot: SlackBot;
  const bots: SlackBot[] = [];
  let now: number;
  beforeEach(async () => {
    slack = await new FakeSlack().start();
    bot = await new SlackBot(slack, "http").start();
    bots.push(bot);
    now = Date.now() / 1000;
  });
  afterEach(async () => {
    await Promise.all(bots.splice(0).map((one) => one.stop()));
    await slack.stop();
  });

  /** A question was asked; its answer waits. */
  async function asked(over: Record<string, string> = {}): Promise<void> {
    const address = { channel_id: ELSEWHERE, response_url: `${slack.origin}/response/${fresh("canary")}` };
    await bot.post(slack.signed(commandBody("status", { ...address, ...over }), Math.floor(now), "command"));
    await until(() => bot.outbox.size === 1, "an answer waits");
  }
  const kept = (one = bot) => [...one.outbox.values()][0]!;
  const shown = () => slack.responses.map(({ body }) => [body["response_type"], String(body["text"]).split("\n")[0]]);
  const PUBLIC = ["in_channel", "Answer to status"];
  const direct = () => slack.sent("D0ALICE001").map(({ blocks }) => JSON.stringify(blocks));

  it("is given after a restart", async () => {
    await asked();
    const next = await bot.restarted();
    bots.push(next);
    await next.deliver();
    assert.deepEqual(shown(), [PUBLIC]);
    assert.equal(kept(next).state, "sent");
    const { parse, link_names, unfurl_links, unfurl_media } = slack.responses[0]!.body;
    assert.deepEqual([parse, link_names, unfurl_links, unfurl_media], ["none", false, false, false]);
  });

  it("is given once more after Slack had trouble, and is not said to be sent before", async () => {
    await asked();
    slack.faults.push({ method: "response_url", kind: "status", status: 503, times: 2 });
    await bot.deliver(1);
    assert.equal(kept().state, "waiting");
    assert.match(kept().note, /503/);
    await bot.deliver(3);
    assert.deepEqual(shown(), [PUBLIC]);
    assert.equal(kept().state, "sent");
  });

  it("does not wait longer than it is told for an address that hangs", async () => {
    await asked();
    slack.faults.push({ method: "response_url", kind: "hang", times: 1 });
    const stop = new AbortController();
    const delivered = bot.deliver(1, () => stop.signal);
    await until(() => slack.responseUses.size === 1, "it is on its way");
    stop.abort();
    await delivered;
    assert.equal(kept().state, "waiting");
    await bot.deliver(2);
    assert.deepEqual(shown(), [PUBLIC]);
  });

  it("is shown twice at worst when Slack never says that it was shown, and then goes to the one who asked", async () => {
    await asked();
    slack.faults.push({ method: "response_url", kind: "lost", times: 9 });
    await bot.deliver(2);
    const next = await bot.restarted();
    bots.push(next);
    await next.deliver(6);
    assert.deepEqual(shown(), [PUBLIC, PUBLIC]);
    assert.equal(direct().length, 1);
    assert.match(direct()[0]!, /no member of.*may have been shown there all the same/);
  });

  it("counts an attempt that a crash cut off as one that may have been shown", async () => {
    await asked();
    slack.faults.push({ method: "response_url", kind: "hang", times: 1 });
    const cut = bot.surface.sender.send({ ...kept(), attempts: 1 }, undefined, AbortSignal.timeout(5000));
    cut.catch(() => {});
    await until(() => [...slack.responseUses.values()][0] === 1, "it is on its way");
    assert.match(kept().hint!, /"uses":1,"unsure":1/);
  });

  it("goes to the one who asked when Slack took none of five", async () => {
    await asked();
    slack.faults.push({ method: "response_url", kind: "status", status: 500, times: 5 });
    await bot.deliver(9);
    assert.deepEqual(slack.responses, []);
    assert.equal([...slack.responseUses.values()][0], 5);
    assert.match(direct()[0]!, /Answer to status.*no member of.*Invite me/);
    assert.doesNotMatch(direct()[0]!, /may have been shown/);
    assert.equal(kept().state, "sent");
    assert.match(kept().note, /^D0ALICE001\//); // so that it can be edited
  });

  it("goes to the one who asked once the half hour is over, by our clock or by Slack's word", async () => {
    await asked();
    const late = await bot.restarted();
    bots.push(late);
    late.clock = () => now + 31 * 60;
    await late.deliver();
    assert.equal(slack.responseUses.size, 0);
    assert.equal(direct().length, 1);
    slack.responsesExpired = true;
    await bot.deliver();
    assert.equal(slack.responseUses.size, 1);
    assert.equal(direct().length, 2);
    assert.doesNotMatch(kept().hint!, /response/); // of no use any more
  });

  it("goes to the one who asked when Slack gave no address, or one that is not Slack's", async () => {
    await asked({ response_url: "https://evil.example/response" });
    assert.doesNotMatch(kept().hint!, /evil/);
    await bot.deliver();
    assert.equal(direct().length, 1);
  });

  it("is found again in direct messages instead of being sent twice", async () => {
    await asked({ response_url: "" });
    slack.faults.push({ method: "chat.postMessage", kind: "error", error: "not_in_channel", times: 1 });
    slack.faults.push({ method: "chat.postMessage", kind: "lost", times: 1 });
    await bot.deliver(3);
    assert.equal(direct().length, 1);
    assert.equal(kept().state, "sent");
  });

  it("is plainer where Slack cannot read the first form", async () => {
    await asked();
    slack.faults.push({ method: "response_url", kind: "status", status: 400, times: 1 });
    await bot.deliver(1);
    assert.deepEqual(shown(), [PUBLIC]);
    assert.doesNotMatch(JSON.stringify(slack.responses), /data_visualization/);
  });

  it("uses none of its few tries up while Slack cannot be reached at all", async () => {
    const hints: string[] = [];
    const origin = `http://127.0.0.1:${(await freePorts(1))[0]}`;
    const replies = createReplies({
      api: () => Promise.reject(new Error("not needed")),
      apiUrl: `${origin}/api/`,
      keepHint: async (_, hint) => void hints.push(hint),
      clock: () => now,
      log: createLog({ level: "debug", stream: { write: () => {} } }),
    });
    const message = queued({ hint: replies.hintOf("U0ALICE001", `${origin}/response/x`) });
    const rendered = { text: "status", blocks: [] };
    await assert.rejects(
      replies.public(message, [() => rendered], AbortSignal.timeout(5000)),
      (err) => err instanceof NotNowError && /did not reach Slack/.test(err.message),
    );
    assert.match(hints[0]!, /"uses":1,"unsure":1/); // a crash at that moment would leave this
    assert.equal(hints.at(-1), message.hint);
  });

  it("keeps the address out of the log", async () => {
    await asked();
    slack.faults.push({ method: "response_url", kind: "status", status: 500, times: 1 });
    slack.faults.push({ method: "response_url", kind: "lost", times: 1 });
    slack.faults.push({ method: "response_url", kind: "status", status: 404, times: 1 });
    await bot.deliver(4);
    assert.equal(direct().length, 1);
    const log = bot.logged.join("");
    assert.match(log, /did not take the answer/);
    assert.doesNotMatch(log, /canary|\/response\//);
    assert.doesNotMatch(kept().note, /canary|\/response\//);
  });
});
