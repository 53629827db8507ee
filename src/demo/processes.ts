import { type ChildProcess, spawn } from "node:child_process";
import { open } from "node:fs/promises";

/** A program and what always goes before its arguments (`docker run … image`, for one). */
export type Program = { readonly command: string; readonly before: readonly string[] };

export type Processes = {
  /** Runs to the end. Resolves with what it printed; throws with the end of it when the exit code is not 0. */
  run(program: Program, args: readonly string[], signal?: AbortSignal): Promise<string>;
  /** Starts a server that lives until `stopAll`. Its output goes to `log`. `onExit` is called when it ends before that. */
  start(program: Program, args: readonly string[], log: string, onExit: (code: number | null) => void): Promise<void>;
  /** Asks all to end, and after `patience` seconds makes them. Resolves when none is left. */
  stopAll(patience?: number): Promise<void>;
};

/**
 * The program in a group of its own, beside a reader of our pipe: when we are gone, however we went, the pipe ends and
 * the program is told to, and 8 seconds later made to. The group is swept when the program has ended. A signal cuts the
 * first `wait` short, hence the second; the first has to come before any look, as a program may end at once.
 */
const GUARD = `exec 3<&0
"$@" </dev/null 3<&- & program=$!
(cat <&3 >/dev/null; kill -TERM $program; sleep 8; kill -KILL 0) 2>/dev/null &
trap : TERM INT HUP
wait $program
code=$?
while kill -0 $program 2>/dev/null; do wait $program; code=$?; done
exit $code`;

/** Child processes that never outlive us. */
export function createProcesses(): Processes {
  const living = new Map<ChildProcess, Promise<void>>();
  let isStopping = false;

  function launch(
    program: Program,
    args: readonly string[],
    stdio: readonly ["pipe", "pipe" | number, "pipe" | number],
  ): ChildProcess {
    if (isStopping) throw new Error(`${program.command} was not started: everything is being stopped`);
    const child = spawn("/bin/sh", ["-c", GUARD, "sh", program.command, ...program.before, ...args], {
      stdio: [...stdio],
      detached: true,
    });
    // When it dies at once, writing to its pipe must not end us.
    child.stdin?.on("error", () => undefined);
    const ended = new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", () => {
        signalGroup(child, "SIGKILL");
        resolve();
      });
    }).finally(() => living.delete(child));
    living.set(child, ended);
    return child;
  }

  // A plain exit() runs no other code of ours. `exit` handlers may only do what is done at once.
  const sweep = () => {
    for (const child of living.keys()) signalGroup(child, "SIGKILL");
  };
  process.once("exit", sweep);

  return {
    run(program, args, signal) {
      signal?.throwIfAborted();
      return new Promise((resolve, reject) => {
        const child = launch(program, args, ["pipe", "pipe", "pipe"]);
        let out = "";
        let errors = "";
        child.stdout?.setEncoding("utf8").on("data", (text: string) => {
          out += text;
        });
        child.stderr?.setEncoding("utf8").on("data", (text: string) => {
          errors = (errors + text).slice(-2000);
        });
        const abort = () => signalGroup(child, "SIGTERM");
        signal?.addEventListener("abort", abort, { once: true });
        child.once("error", reject);
        child.once("close", (code) => {
          signal?.removeEventListener("abort", abort);
          if (signal?.aborted) reject(signal.reason);
          else if (code === 0) resolve(out);
          else
            reject(
              new Error(
                `${program.command} ${args.slice(0, 3).join(" ")} ended with ${code}: ${errors.trim() || out.slice(-500).trim()}`,
              ),
            );
        });
      });
    },
    async start(program, args, log, onExit) {
      const file = await open(log, "a");
      try {
        const child = launch(program, args, ["pipe", file.fd, file.fd]);
        child.once("exit", (code) => {
          if (!isStopping) onExit(code);
        });
      } finally {
        await file.close();
      }
    },
    async stopAll(patience = 8) {
      isStopping = true;
      for (const child of living.keys()) signalGroup(child, "SIGTERM");
      const late = setTimeout(() => {
        for (const child of living.keys()) signalGroup(child, "SIGKILL");
      }, patience * 1000);
      await Promise.all(living.values());
      clearTimeout(late);
      process.removeListener("exit", sweep);
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
