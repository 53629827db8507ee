import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { clickBody, FakeSlack } from "../fakes/slack/index.ts";
import { alertmanagers, fire, TOKEN, until } from "./alertmanager.ts";
import { programs, type Running } from "./processes.ts";
import { realServers } from "./real.ts";

/** The whole program behind a real Alertmanager: alerts become one message each in a Slack of our own, which goes on as they do. */

const CHANNEL = "C0GENERAL1";
const { newHome, launch, clean } = programs();
const { servers } = realServers();
const { start: startAlertmanager, stop: stopAlertmanagers } = alertmanagers();
let slack: FakeSlack | undefined;
afterAll(clean);
afterEach(async () => {
  stopAlertmanagers();
  await slack?.stop();
});

describe("alerts of a real Alertmanager", () => {
  it("are one message for a thing: posted, explained, acknowledged, and resolved over a crash", {
    timeout: 120_000,
  }, async ({ skip }) => {
    const real = servers(skip);
    const fake = await new FakeSlack().start();
    slack = fake;
    const home = newHome();
    const [botPort, amPort] = await freePorts(2);
    const alertmanager = await startAlertmanager(home, amPort!, botPort!, skip);
    writeFileSync(
      join(home, "smartcloudops.yaml"),
      `routes:\n  - {severity: [critical, warning], slack: [${CHANNEL}]}\n`,
    );
    const env = {
      PROMETHEUS_URL: real.url,
      ALERTMANAGER_URL: alertmanager,
      ALERTMANAGER_WEBHOOK_TOKEN: TOKEN,
      PORT: `${botPort}`,
      SLACK_API_URL: fake.apiUrl,
      SLACK_BOT_TOKEN: fake.botToken,
      SLACK_APP_TOKEN: fake.appToken,
    };
    const begin = async (): Promise<Running> => {
      const bot = launch(["start"], { home, env });
      await bot.says('"ready"');
      return bot;
    };
    const post = (...alerts: object[]) => fire(alertmanager, ...alerts);
    const labels = { alertname: "ErrorRatioHigh", service: "orders", severity: "critical" };
    const startsAt = new Date(Date.now() - 60_000).toISOString();
    const annotations = { summary: "Too many requests to orders fail <!channel>" };
    const told = () => fake.sent(CHANNEL);

    const first = await begin();
    const slower = { labels: { ...labels, alertname: "LatencyHigh", severity: "warning" }, startsAt };
    await post({ labels, annotations, startsAt });
    const [message] = await until(() => told().length > 0 && told(), "the message");
    expect(message?.text).toContain("Critical: orders");
    expect(JSON.stringify(message)).not.toContain("<!channel>");
    // The rule's own measure, from the real Prometheus.
    const whole = await until(
      () =>
        told()[0]?.blocks.some((block) => block["type"] === "data_visualization" || block["type"] === "image") &&
        told()[0],
      "its chart",
    );
    expect(JSON.stringify(whole)).toContain("the rule fires when it is");
    await post(slower);
    await until(() => JSON.stringify(told()[0]).includes("LatencyHigh"), "both alerts in one message");

    const button = JSON.stringify(told()[0]?.blocks).match(
      /"action_id":"(decide:acknowledge:\d+)"[^}]*"value":"([^"]+)"|"value":"([^"]+)"[^}]*"action_id":"(decide:acknowledge:\d+)"/,
    );
    const [action_id, value] = [button?.[1] ?? button?.[4], button?.[2] ?? button?.[3]];
    expect(value).toBeDefined();
    const { ts } = told()[0]!;
    await fake.deliver(
      "interactive",
      clickBody(
        { action_id, value },
        {
          container: { type: "message", message_ts: ts, channel_id: CHANNEL, is_ephemeral: false },
          message: { type: "message", ts, text: "it" },
        },
      ),
    );
    await until(() => JSON.stringify(told()[0]).includes("acknowledged it at"), "the acknowledgement");
    expect(fake.ephemerals.map(({ text }) => text).join()).toContain("Acknowledged");

    first.child.kill("SIGKILL");
    await first.ended;
    const endsAt = new Date().toISOString();
    await post({ labels, annotations, startsAt, endsAt }, { ...slower, endsAt });
    await sleep(1500); // Alertmanager tries, and finds nobody
    const second = await begin();
    await until(() => told()[0]?.text.startsWith("Resolved after"), "the end");
    expect(told()).toHaveLength(1);
    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
  });

  it("of a pair of Alertmanagers that repeat themselves each few seconds are one message, also when one of them dies", {
    timeout: 120_000,
  }, async ({ skip }) => {
    const fake = await new FakeSlack().start();
    slack = fake;
    const home = newHome();
    const [botPort = 0, one = 0, two = 0, a = 0, b = 0] = await freePorts(5);
    mkdirSync(join(home, "one"));
    mkdirSync(join(home, "two"));
    const pair = await Promise.all([
      startAlertmanager(join(home, "one"), one, botPort, skip, { gossip: a, peer: b, repeat: "2s" }),
      startAlertmanager(join(home, "two"), two, botPort, skip, { gossip: b, peer: a, repeat: "2s" }),
    ]);
    writeFileSync(join(home, "smartcloudops.yaml"), `routes:\n  - {slack: [${CHANNEL}]}\n`);
    const bot = launch(["start"], {
      home,
      env: {
        ALERTMANAGER_WEBHOOK_TOKEN: TOKEN,
        PORT: `${botPort}`,
        SLACK_API_URL: fake.apiUrl,
        SLACK_BOT_TOKEN: fake.botToken,
        SLACK_APP_TOKEN: fake.appToken,
      },
    });
    await bot.says('"ready"');
    const alert = { labels: { alertname: "InstanceDown", service: "orders", severity: "critical" } };
    const startsAt = new Date(Date.now() - 60_000).toISOString();
    // As Prometheus does: each of the pair is told, again and again.
    const tell = (all: readonly string[], more: object = {}) =>
      Promise.all(all.map((url) => fire(url, { ...alert, startsAt, ...more })));
    // What both have sent, by their own count.
    const took = async () => {
      const pages = await Promise.all(pair.map(async (url) => (await fetch(`${url}/metrics`)).text()));
      const sent = pages.map((page) => /alertmanager_notifications_total\{[^}]*"webhook"[^}]*\} (\d+)/.exec(page)?.[1]);
      return sent.reduce((sum, count) => sum + Number(count ?? 0), 0);
    };
    await tell(pair);
    await until(() => fake.sent(CHANNEL).length > 0, "the message");
    for (const deadline = Date.now() + 30_000; (await took()) < 4 && Date.now() < deadline; await sleep(500))
      await tell(pair);
    expect(await took()).toBeGreaterThanOrEqual(4);
    expect(fake.sent(CHANNEL)).toHaveLength(1);
    stopAlertmanagers(1);
    await tell([pair[1]], { endsAt: new Date().toISOString() });
    await until(() => fake.sent(CHANNEL)[0]?.text.startsWith("Resolved after"), "the end");
    expect(fake.sent(CHANNEL)).toHaveLength(1);
    bot.child.kill("SIGTERM");
    expect((await bot.ended).code).toBe(0);
  });

  it("are refused without the token, with a sentence for what is no delivery, and taken a thousand at once", {
    timeout: 60_000,
  }, async () => {
    const fake = await new FakeSlack().start();
    slack = fake;
    const home = newHome();
    const [port] = await freePorts(1);
    writeFileSync(join(home, "smartcloudops.yaml"), `routes:\n  - {slack: [${CHANNEL}]}\n`);
    const bot = launch(["start"], {
      home,
      env: {
        ALERTMANAGER_WEBHOOK_TOKEN: TOKEN,
        PORT: `${port}`,
        SLACK_API_URL: fake.apiUrl,
        SLACK_BOT_TOKEN: fake.botToken,
        SLACK_APP_TOKEN: fake.appToken,
      },
    });
    await bot.says('"ready"');
    const send = (body: string, token = TOKEN) =>
      fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
        method: "POST",
        // As a proxy in front would: then this machine's own address proves nothing.
        headers: { authorization: `Bearer ${token}`, "x-forwarded-for": "203.0.113.9" },
        body,
      });
    expect((await send("{}", "another")).status).toBe(401);
    const none = await send('{"alerts": 7}');
    expect(none.status).toBe(400);
    expect(await none.text()).toContain("Wanted a delivery of Alertmanager's webhook (version 4); alerts:");
    expect((await send("{")).status).toBe(400);
    const alerts = Array.from({ length: 1000 }, (_, n) => ({
      status: "firing",
      labels: { alertname: `A${n % 7}`, service: `s${n}` },
      startsAt: new Date().toISOString(),
    }));
    expect((await send(JSON.stringify({ version: "4", alerts }))).status).toBe(200);
    await until(
      () => fake.sent(CHANNEL).length >= 17 && JSON.stringify(fake.sent(CHANNEL)).includes("many alerts at once"),
      "the storm",
    );
    await sleep(500);
    expect(fake.sent(CHANNEL).length).toBeLessThanOrEqual(20);
    bot.child.kill("SIGTERM");
    expect((await bot.ended).code).toBe(0);
  });
});
