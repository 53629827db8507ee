import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const LINES = 500;
const LONGEST = 2000;

/**
 * The questions typed so far, newest first, in a file that only its owner can read. A history is a comfort: when the
 * file cannot be read or written, the conversation goes on without it.
 */
export function openHistory(file: string | undefined): {
  readonly lines: string[];
  save(lines: readonly string[]): void;
} {
  return {
    lines: file === undefined ? [] : read(file),
    save(lines) {
      if (file === undefined) return;
      const text = lines
        .filter((line) => line.length <= LONGEST)
        .slice(0, LINES)
        .map((line) => `${line}\n`);
      const whole = `${file}.${process.pid}`; // another terminal may save its own at the same time
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        writeFileSync(whole, text.join(""), { mode: 0o600 });
        renameSync(whole, file);
      } catch {
        // Nothing to be done about it here, and nothing lost that matters.
        drop(whole);
      }
    },
  };
}

function drop(file: string): void {
  try {
    if (existsSync(file)) rmSync(file);
  } catch {
    // It is small, and the next run of the same number writes over it.
  }
}

function read(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .slice(0, LINES);
  } catch {
    return [];
  }
}
