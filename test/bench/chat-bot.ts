import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePorts } from "../../src/demo/ports.ts";
import { APP_ID, APP_PASSWORD, type BotFramework, TENANT } from "../fakes/bot-framework/index.ts";
import type { FakeSlack } from "../fakes/slack/index.ts";
import { cpuOf } from "./processes.ts";

/** A bot in a process of its own, with Slack over HTTP and Teams, both played on this machine. */
export type ChatBot = {
  readonly port: number;
  readonly pid: number;
  /** Lines of its log so far. */
  readonly log: readonly string[];
  readonly exitCode: () => number | null;
  /** Resident memory in MB as the system counts it. */
  readonly rss: () => number;
  /** Processor time so far, in ms. */
  readonly cpu: () => number;
  /** The most since `resetPeak`, in MB. */
  readonly peak: () => number;
  readonly resetPeak: () => void;
  /** What is still in use: MB of the JavaScript heap right after a garbage collection that was asked for. */
  readonly heapAfterGc: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** Settings of a bot that talks to these two. */
export function chatEnv(slack: FakeSlack, framework: BotFramework): Record<string, string> {
  return {
    PROMETHEUS_URL: "http://127.0.0.1:9",
    LOG_LEVEL: "info",
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    MicrosoftAppId: APP_ID,
    MicrosoftAppPassword: APP_PASSWORD,
    MicrosoftAppTenantId: TENANT,
    TEAMS_SERVICE_URLS: framework.host,
    ToBotFromChannelOpenIdMetadataUrl: framework.overrides.openIdMetadata,
    ToBotFromEmulatorOpenIdMetadataUrl: framework.overrides.emulatorOpenIdMetadata,
    ToBotFromChannelTokenIssuer: framework.overrides.tokenIssuer,
    ToChannelFromBotLoginUrl: framework.overrides.loginUrl,
    ToChannelFromBotOAuthScope: framework.overrides.oauthScope,
    OAuthUrl: framework.overrides.oauthUrl,
  };
}

/** Options of Node with which `npm start` starts it. */
function nodeOptions(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    scripts: { start: string };
  };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

/** Starts the bot as `npm start` does and waits until it is ready. Throws with its exit code when it ends before. */
export async function startChatBot(env: Readonly<Record<string, string>>): Promise<ChatBot> {
  const home = mkdtempSync(join(tmpdir(), "chat-bot-"));
  const [port = 0] = await freePorts(1);
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const child = spawn(process.execPath, [...nodeOptions(), "--inspect=127.0.0.1:0", main, "start"], {
    env: { PATH: process.env.PATH, HOME: home, SMARTCLOUDOPS_DATA: home, PORT: `${port}`, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log: string[] = [];
  const ready = Promise.withResolvers<void>();
  const others: string[] = [];
  let inspector = "";
  createInterface({ input: child.stderr }).on("line", (line) => {
    inspector ||= /ws:\/\/\S+/.exec(line)?.[0] ?? "";
    (line.startsWith("{") ? log : others).push(line);
    if (line.includes('"msg":"ready"')) ready.resolve();
  });
  const ended = once(child, "exit");
  ready.promise.catch(() => {}); // it may end later on
  void ended.then(([code]) => ready.reject(new Error(`start ended with ${code}: ${others.slice(-5).join(" ")}`)));
  const remove = () => rmSync(home, { recursive: true, force: true });
  await ready.promise.catch((problem: unknown) => {
    remove();
    throw problem;
  });
  return {
    port,
    pid: child.pid!,
    log,
    exitCode: () => child.exitCode,
    rss: () => memoryOf(child, "VmRSS"),
    cpu: () => cpuOf(child.pid!) ?? 0,
    peak: () => memoryOf(child, "VmHWM"),
    resetPeak: () => writeFileSync(`/proc/${child.pid}/clear_refs`, "5"),
    heapAfterGc: () => heapAfterGc(inspector),
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await ended;
      remove();
    },
  };
}

/** proc(5) has kB. 0 when the process has ended. */
function memoryOf({ pid }: ChildProcess, what: "VmRSS" | "VmHWM"): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Through Node's inspector, so that the bot itself runs as it always does. */
async function heapAfterGc(inspector: string): Promise<number> {
  const socket = new WebSocket(inspector);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("the inspector does not answer")), { once: true });
  });
  let id = 0;
  const call = (method: string, params = {}): Promise<unknown> => {
    const mine = ++id;
    const answered = new Promise((resolve) => {
      socket.addEventListener("message", ({ data }) => {
        const read = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (read.id === mine) resolve(read.result);
      });
    });
    socket.send(JSON.stringify({ id: mine, method, params }));
    return answered;
  };
  await call("HeapProfiler.collectGarbage");
  await call("HeapProfiler.collectGarbage");
  const expression = "process.memoryUsage().heapUsed";
  const { result } = (await call("Runtime.evaluate", { expression, returnByValue: true })) as {
    result: { value: number };
  };
  socket.close();
  return result.value / 2 ** 20;
}
