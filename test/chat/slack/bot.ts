import { setTimeout as sleep } from "node:timers/promises";
import { createSlack, type SlackSettings } from "../../../src/chat/slack/index.ts";
import type { Reach, Visitor } from "../../../src/core/access.ts";
import type { Card } from "../../../src/core/card.ts";
import type { Place, Question } from "../../../src/core/chat.ts";
import { createLive } from "../../../src/flows/live.ts";
import { receive } from "../../../src/flows/receive.ts";
import { createHttpServer, type HttpServer } from "../../../src/http/server.ts";
import type { Click, Onlooker, ProposalLists, Said, Surface, SurfaceDeps } from "../../../src/ports/chat.ts";
import type { Outbox, Outgoing, Queued } from "../../../src/ports/outbox.ts";
import type { Inbox } from "../../../src/ports/store.ts";
import { NeverError, NotNowError } from "../../../src/util/errors.ts";
import { createLog, type Log } from "../../../src/util/log.ts";
import { secret } from "../../../src/util/secret.ts";
import type { FakeSlack } from "../../fakes/slack/index.ts";
import { newStore } from "../../fakes/world.ts";

type Kept = Outgoing & { attempts: number; state: "waiting" | "sent" | "gave up"; note: string };

/** The parts of the store that a surface uses, in memory, and the loop that empties the outbox. */
export class SlackBot {
  readonly slack: FakeSlack;
  readonly surface: Surface;
  readonly asked: Question[] = [];
  readonly visitors: Visitor[] = [];
  readonly outbox = new Map<string, Kept>();
  readonly places = new Map<string, { place: Place; reference: unknown }>();
  readonly opinions: { answer: string; user: string; helpful: boolean }[] = [];
  readonly inbox: Inbox;
  readonly clicks: Click[] = [];
  readonly drawn: string[] = [];
  readonly logged: string[] = [];
  storeFails = false;
  reach: (visitor: Visitor) => Reach = () => ({ allowed: true });
  /** Clicks that ended a look. */
  readonly ended: Parameters<SurfaceDeps["enough"]>[] = [];
  look: Awaited<ReturnType<SurfaceDeps["enough"]>> = "stopping";
  answer: (question: Question, onlooker?: Onlooker) => Promise<Said> | Said = (question) => ({
    card: cardFor(question.text),
  });
  decided: (click: Click) => Promise<Card> | Card = ({ decision }) => ({
    title: `Noted: ${decision}.`,
    tone: "info",
    blocks: [],
  });
  lists: (visitor: Visitor) => ProposalLists = () => ({ waiting: [], own: [], decided: [] });
  clock = () => Date.now() / 1000;
  #server: HttpServer | undefined;
  port = 0;

  /** `inbox`: what an earlier run left. */
  constructor(slack: FakeSlack, mode: "socket" | "http", over: Partial<SlackSettings> = {}, inbox = newStore().inbox) {
    this.slack = slack;
    this.inbox = inbox;
    const log = createLog({ level: "debug", stream: { write: (line: string) => void this.logged.push(line) } });
    const settings: SlackSettings = {
      mode,
      botToken: secret(slack.botToken),
      appToken: secret(slack.appToken),
      signingSecret: secret(slack.signingSecret),
      apiUrl: slack.apiUrl,
      teams: [],
      command: "/ops",
      ...over,
    };
    this.surface = createSlack(settings, this.#deps(log), log);
    if (mode === "http") {
      this.#server = createHttpServer({
        host: "127.0.0.1",
        port: 0,
        metricsToken: undefined,
        readiness: async () => [],
        metrics: async () => ({ contentType: "text/plain", body: "" }),
        routes: this.surface.routes,
        log,
      } as Parameters<typeof createHttpServer>[0]);
    }
  }

  async start(): Promise<this> {
    if (this.#server !== undefined) this.port = (await this.#server.start()).port;
    await this.surface.start();
    return this;
  }

  async stop(graceMs = 2000): Promise<void> {
    await this.surface.stop(graceMs);
    await this.#server?.stop(0);
  }

  /** A request to the address that Slack calls. */
  async post(request: {
    readonly body: string;
    readonly headers: Record<string, string>;
  }): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${this.port}/slack/events`, { method: "POST", ...request });
    return { status: response.status, body: await response.text() };
  }

  /** As if the process had ended: another bot, with what the first one stored. */
  async restarted(over: Partial<SlackSettings> = {}): Promise<SlackBot> {
    const next = new SlackBot(this.slack, "http", over);
    for (const [id, kept] of this.outbox) next.outbox.set(id, structuredClone(kept));
    return await next.start();
  }

  /** Sends what waits, until nothing waits, or until `tries` attempts of each failed. */
  async deliver(tries = 3, signal = () => AbortSignal.timeout(20_000)): Promise<void> {
    for (const message of this.outbox.values()) {
      while (message.state === "waiting" && message.attempts < tries) await this.#attempt(message, signal());
    }
  }

  async #sendDrafts(): Promise<void> {
    for (const message of this.outbox.values())
      if (message.id.startsWith("live:") && message.attempts === 0)
        await this.#attempt(message, AbortSignal.timeout(20_000));
  }

  /** Posts a message as the bot does by itself. Returns its reference. */
  async show(message: Outgoing): Promise<string> {
    const kept: Kept = { ...message, attempts: 0, state: "waiting", note: "" };
    this.outbox.set(message.id, kept);
    await this.#attempt(kept, AbortSignal.timeout(20_000));
    return kept.note;
  }

  async #attempt(message: Kept, signal: AbortSignal): Promise<void> {
    message.attempts++;
    try {
      const edited = message.edits === undefined ? undefined : this.outbox.get(message.edits)?.note;
      message.note = await this.surface.sender.send(message, edited, signal);
      message.state = "sent";
    } catch (err) {
      if (err instanceof NeverError) message.state = "gave up";
      else if (!(err instanceof NotNowError)) throw err;
      message.note = err.message;
    }
  }

  #box(): Outbox {
    return {
      put: async (message) => {
        if (this.outbox.has(message.id)) return false;
        this.outbox.set(message.id, { ...message, attempts: 0, state: "waiting", note: "" });
        return true;
      },
      due: async () => [],
      fateOf: async () => undefined,
      hold: async () => {},
      begin: async () => {},
      hint: async (id, hint) => {
        const kept = this.outbox.get(id);
        if (kept?.state === "waiting") this.outbox.set(id, Object.assign(kept, { hint }));
      },
      postpone: async () => {},
      sent: async () => {},
      gaveUp: async () => {},
      referenceOf: async (id) => {
        const kept = this.outbox.get(id);
        return kept?.state === "sent" ? kept.note : undefined;
      },
      answerOf: async () => undefined,
      waiting: async () => ({ count: 0, oldest: undefined }),
    };
  }

  #deps(log: Log): SurfaceDeps {
    const inbox: Inbox = {
      ...this.inbox,
      take: async (...event) => {
        if (this.storeFails) throw new Error("disk full");
        return this.inbox.take(...event);
      },
    };
    const key = (place: Place) => `${place.channel}/${place.thread}`;
    return {
      ask: async (question, _, onlooker) => {
        this.asked.push(question);
        return await this.answer(question, onlooker);
      },
      enough: async (...ended) => {
        this.ended.push(ended);
        return this.look;
      },
      live: createLive({
        outbox: this.#box(),
        clock: () => this.clock(),
        wake: () => void this.#sendDrafts(),
        pause: (ms, signal) => sleep(Math.min(ms, 20), undefined, { signal }).catch(() => {}),
        report: (err) => log.error({ err }, "reported"),
      }),
      decide: async (click) => {
        this.clicks.push(click);
        return await this.decided(click);
      },
      proposal: async () => undefined,
      proposalsFor: async (visitor) => this.lists(visitor),
      mayRead: (visitor) => {
        this.visitors.push(visitor);
        return this.reach(visitor);
      },
      wake: () => {},
      drawChart: async (chart, zone) => {
        this.drawn.push(`${chart.title} ${zone}`);
        return Buffer.from("\x89PNG invented picture", "latin1");
      },
      clock: () => this.clock(),
      receive: (deal, urgencyOf) =>
        receive({
          platform: "slack",
          inbox,
          clock: () => this.clock(),
          deal,
          urgencyOf,
          pauseMs: () => 1,
          report: (event) => log.error(event, "reported"),
        }),
      store: {
        places: {
          save: async (place, reference) => void this.places.set(key(place), { place, reference }),
          get: async () => undefined,
          all: async () => [...this.places.values()],
          remove: async (place) => void this.places.delete(key(place)),
        },
        feedback: {
          save: async ({ answer, user, helpful }) => void this.opinions.push({ answer, user: user.id, helpful }),
          count: async () => ({ helpful: 0, unhelpful: 0 }),
        },
        outbox: this.#box(),
      },
    };
  }
}

export function cardFor(text: string): Card {
  return {
    title: `Answer to ${text}`,
    tone: "good",
    blocks: [
      { kind: "text", text: "All is well." },
      {
        kind: "chart",
        chart: {
          title: "requests",
          unit: "per_s",
          series: [
            {
              name: "shop",
              points: [
                [1_780_000_000, 3],
                [1_780_000_060, 9],
                [1_780_000_120, 4],
              ],
            },
          ],
        },
      },
      { kind: "evidence", items: [{ promql: "up", source: "main", url: "http://prometheus.example/graph?a=1&b=2" }] },
      {
        kind: "buttons",
        buttons: [{ label: "Why?", style: "primary", action: { kind: "ask", text: "why is it slow" } }],
      },
    ],
  };
}

/** A message that waits, for trying the sender alone. */
export function queued(over: Partial<Queued> = {}): Queued {
  const place: Place = { platform: "slack", channel: "C0GENERAL1", thread: "" };
  return { id: "m1", place, card: cardFor("it"), at: Date.now() / 1000, attempts: 1, ...over };
}

/** Waits until it holds; fails with the last reason when it does not within `ms`. */
export async function until(check: () => boolean, what: string, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  while (!check()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
