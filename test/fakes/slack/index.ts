import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { charactersIn, complaintAbout, complaintAboutModal } from "./limits.ts";
import { APP, BOT, BOT_USER, fresh, OTHER_TEAM, TEAM } from "./payloads.ts";

import { chunksOf, type StreamState, whyNotStarted, written } from "./streams.ts";

export * from "./payloads.ts";

type Args = Readonly<Record<string, string>>;
type Answer = { readonly ok: boolean; readonly error?: string } & Readonly<Record<string, unknown>>;

export type Stored = {
  readonly ts: string;
  text: string;
  blocks: Record<string, unknown>[];
  readonly thread_ts?: string;
  readonly bot_id?: string;
  metadata?: { readonly event_type: string; readonly event_payload: Record<string, unknown> };
  isEdited?: true;
  /** Of a message that is or was written while people read it. */
  streaming_state?: StreamState;
  /** Its reader stopped it. */
  isStopped?: true;
  readonly unfurl: readonly [links: string | undefined, media: string | undefined];
};

/** What goes wrong with the next calls of a method. `lost`: done, but the answer never arrives. */
export type Fault = { readonly method: string; times: number } & (
  | { readonly kind: "limited"; readonly seconds: number }
  | { readonly kind: "error"; readonly error: string; readonly when?: (args: Args) => boolean }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "lost" | "hang" }
);

type Channel = { isArchived: boolean; isMember: boolean };
type Person = { readonly id: string; readonly name: string } & Readonly<Record<string, unknown>>;
type Envelope = { readonly id: string; readonly frame: Record<string, unknown>; acked: () => void; attempts: number };

/** A Slack of our own on loopback: Web API, Socket Mode and answers to commands, with Slack's limits and errors. */
export class FakeSlack {
  readonly botToken = "xoxb-invented-0001";
  readonly appToken = "xapp-invented-0001";
  readonly signingSecret = "invented-signing-secret";
  readonly calls: { readonly method: string; readonly args: Args }[] = [];
  readonly messages = new Map<string, Stored[]>();
  readonly ephemerals: {
    readonly ts: string;
    readonly channel: string;
    readonly user: string;
    readonly thread: string | undefined;
    readonly text: string;
    readonly blocks: unknown;
  }[] = [];
  /** User groups: id -> ids of their members. */
  readonly groups = new Map<string, readonly string[]>();
  readonly responses: { readonly ts: string; readonly path: string; readonly body: Record<string, unknown> }[] = [];
  /** How often each address for answers to a command was used. Five times are allowed. */
  readonly responseUses = new Map<string, number>();
  /** Whether the half hour of every such address has passed. */
  responsesExpired = false;
  readonly views = new Map<string, Record<string, unknown>>();
  /** Forms that are open, in the order they were opened. */
  readonly forms: (Record<string, unknown> & { readonly id: string; readonly private_metadata: string })[] = [];
  /** Which form a trigger opened: trigger -> id of the form. */
  readonly opened = new Map<string, string>();
  readonly uploads = new Map<string, { bytes: Buffer; completed: boolean; usableAfter: number }>();
  readonly faults: Fault[] = [];
  readonly channels = new Map<string, Channel>([
    ["C0GENERAL1", { isArchived: false, isMember: true }],
    ["C0ARCHIVED", { isArchived: true, isMember: true }],
    ["C0NOTHERE1", { isArchived: false, isMember: false }],
    ["D0ALICE001", { isArchived: false, isMember: true }],
  ]);
  /** Who is in a channel; without an entry everybody is. */
  readonly members = new Map<string, readonly string[]>();
  readonly people = new Map<string, Person>(
    [
      { id: "U0ALICE001", name: "alice", real_name: "Alice Example", tz: "Europe/Berlin", team_id: TEAM },
      { id: "U0GUEST001", name: "gus", real_name: "Gus Guest", tz: "UTC", team_id: TEAM, is_restricted: true },
      { id: "U0BEN00001", name: "ben", real_name: "Ben Example", tz: "UTC", team_id: TEAM },
      { id: "U0LEFT0001", name: "lea", real_name: "Lea Left", tz: "UTC", team_id: TEAM, deleted: true },
      { id: "U0ROBOT001", name: "robot", real_name: "Robot", tz: "UTC", team_id: TEAM, is_bot: true },
      { id: "U0STRANGER", name: "sam", real_name: "Sam Stranger", team_id: OTHER_TEAM, is_stranger: true },
    ].map((person) => [person.id, { ...person, profile: { display_name: person.real_name } }]),
  );
  /** Whether there are streams at all. */
  hasStreams = true;
  /** Calls of chat.postMessage that a picture takes until it can be shown. */
  pictureDelay = 0;
  /** Whether blocks that Slack draws itself are understood. */
  drawsCharts = true;
  socketsOpened = 0;
  /** Each envelope goes to the next socket, as Slack may choose any of several; else to the newest. */
  spreads = false;
  acks: string[] = [];
  /** Serves everything outside of the API: nothing, unless a window is opened on it. */
  pages: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void = (_, response) => {
    response.writeHead(404).end();
  };
  /** Told after each request that may have changed what people see. */
  changed: () => void = () => {};
  /** How long an envelope may stay without acknowledgement before it comes again. */
  redeliverMs = 300;

  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #live = new Set<WebSocket>();
  readonly #waiting = new Map<string, Envelope>();
  readonly #hanging = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #origin = "";
  #tick = 0;

  get origin(): string {
    return this.#origin;
  }

  get apiUrl(): string {
    return `${this.#origin}/api/`;
  }

  async start(): Promise<this> {
    this.#server.on("upgrade", (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#welcome(ws));
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#timer = setInterval(() => this.#redeliver(), 50);
    return this;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const ws of this.#live) ws.terminate();
    for (const response of this.#hanging) response.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  // ---------------------------------------------------------------- what tests look at

  sent(channel: string): Stored[] {
    return this.messages.get(channel) ?? [];
  }

  called(method: string): Args[] {
    return this.calls.filter((call) => call.method === method).map((call) => call.args);
  }

  /** What people can do with a stream, and what Slack does with one that lasts some minutes. */
  endStream(ts: string, how: "stopped by its reader" | "timed out"): void {
    const stored = [...this.messages.values()].flat().find((one) => one.ts === ts);
    if (stored?.streaming_state !== "in_progress") throw new Error(`${ts} is no stream`);
    stored.streaming_state = how === "timed out" ? "errored" : "completed";
    if (how !== "timed out") stored.isStopped = true;
  }

  // ---------------------------------------------------------------- Socket Mode

  /** Sends an envelope and resolves when it is acknowledged, however often it must be sent for that. */
  deliver(type: "events_api" | "slash_commands" | "interactive", payload: Record<string, unknown>): Promise<number> {
    const id = fresh("envelope-");
    const frame = { envelope_id: id, type, payload, accepts_response_payload: type !== "events_api" };
    return new Promise((resolve) => {
      const envelope: Envelope = { id, frame, attempts: 0, acked: () => resolve(envelope.attempts) };
      this.#waiting.set(id, envelope);
      this.#send(envelope);
    });
  }

  /** Anything, to all open sockets. */
  frame(text: string): void {
    for (const ws of this.#live) ws.send(text);
  }

  /** Tells the bot to come back on another socket, as Slack does every few hours. */
  refresh(): void {
    this.frame(JSON.stringify({ type: "disconnect", reason: "refresh_requested", debug_info: { host: "invented" } }));
  }

  /** The network fails: no close frame, nothing. */
  dropSockets(): void {
    for (const ws of this.#live) ws.terminate();
  }

  get openSockets(): number {
    return this.#live.size;
  }

  #welcome(ws: WebSocket): void {
    this.socketsOpened++;
    this.#live.add(ws);
    ws.on("close", () => this.#live.delete(ws));
    ws.on("error", () => {});
    ws.on("message", (data) => {
      const { envelope_id: id } = JSON.parse(String(data)) as { envelope_id: string };
      this.acks.push(id);
      this.#waiting.get(id)?.acked();
      this.#waiting.delete(id);
    });
    const hello = {
      type: "hello",
      num_connections: this.#live.size,
      debug_info: { host: "invented", build_number: 1, approximate_connection_time: 18060 },
      connection_info: { app_id: APP },
    };
    ws.send(JSON.stringify(hello));
  }

  #turn = 0;
  #send(envelope: Envelope): void {
    const all = [...this.#live];
    const ws = this.spreads ? all[this.#turn++ % all.length] : all.at(-1);
    if (ws === undefined) return;
    const retry = envelope.attempts > 0 ? { retry_attempt: envelope.attempts, retry_reason: "timeout" } : {};
    envelope.attempts++;
    ws.send(JSON.stringify({ ...envelope.frame, ...retry }));
  }

  #sentAt = 0;
  #redeliver(): void {
    if (Date.now() - this.#sentAt < this.redeliverMs) return;
    this.#sentAt = Date.now();
    for (const envelope of this.#waiting.values()) this.#send(envelope);
  }

  // ---------------------------------------------------------------- signed HTTP

  /** Headers and body of a request as Slack signs it. `at` is unix seconds. */
  signed(body: Record<string, unknown> | string, at: number, kind: "event" | "command" | "click" = "event") {
    const text = typeof body === "string" ? body : encode(body, kind);
    const mac = createHmac("sha256", this.signingSecret).update(`v0:${at}:${text}`).digest("hex");
    return {
      body: text,
      headers: {
        "content-type": kind === "event" ? "application/json" : "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": String(at),
        "x-slack-signature": `v0=${mac}`,
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
      },
    };
  }

  // ---------------------------------------------------------------- HTTP

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const path = request.url ?? "";
    if (path.startsWith("/upload/")) return this.#takeUpload(path, body, response);
    if (path.startsWith("/response/")) return this.#takeResponse(path, body.toString(), response);
    if (!path.startsWith("/api/")) return this.pages(request, response, body);
    const method = path.slice("/api/".length);
    const args = Object.fromEntries(new URLSearchParams(body.toString()));
    this.calls.push({ method, args });
    const fault = this.#nextFault(method, args);
    switch (fault?.kind) {
      case "limited":
        response.writeHead(429, { "retry-after": String(fault.seconds), "content-type": "application/json" });
        response.end(JSON.stringify({ ok: false, error: "ratelimited" }));
        return;
      case "status":
        response.writeHead(fault.status).end("upstream trouble");
        return;
      case "hang":
        this.#hanging.add(response);
        return;
      case "error":
        return json(response, { ok: false, error: fault.error });
      default: {
        const answer = this.#answer(method, args, String(request.headers.authorization ?? ""));
        if (fault?.kind === "lost") response.destroy();
        else json(response, answer);
        this.changed();
      }
    }
  }

  /** Faults of it are those of the method "response_url". */
  #takeResponse(path: string, body: string, response: ServerResponse): void {
    const fault = this.#nextFault("response_url", {});
    const uses = (this.responseUses.get(path) ?? 0) + 1;
    this.responseUses.set(path, uses);
    if (fault?.kind === "hang") {
      this.#hanging.add(response);
      return;
    }
    if (fault?.kind === "status") {
      response.writeHead(fault.status).end("upstream trouble");
      return;
    }
    if (this.responsesExpired || uses > 5) {
      response.writeHead(404).end(this.responsesExpired ? "expired_url" : "used_url");
      return;
    }
    this.responses.push({ ts: this.stamp(), path, body: JSON.parse(body) });
    this.changed();
    if (fault?.kind === "lost") response.destroy();
    else response.end("ok");
  }

  #nextFault(method: string, args: Args): Fault | undefined {
    const fault = this.faults.find(
      (one) =>
        one.method === method && one.times > 0 && (one.kind !== "error" || one.when === undefined || one.when(args)),
    );
    if (fault !== undefined) fault.times--;
    return fault;
  }

  #takeUpload(path: string, body: Buffer, response: ServerResponse): void {
    const file = this.uploads.get(path.slice("/upload/".length));
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    file.bytes = body;
    response.end(`OK - ${body.length}`);
  }

  #answer(method: string, args: Args, authorization: string): Answer {
    const wanted = method === "apps.connections.open" ? this.appToken : this.botToken;
    if (authorization !== `Bearer ${wanted}`) return failed(authorization === "" ? "not_authed" : "invalid_auth");
    switch (method) {
      case "api.test":
        return { ok: true };
      case "auth.test":
        return {
          ok: true,
          url: "https://example.slack.com/",
          team: "Example",
          user: "ops",
          team_id: TEAM,
          user_id: BOT_USER,
          bot_id: BOT,
          is_enterprise_install: false,
        };
      case "bots.info":
        return { ok: true, bot: { id: BOT, deleted: false, name: "ops", app_id: APP, user_id: BOT_USER } };
      case "apps.connections.open":
        return { ok: true, url: `${this.#origin.replace("http", "ws")}/link/?ticket=${fresh("t")}` };
      case "users.info": {
        const user = this.people.get(args["user"] ?? "");
        return user === undefined ? failed("user_not_found") : { ok: true, user };
      }
      case "conversations.members": {
        const channel = args["channel"] ?? "";
        if (!this.channels.has(channel)) return failed("channel_not_found");
        const members = this.members.get(channel) ?? [...this.people.keys()];
        return { ok: true, members, response_metadata: { next_cursor: "" } };
      }
      case "usergroups.users.list": {
        const users = this.groups.get(args["usergroup"] ?? "");
        return users === undefined ? failed("no_such_subteam") : { ok: true, users };
      }
      case "chat.postMessage":
        return this.#post(args);
      case "chat.update":
        return this.#update(args);
      case "chat.startStream":
        return this.#startStream(args);
      case "chat.appendStream":
      case "chat.stopStream":
        return this.#goOn(method, args);
      case "chat.postEphemeral":
        return this.#whisper(args);
      case "conversations.history":
      case "conversations.replies":
        return this.#read(args);
      case "conversations.open":
        return args["users"] === "U0ALICE001" ? { ok: true, channel: { id: "D0ALICE001" } } : failed("user_not_found");
      case "views.publish":
        return this.#publish(args);
      case "views.open":
        return this.#open(args);
      case "assistant.threads.setStatus":
        return args["thread_ts"] === undefined ? failed("invalid_thread_ts") : { ok: true };
      case "assistant.threads.setSuggestedPrompts": {
        const prompts = JSON.parse(args["prompts"] ?? "[]") as unknown[];
        return prompts.length >= 1 && prompts.length <= 4 ? { ok: true } : failed("invalid_arguments");
      }
      case "files.getUploadURLExternal": {
        const id = fresh("F0FILE");
        this.uploads.set(id, { bytes: Buffer.alloc(0), completed: false, usableAfter: this.pictureDelay });
        return { ok: true, upload_url: `${this.#origin}/upload/${id}`, file_id: id };
      }
      case "files.completeUploadExternal":
        return this.#complete(args);
      default:
        return failed("unknown_method");
    }
  }

  #complete(args: Args): Answer {
    const files = JSON.parse(args["files"] ?? "[]") as { id: string; title?: string }[];
    for (const { id } of files) {
      const file = this.uploads.get(id);
      if (file === undefined || file.bytes.length === 0) return failed("file_not_found");
      file.completed = true;
    }
    return { ok: true, files };
  }

  #whyClosed(channel: string): Answer | undefined {
    const found = this.channels.get(channel);
    if (found === undefined) return failed("channel_not_found");
    if (found.isArchived) return failed("is_archived");
    return found.isMember ? undefined : failed("not_in_channel");
  }

  #whyBadContent(args: Args): Answer | undefined {
    const text = args["text"] ?? "";
    if (text === "" && args["blocks"] === undefined) return failed("no_text");
    if (text.length > 40_000) return failed("msg_too_long");
    return args["blocks"] === undefined ? undefined : this.#whyBadBlocks(JSON.parse(args["blocks"]), 50);
  }

  #whyBadBlocks(blocks: { type: string }[], most: number): Answer | undefined {
    if (!this.drawsCharts && blocks.some((block) => block.type.startsWith("data_"))) return failed("invalid_blocks");
    const complaint = complaintAbout(blocks, most, this.#usableFiles());
    if (complaint !== undefined) {
      return { ...failed("invalid_blocks"), response_metadata: { messages: [`[ERROR] ${complaint}`] } };
    }
    return charactersIn(blocks) > 12_000 ? failed("msg_blocks_too_long") : undefined;
  }

  #usableFiles(): Set<string> {
    const usable = [...this.uploads].filter(([, file]) => file.completed && file.usableAfter-- <= 0);
    return new Set(usable.map(([id]) => id));
  }

  #post(args: Args): Answer {
    // Somebody's id stands for the chat of two with them, here alone (docs.slack.dev/reference/methods/chat.postMessage).
    const channel = args["channel"] === "U0ALICE001" ? "D0ALICE001" : (args["channel"] ?? "");
    const bad = this.#whyClosed(channel) ?? this.#whyBadContent(args);
    if (bad !== undefined) return bad;
    const ts = this.stamp();
    const stored: Stored = {
      ts,
      text: args["text"] ?? "",
      blocks: JSON.parse(args["blocks"] ?? "[]"),
      bot_id: BOT,
      unfurl: [args["unfurl_links"], args["unfurl_media"]],
      ...(args["thread_ts"] !== undefined && { thread_ts: args["thread_ts"] }),
      ...(args["metadata"] !== undefined && { metadata: JSON.parse(args["metadata"]) }),
    };
    this.messages.set(channel, [...this.sent(channel), stored]);
    return { ok: true, channel, ts, message: { ...stored, type: "message" } };
  }

  /** A message's time, which is also its name: each is later than the one before. */
  stamp(): string {
    this.#tick++;
    return `${Math.floor(Date.now() / 1000)}.${String(this.#tick).padStart(6, "0")}`;
  }

  #update(args: Args): Answer {
    const channel = args["channel"] ?? "";
    const bad = this.#whyClosed(channel) ?? this.#whyBadContent(args);
    if (bad !== undefined) return bad;
    const stored = this.sent(channel).find((one) => one.ts === args["ts"]);
    if (stored === undefined) return failed("message_not_found");
    if (stored.streaming_state === "in_progress") return failed("streaming_state_conflict");
    stored.text = args["text"] ?? "";
    stored.blocks = JSON.parse(args["blocks"] ?? "[]");
    stored.isEdited = true;
    return { ok: true, channel, ts: stored.ts, text: stored.text };
  }

  #startStream(args: Args): Answer {
    if (!this.hasStreams) return failed("unknown_method");
    const channel = args["channel"] ?? "";
    const bad = this.#whyClosed(channel);
    if (bad !== undefined) return bad;
    const why = whyNotStarted(args);
    const chunks = chunksOf(args);
    if (why !== undefined || typeof chunks === "string") return failed(why ?? String(chunks));
    const stored: Stored = {
      ts: this.stamp(),
      ...written({ text: "", blocks: [] }, chunks),
      bot_id: BOT,
      unfurl: [undefined, undefined],
      thread_ts: args["thread_ts"]!,
      streaming_state: "in_progress",
    };
    this.messages.set(channel, [...this.sent(channel), stored]);
    return { ok: true, channel, ts: stored.ts };
  }

  #goOn(method: string, args: Args): Answer {
    const channel = args["channel"] ?? "";
    const stored = this.sent(channel).find((one) => one.ts === args["ts"]);
    if (stored === undefined) return failed("message_not_found");
    if (stored.streaming_state !== "in_progress")
      return failed(stored.isStopped === true ? "stopped_by_user" : "message_not_in_streaming_state");
    const isEmpty = args["markdown_text"] === undefined && args["chunks"] === undefined;
    const chunks = method === "chat.stopStream" && isEmpty ? [] : chunksOf(args);
    if (typeof chunks === "string") return failed(chunks);
    Object.assign(stored, written(stored, chunks));
    if (method === "chat.stopStream") {
      stored.streaming_state = "completed";
      if (args["metadata"] !== undefined) stored.metadata = JSON.parse(args["metadata"]);
    }
    return { ok: true, channel, ts: stored.ts };
  }

  #whisper(args: Args): Answer {
    const bad = this.#whyClosed(args["channel"] ?? "") ?? this.#whyBadContent(args);
    if (bad !== undefined) return bad;
    this.ephemerals.push({
      ts: this.stamp(),
      channel: args["channel"]!,
      user: args["user"]!,
      thread: args["thread_ts"],
      text: args["text"] ?? "",
      blocks: JSON.parse(args["blocks"] ?? "[]"),
    });
    return { ok: true, message_ts: "1780000000.999999" };
  }

  /** Newest first for a channel, oldest first for a thread, two to a page so that paging is used. */
  #read(args: Args): Answer {
    const bad = this.#whyClosed(args["channel"] ?? "");
    if (bad !== undefined) return bad;
    const thread = args["ts"];
    const inside = this.sent(args["channel"]!).filter(
      (one) => Number(one.ts) > Number(args["oldest"] ?? 0) && (thread === undefined || one.thread_ts === thread),
    );
    const ordered = thread === undefined ? inside.toReversed() : inside;
    const from = Number(args["cursor"] ?? 0);
    const page = ordered.slice(from, from + 2);
    const shown = page.map(({ metadata, ...one }) => ({
      type: "message",
      ...one,
      ...(args["include_all_metadata"] === "true" && metadata !== undefined && { metadata }),
    }));
    const next = from + 2 < ordered.length ? String(from + 2) : "";
    return { ok: true, messages: shown, has_more: next !== "", response_metadata: { next_cursor: next } };
  }

  /** A trigger opens one form. */
  #open(args: Args): Answer {
    if (!/^\d+\.\d+\.?\d*$/.test(args["trigger_id"] ?? "")) return failed("invalid_trigger_id");
    if (
      this.calls.filter((call) => call.method === "views.open" && call.args["trigger_id"] === args["trigger_id"])
        .length > 1
    )
      return failed("exchanged_trigger_id");
    const view = JSON.parse(args["view"] ?? "{}") as Record<string, unknown>;
    const complaint = complaintAboutModal(view);
    if (complaint !== undefined)
      return { ...failed("invalid_arguments"), response_metadata: { messages: [`[ERROR] ${complaint}`] } };
    const form = { ...view, id: fresh("V0FORM"), app_id: APP, private_metadata: String(view["private_metadata"]) };
    this.forms.push(form);
    this.opened.set(args["trigger_id"] ?? "", form.id);
    return { ok: true, view: form };
  }

  #publish(args: Args): Answer {
    const view = JSON.parse(args["view"] ?? "{}") as { type?: string; blocks?: { type: string }[] };
    if (view.type !== "home" || view.blocks === undefined) return failed("invalid_arguments");
    const bad = this.#whyBadBlocks(view.blocks, 100);
    if (bad !== undefined) return bad;
    this.views.set(args["user_id"]!, view);
    return { ok: true, view };
  }
}

function failed(error: string): Answer {
  return { ok: false, error };
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(value));
}

function encode(body: Record<string, unknown>, kind: "event" | "command" | "click"): string {
  if (kind === "event") return JSON.stringify(body);
  if (kind === "click") return new URLSearchParams({ payload: JSON.stringify(body) }).toString();
  return new URLSearchParams(body as Record<string, string>).toString();
}
