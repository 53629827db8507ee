import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startDemo, type TouredWorld } from "../../src/demo/run.ts";
import { createWorld } from "../../src/demo/world.ts";

export type RealPrometheus = {
  readonly url: string;
  readonly alertmanagerUrl: string;
  readonly world: TouredWorld;
  /** Says that this test file needs the servers no more. They end when nobody has needed them for a while. */
  stop(): Promise<void>;
};

/** What the host tells everybody who connects, once it knows. */
type Told =
  | { readonly url: string; readonly alertmanagerUrl: string; readonly end: number; readonly seed: number }
  | { readonly failed: string };

const root = fileURLToPath(new URL("../..", import.meta.url));
/** One host per checkout. In the temporary folder, as a socket's path may have a hundred characters and no more. */
const SOCKET = join(tmpdir(), `ops-e2e-${createHash("sha256").update(root).digest("hex").slice(0, 12)}.sock`);
const LINGER_MS = 10_000;

/**
 * A real Prometheus and Alertmanager on the demo's world, shared by all test files that ask meanwhile: the first starts a
 * host process, the others connect to it, and it ends some seconds after the last is gone. Where the programs cannot be
 * had, says why, for the test to skip; where `CI` is set, that is an error instead.
 */
export async function realPrometheus(): Promise<RealPrometheus | { readonly skipped: string }> {
  const first = (await reach()) ?? (await startHost());
  const said = await firstLine(first);
  // One that ends without a word was on its way out, as nobody else needed it.
  const socket = said === undefined ? await startHost() : first;
  const told = said ?? (await firstLine(socket)) ?? { failed: "the process that runs the servers for tests ended" };
  if ("failed" in told) {
    socket.destroy();
    if (process.env.CI === "true") throw new Error(`No real Prometheus, and in CI that is no excuse: ${told.failed}`);
    return { skipped: told.failed };
  }
  const { url, alertmanagerUrl, end, seed } = told;
  const world = { ...createWorld({ now: end, seed }), prometheusUrl: url };
  return { url, alertmanagerUrl, world, stop: async () => void socket.destroy() };
}

async function startHost(): Promise<Socket> {
  spawn(process.execPath, [fileURLToPath(import.meta.url)], { cwd: root, detached: true, stdio: "ignore" }).unref();
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const socket = await reach();
    if (socket !== undefined) return socket;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The process that runs the servers for tests did not open ${SOCKET} within 20 s.`);
}

/** A connection to the host, or undefined when there is none. */
function reach(): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(SOCKET);
    socket.once("connect", () => resolve(socket));
    socket.on("error", () => resolve(undefined));
  });
}

/** Undefined when it ends without a word. */
async function firstLine(socket: Socket): Promise<Told | undefined> {
  try {
    for await (const line of createInterface({ input: socket })) return JSON.parse(line) as Told;
  } catch {
    // Its end was rude.
  }
  return undefined;
}

/** The host: listens, starts the demo, tells whoever connects, and ends when nobody has been connected for a while. */
async function host(): Promise<void> {
  const stop = new AbortController();
  const told = Promise.withResolvers<Told>();
  const needing = new Set<Socket>();
  let idle: NodeJS.Timeout | undefined;
  const rest = () => {
    clearTimeout(idle);
    if (needing.size === 0)
      idle = setTimeout(() => stop.abort(new Error("Nobody needs the servers any more.")), LINGER_MS);
  };
  const server = createServer((socket) => {
    needing.add(socket);
    clearTimeout(idle);
    socket.on("error", () => undefined);
    socket.once("close", () => {
      needing.delete(socket);
      rest();
    });
    socket.resume();
    void told.promise.then((line) => socket.write(`${JSON.stringify(line)}\n`));
  });
  // Two that start at once both try; the one that finds a living host leaves it to that one.
  if (!(await listen(server))) {
    if ((await reach()) !== undefined) process.exit(0);
    rmSync(SOCKET, { force: true });
    if (!(await listen(server))) process.exit(0);
  }
  // Whoever comes from now on must not be told of servers that are about to end: they start a host of their own.
  stop.signal.addEventListener("abort", () => server.close(), { once: true });
  rest();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort(new Error(name)));
  try {
    const folder = join(root, ".demo");
    mkdirSync(folder, { recursive: true });
    const demo = await startDemo({
      folder,
      report: () => undefined,
      now: () => Date.now() / 1000,
      signal: stop.signal,
    });
    told.resolve({
      url: demo.prometheusUrl,
      alertmanagerUrl: demo.alertmanagerUrl,
      end: demo.world.end,
      seed: demo.world.seed,
    });
    if (!stop.signal.aborted)
      await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
    await demo.stop();
  } catch (cause) {
    told.resolve({ failed: cause instanceof Error ? cause.message : String(cause) });
    if (!stop.signal.aborted)
      await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
  }
  process.exit(0);
}

function listen(server: ReturnType<typeof createServer>): Promise<boolean> {
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(SOCKET, () => resolve(true));
  });
}

if (import.meta.main) await host();
