import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLocalActions, type LocalCommand } from "../../../src/actions/local/index.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { contextOf, deps, lookAndRun, never, newKey, SECRET, until } from "../steps.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "local-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);

/** A program that notes its words and its environment, then does what `text` says. */
function program(name: string, text = ""): string {
  const note = `{ for word in "$@"; do printf '%s\\037' "$word"; done; printf '\\036'; } >>${path("calls")}\nenv >${path("env")}\npwd >${path("pwd")}\n`;
  writeFileSync(path(name), `#!/bin/sh\n${note}${text}\n`);
  chmodSync(path(name), 0o755);
  return path(name);
}

const calls = () =>
  existsSync(path("calls"))
    ? readFileSync(path("calls"), "utf8")
        .split("\x1e")
        .slice(0, -1)
        .map((call) => call.split("\x1f").slice(0, -1))
    : [];

function action(command: Omit<LocalCommand, "name">): Action {
  const [made] = createLocalActions([{ name: "flush", ...command }], { ...deps, dataDir: path("data") });
  return made!;
}

const flush = (text = "") =>
  action({ argv: [program("flush", text), "--zone", "{zone}", "--"], args: { zone: "[ -~]{1,200}" } });
const ARGS = { command: "flush", args: { zone: "eu-1" } };

describe("a command of this machine", () => {
  it("runs with exactly its words, in a clean environment and its own folder", async () => {
    process.env["LEAKED"] = "yes";
    const made = action({
      argv: [program("flush"), "--zone", "{zone}"],
      args: { zone: "[a-z0-9-]{1,40}" },
      cwd: folder,
      env: { K: "V" },
    });
    const ran = await lookAndRun(made, ARGS);
    delete process.env["LEAKED"];
    expect(ran).toEqual({ outcome: "succeeded", output: "flush ended with exit code 0." });
    expect(calls()).toEqual([["--zone", "eu-1"]]);
    const env = readFileSync(path("env"), "utf8")
      .split("\n")
      .filter((line) => !/^(?:PWD|_|SHLVL|OLDPWD)=|^$/.test(line))
      .sort();
    expect(env).toEqual(["K=V", "LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
    expect(readFileSync(path("pwd"), "utf8").trim()).toBe(folder);
  });

  it("hands every value on as one word, byte for byte, whatever a shell would make of it", async () => {
    const made = flush();
    const values = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
      minLength: 1,
      maxLength: 60,
    });
    const tried: string[] = [];
    await fc.assert(
      fc.asyncProperty(
        values.filter((value) => !value.startsWith("-")),
        async (zone) => {
          tried.push(zone);
          const args = { command: "flush", args: { zone } };
          expect(made.check(args)).toBeUndefined();
          expect(await made.run(args, contextOf({ identity: {}, precondition: {} }))).toMatchObject({
            outcome: "succeeded",
          });
          expect(calls().at(-1)).toEqual(["--zone", zone, "--"]);
        },
      ),
      { numRuns: 12, examples: [["$(touch /PWNED)"], ["a; id"], ["{zone}"], ["'\"`\\"], ["a\\nb"], ["*"], ["%0aid"]] },
    );
    expect(calls()).toHaveLength(tried.length);
  });

  it("says with which code it failed, and what it said, without secrets", async () => {
    const ran = await lookAndRun(flush(`echo "cannot: ${SECRET}" >&2; exit 3`), ARGS);
    expect(ran).toEqual({ outcome: "failed", output: "cannot: <hidden>\nflush ended with exit code 3." });
  });

  it("keeps 64 KB of its output", async () => {
    const ran = await lookAndRun(flush("head -c 5000000 /dev/zero | tr '\\0' x"), ARGS);
    expect(ran.outcome).toBe("succeeded");
    expect(Buffer.byteLength(ran.output)).toBeLessThanOrEqual(64 * 1024);
  });

  it("is refused when it is not there, or when anybody may change it", async () => {
    await expect(action({ argv: [path("nothing")] }).look({ args: {} }, never())).rejects.toMatchObject({
      status: 404,
    });
    chmodSync(program("open"), 0o777);
    await expect(action({ argv: [path("open")] }).look({ args: {} }, never())).rejects.toMatchObject({ status: 403 });
  });

  it("does not run when the program was changed since it was shown", async () => {
    const made = flush();
    const look = await made.look(ARGS, never());
    program("flush", "echo something else");
    const ran = await made.run(ARGS, contextOf(look));
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(ran.output).toContain("is another file than the one that was shown");
    expect(calls()).toEqual([]);
  });

  it("does not run when the configuration says other words than those that were shown", async () => {
    const look = await flush().look(ARGS, never());
    const other = action({ argv: [path("flush"), "--all", "{zone}"], args: { zone: "[a-z0-9-]+" } });
    expect(await other.run(ARGS, contextOf(look))).toMatchObject({ outcome: "failed" });
    expect(calls()).toEqual([]);
  });

  it("says that it cannot be simulated", async () => {
    const made = flush();
    expect(await made.simulate(ARGS, await made.look(ARGS, never()), never())).toEqual({
      kind: "cannot",
      why: "flush has no dry run.",
    });
    expect(calls()).toEqual([]);
  });
});

describe("at most once on this machine", () => {
  it("runs once for a key, however often and however parallel it is tried", async () => {
    const made = flush("sleep 0.2");
    const context = contextOf(await made.look(ARGS, never()));
    const all = await Promise.all(Array.from({ length: 8 }, () => made.run(ARGS, context)));
    expect(calls()).toHaveLength(1);
    expect(
      all.filter(
        ({ output }) => !output.includes("earlier") && !output.includes("still runs") && !output.includes("not noted"),
      ),
    ).toHaveLength(1);
    const again = await made.run(ARGS, context);
    expect(again.outcome).toBe("succeeded");
    expect(again.output).toContain("An earlier attempt at the same step did it");
    expect(calls()).toHaveLength(1);
  });

  it("a probe of what never ran says so, and keeps a late attempt from running", async () => {
    const made = flush();
    const context = contextOf(await made.look(ARGS, never()));
    expect(await made.probe(ARGS, context)).toMatchObject({ found: "not_run" });
    expect(await made.probe(ARGS, context)).toMatchObject({ found: "not_run" });
    expect(await made.run(ARGS, context)).toMatchObject({ outcome: "failed" });
    expect(calls()).toEqual([]);
  });

  it("knows how it ended although the bot was killed meanwhile", async () => {
    const slow = program(
      "slow",
      `touch ${path("began")}; while [ ! -e ${path("go")} ]; do sleep 0.05; done; echo done`,
    );
    const key = newKey();
    const bot = spawn(
      process.execPath,
      [fileURLToPath(new URL("./bot-that-runs.ts", import.meta.url)), path("data"), key, slow],
      { stdio: "ignore" },
    );
    const gone = once(bot, "exit");
    await until(() => existsSync(path("began")), "the command begins");
    bot.kill("SIGKILL");
    await gone;
    const made = action({ argv: [slow] });
    const context = contextOf({ identity: {}, precondition: {} }, { key });
    expect(await made.probe({ args: {} }, context)).toEqual({ found: "unknown", text: "flush still runs." });
    writeFileSync(path("go"), "");
    await until(async () => (await made.probe({ args: {} }, context)).found === "ran", "its end is noted");
    expect(calls()).toHaveLength(1);
  });

  it("asks the configured check when its end was not noted", async () => {
    const check = program("check", `[ -e ${path("flushed")} ]`);
    const made = action({
      argv: [program("flush", `touch ${path("flushed")}; kill -9 $PPID`)],
      checkArgv: [check],
    });
    const context = contextOf(await made.look({ args: {} }, never()));
    expect(await made.run({ args: {} }, context)).toMatchObject({ outcome: "unknown" });
    expect(await made.probe({ args: {} }, context)).toMatchObject({ found: "ran" });
    rmSync(path("flushed"));
    expect(await made.probe({ args: {} }, context)).toMatchObject({ found: "unknown" });
  });
});

describe("a command that does not end", () => {
  const pidOf = (name: string) => Number(readFileSync(path(name), "utf8"));
  const lives = (pid: number) => {
    try {
      // A dead one that nobody has collected yet counts as dead.
      return !/^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  };

  it("is ended at its deadline with all that it started, and nobody claims to know what it did", async () => {
    const made = flush(`sleep 600 & echo $! >${path("child")}; echo $$ >${path("own")}; wait`);
    const ran = await made.run(ARGS, contextOf(await made.look(ARGS, never()), { timeoutMs: 500 }));
    expect(ran).toMatchObject({ outcome: "unknown" });
    expect(ran.output).toContain("flush was ended before it was done");
    await until(() => !lives(pidOf("child")) && !lives(pidOf("own")), "all of it has ended");
  });

  it("is made to end when it ignores being asked", async () => {
    const made = flush(`trap '' TERM; echo $$ >${path("own")}; while :; do sleep 0.1; done`);
    const ran = await made.run(ARGS, contextOf(await made.look(ARGS, never()), { timeoutMs: 300 }));
    expect(ran).toMatchObject({ outcome: "unknown" });
    expect(lives(pidOf("own"))).toBe(false);
  });

  it("is ended by a stop", async () => {
    const made = flush(`echo $$ >${path("own")}; sleep 600`);
    const stop = new AbortController();
    const running = made.run(ARGS, contextOf(await made.look(ARGS, never()), { signal: stop.signal }));
    await until(() => existsSync(path("own")), "it begins");
    stop.abort();
    expect(await running).toMatchObject({ outcome: "unknown" });
    await until(() => !lives(pidOf("own")), "it has ended");
  });

  it("does not begin when the stop came before", async () => {
    const made = flush();
    const look = await made.look(ARGS, never());
    expect(await made.run(ARGS, contextOf(look, { signal: AbortSignal.abort() }))).toMatchObject({ outcome: "failed" });
    expect(calls()).toEqual([]);
  });
});

describe("what a command may not be given", () => {
  const made = () => action({ argv: [program("flush"), "{zone}"], args: { zone: "[a-z0-9-]{1,40}" } });

  it.each([
    ["an option", "--all"],
    ["a second command", "eu; reboot"],
    ["a second line", "eu\nreboot"],
    ["a line end alone", "eu\n"],
    ["a substitution", "$(reboot)"],
    ["a variable", "${IFS}eu"],
    ["a way up", "../../etc"],
    ["letters that look alike", "еu-1"],
    ["a character that turns the text around", "eu\u202e1"],
    ["nothing", ""],
    ["far too much", "e".repeat(100_000)],
    ["a zero byte", "eu\0"],
  ])("%s", async (_, zone) => {
    const one = made();
    expect(one.check({ command: "flush", args: { zone } })).toMatch(/does not fit its pattern/);
    expect(
      await one.run({ command: "flush", args: { zone } }, contextOf({ identity: {}, precondition: {} })),
    ).toMatchObject({ outcome: "failed" });
    expect(calls()).toEqual([]);
  });

  it.each([
    ["an unknown argument", { command: "flush", args: { zone: "eu", extra: "1" } }],
    ["an argument of the prototype", { command: "flush", args: { zone: "eu", constructor: "x" } }],
    ["a missing one", { command: "flush", args: {} }],
    ["a list", { command: "flush", args: { zone: ["eu"] } }],
    ["another command", { command: "reboot", args: { zone: "eu" } }],
    ["a path as the command", { command: "/bin/sh", args: { zone: "eu" } }],
    ["words of its own", { command: "flush", args: { zone: "eu" }, argv: ["/bin/sh"] }],
  ])("%s", (_, args) => {
    expect(made().check(args)).toBeTypeOf("string");
  });

  it.each([
    ["a program that is looked for in PATH", { argv: ["flush"] }],
    ["a program that an argument names", { argv: ["/usr/bin/{zone}"], args: { zone: "a" } }],
    ["a script on the command line", { argv: ["/bin/sh", "-c", "echo {zone}"], args: { zone: "a" } }],
    ["an argument without a pattern", { argv: ["/usr/bin/flush", "{zone}"] }],
    ["a pattern that is none", { argv: ["/usr/bin/flush", "{zone}"], args: { zone: "(" } }],
    ["an argument that is never used", { argv: ["/usr/bin/flush"], args: { zone: "a" } }],
    ["a library to be loaded before", { argv: ["/usr/bin/flush"], env: { LD_PRELOAD: "/tmp/x.so" } }],
  ])("settings with %s", (_, command) => {
    expect(() => action(command as Omit<LocalCommand, "name">)).toThrow(/Local command "flush"/);
  });
});
