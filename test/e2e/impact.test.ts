import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { TOKEN, until } from "./alertmanager.ts";
import { programs } from "./processes.ts";
import { smallPrometheus } from "./small-prometheus.ts";

/** The whole program on a real Prometheus: what an outage does is measured beside it, and what calls the thing that fails joins its message. */

const { newHome, launch, run, clean } = programs();
const CRITICAL = "C0GENERAL1";
const WARNING = "C0WARNINGS";
const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
  clean();
});

it("shows one of twelve instances as a warning, and most of them as critical with their caller in the same message", {
  timeout: 180_000,
}, async ({ skip }) => {
  const home = newHome();
  const prometheus = await smallPrometheus(home, skip);
  ends.push(prometheus.stop);
  const slack = await new FakeSlack().start();
  ends.push(() => slack.stop());
  slack.channels.set(WARNING, { isArchived: false, isMember: true });
  const [port] = await freePorts(1);
  writeFileSync(
    join(home, "smartcloudops.yaml"),
    JSON.stringify({
      routes: [
        { severity: ["critical"], slack: [CRITICAL] },
        { severity: ["warning"], slack: [WARNING] },
      ],
      schedules: { detect: { enabled: false } },
    }),
  );
  const env = {
    PROMETHEUS_URL: prometheus.url,
    ALERTMANAGER_WEBHOOK_TOKEN: TOKEN,
    PORT: `${port}`,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  };
  const tell = async (...alerts: readonly object[]) => {
    const response = await fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ version: "4", groupKey: "{}", groupLabels: {}, alerts }),
    });
    expect(response.status).toBe(200);
  };
  const alert = (labels: Record<string, string>, status = "firing") => ({
    ...{ status, labels, annotations: {}, startsAt: new Date(started).toISOString() },
    ...(status === "resolved" && { endsAt: new Date().toISOString() }),
  });
  const started = Date.now() - 30_000;
  const told = (channel: string) => slack.sent(channel).map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`);
  const one = { alertname: "InstanceFails", service: "checkout", instance: "c0:80", severity: "critical" };

  const bot = launch(["start"], { home, env });
  await bot.says("who calls whom is known");
  prometheus.set({ down: 1 });
  await prometheus.shows("sum(up)", (value) => value === 11);
  await tell(alert(one));
  // The rule's own severity is told at once and decides where; what it does is measured after that, in the same message.
  await until(() => told(CRITICAL)[0]?.includes("shown as warning"), "what one of twelve instances does");
  expect(told(CRITICAL)[0]).toMatch(/^Warning: checkout: InstanceFails/);
  expect(told(CRITICAL)[0]).toContain(
    "Critical by its rule, shown as warning: 1 of 12 instances does not answer; no failed requests",
  );
  expect(told(CRITICAL)[0]).toContain("web calls it. Routes and escalations take it as critical.");
  expect(told(CRITICAL)[0]).toContain("up{service=");
  expect([told(CRITICAL).length, told(WARNING).length]).toEqual([1, 0]);
  const listed = await run(["incidents", "list", "--json"], { home, env });
  expect(JSON.parse(listed.stdout)).toMatchObject([{ severity: "critical", shown_severity: "warning" }]);
  await tell(alert(one, "resolved"));
  await until(() => told(CRITICAL)[0]?.startsWith("Resolved"), "its end");

  prometheus.set({ down: 7, failing: 0.6 });
  await prometheus.shows("sum(up)", (value) => value === 5);
  await prometheus.shows(
    'sum(rate(http_requests_total{code="500"}[5m])) / sum(rate(http_requests_total[5m]))',
    (value) => value > 0.06,
  );
  await tell(alert({ alertname: "ManyFail", service: "checkout", severity: "warning" }));
  const worse = await until(
    () => told(CRITICAL).find((text) => text.includes("shown as critical")),
    "what most of them do",
  );
  expect(worse).toMatch(
    /Warning by its rule, shown as critical: 7 of 12 instances do not answer; [\d.]+ % of [\d.]+ req\/s fail, beyond 5 %/,
  );
  // It was told where its rule put it before, and there it stays.
  await until(() => told(WARNING)[0]?.includes("shown as critical"), "the same in its first message");

  await tell(alert({ alertname: "LatencyHigh", service: "web", severity: "warning" }));
  const both = await until(
    () => told(CRITICAL).find((text) => text.includes("LatencyHigh")),
    "the caller in the same message",
  );
  expect(both).toMatch(/^Critical: checkout: ManyFail, then web, which calls it/);
  expect(both).toMatch(/web calls it \([\d.]+ requests\/s\)/);
  expect(both).toContain("traces_service_graph_request_total");
  bot.child.kill("SIGTERM");
  expect((await bot.ended).code).toBe(0);
});
