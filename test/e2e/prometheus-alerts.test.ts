import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { findBinaries } from "../../src/demo/binaries.ts";
import { freePorts } from "../../src/demo/ports.ts";
import { fingerprintOf } from "../../src/metrics/fingerprint.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { alertmanagers, fire, TOKEN, until } from "./alertmanager.ts";
import { programs } from "./processes.ts";

/** The whole program on a real Prometheus that has rules and no Alertmanager. */

const CHANNEL = "C0GENERAL1";
const { newHome, launch, clean } = programs();
const { start: startAlertmanager, stop: stopAlertmanagers } = alertmanagers();
const children: ChildProcess[] = [];
let slack: FakeSlack | undefined;
afterAll(clean);
afterEach(async () => {
  stopAlertmanagers();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await slack?.stop();
});

const RULES = `groups:
  - name: shop
    interval: 1s
    rules:
      - alert: OrdersFail
        expr: vector(1) > 0
        labels: {severity: critical, service: orders, zone: ü, empty: ""}
        annotations: {summary: Too many requests to orders fail}
      - {alert: NotYet, expr: vector(1) > 0, for: 1h, labels: {severity: critical, service: cart}}
      - {alert: Watchdog, expr: vector(1) > 0, labels: {severity: none}}
`;

async function startPrometheus(home: string, port: number, skip: (reason: string) => never): Promise<string> {
  const demo = fileURLToPath(new URL("../../.demo", import.meta.url));
  const found = await findBinaries(demo, () => undefined, { signal: AbortSignal.timeout(120_000) });
  if ("missing" in found) return skip(found.missing);
  const file = (name: string, text: string) => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  const rules = file("rules.yml", RULES);
  const config = file(
    "prometheus.yml",
    `global: {evaluation_interval: 1s, external_labels: {cluster: eu-1, replica: "0", severity: page}}\nrule_files: [${rules}]\n`,
  );
  const { command, before } = found.prometheus;
  const to = [`--storage.tsdb.path=${join(home, "tsdb")}`, `--web.listen-address=127.0.0.1:${port}`];
  children.push(spawn(command, [...before, `--config.file=${config}`, ...to], { stdio: "ignore" }));
  return `http://127.0.0.1:${port}`;
}

type Listed = { readonly data: { readonly alerts: readonly { readonly state: string }[] } };

describe("a real Prometheus without an Alertmanager", () => {
  it("makes incidents of what fires, not of what is pending, and an Alertmanager later makes no other ones", {
    timeout: 120_000,
  }, async ({ skip }) => {
    const fake = await new FakeSlack().start();
    slack = fake;
    const home = newHome();
    const [port, botPort, amPort] = await freePorts(3);
    const prometheus = await startPrometheus(home, port!, skip);
    for (let fires = 0; fires < 2; await sleep(200)) {
      const answer = await fetch(`${prometheus}/api/v1/alerts`).catch(() => undefined);
      const listed = answer?.ok === true ? ((await answer.json()) as Listed).data.alerts : [];
      fires = listed.filter(({ state }) => state === "firing").length;
    }
    writeFileSync(join(home, "smartcloudops.yaml"), `routes:\n  - {slack: [${CHANNEL}]}\n`);
    const env = {
      PROMETHEUS_URL: prometheus,
      ALERTMANAGER_WEBHOOK_TOKEN: TOKEN,
      PORT: `${botPort}`,
      SLACK_API_URL: fake.apiUrl,
      SLACK_BOT_TOKEN: fake.botToken,
      SLACK_APP_TOKEN: fake.appToken,
    };
    const bot = launch(["start"], { home, env });
    await bot.says('"ready"');
    const message = await until(() => fake.sent(CHANNEL)[0], "the message");
    expect(JSON.stringify(message)).toMatch(/OrdersFail|orders/);

    // As Prometheus would send it, with its external labels.
    const labels = {
      ...{ alertname: "OrdersFail", severity: "critical", service: "orders", zone: "ü" },
      ...{ cluster: "eu-1", replica: "0" },
    };
    const alertmanager = await startAlertmanager(home, amPort!, botPort!, skip);
    await fire(alertmanager, { labels, annotations: { summary: "Too many requests to orders fail" } });
    const known = (await (await fetch(`${alertmanager}/api/v2/alerts`)).json()) as { fingerprint: string }[];
    expect(known.map(({ fingerprint }) => fingerprint)).toEqual([fingerprintOf(labels)]);
    for (let told = false; !told; await sleep(200)) {
      const metrics = await (await fetch(`${alertmanager}/metrics`)).text();
      told = /^alertmanager_notifications_total\{.*integration="webhook".*\} [1-9]/m.test(metrics);
    }
    await sleep(2000); // What it makes of the delivery would be told by then.
    expect(fake.sent(CHANNEL)).toHaveLength(1);
    const listed = await launch(["incidents", "list", "--json"], { home, env }).ended;
    expect(JSON.parse(listed.stdout)).toHaveLength(1);
  });
});
