import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "vitest";
import { clickBody, commandBody, eventBody, FakeSlack, mentionEvent, OTHER_TEAM } from "../../fakes/slack/index.ts";
import { SlackBot, until } from "./bot.ts";

describe("the address that Slack calls", () => {
  let slack: FakeSlack;
  let bot: SlackBot;
  const now = () => Math.floor(Date.now() / 1000);
  beforeEach(async () => {
    slack = await new FakeSlack().start();
    bot = await new SlackBot(slack, "http").start();
  });
  afterEach(async () => {
    await bot.stop();
    await slack.stop();
  });

  async function refused(request: { body: string; headers: Record<string, string> }, status: number): Promise<void> {
    const answer = await bot.post(request);
    assert.equal(answer.status, status, answer.body);
    assert.equal(typeof JSON.parse(answer.body).error.message, "string");
    assert.equal(bot.asked.length, 0);
  }

  it("refuses what Slack did not sign", async () => {
    const good = slack.signed(eventBody(mentionEvent("status")), now());
    const { "x-slack-signature": signature, ...unsigned } = good.headers;
    await refused({ ...good, headers: unsigned as Record<string, string> }, 401);
    await refused({ ...good, headers: { ...good.headers, "x-slack-signature": `v0=${"0".repeat(64)}` } }, 401);
    await refused({ ...good, headers: { ...good.headers, "x-slack-signature": signature!.slice(0, -1) } }, 401);
    await refused({ ...good, body: good.body.replace("status", "delete") }, 401);
    await refused({ ...good, headers: { ...good.headers, "x-slack-request-timestamp": "yesterday" } }, 401);
  });

  it("refuses signatures of the past and of the future", async () => {
    const body = eventBody(mentionEvent("status"));
    for (const at of [now() - 302, now() + 302, now() + 31_536_000]) await refused(slack.signed(body, at), 401);
    assert.equal((await bot.post(slack.signed(body, now() - 290))).status, 200);
  });

  it("refuses bodies that are no object, and lives on", async () => {
    for (const body of ["null", "[]", "7", '"text"', "", "{", "[[{}]]", "\u0000"])
      await refused(slack.signed(body, now()), 400);
    for (const body of ["", "a=b", "payload=", "payload=null", "payload=%5B%5D", "payload=%7B", "%E0%A4%A=1"]) {
      const signed = slack.signed(body, now());
      await refused(
        { ...signed, headers: { ...signed.headers, "content-type": "application/x-www-form-urlencoded" } },
        400,
      );
    }
    await refused(slack.signed(`{"a":${"[".repeat(60)}${"]".repeat(60)}}`, now()), 400);
    await refused(slack.signed(`{"a":${"[".repeat(400_000)}`, now()), 400);
    assert.equal((await bot.post(slack.signed(eventBody(mentionEvent("status")), now()))).status, 200);
    await until(() => bot.asked.length === 1, "it still answers");
  });

  it("counts no brackets inside of strings", async () => {
    const body = eventBody(mentionEvent(`status ${"[{".repeat(100)} \\" ${"[".repeat(100)}`));
    assert.equal((await bot.post(slack.signed(body, now()))).status, 200);
  });

  it("refuses events, commands and clicks without what they must have", async () => {
    const event = eventBody(mentionEvent("status"));
    for (const bad of [
      { ...event, event: null },
      { ...event, event_id: 7 },
      { ...event, event: {} },
      { ...event, event: [] },
    ])
      await refused(slack.signed(bad, now()), 400);
    for (const bad of [
      { ...clickBody({}), actions: [] },
      clickBody({}, { user: null }),
      clickBody({}, { actions: "x" }),
    ])
      await refused(slack.signed(bad, now(), "click"), 400);
    await refused(slack.signed(commandBody("x", { command: "" }), now(), "command"), 400);
  });

  it("refuses other workspaces and other apps", async () => {
    await refused(slack.signed(eventBody(mentionEvent("status"), { team_id: OTHER_TEAM }), now()), 403);
    await refused(slack.signed(eventBody(mentionEvent("status"), { api_app_id: "A0ANOTHER1" }), now()), 403);
    await refused(slack.signed(commandBody("status", { team_id: OTHER_TEAM }), now(), "command"), 403);
    await refused(slack.signed(clickBody({ action_id: "ask:0" }, { team: { id: OTHER_TEAM } }), now(), "click"), 403);
    const { team_id: _, ...nobodys } = eventBody(mentionEvent("status"));
    await refused(slack.signed(nobodys, now()), 403);
  });

  it("handles what was recorded and sent again only once", async () => {
    const value = JSON.stringify({ kind: "ask", text: "why" + " is it slow" });
    const requests = [
      slack.signed(eventBody(mentionEvent("status")), now()),
      slack.signed(commandBody("status"), now(), "command"),
      slack.signed(clickBody({ action_id: "ask:0", value }), now(), "click"),
    ];
    for (const request of [...requests, ...requests, ...requests]) assert.equal((await bot.post(request)).status, 200);
    await until(() => bot.asked.length === 3, "three questions");
    await bot.surface.stop(1000);
    assert.equal(bot.asked.length, 3);
  });

  it("answers Slack's checks of the address", async () => {
    const challenge = { token: "t", challenge: "3eZbrw1aB10FEMAGAZd4FyFQ", type: "url_verification" };
    assert.deepEqual(await bot.post(slack.signed(challenge, now())), { status: 200, body: challenge.challenge });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    assert.equal((await bot.post({ body: "token=t&ssl_check=1", headers: form })).status, 200);
    await refused({ body: "token=t&ssl_check=0", headers: form }, 401);
  });

  it("refuses more than a megabyte before it looks inside", async () => {
    const body = eventBody(mentionEvent("x".repeat(1_100_000)));
    assert.equal((await bot.post(slack.signed(body, now()))).status, 413);
  });

  it("asks Slack to send it again when it cannot be noted", async () => {
    const request = slack.signed(eventBody(mentionEvent("status")), now());
    bot.storeFails = true;
    await refused(request, 503);
    bot.storeFails = false;
    assert.equal((await bot.post(request)).status, 200);
    await until(() => bot.asked.length === 1, "it is asked");
  });

  it("asks Slack to wait before it knows who it is, and acknowledges before the work", async () => {
    const early = new SlackBot(slack, "http");
    slack.faults.push({ method: "auth.test", kind: "status", status: 500, times: 1 });
    await early.start();
    const request = slack.signed(eventBody(mentionEvent("status")), now());
    assert.equal((await early.post(request)).status, 503);
    await until(() => early.logged.some((line) => line.includes("connected to Slack")), "connected in the end");
    let release: (() => void) | undefined;
    early.answer = () =>
      new Promise((resolve) => {
        release = () => resolve({ card: { title: "done", tone: "info", blocks: [] } });
      });
    assert.equal((await early.post(request)).status, 200);
    await until(() => release !== undefined, "it works on it");
    release!();
    await early.stop();
    assert.equal(early.outbox.size, 1);
  });

  it("never answers 500 to signed nonsense", async () => {
    const random = lcg(7);
    const words = [
      JSON.stringify(eventBody(mentionEvent("status"))),
      JSON.stringify(clickBody({ action_id: "ask:0" })),
    ];
    for (let i = 0; i < 400; i++) {
      const text = mutate(words[i % 2]!, random);
      const kind = i % 3 === 0 ? `payload=${encodeURIComponent(text)}` : text;
      const signed = slack.signed(kind, now());
      const type = i % 3 === 0 ? "application/x-www-form-urlencoded" : "application/json";
      const { status } = await bot.post({ ...signed, headers: { ...signed.headers, "content-type": type } });
      assert.ok([200, 400, 403].includes(status), `${status} for ${text}`);
    }
  });
});

function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Replaces a few values or bytes. */
function mutate(text: string, random: () => number): string {
  const junk = ["null", "[]", "{}", "-1", '""', '"\\ud800"', "1e999", "true", '"__proto__"'];
  let out = text;
  for (let n = 0; n < 3; n++) {
    const at = Math.floor(random() * out.length);
    const value = junk[Math.floor(random() * junk.length)]!;
    out = random() < 0.7 ? replaceValue(out, at, value) : out.slice(0, at) + value + out.slice(at + 1);
  }
  return out;
}

function replaceValue(text: string, from: number, value: string): string {
  const found = /:("[^"\\]*"|\d+|null|true|false|\[\]|\{\})/.exec(text.slice(from));
  if (found === null) return text;
  const at = from + found.index + 1;
  return text.slice(0, at) + value + text.slice(at + found[1]!.length);
}
