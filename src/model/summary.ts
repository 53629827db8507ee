import * as z from "zod";
import type { TokensUsed } from "../ports/model.ts";
import { askInForm, type CallSettings } from "./structured.ts";

/** Points that are asked for. */
export const POINTS = 8;

const Points = z.object({ points: z.array(z.object({ turn: z.number().int().min(0), said: z.string() })) });
type Points = z.infer<typeof Points>;

/** One structured call: a conversation in a few points. What cannot be read is no points. Throws what the SDK throws. */
export async function summarise(
  settings: CallSettings,
  system: string,
  turns: string,
  signal: AbortSignal,
): Promise<Points & { readonly used: TokensUsed }> {
  const message = { system, user: turns, length: turns.length };
  const { said, used } = await askInForm(settings, message, { name: "points", schema: Points }, signal);
  return { points: pointsIn(said), used };
}

function pointsIn(said: string): Points["points"] {
  try {
    return Points.safeParse(JSON.parse(/\{[\s\S]*\}/.exec(said.slice(0, 20_000))?.[0] ?? "")).data?.points ?? [];
  } catch {
    return [];
  }
}
