import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { reasonOf } from "../../util/errors.ts";
import type { Secret } from "../../util/secret.ts";
import { StoreError } from "../errors.ts";
import { FIRSTS, PAGE, STEP, WHO } from "./scripts.ts";

/** One operation of a step; see scripts.ts. Checks stand before writes. */
export type Op = readonly (string | number)[];

/** A row found by an index: its id, where it stands, its score, and its text. */
export type Found = { readonly id: string; readonly stands: string; readonly score: number; readonly text: string };

export type Range = {
  readonly min?: number | string;
  readonly max?: number | string;
  readonly newestFirst?: boolean;
  readonly skip?: number;
  readonly limit?: number;
};

/** The connection to Redis as the store uses it. Everything rejects with `StoreError`. */
export type Db = {
  /** Makes a step: "ok", or the number of the first check that did not hold (from 1), and then nothing was written. */
  step(ops: readonly Op[]): Promise<"ok" | number>;
  get(table: string, id: string): Promise<string | undefined>;
  many(table: string, ids: readonly string[]): Promise<readonly (string | undefined)[]>;
  page(table: string, index: string, range?: Range): Promise<readonly Found[]>;
  firsts(table: string, set: string, index: string): Promise<readonly Omit<Found, "score">[]>;
  /** One command that only reads, with its key under the prefix. */
  read<T>(command: (redis: Redis, prefix: string) => Promise<T>): Promise<T>;
  who(): Promise<Who>;
  close(): void;
};

/** `run` tells one start of the server from another. `epoch` is the incarnation of the store, empty for one that is new. */
export type Who = { readonly run: string; readonly epoch: string };

/** All keys begin so. The braces make Redis put them into one slot. */
export const PREFIX = "{smartcloudops}:";

/** Milliseconds that one command may take. */
const COMMAND_MS = 2000;
const LONGEST_PAUSE_MS = 500;
/** After which a server that could not be used is looked at again at the latest: somebody may have changed its settings. */
const LOOK_AGAIN_MS = 2000;
/** The first pause after the connection was lost while it looked; each further one is twice as long. */
const LOST_MS = 100;

/** What ioredis and the system say when there is no connection any more, or nobody answers on it. */
const LOST_WORDS = /Connection is closed|timed out|max retries per request|Stream isn't writeable/i;
const LOST_CODE = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/;

type Scripts = Redis & {
  scoStep(key: string, ...argv: (string | number)[]): Promise<string>;
  scoPage(key: string, ...argv: (string | number)[]): Promise<string[]>;
  scoFirsts(key: string, ...argv: (string | number)[]): Promise<string[]>;
  scoWho(key: string, ...argv: (string | number)[]): Promise<[string, string, string]>;
};

/**
 * Connects. ioredis itself sends nothing a second time and queues nothing while there is no connection: what is sent again is sent here, under
 * the id of its step, so that it happens once, and with a time after which the server refuses it, so that it never happens late.
 * `greet` looks at the server after each connect, before anything else is sent; what it throws is what every call rejects with
 * until it looked again, which it does by itself. Where the connection was lost meanwhile, it looks at the next one. Resolves after the first
 * greeting that came to its end.
 */
export async function connect(
  url: Secret,
  {
    patienceMs,
    commandMs = COMMAND_MS,
    greet,
    warn,
  }: {
    /** Milliseconds that a call is tried for. */
    readonly patienceMs: number;
    /** Milliseconds that one command may take: more for one that reads a whole store. */
    readonly commandMs?: number;
    readonly greet: (db: Db) => Promise<void>;
    readonly warn: (problem: unknown, message: string) => void;
  },
): Promise<Db> {
  const { Redis: Client } = await import("ioredis");
  /** Why greetings failed since the last one that did not: the last reason, what was told of it, and how often in a row. */
  const failing = { problem: undefined as unknown, told: "", times: 0 };
  const lostPause = () => Math.min(failing.times === 0 ? 0 : LOST_MS * 2 ** failing.times, LOOK_AGAIN_MS);
  const redis = new Client(url.reveal(), {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.max(Math.min(times * 50, LONGEST_PAUSE_MS), lostPause()),
    reconnectOnError: () => false as const,
    connectTimeout: COMMAND_MS,
    commandTimeout: commandMs,
    connectionName: "smartcloudops-store",
  }) as unknown as Scripts;
  for (const [name, lua] of [
    ["scoStep", STEP],
    ["scoPage", PAGE],
    ["scoFirsts", FIRSTS],
    ["scoWho", WHO],
  ] as const)
    redis.defineCommand(name, { numberOfKeys: 1, lua });
  const where = `${redis.options.host ?? "localhost"}:${redis.options.port ?? 6379}`;

  let isClosed = false;
  let heard: unknown;
  /** Server time in milliseconds less `performance.now()`. */
  let ahead = 0;
  let greeted: Promise<void> | undefined;
  /** Errors of ours that say that Redis did not answer. */
  const unanswered = new WeakSet<Error>();

  async function serverTime(): Promise<void> {
    const before = performance.now();
    const [ms] = await redis.scoWho(PREFIX, PREFIX);
    ahead = Number(ms) - (before + performance.now()) / 2;
  }

  redis.on("error", (problem) => {
    heard = problem;
  });
  redis.on("close", () => {
    greeted = undefined;
  });
  redis.on("ready", () => {
    heard = undefined;
    const now = (async () => {
      await serverTime();
      await greet(dbOn(async () => {}));
    })();
    greeted = now;
    const failed = (problem: unknown) => {
      const said = reasonOf(problem);
      const loss = isLoss(problem);
      if (said !== failing.told)
        warn(
          problem,
          loss
            ? "Redis was lost while it was looked at: it is looked at again"
            : "Redis is there, and cannot be used as the store",
        );
      Object.assign(failing, { problem, told: said, times: failing.times + 1 });
      const again = () => {
        if (greeted === now && !isClosed) redis.disconnect(true);
      };
      setTimeout(again, loss ? lostPause() : LOOK_AGAIN_MS).unref();
    };
    now.then(() => Object.assign(failing, { problem: undefined, told: "", times: 0 }), failed);
  });

  /** Whether the connection broke, or the server cannot answer yet: else somebody said no, and will until something is changed. */
  function isLoss(problem: unknown): boolean {
    if (!(problem instanceof Error)) return false;
    if (problem.name === "ReplyError") return refusal(where, problem) === undefined;
    const { code = "" } = problem as NodeJS.ErrnoException;
    return unanswered.has(problem) || LOST_CODE.test(code) || LOST_WORDS.test(problem.message);
  }

  function unreachable(problem: unknown, what: string): StoreError {
    const why = reasonOf(heard ?? problem ?? failing.problem ?? "it did not answer");
    const error = new StoreError(
      "io",
      `the store in Redis at ${where} ${what} (${why}). Check that Redis runs and can be reached, and see REDIS_URL.`,
      { cause: problem },
    );
    unanswered.add(error);
    return error;
  }

  /** Resolves once there is a connection that was greeted. */
  async function greeting(until: number): Promise<void> {
    for (;;) {
      if (isClosed) throw new StoreError("closed", `the store in Redis at ${where} was used after it had been closed`);
      const no = refusal(where, heard);
      if (no !== undefined) throw no;
      const now = greeted;
      if (now !== undefined) {
        try {
          return await now;
        } catch (problem) {
          if (!isLoss(problem)) throw refusal(where, problem) ?? problem;
        }
      }
      if (performance.now() >= until) throw unreachable(undefined, "cannot be reached. Nothing was stored");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  function dbOn(ready: (until: number) => Promise<void>): Db {
    /** Tries again while the server cannot answer, for as long as there is time. */
    async function tried<T>(work: (left: number) => Promise<T>, lost: string): Promise<T> {
      const until = performance.now() + patienceMs;
      for (;;) {
        await ready(until);
        try {
          return await work(until - performance.now());
        } catch (problem) {
          if (problem instanceof StoreError) throw problem;
          const why = refusal(where, problem);
          if (why !== undefined) throw why;
          if (isClosed || performance.now() + 100 >= until) throw unreachable(problem, lost);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    }

    const read = <T>(command: (on: Scripts, prefix: string) => Promise<T>): Promise<T> =>
      tried(() => command(redis, PREFIX), "could not be read");

    return {
      async step(ops) {
        const id = randomUUID();
        const flat = ops.flatMap(([name, ...args]) => [name!, args.length, ...args]);
        return tried(async (left) => {
          for (let clocks = 0; ; clocks++) {
            const deadline = performance.now() + ahead + Math.min(COMMAND_MS, left);
            const reply = await redis.scoStep(PREFIX, PREFIX, id, deadline, ...flat);
            if (reply === "ok") return reply;
            if (reply !== "late") return Number(reply);
            // It waited too long, or the server's clock was set: looked at once.
            if (clocks > 0) throw unreachable(new Error("it answered too late"), "did not store it in time");
            await serverTime();
          }
        }, "did not answer, so it may have been stored, and is not from now on");
      },
      async get(table, id) {
        return (await read((on, prefix) => on.hget(`${prefix}t:${table}`, id))) ?? undefined;
      },
      async many(table, ids) {
        if (ids.length === 0) return [];
        const found = await read((on, prefix) => on.hmget(`${prefix}t:${table}`, ...ids));
        return found.map((text) => text ?? undefined);
      },
      async page(table, index, { min = "-inf", max = "+inf", newestFirst = false, skip = 0, limit = -1 } = {}) {
        if (limit === 0) return [];
        const argv = [table, index, min, max, newestFirst ? "1" : "0", skip, limit];
        const reply = await read((on, prefix) => on.scoPage(prefix, prefix, ...argv));
        return inGroups(reply, 3).map(([stands = "", score, text = ""]) => ({
          ...{ id: stands.slice(STANDING), stands, score: Number(score), text },
        }));
      },
      async firsts(table, set, index) {
        const reply = await read((on, prefix) => on.scoFirsts(prefix, prefix, table, set, index));
        return inGroups(reply, 2).map(([stands = "", text = ""]) => ({ id: stands.slice(STANDING), stands, text }));
      },
      read,
      async who() {
        const [, run, epoch] = await read((on, prefix) => on.scoWho(prefix, prefix));
        return { run, epoch };
      },
      close() {
        isClosed = true;
        redis.disconnect();
      },
    };
  }

  const db = dbOn(greeting);
  try {
    await redis.connect().catch(() => undefined);
    await greeting(performance.now() + patienceMs);
    return db;
  } catch (problem) {
    db.close();
    throw problem;
  }
}

/** Digits and the colon in front of an id, where a row stands. */
const STANDING = 17;

function inGroups(reply: readonly string[], size: number): (readonly string[])[] {
  return Array.from({ length: reply.length / size }, (_, i) => reply.slice(i * size, (i + 1) * size));
}

/** The server's own no, as a sentence; undefined when it may answer another time. */
function refusal(where: string, problem: unknown): unknown {
  if (!(problem instanceof Error) || problem.name !== "ReplyError") return undefined;
  const text = reasonOf(problem);
  const because = { cause: problem };
  if (/^(?:LOADING|BUSY|MASTERDOWN|TRYAGAIN)/.test(text)) return undefined;
  if (/^(?:WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password)/.test(text))
    return new StoreError(
      "no-access",
      `the store in Redis at ${where} lets the bot in no further: ${text}. Put the right user and password into REDIS_URL; the user needs all commands on keys that begin with ${PREFIX}, and INFO.`,
      because,
    );
  if (/^OOM/.test(text))
    return new StoreError(
      "full",
      `the store in Redis at ${where} is full: ${text}. Nothing was stored. Raise maxmemory of that Redis.`,
      because,
    );
  if (/^(?:READONLY|MISCONF)/.test(text))
    return new StoreError(
      "read-only",
      `the store in Redis at ${where} takes no writes: ${text}. Nothing was stored. Point REDIS_URL at the primary, and see that its disk can be written.`,
      because,
    );
  return problem;
}
