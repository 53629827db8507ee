import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import type { Ask, Asked } from "../../src/app.ts";
import { answerLines, type Batch } from "../../src/cli/batch.ts";
import type { Question } from "../../src/core/chat.ts";

function said(text: string): Asked {
  const reply = {
    intent: "metric_query",
    slots: {},
    reply_text: text,
    promql: [],
    values: [],
    proposed_actions: [],
    sources: [],
  };
  return { card: { title: text, tone: "info", blocks: [] }, reply };
}

/** A bot per line that remembers what it was asked, as `app.aside` gives. */
function rememberingAsk(asked: Question[] = []): () => Ask {
  return () => {
    const heard: string[] = [];
    return async (question) => {
      asked.push(question);
      heard.push(question.text);
      return said(`after ${heard.join(", ")}`);
    };
  };
}

async function batch(lines: readonly string[], rest: Partial<Batch> = {}) {
  const output = new PassThrough();
  const shown = textOf(output);
  const tally = await answerLines({
    input: Readable.from(lines.map((line) => `${line}\n`)),
    output,
    parallel: 4,
    newAsk: rememberingAsk(),
    user: { platform: "terminal", id: "ada", name: "ada" },
    clock: () => 1000,
    ...rest,
  });
  output.end();
  const replies = (await shown)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  return { tally, replies };
}

const line = (fields: object) => JSON.stringify(fields);

describe("a batch of questions", () => {
  it("is answered in the order of its lines, whichever answer is ready first", async () => {
    const newAsk = () => async (question: Question) => {
      await sleep(question.text === "0" ? 40 : 10 - Number(question.text));
      return said(`answer ${question.text}`);
    };
    const lines = Array.from({ length: 9 }, (_, i) => line({ id: `q${i}`, text: String(i) }));
    const { replies } = await batch(lines, { newAsk });
    assert.deepEqual(
      replies.map(({ id, reply_text }) => [id, reply_text]),
      lines.map((_, i) => [`q${i}`, `answer ${i}`]),
    );
  });

  it("never has more questions under way than it was told", async () => {
    let running = 0;
    let most = 0;
    const newAsk = () => async () => {
      most = Math.max(most, ++running);
      await sleep(3);
      running--;
      return said("ok");
    };
    await batch(
      Array.from({ length: 20 }, (_, i) => line({ id: i, text: "x" })),
      { newAsk, parallel: 3 },
    );
    assert.equal(most, 3);
  });

  it("goes on after a line it cannot read, and says in that line's place why", async () => {
    const { replies, tally } = await batch([
      line({ id: "a", text: "cpu" }),
      "{not json",
      line({ id: "c", text: 7 }),
      line({ text: "no id" }),
      line({ id: "e", text: "  " }),
      "",
      line({ id: "f", text: "memory" }),
    ]);
    assert.deepEqual(
      replies.map(({ id }) => id),
      ["a", undefined, "c", undefined, "e", "f"],
    );
    assert.match(replies[1].reply_text, /Line 2 is not JSON/);
    assert.match(replies[2].reply_text, /Line 3 .*text/);
    assert.match(replies[3].reply_text, /Line 4 .*id/);
    assert.match(replies[4].reply_text, /Line 5 asks nothing/);
    assert.deepEqual(replies[2].degraded, [replies[2].reply_text]);
    assert.equal(replies[5].reply_text, "after memory");
    assert.deepEqual(tally, { lines: 6, failed: 4 });
  });

  it("asks all turns of a line in one conversation and prints the last reply once", async () => {
    const asked: Question[] = [];
    const { replies } = await batch(
      [
        line({ id: "1", text: "and web-2?", turns: ["cpu of web-1", "and web-2?"] }),
        line({ id: "2", turns: ["p95 of cart", "since when?"] }),
        line({ id: "3", text: "then this", turns: ["first that"] }),
        line({ id: "4", text: "alone", user: "bo" }),
      ],
      { newAsk: rememberingAsk(asked), parallel: 1 },
    );
    assert.deepEqual(
      replies.map(({ reply_text }) => reply_text),
      [
        "after cpu of web-1, and web-2?",
        "after p95 of cart, since when?",
        "after first that, then this",
        "after alone",
      ],
    );
    assert.equal(new Set(asked.map(({ place }) => place.thread)).size, 4);
    assert.equal(new Set(asked.map(({ id }) => id)).size, 7);
    assert.deepEqual(
      asked.map(({ user }) => user.id),
      ["ada", "ada", "ada", "ada", "ada", "ada", "bo"],
    );
    assert.ok(asked.every(({ at }) => at === 1000));
  });

  it("answers a line as soon as it is there, not only when the input ends", async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    const first = new Promise<string>((resolve) => output.once("data", (chunk) => resolve(String(chunk))));
    const done = answerLines({
      input,
      output,
      parallel: 4,
      newAsk: rememberingAsk(),
      user: { platform: "terminal", id: "a", name: "a" },
      clock: () => 0,
    });
    input.write(`${line({ id: "1", text: "now" })}\n`);
    assert.match(await first, /after now/);
    input.end();
    await done;
  });
});
