import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import * as z from "zod";
import type { TokensUsed } from "../ports/model.ts";
import type { IntentSettings } from "./intent.ts";
import { guessTokens } from "./tokens.ts";

/** Points that are asked for. */
export const POINTS = 8;

const Points = z.object({ points: z.array(z.object({ turn: z.number().int().min(0), said: z.string() })) });
type Points = z.infer<typeof Points>;

/** One structured call: a conversation in a few points. What cannot be read is no points. Throws what the SDK throws. */
export async function summarise(
  settings: IntentSettings,
  system: string,
  turns: string,
  signal: AbortSignal,
): Promise<Points & { readonly used: TokensUsed }> {
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
        { role: "user", content: turns },
      ],
      response_format: zodResponseFormat(Points, "points"),
    },
    { signal },
  );
  const said = completion.choices?.[0]?.message?.content ?? "";
  const { usage } = completion;
  const used =
    usage === undefined
      ? { input: guessTokens(system.length + turns.length), output: guessTokens(said.length), isGuess: true }
      : { input: usage.prompt_tokens, output: usage.completion_tokens, isGuess: false };
  return { points: pointsIn(said), used };
}

function pointsIn(said: string): Points["points"] {
  try {
    return Points.safeParse(JSON.parse(/\{[\s\S]*\}/.exec(said.slice(0, 20_000))?.[0] ?? "")).data?.points ?? [];
  } catch {
    return [];
  }
}
