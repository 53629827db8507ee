import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import * as z from "zod";
import type { TokensUsed } from "../ports/model.ts";
import { guessTokens } from "./tokens.ts";

/** What one small call needs. */
export type IntentSettings = {
  readonly model: string;
  readonly apiKey: string;
  readonly baseUrl: string | undefined;
  readonly fetch: typeof globalThis.fetch;
};

const UNSURE = "unsure";
/** Questions are short; what comes after this decides nothing. */
const LONGEST_QUESTION = 1000;

/**
 * One structured call: which of these intents a question has. A server that knows no schemas gets the same instructions and is read
 * leniently; whatever is not one of the names offered is "do not know". Throws what the SDK throws.
 */
export async function readIntent(
  settings: IntentSettings,
  system: string,
  question: string,
  intents: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly intent: string | undefined; readonly used: TokensUsed }> {
  const client = new OpenAI({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl ?? null,
    fetch: settings.fetch,
    maxRetries: 0,
    organization: null,
    project: null,
    logLevel: "off",
  });
  const Choice = z.object({ intent: z.enum([UNSURE, ...intents]) });
  const text = question.slice(0, LONGEST_QUESTION);
  const completion = await client.chat.completions.create(
    {
      model: settings.model,
      messages: [
        { role: "system", content: system },
        { role: "user", content: JSON.stringify({ question: text }) },
      ],
      response_format: zodResponseFormat(Choice, "kind_of_question"),
    },
    { signal },
  );
  const said = completion.choices?.[0]?.message?.content;
  const { usage } = completion;
  const used =
    usage === undefined
      ? { input: guessTokens(system.length + text.length), output: guessTokens((said ?? "").length), isGuess: true }
      : { input: usage.prompt_tokens, output: usage.completion_tokens, isGuess: false };
  return { intent: choiceIn(said, Choice), used };
}

function choiceIn(said: unknown, Choice: z.ZodType<{ intent: string }>): string | undefined {
  if (typeof said !== "string") return undefined;
  const object = /\{[^{}]*\}/.exec(said.slice(0, 2000))?.[0];
  try {
    const read = Choice.safeParse(JSON.parse(object ?? ""));
    return read.success && read.data.intent !== UNSURE ? read.data.intent : undefined;
  } catch {
    return undefined;
  }
}
