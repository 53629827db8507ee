/**
 * `npm run bench -- mutations [--requests N]`: mangled requests to `/slack/events` and `/api/messages` of a bot that runs,
 * one in ten of them validly signed. Prints how they were answered, whether the process lived, and how its memory grew.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePorts } from "../../src/demo/ports.ts";
import { click, personal } from "../fakes/bot-framework/activities.ts";
import { APP_ID, APP_PASSWORD, startBotFramework, TENANT } from "../fakes/bot-framework/index.ts";
import { directEvent, eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { randomNumbers } from "../tools/random.ts";
import { rssOf } from "./processes.ts";

const { values: options } = parseArgs({ options: { requests: { type: "string", default: "20000" } } });
const AT_ONCE = 40;

type Sent = { readonly path: string; readonly headers: Record<string, string>; readonly body: string };

const chance = randomNumbers(7);
const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!;
const VALUES = [
  null,
  true,
  0,
  -1,
  1e308,
  "",
  "x",
  "\u202e",
  "\ud800",
  [],
  {},
  [[]],
  { __proto__: 1 },
  "a".repeat(5000),
];

/** One value in it replaced by another kind of value, or a piece of its text cut, doubled or overwritten. */
function mangled(body: unknown): string {
  if (chance() < 0.5) {
    const copy = structuredClone(body) as Record<string, unknown>;
    let at: Record<string, unknown> = copy;
    for (;;) {
      const key = pick(Object.keys(at));
      const inner = at[key];
      if (typeof inner === "object" && inner !== null && Object.keys(inner).length > 0 && chance() < 0.7) {
        at = inner as Record<string, unknown>;
        continue;
      }
      if (chance() < 0.2) delete at[key];
      else at[key] = pick(VALUES);
      return JSON.stringify(copy);
    }
  }
  const text = JSON.stringify(body);
  const [from, length] = [Math.floor(chance() * text.length), Math.floor(chance() * 20)];
  const middle = pick(["", "\0", "{", "}", '"', "[[[[", "\\u0000", text.slice(0, 50)]);
  return text.slice(0, from) + middle + text.slice(from + length);
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

function send(port: number, { path, headers, body }: Sent): Promise<number | string> {
  return new Promise((resolve) => {
    const outgoing = request({ agent, host: "127.0.0.1", port, path, method: "POST", headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    outgoing.end(body);
  });
}

async function run(): Promise<void> {
  const count = Number(options.requests);
  const home = mkdtempSync(join(tmpdir(), "mutations-"));
  const [slack, framework] = [await new FakeSlack().start(), await startBotFramework()];
  const [port = 0] = await freePorts(1);
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const bot = spawn(process.execPath, [main, "start"], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      SMARTCLOUDOPS_DATA: home,
      PROMETHEUS_URL: "http://127.0.0.1:9",
      PORT: `${port}`,
      LOG_LEVEL: "info",
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      MicrosoftAppId: APP_ID,
      MicrosoftAppPassword: APP_PASSWORD,
      MicrosoftAppTenantId: TENANT,
      TEAMS_SERVICE_URLS: new URL(framework.url).host,
      ToBotFromChannelOpenIdMetadataUrl: framework.overrides.openIdMetadata,
      ToBotFromEmulatorOpenIdMetadataUrl: framework.overrides.emulatorOpenIdMetadata,
      ToBotFromChannelTokenIssuer: framework.overrides.tokenIssuer,
      ToChannelFromBotLoginUrl: framework.overrides.loginUrl,
      ToChannelFromBotOAuthScope: framework.overrides.oauthScope,
      OAuthUrl: framework.overrides.oauthUrl,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let failures = 0;
  const ready = Promise.withResolvers<void>();
  createInterface({ input: bot.stderr }).on("line", (line) => {
    if (line.includes('"msg":"ready"')) ready.resolve();
    if (/a request failed|a mistake of the bot/.test(line)) failures++;
    if (!line.startsWith("{")) process.stderr.write(`${line}\n`);
  });
  bot.once("exit", (code) => ready.reject(new Error(`start ended with ${code}`)));
  try {
    await ready.promise;
    const token = await framework.sign({ exp: Math.floor(Date.now() / 1000) + 3600 });
    const next = (i: number): Sent => {
      const isSigned = i % 10 === 0;
      if (i % 2 === 0) {
        const body = mangled(eventBody(chance() < 0.5 ? mentionEvent("cpu of web-1") : directEvent("status")));
        const signed = slack.signed(body, Math.floor(Date.now() / 1000));
        const headers = isSigned ? signed.headers : { ...signed.headers, "x-slack-signature": `v0=${"0".repeat(64)}` };
        return { path: "/slack/events", headers, body };
      }
      const activity =
        chance() < 0.5
          ? personal(framework.url, "status")
          : click(framework.url, { action: { kind: "ask", text: "status" } });
      const authorization =
        (i - 1) % 10 === 0 ? `Bearer ${token}` : pick(["", "Bearer x", `Bearer ${token.slice(0, -9)}AAAAAAAAA`]);
      return {
        path: "/api/messages",
        headers: { "content-type": "application/json", authorization },
        body: mangled(activity),
      };
    };
    const statuses = new Map<string, number>();
    const burst = async (from: number, to: number) => {
      let i = from;
      const worker = async () => {
        while (i < to) {
          const sent = next(i++);
          const key = `${sent.path} ${await send(port, sent)}`;
          statuses.set(key, (statuses.get(key) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    };
    await burst(0, Math.min(4000, count / 5)); // all code is loaded, all caches have their size
    await sleep(3000);
    const megabytes = () => `${rssOf(bot.pid!)?.toFixed(0) ?? "?"} MB`;
    const before = megabytes();
    const began = performance.now();
    await burst(Math.min(4000, count / 5), count);
    const seconds = (performance.now() - began) / 1000;
    await sleep(3000);
    for (const [key, times] of [...statuses].sort()) console.log(`${key.padEnd(28)} ${times}`);
    console.log(`requests a second            ${(count / seconds).toFixed(0)}`);
    console.log(`memory before, after         ${before}, ${megabytes()}`);
    console.log(`the process                  ${bot.exitCode === null ? "lives" : `ended with ${bot.exitCode}`}`);
    console.log(`failures in its log          ${failures}`);
  } finally {
    agent.destroy();
    bot.kill("SIGTERM");
    await once(bot, "exit").catch(() => {});
    await slack.stop();
    await framework.close();
    rmSync(home, { recursive: true, force: true });
  }
}

await run();
