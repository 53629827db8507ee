/**
 * `npm run slack:local [-- --mode http]`: the bot in a Slack of our own, as a page in the browser, on this machine only.
 * It asks the Prometheus of PROMETHEUS_URL, or the demo's shop when that is not set, which Alice and Ben can repair together.
 * Ends with Ctrl-C, and leaves nothing.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { quietLog } from "../../src/cli/bot.ts";
import { progressOn } from "../../src/cli/progress.ts";
import { serve } from "../../src/cli/serve.ts";
import { explain, loadConfig } from "../../src/config.ts";
import { type OnCall, remedyYaml } from "../../src/demo/remedy.ts";
import { type Progress as Reported, startDemo } from "../../src/demo/run.ts";
import { BOT_USER, eventBody, FakeSlack } from "../fakes/slack/index.ts";
import { SlackWindow } from "../fakes/slack/window/index.ts";

const { values: options } = parseArgs({ options: { mode: { type: "string", default: "socket" } } });
const mode = options.mode === "http" ? "http" : "socket";
const folder = fileURLToPath(new URL("../../.demo", import.meta.url));

/** Whoever sits at the page, on call for the shop. */
const PEOPLE: readonly OnCall[] = [
  { id: "alice", name: "Alice", accounts: { slack: "U0ALICE001" } },
  { id: "ben", name: "Ben", accounts: { slack: "U0BEN00001" } },
];

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => stop.abort(new Error("It was stopped.")));

mkdirSync(folder, { recursive: true });
const home = mkdtempSync(join(folder, "slack-"));
const undo: (() => Promise<void> | void)[] = [() => rmSync(home, { recursive: true, force: true })];
try {
  const slack = await new FakeSlack().start();
  undo.push(async () => {
    // The bot says goodbye on its socket, which takes a moment.
    for (let i = 0; i < 100 && slack.openSockets > 0; i++) await sleep(20);
    await slack.stop();
  });
  const serving = await startBot(slack, await whereToAsk());
  undo.push(() => serving.stop(1000));
  const url = `http://127.0.0.1:${serving.port}/slack/events`;
  const window = new SlackWindow(slack, mode === "socket" ? { mode } : { mode, url });
  const joined = { type: "member_joined_channel", user: BOT_USER, channel: "C0GENERAL1", event_ts: slack.stamp() };
  await window.deliver("event", eventBody(joined));
  process.stdout.write(
    `The bot in a local stand-in for Slack (${mode} mode): ${window.url}\nData: ${home}\nCtrl-C ends it.\n`,
  );
  if (!stop.signal.aborted)
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
} catch (problem) {
  if (!stop.signal.aborted) throw problem;
} finally {
  for (const step of undo.reverse()) await step();
}

type Asked = Readonly<Record<string, string | undefined>>;

/** The settings that say where Prometheus is. */
async function whereToAsk(): Promise<Asked> {
  const { PROMETHEUS_URL, PROMETHEUS_EXTERNAL_URL, ALERTMANAGER_URL } = process.env;
  if (PROMETHEUS_URL !== undefined)
    return { PROMETHEUS_URL, PROMETHEUS_EXTERNAL_URL: PROMETHEUS_EXTERNAL_URL ?? PROMETHEUS_URL, ALERTMANAGER_URL };
  process.stderr.write("PROMETHEUS_URL is not set, so this is about the demo's shop, which takes a moment to start.\n");
  const now = () => Date.now() / 1000;
  const progress = progressOn(process, { lines: "steps" });
  const report = ({ step, fraction, problem }: Reported) => {
    if (problem !== undefined) process.stderr.write(`\n${problem}\n`);
    progress.show(fraction, step);
  };
  const demo = await startDemo({ folder, report, now, signal: stop.signal }).finally(progress.end);
  undo.push(() => demo.stop());
  const tokenFile = join(home, "shop-token");
  writeFileSync(tokenFile, demo.admin.token, { mode: 0o600 });
  writeFileSync(join(home, "smartcloudops.yaml"), remedyYaml(demo.admin, PEOPLE, tokenFile));
  return {
    SMARTCLOUDOPS_CONFIG: "smartcloudops.yaml",
    PROMETHEUS_URL: demo.prometheusUrl,
    PROMETHEUS_EXTERNAL_URL: demo.prometheusUrl,
    ALERTMANAGER_URL: demo.alertmanagerUrl,
  };
}

function startBot(slack: FakeSlack, asked: Asked) {
  const env = {
    ...asked,
    PORT: "0",
    SMARTCLOUDOPS_DATA: home,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    ...(mode === "socket" ? { SLACK_APP_TOKEN: slack.appToken } : { SLACK_SIGNING_SECRET: slack.signingSecret }),
  };
  const loaded = loadConfig({ env, cwd: home });
  if (!loaded.ok) throw new Error(explain(loaded.problems));
  return serve(loaded.config, { log: quietLog(loaded.config), onBrokenStore: (problem) => stop.abort(problem) });
}
