/**
 * `npm run eval`: how many questions the program answers right.
 *
 *   npm run eval -- [--prom URL] [--alertmanager URL]    our own questions, about the demo's shop: started for it, or the one at --prom
 *   npm run eval -- --dir DIR                             a folder with examples.jsonl, score.mjs and world/up.sh: its world, its scorer
 *
 * With a language model, after a round without one:
 *   npm run eval -- --model [--modes WORDS]               with the model of OPENAI_MODEL if that is set, else with a scripted one that answers,
 *                                                         fails and misbehaves in every way; ends with 1 when a score is below the one without
 *   npm run eval -- --prompt A --prompt B                 two prompts beside each other: each a file, a folder, or a git revision
 *
 * All: [--questions FILE] [--fails N] [--replies FILE]. With --dir also [--serve URL --prom URL] for where the world answers:
 * --serve as if its end were now, --prom in its own time. One that does not answer is started there, in [--world DIR];
 * with [--time T], its end in unix seconds, it has to run already.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { progressOn } from "../../src/cli/progress.ts";
import { startDemo } from "../../src/demo/run.ts";
import { type Asked, type AskedModel, askAll, timesLine } from "./ask.ts";
import type { Marks } from "./eval/compare.ts";
import { compareModels } from "./eval/model.ts";
import { type Question, queriesOf, questionSchema, type Sample, type Score, scoreReply } from "./score.ts";

const { values: options } = parseArgs({
  options: {
    dir: { type: "string" },
    questions: { type: "string" },
    serve: { type: "string" },
    prom: { type: "string" },
    alertmanager: { type: "string" },
    time: { type: "string" },
    world: { type: "string" },
    fails: { type: "string", default: "20" },
    replies: { type: "string" },
    model: { type: "boolean", default: false },
    modes: { type: "string" },
    prompt: { type: "string", multiple: true, default: [] },
  },
});
const ofTheModel = options.model || options.prompt.length > 0;

/** One round of all questions, or of those in `file`, with a model or without. */
type Round = (file: string, model?: AskedModel) => Promise<Marks>;

// ---------------------------------------------------------------- a folder with its own world and scorer

async function evaluateFolder(dir: string): Promise<number> {
  for (const file of ["examples.jsonl", "score.mjs", "world/up.sh"]) {
    if (!existsSync(join(dir, file)))
      return fail(
        `--dir wants a folder with examples.jsonl, score.mjs and world/up.sh: ${join(dir, file)} is missing.`,
      );
  }
  const world = await worldOf(dir);
  if (world === undefined) return 1;
  const questions = resolve(options.questions ?? join(dir, "examples.jsonl"));
  if (ofTheModel) return compareModels(questions, (file, model) => markFolder(dir, world, file, model), options);
  const { asked, exitCode } = await askAll(questions, world.serve, world.serve);
  if (asked.length === 0) return fail(`ask ended with code ${exitCode} and answered nothing.`);
  const replies = writeReplies(asked);
  const { status } = spawnSync(
    process.execPath,
    // The world stands still at its end while our clock goes on: the scorer wants both.
    [
      join(dir, "score.mjs"),
      "--questions",
      questions,
      "--replies",
      replies,
      "--prom",
      world.prom,
      "--time",
      String(world.end),
      "--now",
      String(Math.floor(Date.now() / 1000)),
      "--fails",
      options.fails,
    ],
    { stdio: "inherit" },
  );
  process.stdout.write(`\n${timesLine(asked)}\nreplies: ${replies}\n`);
  if (exitCode !== 0) return fail(`ask ended with code ${exitCode} after ${asked.length} answers.`);
  return status ?? 1;
}

/** A round, marked by the folder's own scorer. */
async function markFolder(dir: string, world: World, file: string, model: AskedModel | undefined): Promise<Marks> {
  const { asked } = await askAll(file, world.serve, world.serve, () => {}, model);
  const marks = join(dirname(writeReplies(asked)), "smartcloudops-eval-marks.json");
  const replies = writeReplies(asked);
  const time = ["--prom", world.prom, "--time", String(world.end), "--now", String(Math.floor(Date.now() / 1000))];
  const scorer = [join(dir, "score.mjs"), "--questions", file, "--replies", replies, ...time, "--json", marks];
  spawnSync(process.execPath, scorer, { stdio: ["ignore", "ignore", "inherit"] });
  const { rows } = marksSchema.parse(JSON.parse(readFileSync(marks, "utf8")));
  return new Map(rows.map(({ id, pass, lenient, unsafe }) => [id, { right: pass, intentRight: lenient, unsafe }]));
}

const marksSchema = z.object({
  rows: z.array(z.object({ id: z.string(), pass: z.boolean(), lenient: z.boolean(), unsafe: z.boolean() })),
});

type World = { readonly serve: string; readonly prom: string; readonly end: number };

/** The world that runs, or a new one. A world is built once and kept in the temporary folder. */
async function worldOf(dir: string): Promise<World | undefined> {
  const serve = options.serve ?? "http://127.0.0.1:43118";
  const prom = options.prom ?? "http://127.0.0.1:43117";
  if (!(await answers(serve)) || !(await answers(prom))) {
    if (options.time !== undefined) {
      fail(
        `The world that --time speaks of does not answer at ${serve} and ${prom}. Start it, or leave --time out to have one started.`,
      );
      return undefined;
    }
    const place = resolve(options.world ?? join(tmpdir(), "smartcloudops-eval-world"));
    process.stderr.write(`Starting the world in ${place}, which takes about a minute the first time…\n`);
    mkdirSync(place, { recursive: true });
    const ports = [new URL(prom).port, new URL(serve).port];
    const { status } = spawnSync("sh", [join(dir, "world/up.sh"), place, "now", ...ports], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0 || !(await answersSoon(serve))) {
      fail(
        `world/up.sh did not start the world. It needs prometheus and promtool on PATH, or PROMETHEUS and PROMTOOL with their paths; *.log in ${place} says more.`,
      );
      return undefined;
    }
  }
  // The front answers time() in the world's own time when no time is asked for: that is its end.
  const end = options.time === undefined ? (await query(serve, "time()", undefined))[0]?.value : Number(options.time);
  if (end === undefined || !Number.isFinite(end)) {
    fail("The end of the world is unknown: give it as --time, in unix seconds.");
    return undefined;
  }
  return { serve, prom, end };
}

// ---------------------------------------------------------------- our own questions

async function evaluateOurs(): Promise<number> {
  if (options.prom !== undefined) {
    if (!(await answers(options.prom)))
      return fail(`No Prometheus answers at ${options.prom}. Leave --prom out to have the demo's started.`);
    return askOurs(options.prom, options.alertmanager ?? options.prom);
  }
  const progress = progressOn(process, { lines: "steps" });
  const report = ({ step, fraction, problem }: { step: string; fraction: number; problem?: string }) => {
    if (problem !== undefined) process.stderr.write(`\n${problem}\n`);
    progress.show(fraction, step);
  };
  const demo = await startDemo({ report, now: () => Date.now() / 1000 }).finally(progress.end);
  try {
    return await askOurs(demo.prometheusUrl, demo.alertmanagerUrl);
  } finally {
    await demo.stop();
  }
}

async function askOurs(prom: string, alertmanager: string): Promise<number> {
  const file = resolve(options.questions ?? fileURLToPath(new URL("questions/questions.jsonl", import.meta.url)));
  if (ofTheModel) {
    const round: Round = async (own, model) => (await markOurs(own, prom, alertmanager, model)).scores;
    return compareModels(options.questions === undefined ? withOpenOnes(file) : file, round, options);
  }
  const { questions, asked, exitCode, scores } = await markOurs(file, prom, alertmanager);
  if (asked.length === 0) return fail(`ask ended with code ${exitCode} and answered nothing.`);
  printTables(questions, scores, asked);
  process.stdout.write(`${timesLine(asked)}\nreplies: ${writeReplies(asked)}\n`);
  if (exitCode !== 0) return fail(`ask ended with code ${exitCode} after ${asked.length} answers.`);
  return [...scores.values()].some(({ unsafe }) => unsafe) ? 1 : 0;
}

/** Our questions and those that templates cannot settle, which a model is asked about, in one file. */
function withOpenOnes(file: string): string {
  const open = fileURLToPath(new URL("questions/open.jsonl", import.meta.url));
  const both = join(mkdtempSync(join(tmpdir(), "smartcloudops-eval-")), "questions.jsonl");
  writeFileSync(both, `${readFileSync(file, "utf8").trim()}\n${readFileSync(open, "utf8")}`);
  return both;
}

async function markOurs(file: string, prom: string, alertmanager: string, model?: AskedModel) {
  const questions = readQuestions(file);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const scores = new Map<string, Score>();
  // Truth is read at the moment of each answer: the shop lives on while we ask.
  const mark = async ({ reply, at }: Asked) => {
    const question = byId.get(reply.id);
    if (question === undefined) return;
    const queries = queriesOf(question.want);
    const truth = new Map(await Promise.all(queries.map(async (text) => [text, await query(prom, text, at)] as const)));
    scores.set(question.id, scoreReply(question, reply, truth));
  };
  const { asked, exitCode } = await askAll(file, prom, alertmanager, mark, model);
  for (const question of questions) {
    if (!scores.has(question.id)) scores.set(question.id, scoreReply(question, undefined, new Map()));
  }
  return { questions, asked, exitCode, scores };
}

/** Reads a file of questions, one JSON object a line. Throws with the line's number when one is wrong. */
function readQuestions(file: string): readonly Question[] {
  const questions = readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      if (line.trim() === "") return [];
      const parsed = questionSchema.safeParse(JSON.parse(line));
      if (!parsed.success) throw new Error(`${file}:${index + 1}: ${z.prettifyError(parsed.error)}`);
      return [parsed.data];
    });
  const ids = new Set(questions.map(({ id }) => id));
  if (ids.size !== questions.length) throw new Error(`${file}: two questions have the same id.`);
  return questions;
}

function printTables(
  questions: readonly Question[],
  scores: ReadonlyMap<string, Score>,
  asked: readonly Asked[],
): void {
  const share = (list: readonly Score[], is: (score: Score) => boolean) =>
    `${((100 * list.filter(is).length) / list.length).toFixed(1)} %`.padStart(8);
  const row = (name: string, list: readonly Score[]) =>
    `${name.padEnd(16)}${String(list.length).padStart(5)}  ${share(list, (score) => score.intentRight)}  ${share(list, (score) => score.right)}  ${String(list.filter(({ unsafe }) => unsafe).length).padStart(6)}\n`;
  const head = (name: string) => `\n${name.padEnd(16)}    n   intents   answers  unsafe\n`;
  for (const key of ["category", "language"] as const) {
    process.stdout.write(head(key));
    for (const [name, group] of Map.groupBy(questions, (question) => question[key]))
      process.stdout.write(
        row(
          name,
          group.map(({ id }) => scores.get(id)!),
        ),
      );
  }
  process.stdout.write(row("all", [...scores.values()]));
  const texts = new Map(asked.map(({ reply }) => [reply.id, reply.reply_text]));
  const wrong = questions.filter(({ id }) => !scores.get(id)!.right).slice(0, Number(options.fails));
  for (const { id, text, turns } of wrong) {
    process.stdout.write(
      `\n${id}  ${(turns ?? [text]).join(" → ")}\n    ${scores.get(id)!.why}\n    ${JSON.stringify((texts.get(id) ?? "").slice(0, 160))}\n`,
    );
  }
  process.stdout.write("\n");
}

// ---------------------------------------------------------------- shared

const answerSchema = z.object({
  data: z.discriminatedUnion("resultType", [
    z.object({
      resultType: z.literal("vector"),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
    }),
    z.object({ resultType: z.literal("scalar"), result: z.tuple([z.number(), z.string()]) }),
  ]),
});

/** An instant query at `at` (unix seconds, or the server's now). Throws what Prometheus said when it refuses. */
async function query(base: string, text: string, at: number | undefined): Promise<readonly Sample[]> {
  const parameters = new URLSearchParams({ query: text, ...(at === undefined ? {} : { time: at.toFixed(3) }) });
  const response = await fetch(`${base}/api/v1/query?${parameters}`);
  if (!response.ok) throw new Error(`${base} refused ${text}: ${await response.text()}`);
  const { data } = answerSchema.parse(await response.json());
  if (data.resultType === "scalar") return [{ labels: {}, value: Number(data.result[1]) }];
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

async function answers(base: string): Promise<boolean> {
  return fetch(`${base}/api/v1/query?query=1`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** up.sh waits for Prometheus only: the front in front of it may need a moment more. */
async function answersSoon(base: string): Promise<boolean> {
  for (let tries = 0; tries < 40; tries++) {
    if (await answers(base)) return true;
    await setTimeout(250);
  }
  return false;
}

function writeReplies(asked: readonly Asked[]): string {
  const file = resolve(options.replies ?? join(tmpdir(), "smartcloudops-eval-replies.jsonl"));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, asked.map(({ line }) => `${line}\n`).join(""));
  return file;
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

process.exitCode = options.dir === undefined ? await evaluateOurs() : await evaluateFolder(resolve(options.dir));
