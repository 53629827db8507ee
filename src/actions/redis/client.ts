import type { Redis } from "ioredis";
import { RefusedError, reasonOf, UnreachableError } from "../../util/errors.ts";
import type { Secret } from "../../util/secret.ts";

/** A Redis that the bot may act on: by `url`, or by its address. */
export type RedisServer = {
  readonly name: string;
  /** `redis://` or `rediss://`, with the password in it. */
  readonly url?: Secret | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: Secret | undefined;
  readonly tls?: boolean | undefined;
  readonly db?: number | undefined;
  readonly environment?: string | undefined;
  /** Keys that begin so may be flushed: "cart:". */
  readonly prefixes: readonly string[];
  /** Lists and streams that may be emptied or moved; `*` stands for any text. */
  readonly queues: readonly string[];
};

/** A command was sent and its answer did not come. */
export class LostError extends Error {
  override readonly name = "LostError";
}

/** Where marks of executions are kept: at most once for a key, and what became of it. */
export const markOf = (key: string) => `${MARKS}${key}`;
export const MARKS = "smartcloudops:execution:";
/** Seconds that a mark is kept: a week, longer than any proposal is asked about. */
export const MARK_SECONDS = 7 * 86_400;

const CONNECT_MS = 5000;
const LONGEST_COMMAND_MS = 15_000;

/**
 * Connects, does the work and disconnects. Nothing is queued while there is no connection, and no command is ever sent a second time:
 * one whose answer did not come may have been carried out. Throws `UnreachableError` and `RefusedError` before anything was sent, and
 * what `work` throws; wrap each command that changes something in `sent`.
 */
export async function withRedis<T>(
  server: RedisServer,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  work: (redis: Redis) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new UnreachableError(serviceOf(server), "the time was up before it was asked");
  const { Redis: Client } = await import("ioredis");
  const options = {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    reconnectOnError: () => false as const,
    connectTimeout: Math.max(1, Math.min(CONNECT_MS, timeoutMs)),
    commandTimeout: Math.max(1, Math.min(LONGEST_COMMAND_MS, timeoutMs)),
    connectionName: "smartcloudops",
    enableReadyCheck: true,
  };
  const redis =
    server.url === undefined
      ? new Client({
          ...options,
          host: server.address ?? "127.0.0.1",
          port: server.port ?? 6379,
          db: server.db ?? 0,
          ...(server.user === undefined ? {} : { username: server.user }),
          ...(server.password === undefined ? {} : { password: server.password.reveal() }),
          ...(server.tls === true ? { tls: {} } : {}),
        })
      : new Client(server.url.reveal(), options);
  // What keeps it from connecting is told here; `connect` itself says no more than that it is closed.
  let heard: unknown;
  redis.on("error", (problem) => {
    heard = problem;
  });
  const drop = () => redis.disconnect();
  signal.addEventListener("abort", drop, { once: true });
  try {
    try {
      await redis.connect();
      await redis.ping();
    } catch (problem) {
      throw failure(server, signal.aborted ? new Error("no answer in time") : (heard ?? problem));
    }
    return await work(redis);
  } finally {
    signal.removeEventListener("abort", drop);
    redis.disconnect();
  }
}

/** Waits for a command that changes something. Throws `RefusedError` when the server said no, and `LostError` when nobody knows. */
export async function sent<T>(server: RedisServer, command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (problem) {
    if (isAnswer(problem)) throw failure(server, problem);
    throw new LostError(reasonOf(problem), { cause: problem });
  }
}

/** A failure of the server or of the way to it, as one of our errors. */
export function failure(server: RedisServer, problem: unknown): Error {
  const service = serviceOf(server);
  const options = { cause: problem };
  const text = reasonOf(problem);
  if (/^(?:WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/.test(text))
    return new RefusedError(service, 401, "it does not let the bot in with the configured password", options);
  if (/^NOPERM/.test(text)) return new RefusedError(service, 403, `a right is missing: ${text}`, options);
  if (/^READONLY/.test(text)) return new RefusedError(service, 409, "it is a replica, which takes no writes", options);
  if (/^(?:LOADING|MASTERDOWN|BUSY|TRYAGAIN|CLUSTERDOWN)/.test(text))
    return new UnreachableError(service, text, options);
  if (/^MOVED|^CROSSSLOT/.test(text))
    return new RefusedError(service, 400, "it is a cluster: only single servers are supported", options);
  return isAnswer(problem)
    ? new RefusedError(service, 400, text, options)
    : new UnreachableError(service, text, options);
}

export const serviceOf = ({ name }: RedisServer) => `redis ${name}`;

/** The server's own words, as redis-parser marks them; everything else is the connection's. */
function isAnswer(problem: unknown): boolean {
  return problem instanceof Error && problem.name === "ReplyError";
}

/** The numbers and words of `INFO`, of all sections. */
export async function infoOf(redis: Redis): Promise<Readonly<Record<string, string>>> {
  const text = await redis.info();
  return Object.fromEntries(
    text
      .split(/\r?\n/)
      .map((line) => /^(\w+):(.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, value]) => [name, value]),
  );
}
