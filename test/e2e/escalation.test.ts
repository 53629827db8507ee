import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { type Serving, serve } from "../../src/cli/serve.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { freePorts } from "../../src/demo/ports.ts";
import type { Log } from "../../src/util/log.ts";
import { clickBody, FakeSlack } from "../fakes/slack/index.ts";
import { until } from "./alertmanager.ts";
import { programs } from "./processes.ts";

/** The whole program while nobody acknowledges an incident: who is called when, in its thread and in a chat of two, in a Slack of our own. */

const CHANNEL = "C0GENERAL1";
const ALICE = { account: "U0ALICE001", chat: "D0ALICE001" };
const BEN = "U0BEN00001";
const { newHome, launch, clean } = programs();
let slack: FakeSlack;
let serving: Serving | undefined;
beforeEach(async () => {
  slack = await new FakeSlack().start();
});
afterEach(async () => {
  await serving?.stop(100);
  serving = undefined;
  await slack.stop();
});
afterAll(clean);

const settings = (steps: readonly string[], more: string) =>
  [
    "routes:",
    `  - {slack: [${CHANNEL}]}`,
    "people:",
    `  alice: {name: Alice Example, slack: [${ALICE.account}]}`,
    `  ben: {name: Ben Example, slack: [${BEN}]}`,
    "oncall:",
    "  schedules:",
    '    - {name: primary, layers: [{people: [ben], start: "2026-01-05 09:00", every: 7d}]}',
    "  escalations:",
    `    - {name: all, ${more}, steps: [${steps.join(", ")}]}`,
  ].join("\n");

const env = (port: number, home: string) => ({
  ...{ PORT: `${port}`, SMARTCLOUDOPS_DATA: join(home, "data"), SLACK_API_URL: slack.apiUrl },
  ...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken },
});

async function alert(port: number, status: "firing" | "resolved" = "firing"): Promise<void> {
  const labels = { alertname: "ErrorRatioHigh", service: "orders", severity: "critical" };
  const startsAt = new Date(Date.now() - 60_000).toISOString();
  const response = await fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
    method: "POST",
    body: JSON.stringify({ version: "4", alerts: [{ status, labels, startsAt, fingerprint: "f1" }] }),
  });
  expect(response.status).toBe(200);
}

/** The incident's message in a channel; notes in its thread, in the order in which they came. */
const message = (channel: string) => slack.sent(channel).find(({ thread_ts }) => thread_ts === undefined);
const notes = (channel = CHANNEL) => slack.sent(channel).filter(({ thread_ts }) => thread_ts !== undefined);
const told = (note: { readonly blocks: unknown } | undefined) => JSON.stringify(note?.blocks);
/** As Slack calls somebody, so that their phone rings. */
const calling = (account: string) => `{"type":"user","user_id":"${account}"}`;

/** Presses that button on the incident's message there. */
async function press(decision: string, channel: string): Promise<void> {
  const { ts, blocks } = message(channel)!;
  const all = blocks.flatMap((block) => (block["elements"] ?? []) as Record<string, string>[]);
  const button = all.find(({ action_id = "" }) => action_id.startsWith(`decide:${decision}:`));
  const { action_id, value } = button ?? {};
  expect(action_id).toBeDefined();
  const where = {
    container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: false },
    channel: { id: channel, name: "it" },
    message: { type: "message", ts, text: "it" },
  };
  await slack.deliver("interactive", clickBody({ action_id, value }, where));
}

it("calls who is on call, then somebody in a chat of two, again as written and over a crash, until it is acknowledged there", {
  timeout: 90_000,
}, async () => {
  const home = newHome();
  const [port = 0] = await freePorts(1);
  const steps = ["{after: 1s, oncall: [primary]}", `{after: 1s, people: [alice], slack: [${ALICE.account}]}`];
  writeFileSync(join(home, "smartcloudops.yaml"), settings(steps, "repeat: 20"));
  const begin = async () => {
    const bot = launch(["start"], { home, env: env(port, home) });
    await bot.says('"ready"');
    return bot;
  };
  const first = await begin();
  await alert(port);
  await until(() => notes().length >= 1, "the call in the thread");
  expect(notes()[0]?.thread_ts).toBe(message(CHANNEL)?.ts);
  expect(told(notes()[0])).toContain(calling(BEN));
  expect(notes()[0]?.text).toContain("Unacknowledged. Critical: orders");
  // A chat of two gets the message itself, with its buttons, and the call in its thread.
  await until(() => notes(ALICE.chat).length >= 1, "the call in the chat of two");
  expect(message(ALICE.chat)?.text).toContain("Critical: orders");
  expect(told(notes(ALICE.chat)[0])).toContain(calling(ALICE.account));
  expect(told(notes()[0])).not.toContain(ALICE.account);
  first.child.kill("SIGKILL");
  await first.ended;
  const before = notes().length;
  const second = await begin();
  await until(() => notes().length > before && notes(ALICE.chat).length > 1, "the steps of another round");
  await press("acknowledge", ALICE.chat);
  await until(() => told(message(CHANNEL)).includes("acknowledged it at"), "the acknowledgement in the channel");
  const [calls, chat] = [notes().length, notes(ALICE.chat).length];
  await sleep(2500); // two more steps would have been due
  expect([notes().length, notes(ALICE.chat).length]).toEqual([calls, chat]);
  // Steps in turn, none twice: the channel is one ahead at most.
  expect(calls - chat === 0 || calls - chat === 1).toBe(true);
  await alert(port, "resolved");
  await until(() => message(ALICE.chat)?.text.startsWith("Resolved after") === true, "the end in the chat of two");
  expect(message(CHANNEL)?.text).toMatch(/^Resolved after/);
  for (const channel of [CHANNEL, ALICE.chat])
    expect(slack.sent(channel).filter(({ thread_ts }) => thread_ts === undefined)).toHaveLength(1);
  second.child.kill("SIGTERM");
  expect((await second.ended).code).toBe(0);
});

const nothing = () => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };

it("is open again, and calls whoever acknowledged it, when nothing moved for long", { timeout: 60_000 }, async () => {
  const home = newHome();
  writeFileSync(join(home, "smartcloudops.yaml"), settings(["{after: 1h, oncall: [primary]}"], "idle: 2h"));
  const loaded = loadConfig({ env: env(0, home), cwd: home });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  let ahead = 0;
  const start = async (): Promise<Serving> => {
    const clock = () => Date.now() / 1000 + ahead;
    serving = await serve(loaded.config as Config, { log, onBrokenStore: nothing, overrides: { clock } });
    return serving;
  };
  const first = await start();
  await alert(first.port);
  await until(() => message(CHANNEL) !== undefined, "the message");
  await press("acknowledge", CHANNEL);
  await until(() => told(message(CHANNEL)).includes("acknowledged it at"), "the acknowledgement");
  await first.stop(100);
  ahead = 2 * 3600 + 60;
  await start();
  await until(() => notes().length > 0, "the call");
  expect(notes()[0]?.text).toContain("Open again. Critical: orders");
  expect(told(notes()[0])).toContain(calling(ALICE.account));
  await until(() => told(message(CHANNEL)).includes('"decide:acknowledge:'), "the button to acknowledge it again");
  await serving?.stop(100);
  ahead += 3600;
  await start();
  await until(() => notes().length > 1, "the first step, from the start");
  expect(told(notes()[1])).toContain(calling(BEN));
});
