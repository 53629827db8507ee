import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Place } from "../../src/core/chat.ts";
import type { Identity } from "../../src/core/people.ts";
import type { Point } from "../../src/flows/remedy/deps.ts";
import { type RedisProgram, startRedis } from "../fakes/programs/redis.ts";
import { FakeSlack } from "../fakes/slack/index.ts";

/** Replicas of the whole program on one real Redis, each in a process of its own, with a Slack that sends to any of them. */

/** What a replica is told over its channel. `pid`: who is killed there, itself by default. */
export type Order =
  | { readonly kind: "kill at"; readonly point: Point; readonly nth: number; readonly pid?: number }
  | {
      readonly kind: "suggest";
      readonly service: string;
      /** The kind of thing it is, which picks the runbook. */
      readonly of: string;
      readonly place: Place;
      readonly requester: Identity;
    };

/** What became of a suggestion. */
export type Report =
  | { readonly service: string; readonly id: string }
  | { readonly service: string; readonly refused: string };

export type Replica = {
  readonly name: string;
  readonly child: ChildProcess;
  readonly port: number;
  readonly log: readonly string[];
  readonly isAlive: () => boolean;
  readonly tell: (order: Order) => void;
  /** Resolves when the process has ended, with the signal that ended it, or its exit code. */
  readonly ended: Promise<NodeJS.Signals | number | null>;
};

const MAIN = fileURLToPath(new URL("./replica.ts", import.meta.url));
const LINES_KEPT = 2000;

export type Cluster = {
  readonly folder: string;
  readonly redis: RedisProgram;
  readonly slack: FakeSlack;
  /** Starts a replica on the data folder of that name, which it has for itself. Throws with its log when it ends at once. */
  start(name: string): Promise<Replica>;
  /** Sends that once, signed now. Resolves with the status; 0 when nobody answered. */
  send(replica: Replica, body: Record<string, unknown>, kind?: "event" | "click"): Promise<number>;
  /** As Slack does: again until it is taken, by whichever replica `pick` names; it waits while that is none. Throws after `patienceMs`. */
  tell(
    pick: () => Replica | undefined,
    body: Record<string, unknown>,
    kind?: "event" | "click",
    patienceMs?: number,
  ): Promise<void>;
  stop(): Promise<void>;
};

/** `redisUrl`: another way to Redis. `env`: more settings. `main`: another program than `replica.ts`, by its path. */
export type Prepared = {
  readonly redisUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly main?: string;
};

/**
 * Starts Redis and a Slack. `prepare` writes the settings into the folder. Where Redis cannot be had, says why, for a test to skip.
 */
export async function startCluster(
  prepare: (folder: string, redis: RedisProgram, slack: FakeSlack) => Promise<Prepared>,
): Promise<Cluster | { readonly skipped: string }> {
  const started = await startRedis({ keeps: true });
  if ("skipped" in started) return started;
  const redis = started;
  const folder = mkdtempSync(join(tmpdir(), "replicas-"));
  const slack = await new FakeSlack().start();
  const prepared = await prepare(folder, redis, slack);
  const agent = new Agent({ keepAlive: true, maxSockets: 300 });
  const running = new Set<Replica>();

  // Whoever ends this process ends what it started.
  const endAll = () => {
    for (const { child } of running) child.kill("SIGKILL");
    process.kill(redis.pid(), "SIGKILL");
  };
  process.once("exit", endAll);

  async function start(name: string): Promise<Replica> {
    const child = spawn(process.execPath, ["--max-semi-space-size=8", prepared.main ?? MAIN], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        REPLICA: name,
        SMARTCLOUDOPS_DATA: join(folder, name),
        SMARTCLOUDOPS_CONFIG: "smartcloudops.yaml",
        REDIS_URL: prepared.redisUrl ?? redis.urlOf(0).reveal(),
        PROMETHEUS_URL: "http://127.0.0.1:1",
        PORT: "0",
        SLACK_API_URL: slack.apiUrl,
        SLACK_BOT_TOKEN: slack.botToken,
        SLACK_SIGNING_SECRET: slack.signingSecret,
        ...prepared.env,
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const log: string[] = [];
    createInterface({ input: child.stderr! }).on("line", (line) => {
      log.push(line);
      if (log.length > LINES_KEPT) log.splice(0, LINES_KEPT / 2);
    });
    child.on("error", () => undefined); // an order to one that has just ended
    const said = once(createInterface({ input: child.stdout! }), "line");
    const ended = new Promise<NodeJS.Signals | number | null>((resolve) =>
      child.once("exit", (code, signal) => resolve(signal ?? code)),
    );
    const early = ended.then((how) => Promise.reject(new Error(`replica ${name} ended (${how}): ${log.join("\n")}`)));
    early.catch(() => undefined); // it may be killed later on
    const [port] = await Promise.race([said, early]);
    const isAlive = () => child.exitCode === null && child.signalCode === null;
    const tell = (order: Order) => void (child.connected && child.send(order, () => undefined));
    const replica: Replica = { name, child, port: Number(port), log, isAlive, tell, ended };
    running.add(replica);
    void ended.then(() => running.delete(replica));
    return replica;
  }

  function send({ port }: Replica, body: Record<string, unknown>, kind: "event" | "click" = "event"): Promise<number> {
    const signed = slack.signed(body, Math.floor(Date.now() / 1000), kind);
    return new Promise((resolve) => {
      const sent = request(
        {
          agent,
          port,
          host: "127.0.0.1",
          path: "/slack/events",
          method: "POST",
          headers: signed.headers,
          timeout: 10_000,
        },
        (answer) => {
          answer.resume();
          answer.on("end", () => resolve(answer.statusCode ?? 0));
          answer.on("error", () => resolve(0));
        },
      );
      sent.on("timeout", () => sent.destroy());
      sent.on("error", () => resolve(0));
      sent.end(signed.body);
    });
  }

  return {
    ...{ folder, redis, slack, start, send },
    async tell(pick, body, kind = "event", patienceMs = 45_000) {
      let status = 0;
      for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(50)) {
        const replica = pick();
        status = replica === undefined ? 0 : await send(replica, body, kind);
        if (status === 200) return;
      }
      throw new Error(`no replica took it within ${patienceMs} ms: the last answer was ${status}`);
    },
    async stop() {
      process.off("exit", endAll);
      for (const { child } of running) child.kill("SIGKILL");
      agent.destroy();
      await Promise.all([slack.stop(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
