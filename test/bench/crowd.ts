/**
 * `npm run bench -- crowd [--people N] [--questions M]`: so many people ask so many questions each, one after the other,
 * all of them at the same time, on the demo's Prometheus (or `--prom URL`). Prints how long answers took; how much of that
 * was the wait for a turn, and how much of the rest was spent neither in Prometheus nor in the queue before it; how many
 * queries it had at once at most; and whether every question was answered. The limit of questions from one person in a minute is off. Ends with 1 when a question was lost or
 * Prometheus had more queries at once than `max_concurrent` allows.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import type { Question } from "../../src/core/chat.ts";
import { startDemo } from "../../src/demo/run.ts";
import { answer } from "../../src/flows/answer.ts";
import { loadPacks } from "../../src/metrics/packs.ts";
import { createPrometheus } from "../../src/metrics/prometheus.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { questionsAbout } from "./mix.ts";
import { quantile } from "./timed.ts";

if (isMainThread) await measure();
else await countQueries(String(workerData));

async function measure(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      people: { type: "string", default: "100" },
      questions: { type: "string", default: "50" },
      prom: { type: "string" },
    },
  });
  const [people, each] = [Number(options.people), Number(options.questions)];
  const demo =
    options.prom === undefined ? await startDemo({ report: () => {}, now: () => Date.now() / 1000 }) : undefined;
  const counter = new Worker(fileURLToPath(import.meta.url), { workerData: options.prom ?? demo!.prometheusUrl });
  const [port] = (await once(counter, "message")) as [number];
  try {
    const loaded = loadConfig({ env: { PROMETHEUS_URL: `http://127.0.0.1:${port}` } });
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("; "));
    const [{ maxConcurrent, ...given }] = loaded.config.sources as [(typeof loaded.config.sources)[number]];
    const clock = () => Date.now() / 1000;
    const prometheus = createPrometheus({ ...given, maxConcurrent }, { clock });
    const { source, spent } = attributed(prometheus);
    const retention = { conversations: 3600, evidence: 3600, seenEvents: 3600, proposals: 3600 };
    const turnOf = new Map<string, number>();
    const app = await createApp(loaded.config, {
      clock,
      store: createMemoryStore({ retention }),
      packs: await loadPacks([]),
      sources: [source],
      limitPerPerson: false,
      answer: (deps, question, signal) => {
        turnOf.set(question.id, performance.now());
        return answer(deps, question, signal);
      },
    });
    const mix = questionsAbout(await source.catalogue());
    const [total, waited, beyond]: [number[], number[], number[]] = [[], [], []];
    let lost = 0;
    const person = async (who: number, count: number) => {
      const user = { platform: "slack", id: `U${who}`, name: `person ${who}` };
      for (let i = 0; i < count; i++) {
        const place = { platform: "slack", channel: `D${who}`, thread: `${i}` };
        const text = mix[(who * 7 + i) % mix.length]!;
        const began = performance.now();
        const asked: Question = { id: `${who}-${i}-${count}`, place, user, text, at: clock() };
        const { said, ms } = await spent(() => app.ask(asked));
        const took = performance.now() - began;
        const wait = (turnOf.get(asked.id) ?? began + took) - began;
        turnOf.delete(asked.id);
        if (said.failed === true || said.card.title === "") lost++;
        total.push(took);
        waited.push(wait);
        beyond.push(took - wait - ms);
      }
    };
    await person(people, 20); // a bot has been asked before
    for (const list of [total, waited, beyond]) list.length = 0;
    const began = performance.now();
    await Promise.all(Array.from({ length: people }, (_, who) => person(who, each)));
    const seconds = (performance.now() - began) / 1000;
    counter.postMessage("how many");
    const [{ most, queries }] = (await once(counter, "message")) as [{ most: number; queries: number }];
    await app.stop();
    const ms = (value: number) => `${value.toFixed(0)} ms`;
    console.log(`questions                       ${total.length} from ${people} people in ${seconds.toFixed(0)} s`);
    console.log(`answered after, p50 / p95       ${ms(quantile(total, 0.5))} / ${ms(quantile(total, 0.95))}`);
    console.log(`waited for a turn, p50 / p95    ${ms(quantile(waited, 0.5))} / ${ms(quantile(waited, 0.95))}`);
    console.log(`beyond Prometheus, p50 / p95    ${ms(quantile(beyond, 0.5))} / ${ms(quantile(beyond, 0.95))}`);
    console.log(`queries                         ${queries}, at most ${most} at once of ${maxConcurrent} allowed`);
    console.log(`lost                            ${lost + people * each - total.length}`);
    if (lost > 0 || most > maxConcurrent || total.length !== people * each) process.exitCode = 1;
  } finally {
    await counter.terminate();
    await demo?.stop();
  }
}

type Ask = Awaited<ReturnType<typeof createApp>>["ask"];

/** The same source; `spent` tells for how long at least one request of that one question was under way or waited for its turn. */
function attributed(source: Metrics) {
  const questions = new AsyncLocalStorage<{ underWay: number; since: number; ms: number }>();
  const watch = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = questions.getStore();
    if (mine === undefined) return await work();
    if (mine.underWay++ === 0) mine.since = performance.now();
    try {
      return await work();
    } finally {
      if (--mine.underWay === 0) mine.ms += performance.now() - mine.since;
    }
  };
  const wrapped = Object.fromEntries(
    (["instant", "range", "alerts", "rules", "targets", "check"] as const).map((name) => {
      const call = source[name] as (...args: unknown[]) => Promise<unknown>;
      return [name, (...args: unknown[]) => watch(() => call.apply(source, args))];
    }),
  );
  return {
    source: Object.assign(Object.create(source) as Metrics, wrapped),
    async spent(ask: () => ReturnType<Ask>) {
      const mine = { underWay: 0, since: 0, ms: 0 };
      return { said: await questions.run(mine, ask), ms: mine.ms };
    },
  };
}

/** In a thread of its own: passes requests on to Prometheus, and counts how many are under way. */
async function countQueries(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(url);
  let [underWay, most, queries] = [0, 0, 0];
  const server = createServer((asked, answer) => {
    queries++;
    most = Math.max(most, ++underWay);
    answer.once("close", () => underWay--);
    const { method, headers, url: path } = asked;
    const outgoing = request({ agent, hostname, port, method, headers, path }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    outgoing.on("error", () => answer.destroy());
    asked.pipe(outgoing);
  });
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port));
  parentPort?.on("message", () => parentPort?.postMessage({ most, queries }));
}
