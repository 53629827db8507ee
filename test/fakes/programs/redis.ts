import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import type { RedisServer } from "../../../src/actions/redis/client.ts";
import { freePorts } from "../../../src/demo/ports.ts";
import { type Secret, secret } from "../../../src/util/secret.ts";
import { debianPrograms } from "./debian.ts";

/** A real redis-server on loopback, with a password. */
export type RedisProgram = {
  readonly settings: RedisServer;
  readonly redis: Redis;
  /** With the password, on that database. */
  urlOf(db: number): Secret;
  /** Where it keeps what it is to keep. */
  readonly folder: string;
  /** Of the process that runs now. */
  pid(): number;
  /** Ends it as a crash does and starts it anew on the same port, empty unless it keeps things. `meanwhile` is done while it is down. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Stops it where it is, or lets it go on. */
  pause(isPaused: boolean): void;
  stop(): Promise<void>;
};

const PASSWORD = "redis-pass-of-the-test";

/** Starts one. With `keeps`, each change is on its disk before it is confirmed; `args` are its own and win. Where Redis cannot be had, says why, for the test to skip. */
export async function startRedis({
  keeps = false,
  args = [] as readonly string[],
} = {}): Promise<RedisProgram | { readonly skipped: string }> {
  const packages = ["redis-server", "redis-tools", "liblzf1", "libjemalloc2"];
  const programs = await debianPrograms(["redis-server"], packages);
  if ("skipped" in programs) return programs;
  const { files, env } = programs;
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const [port = 0] = await freePorts(1);
  const { Redis: Client } = await import("ioredis");
  const argv = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    keeps ? "yes" : "no",
    "--appendfsync",
    "always",
    "--databases",
    "2000",
    "--dir",
    folder,
    "--requirepass",
    PASSWORD,
    ...args,
  ];
  let child = await start();

  async function start() {
    const made = spawn(files["redis-server"], argv, {
      env: { ...env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    await new Promise<void>((resolve, reject) => {
      made.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("Ready to accept connections")) resolve();
      });
      made.once("error", reject);
      made.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)));
    });
    return made;
  }
  async function kill() {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
  const redis = new Client({
    host: "127.0.0.1",
    port,
    password: PASSWORD,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  redis.on("error", () => undefined);
  return {
    settings: {
      name: "cache",
      address: "127.0.0.1",
      port,
      password: secret(PASSWORD),
      prefixes: ["cart:", "session:"],
      queues: ["jobs:*", "events"],
    },
    redis,
    urlOf: (db) => secret(`redis://:${PASSWORD}@127.0.0.1:${port}/${db}`),
    folder,
    pid: () => child.pid ?? 0,
    async restart(meanwhile) {
      await kill();
      await meanwhile?.();
      child = await start();
      await redis.ping();
    },
    pause: (isPaused) => void child.kill(isPaused ? "SIGSTOP" : "SIGCONT"),
    async stop() {
      redis.disconnect();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
