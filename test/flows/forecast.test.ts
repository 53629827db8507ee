import { describe, expect, it } from "vitest";
import { harbour } from "../fakes/harbour.ts";
import type { FakeOptions, FakeSeries } from "../fakes/metrics.ts";
import { NOW, verdictOf, World } from "../fakes/world.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const GIB = 1024 ** 3;

/** A day that swings around 1 by 0.3, with some roughness that is the same in each run. */
const swing = (at: number) =>
  1 + 0.3 * Math.sin((2 * Math.PI * at) / DAY) + 0.02 * Math.sin(at / 777) + 0.02 * Math.sin(at / 3331);

function disk(mountpoint: string, value: (at: number) => number): FakeSeries[] {
  const labels = { instance: "quay-1:9100", job: "node", mountpoint, fstype: "ext4", device: `/dev/${mountpoint}` };
  return [
    { metric: "node_filesystem_avail_bytes", labels, value },
    { metric: "node_filesystem_size_bytes", labels, value: 500 * GIB },
  ];
}

function world(series: readonly FakeSeries[], answers: FakeOptions["answers"] = []): World {
  // Straight lines lead nowhere, unless a test says where.
  return new World(harbour({ series, answers: [...(answers ?? []), [/^(?:deriv|predict_linear)\(/, []]] }));
}

/** Free space that shrinks by 4 GiB an hour in the mean, with the day's swing, and is used up in `hours`. */
const filling = (hours: number) => (at: number) =>
  Math.max(0, 4 * GIB * ((NOW - at) / HOUR + hours) + 3 * GIB * (swing(at) - swing(NOW + hours * HOUR)));

describe("when something is full", () => {
  it("is said with a band, the evidence, the method and a chart", async () => {
    const { reply, card } = await world(disk("/data", filling(20))).tell("when will the disk of quay-1 be full?");
    const found =
      /will be full in about (\d+) h(?: (\d+) min)? \(tomorrow [\d:]+ UTC; four times of five from .+ to .+\)\./.exec(
        verdictOf(reply),
      );
    expect(found, verdictOf(reply)).not.toBeNull();
    expect(Math.abs(Number(found?.[1]) + Number(found?.[2] ?? 0) / 60 - 20)).toBeLessThan(1.5);
    expect(reply.reply_text).toMatch(
      /Forecast from 28 d of history: .* on \d+ past days off by [\d.]+ [MG]iB on average/,
    );
    expect(reply.promql).toContain(
      'node_filesystem_avail_bytes{fstype!~"tmpfs|overlay|squashfs|ramfs",instance="quay-1:9100"}',
    );
    const until = (what: string) =>
      reply.values.find(({ name }) => name === `time until full${what}`)?.value ?? Number.NaN;
    expect(until(", earliest")).toBeLessThanOrEqual(until(""));
    expect(until(", latest")).toBeGreaterThanOrEqual(until(""));
    const chart = card.blocks.flatMap((block) => (block.kind === "chart" ? [block.chart] : []))[0];
    expect(chart?.series.map(({ name }) => name)).toEqual(["measured", "forecast", "80 % low", "80 % high"]);
    expect(chart?.threshold).toBe(0);
  });

  it("asks for the whole history once, bounded", async () => {
    const asked = world(disk("/data", filling(20)));
    await asked.ask("when will the disk of quay-1 be full?");
    const ranges = asked.metrics.sent.flatMap(({ window }) => window ?? []);
    expect(ranges).toHaveLength(1);
    expect((ranges[0]!.end - ranges[0]!.start) / ranges[0]!.step).toBeLessThanOrEqual(700);
  });

  it("is not within a week, when the forecast says so, and then says what a straight line would be", async () => {
    const saw = (at: number) => 100 * GIB + 40 * GIB * swing(at);
    const reply = await world(disk("/data", saw), [
      [
        /^deriv\(.*\[6h\]/,
        [
          {
            labels: { instance: "quay-1:9100", job: "node", mountpoint: "/data", fstype: "ext4", device: "/dev//data" },
            at: NOW,
            value: (-5 * GIB) / HOUR,
          },
        ],
      ],
    ]).ask("when will the disk of quay-1 be full?");
    expect(verdictOf(reply)).toMatch(/will not be full within 7 d, by the forecast/);
    expect(reply.reply_text).toMatch(/A straight line through the last 6 h would be full in 1 d/);
  });

  it("goes by the trend of the last hours when it has left its usual course, and says so", async () => {
    const incident = (at: number) =>
      at < NOW - 5 * HOUR ? 200 * GIB + GIB * swing(at) : 200 * GIB - 20 * GIB * ((at - NOW) / HOUR + 5);
    const labels = { instance: "quay-1:9100", mountpoint: "/data", fstype: "ext4", device: "/dev//data" };
    const reply = await world(disk("/data", incident), [
      [/^deriv\(.*\[6h\]/, [{ labels: { ...labels, job: "node" }, at: NOW, value: (-20 * GIB) / HOUR }]],
    ]).ask("when will the disk of quay-1 be full?");
    expect(verdictOf(reply)).toMatch(/will be full in about 5 h .*by the trend of the last 6 h/);
    expect(reply.reply_text).toMatch(/It left its usual course about 0[56]:\d\d UTC/);
  });

  it("falls back to the trend, with the reason, where there is too little history", async () => {
    const young = (at: number) => (at < NOW - 40 * HOUR ? Number.NaN : filling(10)(at));
    const labels = { instance: "quay-1:9100", mountpoint: "/data", fstype: "ext4", device: "/dev//data", job: "node" };
    const reply = await world(disk("/data", young), [
      [/^deriv\(/, [{ labels, at: NOW, value: (-4 * GIB) / HOUR }]],
    ]).ask("when will the disk of quay-1 be full?");
    expect(verdictOf(reply)).toMatch(/by the trend of the last 6 h/);
    expect(reply.reply_text).toMatch(/There is no forecast with a band: it needs 3 d of history, and has 1 d \d+ h/);
  });

  it("names those of many that will be full in time", async () => {
    const reply = await world([
      ...disk("/data", filling(20)),
      ...disk("/logs", filling(200)),
      ...disk("/", () => 90 * GIB),
    ]).ask("which disks will be full within 2 days?");
    expect(verdictOf(reply)).toMatch(/quay-1 \/data will be full within 2 d, by the forecast\./);
    expect(verdictOf(reply)).not.toMatch(/logs/);
  });
});

describe("when something else runs out", () => {
  const queue = (value: (at: number) => number): FakeSeries => ({
    metric: "rabbitmq_queue_messages",
    labels: { queue: "ledgers", vhost: "/" },
    value,
  });

  it("is when a queue is empty, or has so many messages", async () => {
    const draining = (at: number) => Math.max(0, 1000 * ((NOW - at) / HOUR + 10) + 50 * swing(at));
    const empty = await world([queue(draining)]).ask("when will the ledgers queue be empty?");
    expect(verdictOf(empty)).toMatch(/ledgers will be empty in about (?:9|10) h/);
    const growing = (at: number) => 20_000 + 25 * ((at - NOW) / HOUR);
    const reached = await world([queue((at) => Math.max(0, growing(at)))]).ask(
      "when will the ledgers queue reach 20300 messages?",
    );
    expect(verdictOf(reached)).toMatch(/ledgers will be at 20,300 in about 1[123] h/);
  });

  it("is when connections are used up", async () => {
    const labels = { datname: "berths", instance: "pg:9187", job: "pg" };
    const share = (at: number) => Math.min(1, 0.7 + 0.01 * ((at - NOW) / HOUR) + 0.001 * swing(at));
    const reply = await world([
      { metric: "pg_stat_activity_count", labels, value: share },
      { metric: "pg_settings_max_connections", labels: { instance: "pg:9187", job: "pg" }, value: 1 },
    ]).ask("when will we run out of postgres connections?");
    expect(verdictOf(reply)).toMatch(/at 100 % in about (?:1 d [3-9] h|30 h|29 h)/);
  });
});

describe("what a value will be", () => {
  const cpu = (value: (at: number) => number): FakeSeries => ({
    metric: "node_cpu_seconds_total",
    labels: { instance: "crane-5:9100", job: "node", cpu: "0", mode: "idle" },
    value,
  });

  it("is the day's shape, with a band", async () => {
    const at = NOW + 8 * HOUR;
    const reply = await world(
      [cpu((time) => 0.4 * swing(time))],
      [[/^predict_linear\(/, [{ labels: { instance: "crane-5:9100" }, at: NOW, value: 0.9 }]]],
    ).ask("what will the cpu of crane-5 be in 8 hours?");
    const told = /will be about ([\d.]+) % in 8 h .*four times of five ([\d.]+) % to ([\d.]+) %/.exec(verdictOf(reply));
    expect(told, verdictOf(reply)).not.toBeNull();
    expect(Math.abs(Number(told?.[1]) - 40 * swing(at))).toBeLessThan(3);
    expect(reply.values.map(({ name }) => name)).toEqual([
      "CPU usage of crane-5, forecast",
      "CPU usage of crane-5, 80 % band, low",
      "CPU usage of crane-5, 80 % band, high",
    ]);
    expect(reply.promql.some((promql) => promql.startsWith("predict_linear"))).toBe(false);
  });

  it("of many is told for each", async () => {
    const reply = await world([], [[/^predict_linear\(/, []]]).ask("forecast queue depth in 3 hours");
    expect(reply.reply_text).not.toMatch(/undefined|NaN/);
  });

  it("tells how such forecasts turned out, once there are five", async () => {
    const asked = world(
      [cpu((time) => 0.4 * swing(time))],
      [[/^predict_linear\(/, [{ labels: { instance: "crane-5:9100" }, at: NOW, value: 0.5 }]]],
    );
    const texts: string[] = [];
    for (let day = 0; day < 7; day++) {
      texts.push((await asked.ask("what will the cpu of crane-5 be in 5 hours?")).reply_text);
      asked.now += DAY;
    }
    expect(texts.slice(0, 5).every((text) => !/The last/.test(text))).toBe(true);
    expect(texts.at(-1)).toMatch(
      /The last \d forecasts of this kind were off by [\d.]+ % \(median\); \d+ % of what came was inside their 95 % band\./,
    );
  });
});

describe("what if", () => {
  const traffic = (at: number) => 100 * swing(at);
  const host = (name: string, value: (at: number) => number): FakeSeries => ({
    metric: "node_cpu_seconds_total",
    labels: { instance: `${name}:9100`, job: "node", cpu: "0", mode: "idle" },
    value,
  });
  const service: FakeSeries = {
    metric: "http_requests_total",
    labels: { service: "gatehouse", job: "harbour", code: "200" },
    value: traffic,
  };

  it("traffic grows: by the line that both follow, with its rank correlation", async () => {
    const reply = await world([service, host("crane-5", (at) => 0.1 + 0.003 * traffic(at))]).ask(
      "what happens to the cpu of crane-5 when traffic of gatehouse rises by 30%?",
    );
    // The busiest hour has 130 to 134 requests a second.
    const told =
      /With 30 % more traffic, CPU usage of crane-5 would be about ([\d.]+) % in the busiest hour \(([\d.]+) % as it is\)/.exec(
        verdictOf(reply),
      );
    expect(told, verdictOf(reply)).not.toBeNull();
    expect(Number(told?.[2])).toBeCloseTo(50, -0.5);
    expect(Number(told?.[1]) - Number(told?.[2])).toBeCloseTo(0.3 * 132 * 0.3, 0);
    expect(reply.reply_text).toMatch(/rank correlation of 1\.00 over 33\d hours/);
    expect(reply.reply_text).toMatch(/was not seen in that time/);
  });

  it("says when it would not fit", async () => {
    const { card, reply } = await world([service, host("crane-5", (at) => 0.007 * traffic(at))]).tell(
      "if traffic of gatehouse doubles, what about the cpu of crane-5?",
    );
    expect(reply.reply_text).toMatch(/it would not fit/);
    expect(card.tone).toBe("danger");
  });

  it("refuses where one does not follow the other", async () => {
    const reply = await world([service, host("crane-5", (at) => 0.5 + 0.1 * Math.sin(at / 99_991))]).ask(
      "what happens to the cpu of crane-5 if traffic of gatehouse grows by 30 %?",
    );
    expect(verdictOf(reply)).toMatch(/I cannot tell what 30 % more traffic would do/);
    expect(reply.reply_text).toMatch(/rank correlation is -?0\.\d\d at best/);
    expect(reply.values).toEqual([]);
  });
});

describe("when another node is needed", () => {
  const node = (metric: string, resource: string, value: FakeSeries["value"]): FakeSeries => ({
    metric,
    labels: { node: "deck-1", resource, namespace: "pier", pod: "a" },
    value,
  });

  it("is when the first of what fills up reaches its limit", async () => {
    // From 80 % now, 1.5 % more a day.
    const share = (at: number) => 0.8 + 0.015 * ((at - NOW) / DAY) + 0.002 * swing(at);
    const reply = await world([
      node("kube_pod_container_resource_requests", "cpu", share),
      node("kube_node_status_allocatable", "cpu", 1),
    ]).ask("when do we need another node?");
    expect(reply.intent).toBe("capacity");
    expect(verdictOf(reply)).toMatch(
      /Another node is needed in about [67] d .*share of allocatable CPU that is requested reaches 90 % then/,
    );
  });

  it("is not soon where nothing grows", async () => {
    const reply = await world([]).ask("when will we need more servers?");
    expect(verdictOf(reply)).toMatch(/No other node is needed within \d+ d/);
  });

  it("is a failure where nothing could be asked", async () => {
    const asked = world([]);
    asked.metrics.fail((promql) => (/node_|kube_/.test(promql) ? "unreachable" : undefined));
    expect(verdictOf(await asked.ask("when do we need another node?"))).toMatch(/could not ask Prometheus/);
  });
});
