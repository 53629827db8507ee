import { readFile } from "node:fs/promises";
import type { Client, QueryResultRow } from "pg";
import { RefusedError, reasonOf, UnreachableError } from "../../util/errors.ts";
import type { Secret } from "../../util/secret.ts";

/** A database that the bot may act on. */
export type Database = {
  readonly name: string;
  readonly host: string;
  readonly port?: number | undefined;
  readonly database: string;
  readonly user: string;
  readonly password?: Secret | undefined;
  /** Certificates are checked; a wrong one ends the connection. */
  readonly tls?: boolean | undefined;
  /** PEM of the authority that signed the server's certificate, where it is none that Node trusts. */
  readonly caFile?: string | undefined;
  readonly environment?: string | undefined;
  /** "schema.table"; `*` stands for any text. */
  readonly tables: readonly string[];
};

export type Rows = readonly QueryResultRow[];

/** One connection, for as long as one piece of work takes. */
export type Session = {
  rows(sql: string, values?: readonly unknown[]): Promise<Rows>;
  /** What the server said besides its answers: warnings, notices. */
  readonly notices: readonly string[];
};

/** The server ended or lost the connection, so what it was asked last may have happened. */
export class LostError extends Error {
  override readonly name = "LostError";
}

/** Each of our sessions begins so: we never act on one of them. */
export const OURS = "smartcloudops/";
const CONNECT_MS = 8000;
/** The session that tells another one of ours to leave off. */
const CANCEL = "cancel";

/**
 * Connects, does the work and disconnects. `key` names the session on the server. At the end of `timeoutMs` the server itself cuts a
 * statement off; when `signal` fires, it is asked to, and the connection is dropped. Throws `UnreachableError` and `RefusedError`
 * before anything was asked, what `work` throws, and `LostError` for a connection that went meanwhile.
 */
export async function withSession<T>(
  db: Database,
  { key, timeoutMs, signal }: { readonly key: string; readonly timeoutMs: number; readonly signal: AbortSignal },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({
    host: db.host,
    port: db.port ?? 5432,
    database: db.database,
    user: db.user,
    password: () => db.password?.reveal() ?? "",
    ssl: await tlsOf(db),
    application_name: `${OURS}${key}`.slice(0, 63),
    connectionTimeoutMillis: Math.max(1, Math.min(CONNECT_MS, timeoutMs)),
    keepAlive: true,
  });
  const notices: string[] = [];
  let isLost = false;
  client.on("error", () => {
    isLost = true;
  });
  client.on("notice", ({ message }) => {
    if (notices.length < 50) notices.push(String(message));
  });
  const drop = () => socketOf(client).destroy();
  const atConnect = () => drop();
  signal.addEventListener("abort", atConnect, { once: true });
  try {
    if (signal.aborted) throw new UnreachableError(serviceOf(db), "the time was up before it was asked");
    let pid: number;
    try {
      await client.connect();
      // A little before we stop waiting, so that the answer still comes.
      const limit = Math.max(1, Math.floor(timeoutMs - Math.min(1000, timeoutMs / 4)));
      const { rows } = await client.query(
        "select pg_backend_pid() as pid, set_config('statement_timeout', $1, false), set_config('search_path', 'pg_catalog', false)",
        [String(limit)],
      );
      pid = Number(rows[0]?.["pid"]);
    } catch (problem) {
      throw failure(db, signal.aborted ? signal.reason : problem);
    }
    signal.removeEventListener("abort", atConnect);
    const cut = () => {
      if (key === CANCEL) return drop();
      void cancel(db, pid).finally(() => setTimeout(drop, 500).unref());
    };
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    try {
      return await work({
        notices,
        async rows(sql, values = []) {
          if (signal.aborted) throw new LostError("the time was up");
          try {
            return (await client.query(sql, [...values])).rows as Rows;
          } catch (problem) {
            if (isLost || signal.aborted || !isAnswer(problem) || isGoodbye(problem))
              throw new LostError(signal.aborted ? "the time was up" : reasonOf(problem), { cause: problem });
            throw failure(db, problem);
          }
        },
      });
    } finally {
      signal.removeEventListener("abort", cut);
    }
  } finally {
    signal.removeEventListener("abort", atConnect);
    // A server that does not answer must not keep us from ending.
    const patience = setTimeout(drop, 1000);
    await client.end().catch(() => undefined);
    clearTimeout(patience);
  }
}

async function tlsOf(db: Database) {
  if (db.tls !== true) return false;
  try {
    const ca = db.caFile === undefined ? {} : { ca: await readFile(db.caFile, "utf8") };
    // The host is what the certificate is compared with: the driver itself names it for host names alone, and not for addresses.
    return { rejectUnauthorized: true, host: db.host, ...ca };
  } catch (problem) {
    throw new UnreachableError(serviceOf(db), `the certificate file cannot be read: ${reasonOf(problem)}`, {
      cause: problem,
    });
  }
}

/** A failure of the server or of the way to it, as one of our errors. */
export function failure(db: Database, problem: unknown): Error {
  const service = serviceOf(db);
  const options = { cause: problem };
  if (!isAnswer(problem)) {
    const text = reasonOf(problem);
    if (/does not support SSL|certificate|self[- ]signed/i.test(text))
      return new RefusedError(service, 403, `no safe connection: ${text}`, options);
    return new UnreachableError(service, text === "" ? "it could not be reached" : text, options);
  }
  const { code, message } = problem;
  switch (code) {
    case "28P01":
    case "28000":
      return new RefusedError(service, 401, `it does not let ${db.user} in`, options);
    case "3D000":
      return new RefusedError(service, 404, `there is no database ${db.database}`, options);
    case "42501":
      return new RefusedError(service, 403, `the role ${db.user} lacks a right: ${message}`, options);
    case "53300":
    case "57P03":
      return new UnreachableError(service, message, options);
    default:
      return new RefusedError(service, code === "57014" ? 408 : 400, message, options);
  }
}

export const serviceOf = (db: Database) => `postgres ${db.name}`;

type Answer = Error & { readonly code: string };

/** The server said so itself, with an SQLSTATE of five characters; a socket's errors have names such as ECONNRESET. */
function isAnswer(problem: unknown): problem is Answer {
  const { code } = (problem ?? {}) as { code?: unknown };
  return problem instanceof Error && typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && "severity" in problem;
}

/** Class 57P: the server shuts down or dropped the session, and says nothing of what it did. */
function isGoodbye(problem: Answer): boolean {
  return /^57P0/.test(problem.code) || problem.code.startsWith("08");
}

/** Asks the server to leave off what that session of ours is at. */
async function cancel(db: Database, pid: number): Promise<void> {
  const signal = AbortSignal.timeout(1500);
  await withSession(db, { key: CANCEL, timeoutMs: 1500, signal }, (session) =>
    session.rows("select pg_cancel_backend($1::int4)", [pid]),
  ).catch(() => undefined);
}

function socketOf(client: Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}
