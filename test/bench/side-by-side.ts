import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { flood, paced, type Run } from "./load.ts";
import { quantile } from "./timed.ts";

/**
 * Servers in processes of their own, measured in turns with the same requests. Machines and their neighbours differ from
 * minute to minute, so what counts is the ratio within a round.
 */

/** What a server tells when it is asked: requests dealt with so far, and the processor time it took, in ms. */
type Told = { readonly dealt: number; readonly cpuMs: number };

/** Rounds of so many requests as fast as they go, and seconds at a steady rate. */
export type Sizes = { readonly rounds: number; readonly requests: number; readonly seconds: number };

type Server = { readonly name: string; readonly child: ChildProcess; readonly port: number };

/** `ackMs`: ascending. `rate`: requests acknowledged and dealt with a second. `cpuMs`: of the processor, for one of them. */
type Figures = { readonly ackMs: number[]; readonly rate: number[]; readonly cpuMs: number[] };

/** Sockets that are busy in a flood. */
const WIDTH = 100;
const PER_SECOND = 200;
/** Requests before the measurement: after about so many the code is compiled and the caches have their size. */
const WARM_UP = 10_000;

/** In the process of a server: says where it listens, and answers when asked. */
export function tellFigures(port: number, dealt: () => number): void {
  process.on("SIGTERM", () => process.exit(0));
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send!({ dealt: dealt(), cpuMs: (user + system) / 1000 } satisfies Told);
  });
  process.send!(port);
}

/** Starts each of `names` as `file --server NAME …args`, measures them in turns and prints a line for each. */
export async function measure(
  file: string,
  names: readonly string[],
  args: readonly string[],
  make: () => Buffer,
  { rounds, requests, seconds }: Sizes,
): Promise<ReadonlyMap<string, Figures>> {
  const servers: Server[] = [];
  for (const name of names) servers.push(await start(file, name, args));
  const figures = new Map(names.map((name): [string, Figures] => [name, { ackMs: [], rate: [], cpuMs: [] }]));
  try {
    for (const server of servers)
      for (let sent = 0; sent < WARM_UP; sent += requests) await flooded(server, make, requests);
    for (let round = 0; round < rounds; round++)
      for (const server of servers) {
        const { rate, cpuMs } = await flooded(server, make, requests);
        figures.get(server.name)!.rate.push(rate);
        figures.get(server.name)!.cpuMs.push(cpuMs);
      }
    for (let second = 0; second < seconds; second++)
      for (const { name, port } of servers)
        figures.get(name)!.ackMs.push(...sound(await paced(port, make, PER_SECOND, PER_SECOND)).ms);
  } finally {
    for (const { child } of servers) child.kill();
  }
  for (const [name, { ackMs, rate, cpuMs }] of figures)
    console.log(
      `${name.padEnd(10)} acknowledged at ${PER_SECOND}/s: median ${quantile(ackMs, 0.5).toFixed(1)} ms, ` +
        `p99 ${quantile(ackMs, 0.99).toFixed(1)} ms; at most ${quantile(rate, 0.5).toFixed(0)}/s, ` +
        `each ${quantile(cpuMs, 0.5).toFixed(2)} ms of the processor`,
    );
  return figures;
}

/** Prints how `ours` compares with `theirs`: medians of what each round gave, and between which values they lay. */
export function printRatio(figures: ReadonlyMap<string, Figures>, ours: string, theirs: string): void {
  const [our, their] = [figures.get(ours)!, figures.get(theirs)!];
  const told = (values: readonly number[]) =>
    `${quantile(values, 0.5).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
  const more = our.rate.map((rate, i) => rate / their.rate[i]!);
  const less = our.cpuMs.map((ms, i) => their.cpuMs[i]! / ms);
  console.log(`${ours} / ${theirs}: requests a second ${told(more)}, for one second of the processor ${told(less)}`);
}

/** The flood has ended when all of it was acknowledged and dealt with. Its requests are made before it begins. */
async function flooded(server: Server, make: () => Buffer, requests: number) {
  const ready = Array.from({ length: requests }, make);
  const before = await ask(server);
  const start = performance.now();
  sound(await flood(server.port, () => ready.pop()!, WIDTH, requests));
  let after = await ask(server);
  while (after.dealt - before.dealt < requests) {
    await sleep(2);
    after = await ask(server);
  }
  const seconds = (performance.now() - start) / 1000;
  return { rate: requests / seconds, cpuMs: (after.cpuMs - before.cpuMs) / requests };
}

function sound(run: Run): Run {
  const others = [...run.statuses].filter(([status]) => status !== 200);
  if (others.length > 0) throw new Error(`not every request was answered 200: ${JSON.stringify(others)}`);
  return run;
}

async function start(file: string, name: string, args: readonly string[]): Promise<Server> {
  const child = fork(file, ["--server", name, ...args]);
  const early = once(child, "exit").then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)));
  early.catch(() => {}); // it ends in the end
  const [port] = (await Promise.race([once(child, "message"), early])) as [number];
  return { name, child, port };
}

async function ask({ child }: Server): Promise<Told> {
  const told = once(child, "message");
  child.send("figures");
  return ((await told) as [Told])[0];
}
