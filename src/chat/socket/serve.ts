import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { connectTo } from "./connect.ts";
import { readLine } from "./line.ts";
import { claimSocketPath, isFile } from "./path.ts";
import { MAX_REQUEST, type SocketRequest, socketRequest } from "./schema.ts";

/** Commands at once. Each is one person's terminal, or a script's. */
const MAX_CLIENTS = 64;
/** How long a client may take to send its line. */
const LINE_MS = 10_000;
/** What a handler that was told to stop has left for saying so. */
const LAST_WORDS_MS = 100;

/** `draft` sends something before the answer. */
type Handle = (request: SocketRequest, signal: AbortSignal, draft: (draft: unknown) => void) => Promise<unknown>;

/**
 * Listens in the data folder, which must exist, and answers one request per connection. `handle` gets a checked
 * request and a signal that fires when the client goes away or the server has no more time; what it throws reaches
 * the client as `{error: sentence}`. `stop` takes no new requests, lets those under way end within `graceMs`, and then
 * aborts them. Throws when another bot listens there already. A socket file that a killed bot left is removed, but
 * only after nobody answered on it.
 */
export async function serveSocket({
  dataDir,
  handle,
  log,
  lineMs = LINE_MS,
}: {
  readonly dataDir: string;
  readonly handle: Handle;
  readonly log: Log;
  readonly lineMs?: number;
}): Promise<{ stop(graceMs?: number): Promise<void> }> {
  const path = claimSocketPath(dataDir);
  const other = await connectTo(path);
  if (other !== undefined) {
    other.destroy();
    throw new Error(`a bot already listens on ${path}. Stop it first, or use another data folder.`);
  }
  if (isFile(path)) rmSync(path, { force: true });

  const schema = socketRequest();
  const clients = new Map<Socket, AbortController>();
  const working = new WeakSet<Socket>(); // those whose request is being answered
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const gone = new AbortController();
    clients.set(socket, gone);
    socket.on("error", () => socket.destroy()); // a client that went away is no fault of ours
    socket.on("close", () => {
      clients.delete(socket);
      gone.abort(new Error("the client went away"));
    });
    if (clients.size > MAX_CLIENTS) {
      reply(socket, {
        error: `the bot is busy: ${MAX_CLIENTS} commands are waiting for it already. Try again in a moment.`,
      });
      return;
    }
    const read = (line: string) => {
      const request = readRequest(schema, line);
      working.add(socket);
      return request;
    };
    answer(socket, read, handle, gone.signal, lineMs).catch((err) => {
      log.error({ err }, "a command could not be answered over the socket");
      socket.destroy();
    });
  });
  await listen(server, path);
  server.on("error", (err) => log.error({ err }, "the socket for commands failed"));

  return {
    async stop(graceMs = 1000) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of clients.keys()) if (!working.has(socket)) socket.destroy();
      const timers = [
        setTimeout(() => {
          for (const gone of clients.values()) gone.abort(new Error("the bot is stopping"));
        }, graceMs),
        setTimeout(() => {
          for (const socket of clients.keys()) socket.destroy();
        }, graceMs + LAST_WORDS_MS),
      ];
      await closed;
      timers.forEach(clearTimeout);
    },
  };
}

async function answer(
  socket: Socket,
  read: (line: string) => SocketRequest,
  handle: Handle,
  signal: AbortSignal,
  lineMs: number,
): Promise<void> {
  let request: SocketRequest;
  try {
    request = read(await readLine(socket, MAX_REQUEST, lineMs));
  } catch (cause) {
    return reply(socket, { error: reasonOf(cause) });
  }
  // A client that closes its side has gone: `callSocket` keeps both open until it has the reply.
  socket.once("end", () => socket.destroy());
  socket.resume();
  try {
    const draft = (value: unknown) => {
      if (!socket.destroyed && !socket.writableEnded) socket.write(`${JSON.stringify({ draft: value })}\n`);
    };
    reply(socket, { ok: (await handle(request, signal, draft)) ?? null });
  } catch (cause) {
    reply(socket, { error: reasonOf(cause) });
  }
}

function readRequest(schema: ReturnType<typeof socketRequest>, line: string): SocketRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error("the request is not a line of JSON");
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const what = read.error.issues.map((issue) => `${issue.path.join(".") || "request"}: ${issue.message}`).join("; ");
  throw new Error(
    `the running bot does not understand this request (${what}). Is it of the same version as this command?`,
  );
}

function reply(socket: Socket, value: { ok: unknown } | { error: string }): void {
  if (!socket.destroyed) socket.end(`${JSON.stringify(value)}\n`);
}

/** Only this user may connect: the data folder is closed to others, and so is the socket should the folder not be. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      if (isFile(path)) chmodSync(path, 0o600);
      resolve();
    });
  });
}
