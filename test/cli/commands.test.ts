import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "smartcloudops-cli-"));
});
afterAll(() => rmSync(home, { recursive: true }));

/** Runs the real program in an empty folder. */
async function run(
  args: readonly string[],
  { env = {}, input = "" }: { env?: Record<string, string>; input?: string } = {},
) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: home,
    env: { PATH: process.env.PATH, SMARTCLOUDOPS_DATA: join(home, "data"), ...env },
  });
  // A program that has already ended does not read on: its exit code tells what the matter was.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.on("exit", resolve)),
  ]);
  return { stdout, stderr, code };
}

describe("the command line", { timeout: 60_000 }, () => {
  it("explains every command it has", async () => {
    const { stdout, code } = await run(["help"]);
    assert.equal(code, 0);
    for (const command of Object.keys(COMMANDS)) assert.match(stdout, new RegExp(`^  ${command}\\b`, "m"));
  });

  it("explains one command, by help or by its own --help", async () => {
    const byName = await run(["help", "ask"]);
    assert.match(byName.stdout, /--batch FILE\.jsonl/);
    assert.doesNotMatch(byName.stdout, /doctor/);
    assert.deepEqual(await run(["ask", "--help"]), byName);
  });

  it("suggests the command that was meant, and ends with 2", async () => {
    const { stderr, stdout, code } = await run(["docter"]);
    assert.equal(stderr, 'smartcloudops: there is no command "docter". Did you mean "doctor"?\n');
    assert.equal(stdout, "");
    assert.equal(code, 2);
  });

  it("suggests the flag that was meant, and ends with 2", async () => {
    const { stderr, code } = await run(["ask", "--jsn", "cpu"]);
    assert.equal(stderr, "smartcloudops: ask has no flag --jsn. Did you mean --json?\n");
    assert.equal(code, 2);
  });

  it.each([
    [["ask"], /wants a question/],
    [["ask", "--now", "yesterday", "cpu"], /--now must be a time in RFC 3339.*"yesterday"/],
    [["ask", "--now", "2026-01-15T10:00:00", "cpu"], /with its zone/],
    [["ask", "--parallel", "3", "cpu"], /belongs to --batch/],
    [["ask", "--batch", "x.jsonl"], /say so with --json/],
    [["ask", "--batch", "nowhere.jsonl", "--json"], /there is no such file/],
    [["ask", "--batch", "-", "--json", "--parallel", "0"], /from 1 to 32/],
    [["ask", "--thread"], /--thread/],
    [["proposals", "show"], /show wants the id of one proposal/],
    [["proposals"], /wants "list", "show ID", or one of approve,.*: it is ""/],
    [["audit"], /wants one of verify, export, report, key, accept-restored: it is ""/],
    [["audit", "verify", "--period", "3d"], /audit verify takes no --period/],
    [["audit", "report", "now"], /audit report takes no "now"/],
    [["audit", "verify", "--anchor", "7"], /--anchor must be a record's number and at least 12 digits.*"7"/],
    [["audit", "verify", "nowhere.json"], /"nowhere\.json" cannot be read/],
    [["audit", "export", "--format", "xml"], /--format must be json, csv, html: it is "xml"/],
    [["audit", "export", "--period", "soon"], /--period must be a time such as 30d or 12h: it is "soon"/],
    [["audit", "key"], /AUDIT_KEY_FILE is not set/],
    [["audit", "accept-restored"], /needs a terminal/],
    [["chat", "hello"], /takes no words/],
    [["help", "nonsense"], /no command "nonsense"/],
  ])("refuses %j with a sentence, and ends with 2", async (args, sentence) => {
    const { stderr, stdout, code } = await run(args);
    assert.match(stderr, sentence);
    assert.equal(stdout, "");
    assert.equal(code, 2);
  });

  it("lists all problems of the configuration at once, and ends with 78", async () => {
    const env = { PORT: "no", LOG_LEVEL: "loud", PROMETHEUS_URL: "not a url" };
    for (const args of [["ask", "cpu"], ["start"], ["proposals", "list"], ["chat"]]) {
      const { stderr, stdout, code } = await run(args, { env });
      assert.match(stderr, /3 problems/);
      for (const name of Object.keys(env)) assert.match(stderr, new RegExp(`^  ${name}: `, "m"));
      assert.equal(stdout, "");
      assert.equal(code, 78);
    }
  });

  it("lists nothing where nothing was ever stored, without making a store", async () => {
    const env = { SMARTCLOUDOPS_DATA: join(home, "never") };
    assert.deepEqual(await run(["proposals", "list", "--json"], { env }), { stdout: "[]\n", stderr: "", code: 0 });
    assert.match((await run(["lessons", "list"], { env })).stdout, /Nobody has taught me a word/);
    assert.throws(() => rmSync(join(home, "never")), /ENOENT/);
  });

  it("refuses to list out of a file that is no store, and ends with 1", async () => {
    const folder = mkdtempSync(join(home, "broken-"));
    writeFileSync(join(folder, "smartcloudops.db"), "this is not a database, however long it may be".repeat(100));
    const { stderr, code } = await run(["proposals", "list"], { env: { SMARTCLOUDOPS_DATA: folder } });
    assert.match(stderr, /not a SQLite database/);
    assert.doesNotMatch(stderr, /at .*\.ts/);
    assert.equal(code, 1);
  });
});
