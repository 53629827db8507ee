import { connect, createServer as createPlain, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";

/** What may be wrong with something that is called. */
export const FAULTS = [
  "refused",
  "hang",
  "slow",
  "throttled",
  "broken",
  "garbage",
  "half",
  "auth",
  "name",
  "expired",
] as const;
export type Fault = (typeof FAULTS)[number];

type Certificate = { readonly cert: string; readonly key: string };

/** What is said in place of an answer, as bytes on the wire, where HTTP's words do not do. */
export type Says = { readonly [F in Fault]?: string | Buffer };

const http = (status: string, body: string, headers = "") =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;

const SAYS: Says = {
  slow: "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n",
  throttled: http("429 Too Many Requests", "{}", "retry-after: 7\r\n"),
  broken: http("500 Internal Server Error", "{}"),
  garbage:
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 36\r\nconnection: close\r\n\r\n<html><h1>Welcome, guest</h1></html>",
  half: 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n{"status":"success","data":{',
  auth: http("401 Unauthorized", "{}"),
};

const DRIP_MS = 30;

/**
 * A server between a client and what it calls, at which anything can go wrong: without a fault it passes bytes on to `upstream`. It speaks
 * TLS with `certificate`, and with `expired` when that is the fault. `says` replaces HTTP's words; `speaksFirst` is for protocols in
 * which the server does.
 */
export async function startFaultServer(options: {
  readonly upstream?: number;
  readonly certificate?: Certificate;
  readonly expired?: Certificate;
  readonly says?: Says;
  readonly speaksFirst?: boolean;
}) {
  const { upstream, certificate, says = {}, speaksFirst = false } = options;
  const open = new Set<Socket>();
  let fault: Fault | undefined;
  let requests = 0;
  const secure = certificate === undefined ? undefined : createTls({ ...certificate }, serve);
  secure?.on("tlsClientError", () => {});
  const server = secure ?? createPlain(serve);

  function serve(socket: Socket): void {
    let isAsked = false;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {});
    if (fault !== undefined && speaksFirst) {
      answer(socket, fault);
      return;
    }
    if (fault === undefined && upstream !== undefined) {
      const there = connect(upstream, "127.0.0.1");
      there.on("error", () => socket.destroy());
      socket.on("close", () => there.destroy());
      there.on("close", () => socket.destroy());
      socket.pipe(there).pipe(socket);
      return;
    }
    socket.on("data", () => {
      if (fault === undefined) return;
      if (!isAsked) requests++;
      isAsked = true;
      answer(socket, fault);
    });
  }

  function answer(socket: Socket, now: Fault): void {
    const words = says[now] ?? SAYS[now];
    switch (now) {
      case "hang":
        return;
      case "slow": {
        socket.write(words ?? "");
        const drip = setInterval(() => socket.write(" "), DRIP_MS);
        socket.on("close", () => clearInterval(drip));
        return;
      }
      case "half":
        socket.write(words ?? "");
        setTimeout(() => socket.destroy(), DRIP_MS);
        return;
      default:
        socket.write(words ?? "");
    }
  }

  async function listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    return (server.address() as { port: number }).port;
  }

  const port = await listen(0);
  return {
    port,
    /** Connections on which something was asked while there was a fault. */
    requests: () => requests,
    /** From now on; what is connected is cut off. `name` is the client's to bring about. */
    async break(next: Fault | undefined): Promise<void> {
      fault = next;
      requests = 0;
      for (const socket of open) socket.destroy();
      if (next === "refused") await new Promise((resolve) => server.close(resolve));
      if (next === "expired" && options.expired !== undefined) secure?.setSecureContext({ ...options.expired });
    },
    async close(): Promise<void> {
      for (const socket of open) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
