/** Times whole processes from outside: one `ask` from nothing to its answer, and `start` until it is ready and idle. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "../../src/demo/ports.ts";

export type Env = Readonly<Record<string, string>>;

/** Starts other processes and times them. `stop` it in the end. */
export type Stopwatch = {
  /** Milliseconds until `node args…` has ended. Throws what it said when it fails. */
  readonly timeOf: (args: readonly string[], env: Env) => Promise<number>;
  readonly stop: () => void;
};

export function stopwatch(): Stopwatch {
  const child = fork(fileURLToPath(new URL("stopwatch.ts", import.meta.url)));
  return {
    async timeOf(args, env) {
      const answered = once(child, "message");
      child.send({ args, env });
      const [{ ms, code, said }] = (await answered) as [{ ms: number; code: number | null; said: string }];
      if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}: ${said}`);
      return ms;
    },
    stop: () => child.kill(),
  };
}

/** Megabytes are resident memory; `cpuMs` is processor time per second while nobody asks. Undefined where the system does not tell. */
export type Idle = {
  readonly readyMs: number;
  readonly rssMb: number | undefined;
  readonly cpuMs: number | undefined;
};

const SETTLE_MS = 5_000;
const WATCH_MS = 5_000;
const PATIENCE_MS = 60_000;

/** Starts the bot as `node main start`, lets it read what exists, and looks at it while nobody asks. */
export async function idleBot(main: string, env: Env): Promise<Idle> {
  const [port] = await freePorts(1);
  const started = performance.now();
  const child = spawn(process.execPath, [main, "start"], {
    env: { ...env, PORT: String(port), LOG_LEVEL: "info" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    const said = { ready: Promise.withResolvers<number>(), read: Promise.withResolvers<void>() };
    createInterface({ input: child.stderr }).on("line", (line) => {
      const { msg } = readLine(line);
      if (msg === "ready") said.ready.resolve(performance.now() - started);
      if (msg === "catalogue refreshed") said.read.resolve();
    });
    const readyMs = await orFail(said.ready.promise, child, "ready");
    await orFail(said.read.promise, child, "catalogue refreshed");
    await sleep(SETTLE_MS);
    const before = cpuOf(child.pid!);
    await sleep(WATCH_MS);
    const after = cpuOf(child.pid!);
    return {
      readyMs,
      rssMb: rssOf(child.pid!),
      cpuMs: before === undefined || after === undefined ? undefined : (after - before) / (WATCH_MS / 1000),
    };
  } finally {
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    child.kill("SIGTERM");
    await ended;
  }
}

function readLine(line: string): { msg?: unknown } {
  try {
    return JSON.parse(line) as { msg?: unknown };
  } catch {
    return {};
  }
}

async function orFail<T>(awaited: Promise<T>, child: ChildProcess, what: string): Promise<T> {
  const late = new AbortController();
  const ended = once(child, "exit", { signal: late.signal }).then(([code]) => {
    throw new Error(`start ended with ${code} before it said "${what}"`);
  });
  const tooLong = sleep(PATIENCE_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`start did not say "${what}" within ${PATIENCE_MS / 1000} s`);
  });
  ended.catch(() => {});
  tooLong.catch(() => {});
  try {
    return await Promise.race([awaited, ended, tooLong]);
  } finally {
    late.abort();
  }
}

/** Megabytes of resident memory. Undefined where the system does not tell. */
export function rssOf(pid: number): number | undefined {
  const kb = /^VmRSS:\s+(\d+) kB/m.exec(fileOf(`/proc/${pid}/status`))?.[1];
  return kb === undefined ? undefined : (Number(kb) * 1024) / 1e6;
}

/** Milliseconds of processor time so far; proc(5): fields 14 and 15 of stat, in hundredths of a second on Linux. */
export function cpuOf(pid: number): number | undefined {
  const fields = fileOf(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks * 10 : undefined;
}

function fileOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
