/**
 * `npm run bench -- stop [--rounds N] [--limit MS]`: how long it takes from an emergency stop until a step that runs has ended, with
 * a real process of the bot, its store on disk, and a real command of this machine: by a message in Slack (a stand-in, over its
 * WebSocket), by `smartcloudops stop` (the start of that process included), and by the file `STOP`. Then the bot is killed with
 * SIGKILL and started again; a change that was approved before the stop and waits for its delay must not start. The limit of 1 s
 * is for each way's slowest. Ends with 1 when one was slower, or anything started after a stop.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { openStore } from "../../src/app/outside.ts";
import { createApp } from "../../src/app.ts";
import { callSocket, isRunning } from "../../src/chat/socket/call.ts";
import { accountHere } from "../../src/chat/terminal/visitor.ts";
import { explain, loadConfig } from "../../src/config.ts";
import { shortHash } from "../../src/core/proposal.ts";
import { createLog } from "../../src/util/log.ts";
import { ANN } from "../fakes/remedy-world.ts";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { quantile } from "./timed.ts";

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, limit: { type: "string", default: "1000" } },
});
const MAIN = fileURLToPath(new URL("../../src/launch.mjs", import.meta.url));
const PATIENCE_MS = 60_000;
/** Seconds between an approval and its start for the change that must never start. */
const DELAY = 8;
const WAYS = ["chat", "command line", "file STOP"] as const;
type Way = (typeof WAYS)[number];

const runbook = (id: string, risk: string) => `
id: ${id}
title: Run ${id}
does: Runs a command of this machine.
not_when: Never.
risk: ${risk}
params: {}
target: {kind: command, name: ${id}, key: local/${id}}
preconditions: []
steps: [{name: run it, uses: local/run, with: {command: ${id}}}]
cooldown: 0s
per_hour: 1000
cancellable: true
step_timeout: 10m
minutes_by_hand: 5
matches: {}
`;

async function until<T>(find: () => Promise<T | undefined> | T | undefined, what: string): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what} did not come within ${PATIENCE_MS / 1000} s`);
    await sleep(2);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A bot on a folder of its own, with one change that runs and one that waits. Returns how long the stop took, and whether all held. */
async function round(way: Way): Promise<{ readonly ms: number; readonly startedLater: boolean }> {
  const slack = await new FakeSlack().start();
  const folder = mkdtempSync(join(tmpdir(), "stop-"));
  const [pidFile, laterFile] = [join(folder, "pid"), join(folder, "later")];
  mkdirSync(join(folder, "runbooks"));
  for (const [id, text] of [
    ["long", `#!/bin/sh\necho $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 600\n`],
    ["later", `#!/bin/sh\necho it ran > ${laterFile}\n`],
  ] as const) {
    writeFileSync(join(folder, `${id}.sh`), text, { mode: 0o755 });
    writeFileSync(join(folder, "runbooks", `${id}.yaml`), runbook(id, id === "long" ? "low" : "medium"));
  }
  const approver = { approvals: 1, approvers: ["oncall"], four_eyes: false, execute_within: "10m" };
  const settings = {
    people: { ann: { name: "Ann", slack: [ANN], terminal: [accountHere()] } },
    roles: { oncall: { people: ["ann"] } },
    approvals: { default: approver, risk: { medium: { execute_delay: `${DELAY}s` } } },
    runbooks: {
      builtin: false,
      folders: ["./runbooks"],
      modes: { default: "act" },
      executors: { local: ["long", "later"].map((id) => ({ name: id, argv: [join(folder, `${id}.sh`)] })) },
    },
  };
  writeFileSync(join(folder, "smartcloudops.yaml"), JSON.stringify(settings));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    SMARTCLOUDOPS_DATA: join(folder, "data"),
    SMARTCLOUDOPS_CONFIG: "smartcloudops.yaml",
    PROMETHEUS_URL: "http://127.0.0.1:9",
    PORT: "0",
    LOG_LEVEL: "error",
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  };
  const dataDir = env.SMARTCLOUDOPS_DATA;
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [MAIN, "start"], { cwd: folder, env, stdio: "ignore" });
    await until(async () => ((await isRunning(dataDir)) ? true : undefined), "the bot");
    return child;
  };
  let bot: ChildProcess | undefined;
  try {
    const proposals = await proposed(folder, env);
    bot = await start();
    await until(() => slack.openSockets > 0 || undefined, "the connection to Slack");
    const approve = async (id: string) => {
      const { code, ...one } = proposals[id]!;
      const click = {
        kind: "decide",
        id: `click-${id}`,
        proposal: one.id,
        decision: "approve",
        code,
        fields: {},
      } as const;
      await callSocket(dataDir, click, { timeoutMs: 30_000 });
    };
    await approve("long");
    const pid = await until(
      () => (existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : undefined),
      "the step",
    );
    await approve("later");
    if (existsSync(laterFile)) throw new Error("the change that waits did not wait for its delay");
    const pressed = performance.now();
    const pressing = press(way, folder, env, slack);
    await until(() => (isAlive(pid) ? undefined : true), "the end of the step");
    const ms = performance.now() - pressed;
    await pressing;
    bot.kill("SIGKILL");
    await once(bot, "exit");
    bot = await start();
    await sleep((DELAY + 3) * 1000);
    return { ms, startedLater: existsSync(laterFile) };
  } finally {
    if (bot !== undefined && bot.exitCode === null && bot.signalCode === null) {
      bot.kill("SIGTERM");
      await once(bot, "exit");
    }
    await slack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes both proposals into the store, as the bot makes them, before it starts. */
async function proposed(folder: string, env: NodeJS.ProcessEnv) {
  const loaded = loadConfig({ env, cwd: folder });
  if (!loaded.ok) throw new Error(explain(loaded.problems));
  const log = createLog({ level: "fatal" as "error" });
  const store = await openStore(loaded.config, () => Date.now() / 1000, { log });
  const app = await createApp(loaded.config, { store, log });
  const made: Record<string, { readonly id: string; readonly code: string }> = {};
  for (const id of ["later", "long"]) {
    const action = { type: "run", target: id, params: {} };
    const place = { platform: "slack", channel: "C0GENERAL1", thread: "1773224400.000001" };
    const cause = { kind: "ask", text: `run ${id}` } as const;
    const none = { environment: undefined, source: undefined, requester: undefined };
    const need = { action, kinds: ["command"], values: {}, runbook: id, ...none, places: [place], cause, facts: [] };
    const suggested = await app.remedy.suggest(need, AbortSignal.timeout(10_000));
    if (suggested.kind !== "proposed") throw new Error(`${id} was not proposed: ${JSON.stringify(suggested)}`);
    made[id] = { id: suggested.proposal.id, code: shortHash(suggested.proposal.hash) };
  }
  await app.stop();
  return made;
}

async function press(way: Way, folder: string, env: NodeJS.ProcessEnv, slack: FakeSlack): Promise<void> {
  if (way === "chat")
    return void (await slack.deliver("events_api", eventBody(mentionEvent("emergency stop: a figure", { user: ANN }))));
  if (way === "command line")
    return void (await promisify(execFile)(process.execPath, [MAIN, "stop", "a figure"], { cwd: folder, env }));
  writeFileSync(join(folder, "data", "STOP"), "");
}

for (const way of WAYS) {
  const times: number[] = [];
  let late = 0;
  for (let n = 0; n < Number(options.rounds); n++) {
    const { ms, startedLater } = await round(way);
    times.push(ms);
    late += startedLater ? 1 : 0;
  }
  const [p50, most] = [quantile(times, 0.5), Math.max(...times)];
  console.log(
    `stop by ${way}: the running step ended after p50 ${p50.toFixed(0)} ms, at most ${most.toFixed(0)} ms (limit ${options.limit} ms, ${times.length} rounds); started after the stop and a restart by SIGKILL: ${late}`,
  );
  if (most > Number(options.limit) || late > 0) process.exitCode = 1;
}
