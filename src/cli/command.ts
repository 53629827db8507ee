import type { Readable, Writable } from "node:stream";
import type { ParseArgsOptionsConfig } from "node:util";

/** Exit codes, a public contract. `config` is EX_CONFIG of sysexits.h. */
export const EXIT = { ok: 0, failed: 1, usage: 2, config: 78 } as const;

/** Signals that ask a command to end. SIGHUP: its terminal was closed. */
export const STOPPING = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Where a command runs. Only main.ts names the real process. */
export type Surroundings = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
};

/** One call of a command: its flags and words, already checked against what it takes. */
export type Call = Surroundings & {
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly words: readonly string[];
};

export type Command = {
  readonly usage: string;
  readonly summary: string;
  readonly options: ParseArgsOptionsConfig;
  /** Loads only what this command needs. */
  readonly load: () => Promise<{ readonly run: (call: Call) => Promise<number> }>;
};

/** The command line is wrong. `message` is a sentence with the cure. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The configuration is wrong. `message` lists every problem. Ends with exit code 78. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A flag's text, or undefined when it was not given. */
export function flag(call: Call, name: string): string | undefined {
  const value = call.flags[name];
  return typeof value === "string" ? value : undefined;
}

/** `--now`: unix seconds. Throws `UsageError` when it is not RFC 3339 with a zone. */
export function readNow(call: Call): number | undefined {
  const said = flag(call, "now");
  if (said === undefined) return undefined;
  const isRfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(said);
  const ms = Date.parse(said.replace(" ", "T").toUpperCase());
  if (isRfc3339 && Number.isFinite(ms)) return ms / 1000;
  throw new UsageError(
    `--now must be a time in RFC 3339 with its zone, as in 2026-01-15T10:00:00Z: it is ${JSON.stringify(said)}.`,
  );
}
