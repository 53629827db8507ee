/**
 * `npm run bench -- model`: what a language model's part takes besides the model itself. The model is a script in a process of its own that
 * waits before each answer; Prometheus is a fake in this process, so that what is left is the bot's own. The model's own time is what
 * bare requests for the same number of answers take, beside each round.
 *
 *   npm run bench -- model [--rounds 20] [--call-ms 300] [--parallel 50] [--waves 5]
 *
 * Ends with 0 whatever the figures are, and with 1 when an answer was not the one that the script gives.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/util/log.ts";
import { harbour } from "../fakes/harbour.ts";
import { fakeMetrics } from "../fakes/metrics.ts";
import { quantile } from "./timed.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    "call-ms": { type: "string", default: "300" },
    parallel: { type: "string", default: "50" },
    waves: { type: "string", default: "10" },
  },
});
/** Without it, what is in use is what nobody has thrown away yet. */
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const [rounds, callMs, parallel, waves] = ["rounds", "call-ms", "parallel", "waves"].map((name) =>
  Number(options[name as keyof typeof options]),
) as [number, number, number, number];

const WHY = "why is the queue manifests so long, and what does the tide have to do with it?";
const UNCLEAR = "hmm what about it";
/** Calls of the model in one investigation: two that query, one that answers. */
const STEPS = 3;

const folder = mkdtempSync(join(tmpdir(), "smartcloudops-bench-"));
const model = fork(fileURLToPath(new URL("scripted-model.ts", import.meta.url)), [String(callMs)], { silent: true });
try {
  const [url] = (await once(model.stdout!, "data")) as [Buffer];
  await bench(String(url).trim());
} finally {
  model.disconnect();
  rmSync(folder, { recursive: true, force: true });
}

async function bench(url: string): Promise<void> {
  const env = { OPENAI_MODEL: "scripted", OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: url, SMARTCLOUDOPS_DATA: folder };
  const loaded = loadConfig({ env, cwd: folder });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const clock = () => Date.now() / 1000;
  const app = await createApp(loaded.config, {
    sources: [fakeMetrics({ ...harbour(), clock })],
    log: createLog({ level: "error", secrets: [] }),
    limitPerPerson: false,
  });
  let count = 0;

  /** Milliseconds until something stood in the chat, the first words of the model did, and the answer was there. */
  async function one(text: string) {
    const id = `q${++count}`;
    const began = performance.now();
    const since = () => performance.now() - began;
    let [shown, words] = [Number.NaN, Number.NaN];
    const { reply } = await app.ask(
      {
        id,
        place: { platform: "terminal", channel: `c${count % 97}`, thread: id },
        user: { platform: "terminal", id: `u${count % 97}`, name: "bench" },
        text,
        at: clock(),
      },
      undefined,
      {
        show({ said }) {
          if (Number.isNaN(shown)) shown = since();
          if (said.length > 0 && Number.isNaN(words)) words = since();
        },
      },
    );
    if (!reply.reply_text.includes("The queue manifests has 640 messages."))
      throw new Error(`not the scripted answer: ${reply.reply_text.slice(0, 300)} ${reply.degraded?.join(" ") ?? ""}`);
    return { shown, words, whole: since() };
  }

  /** Milliseconds that so many calls of the model take somebody who only asks and reads. */
  async function bare(calls: number): Promise<number> {
    const began = performance.now();
    const headers = { authorization: "Bearer sk-test", "content-type": "application/json" };
    const body = JSON.stringify({ model: "scripted", stream: true, messages: [{ role: "user", content: WHY }] });
    for (let call = 0; call < calls; call++)
      await (await fetch(`${url}/chat/completions`, { method: "POST", headers, body })).text();
    return performance.now() - began;
  }

  const cold = await one(WHY);
  say("the first investigation of a process, which loads langchain: whole answer", [cold.whole], "ms");
  process.stdout.write(`load average ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores\n`);
  for (const [name, text, calls] of [
    ["two tool calls", WHY, STEPS],
    ["the same, sorted by the small call before", UNCLEAR, STEPS + 1],
  ] as const) {
    const all: (Awaited<ReturnType<typeof one>> & { processor: number; bare: number })[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = process.cpuUsage();
      const taken = await one(text);
      const { user, system } = process.cpuUsage(before);
      all.push({ ...taken, processor: (user + system) / 1000, bare: await bare(calls) });
    }
    const of = (pick: (one: (typeof all)[number]) => number) => all.map(pick);
    process.stdout.write(
      `\n${name}, a model of ${callMs} ms a call (${calls} calls), ${rounds} rounds: median / p95\n`,
    );
    say(
      "first visible words: what the templates found, or that it is looked into",
      of(({ shown }) => shown),
      "ms",
    );
    say(
      "first sentence of the model",
      of(({ words }) => words),
      "ms",
    );
    say(
      "whole answer",
      of(({ whole }) => whole),
      "ms",
    );
    if (calls === STEPS)
      say(
        "overhead of a step, without the model's own time",
        of((taken) => (taken.whole - taken.shown - taken.bare) / calls),
        "ms",
      );
    say(
      "processor time of an answer",
      of(({ processor }) => processor),
      "ms",
    );
  }
  process.stdout.write(`\n${parallel} investigations at once, ${waves} waves\n`);
  const memory: number[] = [];
  for (let wave = 1; wave <= waves; wave++) {
    const all = await Promise.all(Array.from({ length: parallel }, () => one(WHY)));
    collect();
    memory.push(process.memoryUsage().rss / 1e6);
    say(
      `wave ${wave}: whole answer`,
      all.map(({ whole }) => whole),
      "ms",
    );
    const { heapUsed } = process.memoryUsage();
    process.stdout.write(
      `  memory ${memory.at(-1)!.toFixed(0)} MB, of which in use ${(heapUsed / 1e6).toFixed(0)} MB\n`,
    );
  }
  if (waves > 0)
    process.stdout.write(
      `memory from the second wave to the last: ${(memory.at(-1)! - (memory[1] ?? memory[0]!)).toFixed(1)} MB more\n`,
    );
  await app.stop();
}

function say(name: string, values: readonly number[], unit: string): void {
  const [median, p95] = [quantile(values, 0.5), quantile(values, 0.95)];
  const said = values.length === 1 ? median.toFixed(0) : `${median.toFixed(0)} / ${p95.toFixed(0)}`;
  process.stdout.write(`  ${name}: ${said} ${unit}\n`);
}
