import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const LOG = fileURLToPath(new URL("../../src/util/log.ts", import.meta.url));

/** Node that runs this with a log. */
const program = (work: string) => [
  "--input-type=module",
  "-e",
  `import { createLog } from ${JSON.stringify(LOG)}; const log = createLog({ level: "info" }); ${work}`,
];

type Line = { readonly msg: string; readonly number?: number };

const linesOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

describe("the log on stderr", () => {
  it("goes on while nobody reads it, and says how many lines were lost by that", async () => {
    // Ten megabytes, more than a pipe holds and more than waits; then it tells on stdout that it was not held up.
    const work = `
      for (let number = 0; number < 10_000; number++) {
        log.info({ number, text: "x".repeat(1000) }, "said");
        if (number % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      process.stdout.write("went on");
      process.stdin.once("data", () => process.stdin.destroy());`;
    const child = spawn(process.execPath, program(work), { stdio: "pipe" });
    child.stderr.pause();
    const [said] = await once(child.stdout, "data");
    expect(String(said)).toBe("went on");
    child.stdin.write("now");
    const chunks: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
    await once(child, "close");
    const lines = linesOf(Buffer.concat(chunks).toString());
    const numbers = lines.flatMap(({ number }) => number ?? []);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const lost = lines.flatMap(({ msg }) => /^(\d+) lines of this log were lost/.exec(msg)?.[1] ?? []).map(Number);
    expect(lost.length).toBeGreaterThan(0);
    expect(numbers.length + lost.reduce((a, b) => a + b, 0)).toBe(10_000);
  });

  it("has the last words of a process that ends at once", () => {
    const work = `for (let number = 0; number < 300; number++) log.info({ number }, "said"); process.exit(0);`;
    const command = `"$0" "$@" 2>&1`;
    const text = execFileSync("sh", ["-c", command, process.execPath, ...program(work)]).toString();
    expect(
      linesOf(text)
        .map(({ number }) => number)
        .toSorted((a, b) => a! - b!),
    ).toEqual(Array.from({ length: 300 }, (_, number) => number));
  });

  it("has them too where they are more than a pipe holds", () => {
    const work = `for (let number = 0; number < 3000; number++) log.info({ number, text: "x".repeat(100) }, "said"); process.exit(0);`;
    const command = `"$0" "$@" 2>&1 | cat`;
    const text = execFileSync("sh", ["-c", command, process.execPath, ...program(work)]).toString();
    expect(linesOf(text)).toHaveLength(3000);
    expect(text).toContain('"number":2999');
  });

  it("ends when its reader went away", async () => {
    const work = `for (let number = 0; number < 50; number++) { log.info({ number }, "said"); await new Promise((resolve) => setTimeout(resolve, 2)); }`;
    const child = spawn(process.execPath, program(work), { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.destroy();
    expect((await once(child, "exit"))[0]).toBe(0);
  });
});
