import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { realServers } from "../e2e/real.ts";
import { commandsOf, WAYS } from "./commands.ts";
import { loggedCommands } from "./log.ts";

/** The README's commands: each is run, here or in the log of a newcomer, or it says why not. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const { servers } = realServers();

describe("each command of the README", () => {
  it("is run or has its reason, in the README's order", () => {
    expect(commandsOf(readme)).toEqual(WAYS.map(([command]) => command));
    for (const [command, { log, shell, why }] of WAYS)
      expect(log === true || shell === true, command).toBe(why === undefined);
  });

  it("that a newcomer types stands in the log of one who did, in that order", () => {
    expect(loggedCommands(readme)).toEqual(WAYS.flatMap(([command, { log }]) => (log === true ? [command] : [])));
  });
});

describe("in a shell, on a real Prometheus", () => {
  let cwd: string;
  let stop = async () => {};
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), "readme-"));
  });
  afterAll(async () => {
    await stop();
    rmSync(cwd, { recursive: true, force: true, maxRetries: 3 });
  });

  it("the others do what they say", { timeout: 240_000 }, async ({ skip }) => {
    const { url, alertmanagerUrl } = servers(skip);
    prepare(cwd);
    const [port = 0] = await freePorts(1);
    const token = `grafana=${"0123456789abcdef".repeat(3)}`;
    const env = {
      ...{ PATH: `${join(cwd, "bin")}:${process.env.PATH}`, HOME: cwd, PORT: `${port}` },
      ...{ PROMETHEUS_URL: url, ALERTMANAGER_URL: alertmanagerUrl, API_TOKENS: token },
    };
    // What a reader has to put in place of the README's own.
    const typed = (command: string) =>
      command
        .replace("PROMETHEUS_URL=http://localhost:9090", `PROMETHEUS_URL=${url}`)
        .replace("http://127.0.0.1:3978/", `http://127.0.0.1:${port}/`)
        .replace("$(openssl rand -hex 24)", token.slice("grafana=".length));
    const failed: string[] = [];
    for (const [command, { shell }] of WAYS) {
      if (shell !== true || command.endsWith("smartcloudops start")) continue;
      // Those before it are a person's own, without a bot that runs; what watches know is a running one's.
      if (command.includes("watches versions")) stop = await start(typed("npx smartcloudops start"), env, cwd);
      const { code, said } = await run(typed(command), env, cwd);
      if (code !== 0) failed.push(`${command}: ${code}\n${said}`);
    }
    expect(failed).toEqual([]);
    expect(readFileSync(join(cwd, "digests.html"), "utf8")).toContain("<html");
    expect(readFileSync(join(cwd, "scores/load.csv"), "utf8")).toMatch(/^timestamp,anomaly_score,is_alert\n/);
  });
});

/** The files that the commands name, the README's own settings for a token, and an `npx` that starts the bot of this clone. */
function prepare(cwd: string): void {
  mkdirSync(join(cwd, "bin"));
  const npx = `#!/bin/sh\n[ "$1" = smartcloudops ] || exit 9\nshift\nexec "${process.execPath}" "${join(root, "src/launch.mjs")}" "$@"\n`;
  writeFileSync(join(cwd, "bin/npx"), npx);
  chmodSync(join(cwd, "bin/npx"), 0o755);
  const yaml = /```yaml\n(api:\n {2}tokens:\n.*?)```/s.exec(readme)?.[1] ?? "";
  // The shop of the tests is all production.
  writeFileSync(join(cwd, "smartcloudops.yaml"), yaml.replace(/^ +environments: .*\n/m, ""));
  writeFileSync(join(cwd, "questions.jsonl"), '{"id":"1","text":"cpu of pg-1"}\n{"id":"2","text":"status"}\n');
  mkdirSync(join(cwd, "series"));
  const rows = Array.from({ length: 300 }, (_, i) => `${1_790_000_000 + 60 * i},${Math.sin(i / 20)}`);
  writeFileSync(join(cwd, "series/load.csv"), `timestamp,value\n${rows.join("\n")}\n`);
}

function run(command: string, env: NodeJS.ProcessEnv, cwd: string) {
  return new Promise<{ readonly code: number | string; readonly said: string }>((resolve) => {
    const child = execFile("bash", ["-c", command], { env, cwd, timeout: 60_000 }, (problem, stdout, stderr) =>
      resolve({ code: problem === null ? 0 : (problem.code ?? "killed"), said: `${stdout}${stderr}`.slice(-800) }),
    );
    // Most of them read nothing and may have ended by now: their exit codes tell what the matter was.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end("status\n");
  });
}

/** Resolves once it says that it is ready and its first round of watching is over. */
async function start(command: string, env: NodeJS.ProcessEnv, cwd: string): Promise<() => Promise<void>> {
  const child = spawn("bash", ["-c", `exec ${command}`], {
    env: { ...env, LOG_LEVEL: "debug" },
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
      if (said.includes('"ready"') && said.includes('"a round of watching"')) resolve();
    });
    child.once("exit", (code) => reject(new Error(`the bot ended with ${code}: ${said.slice(-800)}`)));
  });
  return async () => {
    child.kill("SIGTERM");
    await ended;
  };
}
