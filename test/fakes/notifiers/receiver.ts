import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export type Posted = {
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  readonly text: string;
};

/** A real server that takes signed webhooks as a careful receiver does: refuses forged and old ones, takes each key once. */
export async function receiver(secret: string, now: () => number = () => Date.now() / 1000) {
  const posts: Posted[] = [];
  const keys = new Set<string>();
  const state = {
    status: undefined as number | undefined,
    headers: {} as Record<string, string>,
    hangs: false,
    asked: 0,
  };
  const server = createServer((request, response) => {
    state.asked++;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (state.hangs) return;
      if (state.status !== undefined) return response.writeHead(state.status, state.headers).end('{"message":"no"}');
      if (request.method !== "POST") return response.writeHead(405).end();
      const text = Buffer.concat(chunks).toString("utf8");
      if (!isSigned(String(request.headers["x-smartcloudops-signature"]), text)) return response.writeHead(401).end();
      const key = String(request.headers["idempotency-key"]);
      if (!keys.has(key)) posts.push({ headers: request.headers, body: JSON.parse(text), text });
      keys.add(key);
      return response.writeHead(204).end();
    });
  });
  function isSigned(header: string, text: string): boolean {
    const [, at, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
    if (at === undefined || mac === undefined || Math.abs(now() - Number(at)) > 300) return false;
    const wanted = createHmac("sha256", secret).update(`${at}.${text}`).digest();
    return timingSafeEqual(wanted, Buffer.from(mac, "hex"));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    posts,
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
