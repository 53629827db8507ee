import { spawn } from "node:child_process";

/** Where programs are looked for: never what somebody's shell had in its PATH. */
export const PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export type ProgramEnd = {
  /** Undefined when a signal ended it, or when it could not be started. */
  readonly code: number | undefined;
  /** As it came, at most `maxBytes` of each. */
  readonly stdout: string;
  readonly stderr: string;
  /** True when we ended it, as the signal fired. */
  readonly isCut: boolean;
  /** Why it could not be started. */
  readonly startError: string | undefined;
};

export type ProgramCall = {
  readonly command: string;
  readonly argv: readonly string[];
  /** All of its environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Milliseconds between asking it to end and making it. */
  readonly graceMs: number;
  readonly maxBytes: number;
};

/**
 * Runs a program by its argument vector, without a shell, in a process group of its own and with nothing to read. When `signal`
 * fires the whole group is asked to end (SIGTERM) and after `graceMs` made to (SIGKILL). Never throws.
 */
export function runProgram(call: ProgramCall): Promise<ProgramEnd> {
  const { command, argv, env, signal, graceMs, maxBytes } = call;
  const never = (startError: string): ProgramEnd => ({
    code: undefined,
    stdout: "",
    stderr: "",
    isCut: false,
    startError,
  });
  if (signal.aborted) return Promise.resolve(never("the time was up before it was started"));
  return new Promise((resolve) => {
    const child = spawn(command, argv, { env, stdio: ["ignore", "pipe", "pipe"], detached: true, shell: false });
    const out = collect(maxBytes);
    const errors = collect(maxBytes);
    child.stdout.on("data", out.add);
    child.stderr.on("data", errors.add);
    let isCut = false;
    let killer: NodeJS.Timeout | undefined;
    const cut = () => {
      isCut = true;
      endGroup(child.pid, "SIGTERM");
      killer = setTimeout(() => {
        endGroup(child.pid, "SIGKILL");
        // A grandchild that left the group may hold the pipes open for ever.
        child.stdout.destroy();
        child.stderr.destroy();
      }, graceMs);
    };
    signal.addEventListener("abort", cut, { once: true });
    const done = (end: ProgramEnd) => {
      signal.removeEventListener("abort", cut);
      clearTimeout(killer);
      resolve(end);
    };
    child.once("error", (problem) => {
      if (child.pid === undefined) done(never(problem.message));
    });
    child.once("close", (code) => {
      // What it left behind in its group goes with it.
      endGroup(child.pid, "SIGKILL");
      done({ code: code ?? undefined, stdout: out.text(), stderr: errors.text(), isCut, startError: undefined });
    });
  });
}

/** Sends a signal to a process group. False when there is none. */
export function endGroup(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function collect(maxBytes: number): { add(chunk: Buffer): void; text(): string } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      if (size >= maxBytes) return;
      chunks.push(chunk.subarray(0, maxBytes - size));
      size += Math.min(chunk.length, maxBytes - size);
    },
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}
