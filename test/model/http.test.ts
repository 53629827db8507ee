import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModelFetch } from "../../src/model/http.ts";
import { type Openai, type Reply, startOpenai } from "../fakes/openai/index.ts";

let server: Openai;
beforeAll(async () => {
  server = await startOpenai();
});
afterAll(() => server.stop());

const HEADERS = { authorization: "Bearer sk-test", "content-type": "application/json" };
const BODY = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hello" }] });

const STREAMED = JSON.stringify({ ...JSON.parse(BODY), stream: true });

function fetcher(callMs = 5000, at = { now: 1000 }) {
  const send = createModelFetch({ callMs }, { clock: () => at.now, random: () => 0 });
  return (signal?: AbortSignal, body = BODY) =>
    send(`${server.url}/chat/completions`, { method: "POST", headers: HEADERS, body, ...(signal && { signal }) });
}

describe("requests to a model", () => {
  it("are tried once more after a failure of the server, and no more than that", async () => {
    server.play([{ status: 500 }, { text: "It is well." }]);
    expect((await fetcher()()).status).toBe(200);
    server.play([{ status: 503 }]);
    await expect(fetcher()()).rejects.toThrow("The language model: it failed (HTTP 503)");
    expect(server.asked).toHaveLength(2);
  });

  it("are tried once more when the connection broke, and no more than that", async () => {
    let broken = 1;
    let sent = 0;
    const fetch = createModelFetch(
      { callMs: 5000 },
      {
        clock: () => 0,
        send: async () => {
          sent++;
          if (broken-- > 0) throw new TypeError("fetch failed");
          return new Response("{}");
        },
      },
    );
    expect((await fetch("http://model.example/v1")).status).toBe(200);
    expect(sent).toBe(2);
    broken = 9;
    await expect(fetch("http://model.example/v1")).rejects.toThrow("The language model: no connection");
    expect(sent).toBe(4);
  });

  it("are cut off when the model writes arguments without end, before reading them takes long", async () => {
    const call = (args: string): Reply => ({ calls: [{ name: "query", args }] });
    const read = async (reply: Reply) => {
      server.play([reply]);
      return (await fetcher()(undefined, STREAMED)).text();
    };
    await expect(read(call("x".repeat(100_000)))).rejects.toThrow("it asks tools in more than 20000 characters");
    expect(await read(call("x".repeat(15_000)))).toContain("[DONE]");
    expect(await read({ text: "word ".repeat(10_000) })).toContain("[DONE]");
  });

  it("wait as long as a 429 asks for, where that is short", async () => {
    server.play([{ status: 429, headers: { "retry-after": "0" } }, { text: "It is well." }]);
    expect((await fetcher()()).status).toBe(200);
    expect(server.asked).toHaveLength(2);
  });

  it("are not made at all while the other side asked for a longer time", async () => {
    const at = { now: 1000 };
    const ask = fetcher(5000, at);
    server.play([{ status: 429, headers: { "retry-after": "60" } }, { text: "It is well." }]);
    await expect(ask()).rejects.toThrow("it takes no more requests for now");
    at.now += 59;
    await expect(ask()).rejects.toThrow("it asked to be left alone for 1 s more");
    expect(server.asked).toHaveLength(1);
    at.now += 1;
    expect((await ask()).status).toBe(200);
  });

  it.each([
    [401, "it does not accept the key"],
    [404, "it knows no such model or address"],
    [400, "it refused the request"],
  ])("are not repeated after %i, and say what it means without what was sent back", async (status, words) => {
    server.play([{ status, message: "canary-c0ffee" }]);
    const problem = await fetcher()().then(
      () => undefined,
      (thrown: unknown) => String(thrown),
    );
    expect(problem).toContain(words);
    expect(problem).not.toContain("canary");
    expect(server.asked).toHaveLength(1);
  });

  it("end at their time limit, before the headers and in the middle of the answer", async () => {
    server.play(["hangs"]);
    await expect(fetcher(150)()).rejects.toThrow("it did not answer in time");
    server.play(["stalls"]);
    const response = await fetcher(150)();
    await expect(response.text()).rejects.toThrow(/timeout/);
    await expect.poll(() => server.open).toBe(0);
  });

  it("end when the caller gives up, with the caller's reason", async () => {
    server.play(["hangs"]);
    const caller = new AbortController();
    const asked = fetcher()(caller.signal);
    await expect.poll(() => server.asked.length).toBe(1);
    caller.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    await expect.poll(() => server.open).toBe(0);
  });

  it("are cut off when the answer grows too large", async () => {
    server.play([{ bytes: 10_000_000 }]);
    await expect((await fetcher()()).text()).rejects.toThrow("its answer is larger than 4 MB");
    await expect.poll(() => server.open).toBe(0);
  });

  it("give back the signatures of thoughts that a server sent with its tool calls", async () => {
    const call = { id: "call_7", type: "function", function: { name: "query", arguments: "{}" } };
    const extra_content = { google: { thought_signature: "c2lnbmVk" } };
    const message = { role: "assistant", tool_calls: [{ ...call, extra_content }] };
    const ask = fetcher();
    server.play([{ raw: JSON.stringify({ choices: [{ message }] }) }, { text: "Done." }]);
    await (await ask()).text();
    const messages = [
      { role: "user", content: "hello" },
      { role: "assistant", tool_calls: [call] },
      { role: "tool", tool_call_id: "call_7", content: "3" },
    ];
    await ask(undefined, JSON.stringify({ model: "m", messages }));
    expect(server.asked[1]?.body.messages[1].tool_calls[0].extra_content).toEqual(extra_content);
  });
});
