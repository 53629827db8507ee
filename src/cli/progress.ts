import type { Call } from "./command.ts";

const WIDTH = 30;

/** How far one thing has come, on stderr: drawn on a terminal, and not said elsewhere. `share` is from 0 to 1. */
export function barOf({ stderr }: Pick<Call, "stderr">): { show(share: number, what: string): void; end(): void } {
  const isTerminal = stderr.isTTY === true;
  return {
    show(share, what) {
      if (isTerminal) draw(stderr, share, `${Math.round(100 * share)} % ${what}`);
    },
    end() {
      if (isTerminal) stderr.write("\r\u001b[2K");
    },
  };
}

function draw(stderr: Call["stderr"], share: number, words: string): void {
  const full = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
  const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${words}`;
  stderr.write(`\r\u001b[2K${bar.slice(0, (stderr.columns ?? 80) - 1)}`);
}

/**
 * How far a list of things has come, on stderr: a bar that is drawn over on a terminal, a line for each tenth elsewhere. `step` is
 * told before each thing.
 */
export function progressOf({ stderr }: Pick<Call, "stderr">, total: number): { step(name: string): void; end(): void } {
  const isTerminal = stderr.isTTY === true;
  let done = 0;
  let said = -1;
  return {
    step(name) {
      const share = total === 0 ? 1 : done / total;
      if (isTerminal) {
        draw(stderr, share, `${done + 1} of ${total} ${name}`);
      } else if (Math.floor(share * 10) > said) {
        said = Math.floor(share * 10);
        stderr.write(`${done + 1} of ${total}: ${name}\n`);
      }
      done++;
    },
    end() {
      if (isTerminal) stderr.write("\r\u001b[2K");
    },
  };
}
