import type { Call } from "./command.ts";

const WIDTH = 30;

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
        const full = Math.round(share * WIDTH);
        const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${done + 1} of ${total} ${name}`;
        stderr.write(`\r\u001b[2K${bar.slice(0, (stderr.columns ?? 80) - 1)}`);
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
