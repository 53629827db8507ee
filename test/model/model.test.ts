import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel } from "../../src/model/index.ts";
import type { ModelEvent, ModelTool, TokensUsed } from "../../src/ports/model.ts";
import { type Openai, type Reply, startOpenai } from "../fakes/openai/index.ts";

let server: Openai;
beforeAll(async () => {
  server = await startOpenai();
});
afterAll(() => server.stop());

const VALUES = { now: "2026-03-11T10:20:00Z", zone: "UTC", source: "harbour", runbooks: "none" };

function model(callMs = 5000, at = { now: 1000 }) {
  return createModel(
    { name: "scripted", baseUrl: server.url, apiKey: { reveal: () => "sk-test" }, callMs },
    { clock: () => at.now },
  );
}

/** A tool that keeps what it was given. */
function aTool(answer = "3"): ModelTool & { readonly got: unknown[] } {
  const got: unknown[] = [];
  return {
    name: "look",
    about: "Looks at something.",
    parameters: { type: "object", properties: { at: { type: "string" } }, required: ["at"] },
    got,
    async run(args) {
      got.push(args);
      return answer;
    },
  };
}

async function run(
  replies: readonly Reply[] | Parameters<Openai["play"]>[0],
  { tools = [aTool()], toolCalls = 8, signal = new AbortController().signal, using = model() } = {},
) {
  server.play(replies);
  const events: ModelEvent[] = [];
  const message = "why?";
  for await (const event of using.investigate({ values: VALUES, message, tools, toolCalls }, signal))
    events.push(event);
  return { events, text: textOf(events) };
}

/** The answer: what was said after the last tool. */
function textOf(events: readonly ModelEvent[]): string {
  const last = events.findLastIndex(({ kind }) => kind === "tool");
  return events
    .slice(last + 1)
    .map((event) => (event.kind === "text" ? event.text : ""))
    .join("");
}

const call = (args: unknown, name = "look"): Reply => ({ calls: [{ name, args }] });

describe("an investigation", () => {
  it("lets the model call tools until it answers, and counts what each call took", async () => {
    const tool = aTool("<data>3</data>");
    const { events, text } = await run(
      [{ text: "Let me see.", calls: [{ name: "look", args: { at: "quay-1" } }] }, { text: "There are three." }],
      { tools: [tool] },
    );
    expect(text).toBe("There are three.");
    expect(tool.got).toEqual([{ at: "quay-1" }]);
    expect(events.filter(({ kind }) => kind === "used")).toEqual([
      { kind: "used", input: 100, output: 20, isGuess: false },
      { kind: "used", input: 100, output: 20, isGuess: false },
    ]);
    const [first, second] = server.asked.map(({ body }) => body);
    expect(first.messages[0].content).toContain('Prometheus server "harbour"');
    expect(first.tools.map((one: { function: { name: string } }) => one.function.name)).toEqual(["look"]);
    expect(second.messages.at(-1)).toMatchObject({ role: "tool", content: "<data>3</data>" });
  });

  it("streams, and says before the end what has come so far", async () => {
    const { events } = await run([{ text: "One sentence. And another one." }]);
    expect(events.filter(({ kind }) => kind === "text").length).toBeGreaterThan(2);
    expect(server.asked[0]?.body.stream).toBe(true);
  });

  it("guesses what a call took where the server does not tell", async () => {
    const { events } = await run([{ text: "One sentence.", usage: "none" }]);
    const used = events.find((event) => event.kind === "used");
    expect(used).toMatchObject({ isGuess: true });
    expect(used?.input).toBeGreaterThan(300);
  });

  it("keeps every turn of a server that gives all its answers one id", async () => {
    const chunk = (delta: object, finish_reason: string | null) =>
      `data: ${JSON.stringify({ id: "same", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    const tool_calls = (n: number) => [
      { index: 0, id: `call_${n}`, type: "function", function: { name: "look", arguments: `{"at":"${n}"}` } },
    ];
    const calls = (n: number): Reply => ({
      raw: `${chunk({ role: "assistant", content: "", tool_calls: tool_calls(n) }, null)}${chunk({}, "tool_calls")}data: [DONE]\n\n`,
    });
    const end = { raw: `${chunk({ role: "assistant", content: "Three looks." }, "stop")}data: [DONE]\n\n` };
    const { text } = await run([calls(1), calls(2), calls(3), end]);
    expect(text).toBe("Three looks.");
    expect(server.asked.at(-1)?.body.messages.map(({ role }: { role: string }) => role)).toEqual(
      ["system", "user", ...Array(3).fill(["assistant", "tool"])].flat(),
    );
  });

  it("takes the tools away after the limit, and lets the model answer with what it has", async () => {
    const tool = aTool();
    const { text } = await run(
      ({ body }, turn) => (body.tool_choice === "none" ? { text: "What I have." } : call({ at: String(turn) })),
      { tools: [tool], toolCalls: 3 },
    );
    expect(text).toBe("What I have.");
    expect(tool.got).toHaveLength(3);
    expect(server.asked).toHaveLength(4);
  });

  it("runs no more than the limit of many calls at once", async () => {
    const tool = aTool();
    const many = Array.from({ length: 30 }, (_, n) => ({ name: "look", args: { at: String(n) } }));
    const { text } = await run([{ calls: many }, { text: "Enough." }], { tools: [tool] });
    expect(tool.got).toHaveLength(8);
    expect(text).toBe("Enough.");
  });

  it("notices that a model asks the same again and again", async () => {
    const tool = aTool();
    const { text } = await run(
      ({ body }) => (body.tool_choice === "none" ? { text: "It stays three." } : call({ at: "quay-1" })),
      { tools: [tool] },
    );
    expect(text).toBe("It stays three.");
    expect(tool.got).toHaveLength(1);
    expect(server.asked.length).toBeLessThan(7);
  });

  it("gives up a model that calls tools for ever, even when it has none", async () => {
    const tool = aTool();
    const endless = run((_, turn) => call({ at: String(turn) }), { tools: [tool] });
    await expect(endless).rejects.toThrow("it did not stop calling tools");
    expect(tool.got).toHaveLength(8);
    expect(server.asked.length).toBeLessThan(20);
  });

  it("stops asking tools that only fail", async () => {
    const tool = aTool("Error: no data.");
    const { text } = await run(
      ({ body }, turn) => (body.tool_choice === "none" ? { text: "Nothing was found." } : call({ at: String(turn) })),
      { tools: [tool] },
    );
    expect(text).toBe("Nothing was found.");
    expect(tool.got).toHaveLength(4);
  });

  it("answers a tool that does not exist, arguments that are no JSON and such of a wrong type with a sentence", async () => {
    const tool = aTool("Error: at must be a text.");
    const { text } = await run(
      [call({ path: "/" }, "rm_rf"), call('{"at": "qu'), call({ at: 7 }), call([1, 2]), { text: "I could not look." }],
      { tools: [tool] },
    );
    expect(text).toBe("I could not look.");
    const told = JSON.stringify(server.asked.at(-1)?.body.messages);
    expect(told).toContain("there is no such tool. There are: look.");
    expect(told).toContain("Error: at must be a text.");
    expect(told).not.toMatch(/ at .*\.js:|node_modules/);
  });
});

describe("a model that cannot be used", () => {
  const asked = (replies: readonly Reply[], using = model()) => run(replies, { using });

  it.each<[string, Reply, RegExp]>([
    ["refuses the key", { status: 401 }, /it does not accept the key \(HTTP 401\)/],
    ["takes no more", { status: 429, headers: { "retry-after": "30" } }, /it takes no more requests/],
    ["fails", { status: 500 }, /it failed \(HTTP 500\)/],
    ["sends half a stream", "half", /said nothing|could not be read/],
    ["sends too much", { bytes: 10_000_000 }, /larger than 4 MB/],
    ["sends another shape", { raw: "<html>" }, /said nothing|could not be read/],
    [
      "sends choices of a wrong type",
      { raw: 'data: {"choices": 7}\n\ndata: [DONE]\n\n' },
      /said nothing|could not be read/,
    ],
    ["says nothing", { text: "" }, /it said nothing/],
  ])("that %s is one error of ours", async (_, reply, words) => {
    await expect(asked([reply])).rejects.toThrow(words);
    await expect(asked([reply])).rejects.toThrow(/^The language model: /);
  });

  it("that hangs is left at the time limit of one call", async () => {
    await expect(asked(["hangs"], model(200))).rejects.toThrow(/did not answer in time|took too long/);
    await expect(asked(["stalls"], model(200))).rejects.toThrow(/took too long/);
    await expect.poll(() => server.open).toBe(0);
  });

  it("is left alone after three failures in a row", async () => {
    const using = model();
    for (let n = 0; n < 3; n++) await expect(asked([{ status: 503 }], using)).rejects.toThrow("HTTP 503");
    await expect(asked([{ text: "I am back." }], using)).rejects.toThrow(
      /not asked, because 3 attempts in a row failed.*HTTP 503/,
    );
    expect(server.asked).toHaveLength(0);
  });
});

describe("who stops waiting", () => {
  it("closes the connection to the model, by the signal", async () => {
    const stop = new AbortController();
    const using = run(["hangs"], { signal: stop.signal });
    await expect.poll(() => server.asked.length).toBe(1);
    stop.abort(new Error("stop it"));
    await expect(using).rejects.toThrow("stop it");
    await expect.poll(() => server.open).toBe(0);
  });

  it("ends a tool that is under way, too", async () => {
    const stop = new AbortController();
    let seen: AbortSignal | undefined;
    const slow: ModelTool = {
      ...aTool(),
      run: (_, signal) =>
        new Promise((_resolve, reject) => {
          seen = signal;
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    };
    const using = run([call({ at: "x" })], { tools: [slow as never], signal: stop.signal });
    await expect.poll(() => seen).toBeDefined();
    stop.abort(new Error("stop it"));
    await expect(using).rejects.toThrow("stop it");
    expect(seen?.aborted).toBe(true);
  });

  it("closes the connection by leaving the loop early", async () => {
    server.play(["stalls"]);
    const task = { values: VALUES, message: "why?", tools: [], toolCalls: 8 };
    for await (const _ of model().investigate(task, new AbortController().signal)) break;
    await expect.poll(() => server.open).toBe(0);
  });
});

describe("the small call", () => {
  const INTENTS = ["alerts", "root_cause"];
  const paid: TokensUsed[] = [];
  const read = (text: string, using = model()) => {
    paid.length = 0;
    server.play([{ text }]);
    return using.readIntent("what paged me?", INTENTS, new AbortController().signal, (used) => paid.push(used));
  };

  it("reads the intent by a schema and examples, in one request", async () => {
    const { intent } = await read('{"intent":"alerts"}');
    expect(intent).toBe("alerts");
    expect(paid).toEqual([{ input: 100, output: 20, isGuess: false }]);
    const { body } = server.asked[0]!;
    expect(body.response_format.json_schema.schema.properties.intent.enum).toEqual(["unsure", ...INTENTS]);
    expect(body.messages[0].content).toContain('{"question":"what paged me?"} -> {"intent":"alerts"}');
    expect(server.asked).toHaveLength(1);
  });

  it("understands a server that knows no schemas and talks around the answer", async () => {
    expect((await read('Sure! ```json\n{"intent": "root_cause"}\n```')).intent).toBe("root_cause");
  });

  it.each(['{"intent":"rm_rf"}', '{"intent":"unsure"}', "alerts", '{"intent":', "[]", '{"intent":["alerts"]}'])(
    "takes nothing that was not offered: %s",
    async (text) => {
      expect((await read(text)).intent).toBeUndefined();
    },
  );

  it("fails as an investigation does", async () => {
    server.play(["hangs"]);
    const asked = model(150).readIntent("x", INTENTS, new AbortController().signal);
    await expect(asked).rejects.toThrow(/^The language model: it (?:did not answer in time|took too long)/);
  });
});

describe("the server of these tests", () => {
  it("speaks the API of responses too, whole and streamed", async () => {
    const { default: OpenAI } = await import("openai");
    const client = new OpenAI({ apiKey: "sk-test", baseURL: server.url });
    server.play([{ text: "It is well.", calls: [{ name: "look", args: { at: "x" } }] }]);
    const whole = await client.responses.create({ model: "m", input: "hello" });
    expect(whole.output_text).toBe("It is well.");
    expect(whole.output.map(({ type }) => type)).toEqual(["message", "function_call"]);
    let streamed = "";
    for await (const event of await client.responses.create({ model: "m", input: "hello", stream: true }))
      if (event.type === "response.output_text.delta") streamed += event.delta;
    expect(streamed).toBe("It is well.");
  });
});
