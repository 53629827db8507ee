import type { Readable, Writable } from "node:stream";
import type { Button, ButtonAction, Card } from "../../core/card.ts";
import type { Place, Question, User } from "../../core/chat.ts";
import type { Onlooker } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import { reasonOf } from "../../util/errors.ts";
import { confirmed, type DecideHere, follow } from "./decisions.ts";
import { openHistory } from "./history.ts";
import { type Heard, listen } from "./listeners.ts";
import { liveRegion } from "./live.ts";
import { choicesOf, commandOf, type Look, oneLine, paint, renderCard } from "./render.ts";
import { spin } from "./spinner.ts";

export { type ConfirmDeps, confirmed, type DecideHere, follow } from "./decisions.ts";
export { commandOf, type Look, oneLine, paint, renderCard } from "./render.ts";

export type Terminal = {
  readonly answer: (question: Question, signal: AbortSignal, onlooker: Onlooker) => Promise<Card>;
  /** Decides for the person at this terminal; a sentence where nobody can decide here. */
  readonly decide: DecideHere | string;
  readonly place: Place;
  readonly user: User;
  /** Where one person may play another: what `--as NAME` does, in a sentence. */
  readonly become?: (name: string) => string;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  /** For the line that says what is being waited for. */
  readonly status: Writable & { readonly isTTY?: boolean };
  readonly look: Look;
  readonly historyFile: string | undefined;
  /** What the bot has to say by itself, new since the last call. For terminals: a pipe hears nothing. */
  readonly news?: () => Promise<readonly Card[]>;
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
  let choices: readonly Button[] = [];
  const show = (card: Card) => {
    choices = choicesOf(card);
    output.write(`${renderCard(card, look)}\n`);
  };
  const quiet =
    terminal.news === undefined
      ? undefined
      : listenForNews(terminal.news, heard, look, (card) => {
          choices = choicesOf(card);
        });
  try {
    while (signal?.aborted !== true) {
      const line = await heard.next();
      if (line === undefined) break;
      const chosen = choiceOf(line.trim(), choices, terminal.input.isTTY === true);
      if (chosen?.kind === "decide") {
        await decideHere(chosen, terminal, heard, show);
        continue;
      }
      const text = chosen?.kind === "ask" ? chosen.text : line.trim();
      if (text === "") continue;
      if (/^(exit|quit)$/i.test(text)) break;
      const name = /^--as\s+(\S+)$/.exec(text)?.[1];
      if (name !== undefined && terminal.become !== undefined) {
        output.write(`${terminal.become(name)}\n\n`);
        continue;
      }
      if (text !== line.trim()) output.write(`${paint("dim", `asked: ${oneLine(text, look.width - 7)}`, look)}\n`);
      show(await ask(terminal, heard.whileAsking, text));
    }
  } finally {
    quiet?.();
    signal?.removeEventListener("abort", leave);
    heard.close();
  }
}

const NEWS_EVERY_MS = 3000;

/** Shows what the bot says by itself above the prompt, as soon as nobody waits for an answer. Returns what ends it. */
function listenForNews(
  news: () => Promise<readonly Card[]>,
  heard: Heard,
  look: Look,
  shown: (card: Card) => void,
): () => void {
  const waiting: Card[] = [];
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    news()
      .then((cards) => {
        waiting.push(...cards);
        while (waiting[0] !== undefined && heard.aside(renderCard(waiting[0], look))) shown(waiting.shift()!);
      })
      .catch(() => {}) // the next look may succeed; a conversation does not end for it
      .finally(() => {
        isBusy = false;
      });
  }, NEWS_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * A number among the last answer's choices stands for that choice, and at a terminal so does the name of a decision.
 * Undefined for a question.
 */
function choiceOf(line: string, choices: readonly Button[], isTerminal: boolean): ButtonAction | undefined {
  if (/^\d{1,2}$/.test(line)) return choices[Number(line) - 1]?.action;
  if (!isTerminal) return undefined;
  const word = line.toLowerCase();
  return choices.find(
    ({ label, action }) =>
      action.kind === "decide" &&
      (label.toLowerCase() === word || commandOf(action.decision) === word.replace(" ", "-")),
  )?.action;
}

/** Asks the person once more, in a question of its own, and decides. What comes over a pipe never does. */
async function decideHere(
  action: ButtonAction & { kind: "decide" },
  { decide, input, output, signal }: Terminal,
  { ask, whileAsking }: Heard,
  show: (card: Card) => void,
): Promise<void> {
  const tell = (sentence: string) => output.write(`${sentence}\n\n`);
  if (input.isTTY !== true)
    return void tell("A decision is typed by a person at a terminal: it cannot come from a pipe.");
  if (typeof decide === "string") return void tell(decide);
  const fields = await confirmed(action, { ask, tell });
  if (fields === undefined) return void tell("Nothing was decided.");
  const stop = new AbortController();
  whileAsking(() => stop.abort());
  try {
    show(await decide.decide(action, fields));
    const signals = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
    if (action.decision !== "details") await follow(action.proposal, decide, show, signals);
  } catch (problem) {
    tell(reasonOf(problem));
  } finally {
    whileAsking(undefined);
  }
}

async function ask(
  terminal: Terminal,
  whileAsking: (cancel: (() => void) | undefined) => void,
  text: string,
): Promise<Card> {
  const stop = new AbortController();
  const enough = new AbortController();
  const signal = terminal.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, terminal.signal]);
  const region = liveRegion(terminal.output, terminal.look);
  let isLooking = false;
  const settle = spin(terminal.status, () => (isLooking ? "looking further…" : "asking Prometheus…"));
  // While a model looks further, what was found so far is worth more than nothing: only a second Ctrl-C gives that up too.
  whileAsking(() => (isLooking && !enough.signal.aborted ? enough.abort(new Error("Stopped by you")) : stop.abort()));
  const onlooker: Onlooker = {
    show(draft) {
      isLooking = true;
      region.show(draft);
    },
    enough: enough.signal,
  };
  try {
    const { place, user } = terminal;
    const question = { id: terminal.newId(), place, user, text, at: terminal.clock() };
    return await terminal.answer(question, signal, onlooker);
  } catch (problem) {
    if (signal.aborted) return { title: "Stopped: you cancelled this question.", tone: "info", blocks: [] };
    throw problem;
  } finally {
    whileAsking(undefined);
    settle();
    region.end();
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
