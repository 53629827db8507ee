import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export type Heard = {
  /** The next line, or undefined when the person or the pipe has finished. */
  next(): Promise<string | undefined>;
  /**
   * What a person types in answer to this question, or undefined when they leave. Only what comes after it was asked
   * counts, and it is in no history. For terminals: a pipe is never asked.
   */
  ask(question: string): Promise<string | undefined>;
  /** Calls back at Ctrl-C while a question runs; without one, Ctrl-C twice leaves. Pass undefined when it is done. */
  whileAsking(cancel: (() => void) | undefined): void;
  /** Writes something above the line that is being typed. False while that would come between a question and its answer. */
  aside(text: string): boolean;
  close(): void;
};

export type Keyboard = {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  readonly prompt: string;
  readonly history: { readonly lines: string[]; save(lines: readonly string[]): void };
  /** Where to say that a second Ctrl-C leaves. */
  readonly tell: (sentence: string) => void;
};

/** More lines than this waiting stops reading the pipe until they are answered. */
const WAITING = 100;

/** Terminal keys and piped lines -> lines in order. Reads no further ahead than it must. */
export function listen({ input, output, prompt, history, tell }: Keyboard): Heard {
  const isTerminal = input.isTTY === true;
  const lines: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let closed = false;
  let cancel: (() => void) | undefined;
  let warned = false;

  const reader = createInterface(
    isTerminal
      ? {
          input,
          output,
          terminal: true,
          prompt,
          history: [...history.lines],
          historySize: 500,
          removeHistoryDuplicates: true,
        }
      : { input, terminal: false, crlfDelay: Number.POSITIVE_INFINITY },
  );
  reader.on("line", (line) => {
    warned = false;
    const taker = waiting.shift();
    if (taker !== undefined) return taker(line);
    lines.push(line);
    if (lines.length >= WAITING) reader.pause();
  });
  let isAsking = false;
  reader.on("history", (all: string[]) => {
    if (isAsking) all.shift();
    else history.save(all);
  });
  reader.on("SIGINT", () => {
    if (isAsking) {
      output.write("\n");
      return waiting.shift()?.("");
    }
    if (cancel !== undefined) return cancel();
    if (warned || closed) return reader.close();
    warned = true;
    tell("Press Ctrl-C once more, or Ctrl-D, to leave.");
    reader.prompt();
  });
  reader.on("close", () => {
    closed = true;
    for (const taker of waiting.splice(0)) taker(undefined);
  });

  return {
    next() {
      const line = lines.shift();
      if (line !== undefined) {
        if (lines.length < WAITING / 2 && !closed) reader.resume();
        return Promise.resolve(line);
      }
      if (closed) return Promise.resolve(undefined);
      if (isTerminal) reader.prompt();
      return new Promise((resolve) => waiting.push(resolve));
    },
    async ask(question) {
      if (!isTerminal || closed) return undefined;
      lines.length = 0;
      isAsking = true;
      reader.setPrompt(question);
      reader.prompt();
      try {
        return await new Promise<string | undefined>((resolve) => waiting.push(resolve));
      } finally {
        isAsking = false;
        reader.setPrompt(prompt);
      }
    },
    whileAsking(callback) {
      cancel = callback;
      if (callback === undefined) warned = false;
    },
    aside(text) {
      if (!isTerminal || closed || isAsking || cancel !== undefined || waiting.length === 0) return false;
      output.write(`\r\u001b[2K${text}\n`);
      reader.prompt(true);
      return true;
    },
    close() {
      reader.close();
    },
  };
}
