import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { clickBody, FakeSlack } from "../fakes/slack/index.ts";
import { alertmanagers, fire, TOKEN, until } from "./alertmanager.ts";
import { programs } from "./processes.ts";
import { realServers } from "./real.ts";

/** The whole program on a real Prometheus and a real Alertmanager: what it finds and what fires about one thing is one message. */

const { newHome, launch, run, clean } = programs();
const { servers } = realServers();
const { start: startAlertmanager, stop: stopAlertmanagers } = alertmanagers();
afterAll(() => {
  stopAlertmanagers();
  return clean();
});

const CHANNEL = "C0GENERAL1";
const LATENCY = "histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))";

it("an anomaly opens an incident, the alert about the same thing joins its message, and both end in it", {
  timeout: 180_000,
}, async ({ skip }) => {
  const real = servers(skip);
  const slack = await new FakeSlack().start();
  const home = newHome();
  const [botPort, amPort] = await freePorts(2);
  const alertmanager = await startAlertmanager(home, amPort!, botPort!, skip);
  const configure = (watches: readonly object[]) =>
    writeFileSync(
      join(home, "smartcloudops.yaml"),
      JSON.stringify({
        watches,
        routes: [{ severity: ["critical", "warning"], slack: [CHANNEL] }],
        schedules: {
          detect: { automatic: false, forest: { enabled: false }, history: "2d", post: [{ slack: CHANNEL }] },
        },
      }),
    );
  configure([
    { name: "shop-latency", about: "p95 latency", promql: LATENCY, by: ["service"], fold: "max", direction: "up" },
  ]);
  const env = {
    PROMETHEUS_URL: real.url,
    ALERTMANAGER_URL: alertmanager,
    ALERTMANAGER_WEBHOOK_TOKEN: TOKEN,
    PORT: `${botPort}`,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  };
  const told = () => slack.sent(CHANNEL).filter(({ blocks }) => JSON.stringify(blocks).includes("orders"));
  const first = () => JSON.stringify(told()[0]?.blocks);
  try {
    const bot = launch(["start"], { home, env });
    await bot.says('"ready"');
    await until(() => told().length > 0, "what the watching found", 90_000);
    expect(first()).toMatch(/p95 latency of orders: [\d.]+ m?s/);
    expect(first()).toMatch(/Incident inc-[0-9a-f]{8}\./);
    expect(first()).toContain("data_visualization");
    expect(first()).toContain("Useful or not?");
    expect(first()).not.toMatch(/alerts? fires?/);

    const labels = { alertname: "LatencyHigh", service: "orders", namespace: "shop", severity: "critical" };
    const startsAt = new Date(Date.now() - 60_000).toISOString();
    await fire(alertmanager, { labels, startsAt, annotations: { summary: "Orders are slow" } });
    await until(() => first().includes("Orders are slow"), "the alert in the same message");
    expect(first()).toMatch(/1 alert fires, \d+ (?:of \d+ )?anomal/);

    const incident = /Incident (inc-[0-9a-f]{8})\./.exec(first())![1]!;
    const useful = await run(["ask", `anomaly ${incident} useful`], { home, env });
    expect(useful.stdout).toContain("Noted as useful");
    await until(() => first().includes("said “useful”"), "what was said of it");

    const button = JSON.stringify(told()[0]?.blocks).match(
      /"action_id":"(decide:acknowledge:\d+)"[^}]*"value":"([^"]+)"|"value":"([^"]+)"[^}]*"action_id":"(decide:acknowledge:\d+)"/,
    );
    const [action_id, value] = [button?.[1] ?? button?.[4], button?.[2] ?? button?.[3]];
    const { ts } = told()[0]!;
    const container = { type: "message", message_ts: ts, channel_id: CHANNEL, is_ephemeral: false };
    const message = { type: "message", ts, text: "it" };
    await slack.deliver("interactive", clickBody({ action_id, value }, { container, message }));
    await until(() => first().includes("acknowledged it at"), "the acknowledgement");

    const listed = await run(["ask", "incidents"], { home, env });
    expect(listed.stdout).toContain(`acknowledged by`);
    const anomalies = await run(["ask", "anomalies"], { home, env });
    expect(anomalies.stdout.replace(/\s+/g, " ")).toMatch(new RegExp(`latency of orders[^[]*\\[${incident}\\]`));
    bot.child.kill("SIGTERM");
    await bot.ended;

    // What is watched no longer is over, and so is the alert.
    configure([]);
    const second = launch(["start"], { home, env });
    await second.says('"ready"');
    await fire(alertmanager, { labels, startsAt, endsAt: new Date().toISOString() });
    await until(() => told()[0]?.text.startsWith("Resolved after"), "the end", 60_000);
    expect(told()).toHaveLength(1);
    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
  } finally {
    await slack.stop();
  }
});
