import { formatDuration, formatValue } from "../core/units.ts";
import type { Call } from "./command.ts";

/** How far long work has come, and about how long it still takes: a bar that is drawn over on a terminal, lines elsewhere. On stderr. */

export type Progress = {
  /** `share` is from 0 to 1; `what` is done at the moment. */
  readonly show: (share: number, what: string) => void;
  /** Takes the bar away. What is told afterwards is not shown. */
  readonly end: () => void;
};

export type ProgressSettings = {
  /** Where there is no terminal, a line for each tenth (the default), or for each `what` that is new. */
  readonly lines?: "tenths" | "steps";
  /** Nothing is said before so many milliseconds: most of such work is over by then. */
  readonly quietMs?: number;
  /** Milliseconds of a clock that goes on evenly. */
  readonly now?: () => number;
};

const WIDTH = 30;
/** An estimate before that is chance. */
const SOONEST_MS = 1000;
const LEAST_SHARE = 0.02;

export function progressOn(
  { stderr }: Pick<Call, "stderr">,
  { lines = "tenths", quietMs = 0, now = () => performance.now() }: ProgressSettings = {},
): Progress {
  const began = now();
  let said: number | string = -1;
  let isOver = false;
  return {
    show(share, what) {
      const passed = now() - began;
      if (isOver || passed < quietMs) return;
      const left = sayLeft(share, passed);
      if (stderr.isTTY === true) return draw(stderr, share, `${percent(share)} ${what}${left}`);
      const at = lines === "steps" ? what : Math.floor(share * 10);
      if (at === said) return;
      said = at;
      stderr.write(lines === "steps" ? `${what}…\n` : `${percent(share)} ${what}${left}\n`);
    },
    end() {
      if (!isOver && stderr.isTTY === true) stderr.write("\r\u001b[2K");
      isOver = true;
    },
  };
}

/** The same for a list of things: `step` is told before each. */
export function progressOf(
  { stderr }: Pick<Call, "stderr">,
  total: number,
  { now = () => performance.now() }: Pick<ProgressSettings, "now"> = {},
): { step(name: string): void; end(): void } {
  const isTerminal = stderr.isTTY === true;
  const began = now();
  let done = 0;
  let said = -1;
  return {
    step(name) {
      const share = total === 0 ? 1 : done / total;
      const left = sayLeft(share, now() - began);
      if (isTerminal) {
        draw(stderr, share, `${done + 1} of ${total} ${name}${left}`);
      } else if (Math.floor(share * 10) > said) {
        said = Math.floor(share * 10);
        stderr.write(`${done + 1} of ${total}: ${name}${left}\n`);
      }
      done++;
    },
    end() {
      if (isTerminal) stderr.write("\r\u001b[2K");
    },
  };
}

/** The same for a store that is copied: elsewhere a line for each table. */
export function copyOn(call: Pick<Call, "stderr">): {
  show(copied: { table: string; rows: number; isDone: boolean; share: number }): void;
  end(): void;
} {
  const bar = progressOn(call);
  return {
    show({ table, rows, isDone, share }) {
      const said = `${table}: ${formatValue(rows, "count")} rows`;
      if (call.stderr.isTTY === true) bar.show(share, said);
      else if (isDone) call.stderr.write(`${said}\n`);
    },
    end: bar.end,
  };
}

/** ", about 12 s left", as if it went on as it went so far; nothing while that cannot be told. */
function sayLeft(share: number, passedMs: number): string {
  if (passedMs < SOONEST_MS || share < LEAST_SHARE || share >= 1) return "";
  const seconds = (passedMs / 1000) * (1 / share - 1);
  return `, about ${formatDuration(Math.max(1, Math.round(seconds)))} left`;
}

function percent(share: number): string {
  return `${String(Math.round(100 * Math.min(1, Math.max(0, share)))).padStart(3)} %`;
}

function draw(stderr: Call["stderr"], share: number, words: string): void {
  const full = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
  const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${words}`;
  stderr.write(`\r\u001b[2K${bar.slice(0, (stderr.columns ?? 80) - 1)}`);
}
