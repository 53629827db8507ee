import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Openai, startOpenai } from "../fakes/openai/index.ts";

/** The server that the other tests trust: the real SDK reads both of its APIs, whole and streamed. */

let server: Openai;
let client: OpenAI;
beforeAll(async () => {
  server = await startOpenai();
  client = new OpenAI({ apiKey: "sk-test", baseURL: server.url, maxRetries: 0, logLevel: "off" });
});
afterAll(() => server.stop());

const CALLS = [
  { name: "look", args: { at: "quay-1" } },
  { name: "look", args: { at: "a longer text, so that it comes in pieces" } },
];
const REPLY = { text: "Let me see, in some pieces.", calls: CALLS, usage: { input: 7, output: 3 } };

describe("chat completions of the scripted server", () => {
  it("are read whole and streamed as the same", async () => {
    server.play([REPLY]);
    const messages = [{ role: "user" as const, content: "why?" }];
    const whole = await client.chat.completions.create({ model: "m", messages });
    const stream = client.chat.completions.stream({ model: "m", messages, stream_options: { include_usage: true } });
    const streamed = await stream.finalChatCompletion();
    for (const { choices, usage } of [whole, streamed]) {
      const { message, finish_reason } = choices[0]!;
      expect(message.content).toBe(REPLY.text);
      const calls = (message.tool_calls ?? []) as { function: { arguments: string } }[];
      expect(calls.map((call) => JSON.parse(call.function.arguments))).toEqual(CALLS.map(({ args }) => args));
      expect(finish_reason).toBe("tool_calls");
      expect(usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 3 });
    }
  });

  it("are refused where a call has no answer", async () => {
    server.play([REPLY]);
    const tool_calls = [{ id: "c1", type: "function" as const, function: { name: "look", arguments: "{}" } }];
    const asked = client.chat.completions.create({ model: "m", messages: [{ role: "assistant", tool_calls }] });
    await expect(asked).rejects.toMatchObject({ status: 400 });
  });
});

describe("responses of the scripted server", () => {
  it("are read whole and streamed as the same", async () => {
    server.play([REPLY]);
    const whole = await client.responses.create({ model: "m", input: "why?" });
    const stream = client.responses.stream({ model: "m", input: "why?" });
    let text = "";
    stream.on("response.output_text.delta", ({ delta }) => {
      text += delta;
    });
    const streamed = await stream.finalResponse();
    expect(text).toBe(REPLY.text);
    for (const { output, output_text, usage, status } of [whole, streamed]) {
      expect(output_text).toBe(REPLY.text);
      const calls = output.flatMap((one) => (one.type === "function_call" ? [JSON.parse(one.arguments)] : []));
      expect(calls).toEqual(CALLS.map(({ args }) => args));
      expect(usage).toMatchObject({ input_tokens: 7, output_tokens: 3 });
      expect(status).toBe("completed");
    }
  });

  it("are refused where a call has no output, or an output no call", async () => {
    server.play([{ text: "It is three." }]);
    const call = { type: "function_call" as const, call_id: "c1", name: "look", arguments: "{}" };
    const output = { type: "function_call_output" as const, call_id: "c1", output: "3" };
    const ask = (input: OpenAI.Responses.ResponseInput) => client.responses.create({ model: "m", input });
    await expect(ask([call])).rejects.toMatchObject({ status: 400 });
    await expect(ask([output])).rejects.toMatchObject({ status: 400 });
    expect((await ask([call, output])).output_text).toBe("It is three.");
  });
});

it("breaks the connection in the middle of an answer when it is told to die", async () => {
  server.play(["dies"]);
  const messages = [{ role: "user" as const, content: "why?" }];
  const seen: string[] = [];
  const read = async () => {
    for await (const { choices } of await client.chat.completions.create({ model: "m", messages, stream: true }))
      seen.push(choices[0]?.delta.content ?? "");
  };
  await expect(read()).rejects.toThrow();
  expect(seen).toEqual(["It "]);
});
