import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, it } from "vitest";
import { openHistory } from "../../../src/chat/terminal/history.ts";
import { converse, lookOf, type Terminal } from "../../../src/chat/terminal/index.ts";
import type { Card } from "../../../src/core/card.ts";
import type { Question } from "../../../src/core/chat.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

type Said = { readonly asked: Question[]; readonly output: string };

/** Types the lines into a conversation and gives what was asked and what was shown. */
async function talk(lines: readonly string[], answer: Terminal["answer"]): Promise<Said> {
  const [input, output, status] = [new PassThrough(), new PassThrough(), new PassThrough()];
  status.resume();
  const asked: Question[] = [];
  let id = 0;
  const done = converse({
    answer: (question, signal, onlooker) => {
      asked.push(question);
      return answer(question, signal, onlooker);
    },
    decide: "Nothing can be decided here.",
    place: { platform: "terminal", channel: "ada", thread: "t" },
    user: { platform: "terminal", id: "ada", name: "ada" },
    clock: () => 1000,
    newId: () => `q${++id}`,
    input,
    output,
    status,
    look: { width: 80, colour: false, links: false, zone: "UTC", buttons: "numbered" },
    historyFile: undefined,
  });
  input.end(lines.map((line) => `${line}\n`).join(""));
  await done;
  output.end();
  return { asked, output: await textOf(output) };
}

const echo = async (question: Question): Promise<Card> => ({
  title: `You asked ${question.text}`,
  tone: "info",
  blocks: [
    {
      kind: "buttons",
      buttons: [
        { label: "Why?", style: "plain", action: { kind: "ask", text: "why is it so" } },
        { label: "Since when?", style: "plain", action: { kind: "ask", text: "since when is it so" } },
      ],
    },
  ],
});

describe("a conversation over a pipe", () => {
  it("answers each line in order, also when answers take a while, and ends with the pipe", async () => {
    const { asked, output } = await talk(["first", "", "second", "third"], async (question) => {
      if (question.text === "first") await sleep(20);
      return { title: `Answer to ${question.text}.`, tone: "info", blocks: [] };
    });
    assert.deepEqual(
      asked.map((question) => question.text),
      ["first", "second", "third"],
    );
    assert.equal(output, "• Answer to first.\n\n• Answer to second.\n\n• Answer to third.\n\n");
  });

  it("takes a number for the choice of that number, and only while there is one", async () => {
    const { asked, output } = await talk(["cpu", "2", "7"], echo);
    assert.deepEqual(
      asked.map((question) => question.text),
      ["cpu", "since when is it so", "7"],
    );
    assert.match(output, /asked: since when is it so/);
  });

  it("keeps one conversation and gives every question an id of its own", async () => {
    const { asked } = await talk(["a", "b"], echo);
    assert.deepEqual(
      asked.map(({ id, place, at }) => [id, place.thread, at]),
      [
        ["q1", "t", 1000],
        ["q2", "t", 1000],
      ],
    );
  });

  it("stops listening at exit", async () => {
    const { asked } = await talk(["a", "exit", "b"], echo);
    assert.equal(asked.length, 1);
  });

  it("answers more lines than it reads ahead", async () => {
    const lines = Array.from({ length: 450 }, (_, i) => `question ${i}`);
    const { asked } = await talk(lines, async () => ({ title: "ok", tone: "info", blocks: [] }));
    assert.deepEqual(
      asked.map((question) => question.text),
      lines,
    );
  });
});

describe("what was typed", () => {
  it("is kept for its owner only, newest first, and bounded", () => {
    const folder = mkdtempSync(join(tmpdir(), "history-"));
    folders.push(folder);
    const file = join(folder, "deeper", "history");
    openHistory(file).save(Array.from({ length: 900 }, (_, i) => `line ${i}`));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(file, "utf8").split("\n").length, 501);
    assert.deepEqual(openHistory(file).lines.slice(0, 2), ["line 0", "line 1"]);
  });

  it("does not matter when the file cannot be written", () => {
    const history = openHistory("/dev/null/history");
    history.save(["a"]);
    assert.deepEqual(history.lines, []);
  });
});

describe("what a stream can show", () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 200 });
  it("has colour on a terminal unless NO_COLOR is set, and never over a pipe", () => {
    assert.equal(lookOf(terminal, {}, "UTC").colour, true);
    assert.equal(lookOf(terminal, { NO_COLOR: "1" }, "UTC").colour, false);
    assert.equal(lookOf(terminal, { TERM: "dumb" }, "UTC").links, false);
    assert.equal(lookOf(new PassThrough(), {}, "UTC").colour, false);
  });

  it("is between 20 and 120 columns wide", () => {
    assert.equal(lookOf(terminal, {}, "UTC").width, 120);
    assert.equal(lookOf(Object.assign(new PassThrough(), { columns: 3 }), {}, "UTC").width, 20);
    assert.equal(lookOf(new PassThrough(), {}, "UTC").width, 100);
  });
});
