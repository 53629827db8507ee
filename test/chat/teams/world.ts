import { setTimeout as sleep } from "node:timers/promises";
import { createTeams } from "../../../src/chat/teams/index.ts";
import type { TeamsSettings } from "../../../src/chat/teams/settings.ts";
import type { Reach, Visitor } from "../../../src/core/access.ts";
import type { Card } from "../../../src/core/card.ts";
import type { Question } from "../../../src/core/chat.ts";
import { createLive } from "../../../src/flows/live.ts";
import { receive } from "../../../src/flows/receive.ts";
import type { Click, Onlooker, ProposalView, Said, Surface, SurfaceDeps } from "../../../src/ports/chat.ts";
import type { HttpResponse } from "../../../src/ports/http.ts";
import type { Outbox, Outgoing, Queued } from "../../../src/ports/outbox.ts";
import type { FeedbackLog, Inbox, Places } from "../../../src/ports/store.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { createLog } from "../../../src/util/log.ts";
import { secret } from "../../../src/util/secret.ts";
import { APP_ID, APP_PASSWORD, type BotFramework, TENANT } from "../../fakes/bot-framework/index.ts";
import { newStore } from "../../fakes/world.ts";

const RETENTION = { conversations: 3600, evidence: 3600, seenEvents: 3600, proposals: 3600 };

export const ANSWER: Card = { title: "checkout answers in 812 ms", tone: "warning", blocks: [] };

/** The Teams surface on a stand-in Bot Framework, with a small outbox that is delivered whenever something is put in. */
export async function openTeams(
  framework: BotFramework,
  opts: {
    readonly settings?: Partial<TeamsSettings>;
    readonly ask?: (question: Question, onlooker?: Onlooker) => Promise<Said>;
    readonly enough?: SurfaceDeps["enough"];
    readonly decide?: (click: Click) => Promise<Card> | Card;
    readonly proposal?: (id: string) => ProposalView | undefined;
    readonly mayRead?: (visitor: Visitor) => Reach;
    readonly places?: Places;
    /** Another bot's, as after a restart. */
    readonly outbox?: Outbox;
    /** What an earlier run left. */
    readonly inbox?: Inbox;
    readonly drawChart?: SurfaceDeps["drawChart"];
    readonly start?: boolean;
    readonly clock?: () => number;
  } = {},
) {
  const asked: Question[] = [];
  const clicks: Click[] = [];
  const visitors: Visitor[] = [];
  const judged: Parameters<FeedbackLog["save"]>[0][] = [];
  const logged: string[] = [];
  const places = opts.places ?? memoryPlaces();
  const inbox = opts.inbox ?? newStore().inbox;
  const clock = opts.clock ?? (() => Date.now() / 1000);
  const stream = { write: (line: string) => void logged.push(line) };
  const log = createLog({ level: "debug", stream });
  const put: Outgoing[] = [];
  const outbox = opts.outbox ?? createMemoryStore({ retention: RETENTION }).outbox;
  const references = new Map<string, string>();
  let surface: Surface | undefined;

  const deps: SurfaceDeps = {
    async ask(question, _, onlooker) {
      asked.push(question);
      return (await opts.ask?.(question, onlooker)) ?? { card: ANSWER };
    },
    enough: opts.enough ?? (async () => "over"),
    live: createLive({
      outbox: { ...outbox, put: keep },
      clock,
      wake: send,
      pause: (ms, signal) => sleep(Math.min(ms, 20), undefined, { signal }).catch(() => {}),
      report: (problem) => logged.push(`live: ${String(problem)}`),
    }),
    async decide(click) {
      clicks.push(click);
      return (await opts.decide?.(click)) ?? { title: `Noted: ${click.decision}.`, tone: "info", blocks: [] };
    },
    proposal: async (id) => opts.proposal?.(id),
    proposalsFor: async () => ({ waiting: [], own: [], decided: [] }),
    mayRead(visitor) {
      visitors.push(visitor);
      return opts.mayRead?.(visitor) ?? { allowed: true };
    },
    store: {
      places,
      outbox: {
        ...outbox,
        put: keep,
      },
      feedback: {
        async save(feedback) {
          judged.push(feedback);
        },
        count: async () => ({ helpful: 0, unhelpful: 0 }),
      },
    },
    wake: send,
    drawChart: opts.drawChart ?? (async () => new Uint8Array([137, 80, 78, 71])),
    clock,
    receive: (deal, urgencyOf) =>
      receive({
        platform: "teams",
        inbox,
        clock,
        deal,
        urgencyOf,
        pauseMs: () => 1,
        report: (event) => log.error(event, "reported"),
      }),
  };

  async function keep(message: Outgoing): Promise<boolean> {
    const isNew = await outbox.put(message);
    if (isNew) put.push(message);
    return isNew;
  }

  function send(): void {
    const message = put.at(-1)!;
    void deliver({ ...message, attempts: 1 }).catch((problem) => logged.push(String(problem)));
  }

  async function deliver(message: Queued): Promise<string> {
    const edited = message.edits === undefined ? undefined : await outbox.referenceOf(message.edits);
    const id = await surface!.sender.send(message, edited, AbortSignal.timeout(10_000));
    await outbox.sent(message.id, id, message.at);
    references.set(message.id, id);
    return id;
  }

  const settings: TeamsSettings = {
    appId: APP_ID,
    appPassword: secret(APP_PASSWORD),
    tenantId: TENANT,
    appType: "SingleTenant",
    tenants: [],
    serviceUrls: [framework.host],
    insecureDev: false,
    overrides: framework.overrides,
    ...opts.settings,
  };
  surface = createTeams(settings, deps, log);
  if (opts.start !== false) await surface.start();
  const { handle } = surface.routes[0]!;

  function raw(body: string | Buffer, headers: Record<string, string> = {}): Promise<HttpResponse> {
    return handle({
      method: "POST",
      path: "/api/messages",
      query: new URLSearchParams(),
      headers,
      body: Buffer.from(body),
      remoteAddress: "127.0.0.1",
      signal: new AbortController().signal,
    });
  }

  return {
    surface,
    asked,
    clicks,
    visitors,
    judged,
    logged,
    put,
    places,
    outbox,
    inbox,
    references,
    deps,
    raw,
    deliver,
    /** Sends an activity as the channel does, or with another token. */
    async post(activity: unknown, token?: string): Promise<HttpResponse> {
      const authorization = `Bearer ${token ?? (await framework.sign())}`;
      return raw(JSON.stringify(activity), { authorization });
    },
  };
}

export function memoryPlaces(): Places & { readonly saves: () => number } {
  const all = new Map<string, Parameters<Places["save"]>>();
  let saves = 0;
  const key = (place: Parameters<Places["save"]>[0]) => JSON.stringify([place.platform, place.channel, place.thread]);
  return {
    saves: () => saves,
    async save(...entry) {
      saves++;
      all.set(key(entry[0]), structuredClone(entry));
    },
    async get(place) {
      const found = all.get(key(place));
      return found && { reference: found[1], at: found[2] };
    },
    async all(platform) {
      return [...all.values()]
        .filter(([place]) => place.platform === platform)
        .map(([place, reference]) => ({ place, reference }));
    },
    async remove(place) {
      all.delete(key(place));
    },
  };
}

/** Every string of an activity that people read, joined. */
export function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).filter(Boolean).join("\n");
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .flatMap(([key, inner]) =>
      typeof inner === "string" ? (["text", "title"].includes(key) ? [inner] : []) : [wordsOf(inner)],
    )
    .filter(Boolean)
    .join("\n");
}
