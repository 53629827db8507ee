import { BOT_USER, clickBody, commandBody, eventBody, FakeSlack, fresh, mentionEvent } from "../fakes/slack/index.ts";
import { NOW } from "../fakes/world.ts";
import { startBot } from "./bot.ts";
import { arrival, type Shown, type Stage, type Step, withoutIds } from "./stage.ts";

const CHANNEL = "C0GENERAL1";
const ROOT = "1773224400.000001";
const PEOPLE = { member: "U0ALICE001", guest: "U0GUEST001" } as const;
const KIND = { event: "events_api", command: "slash_commands", click: "interactive" } as const;

// biome-ignore lint/suspicious/noExplicitAny: blocks of every kind are looked into
type Block = any;
type Message = { readonly to: string; readonly text: string; readonly blocks: readonly Block[] };

/** The bot in a Slack of our own, in the thread of one message in a channel. */
export async function slackStage(mode: "socket" | "http"): Promise<Stage> {
  const slack = await new FakeSlack().start();
  const bot = await startBot({
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    ...(mode === "socket" ? { SLACK_APP_TOKEN: slack.appToken } : { SLACK_SIGNING_SECRET: slack.signingSecret }),
  });

  async function deliver(kind: keyof typeof KIND, body: Record<string, unknown>): Promise<void> {
    if (mode === "socket") {
      await slack.deliver(KIND[kind], body);
      return;
    }
    const url = `http://127.0.0.1:${bot.serving.port}/slack/events`;
    const { status } = await fetch(url, { method: "POST", ...slack.signed(body, NOW, kind) });
    if (status !== 200) throw new Error(`The bot answered Slack with status ${status}.`);
  }

  /** In the order in which each way was taken; a story takes one way at a time. */
  function messages(): Message[] {
    const posted = slack.sent(CHANNEL).map(({ text, blocks, thread_ts }) => {
      return { to: thread_ts === ROOT ? "the thread" : "the channel", text, blocks };
    });
    const whispered = slack.ephemerals.map(({ user, text, blocks }) => {
      return { to: `${nameOf(user)} alone`, text, blocks: blocks as Block[] };
    });
    const responses = slack.responses.map(({ body }) => {
      const to = body["response_type"] === "ephemeral" ? "whoever typed the command, alone" : "the channel";
      return { to, text: String(body["text"]), blocks: body["blocks"] as Block[] };
    });
    return [...posted, ...whispered, ...responses];
  }

  async function send(step: Step): Promise<void> {
    const response_url = `${slack.origin}/response/${fresh("r")}`;
    if ("press" in step) {
      const button = messages()
        .flatMap(({ blocks }) => blocks)
        .flatMap((block: Block) => (block.type === "actions" ? block.elements : []))
        .findLast((one: Block) => decoded(one.text.text) === step.press);
      if (button === undefined) throw new Error(`There is no button ${step.press}.`);
      const message = { type: "message", ts: "1773224400.000002", thread_ts: ROOT };
      const { action_id, value } = button;
      return deliver("click", clickBody({ action_id, value }, { response_url, message }));
    }
    const user = PEOPLE[step.by ?? "member"];
    if (step.as === "command") return deliver("command", commandBody(step.say, { response_url, user_id: user }));
    return deliver("event", eventBody(mentionEvent(escaped(step.say), { user, thread_ts: ROOT })));
  }

  return {
    bot,
    async act(step) {
      const before = messages().length;
      await send(step);
      const said = await arrival(() => messages().slice(before)[0], `an answer to ${JSON.stringify(step)}`, bot);
      return shownOf(said);
    },
    golden: () => `${withoutIds(JSON.stringify(messages(), null, 2))}\n`,
    async stop() {
      await bot.stop();
      await slack.stop();
    },
  };
}

function nameOf(user: string): string {
  return Object.entries(PEOPLE).find(([, id]) => id === user)?.[0] ?? user;
}

/** What people type arrives with Slack's three signs as entities. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function decoded(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

const SIGN = /^(?:ℹ️|✅|⚠️|🔴 Problem:) /u;

function shownOf({ to, text, blocks }: Message): Shown {
  const headline =
    blocks
      .map(wordsOf)
      .find((words) => SIGN.test(words))
      ?.replace(SIGN, "") ?? "";
  const notified = decoded(text).split("\n")[0];
  if (notified !== headline) throw new Error(`The notification says ${notified}, the message ${headline}.`);
  const calls = JSON.stringify(blocks).match(/<[!@#][^>]*>/g);
  if (calls !== null || text.includes(`<@${BOT_USER}>`)) throw new Error(`Somebody is called by ${calls}.`);
  return {
    headline,
    words: blocks.map(wordsOf).join("\n"),
    hasChart: blocks.some(({ type }) => type === "data_visualization"),
    buttons: blocks.flatMap((block) =>
      block.type === "actions" ? block.elements.map((one: Block) => decoded(one.text.text)) : [],
    ),
    isPrivate: to.endsWith("alone"),
  };
}

/** What a person reads in one block. */
function wordsOf(block: Block): string {
  switch (block.type) {
    case "header":
    case "section":
      return decoded(block.text.text);
    case "context":
      return block.elements.map((one: Block) => decoded(one.text)).join(" ");
    case "actions":
      return block.elements.map((one: Block) => decoded(one.text.text)).join("\n");
    case "data_table":
      return block.rows.map((row: Block[]) => row.map((cell) => cell.text).join(" ")).join("\n");
    case "data_visualization":
      return [block.title, ...block.chart.series.map((one: Block) => one.name)].join("\n");
    default:
      return "";
  }
}
