import type { Readable, Writable } from "node:stream";
import type { Card } from "../../core/card.ts";
import type { Place, Question, User } from "../../core/chat.ts";
import type { Clock } from "../../ports.ts";
import { openHistory } from "./history.ts";
import { listen } from "./listeners.ts";
import { choicesOf, type Look, oneLine, paint, renderCard } from "./render.ts";
import { spin } from "./spinner.ts";

export { type Look, oneLine, paint, renderCard } from "./render.ts";

export type Terminal = {
  readonly answer: (question: Question, signal: AbortSignal) => Promise<Card>;
  readonly place: Place;
  readonly user: User;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  /** For the line that says what is being waited for. */
  readonly status: Writable & { readonly isTTY?: boolean };
  readonly look: Look;
  readonly historyFile: string | undefined;
  /** Ends the conversation from outside, the running question included. */
  readonly signal?: AbortSignal;
};

/** A conversation in the terminal or over a pipe, until Ctrl-D, "exit" or the pipe's end. Never throws for a question. */
export async function converse(terminal: Terminal): Promise<void> {
  const { output, look, signal } = terminal;
  const heard = listen({
    input: terminal.input,
    output,
    prompt: `${paint(["bold", "cyan"], "›", look)} `,
    history: openHistory(terminal.historyFile),
    tell: (sentence) => terminal.status.write(`${paint("dim", sentence, look)}\n`),
  });
  const leave = () => heard.close();
  signal?.addEventListener("abort", leave, { once: true });
  let choices: readonly string[] = [];
  try {
    while (signal?.aborted !== true) {
      const line = await heard.next();
      if (line === undefined) break;
      const text = chosen(line.trim(), choices);
      if (text === "") continue;
      if (/^(exit|quit)$/i.test(text)) break;
      if (text !== line.trim()) output.write(`${paint("dim", `asked: ${oneLine(text, look.width - 7)}`, look)}\n`);
      const card = await ask(terminal, heard.whileAsking, text);
      choices = choicesOf(card).map((button) => button.action.text);
      output.write(`${renderCard(card, look)}\n`);
    }
  } finally {
    signal?.removeEventListener("abort", leave);
    heard.close();
  }
}

/** A number among the last answer's choices stands for that choice; anything else for itself. */
function chosen(line: string, choices: readonly string[]): string {
  return /^\d{1,2}$/.test(line) ? (choices[Number(line) - 1] ?? line) : line;
}

async function ask(
  terminal: Terminal,
  whileAsking: (cancel: (() => void) | undefined) => void,
  text: string,
): Promise<Card> {
  const stop = new AbortController();
  const signal = terminal.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, terminal.signal]);
  const settle = spin(terminal.status, "asking Prometheus…");
  whileAsking(() => stop.abort());
  try {
    const { place, user } = terminal;
    return await terminal.answer({ id: terminal.newId(), place, user, text, at: terminal.clock() }, signal);
  } catch (problem) {
    if (signal.aborted) return { title: "Stopped: you cancelled this question.", tone: "info", blocks: [] };
    throw problem;
  } finally {
    whileAsking(undefined);
    settle();
  }
}

/** What a stream can show. `width` is bounded, because long lines are hard to read and a table needs an end. */
export function lookOf(
  stream: Writable & { readonly isTTY?: boolean; readonly columns?: number },
  env: NodeJS.ProcessEnv,
  zone: string,
): Look {
  const isTerminal = stream.isTTY === true && env.TERM !== "dumb";
  const colour = isTerminal && (env.NO_COLOR === undefined || env.NO_COLOR === "");
  const columns = stream.columns ?? Number(env.COLUMNS ?? Number.NaN);
  const width = Number.isFinite(columns) && columns > 0 ? columns : 100;
  return { width: Math.min(120, Math.max(20, width)), colour, links: isTerminal, zone, buttons: "plain" };
}
