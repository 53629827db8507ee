import { randomUUID } from "node:crypto";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { ChatOpenAICompletions } from "@langchain/openai";
import { createAgent, createMiddleware, HumanMessage, SystemMessage, ToolMessage, tool } from "langchain";
import type { ModelEvent, ModelTask, ModelTool } from "../ports/model.ts";
import { canonicalJson } from "../util/canonical.ts";
import { failureOf, GaveUpError, isUnpaid } from "./failure.ts";
import type { CallSettings } from "./structured.ts";
import { guessTokens } from "./tokens.ts";

/** Questions a model repeats, or calls it makes after its tools were taken away, until it is given up. */
const MOST_REPEATS = 3;
/** Failed calls in a row after which tools would only cost more. */
const MOST_FAILURES = 4;
/** Calls of the model after its tools were taken away. */
const MOST_WARNINGS = 3;
/** Steps of the graph: two for each round. */
const MOST_STEPS = 60;

const ENOUGH =
  "There are no more tool calls. Answer now with what the results above show, and say what you could not look at.";

/** The call of the model that is under way: what it was sent, and how much came back so far. Characters. */
type Bill = { sent: number; written: number; isOpen: boolean };

/**
 * The loop of a model and its tools. Ends with the answer; throws what goes wrong, our own errors as causes. `guard` is put around each
 * call of the model. An early end of the iteration closes the connection. What a call took that failed or was cut off is told before the
 * failure is thrown.
 */
export async function* runAgent(
  settings: CallSettings,
  system: string,
  task: ModelTask,
  guard: <T>(call: () => Promise<T>) => Promise<T>,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, void> {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const llm = new ChatOpenAICompletions({
    model: settings.model,
    apiKey: settings.apiKey,
    maxRetries: 0,
    // `streaming: true` would fetch a tokenizer from elsewhere; the agent's own stream asks for one without.
    configuration: {
      baseURL: settings.baseUrl ?? null,
      fetch: settings.fetch,
      organization: null,
      project: null,
      logLevel: "off", // it would print what the other side sent
    },
  });
  const bill: Bill = { sent: 0, written: 0, isOpen: false };
  const agent = createAgent({
    model: llm,
    tools: task.tools.map((one) =>
      tool(async () => "", {
        name: one.name,
        description: one.about,
        schema: one.parameters as object as { type: "object" },
      }),
    ),
    middleware: [limits(task, guard, bill, both)],
  });
  const messages = [new SystemMessage(system), new HumanMessage(task.message)];
  const stream = await agent.stream({ messages }, {
    streamMode: ["messages", "updates"],
    recursionLimit: MOST_STEPS,
    signal: both,
  } as const);
  let hasText = false;
  try {
    for await (const [mode, data] of stream) {
      if (mode === "messages") {
        const [message, from] = data as [BaseMessage, { readonly langgraph_node?: string }];
        if (from.langgraph_node !== "model_request" || !AIMessage.isInstance(message)) continue;
        const { text } = message;
        if (text === "") continue;
        bill.written += text.length;
        hasText = true;
        yield { kind: "text", text };
        continue;
      }
      for (const message of saidBy(data)) {
        const usage = message.usage_metadata;
        yield usage === undefined
          ? guessOf(bill)
          : { kind: "used", input: usage.input_tokens, output: usage.output_tokens, isGuess: false };
        bill.isOpen = false;
        for (const { name } of message.tool_calls ?? []) {
          hasText = false;
          yield { kind: "tool", name };
        }
      }
    }
  } catch (thrown) {
    if (bill.isOpen)
      yield isUnpaid(failureOf(thrown)) ? { kind: "used", input: 0, output: 0, isGuess: false } : guessOf(bill);
    throw thrown;
  } finally {
    ended.abort();
  }
  if (!hasText) throw new GaveUpError("it said nothing");
}

/** Where the other side does not say what a call took. */
function guessOf({ sent, written }: Bill): ModelEvent {
  return { kind: "used", input: guessTokens(sent), output: guessTokens(written), isGuess: true };
}

/** Characters that a request holds. */
function lengthOf(messages: readonly BaseMessage[], tools: readonly ModelTool[]): number {
  const said = messages.map((one) => `${one.text}${AIMessage.isInstance(one) ? JSON.stringify(one.tool_calls) : ""}`);
  const told = tools.map(({ name, about, parameters }) => `${name}${about}${JSON.stringify(parameters)}`);
  return [...said, ...told].reduce((sum, text) => sum + text.length, 0);
}

/** The model's messages of an update of the graph. */
function saidBy(update: unknown): readonly AIMessage[] {
  const { model_request } = update as { model_request?: { messages?: unknown } };
  const messages = model_request?.messages;
  return (Array.isArray(messages) ? messages : [messages]).filter((one) => AIMessage.isInstance(one));
}

/**
 * What a model may do in one question. Each tool call is run here, with the arguments as they came: the SDK's own check would send the
 * model a stack trace. What is not one of the tools, comes too often or repeats is answered with a sentence.
 */
function limits(task: ModelTask, guard: <T>(call: () => Promise<T>) => Promise<T>, bill: Bill, signal: AbortSignal) {
  const tools = new Map<string, ModelTool>(task.tools.map((one) => [one.name, one]));
  const before = new Set<string>();
  let calls = 0;
  let repeats = 0;
  let failures = 0;
  let warned = 0;
  const isOver = () => calls >= task.toolCalls || repeats >= MOST_REPEATS || failures >= MOST_FAILURES;

  async function run(name: string, args: unknown): Promise<string> {
    if (isOver()) return `Error: no more tool calls. ${ENOUGH}`;
    calls++;
    const key = `${name} ${keyOf(args)}`;
    if (before.has(key)) {
      repeats++;
      return "Error: you asked exactly this before; its result stands above.";
    }
    before.add(key);
    const found = tools.get(name);
    if (found === undefined) return `Error: there is no such tool. There are: ${[...tools.keys()].join(", ")}.`;
    return found.run(args, signal);
  }

  return createMiddleware({
    name: "Limits",
    wrapModelCall: async (request, handler) => {
      if (isOver() && ++warned > MOST_WARNINGS) throw new GaveUpError("it did not stop calling tools");
      const next = isOver()
        ? { ...request, toolChoice: "none" as const, messages: [...request.messages, new HumanMessage(ENOUGH)] }
        : request;
      const message = await guard(async () => {
        Object.assign(bill, { sent: lengthOf(next.messages, task.tools), written: 0, isOpen: true });
        return handler(next);
      });
      // Servers that give every answer the same id would otherwise replace what was said before.
      if (AIMessage.isInstance(message)) {
        message.id = randomUUID();
        answerable(message);
      }
      return message;
    },
    wrapToolCall: async ({ toolCall }) => {
      const content = await run(toolCall.name, toolCall.args);
      failures = content.startsWith("Error: ") ? failures + 1 : 0;
      return new ToolMessage({ content, name: toolCall.name, tool_call_id: toolCall.id ?? "" });
    },
  });
}

/** Calls whose arguments are no JSON object are calls too: they are told so by the tool, and not retried for ever. */
function answerable(message: AIMessage): void {
  const broken = (message.invalid_tool_calls ?? []).filter(({ name }) => name !== undefined);
  if (broken.length === 0) return;
  message.tool_calls = [
    ...(message.tool_calls ?? []),
    ...broken.map(({ name, id }) => ({
      type: "tool_call" as const,
      name: name ?? "",
      id: id ?? randomUUID(),
      args: {},
    })),
  ];
  message.invalid_tool_calls = [];
}

function keyOf(args: unknown): string {
  try {
    return canonicalJson(args as Parameters<typeof canonicalJson>[0]);
  } catch {
    return "?";
  }
}
