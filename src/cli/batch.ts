import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { type Ask, createApp } from "../app.ts";
import type { AskReply } from "../core/answer.ts";
import type { User } from "../core/chat.ts";
import { quietLog } from "./bot.ts";
import { type Call, EXIT, flag, readNow, UsageError } from "./command.ts";
import { loadKeptPacks } from "./packs-cache.ts";
import { placeOf, readConfig, readUser } from "./settings.ts";

/** One line of a batch. `turns` is the whole conversation; `text` ends it and may be left out where `turns` has it. */
const Line = z.object({
  id: z.union([z.string(), z.number()]),
  text: z.string().optional(),
  turns: z.array(z.string()).optional(),
  user: z.string().optional(),
});

/**
 * `ask --batch FILE.jsonl --json`: one reply per line, in the order of the lines, each line its own conversation on a
 * store that leaves nothing behind. A line that cannot be read gets a reply that says so; the others go on.
 */
export async function runBatch(call: Call): Promise<number> {
  const file = flag(call, "batch") ?? "";
  if (call.flags.json !== true) throw new UsageError("--batch prints JSON lines: say so with --json.");
  if (call.words.length > 0)
    throw new UsageError(
      `--batch reads its questions from ${file}: take ${JSON.stringify(call.words.join(" "))} away.`,
    );
  const parallel = readParallel(call);
  const now = readNow(call);
  const config = readConfig(call);
  const input = await openInput(file, call);
  const { createMemoryStore } = await import("../store/memory.ts");
  const clock = now === undefined ? () => Date.now() / 1000 : () => now;
  const store = createMemoryStore({ retention: config.limits.retentionSeconds });
  const app = await createApp(config, { clock, store, packs: await loadKeptPacks(config), log: quietLog(config) });
  try {
    const { lines, failed } = await answerLines({
      input,
      output: call.stdout,
      parallel,
      newAsk: app.aside,
      user: readUser(call),
      clock,
    });
    return lines > 0 && failed === lines ? EXIT.failed : EXIT.ok;
  } finally {
    await app.stop();
  }
}

export type Batch = {
  readonly input: Readable;
  readonly output: Writable;
  readonly parallel: number;
  /** Whom one line asks: a bot that remembers nothing of the other lines. */
  readonly newAsk: () => Ask;
  /** Who asks where a line does not say. */
  readonly user: User;
  readonly clock: () => number;
};

/** Answers each line of the input. Returns how many there were, and how many could not be asked. */
export async function answerLines(batch: Batch): Promise<{ readonly lines: number; readonly failed: number }> {
  const tally = { lines: 0, failed: 0 };
  await inOrder(readLines(batch.input), batch.parallel, (line) => answerLine(line, batch, tally), batch.output);
  return tally;
}

type Numbered = { readonly text: string; readonly number: number };
type BatchReply = { readonly id?: string | number } & AskReply;

async function answerLine(
  line: Numbered,
  { newAsk, user, clock }: Batch,
  tally: { lines: number; failed: number },
): Promise<BatchReply> {
  tally.lines++;
  const read = readLine(line);
  if ("problem" in read) {
    tally.failed++;
    return brokenLine(read.problem, read.id);
  }
  const person = read.user === undefined ? user : { platform: "terminal", id: read.user, name: read.user };
  const place = placeOf(person, `batch-${line.number}`);
  const ask = newAsk();
  let last: BatchReply | undefined;
  let failed = false;
  for (const text of read.questions) {
    const asked = await ask({ id: randomUUID(), place, user: person, text, at: clock() });
    failed = asked.failed === true;
    last = { id: read.id, ...asked.reply };
  }
  if (failed) tally.failed++;
  return last ?? brokenLine(`line ${line.number} asks nothing`, read.id);
}

type ReadLine = {
  readonly id: string | number;
  readonly questions: readonly string[];
  readonly user?: string | undefined;
};

function readLine({ text, number }: Numbered): ReadLine | { readonly problem: string; readonly id?: string | number } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: `Line ${number} is not JSON. Write one object a line, as in {"id":"1","text":"cpu of web-1"}.` };
  }
  const id = z.object({ id: Line.shape.id }).safeParse(value).data?.id;
  const read = Line.safeParse(value);
  const withId = id === undefined ? {} : { id };
  if (!read.success) {
    const what = read.error.issues.map((issue) => `${issue.path.join(".") || "the line"}: ${issue.message}`).join("; ");
    return { problem: `Line ${number} is not a question: ${what}.`, ...withId };
  }
  const turns = read.data.turns ?? [];
  const { text: last } = read.data;
  const questions = last === undefined || turns.at(-1) === last ? turns : [...turns, last];
  if (questions.every((one) => one.trim() === ""))
    return { problem: `Line ${number} asks nothing: give it a text.`, ...withId };
  return { id: read.data.id, questions, user: read.data.user };
}

function brokenLine(problem: string, id: string | number | undefined): BatchReply {
  const reply = {
    intent: "unclear",
    slots: {},
    reply_text: problem,
    promql: [],
    values: [],
    proposed_actions: [],
    sources: [],
    degraded: [problem],
  };
  return id === undefined ? reply : { id, ...reply };
}

// ---------------------------------------------------------------- reading and writing

const MOST_PARALLEL = 32;

function readParallel(call: Call): number {
  const said = flag(call, "parallel") ?? "4";
  const parallel = Number(said);
  if (Number.isInteger(parallel) && parallel >= 1 && parallel <= MOST_PARALLEL) return parallel;
  throw new UsageError(`--parallel must be a whole number from 1 to ${MOST_PARALLEL}: it is ${JSON.stringify(said)}.`);
}

/** Waits until the file is open, so that a wrong name is a sentence and not half a run. */
async function openInput(file: string, call: Call): Promise<Readable> {
  if (file === "-") return call.stdin;
  const input = createReadStream(file);
  try {
    await once(input, "open");
    return input;
  } catch (cause) {
    const reason =
      cause instanceof Error && "code" in cause && cause.code === "ENOENT" ? "there is no such file" : String(cause);
    throw new UsageError(`--batch cannot read ${JSON.stringify(file)}: ${reason}.`, { cause });
  }
}

async function* readLines(input: Readable): AsyncGenerator<Numbered> {
  // Not readline: it also ends lines at U+2028, which JSON allows inside a string.
  let number = 0;
  let rest = "";
  input.setEncoding("utf8");
  const numbered = (text: string): Numbered | undefined => {
    number++;
    const trimmed = text.replace(/^\uFEFF/, "").trim();
    return trimmed === "" ? undefined : { text: trimmed, number };
  };
  for await (const chunk of input) {
    const lines = `${rest}${String(chunk)}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const found = numbered(line);
      if (found !== undefined) yield found;
    }
  }
  const last = numbered(rest);
  if (last !== undefined) yield last;
}

/**
 * Works on up to `parallel` lines at once and writes each reply as soon as all before it are written. Replies that wait
 * for a slower one are few: every answer has its time limit.
 */
async function inOrder(
  lines: AsyncIterable<Numbered>,
  parallel: number,
  work: (line: Numbered) => Promise<BatchReply>,
  output: Writable,
): Promise<void> {
  const running = new Set<Promise<unknown>>();
  let written: Promise<unknown> = Promise.resolve();
  for await (const line of lines) {
    const reply = work(line);
    const settled = reply.catch(() => {}).finally(() => running.delete(settled));
    running.add(settled);
    const before = written;
    written = (async () => {
      await before;
      if (!output.write(`${JSON.stringify(await reply)}\n`)) await once(output, "drain");
    })();
    // Looked at when the loop ends; until then a failure must not count as unhandled.
    written.catch(() => {});
    if (running.size >= parallel) await Promise.race(running);
  }
  await written;
}
