import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ALICE, personal } from "../../fakes/bot-framework/activities.ts";
import { type BotFramework, startBotFramework, TENANT } from "../../fakes/bot-framework/index.ts";
import { BOT_USER, commandBody, eventBody, FakeSlack, fresh, TEAM } from "../../fakes/slack/index.ts";
import { type ChatBot, chatEnv, startChatBot } from "../chat-bot.ts";
import { type Finding, inSlack, inTeams } from "./outgoing.ts";
import { startToldPrometheus, type ToldPrometheus } from "./prometheus.ts";

/** Channels that entries speak of. The fence has one of its own, so that its answers are nobody else's. */
export const CHANNEL = "C1";
export const NOT_MEMBER = "C0NOTHERE1";
const FENCE = "C0FENCE001";
const PATIENCE_MS = 20_000;

export type Headers = Readonly<Record<string, string | readonly string[]>>;
export type Reply = { readonly status: number; readonly body: string };

/** One thing that the bot said, as it left. */
export type Said = { readonly platform: "slack" | "teams"; readonly body: Record<string, unknown> };

/** A bot that runs, and everything around it, played on this machine. */
export class World {
  readonly slack: FakeSlack;
  readonly framework: BotFramework;
  readonly prometheus: ToldPrometheus;
  readonly bot: ChatBot;
  /** Hosts elsewhere that the bot tried to reach. */
  readonly reached: readonly string[];
  readonly #closeProxy: () => Promise<void>;
  #fences = 0;

  private constructor(
    parts: Pick<World, "slack" | "framework" | "prometheus" | "bot" | "reached">,
    closeProxy: () => Promise<void>,
  ) {
    this.slack = parts.slack;
    this.framework = parts.framework;
    this.prometheus = parts.prometheus;
    this.bot = parts.bot;
    this.reached = parts.reached;
    this.#closeProxy = closeProxy;
  }

  static async open(prepare: (prometheus: ToldPrometheus) => void): Promise<World> {
    const slack = await new FakeSlack().start();
    for (const channel of [CHANNEL, FENCE]) slack.channels.set(channel, { isArchived: false, isMember: true });
    const [framework, prometheus, proxy] = [await startBotFramework(), await startToldPrometheus(), await startProxy()];
    framework.roles.set(ALICE.id, "user");
    prepare(prometheus);
    const bot = await startChatBot({
      ...chatEnv(slack, framework),
      PROMETHEUS_URL: prometheus.url,
      // Everything that is not on this machine goes through the proxy, which notes it and lets nothing pass.
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: proxy.url,
      HTTPS_PROXY: proxy.url,
      NO_PROXY: "127.0.0.1,localhost",
    });
    const world = new World({ slack, framework, prometheus, bot, reached: proxy.reached }, proxy.close);
    await world.catalogueRead();
    return world;
  }

  async close(): Promise<void> {
    await this.bot.stop();
    await Promise.all([this.slack.stop(), this.framework.close(), this.prometheus.close(), this.#closeProxy()]);
  }

  /** A person of the workspace. */
  person(id: string, name: string): string {
    this.slack.people.set(id, { id, name, real_name: name, profile: { display_name: name }, tz: "UTC", team_id: TEAM });
    return id;
  }

  /** A request as Slack signs it. */
  async slackPost(body: Record<string, unknown>, kind: "event" | "command" | "click" = "event"): Promise<Reply> {
    const { headers, body: text } = this.slack.signed(body, Math.floor(Date.now() / 1000), kind);
    return await this.post("/slack/events", headers, text);
  }

  async teamsPost(activity: unknown, token?: string): Promise<Reply> {
    const authorization = `Bearer ${token ?? (await this.framework.sign())}`;
    return await this.post(
      "/api/messages",
      { authorization, "content-type": "application/json" },
      JSON.stringify(activity),
    );
  }

  /** Each on a connection of its own. Status 0 when there was no answer. */
  post(path: string, headers: Headers, body: string | Uint8Array, method = "POST"): Promise<Reply> {
    return new Promise((resolve) => {
      const outgoing = request({ host: "127.0.0.1", port: this.bot.port, path, method, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      });
      for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value as string | string[]);
      outgoing.on("error", () => resolve({ status: 0, body: "" }));
      outgoing.end(method === "POST" || method === "PUT" ? body : undefined);
    });
  }

  /** Everything that was said since the last call, the fence's answers aside. */
  taken(): Said[] {
    const { slack, framework } = this;
    const calls = slack.calls.splice(0).filter(({ method, args }) => SAYING.has(method) && args["channel"] !== FENCE);
    const responses = slack.responses.splice(0);
    const kept = framework.kept
      .splice(0)
      .filter(({ activity, conversation }) => activity?.type === "message" && conversation !== FENCE);
    slack.messages.clear();
    slack.ephemerals.length = 0;
    return [
      ...calls.map(({ args }): Said => ({ platform: "slack", body: args })),
      ...responses.map(({ body }): Said => ({ platform: "slack", body })),
      ...kept.map(({ activity }): Said => ({ platform: "teams", body: activity })),
    ];
  }

  /** What in it would act in a chat. */
  findingsIn({ platform, body }: Said): Finding[] {
    const known = new Set([this.prometheus.host]);
    return platform === "slack" ? inSlack(body, known) : inTeams(body, known);
  }

  /**
   * Resolves when what was asked before is answered: two questions one after the other are, which came later. Throws when
   * the bot answers no more.
   */
  async settled(): Promise<void> {
    const { slack, framework } = this;
    const inTeams = () => framework.kept.filter(({ conversation }) => conversation === FENCE).length;
    for (let i = 0; i < 2; i++) {
      const user = this.person(`U0FENCE${++this.#fences}`, "fence");
      const before = { slack: slack.sent(FENCE).length, teams: inTeams() };
      const ts = fresh("1790000000.");
      const text = `<@${BOT_USER}> \`fence\``;
      const mention = await this.slackPost(eventBody({ type: "app_mention", channel: FENCE, user, text, ts }));
      const conversation = { conversationType: "personal", tenantId: TENANT, id: FENCE };
      const from = { id: user, name: "fence", aadObjectId: crypto.randomUUID() };
      framework.roles.set(user, "user");
      const asked = await this.teamsPost(personal(framework.url, "`fence`", { conversation, from }));
      if (mention.status !== 200 || asked.status !== 200)
        throw new Error(`plain questions were answered with status ${mention.status} and ${asked.status}`);
      await this.until(
        () => slack.sent(FENCE).length > before.slack && inTeams() > before.teams,
        "a plain question was not answered any more",
      );
    }
    // A long list of messages for one channel is still on its way then.
    const count = () => slack.calls.length + slack.responses.length + framework.kept.length;
    for (let before = -1, same = 0; same < 3; before = count()) {
      await sleep(100);
      same = count() === before ? same + 1 : 0;
    }
  }

  /** Waits until it holds. Throws `what` when it does not in time, or when the bot ends. */
  async until(check: () => boolean, what: string, ms = PATIENCE_MS): Promise<void> {
    for (const end = Date.now() + ms; !check(); await sleep(5)) {
      if (this.bot.exitCode() !== null) throw new Error(`the bot ended with ${this.bot.exitCode()}`);
      if (Date.now() > end) throw new Error(`${what} (${ms} ms)`);
    }
  }

  async catalogueRead(): Promise<void> {
    await this.until(
      () => this.bot.log.some((line) => line.includes("catalogue refreshed")),
      "Prometheus was not read",
    );
  }

  command(text: string, user: string, more: Record<string, string> = {}): Record<string, string> {
    return commandBody(text, {
      channel_id: CHANNEL,
      user_id: user,
      response_url: `${this.slack.origin}/response/${fresh("r")}`,
      ...more,
    });
  }
}

const SAYING = new Set(["chat.postMessage", "chat.update", "chat.postEphemeral"]);

async function startProxy() {
  const reached: string[] = [];
  const server = createServer((request, response) => {
    reached.push(URL.parse(request.url ?? "")?.hostname ?? String(request.url));
    response.writeHead(502).end();
  });
  server.on("connect", (request, socket) => {
    reached.push(String(request.url).replace(/:\d+$/, ""));
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
