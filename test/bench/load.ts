import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A client for benches: requests as bytes over sockets of its own, so that it takes little of the processor that it
 * shares with the server. Made for servers on this machine that answer with a length or in chunks.
 */

/** A request as it goes over the wire. */
export function post(path: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const all = { host: "127.0.0.1", "content-length": String(Buffer.byteLength(body)), ...headers };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${head.join("")}\r\n${body}`);
}

/** What one run gave: milliseconds until each answer, in ascending order, and how often which status came. */
export type Run = {
  readonly ms: readonly number[];
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers a second, over the whole run. */
  readonly rate: number;
};

/** `count` requests at a steady rate, whatever the answers take. */
export async function paced(port: number, make: () => Buffer, perSecond: number, count: number): Promise<Run> {
  return withClient(port, 64, async (client) => {
    const start = performance.now();
    const shots: Promise<void>[] = [];
    while (shots.length < count) {
      const due = start + (shots.length * 1000) / perSecond;
      const wait = due - performance.now();
      if (wait > 0) await sleep(wait);
      shots.push(client.shoot(make(), due));
    }
    await Promise.all(shots);
  });
}

/** `count` requests, of which `width` are always under way. */
export async function flood(port: number, make: () => Buffer, width: number, count: number): Promise<Run> {
  return withClient(port, width, async (client) => {
    let left = count;
    const loop = async () => {
      while (left-- > 0) await client.shoot(make());
    };
    await Promise.all(Array.from({ length: width }, loop));
  });
}

type Client = {
  /** `began`: when it was due, where that was earlier: a client that is late itself would hide what it waited for. */
  shoot(bytes: Buffer, began?: number): Promise<void>;
};

async function withClient(port: number, width: number, work: (client: Client) => Promise<void>): Promise<Run> {
  const lines = await Promise.all(Array.from({ length: width }, () => open(port)));
  const free = [...lines];
  const waiting: ((line: Line) => void)[] = [];
  const ms: number[] = [];
  const statuses = new Map<number, number>();
  const start = performance.now();
  await work({
    async shoot(bytes, began = performance.now()) {
      const line = free.pop() ?? (await new Promise<Line>((resolve) => waiting.push(resolve)));
      const status = await line.ask(bytes);
      ms.push(performance.now() - began);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const next = waiting.shift();
      if (next === undefined) free.push(line);
      else next(line);
    },
  });
  const seconds = (performance.now() - start) / 1000;
  for (const { socket } of lines) socket.destroy();
  return { ms: ms.sort((a, b) => a - b), statuses, rate: ms.length / seconds };
}

type Line = { readonly socket: Socket; ask(bytes: Buffer): Promise<number> };

async function open(port: number): Promise<Line> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let settle: { resolve(status: number): void; reject(cause: Error): void } | undefined;
  let got = "";
  const fail = (cause: Error) => settle?.reject(cause);
  socket.on("data", (chunk) => {
    got += chunk.toString("latin1");
    if (!isWhole(got)) return;
    const status = Number(got.slice(9, 12));
    got = "";
    settle?.resolve(status);
  });
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the server closed the connection")));
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return {
    socket,
    ask: (bytes) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        socket.write(bytes);
      }),
  };
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, end))?.[1];
  return length === undefined ? answer.endsWith("0\r\n\r\n") : answer.length >= end + 4 + Number(length);
}
