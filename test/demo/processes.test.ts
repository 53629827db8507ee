import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { createProcesses, type Program } from "../../src/demo/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "demo-processes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A node program from a line of code. */
const node = (code: string): Program => ({ command: process.execPath, before: ["-e", code] });
const STAY = "console.log(process.pid); setInterval(() => {}, 1000);";

async function pidIn(log: string): Promise<number> {
  const { readFileSync } = await import("node:fs");
  for (let tries = 0; tries < 200; tries++) {
    const text = readFileSync(log, "utf8").trim();
    if (/^\d+$/.test(text)) return Number(text);
    await sleep(50);
  }
  throw new Error(`nothing in ${log}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 400 && isAlive(pid); tries++) await sleep(50);
  return !isAlive(pid);
}

describe("child processes of the demo", () => {
  it("gives back what a program printed, and its last words when it fails", async () => {
    const processes = createProcesses();
    expect(await processes.run(node("console.log('fine')"), [])).toBe("fine\n");
    await expect(processes.run(node("console.error('no disk'); process.exit(3)"), [])).rejects.toThrow(
      /ended with 3: no disk/,
    );
    await expect(processes.run({ command: "/nowhere/prog", before: [] }, [])).rejects.toThrow(/127/);
    await processes.stopAll();
  });

  it("never takes a program that fails at once for one that succeeded", async () => {
    const processes = createProcesses();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, () => processes.run({ command: "/nowhere/prog", before: [] }, [])),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
    await processes.stopAll();
  });

  it("are gone when all are stopped, and their end is no surprise then", async () => {
    const processes = createProcesses();
    const log = join(folder, "polite.log");
    const surprises: unknown[] = [];
    await processes.start(node(STAY), [], log, (code) => surprises.push(code));
    const pid = await pidIn(log);
    await processes.stopAll();
    expect(isAlive(pid)).toBe(false);
    expect(surprises).toEqual([]);
  });

  it("are made to end when they do not want to", async () => {
    const processes = createProcesses();
    const log = join(folder, "stubborn.log");
    await processes.start(node(`process.on('SIGTERM', () => {}); ${STAY}`), [], log, () => undefined);
    const pid = await pidIn(log);
    await processes.stopAll(0.3);
    expect(await isGone(pid)).toBe(true);
  });

  it("are reported when they end by themselves", async () => {
    const processes = createProcesses();
    const code = await new Promise((resolve) => {
      void processes.start(node("process.exit(7)"), [], join(folder, "short.log"), resolve);
    });
    expect(code).toBe(7);
    await processes.stopAll();
  });

  it("stop in the middle when the work is called off", async () => {
    const processes = createProcesses();
    const stop = new AbortController();
    const running = processes.run(node("setInterval(() => {}, 1000)"), [], stop.signal);
    setTimeout(() => stop.abort(new Error("called off")), 200);
    await expect(running).rejects.toThrow("called off");
    await processes.stopAll();
  });

  it.each([
    ["a polite one", STAY],
    ["one that does not want to end", `process.on('SIGTERM', () => {}); ${STAY}`],
  ])("do not outlive a parent that was killed outright: %s", async (name, stay) => {
    const log = join(folder, `orphan of ${name}.log`);
    const url = new URL("../../src/demo/processes.ts", import.meta.url).href;
    const code = `import { createProcesses } from ${JSON.stringify(url)};
      await createProcesses().start({ command: process.execPath, before: ["-e", ${JSON.stringify(stay)}] }, [], ${JSON.stringify(log)}, () => {});
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
    for (let tries = 0; tries < 200 && !(await import("node:fs")).existsSync(log); tries++) await sleep(50);
    const pid = await pidIn(log);
    parent.kill("SIGKILL");
    expect(await isGone(pid)).toBe(true);
  });

  it("are not started any more once everything is being stopped", async () => {
    const processes = createProcesses();
    await processes.stopAll();
    await expect(processes.run(node("1"), [])).rejects.toThrow(/not started/);
  });
});
