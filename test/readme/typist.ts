import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";

/** What is waited for on the screen, and what is typed then. */
export type Typed = readonly (readonly [waitFor: RegExp, type: string])[];

export type Typing = {
  /** Resolves when it has said so; with all it said so far. */
  readonly says: (what: RegExp) => Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
  /** Types that, and hangs up where it is still there after 20 s. Resolves when it has ended. */
  readonly leave: (last: string) => Promise<void>;
};

/** What stays on the screen: of a line that was drawn over, its last form. */
function asShown(said: string): string {
  const lines = stripVTControlCharacters(said).replaceAll("\r\n", "\n").split("\n");
  return lines.map((line) => line.slice(line.lastIndexOf("\r") + 1)).join("\n");
}

/** Runs a shell command in a terminal of its own (`script`), and types what is to be typed when it asks for it. */
export function typing(
  command: string,
  { cwd, env, typed = [] }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly typed?: Typed },
): Typing {
  const child = spawn("script", ["-qefc", `stty cols 110; ${command}`, "/dev/null"], { cwd, env, stdio: "pipe" });
  // What has ended by itself does not read what is typed: its exit code tells what the matter was.
  child.stdin.on("error", () => undefined);
  let said = "";
  const listeners = new Set<() => void>();
  const left = [...typed];
  // What was typed is over with: the next answer is looked for after it.
  let from = 0;
  child.stdout.on("data", (chunk) => {
    said += String(chunk);
    const plain = stripVTControlCharacters(said);
    const [next] = left;
    if (next?.[0].test(plain.slice(from))) {
      left.shift();
      from = plain.length;
      child.stdin.write(`${next[1]}\r`);
    }
    for (const listen of listeners) listen();
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, said: asShown(said) })),
  );
  return {
    says: (what) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const plain = stripVTControlCharacters(said);
          if (what.test(plain)) resolve(plain);
        };
        listeners.add(look);
        look();
        void ended.then(({ code }) => reject(new Error(`${command} ended with ${code}: ${said.slice(-1500)}`)));
      }),
    ended,
    async leave(last) {
      child.stdin.write(last);
      const late = setTimeout(() => child.kill("SIGTERM"), 20_000);
      await ended;
      clearTimeout(late);
    },
  };
}
