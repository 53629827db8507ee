import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import {
  BOT_USER,
  clickBody,
  commandBody,
  directEvent,
  eventBody,
  type FakeSlack,
  formBody,
  fresh,
  mentionEvent,
  TEAM,
} from "../index.ts";
import { type Block, blocksHtml } from "./blocks.ts";
import { formHtml } from "./form.ts";
import { type Line, page, type Room, view } from "./page.ts";

/** Where the bot hears: through its socket, or at the address that Slack would call. */
export type Ear = { readonly mode: "socket" } | { readonly mode: "http"; readonly url: string };

type Told = {
  readonly ts: string;
  readonly thread: string | undefined;
  readonly room: string;
  readonly isBot: boolean;
  readonly author: string;
  readonly blocks: readonly Block[];
  readonly isEdited: boolean;
  readonly only: string | undefined;
};

const ALICE = "U0ALICE001";
const BEN = "U0BEN00001";
/** Who can sit at the page. */
const PEOPLE = [ALICE, BEN] as const;
const HOME: Room = { id: "HOME", name: "App home" };
const ROOMS: readonly Room[] = [
  { id: "C0GENERAL1", name: "# general" },
  { id: "C0NOTHERE1", name: "# without-the-bot" },
  { id: "D0ALICE001", name: "ops (direct message)" },
  HOME,
];
const NAMES: Readonly<Record<string, string>> = { [BOT_USER]: "ops", C0GENERAL1: "general" };

const Who = z.enum(PEOPLE).default(ALICE);
const Say = z.object({ who: Who, room: z.string(), text: z.string().min(1).max(4000), thread: z.string().optional() });
const Side = z.enum(["positive", "negative"]);
const Press = z.object({
  who: Who,
  room: z.string(),
  address: z.union([
    z.tuple([z.string(), z.number(), z.number()]),
    z.tuple([z.string(), z.number(), z.number(), Side]),
  ]),
});
const Open = z.object({ who: Who, room: z.string() });
const Form = z.object({
  who: Who,
  form: z.string(),
  /** What was filled in, by block; undefined when it was closed. */
  values: z.record(z.string(), z.string()).optional(),
});

/** Thrown for what the person at the page should read. */
class NoticeError extends Error {
  override readonly name = "NoticeError";
}

/**
 * A web page on a fake Slack's own address, for Alice or Ben, whoever is chosen there: its channels as people would see them,
 * and a place to type, to use `/ops`, to click, to confirm and to fill in forms. What they do reaches the bot as signed
 * requests or over its socket. Everything is drawn from what the fake was sent, so that a page never shows what the bot did
 * not say.
 */
export class SlackWindow {
  readonly #slack: FakeSlack;
  readonly #ear: Ear;
  readonly #said: Told[] = [];
  readonly #addresses = new Map<
    string,
    { readonly who: string; readonly room: string; readonly thread: string | undefined }
  >();
  readonly #watching = new Set<ServerResponse>();
  readonly #opened: string;
  /** Clicks that may have opened a form: trigger -> who. */
  readonly #triggers = new Map<string, string>();
  /** Forms that wait on somebody's page: id -> who. */
  readonly #forms = new Map<string, string>();

  constructor(slack: FakeSlack, ear: Ear) {
    this.#slack = slack;
    this.#ear = ear;
    this.#opened = slack.stamp();
    slack.pages = (request, response, body) => void this.#serve(request, response, body);
    slack.changed = () => this.#tell();
  }

  /** The page's address. */
  get url(): string {
    return `${this.#slack.origin}/`;
  }

  // ---------------------------------------------------------------- what the person does

  /** A message, with `@ops` for the bot's mention, or a command. */
  async say({ who = ALICE, room, text, thread }: z.input<typeof Say>): Promise<void> {
    if (room.startsWith("D") && who !== ALICE) throw new NoticeError("This conversation is Alice's.");
    if (text.startsWith("/")) return this.#command(who, room, text, thread);
    const ts = this.#slack.stamp();
    const typed = text.split(/(@ops\b)/);
    const elements = typed
      .filter((part) => part !== "")
      .map((part) => (part === "@ops" ? { type: "user", user_id: BOT_USER } : { type: "text", text: part }));
    const blocks = [{ type: "rich_text", elements: [{ type: "rich_text_section", elements }] }];
    const author = this.#nameOf(who);
    this.#said.push({ ts, thread, room, isBot: false, author, blocks, isEdited: false, only: undefined });
    this.#tell();
    const sent = typed.map((part) => (part === "@ops" ? `<@${BOT_USER}>` : escaped(part))).join("");
    const more = { user: who, ts, blocks, channel: room, ...(thread === undefined ? {} : { thread_ts: thread }) };
    if (room.startsWith("D")) await this.deliver("event", eventBody(directEvent(sent, more)));
    else if (typed.includes("@ops")) await this.deliver("event", eventBody(mentionEvent("", { ...more, text: sent })));
  }

  async #command(who: string, room: string, text: string, thread: string | undefined): Promise<void> {
    const [, command = "", rest = ""] = /^(\/\S*)\s*([\s\S]*)$/.exec(text) ?? [];
    if (command !== "/ops") throw new NoticeError(`${command} is no command of this app: it has /ops.`);
    if (thread !== undefined) throw new NoticeError("Slack takes no commands in threads.");
    const response_url = this.#responseUrl(who, room, undefined);
    await this.deliver("command", commandBody(escaped(rest), { user_id: who, channel_id: room, response_url }));
  }

  /** A click on an element of a message that is there. */
  async press({ who = ALICE, room, address: [ts, block, at, side] }: z.input<typeof Press>): Promise<void> {
    const message = this.#told(room, who).find((one) => one.ts === ts);
    const element = (message?.blocks[block]?.elements ?? [message?.blocks[block]?.accessory])[at];
    if (message === undefined || element === undefined) throw new NoticeError("That button is there no more.");
    const { value } = side === undefined ? element : element[`${side}_button`];
    const action = { type: element.type, action_id: element.action_id, value };
    const over = isHome(room)
      ? { channel: undefined, message: undefined, container: { type: "view", view_id: "V0HOME" } }
      : this.#whereClicked(message);
    const trigger = fresh("303.404.");
    const by = { trigger_id: trigger, user: userOf(who) };
    const response_url = this.#responseUrl(who, room, message.thread);
    this.#triggers.set(trigger, who);
    await this.deliver("click", clickBody(action, { ...by, ...over, ...(isHome(room) ? {} : { response_url }) }));
  }

  /** A form that was sent, or closed. */
  async #fill({ who, form: id, values }: z.infer<typeof Form>): Promise<void> {
    const form = this.#slack.forms.find((one) => one.id === id);
    if (form === undefined || this.#forms.get(id) !== who) throw new NoticeError("That form is open no more.");
    this.#forms.delete(id);
    if (values !== undefined) await this.deliver("click", formBody(form, values, { user: userOf(who) }));
    this.#tell();
  }

  /** The form that waits for somebody, as HTML. */
  #form(who: string): string {
    for (const [trigger, by] of this.#triggers) {
      const id = this.#slack.opened.get(trigger);
      if (id === undefined) continue;
      this.#triggers.delete(trigger);
      this.#forms.set(id, by);
    }
    const [id] = [...this.#forms].find(([, by]) => by === who) ?? [];
    const form = this.#slack.forms.find((one) => one.id === id);
    return form === undefined ? "" : formHtml(form);
  }

  #whereClicked({ ts, thread, room, only }: Told): Record<string, unknown> {
    const thread_ts = thread === undefined ? {} : { thread_ts: thread };
    return {
      channel: { id: room, name: this.#nameOf(room) },
      message: { type: "message", ts, ...thread_ts },
      container: { type: "message", message_ts: ts, channel_id: room, is_ephemeral: only !== undefined, ...thread_ts },
    };
  }

  async #open({ who, room }: z.infer<typeof Open>): Promise<void> {
    if (!isHome(room)) return;
    const event = { type: "app_home_opened", user: who, channel: "D0ALICE001", tab: "home", event_ts: "1.1" };
    await this.deliver("event", eventBody(event));
  }

  #responseUrl(who: string, room: string, thread: string | undefined): string {
    const path = `/response/${fresh("r")}`;
    this.#addresses.set(path, { who, room, thread });
    return `${this.#slack.origin}${path}`;
  }

  /** Lets the bot hear something. Throws a sentence when it does not. */
  async deliver(kind: "event" | "command" | "click", body: Record<string, unknown>): Promise<void> {
    if (this.#ear.mode === "socket") {
      if (this.#slack.openSockets === 0) throw new NoticeError("No bot is connected.");
      const type = { event: "events_api", command: "slash_commands", click: "interactive" } as const;
      await this.#slack.deliver(type[kind], body);
      return;
    }
    const signed = this.#slack.signed(body, Math.floor(Date.now() / 1000), kind);
    const answer = await fetch(this.#ear.url, { method: "POST", ...signed }).catch(() => undefined);
    if (answer?.status !== 200) throw new NoticeError(`The bot did not take it (${answer?.status ?? "not reached"}).`);
  }

  // ---------------------------------------------------------------- what the person sees

  #nameOf(id: string): string {
    return NAMES[id] ?? String(this.#slack.people.get(id)?.["real_name"] ?? id);
  }

  /** Everything in a room that somebody may see, oldest first. */
  #told(room: string, who: string): Told[] {
    if (room.startsWith("D") && who !== ALICE) return [];
    const bot = { room, isBot: true, author: "ops", isEdited: false, only: undefined };
    if (isHome(room)) {
      const blocks = (this.#slack.views.get(who)?.["blocks"] ?? []) as Block[];
      return blocks.length === 0 ? [] : [{ ...bot, ts: this.#opened, thread: undefined, blocks }];
    }
    const posted = this.#slack.sent(room).map(({ ts, thread_ts, blocks, text, isEdited = false }) => {
      return { ...bot, ts, thread: thread_ts, isEdited, blocks: blocks.length > 0 ? blocks : [plainBlock(text)] };
    });
    const whispered = this.#slack.ephemerals
      .filter(({ channel, user }) => channel === room && user === who)
      .map(({ ts, thread, blocks }) => ({ ...bot, ts, thread, only: "you", blocks: blocks as Block[] }));
    const responses = this.#slack.responses.flatMap(({ path, ts, body }) => {
      const from = this.#addresses.get(path);
      if (from?.room !== room) return [];
      const only = body["response_type"] === "in_channel" ? undefined : "you";
      if (only !== undefined && from.who !== who) return [];
      return [{ ...bot, ts, thread: from.thread, only, blocks: (body["blocks"] ?? []) as Block[] }];
    });
    const said = this.#said.filter((one) => one.room === room);
    return [...posted, ...whispered, ...responses, ...said].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  }

  #lines(room: string, who: string): Line[] {
    const told = this.#told(room, who);
    const line = (one: Told): Line => ({
      ...one,
      root: one.thread ?? one.ts,
      body: blocksHtml(one.blocks, { message: one.ts, nameOf: (id) => this.#nameOf(id) }),
      replies: [],
    });
    const roots = told.filter(
      ({ ts, thread }) => thread === undefined || !told.some((one) => one.ts === thread) || ts === thread,
    );
    return roots.map((root) => ({
      ...line(root),
      replies: told.filter((one) => one.thread === root.ts && one.ts !== root.ts).map(line),
    }));
  }

  // ---------------------------------------------------------------- HTTP

  /** Only for a page that came from here: another site's page in the same browser must not speak to the bot. */
  #isOwn({ headers }: IncomingMessage): boolean {
    const { host } = new URL(this.#slack.origin);
    return headers.host === host && (headers.origin === undefined || headers.origin === this.#slack.origin);
  }

  async #serve(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const path = request.url ?? "/";
    if (!this.#isOwn(request)) return void response.writeHead(403).end();
    const [, , what = "", rest = "", by = ""] = path.split("/");
    const who = Who.safeParse(by).data ?? ALICE;
    if (request.method === "POST") return this.#act(what, body, response);
    if (path === "/favicon.ico") return void response.writeHead(204).end();
    const people = PEOPLE.map((id) => ({ id, name: this.#nameOf(id) }));
    if (path === "/") return reply(response, "text/html", page(ROOMS, people));
    if (path === "/window/page.css" || path === "/window/page.js") {
      const type = path.endsWith("css") ? "text/css" : "text/javascript";
      return reply(response, type, readFileSync(new URL(what, import.meta.url)));
    }
    if (what === "view" && ROOMS.some(({ id }) => id === rest)) {
      const zone = String(this.#slack.people.get(who)?.["tz"] ?? "UTC");
      return reply(response, "text/html", view(this.#lines(rest, who), zone));
    }
    if (what === "form") return reply(response, "text/html", this.#form(Who.safeParse(rest).data ?? ALICE));
    const file = what === "files" ? this.#slack.uploads.get(decodeURIComponent(rest)) : undefined;
    if (file?.completed) return reply(response, "image/png", file.bytes);
    if (path !== "/window/changes") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("data: now\n\n");
    this.#watching.add(response);
    response.on("close", () => this.#watching.delete(response));
  }

  async #act(what: string, body: Buffer, response: ServerResponse): Promise<void> {
    try {
      const sent: unknown = JSON.parse(body.toString());
      if (what === "say") await this.say(Say.parse(sent));
      else if (what === "press") await this.press(Press.parse(sent));
      else if (what === "form") await this.#fill(Form.parse(sent));
      else if (what === "open") await this.#open(Open.parse(sent));
      else throw new NoticeError("This page cannot do that.");
      response.writeHead(204).end();
    } catch (problem) {
      const text = problem instanceof NoticeError ? problem.message : "This page sent what nobody can read.";
      response.writeHead(400, { "content-type": "text/plain; charset=utf-8" }).end(text);
    }
  }

  #tell(): void {
    for (const response of this.#watching) response.write("data: now\n\n");
  }
}

function userOf(id: string): Record<string, unknown> {
  return { id, username: id, name: id, team_id: TEAM };
}

function isHome(room: string): boolean {
  return room === HOME.id;
}

function plainBlock(text: string): Block {
  return { type: "section", text: { type: "mrkdwn", text } };
}

/** What people type, as Slack passes it on. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

function reply(response: ServerResponse, type: string, body: string | Buffer): void {
  const headers = {
    "content-type": type === "image/png" ? type : `${type}; charset=utf-8`,
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  };
  response.writeHead(200, headers).end(body);
}
