import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Call } from "../command.ts";

/** Questions to whoever sits at the terminal, or to what comes through a pipe, line by line. */
export type Asker = {
  /** One line without blanks around it; undefined when there is nobody any more (Ctrl-C, Ctrl-D, end of the pipe). */
  readonly ask: (question: string, isSecret?: boolean) => Promise<string | undefined>;
  readonly close: () => void;
};

export function createAsker({ stdin, stdout }: Pick<Call, "stdin" | "stdout">): Asker {
  let isHidden = false;
  const echo = new Writable({
    write(chunk, _, done) {
      if (!isHidden) stdout.write(chunk);
      done();
    },
  });
  const terminal = stdin.isTTY === true && stdout.isTTY === true;
  const reader = createInterface({ input: stdin, output: echo, terminal, historySize: 0 });
  let isClosed = false;
  reader.on("SIGINT", () => reader.close());
  reader.on("close", () => {
    isClosed = true;
  });
  // Lines of a pipe come before they are asked for, and must not be lost.
  const lines = reader[Symbol.asyncIterator]();
  return {
    async ask(question, isSecret = false) {
      // A pipe may have ended while its last lines still wait to be taken.
      if (isClosed) stdout.write(question);
      else {
        reader.setPrompt(question);
        reader.prompt();
      }
      isHidden = isSecret;
      const { value, done } = await lines.next();
      isHidden = false;
      if (isSecret || !terminal) stdout.write("\n");
      return done === true ? undefined : String(value).trim();
    },
    close: () => reader.close(),
  };
}
