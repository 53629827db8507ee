import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeSlack } from "./index.ts";
import { SlackWindow } from "./window/index.ts";
import { mrkdwn } from "./window/text.ts";

const CHANNEL = "C0GENERAL1";
const plain = (text: string) => ({ type: "plain_text", text, emoji: false });
const section = (text: string) => ({ type: "section", text: plain(text) });

describe("a window on the Slack of our own", () => {
  let slack: FakeSlack;
  let window: SlackWindow;
  beforeEach(async () => {
    slack = await new FakeSlack().start();
    window = new SlackWindow(slack, { mode: "socket" });
  });
  afterEach(() => slack.stop());

  /** Calls the Web API as the bot does. */
  async function call(method: string, args: Record<string, string>): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${slack.botToken}` };
    const body = new URLSearchParams(args);
    const answer = (await (await fetch(`${slack.apiUrl}${method}`, { method: "POST", headers, body })).json()) as {
      ok: boolean;
    };
    expect(answer).toMatchObject({ ok: true });
    return answer;
  }
  const post = (blocks: readonly unknown[], more: Record<string, string> = {}) =>
    call("chat.postMessage", { channel: CHANNEL, text: "t", blocks: JSON.stringify(blocks), ...more });
  const view = async (room = CHANNEL) => (await fetch(`${window.url}window/view/${room}`)).text();

  it("says on the page that it is not Slack", async () => {
    expect(await (await fetch(window.url)).text()).toContain("This is not Slack.");
  });

  it("draws every kind of block that the fake takes", async () => {
    const line = {
      name: "orders",
      data: [{ value: 1 }, { value: 3 }].map((one, i) => ({ ...one, label: `1${i}:00` })),
    };
    await post([
      { type: "header", text: plain("p95 is 2 s") },
      section("one\ntwo"),
      { type: "divider" },
      {
        type: "context",
        elements: [{ type: "mrkdwn", text: "main: `up &lt; 1` <https://prom.example/?a=1&amp;b=2|Open>" }],
      },
      {
        type: "actions",
        elements: [{ type: "button", action_id: "ask:0", text: plain("Why?"), value: "v", style: "danger" }],
      },
      {
        type: "data_visualization",
        title: "errors",
        chart: {
          type: "line",
          series: [line],
          axis_config: { categories: ["10:00", "11:00"], x_label: "Time", y_label: "%" },
        },
      },
      {
        type: "data_table",
        caption: "Services",
        rows: [["name"], ["orders"]].map((row) => row.map((text) => ({ type: "raw_text", text }))),
      },
    ]);
    const shown = await view();
    for (const part of [
      "<h3>p95 is 2 s</h3>",
      "<p>one<br>two</p>",
      "<hr>",
      "<code>up &lt; 1</code>",
      '<a href="https://prom.example/?a=1&amp;b=2" target="_blank" rel="noreferrer noopener">Open</a>',
      'class="danger"',
      "<figcaption>errors</figcaption>",
      "<polyline",
      "<td>orders</td>",
    ])
      expect(shown).toContain(part);
    expect(shown).not.toContain("does not draw");
  });

  it("shows an uploaded picture", async () => {
    const { file_id: id, upload_url: url } = await call("files.getUploadURLExternal", {
      filename: "c.png",
      length: "3",
    });
    await fetch(String(url), { method: "POST", body: "png" });
    await call("files.completeUploadExternal", { files: JSON.stringify([{ id }]) });
    await post([{ type: "image", slack_file: { id }, alt_text: "errors, now 3 %" }]);
    const [, path = ""] = /<img src="([^"]+)" alt="errors, now 3 %">/.exec(await view()) ?? [];
    const picture = await fetch(new URL(path, window.url));
    expect([picture.headers.get("content-type"), await picture.text()]).toEqual(["image/png", "png"]);
  });

  it("keeps a thread below its first message, whispers to one person, and edits in place", async () => {
    const { ts } = await post([section("root")]);
    await post([section("other")]);
    const reply = await post([section("an answer")], { thread_ts: String(ts) });
    await call("chat.postEphemeral", {
      channel: CHANNEL,
      user: "U0ALICE001",
      text: "psst",
      blocks: JSON.stringify([section("psst")]),
    });
    await call("chat.postEphemeral", {
      channel: CHANNEL,
      user: "U0GUEST001",
      text: "x",
      blocks: JSON.stringify([section("secret")]),
    });
    const before = await view();
    expect(before.indexOf("root")).toBeLessThan(before.indexOf("an answer"));
    expect(before.indexOf("an answer")).toBeLessThan(before.indexOf("other"));
    expect(before).toContain("1 reply in the thread");
    expect(before).toMatch(/Only visible to you[\s\S]*psst/);
    expect(before).not.toContain("secret");
    expect(before).not.toContain("(edited)");
    await call("chat.update", {
      channel: CHANNEL,
      ts: String(reply["ts"]),
      text: "t",
      blocks: JSON.stringify([section("mended")]),
    });
    const after = await view();
    expect(after).toMatch(/\(edited\)[\s\S]*mended/);
    expect(after).not.toContain("an answer");
  });

  it("shows what the bot sent as text: no element, link or call comes out of it", async () => {
    const nasty = "<script>x</script> <img src=x onerror=y> &lt;!channel&gt; *b* [a](https://evil.example) \"'";
    await post([
      section(nasty),
      { type: "context", elements: [plain(nasty)] },
      { type: "actions", elements: [{ type: "button", action_id: "ask:0", text: plain('"><b>'), value: '"><b>' }] },
    ]);
    const shown = await view();
    for (const element of ["<script", "<img", "<b>", "<strong", 'class="mention"', "<a "])
      expect(shown.replaceAll("<b>ops</b>", "")).not.toContain(element);
    expect(shown).toContain("&lt;!channel&gt; *b*");
  });

  it("takes nothing from a page of another site, and says when no bot is there", async () => {
    const say = { method: "POST", body: JSON.stringify({ room: CHANNEL, text: "@ops status" }) };
    const alone = await fetch(`${window.url}window/say`, say);
    expect([alone.status, await alone.text()]).toEqual([400, "No bot is connected."]);
    const foreign = await fetch(`${window.url}window/say`, { ...say, headers: { origin: "http://evil.example" } });
    expect(foreign.status).toBe(403);
    const rebound = await new Promise((resolve) =>
      request(window.url, { headers: { host: "evil.example" } }, (answer) => resolve(answer.statusCode)).end(),
    );
    expect(rebound).toBe(403);
    expect((await view()).match(/@ops/g)).toHaveLength(1);
  });

  it("is another person's when that is chosen: what was whispered to one, the other does not see", async () => {
    await call("chat.postEphemeral", {
      channel: CHANNEL,
      user: "U0BEN00001",
      text: "psst",
      blocks: JSON.stringify([section("for Ben")]),
    });
    expect(await view()).not.toContain("for Ben");
    expect(await view(`${CHANNEL}/U0BEN00001`)).toContain("for Ben");
    expect(await view(`${CHANNEL}/U0GUEST001`)).not.toContain("for Ben");
    expect(await view("D0ALICE001/U0BEN00001")).toContain("Nothing was said");
  });

  it("asks before a click that Slack would ask about, and shows a form to whoever opened it, once", async () => {
    const confirm = { title: plain("Run this?"), text: plain("<b>"), confirm: plain("Yes"), deny: plain("No") };
    const open = { type: "button", action_id: "decide:reject:0", text: plain("Reject"), value: "v", confirm };
    const { ts } = await post([{ type: "actions", elements: [open] }]);
    expect(await view()).toContain("data-confirm=");
    expect(await view()).toContain("&amp;lt;b&amp;gt;");

    const clicks: Record<string, unknown>[] = [];
    slack.deliver = async (_, payload) => clicks.push(payload);
    Object.defineProperty(slack, "openSockets", { value: 1 });
    await window.press({ who: "U0BEN00001", room: CHANNEL, address: [String(ts), 0, 0] });
    expect(clicks[0]).toMatchObject({ user: { id: "U0BEN00001" } });
    const element = { type: "plain_text_input", action_id: "value", max_length: 3000 };
    const blocks = [{ type: "input", block_id: "reason", label: plain("Reason"), optional: false, element }];
    const words = { title: plain("Reject"), submit: plain("Reject"), close: plain("Back") };
    const form = { type: "modal", callback_id: "decide", private_metadata: "{}", ...words, blocks };
    await call("views.open", { trigger_id: String(clicks[0]?.["trigger_id"]), view: JSON.stringify(form) });
    const formOf = async (who: string) => (await fetch(`${window.url}window/form/${who}`)).text();
    expect(await formOf("U0ALICE001")).toBe("");
    const shown = await formOf("U0BEN00001");
    expect(shown).toContain('name="reason" maxlength="3000" required');

    const id = /data-form="(\w+)"/.exec(shown)?.[1];
    const send = (who: string) =>
      fetch(`${window.url}window/form`, {
        method: "POST",
        body: JSON.stringify({ who, form: id, values: { reason: "not now" } }),
      });
    expect((await send("U0ALICE001")).status).toBe(400);
    expect((await send("U0BEN00001")).status).toBe(204);
    expect(clicks[1]).toMatchObject({
      type: "view_submission",
      user: { id: "U0BEN00001" },
      view: { state: { values: { reason: { value: { value: "not now" } } } } },
    });
    expect(await formOf("U0BEN00001")).toBe("");
  });
});

describe("Slack's own notation", () => {
  it.each([
    ["*b* _i_ ~s~", "<strong>b</strong> <em>i</em> <s>s</s>"],
    ["2*3*4 a_b_c", "2*3*4 a_b_c"],
    ["```\na < b\n```", "<pre>a &lt; b</pre>"],
    [
      "<@U1> <#C1|general> <!here>",
      '<span class="mention">@bob</span> <span class="mention">#general</span> <span class="mention">@here</span>',
    ],
    ["<javascript:alert(1)|x>", "x"],
  ])("reads %s", (text, shown) => {
    expect(mrkdwn(text, () => "bob")).toBe(shown);
  });
});
