import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection } from "node:net";
import { afterEach, describe, it } from "vitest";
import { createHttpServer, type HttpServer, type Limits } from "../../src/http/server.ts";
import { createLog } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";
import { randomNumbers } from "../tools/random.ts";
import { raw, statusOf } from "./raw.ts";

let server: HttpServer;
afterEach(() => server.stop(0));

async function serve(limits: Partial<Limits> = {}, onLarge: (signal: AbortSignal) => void = () => {}) {
  const logged: string[] = [];
  server = createHttpServer({
    host: "127.0.0.1",
    port: 0,
    metricsToken: secret("canary-token"),
    readiness: async () => [{ name: "store", state: "ok" }],
    metrics: async () => ({ contentType: "text/plain", body: "up 1\n" }),
    routes: [
      {
        method: "POST",
        path: "/webhooks/test",
        handle: async ({ body }) => ({ status: 200, body: String(body.length) }),
      },
      {
        method: "POST",
        path: "/large",
        handle: async ({ signal }) => {
          onLarge(signal);
          return { status: 200, body: Buffer.alloc(50_000_000) };
        },
      },
    ],
    log: createLog({ level: "debug", stream: { write: (line: string) => logged.push(line) } }),
    limits,
  });
  return { ...(await server.start()), logged };
}

const SEEDS = [
  "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\n\r\n",
  "HEAD /readyz?a=%20&b HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /webhooks/test HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST /webhooks/test HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  "CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  "POST /webhooks/test HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
  "DELETE /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];
const PIECES = [
  "//",
  "/%E0%A4%A",
  "\0",
  "\r\n",
  "\r\n\r\n",
  "http://evil.example/",
  "%",
  "?",
  "#",
  "../",
  "Content-Length: 99999999999\r\n",
  "Transfer-Encoding: gzip\r\n",
  "Host: b\r\n",
  "\u00ff\u00fe",
  "GET ",
  "HTTP/9.9",
  "-1",
  "__proto__",
  "x".repeat(300),
  "{{{{",
  ":",
  " ",
];

function mutate(random: () => number): Buffer {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  let text = pick(SEEDS);
  for (let step = 0; step <= random() * 4; step++) {
    const at = Math.floor(random() * text.length);
    const kind = Math.floor(random() * 5);
    if (kind === 0) text = text.slice(0, at) + pick(PIECES) + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 8));
    else if (kind === 2)
      text = text.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(at + 1);
    else if (kind === 3) text = text.slice(0, at);
    else text = text + pick(SEEDS);
  }
  return Buffer.from(text, "latin1");
}

describe("a stranger at the HTTP port", () => {
  it("cannot end the process, nor get a 5xx or a look inside, with thousands of broken requests", async () => {
    const { port, logged } = await serve({ headersMs: 1000, bodyMs: 1000, checkMs: 50, keepAliveMs: 500 });
    const random = randomNumbers(20_260_101);
    const statuses = new Map<number, number>();
    for (let batch = 0; batch < 75; batch++) {
      const sent = Array.from({ length: 40 }, () => mutate(random));
      const answers = await Promise.all(sent.map((bytes) => raw(port, bytes)));
      answers.forEach((answer, index) => {
        const status = statusOf(answer);
        const what = `${JSON.stringify(sent[index]!.toString("latin1"))} gave ${JSON.stringify(answer)}`;
        assert.ok(status === 0 || status < 500, what);
        assert.doesNotMatch(answer, /HTTP\/1\.1 5|node_modules|\.ts:|at async|canary-token/, what);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      });
    }
    assert.equal(statusOf(await raw(port, SEEDS[0]!)), 200);
    for (const status of [200, 400, 404, 405]) assert.ok((statuses.get(status) ?? 0) > 10, `too few ${status}`);
    assert.deepEqual(logged, []);
  }, 60_000);

  it("cannot hold connections by sending slowly or not at all, and others are served meanwhile", async () => {
    const { port } = await serve({ headersMs: 1000, bodyMs: 1000, checkMs: 20 });
    const slow = Array.from({ length: 24 }, (_, index) => {
      const socket = createConnection({ port, host: "127.0.0.1" });
      socket.on("error", () => {});
      const chunks: string[] = [];
      socket.on("data", (chunk) => chunks.push(String(chunk)));
      if (index % 3 === 1) socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n");
      if (index % 3 === 2) socket.write("POST /webhooks/test HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
      const dribble = index % 3 === 0 ? undefined : setInterval(() => socket.write("X"), 20);
      const closed = once(socket, "close").then(() => clearInterval(dribble));
      return { closed, answer: () => chunks.join("") };
    });
    for (let n = 0; n < 20; n++) assert.equal(statusOf(await raw(port, SEEDS[0]!)), 200);
    await Promise.all(slow.map(({ closed }) => closed));
    const late = slow.map(({ answer }) => answer()).filter((answer) => answer !== "");
    assert.ok(late.length > 0);
    for (const answer of late) assert.match(answer, /^HTTP\/1\.1 408 .*"code":"timeout"/s);
    assert.equal(statusOf(await raw(port, SEEDS[0]!)), 200);
  });

  it("cannot hold an answer open by not reading it", async () => {
    const gone = Promise.withResolvers<void>();
    const { port } = await serve({ idleMs: 200 }, (signal) => signal.addEventListener("abort", () => gone.resolve()));
    const socket = createConnection({ port, host: "127.0.0.1" }).on("error", () => {});
    socket.pause();
    socket.write("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    await gone.promise;
    socket.destroy();
  });

  it("gets no more connections than the limit, and the server takes new ones when those are gone", async () => {
    const { port } = await serve({ sockets: 3, headersMs: 1000, checkMs: 20 });
    const held = Array.from({ length: 3 }, () => createConnection({ port, host: "127.0.0.1" }).on("error", () => {}));
    await Promise.all(held.map((socket) => once(socket, "connect")));
    const closed = held.map((socket) => once(socket, "close"));
    assert.equal(await raw(port, SEEDS[0]!), "");
    for (const socket of held) socket.resume();
    await Promise.all(closed);
    assert.equal(statusOf(await raw(port, SEEDS[0]!)), 200);
  });
});
