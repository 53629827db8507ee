import * as z from "zod";
import type { TokensUsed } from "../ports/model.ts";
import { askInForm, type CallSettings } from "./structured.ts";

const UNSURE = "unsure";
/** Questions are short; what comes after this decides nothing. */
const LONGEST_QUESTION = 1000;

/**
 * One structured call: which of these intents a question has. A server that knows no schemas gets the same instructions and is read
 * leniently; whatever is not one of the names offered is "do not know". Throws what the SDK throws.
 */
export async function readIntent(
  settings: CallSettings,
  system: string,
  question: string,
  intents: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly intent: string | undefined; readonly used: TokensUsed }> {
  const Choice = z.object({ intent: z.enum([UNSURE, ...intents]) });
  const text = question.slice(0, LONGEST_QUESTION);
  const message = { system, user: JSON.stringify({ question: text }), length: text.length };
  const { said, used } = await askInForm(settings, message, { name: "kind_of_question", schema: Choice }, signal);
  return { intent: choiceIn(said, Choice), used };
}

function choiceIn(said: string, Choice: z.ZodType<{ intent: string }>): string | undefined {
  const object = /\{[^{}]*\}/.exec(said.slice(0, 2000))?.[0];
  try {
    const read = Choice.safeParse(JSON.parse(object ?? ""));
    return read.success && read.data.intent !== UNSURE ? read.data.intent : undefined;
  } catch {
    return undefined;
  }
}
