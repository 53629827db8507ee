/**
 * `npm run bench -- slack [--seconds N] [--store sqlite|memory]`: how soon a signed event is acknowledged at 200
 * requests a second, and how many a second go through at most, beside a bare bolt app's HTTPReceiver in the same run.
 * The bot notes each event in its store before it acknowledges; the bare app notes nothing.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createSlack } from "../../src/chat/slack/index.ts";
import { signatureOf } from "../../src/chat/slack/signature.ts";
import { createHttpServer } from "../../src/http/server.ts";
import type { SurfaceDeps } from "../../src/ports.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { createLog } from "../../src/util/log.ts";
import { secret } from "../../src/util/secret.ts";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { quantile } from "./timed.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    store: { type: "string", default: "sqlite" },
    server: { type: "string" },
    api: { type: "string", default: "" },
  },
});
const SECRET = "invented-signing-secret";
const TOKEN = "xoxb-invented-0001";

if (options.server === "bot") await serveBot(options.api);
else if (options.server === "bolt") await serveBolt(options.api);
else await measure(Number(options.seconds));

async function measure(seconds: number): Promise<void> {
  const slack = await new FakeSlack().start();
  for (const server of ["bolt", "bot", "bolt", "bot"]) {
    const child = fork(fileURLToPath(import.meta.url), [
      "--server",
      server,
      "--api",
      slack.apiUrl,
      "--store",
      options.store,
    ]);
    const [port] = (await once(child, "message")) as [number];
    await atOnce(port, 2, 16); // warm
    const steady = await paced(port, seconds, 200);
    const most = await atOnce(port, seconds, 32);
    child.kill();
    await once(child, "exit");
    const [p50, p99] = [quantile(steady, 0.5), quantile(steady, 0.99)].map((ms) => ms.toFixed(1));
    console.log(
      `${server.padEnd(5)} 200/s for ${seconds} s: ack p50 ${p50} ms, p99 ${p99} ms; at most ${most.toFixed(0)}/s`,
    );
  }
  await slack.stop();
}

/** Milliseconds until each acknowledgement, at a steady rate. */
async function paced(port: number, seconds: number, rate: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const times: Promise<number>[] = [];
  const start = performance.now();
  for (let i = 0; i < seconds * rate; i++) {
    const due = start + (i * 1000) / rate;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    times.push(post(port, agent));
  }
  const done = await Promise.all(times);
  agent.destroy();
  return done.toSorted((a, b) => a - b);
}

/** Requests a second when `width` are always under way. */
async function atOnce(port: number, seconds: number, width: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: width });
  const end = performance.now() + seconds * 1000;
  let count = 0;
  const loop = async () => {
    while (performance.now() < end) {
      await post(port, agent);
      count++;
    }
  };
  await Promise.all(Array.from({ length: width }, loop));
  agent.destroy();
  return count / seconds;
}

async function post(port: number, agent: Agent): Promise<number> {
  const body = JSON.stringify(eventBody(mentionEvent("status checkout")));
  const stamp = String(Math.floor(Date.now() / 1000));
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-slack-request-timestamp": stamp,
    "x-slack-signature": signatureOf(SECRET, stamp, body),
  };
  const began = performance.now();
  const sent = request({ host: "127.0.0.1", port, path: "/slack/events", method: "POST", headers, agent });
  sent.end(body);
  const [response] = await once(sent, "response");
  response.resume();
  await once(response, "end");
  if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
  return performance.now() - began;
}

async function serveBot(apiUrl: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "slack-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  process.on("SIGTERM", () => process.exit(0));
  const seen = new Set<string>();
  const memory: SurfaceDeps["store"]["seen"] = {
    first: async (_, id) => seen.size < seen.add(id).size,
  };
  const days = 30 * 86_400;
  const retention = { conversations: days, evidence: days, seenEvents: days, proposals: days };
  const sqlite = () => openSqliteStore({ dataDir: folder, retention, now: () => Date.now() / 1000 }).seen;
  const log = createLog({ level: "error" });
  const surface = createSlack(
    { mode: "http", botToken: secret(TOKEN), signingSecret: secret(SECRET), apiUrl, teams: [], command: "/ops" },
    {
      ask: async () => ({ card: { title: "done", tone: "good", blocks: [] } }),
      decide: async () => ({ title: "", tone: "info", blocks: [] }),
      proposal: async () => undefined,
      proposalsFor: async () => ({ waiting: [], own: [], decided: [] }),
      mayRead: () => ({ allowed: true }),
      wake: () => {},
      drawChart: async () => Buffer.alloc(0),
      clock: () => Date.now() / 1000,
      store: {
        seen: options.store === "memory" ? memory : sqlite(),
        outbox: { put: async () => true },
      } as unknown as SurfaceDeps["store"],
    },
    log,
  );
  const server = createHttpServer({
    host: "127.0.0.1",
    port: 0,
    metricsToken: undefined,
    readiness: async () => [],
    metrics: async () => ({ contentType: "text/plain", body: "" }),
    routes: surface.routes,
    log,
  } as Parameters<typeof createHttpServer>[0]);
  const { port } = await server.start();
  await surface.start();
  process.send!(port);
}

async function serveBolt(apiUrl: string): Promise<void> {
  const { App, HTTPReceiver, LogLevel } = await import("@slack/bolt");
  const receiver = new HTTPReceiver({ signingSecret: SECRET, logLevel: LogLevel.ERROR });
  const app = new App({ token: TOKEN, receiver, logLevel: LogLevel.ERROR, clientOptions: { slackApiUrl: apiUrl } });
  app.event("app_mention", async () => {});
  await app.start({ port: 0, host: "127.0.0.1" } as never);
  const address = (receiver as unknown as { server: { address(): { port: number } } }).server.address();
  process.on("SIGTERM", () => process.exit(0));
  process.send!(address.port);
}
