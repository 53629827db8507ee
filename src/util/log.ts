import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import type { DestinationStream, Logger } from "pino";
import { createLines } from "./lines.ts";
import { redactor } from "./redact.ts";
import type { Secret } from "./secret.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** `log.warn("said")` or `log.warn({ source, err }, "said")`. An error belongs under `err`. */
type Line = { (message: string): void; (facts: Readonly<Record<string, unknown>>, message: string): void };

export type Log = {
  readonly debug: Line;
  readonly info: Line;
  readonly warn: Line;
  readonly error: Line;
  /** The same log with these facts on each line. */
  readonly child: (facts: Readonly<Record<string, unknown>>) => Log;
};

const underWay = new AsyncLocalStorage<Readonly<Record<string, unknown>>>();

/** Does that work with these facts on every line of any log that is written meanwhile, besides those around it. */
export function loggedWith<T>(facts: Readonly<Record<string, unknown>>, work: () => T): T {
  return underWay.run({ ...underWay.getStore(), ...facts }, work);
}

/** Does that work with no such facts: for what goes on by itself, whoever woke it. */
export function loggedApart<T>(work: () => T): T {
  return underWay.run({}, work);
}

/** The facts that every line carries which is written now. */
export function factsUnderWay(): Readonly<Record<string, unknown>> {
  return underWay.getStore() ?? {};
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * A log of JSON lines, one object each, on stderr (stdout belongs to answers) or on `stream`. Lines below `level` are
 * dropped. `secrets` are hidden wherever they occur in a line, see redact.ts. Logging never throws, not even when nothing can be written, and waits for no reader: see lines.ts.
 */
export function createLog({
  level,
  stream,
  secrets = [],
}: {
  level: LogLevel;
  stream?: DestinationStream;
  secrets?: readonly Secret[];
}): Log {
  const redact = redactor(secrets.map((one) => one.reveal()));
  let opened: Logger | undefined;
  // Pino takes some 30 ms to load and start, a fifth of what one `ask` takes: only a line that is written pays it.
  const open = () => {
    opened ??= openPino(level, stream);
    return opened;
  };
  return logWith({}, level, redact, open);
}

function logWith(
  bound: Readonly<Record<string, unknown>>,
  level: LogLevel,
  redact: (value: unknown) => unknown,
  open: () => Logger,
): Log {
  const line = (rank: LogLevel): Line => {
    return (...said: [string] | [Readonly<Record<string, unknown>>, string]) => {
      if (RANK[rank] < RANK[level]) return;
      const [facts, message] = said.length === 1 ? [{}, said[0]] : said;
      try {
        open()[rank](redact({ ...underWay.getStore(), ...bound, ...facts }) as object, redact(message) as string);
      } catch {
        // A full disk or a reader that went away loses lines, never the bot.
      }
    };
  };
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: (facts) => logWith({ ...bound, ...facts }, level, redact, open),
  };
}

function openPino(level: LogLevel, stream: DestinationStream | undefined): Logger {
  const pino = createRequire(import.meta.url)("pino") as typeof import("pino").default;
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // Values arrive redacted and errors as plain objects: pino's own serialisers would read them a second time.
    serializers: { err: (value: unknown) => value },
  };
  return pino(options, stream ?? createLines(2, sayLost));
}

function sayLost(count: number): string {
  const msg = `${count} lines of this log were lost: whoever reads it did not keep up`;
  return `${JSON.stringify({ level: "warn", time: new Date().toISOString(), pid: process.pid, msg })}\n`;
}
