import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { HttpResponse, Route } from "../ports/http.ts";
import { type Log, loggedWith } from "../util/log.ts";
import { type OwnRoutes, ownRoutes } from "./own-routes.ts";
import { hasBody, readBody, readTarget } from "./request.ts";
import { HttpProblem } from "./route.ts";

// Importing node:http reads all its exports, and with them loads the whole of fetch, which we do not use: 50 ms and 10 MB.
const { createServer } = process.getBuiltinModule("node:http");

/** What one client may take of the server. Times in milliseconds, sizes in bytes. */
export type Limits = {
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly bodyBytes: number;
  readonly headerBytes: number;
  readonly sockets: number;
  readonly keepAliveMs: number;
  /** A connection on which nothing moves, be it that the client does not read. */
  readonly idleMs: number;
  /** How often Node looks for connections that are late. */
  readonly checkMs: number;
  readonly readinessMs: number;
  /** One look at the dependencies serves everybody who asks within this time. */
  readonly reuseMs: number;
};

const LIMITS: Limits = {
  headersMs: 10_000,
  bodyMs: 10_000,
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  sockets: 1000,
  keepAliveMs: 5000,
  idleMs: 60_000,
  checkMs: 1000,
  readinessMs: 5000,
  reuseMs: 1000,
};

const SAFE_HEADERS = {
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

export type HttpServerSettings = Pick<OwnRoutes, "metricsToken" | "readiness" | "metrics"> & {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Further addresses beside `/healthz`, `/readyz` and `/metrics`. */
  readonly routes?: readonly Route[];
  readonly log: Log;
  readonly limits?: Partial<Limits>;
};

export type HttpServer = {
  /** Listens. Returns the port. Throws with a sentence when the address cannot be had. */
  start(): Promise<{ readonly port: number }>;
  /** Takes no new connections, lets what is under way end within `graceMs`, then cuts the rest off. */
  stop(graceMs: number): Promise<void>;
};

/**
 * The bot's one HTTP server. It stands in front of every SDK: whatever a stranger sends, the answer is a status and a
 * short JSON sentence, and the process lives on.
 */
export function createHttpServer(settings: HttpServerSettings): HttpServer {
  const { host, port, log } = settings;
  const limits = { ...LIMITS, ...settings.limits };
  const routes = [
    ...ownRoutes({ ...settings, reuseMs: limits.reuseMs, readinessMs: limits.readinessMs }),
    ...(settings.routes ?? []),
  ];
  const working = new Map<ServerResponse, AbortController>();
  const busy = new Set<Socket>();
  let stopping = false;
  let count = 0;

  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.headersMs + limits.bodyMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: limits.headerBytes,
    },
    (request, response) => {
      count += 1;
      const number = count;
      loggedWith({ request: number }, () => serve(request, response, number)).catch((err) => {
        log.error({ err }, "a request could not be answered");
        response.destroy();
      });
    },
  );
  server.maxConnections = limits.sockets;
  server.timeout = limits.idleMs;
  server.on("clientError", (error: NodeJS.ErrnoException, socket) =>
    refuse(error, socket as Socket, busy.has(socket as Socket)),
  );

  async function serve(request: IncomingMessage, response: ServerResponse, number: number): Promise<void> {
    const gone = new AbortController();
    working.set(response, gone);
    busy.add(request.socket);
    request.on("error", ignore);
    response.on("error", ignore);
    response.on("close", () => {
      working.delete(response);
      busy.delete(request.socket);
      // Once all is sent nobody waits for that signal, and an error notes where it was made, which costs.
      if (!response.writableFinished) gone.abort(new Error("the client went away"));
    });
    const found: { route?: Route } = {};
    const failed = (cause: unknown): HttpResponse => {
      if (!(cause instanceof HttpProblem) && !gone.signal.aborted)
        log.error({ err: cause, request: number }, "a request failed");
      const said = `Something went wrong inside the bot. Its log says what, under request ${number}.`;
      const problem = cause instanceof HttpProblem ? cause : new HttpProblem(500, "internal", said);
      return found.route?.refuse?.(problem) ?? problem.response;
    };
    const answer = await answerTo(request, gone.signal, found).catch(failed);
    // What is left of a body that nobody wants is not waited for.
    const close = stopping || (hasBody(request) && !request.complete);
    try {
      send(request, response, answer, close);
    } catch (cause) {
      send(request, response, failed(cause), close); // Node refused a header of that answer, before anything was sent
    }
  }

  /** `found.route` is set as soon as it is known whose request it is. */
  async function answerTo(
    request: IncomingMessage,
    signal: AbortSignal,
    found: { route?: Route },
  ): Promise<HttpResponse> {
    const { path, query } = readTarget(request.url ?? "");
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    const here = routes.filter((route) => isAt(route, path));
    if (here.length === 0) throw new HttpProblem(404, "not_found", "There is nothing at this address.");
    const route = here.find((candidate) => candidate.method === method || candidate.method === "*");
    if (route === undefined) throw wrongMethod(here);
    found.route = route;
    const body = await readBody(request, route.bodyBytes ?? limits.bodyBytes, limits.bodyMs);
    const remoteAddress = request.socket.remoteAddress ?? "";
    return route.handle({ method, path, query, headers: request.headers, body, remoteAddress, signal });
  }

  return {
    start: () => listen(server, host, port, log),
    async stop(graceMs) {
      if (!server.listening) return;
      stopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const late = setTimeout(() => {
        for (const gone of working.values()) gone.abort(new Error("the bot is stopping"));
        server.closeAllConnections();
      }, graceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

function send(request: IncomingMessage, response: ServerResponse, answer: HttpResponse, close: boolean): void {
  if (response.destroyed) return;
  const { body = "" } = answer;
  response.writeHead(answer.status, {
    ...SAFE_HEADERS,
    ...answer.headers,
    "content-length": String(Buffer.byteLength(body)),
    ...(close ? { connection: "close" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function isAt(route: Route, path: string): boolean {
  return route.path.endsWith("/*") ? path.startsWith(route.path.slice(0, -1)) : route.path === path;
}

function wrongMethod(routes: readonly Route[]): HttpProblem {
  const allowed = routes.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  return new HttpProblem(405, "method_not_allowed", `This address takes ${allowed}.`, { allow: allowed });
}

/** What Node's parser could not read, or did not get in time, never becomes a request: it is answered here. */
function refuse(error: NodeJS.ErrnoException, socket: Socket, midAnswer: boolean): void {
  if (!socket.writable || midAnswer || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const { status, reason, problem } = parserProblem(error.code);
  const body = problem.body?.toString() ?? "";
  const headers = {
    ...SAFE_HEADERS,
    ...problem.headers,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${head.join("")}\r\n${body}`, () => socket.destroy());
}

function parserProblem(code: string | undefined): { status: number; reason: string; problem: HttpResponse } {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return {
        status: 408,
        reason: "Request Timeout",
        problem: new HttpProblem(408, "timeout", "The request did not arrive in time.").response,
      };
    case "HPE_HEADER_OVERFLOW":
      return {
        status: 431,
        reason: "Request Header Fields Too Large",
        problem: new HttpProblem(431, "too_large", "The headers are too long.").response,
      };
    default:
      return {
        status: 400,
        reason: "Bad Request",
        problem: new HttpProblem(400, "bad_request", "This is not an HTTP request that can be read.").response,
      };
  }
}

function listen(server: Server, host: string, port: number, log: Log): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) =>
      reject(new Error(whyNotListen(cause.code, host, port), { cause }));
    server.once("error", onError);
    server.listen(port, host, () => {
      server.off("error", onError);
      server.on("error", (err) => log.error({ err }, "the HTTP server failed"));
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}

function whyNotListen(code: string | undefined, host: string, port: number): string {
  const where = `port ${port} on ${host}`;
  switch (code) {
    case "EADDRINUSE":
      return `${where} is taken by another program. Stop it, or set PORT to a free one.`;
    case "EACCES":
      return `${where} may not be used by this user. Set PORT to 1024 or above.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine. Set HOST to one of its own: 127.0.0.1, or 0.0.0.0 for all of them.`;
    default:
      return `cannot listen on ${where} (${code ?? "unknown reason"}). Check HOST and PORT.`;
  }
}

function ignore(): void {}
