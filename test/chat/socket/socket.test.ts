import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, it } from "vitest";
import { callSocket, isRunning } from "../../../src/chat/socket/call.ts";
import type { SocketRequest } from "../../../src/chat/socket/schema.ts";
import { serveSocket } from "../../../src/chat/socket/serve.ts";
import { createLog } from "../../../src/util/log.ts";

const log = createLog({ level: "error" });
const ASK: SocketRequest = { kind: "ask", text: "is shop up?", user: "ana", thread: "t1", at: 1_790_000_000 };
const SOON = { timeoutMs: 5000 };

let dataDir: string;
let servers: { stop(graceMs?: number): Promise<void> }[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sock-"));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.stop(0);
  rmSync(dataDir, { recursive: true, force: true });
});

async function serve(
  handle: (request: SocketRequest, signal: AbortSignal) => Promise<unknown>,
  more: { dataDir?: string; lineMs?: number } = {},
) {
  const server = await serveSocket({ dataDir, handle, log, ...more });
  servers.push(server);
  return server;
}

/** Sends raw bytes and gives back all that comes until the other side closes. */
async function raw(bytes: string | Buffer, end = false): Promise<string> {
  const socket = createConnection({ path: join(dataDir, "bot.sock"), allowHalfOpen: true });
  if (end) socket.end(bytes);
  else socket.write(bytes);
  const got = await text(socket);
  socket.destroy();
  return got;
}

describe("the socket of a running bot", () => {
  it("carries a question there and the answer back", async () => {
    await serve(async (request) => ({ got: request, none: undefined, line: "a\nb" }));
    assert.equal(await isRunning(dataDir), true);
    assert.deepEqual(await callSocket(dataDir, ASK, SOON), { got: ASK, line: "a\nb" });
    assert.deepEqual(await callSocket(dataDir, { kind: "ping" }, SOON), { got: { kind: "ping" }, line: "a\nb" });
  });

  it("is for its owner only", async () => {
    await serve(async () => "ok");
    assert.equal(statSync(join(dataDir, "bot.sock")).mode & 0o777, 0o600);
  });

  it("answers many commands at once, also with long answers", async () => {
    await serve(async (request) => (request.kind === "ask" ? request.text.repeat(20_000) : null));
    const texts = Array.from({ length: 20 }, (_, n) => `question ${n} é`);
    const answers = await Promise.all(texts.map((text) => callSocket(dataDir, { ...ASK, text }, SOON)));
    assert.deepEqual(
      answers,
      texts.map((text) => text.repeat(20_000)),
    );
  });

  it("hands the bot's own sentence to the command when it fails", async () => {
    await serve(async () => {
      throw new Error("default: Prometheus refused the connection");
    });
    await assert.rejects(callSocket(dataDir, ASK, SOON), { message: "default: Prometheus refused the connection" });
  });

  it("answers nonsense with a sentence, never reaches the handler, and lives on", async () => {
    const asked: string[] = [];
    await serve(async (request) => asked.push(request.kind));
    for (const [bytes, why] of [
      ["not json\n", /not a line of JSON/],
      ["\n", /not a line of JSON/],
      ["null\n", /does not understand/],
      ['{"kind":"approve","id":"p1"}\n', /does not understand/],
      ['{"kind":"ask","text":7}\n', /text/],
      [Buffer.from([0xff, 0x00, 0xfe, 0x0a]), /not a line of JSON/],
      ["x".repeat(70_000), /longer than 65536 bytes/],
    ] as const) {
      assert.match(JSON.parse(await raw(bytes)).error, why);
    }
    assert.match(JSON.parse(await raw('{"kind":"ping"}', true)).error, /closed before/);
    assert.deepEqual(asked, []);
    assert.equal(await callSocket(dataDir, { kind: "ping" }, SOON), 1);
  });

  it("does not wait for ever for a client that sends nothing", async () => {
    await serve(async () => "ok", { lineMs: 30 });
    assert.match(JSON.parse(await raw('{"kind":')).error, /no whole line/);
  });

  it("stops working on a question when the person who asked goes away", async () => {
    const aborted = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    await serve(async (_, signal) => {
      signal.addEventListener("abort", () => aborted.resolve());
      started.resolve();
      await new Promise(() => {});
    });
    const socket = createConnection(join(dataDir, "bot.sock"));
    socket.write(`${JSON.stringify(ASK)}\n`);
    await started.promise;
    socket.end();
    await aborted.promise;
  });

  it("finishes what a command asked before it stops, and does not wait for one that asks nothing", async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<string>();
    const server = await serve(() => {
      started.resolve();
      return release.promise;
    });
    const silent = createConnection(join(dataDir, "bot.sock"));
    const closed = once(silent, "close");
    const answer = callSocket(dataDir, ASK, SOON);
    await started.promise;
    const stopped = server.stop(60_000);
    await closed;
    release.resolve("in time");
    assert.equal(await answer, "in time");
    await stopped;
  });

  it("tells a waiting command that the bot is stopping when it takes too long, and is gone afterwards", async () => {
    const started = Promise.withResolvers<void>();
    const server = await serve((_, signal) => {
      started.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const waiting = assert.rejects(callSocket(dataDir, ASK, SOON), /the bot is stopping/);
    await started.promise;
    await server.stop(20);
    await waiting;
    assert.equal(await isRunning(dataDir), false);
    assert.equal(existsSync(join(dataDir, "bot.sock")), false);
  });

  it("gives up on a bot that does not answer in time", async () => {
    await serve(() => new Promise(() => {}));
    await assert.rejects(
      callSocket(dataDir, ASK, { timeoutMs: 30 }),
      /gave no answer: no whole line came within 0.03 s/,
    );
  });
});

describe("where the socket is", () => {
  it("is nowhere while no bot runs, and the command says how to start one", async () => {
    assert.equal(await isRunning(dataDir), false);
    await assert.rejects(callSocket(dataDir, ASK, SOON), /no bot is running on .*smartcloudops start/);
  });

  it("is not taken from a bot that listens", async () => {
    await serve(async () => "first");
    await assert.rejects(
      serve(async () => "second"),
      /already listens/,
    );
    assert.equal(await callSocket(dataDir, ASK, SOON), "first");
  });

  it("is taken over from a bot that was killed", async () => {
    const path = join(dataDir, "bot.sock");
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal(existsSync(path), true);
    assert.equal(await isRunning(dataDir), false);
    await serve(async () => "new");
    assert.equal(await callSocket(dataDir, ASK, SOON), "new");
  });

  it("is a short path of its own when the data folder's is too long, closed to others", async () => {
    const long = join(dataDir, "d".repeat(60), "e".repeat(60));
    mkdirSync(long, { recursive: true });
    const server = await serve(async () => "deep", { dataDir: long });
    const path = readFileSync(join(long, "bot.sock.path"), "utf8");
    const folder = dirname(path);
    try {
      assert.ok(Buffer.byteLength(path) <= 100);
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.equal(await callSocket(long, ASK, SOON), "deep");
      chmodSync(folder, 0o777);
      assert.equal(await isRunning(long), false);
      await assert.rejects(
        serve(async () => "again", { dataDir: long }),
        /open to others/,
      );
      chmodSync(folder, 0o700);
      await server.stop();
      assert.equal(await isRunning(long), false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
