/**
 * `npm run bench`: how fast the bot is and how much memory it holds, against the limits it promises.
 *
 *   npm run bench                              on the demo's Prometheus, started for it
 *   npm run bench -- --prom URL [--now TIME]   on one that runs; TIME is RFC 3339 or unix seconds, for data that ended
 *
 * Both: [--rounds N] [--json], which adds one line of JSON. Machines differ, so most figures also come as a ratio to a
 * yardstick measured in the same run. Ends with 0 whatever the figures are, and with 1 when it could not measure.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import { classify, trainClassifier, trainingExamples } from "../../src/core/language/classify.ts";
import { understand } from "../../src/core/language/understand.ts";
import { startDemo } from "../../src/demo/run.ts";
import { loadPacks } from "../../src/metrics/packs.ts";
import { createPrometheus } from "../../src/metrics/prometheus.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { drawing } from "./charts.ts";
import { questionsAbout } from "./mix.ts";
import { idleBot, stopwatch } from "./processes.ts";
import { quantile, timed } from "./timed.ts";

type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "MB" | "";
  readonly limit?: number;
  /** How it compares with something measured in the same run. */
  readonly ratio?: { readonly value: number; readonly to: string };
};

const { values: options } = parseArgs({
  options: {
    prom: { type: "string" },
    now: { type: "string" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const launch = fileURLToPath(new URL("../../src/launch.mjs", import.meta.url));

async function run(): Promise<void> {
  const rounds = Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be a whole number: ${options.rounds}`);
  const now = readNow(options.now);
  const data = mkdtempSync(join(tmpdir(), "smartcloudops-bench-"));
  const demo =
    options.prom === undefined ? await startDemo({ report: noteOnce(), now: () => Date.now() / 1000 }) : undefined;
  try {
    const prom = options.prom ?? demo!.prometheusUrl;
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? data,
      PROMETHEUS_URL: prom,
      SMARTCLOUDOPS_DATA: data,
      ...(demo === undefined ? {} : { ALERTMANAGER_URL: demo.alertmanagerUrl }),
    };
    const figures: Figure[] = [];
    note("asking in this process");
    figures.push(...(await answers(prom, env, now, rounds)));
    note("starting processes, once Prometheus has come to rest");
    await sleep(10_000);
    figures.push(...(await processes(env, now, rounds)));
    note("reading 50,000 metric names");
    figures.push(...(await largeCatalogue()));
    note("drawing charts");
    figures.push(...(await pictures()));
    for (const line of table(figures)) console.log(line);
    if (options.json) console.log(JSON.stringify({ node: process.version, rounds, figures }));
  } finally {
    await demo?.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** What one bot in this process takes for the mix of questions. */
async function answers(prom: string, env: Record<string, string>, fixed: number | undefined, rounds: number) {
  const clock = () => fixed ?? Date.now() / 1000;
  const { source, take } = timed(createPrometheus({ name: "bench", url: prom }, { clock }));
  const store = createMemoryStore({
    retention: { conversations: 3600, evidence: 3600, seenEvents: 3600, proposals: 3600 },
  });
  const packs = await loadPacks([]);
  const loaded = loadConfig({ env });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("; "));
  const app = await createApp(loaded.config, { clock, store, packs, sources: [source], limitPerPerson: false });
  const catalogue = await source.catalogue();
  const questions = questionsAbout(catalogue);

  const ups: number[] = [];
  for (let i = 0; i < 50; i++) ups.push(await elapsed(() => source.instant("up", clock())));
  const up = quantile(ups.slice(10), 0.5);

  const examples = trainingExamples();
  const json = JSON.stringify(examples);
  const parse = quantile(await repeat(5, () => JSON.parse(json)), 0.5);
  const training = quantile(await repeat(5, () => trainClassifier(examples)), 0.5);

  const own: number[] = [];
  const overview: number[] = [];
  const requests: number[] = [];
  // The first round warms up: a bot has been asked before.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, question] of questions.entries()) {
      const user = { platform: "terminal", id: "bench", name: "bench" };
      const place = { platform: "terminal", channel: "bench", thread: `${round}-${i}` };
      take();
      const started = performance.now();
      await app.ask({ id: `${round}-${i}`, place, user, text: question, at: clock() });
      const ms = performance.now() - started;
      const spent = take();
      if (round === 0) continue;
      own.push(ms - spent.ms);
      requests.push(spent.requests);
      if (question === "status") overview.push(ms);
    }
  }
  for (let i = 0; i < 20; i++) {
    const place = { platform: "terminal", channel: "bench", thread: `overview-${i}` };
    const user = { platform: "terminal", id: "bench", name: "bench" };
    const question = { id: `overview-${i}`, place, user, text: "status", at: clock() };
    overview.push(await elapsed(() => app.ask(question)));
  }

  const context = {
    catalogue,
    packs,
    now: clock(),
    zone: "UTC",
    memory: undefined,
    lessons: new Map<string, string>(),
    alertNames: new Set<string>(),
  };
  const reading: number[] = [];
  for (let round = 0; round < rounds; round++)
    for (const question of questions) reading.push(await elapsed(() => understand(question, context)));
  const classifying = await repeat(200, (i) => classify(questions[i % questions.length]!));
  await app.stop();

  return [
    of("one query of `up`, the yardstick", up, "ms"),
    of("understanding, p50", quantile(reading, 0.5), "ms"),
    of("understanding, p95", quantile(reading, 0.95), "ms", 10, ratio(quantile(reading, 0.95), up, "`up`")),
    of("classifying, p95", quantile(classifying, 0.95), "ms"),
    of("training the classifier", training, "ms", undefined, ratio(training, parse, "JSON.parse of its phrases")),
    of("answer beyond Prometheus, p50", quantile(own, 0.5), "ms", 15, ratio(quantile(own, 0.5), up, "`up`")),
    of("answer beyond Prometheus, p95", quantile(own, 0.95), "ms", 60, ratio(quantile(own, 0.95), up, "`up`")),
    of("status overview, p95", quantile(overview, 0.95), "ms", 200, ratio(quantile(overview, 0.95), up, "`up`")),
    of("requests per answer, mean", requests.reduce((a, b) => a + b, 0) / requests.length, ""),
    of("requests per answer, p95", quantile(requests, 0.95), ""),
    of("questions in the mix", questions.length, ""),
  ];
}

/** Whole processes: `ask` as somebody types it, and the bot that waits. */
async function processes(env: Record<string, string>, now: number | undefined, rounds: number): Promise<Figure[]> {
  const at = now === undefined ? [] : ["--now", new Date(now * 1000).toISOString()];
  const ask = (question: string) => ["ask", "--json", ...at, question];
  const [measure, overview] = [ask("cpu usage"), ask("how is everything doing?")];
  const watch = stopwatch();
  try {
    const first = await watch.timeOf([main, ...measure], env);
    const times = { node: [] as number[], main: [] as number[], launch: [] as number[], overview: [] as number[] };
    for (let i = 0; i < 2 * rounds + 1; i++) {
      times.node.push(await watch.timeOf(["-e", "0"], env));
      times.main.push(await watch.timeOf([main, ...measure], env));
      times.launch.push(await watch.timeOf([launch, ...measure], env));
      times.overview.push(await watch.timeOf([launch, ...overview], env));
    }
    const bare = quantile(times.node, 0.5);
    const toBare = (ms: number) => ratio(ms, bare, "node -e 0");
    const [viaMain, viaLaunch, whole] = [times.main, times.launch, times.overview].map((list) => quantile(list, 0.5));
    const idle = await idleBot(main, env);
    const slack = await new FakeSlack().start();
    const withChat = await idleBot(main, {
      ...env,
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SMARTCLOUDOPS_INSECURE_DEV: "1",
    });
    await slack.stop();
    return [
      of("`node -e 0`, the yardstick", bare, "ms"),
      of("`ask` one measure, the first ever", first, "ms", undefined, toBare(first)),
      of("`ask` one measure (src/main.ts)", viaMain!, "ms", 500, toBare(viaMain!)),
      of("`ask` one measure (src/launch.mjs)", viaLaunch!, "ms", 500, toBare(viaLaunch!)),
      of("`ask` for the overview (src/launch.mjs)", whole!, "ms", undefined, toBare(whole!)),
      of("`start` until ready", idle.readyMs, "ms", 1000, toBare(idle.readyMs)),
      ...(idle.rssMb === undefined ? [] : [of("memory while idle", idle.rssMb, "MB", 120)]),
      of("`start` with Slack and Teams until ready", withChat.readyMs, "ms", undefined, toBare(withChat.readyMs)),
      ...(withChat.rssMb === undefined ? [] : [of("memory while idle with Slack and Teams", withChat.rssMb, "MB")]),
      ...(idle.cpuMs === undefined ? [] : [of("processor per idle second", idle.cpuMs, "ms")]),
    ];
  } finally {
    watch.stop();
  }
}

/** catalogue.ts in a process of its own, for its memory and its event loop. */
async function largeCatalogue(): Promise<Figure[]> {
  const file = fileURLToPath(new URL("catalogue.ts", import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit") as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`catalogue.ts ended with ${code}`);
  const read = JSON.parse(said) as Record<"refresh_ms" | "max_block_ms" | "lookup_ms_p95" | "heap_mb", number>;
  return [
    of("50,000 metrics: refresh", read.refresh_ms, "ms", 5000),
    of("50,000 metrics: longest block", read.max_block_ms, "ms", 50),
    of("50,000 metrics: lookup, p95", read.lookup_ms_p95, "ms", 5),
    of("50,000 metrics: heap", read.heap_mb, "MB"),
  ];
}

/** A chart as PNG, as chat platforms get it. */
async function pictures(): Promise<Figure[]> {
  const { first, median, p95, blocked, bytes } = await drawing();
  note(`one picture has ${bytes} bytes`);
  return [
    of("PNG chart: the first", first, "ms"),
    of("PNG chart: median", median, "ms", 150),
    of("PNG chart: p95", p95, "ms", 150),
    of("PNG chart: longest block, median", blocked, "ms", 50),
  ];
}

// ---------------------------------------------------------------- measuring and saying

async function elapsed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function repeat(times: number, work: (i: number) => unknown): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push(await elapsed(() => work(i)));
  return all;
}

function of(name: string, value: number, unit: Figure["unit"], limit?: number, compared?: Figure["ratio"]): Figure {
  return {
    name,
    value,
    unit,
    ...(limit === undefined ? {} : { limit }),
    ...(compared === undefined ? {} : { ratio: compared }),
  };
}

function ratio(value: number, yardstick: number, to: string): Figure["ratio"] {
  return { value: value / yardstick, to };
}

function table(figures: readonly Figure[]): string[] {
  const wide = Math.max(...figures.map(({ name }) => name.length));
  return figures.map(({ name, value, unit, limit, ratio: compared }) => {
    const verdict = limit === undefined ? "" : value < limit ? "ok" : "over";
    const limitText = limit === undefined ? "" : `< ${limit} ${unit}`;
    const told = compared === undefined ? "" : `${compared.value.toFixed(1)} × ${compared.to}`;
    const number = `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`.padStart(10);
    return `${name.padEnd(wide)}  ${number}  ${limitText.padEnd(10)}  ${verdict.padEnd(4)}  ${told}`.trimEnd();
  });
}

function readNow(said: string | undefined): number | undefined {
  if (said === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(said) ? Number(said) : Date.parse(said) / 1000;
  if (!Number.isFinite(seconds)) throw new Error(`--now must be RFC 3339 or unix seconds: ${said}`);
  return seconds;
}

/** Progress comes many times a second; each step is said once. */
function noteOnce(): (progress: { readonly step: string }) => void {
  let last = "";
  return ({ step }) => {
    if (step !== last) note(step);
    last = step;
  };
}

function note(step: string): void {
  process.stderr.write(`bench: ${step}\n`);
}

try {
  await run();
} catch (problem) {
  process.stderr.write(`bench: ${problem instanceof Error ? problem.message : String(problem)}\n`);
  process.exitCode = 1;
}
