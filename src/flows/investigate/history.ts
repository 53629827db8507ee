import { quantitiesIn } from "../../core/gate/claims.ts";
import { judge } from "../../core/gate.ts";
import type { Case, Model, TokensUsed } from "../../ports/model.ts";
import type { Turn } from "../../ports/store.ts";
import { newest } from "../../util/newest.ts";
import type { Cleaner } from "./data.ts";

/** What was said before in a thread, as the model is told it: the newest turns as they are, and older ones in a few points. */

/** Tokens of turns as they are; a token is some four characters. */
const BUDGET_TOKENS = 1000;
/** Older turns are put into points once they are so many tokens; until then they are told as they are, too. */
const SLACK_TOKENS = 400;
const CHARACTERS = 4;
const TURN_LENGTH = 400;
const POINTS = 8;
const POINT_LENGTH = 240;
const THREADS = 1000;

export type SaidBefore = { readonly author: string; readonly said: string };

/** The thread before a question. `left` turns are in neither: nobody could put them into points. */
export type Before = {
  readonly points: readonly SaidBefore[];
  readonly turns: readonly SaidBefore[];
  readonly left: number;
};

type Kept = { readonly upTo: string; readonly points: readonly SaidBefore[] };

export type History = (
  one: Case,
  clean: Cleaner,
  pay: (used: TokensUsed) => void,
  signal: AbortSignal,
) => Promise<Before>;

/**
 * Points are made by one small call, for as many older turns as there are, and kept for the thread: the next question goes on from them.
 * Each passes the gate against the very turns it was made of. What it says is memory and no evidence: no number of it may be said in an
 * answer, unless a query of this question returned it.
 */
export function createHistory(model: Pick<Model, "summarise">, report: (problem: unknown) => void): History {
  const kept = newest<Kept>(THREADS);

  return async ({ question, history }, clean, pay, signal) => {
    const { platform, channel, thread } = question.place;
    const key = JSON.stringify([platform, channel, thread]);
    const told = history.map((turn) => ({ id: turn.id, ...saidBy(turn, clean) }));
    const from = firstThatFits(told);
    const recent = told.slice(from);
    const before = kept.get(key);
    const known = before === undefined ? -1 : told.findIndex(({ id }) => id === before.upTo);
    const older = told.slice(known + 1, from);
    const points = known < 0 && before !== undefined && from === 0 ? [] : (before?.points ?? []);
    if (tokensOf(older) <= SLACK_TOKENS) return { points, turns: bare([...older, ...recent]), left: 0 };
    try {
      const all = [...points, ...bare(older)];
      const { points: said } = await model.summarise(all, signal, pay);
      const made = said.flatMap((point) => checked(point, all)).slice(0, POINTS);
      kept.set(key, { upTo: older.at(-1)!.id, points: made });
      return { points: made, turns: bare(recent), left: 0 };
    } catch (problem) {
      report(problem);
      return { points, turns: bare(recent), left: older.length };
    }
  };
}

function saidBy({ author, user, text }: Turn, clean: Cleaner): SaidBefore {
  return { author: author === "bot" ? "the bot" : clean(user?.name ?? "somebody"), said: clean(text, TURN_LENGTH) };
}

/** Index of the oldest turn of those that fit into the budget together. */
function firstThatFits(turns: readonly SaidBefore[]): number {
  let left = BUDGET_TOKENS * CHARACTERS;
  const last = turns.findLastIndex(({ said }) => {
    left -= said.length;
    return left < 0;
  });
  return last + 1;
}

function tokensOf(turns: readonly SaidBefore[]): number {
  return turns.reduce((sum, { said }) => sum + said.length, 0) / CHARACTERS;
}

function bare(turns: readonly SaidBefore[]): readonly SaidBefore[] {
  return turns.map(({ author, said }) => ({ author, said }));
}

/** A point about one of the turns, when it says nothing that those turns do not. Its author is ours, not the model's word. */
function checked({ turn, said }: { readonly turn: number; readonly said: string }, all: readonly SaidBefore[]) {
  const about = all[turn];
  if (about === undefined || said.trim() === "" || said.length > POINT_LENGTH) return [];
  const text = all.map((one) => one.said).join("\n");
  const words = new Set(
    text
      .toLowerCase()
      .match(/[\p{L}\p{N}_][\p{L}\p{N}_.:/-]*/gu)
      ?.map((word) => word.replace(/[.:/-]+$/, "")),
  );
  const facts = quantitiesIn(text).map((quantity) => ({ ...quantity, origin: "question" as const }));
  const { kept } = judge(said, { facts, hasName: (name) => words.has(name.toLowerCase()) });
  return kept ? [{ author: about.author, said: said.replace(/\s+/g, " ").trim() }] : [];
}
