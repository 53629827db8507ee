import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What changes are done to: an HTTP server that counts each call by its key, and tells what became of a key. */
export type Target = {
  readonly url: string;
  /** Calls by their idempotency key. */
  readonly calls: ReadonlyMap<string, number>;
  stop(): Promise<void>;
};

export async function startTarget(): Promise<Target> {
  const calls = new Map<string, number>();
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === "GET") {
      const key = decodeURIComponent((request.url ?? "").replace("/status/", ""));
      response.writeHead(calls.has(key) ? 200 : 404).end("{}");
      return;
    }
    const key = String(request.headers["idempotency-key"]);
    calls.set(key, (calls.get(key) ?? 0) + 1);
    response.writeHead(200).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    calls,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
