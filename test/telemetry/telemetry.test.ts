import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "vitest";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";

const ANSWER = { intent: "metric", platform: "slack", outcome: "answered", seconds: 0.3 };
const lines = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe("the bot's own metrics", () => {
  it("have the newest run of a pipeline, whenever it was told of, and no name that strangers chose", async () => {
    const telemetry = createTelemetry({ version: "1.2.3" });
    const run = { project: "acme/shop", pipeline: "Tests", branch: "main", isMain: true, outcome: "success" };
    const deploys = { service: "shop", environment: "production" };
    telemetry.ran({ ...run, startedAt: 2000, endedAt: 2300, deploys }, true);
    telemetry.ran({ ...run, startedAt: 1000, endedAt: 1900, outcome: "failure" }, true);
    telemetry.ran({ ...run, startedAt: 900, endedAt: 1000, deploys }, false);
    const foreign = { pipeline: "Mine", branch: "mallory/shop:main", isMain: false };
    telemetry.ran({ ...run, ...foreign, startedAt: 1, endedAt: 2 }, true);
    const text = await telemetry.text();
    const at = 'project="acme/shop",pipeline="Tests",branch="main"';
    for (const line of [
      `smartcloudops_ci_run_duration_seconds{${at}} 300`,
      `smartcloudops_ci_last_run_success{${at}} 1`,
      'smartcloudops_deployment_last_timestamp_seconds{service="shop",environment="production"} 2300',
    ])
      assert.ok(lines(text).includes(line), line);
    assert.doesNotMatch(text, /Mine/);
  });

  it("have the state of each breaker, and how often it came to be so", async () => {
    const telemetry = createTelemetry({ version: "1.2.3" });
    telemetry.dependency({ name: "notifier/pager", state: "closed" }, undefined);
    telemetry.dependency({ name: "slack", state: "closed" }, undefined);
    telemetry.dependency({ name: "slack", state: "open" }, "closed");
    telemetry.dependency({ name: "slack", state: "half-open" }, "open");
    telemetry.dependency({ name: "slack", state: "open" }, "half-open");
    const found = lines(await telemetry.text());
    for (const line of [
      'smartcloudops_breaker_state{dependency="notifier/pager"} 0',
      'smartcloudops_breaker_state{dependency="slack"} 2',
      'smartcloudops_breaker_transitions_total{dependency="slack",to="open"} 2',
      'smartcloudops_breaker_transitions_total{dependency="slack",to="half_open"} 1',
      'smartcloudops_breaker_transitions_total{dependency="slack",to="closed"} 0',
    ])
      assert.ok(found.includes(line), line);
  });

  it("have everything that was counted before and after the first scrape", async () => {
    const telemetry = createTelemetry({ version: "1.2.3" });
    telemetry.answered(ANSWER);
    telemetry.understood(0.004);
    telemetry.asked({ source: "default", api: "query", outcome: "ok", seconds: 0.02 });
    telemetry.pruned("turns", 7);
    telemetry.delivered({ platform: "slack", outcome: "sent", seconds: 0.2 });
    telemetry.delivered({ platform: "slack", outcome: "given up", seconds: 0 });
    telemetry.modelUsed({
      kind: "investigate",
      outcome: "answered",
      input: 700,
      output: 90,
      cost: 0.25,
      dropped: 2,
      seconds: 3,
    });
    telemetry.digested("daily", 2);
    const proposed = { status: "pending", spec: { risk: "high", createdAt: 1000 } };
    telemetry.moved(proposed);
    telemetry.moved({ ...proposed, status: "approved", approvedAt: 1012 });
    telemetry.moved({ ...proposed, status: "succeeded", approvedAt: 1012, startedAt: 1013, endedAt: 1043 });
    telemetry.clicked({ decision: "approve", outcome: "answered", seconds: 0.2 });
    telemetry.clicked({ decision: "approve", outcome: "failed", seconds: 20 });
    telemetry.alerted("critical", 3);
    telemetry.watchUse(new Map([["gone", { posts: 9, useful: 9, notUseful: 0, expected: 0 }]]));
    telemetry.watchUse(new Map([["latency", { posts: 12, useful: 7, notUseful: 2, expected: 1 }]]));
    telemetry.audited({ seq: 51, record_hash: `0000000000ff${"a".repeat(52)}` });
    assert.match(telemetry.contentType, /^text\/plain; version=0\.0\.4/);
    const first = lines(await telemetry.text());
    telemetry.answered({ ...ANSWER, seconds: 4 });
    const second = lines(await telemetry.text());
    for (const line of [
      'smartcloudops_questions_total{intent="metric",platform="slack",outcome="answered"} 1',
      'smartcloudops_questions_ended_total{outcome="answered"} 1',
      'smartcloudops_answer_seconds_bucket{le="0.25",platform="slack"} 0',
      'smartcloudops_answer_seconds_bucket{le="0.5",platform="slack"} 1',
      'smartcloudops_digest_late_seconds_bucket{le="5"} 1',
      'smartcloudops_proposals_total{status="approved",risk="high"} 1',
      'smartcloudops_proposal_seconds_sum{until="approved"} 12',
      'smartcloudops_proposal_seconds_sum{until="ended"} 30',
      'smartcloudops_clicks_total{decision="approve",outcome="failed"} 1',
      'smartcloudops_click_seconds_bucket{le="0.25"} 1',
      "smartcloudops_understanding_seconds_count 1",
      'smartcloudops_prometheus_requests_total{source="default",api="query",outcome="ok"} 1',
      'smartcloudops_prometheus_request_seconds_sum{source="default",api="query"} 0.02',
      'smartcloudops_store_rows_pruned_total{table="turns"} 7',
      'smartcloudops_chat_messages_total{platform="slack",outcome="sent"} 1',
      'smartcloudops_chat_messages_total{platform="slack",outcome="given_up"} 1',
      'smartcloudops_chat_message_seconds_count{platform="slack"} 1',
      'smartcloudops_llm_tokens_total{kind="input"} 700',
      'smartcloudops_llm_tokens_total{kind="output"} 90',
      "smartcloudops_llm_cost_total 0.25",
      'smartcloudops_llm_uses_total{kind="investigate",outcome="answered"} 1',
      'smartcloudops_llm_seconds_sum{kind="investigate"} 3',
      "smartcloudops_llm_sentences_dropped_total 2",
      'smartcloudops_digests_total{kind="daily"} 1',
      'smartcloudops_alerts_total{severity="critical"} 3',
      'smartcloudops_watch_posts{watch="latency"} 12',
      'smartcloudops_watch_opinions{watch="latency",opinion="useful"} 7',
      'smartcloudops_watch_opinions{watch="latency",opinion="not_useful"} 2',
      "smartcloudops_audit_seq 51",
      "smartcloudops_audit_hash 255",
      'smartcloudops_build_info{version="1.2.3"} 1',
    ]) {
      assert.ok(first.includes(line), line);
    }
    assert.ok(!first.some((line) => line.includes('watch="gone"')));
    assert.ok(second.includes('smartcloudops_questions_total{intent="metric",platform="slack",outcome="answered"} 2'));
    assert.ok(second.includes('smartcloudops_answer_seconds_sum{platform="slack"} 4.3'));
    for (const name of ["nodejs_eventloop_lag_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"]) {
      assert.ok(
        first.some((line) => line.startsWith(name)),
        name,
      );
    }
  });

  it("count from 0 what alerts look at, so that the first one of its kind is an increase", async () => {
    const telemetry = createTelemetry({ version: "1" });
    telemetry.delivers("notifier/pager");
    const found = lines(await telemetry.text());
    for (const line of [
      'smartcloudops_chat_messages_total{platform="notifier/pager",outcome="given_up"} 0',
      'smartcloudops_chat_messages_total{platform="notifier/pager",outcome="later"} 0',
      'smartcloudops_clicks_total{decision="approve",outcome="failed"} 0',
      'smartcloudops_clicks_total{decision="acknowledge",outcome="failed"} 0',
      'smartcloudops_questions_ended_total{outcome="failed"} 0',
      'smartcloudops_proposals_total{status="unknown",risk="low"} 0',
      "smartcloudops_digest_late_seconds_count 0",
    ])
      assert.ok(found.includes(line), line);
  });

  it("lose nothing when thousands of questions come before anybody scrapes", async () => {
    const telemetry = createTelemetry({ version: "1" });
    for (let n = 0; n < 3000; n++) telemetry.understood(0.01);
    assert.ok(lines(await telemetry.text()).includes("smartcloudops_understanding_seconds_count 3000"));
  });

  it("never carry what a person wrote, and never grow without end", async () => {
    const telemetry = createTelemetry({ version: "1" });
    telemetry.answered({ ...ANSWER, intent: "how is the canary-text doing?" });
    telemetry.asked({ source: 'x"} 1\ncanary-text{a="', api: "query", outcome: "z".repeat(200), seconds: 1 });
    for (let n = 0; n < 1000; n++) telemetry.answered({ ...ANSWER, intent: `made-up-${n}` });
    const text = await telemetry.text();
    assert.equal(text.includes("canary-text"), false);
    assert.ok(
      lines(text).includes('smartcloudops_prometheus_requests_total{source="other",api="query",outcome="other"} 1'),
    );
    assert.equal(lines(text).filter((line) => line.startsWith("smartcloudops_questions_total")).length, 101);
  });

  it("share nothing between two registries", async () => {
    const [one, two] = [createTelemetry({ version: "1" }), createTelemetry({ version: "2" })];
    one.understood(1);
    await one.text();
    assert.ok(lines(await two.text()).includes("smartcloudops_understanding_seconds_count 0"));
  });

  it("do not load prom-client for a one-shot command, nor keep it from ending", () => {
    const script = `
      import { createRequire } from "node:module";
      const { createTelemetry } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/telemetry/telemetry.ts"))});
      const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes("prom-client"));
      const telemetry = createTelemetry({ version: "1" });
      telemetry.understood(0.1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const before = loaded();
      await telemetry.load();
      console.log(JSON.stringify([before, loaded()]));`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 20_000,
      cwd: import.meta.dirname,
    });
    assert.deepEqual(JSON.parse(out), [false, true]);
  });
});
