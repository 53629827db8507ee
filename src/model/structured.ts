import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import type * as z from "zod";
import type { TokensUsed } from "../ports/model.ts";
import { guessTokens } from "./tokens.ts";

/** What one small call needs. */
export type CallSettings = {
  readonly model: string;
  readonly apiKey: string;
  readonly baseUrl: string | undefined;
  readonly fetch: typeof globalThis.fetch;
};

/**
 * One call whose answer has a form, which servers that know no schemas ignore: whoever calls reads `said` leniently. `length` is that
 * of the question, in UTF-16 units, for servers that count no tokens. Throws what the SDK throws.
 */
export async function askInForm(
  settings: CallSettings,
  message: { readonly system: string; readonly user: string; readonly length: number },
  form: { readonly name: string; readonly schema: z.ZodType },
  signal: AbortSignal,
): Promise<{ readonly said: string; readonly used: TokensUsed }> {
  const { system, user, length } = message;
  const client = new OpenAI({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl ?? null,
    fetch: settings.fetch,
    maxRetries: 0,
    organization: null,
    project: null,
    logLevel: "off",
  });
  const completion = await client.chat.completions.create(
    {
      model: settings.model,
      messages: [
        { role: "system", content: system },
        { role: "user", content: user },
      ],
      response_format: zodResponseFormat(form.schema, form.name),
    },
    { signal },
  );
  const content: unknown = completion.choices?.[0]?.message?.content;
  const said = typeof content === "string" ? content : "";
  const { usage } = completion;
  const used =
    usage === undefined
      ? { input: guessTokens(system.length + length), output: guessTokens(said.length), isGuess: true }
      : { input: usage.prompt_tokens, output: usage.completion_tokens, isGuess: false };
  return { said, used };
}
