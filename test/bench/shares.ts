/**
 * `npm run bench -- shares [--passes N] [--rounds N] [--points N]`: what a second replica adds to the watching, and how free the event loop stays meanwhile. Rounds
 * follow each other without a pause over a thousand series in twenty watches, so many new points of each a round (30; with 5 states are written as often as by a bot
 * that looks once a minute, and Redis is most of the work). Each replica is a process of its own, held on a processor of its own with its detectors' thread; Redis is real
 * and keeps nothing on its disk; Prometheus is played within each replica. Passes alternate between one replica and two, and the first round of each, which hands
 * watches over, does not count. Prints points a second, the ratio, and the 99th percentile of the delay of each event loop, beside that of a process that does nothing:
 * what the machine's other work adds. The processor time of the busiest replica tells what a second one would add on a machine without other work.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Series } from "../../src/core/series.ts";
import { createJudge } from "../../src/flows/detect/judging.ts";
import { detect } from "../../src/flows/detect.ts";
import { createRedisQueue } from "../../src/jobs/redis-queue.ts";
import { lookAtQuery } from "../../src/metrics/look.ts";
import { splitQuery } from "../../src/metrics/split.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { secret } from "../../src/util/secret.ts";
import { createThread } from "../../src/util/thread.ts";
import { RETENTION } from "../contracts/store.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { startRedis } from "../fakes/programs/redis.ts";
import { aWatch, noise } from "../fakes/watched.ts";
import { shippedPacks } from "../fakes/world.ts";
import { quantile } from "./timed.ts";

const WATCHES = 20;
const SERIES = 50;
const STEP = 60;
const BEGIN = 1_790_000_000 - (1_790_000_000 % STEP);

/** Since the last time: milliseconds, and seconds of processor time. */
type Used = { readonly p99: number; readonly cpu: number };
type Order = { readonly kind: "take" } | { readonly kind: "lag" } | { readonly kind: "round"; readonly slot: number };

if (process.send === undefined) await measure();
else await replica(process.argv[2] ?? "", process.argv[3] ?? "", process.argv[4] ?? "");

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: {
      passes: { type: "string", default: "4" },
      rounds: { type: "string", default: "8" },
      points: { type: "string", default: "30" },
    },
  });
  const server = await startRedis();
  if ("skipped" in server) throw new Error(server.skipped);
  const url = server.urlOf(0).reveal();
  const folder = mkdtempSync(join(tmpdir(), "shares-"));
  const replicas: ChildProcess[] = [];
  try {
    const one = await started(url, 0, folder);
    replicas.push(one);
    let slot = BEGIN;
    await told(one, { kind: "take" });
    console.error(`reading back ${WATCHES * SERIES} series`);
    await told(one, { kind: "round", slot });
    const idle = monitorEventLoopDelay({ resolution: 1 });
    idle.enable();
    const rates: Record<1 | 2, number[]> = { 1: [], 2: [] };
    /** Processor time of the busiest replica for each point of a round, microseconds. */
    const work: Record<1 | 2, number[]> = { 1: [], 2: [] };
    for (let pass = 0; pass < 2 * Number(values.passes); pass++) {
      const count = pass % 2 === 0 ? 1 : 2;
      const other = count === 2 ? await started(url, 1, folder) : undefined;
      if (other !== undefined) {
        replicas.push(other);
        await told(other, { kind: "take" });
      }
      for (let round = 0; round <= Number(values.rounds); round++) {
        slot += Number(values.points) * STEP;
        const began = performance.now();
        const report = (await told(one, { kind: "round", slot })) as {
          points: number;
          outcome: string;
          problems: string[];
        };
        if (report.outcome !== "done") console.error(report.problems.join(" "));
        // What handing over and loading took does not count.
        if (round === 0)
          for (const each of other === undefined ? [one] : [one, other]) await told(each, { kind: "lag" });
        else rates[count].push(report.points / ((performance.now() - began) / 1000));
      }
      const used: Used[] = [];
      for (const each of other === undefined ? [one] : [one, other])
        used.push((await told(each, { kind: "lag" })) as Used);
      const points = Number(values.rounds) * Number(values.points) * WATCHES * SERIES;
      work[count].push((Math.max(...used.map(({ cpu }) => cpu)) / points) * 1e6);
      const lags = used.map(({ p99 }) => `${p99.toFixed(1)} ms`).join(", ");
      const own = used.map(({ cpu }) => `${cpu.toFixed(2)} s`).join(", ");
      console.log(
        `${count} replica${count === 1 ? " " : "s"}: ${quantile(rates[count].slice(-Number(values.rounds)), 0.5).toFixed(0)} points a second; processor time ${own}; event loop p99 ${lags} (idle: ${(idle.percentile(99) / 1e6).toFixed(1)} ms)`,
      );
      idle.reset();
      other?.kill();
    }
    const [alone, both] = [quantile(rates[1], 0.5), quantile(rates[2], 0.5)];
    console.log(
      `by processor time, as where each replica has a processor to itself: ${(quantile(work[1], 0.5) / quantile(work[2], 0.5)).toFixed(2)} times; ${quantile(work[1], 0.5).toFixed(1)} and ${quantile(work[2], 0.5).toFixed(1)} µs a point of the busiest`,
    );
    console.log(
      `a second replica: ${(both / alone).toFixed(2)} times as many points a second (wanted: 1.6), ${alone.toFixed(0)} and ${both.toFixed(0)}`,
    );
  } finally {
    for (const each of replicas) each.kill("SIGKILL");
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A replica on that processor, ready. */
async function started(url: string, processor: number, folder: string): Promise<ChildProcess> {
  const cores = availableParallelism();
  const child = fork(fileURLToPath(import.meta.url), [url, String(processor), folder], {
    execPath: "taskset",
    execArgv: ["-c", String(processor % cores), process.execPath],
  });
  await once(child, "message");
  return child;
}

async function told(child: ChildProcess, order: Order): Promise<unknown> {
  const answer = once(child, "message");
  child.send(order);
  return (await answer)[0];
}

async function replica(url: string, name: string, folder: string): Promise<void> {
  let now = BEGIN;
  const clock = () => now;
  const store = await openRedisStore({
    ...{
      url: secret(url),
      dataDir: join(folder, String(process.pid)),
      retention: RETENTION,
      now: () => Date.now() / 1000,
    },
    allowVolatile: true,
  });
  const warn = (problem: unknown) => console.error(problem);
  const queue = await createRedisQueue({
    ...{ url: secret(url), name: "bench", concurrency: 4, waiting: 1000, retryMs: 1000, warn },
  });
  const thread = createThread(new URL("../../src/flows/detect/judge-thread.ts", import.meta.url), warn);
  const here = createJudge();
  const run = <K extends keyof typeof here>(call: K, argument: unknown) => thread.run<never>(call, argument);
  const watches = Array.from({ length: WATCHES }, (_, at) =>
    aWatch({ id: `watch-${at}`, promql: `load_${at}`, rank: at, source: "default" }),
  );
  const bot = detect({
    ...{ store, sources: [played(clock)], packs: await shippedPacks(), look: lookAtQuery, split: splitQuery },
    settings: {
      ...{ everySeconds: STEP, historySeconds: 13 * 3600, series: 10_000, seriesPerWatch: 200, automatic: false },
      ...{ watches, routes: [], zone: "UTC" },
    },
    ...{ clock, elapsed: () => performance.now() / 1000, owner: `replica ${name} ${process.pid}`, posted: () => {} },
    report: (_, message, data) => console.error(message, data),
    jobs: { run: queue.run, isShared: true },
    judge: {
      load: (states) => run("load", states),
      feed: (batch) => run("feed", batch),
      states: (version, dropped) => run("states", { version, dropped }),
      drop: (version) => run("drop", version),
    },
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let used = process.cpuUsage();
  process.on("message", async (order: Order) => {
    if (order.kind === "take") {
      queue.take((id, attempt) => {
        now = Math.max(now, Number(id.split("/")[0]));
        return bot.share(id, attempt, new AbortController().signal);
      });
      delay.enable();
      process.send?.("taking");
    } else if (order.kind === "lag") {
      const { user, system } = process.cpuUsage(used);
      process.send?.({ p99: delay.percentile(99) / 1e6, cpu: (user + system) / 1e6 });
      delay.reset();
      used = process.cpuUsage();
    } else {
      now = order.slot;
      process.send?.(await bot.round(order.slot, new AbortController().signal));
    }
  });
  process.send?.("ready");
}

/** A Prometheus that takes as good as no time. */
function played(clock: () => number): Metrics {
  const names = Array.from({ length: WATCHES }, (_, at) => `load_${at}`);
  const fake = fakeMetrics({
    ...{ name: "default", clock, series: names.map((metric) => ({ metric, labels: { service: "a" }, value: 1 })) },
    answers: [
      [/^count\(/, SERIES],
      [/^up == 0/, []],
    ],
  });
  const range: Metrics["range"] = async (promql, { start, end, step }) => {
    const seed = Number(/\d+/.exec(promql)?.[0] ?? 0);
    return Array.from({ length: SERIES }, (_, which): Series => {
      const points: [number, number][] = [];
      for (let at = start; at <= end; at += step)
        points.push([
          at,
          100 * (1 + 0.2 * Math.sin((at / 86_400) * 2 * Math.PI) + 0.05 * noise(at, seed * SERIES + which)),
        ]);
      return { labels: { service: `service-${which}` }, points };
    });
  };
  return Object.assign(Object.create(fake) as Metrics, { range });
}
