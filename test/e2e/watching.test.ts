import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { WASTE_QUERIES } from "../../src/core/waste.ts";
import { freePorts } from "../../src/demo/ports.ts";
import { measureWaste } from "../../src/flows/waste.ts";
import { createPrometheus } from "../../src/metrics/prometheus.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { newStore } from "../fakes/world.ts";
import { programs } from "./processes.ts";
import { realServers } from "./real.ts";

/** The whole program watches a real Prometheus, and posts into a Slack of our own what it finds by itself. */

const { newHome, launch, run, clean } = programs();
const { servers } = realServers();
afterAll(clean);

const CHANNEL = "C0GENERAL1";
const LATENCY = "histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))";

it("posts the shop's incident by itself, once, with its chart and the deployment, and shows it in its metrics", {
  timeout: 180_000,
}, async ({ skip }) => {
  const real = servers(skip);
  const slack = await new FakeSlack().start();
  const home = newHome();
  const [port] = await freePorts(1);
  const config = {
    watches: [
      { name: "shop-latency", about: "p95 latency", promql: LATENCY, by: ["service"], fold: "max", direction: "up" },
      { name: "shop-requests", promql: "rate(http_requests_total[5m])", by: ["service"], post: [] },
      { name: "shop-errors", promql: 'rate(http_requests_total{code="500"}[5m])', by: ["service"], post: [] },
    ],
    schedules: { detect: { automatic: false, history: "2d", post: [{ slack: CHANNEL }] } },
  };
  writeFileSync(join(home, "smartcloudops.yaml"), JSON.stringify(config));
  const env = {
    PROMETHEUS_URL: real.url,
    SMARTCLOUDOPS_CONFIG: join(home, "smartcloudops.yaml"),
    PORT: `${port}`,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  };
  const posted = async (find: RegExp) => {
    for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(100)) {
      const found = slack.sent(CHANNEL).filter(({ blocks }) => find.test(JSON.stringify(blocks)));
      if (found.length > 0) return found;
    }
    return [];
  };
  try {
    const bot = launch(["start"], { home, env });
    await bot.says('"ready"');
    const found = await posted(/latency of .*orders/);
    expect(found).toHaveLength(1);
    const text = JSON.stringify(found[0]?.blocks);
    expect(text).toContain(`${real.world.story.service} `);
    expect(text).toContain(real.world.story.version);
    expect(text).toContain("data_visualization");
    expect(text).toContain("Watch shop-latency: 1 post, 0 useful in 30 days.");

    // A round that takes long posts on the way: its figures come with its end.
    let metrics = "";
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
      metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      if (/smartcloudops_watch_rounds_total\{outcome="\w+"\} [1-9]/.test(metrics)) break;
    }
    expect(metrics).toMatch(/smartcloudops_watched_severity\{watch="shop-latency",series="orders"\} [23]/);
    expect(metrics).toMatch(/smartcloudops_watched_usual_high\{watch="shop-latency",series="orders"\} 0\.\d+/);
    // Latency, requests and errors of each service are judged together, too, from the same points.
    expect(metrics).toMatch(/smartcloudops_watched_score\{watch="together",series="\w+"\} [\d.]+/);
    expect(metrics).toMatch(/smartcloudops_watch_rounds_total\{outcome="done"\} [1-9]/);

    const asked = await run(["ask", "anomalies"], { home, env });
    expect(asked.stdout).toMatch(/p95 latency of orders: .* times its usual/);
    const listed = await run(["watches", "list", "--json"], { home, env });
    expect(JSON.parse(listed.stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          id: "shop-latency",
          origin: "file",
          series: 8,
          matched: 8,
          posts: expect.any(Number),
          problem: null,
        }),
      ]),
    );
    // Learnt anew from the two weeks that this Prometheus has, by a command that tells how far it is.
    const learnt = await run(["watches", "learn", "shop-latency", "--json"], { home, env });
    expect(learnt.stderr).toMatch(/^ *\d+ % reading the last 14 days/m);
    expect(learnt.stderr).toMatch(/^ *\d+ % trying it against the version in force/m);
    const [v1, v2] = JSON.parse(learnt.stdout).versions;
    expect(v1).toMatchObject({ version: 1, status: "active", why: "first", gate: null });
    expect(v2).toMatchObject({ version: 2, why: "asked", series: 8 });
    // What it finds of what was put in depends on the hour: whether that is enough, the gate says.
    expect(v2.gate.candidate.recall).toBeGreaterThan(0);
    const versions = await run(["watches", "versions", "shop-latency"], { home, env });
    expect(versions.stdout).toMatch(/v2 (a shadow since|refused).*: learnt from 1\d d of 8 series, as somebody asked/);
    const back = await run(["watches", "rollback", "shop-latency", "1"], { home, env });
    expect([back.code, back.stderr]).toEqual([
      1,
      "smartcloudops: Version 1 of shop-latency is in force already. There is none to go back to.\n",
    ]);
    // What the shop's pods ask for and do not use, by the queries that would be asked once a day.
    const store = newStore();
    const clock = () => Date.now() / 1000;
    const prometheus = createPrometheus({ name: "shop", url: real.url }, { clock });
    expect(
      await measureWaste({ store, sources: [prometheus], clock, prices: undefined }, AbortSignal.timeout(60_000)),
    ).toEqual([]);
    expect(await store.waste.open()).toMatchObject([{ id: "shop", days: 14 }]);
    const workloads = async (promql: string) =>
      (await prometheus.instant(promql, undefined))
        .map(({ labels }) => `${labels["namespace"]}/${labels["workload"]}`)
        .sort();
    const asking = await workloads(WASTE_QUERIES.asked.cpu);
    expect(asking).toContain("shop/orders");
    expect(await workloads(WASTE_QUERIES.used.cpu)).toEqual(expect.arrayContaining(asking));
    bot.child.kill("SIGTERM");
    expect((await bot.ended).code).toBe(0);
    // After a restart it goes on where it was, and says nothing twice.
    const before = slack.sent(CHANNEL).length;
    const second = launch(["start"], { home, env });
    await second.says('"ready"');
    const again = await run(["ask", "scan"], { home, env });
    expect(again.stdout).toMatch(/unusual now/);
    expect(slack.sent(CHANNEL)).toHaveLength(before);
    second.child.kill("SIGTERM");
    await second.ended;
  } finally {
    await slack.stop();
  }
});

it("does not start with a watch that cannot be asked, and names it with its place", async () => {
  const home = newHome();
  writeFileSync(
    join(home, "smartcloudops.yaml"),
    "watches:\n  - name: bad\n    promql: rate(http_requests_total[5m)\n",
  );
  const env = { PROMETHEUS_URL: "http://127.0.0.1:9", SMARTCLOUDOPS_CONFIG: join(home, "smartcloudops.yaml") };
  const { code, stderr } = await run(["start"], { home, env });
  expect(code).toBe(78);
  expect(stderr).toMatch(
    /smartcloudops\.yaml:3:13 watches\[0\]\.promql: watch "bad": That is not PromQL: at character 28/,
  );
});
