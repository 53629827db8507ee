import { appendFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { openStore } from "../app/outside.ts";
import { type Ask, type Asked, createApp, type Overrides } from "../app.ts";
import { callSocket, isRunning } from "../chat/socket/call.ts";
import { type Config, secretsOf } from "../config.ts";
import type { AskReply } from "../core/answer.ts";
import type { Store } from "../ports/store.ts";
import { createLog, type Log } from "../util/log.ts";
import { loadKeptPacks } from "./packs-cache.ts";

/** Whom a command asks: the bot that runs on the data folder, or one in this process. */
export type Bot = { readonly ask: Ask; readonly isRemote: boolean; readonly stop: () => Promise<void> };

type OpenBot = {
  readonly now?: number | undefined;
  /** Reads at once what exists, while the person still types. */
  readonly warm?: boolean;
  readonly overrides?: Overrides;
};

/**
 * Finds the running bot, or makes one. With `now` (unix seconds) it is always one of our own, whose clock stands there.
 * Without a usable data folder the conversation is kept in memory, and every reply says so.
 */
export async function openBot(config: Config, { now, warm = false, overrides = {} }: OpenBot = {}): Promise<Bot> {
  if (now === undefined && (await isRunning(config.dataDir).catch(() => false))) return remoteBot(config);
  const clock = now === undefined ? () => Date.now() / 1000 : () => now;
  const { store, degraded } = await storeFor(config, clock);
  const packs = overrides.packs ?? (await loadKeptPacks(config));
  const app = await createApp(config, {
    clock,
    store,
    packs,
    degraded,
    limitPerPerson: false,
    log: quietLog(config),
    ...overrides,
  });
  if (warm) app.start();
  return { ask: app.ask, isRemote: false, stop: app.stop };
}

/**
 * A person reads this terminal: only what went wrong is said there, unless they want to see everything. With `file`, which is begun anew, it
 * is said in there.
 */
export function quietLog(config: Config, file?: string): Log {
  const level = config.log.level === "debug" ? "debug" : "error";
  if (file === undefined) return createLog({ level, secrets: secretsOf(config) });
  writeFileSync(file, "", { mode: 0o600 });
  const stream = { write: (line: string) => appendFileSync(file, line) };
  return createLog({ level, stream, secrets: secretsOf(config) });
}

async function storeFor(config: Config, clock: () => number): Promise<{ store: Store; degraded: string[] }> {
  try {
    return { store: await openStore(config, clock), degraded: [] };
  } catch (problem) {
    if (!(problem instanceof Error) || problem.name !== "StoreError") throw problem;
    const { createMemoryStore } = await import("../store/memory.ts");
    const store = createMemoryStore({ retention: config.limits.retentionSeconds });
    return { store, degraded: [`This conversation is not kept: ${problem.message}`] };
  }
}

// ---------------------------------------------------------------- over the socket

/** As much of a reply as is used here. It is printed as it came: the bot that made it keeps the contract. */
const Shape = z.object({ intent: z.string(), reply_text: z.string() });

const Remote = z.object({
  card: z.unknown(),
  reply: z.custom<AskReply>((value) => Shape.safeParse(value).success),
  failed: z.literal(true).optional(),
  repeated: z.literal(true).optional(),
});

/** A little longer than the bot itself may take, so that its own words about slowness arrive. */
const GRACE_MS = 20_000;

function remoteBot(config: Config): Bot {
  const timeoutMs = config.limits.answerTimeoutMs + (config.model?.totalMs ?? 0) + GRACE_MS;
  return {
    isRemote: true,
    async ask({ id, text, user, place }, signal, onlooker): Promise<Asked> {
      const request = { kind: "ask" as const, id, text, user: user.id, thread: place.thread };
      const { readDraft } = await import("../chat/terminal/schema.ts");
      const draft = (value: unknown) => {
        const read = readDraft(value);
        if (read !== undefined) onlooker?.show(read);
      };
      const live = { ...request, live: onlooker !== undefined };
      const end = () => {
        // It is over then, or this command learns by its own question that the bot is gone.
        callSocket(config.dataDir, { kind: "enough", id, user: user.id }, { timeoutMs: 5000 }).catch(() => {});
      };
      onlooker?.enough?.addEventListener("abort", end, { once: true });
      const answered = await orCancelled(callSocket(config.dataDir, live, { timeoutMs, draft }), signal).then(
        (said) => Remote.safeParse(said).data,
        (problem: unknown) => {
          if (signal?.aborted) throw problem;
          return undefined;
        },
      );
      onlooker?.enough?.removeEventListener("abort", end);
      if (answered === undefined) return lostBot();
      const { card, reply, ...rest } = answered;
      const { readCard } = await import("../chat/terminal/schema.ts");
      return { card: readCard(card), reply, ...(rest.failed ? { failed: true } : {}) };
    },
    stop: async () => {},
  };
}

/** The running bot went away, or said what no bot of this version says. */
function lostBot(): Asked {
  const title = "The running bot did not answer: it stopped, or is of another version.";
  const text = "Ask again; without a running bot this command answers by itself.";
  return {
    card: { title, tone: "danger", blocks: [{ kind: "text", text }] },
    reply: {
      intent: "clarify",
      slots: {},
      reply_text: `${title}\n${text}`,
      promql: [],
      values: [],
      proposed_actions: [],
      sources: [],
      degraded: [title],
    },
    failed: true,
  };
}

function orCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
