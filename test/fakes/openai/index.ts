import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A server that speaks OpenAI's API, with a script in place of a model: `/v1/chat/completions` and `/v1/responses`, whole
 * and streamed, tool calls, usage, and everything that goes wrong with real ones. It asks for the key, checks that each
 * tool call of a request has its answer as the real API does, and keeps what it was asked. Ids are never the same twice.
 */

export type Reply =
  /** What the model says, what it calls, or both. `args` as a text is sent as it is, so that it may be no JSON. */
  | {
      readonly text?: string;
      readonly calls?: readonly { readonly name: string; readonly args: unknown }[];
      readonly usage?: { readonly input: number; readonly output: number } | "none";
      /** Waits so long before the first byte. */
      readonly afterMs?: number;
      /** The text goes so far, and the rest only when this resolves. For streams. */
      readonly upTo?: { readonly characters: number; readonly until: Promise<void> };
    }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly message?: string }
  /** Takes the request and never answers. */
  | "hangs"
  /** Answers with headers and a first piece, then nothing. */
  | "stalls"
  /** Answers with headers and a first piece, then the connection breaks. */
  | "dies"
  /** Half of a JSON document, or of a stream. */
  | "half"
  | { readonly bytes: number }
  /** A body as it is, of another shape than the API's. */
  | { readonly raw: string };

export type Asked = {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every kind
  readonly body: any;
};

/** `asked` is this request, `turn` how many came before it. */
export type Script = (asked: Asked, turn: number) => Reply;

export type Openai = Awaited<ReturnType<typeof startOpenai>>;

/** Starts one on loopback that takes the key `sk-test`. */
export async function startOpenai(first: Script | readonly Reply[] = () => ({ text: "Nothing was scripted." })) {
  const asked: Asked[] = [];
  const open = new Set<ServerResponse>();
  let script = scriptOf(first);
  let cut = 0;
  const server = createServer((request, response) => {
    open.add(response);
    response.on("close", () => {
      open.delete(response);
      if (!response.writableEnded) cut++;
    });
    void bodyOf(request).then((text) => {
      const one: Asked = { path: request.url ?? "", headers: request.headers, body: JSON.parse(text) };
      asked.push(one);
      if (request.headers.authorization !== "Bearer sk-test")
        return refuse(response, 401, "Incorrect API key provided.");
      if (!/^\/v1\/(?:chat\/completions|responses)$/.test(one.path)) return refuse(response, 404, "No such path.");
      const isResponse = one.path.endsWith("responses");
      const wrong = isResponse ? whyNotInput(one.body.input) : whyNotMessages(one.body.messages);
      if (wrong !== undefined) return refuse(response, 400, wrong);
      return answer(response, one, script(one, asked.length - 1));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    /** Requests in the order they came. */
    asked,
    /** What it answers from now on. */
    play(next: Script | readonly Reply[]) {
      asked.length = 0;
      script = scriptOf(next);
    },
    /** Answers that the other side cut off before they ended. */
    get cut() {
      return cut;
    },
    get open() {
      return open.size;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function scriptOf(script: Script | readonly Reply[]): Script {
  if (typeof script === "function") return script;
  return (_, turn) => script[Math.min(turn, script.length - 1)]!;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ error: { message, type: "error", code: null, param: null } }));
}

/** As the real API: whoever calls tools is answered, each call once, before anything else is said. */
// biome-ignore lint/suspicious/noExplicitAny: messages as they come
function whyNotMessages(messages: any): string | undefined {
  if (!Array.isArray(messages) || messages.length === 0) return "messages must not be empty";
  let waiting = new Set<string>();
  for (const { role, tool_calls, tool_call_id } of messages) {
    if (role === "tool") {
      if (!waiting.delete(tool_call_id)) return `No tool call ${tool_call_id} waits for an answer.`;
      continue;
    }
    if (waiting.size > 0) return `Tool calls without an answer: ${[...waiting].join(", ")}.`;
    waiting = new Set((tool_calls ?? []).map(({ id }: { id: string }) => id));
  }
  return waiting.size > 0 ? "Tool calls without an answer." : undefined;
}

let ids = 0;

function answer(response: ServerResponse, asked: Asked, reply: Reply): void {
  const isStream = asked.body.stream === true;
  const type = isStream ? "text/event-stream" : "application/json";
  if (reply === "hangs") return;
  if (reply === "stalls" || reply === "half" || reply === "dies") {
    response.writeHead(200, { "content-type": type });
    const piece = isStream
      ? `data: ${JSON.stringify(chunkOf(++ids, { role: "assistant", content: "It " }))}\n\ndata: {"id":"x","cho`
      : '{"id":"x","object":"chat.completion","choices":[{"index":0,"mess';
    if (reply === "half") response.end(piece);
    else response.write(piece, () => reply === "dies" && response.destroy());
    return;
  }
  if ("status" in reply) {
    refuse(response, reply.status, reply.message ?? "The script says no.", { ...reply.headers });
    return;
  }
  if ("bytes" in reply) {
    response.writeHead(200, { "content-type": type });
    const piece = isStream
      ? `data: ${JSON.stringify(chunkOf(++ids, { role: "assistant", content: "word ".repeat(200) }))}\n\n`
      : " ".repeat(1000);
    response.end(piece.repeat(Math.ceil(reply.bytes / piece.length)));
    return;
  }
  if ("raw" in reply) {
    response.writeHead(200, { "content-type": type });
    response.end(reply.raw);
    return;
  }
  const send = () => {
    if (asked.path.endsWith("responses")) sendResponse(response, reply, isStream);
    else void sendChat(response, reply, isStream);
  };
  if (reply.afterMs === undefined) send();
  else setTimeout(send, reply.afterMs);
}

type Said = Extract<Reply, { text?: string; calls?: unknown }>;

function callsOf({ calls = [] }: Said) {
  return calls.map(({ name, args }, index) => ({
    index,
    id: `call_${++ids}`,
    type: "function",
    function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
  }));
}

function usageOf({ usage }: Said) {
  if (usage === "none") return undefined;
  const { input, output } = usage ?? { input: 100, output: 20 };
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function chunkOf(id: number, delta: unknown, finish: string | null = null) {
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion.chunk",
    created: 1,
    model: "scripted",
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
}

async function sendChat(response: ServerResponse, reply: Said, isStream: boolean): Promise<void> {
  const id = ++ids;
  const calls = callsOf(reply);
  const finish = calls.length > 0 ? "tool_calls" : "stop";
  const usage = usageOf(reply);
  if (!isStream) {
    const message = {
      role: "assistant",
      content: reply.text ?? null,
      ...(calls.length > 0 && { tool_calls: calls.map(({ index: _, ...call }) => call) }),
    };
    const body = {
      id: `chatcmpl-${id}`,
      object: "chat.completion",
      created: 1,
      model: "scripted",
      choices: [{ index: 0, message, finish_reason: finish }],
      ...(usage && { usage }),
    };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
    return;
  }
  const event = (data: unknown) => response.write(`data: ${JSON.stringify(data)}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream" });
  event(chunkOf(id, { role: "assistant", content: "" }));
  let sent = 0;
  for (const piece of (reply.text ?? "").match(/[\s\S]{1,7}/g) ?? []) {
    if (reply.upTo !== undefined && sent >= reply.upTo.characters) await reply.upTo.until;
    event(chunkOf(id, { content: piece }));
    sent += piece.length;
  }
  for (const call of calls) {
    event(chunkOf(id, { tool_calls: [{ ...call, function: { name: call.function.name, arguments: "" } }] }));
    for (const piece of call.function.arguments.match(/[\s\S]{1,9}/g) ?? [])
      event(chunkOf(id, { tool_calls: [{ index: call.index, function: { arguments: piece } }] }));
  }
  event(chunkOf(id, {}, finish));
  if (usage) event({ ...chunkOf(id, {}), choices: [], usage });
  response.end("data: [DONE]\n\n");
}

function sendResponse(response: ServerResponse, reply: Said, isStream: boolean): void {
  const id = `resp_${++ids}`;
  const output = [
    ...(reply.text === undefined
      ? []
      : [
          {
            type: "message",
            id: `msg_${++ids}`,
            role: "assistant",
            status: "completed",
            content: [{ type: "output_text", text: reply.text, annotations: [] }],
          },
        ]),
    ...callsOf(reply).map((call) => ({
      type: "function_call",
      id: `fc_${call.id}`,
      call_id: call.id,
      status: "completed",
      name: call.function.name,
      arguments: call.function.arguments,
    })),
  ];
  const usage = usageOf(reply);
  const body = {
    id,
    object: "response",
    created_at: 1,
    status: "completed",
    model: "scripted",
    output,
    parallel_tool_calls: true,
    ...(usage && {
      usage: {
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens,
        total_tokens: usage.total_tokens,
      },
    }),
  };
  response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" });
  if (!isStream) {
    response.end(JSON.stringify(body));
    return;
  }
  let sequence_number = 0;
  const event = (type: string, data: object) =>
    response.write(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...data })}\n\n`,
    );
  event("response.created", { response: { ...body, status: "in_progress", output: [] } });
  for (const [output_index, item] of output.entries()) {
    const at = { item_id: item.id, output_index };
    if (item.type === "message" && "content" in item) {
      const [part] = item.content;
      event("response.output_item.added", { output_index, item: { ...item, status: "in_progress", content: [] } });
      event("response.content_part.added", { ...at, content_index: 0, part: { ...part, text: "" } });
      for (const delta of part?.text.match(/[\s\S]{1,7}/g) ?? [])
        event("response.output_text.delta", { ...at, content_index: 0, delta, logprobs: [] });
      event("response.output_text.done", { ...at, content_index: 0, text: part?.text, logprobs: [] });
      event("response.content_part.done", { ...at, content_index: 0, part });
    } else if ("arguments" in item) {
      event("response.output_item.added", { output_index, item: { ...item, status: "in_progress", arguments: "" } });
      for (const delta of item.arguments.match(/[\s\S]{1,9}/g) ?? [])
        event("response.function_call_arguments.delta", { ...at, delta });
      event("response.function_call_arguments.done", { ...at, name: item.name, arguments: item.arguments });
    }
    event("response.output_item.done", { output_index, item });
  }
  event("response.completed", { response: body });
  response.end();
}

/** As the real API: what a call gave comes after the call, each once. */
// biome-ignore lint/suspicious/noExplicitAny: input as it comes
function whyNotInput(input: any): string | undefined {
  if (typeof input === "string") return input === "" ? "input must not be empty" : undefined;
  if (!Array.isArray(input) || input.length === 0) return "input must not be empty";
  const waiting = new Set<string>();
  for (const { type, call_id } of input) {
    if (type === "function_call") waiting.add(call_id);
    if (type === "function_call_output" && !waiting.delete(call_id)) return `No tool call found for ${call_id}.`;
  }
  return waiting.size > 0 ? `No tool output found for function call ${[...waiting].join(", ")}.` : undefined;
}
