import { describe, expect, it } from "vitest";
import { harbour } from "../fakes/harbour.ts";
import type { FakeOptions, FakeSeries } from "../fakes/metrics.ts";
import { NOW, verdictOf, World } from "../fakes/world.ts";

/** "Zero", "no such series", "stale", "target down", "not a number" and "could not ask" are different facts. */

const HOUR = 3600;

function cpu(host: string, more: Partial<FakeSeries> = {}): FakeSeries {
  const labels = { instance: `${host}:9100`, job: "node", cpu: "0", mode: "idle" };
  return { metric: "node_cpu_seconds_total", labels, value: 0.5, ...more };
}

const up = (host: string, value: number): FakeSeries => ({
  metric: "up",
  labels: { instance: `${host}:9100`, job: "node" },
  value,
});

async function verdict(question: string, options: Partial<Omit<FakeOptions, "clock">> = {}) {
  const world = new World(harbour(options));
  const { card, reply } = await world.tell(question);
  return { world, card, reply, line: verdictOf(reply) };
}

describe("a question about a host's cpu", () => {
  it("says zero as a number", async () => {
    const { line, reply, card } = await verdict("cpu of buoy-7");
    expect(line).toMatch(/buoy-7.*\b0 %/);
    expect(reply.values).toMatchObject([{ value: 0, unit: "ratio", labels: { instance: "buoy-7:9100" } }]);
    expect(card.tone).not.toBe("danger");
  });

  it("says that a series stopped, when, and states no value", async () => {
    const { line, reply, card } = await verdict("cpu of capstan-4", {
      series: [cpu("capstan-4", { until: NOW - HOUR })],
    });
    expect(line).toMatch(/stopped 1 h ago/);
    expect(reply.reply_text).toContain("09:20 UTC");
    expect(reply.values).toEqual([]);
    expect(card.tone).toBe("warning");
  });

  it("says that the target is down, and when it was seen last", async () => {
    const { line, reply, card } = await verdict("cpu of capstan-4", {
      series: [cpu("capstan-4", { until: NOW - HOUR }), up("capstan-4", 0)],
    });
    expect(line).toMatch(/capstan-4 is down/);
    expect(line).not.toMatch(/stopped/);
    expect(reply.reply_text).toContain("09:20 UTC");
    expect(reply.values).toEqual([]);
    expect(card.tone).toBe("danger");
  });

  it("says that there is no such series when Prometheus has forgotten it", async () => {
    const { line, reply } = await verdict("cpu of capstan-4", {
      series: [cpu("capstan-4", { until: NOW - 40 * HOUR })],
    });
    expect(line).toMatch(/no such series/i);
    expect(line).toContain("capstan-4");
    expect(reply.values).toEqual([]);
  });

  it.each(["unreachable", "refused"] as const)("says that it could not ask when Prometheus is %s", async (fault) => {
    const world = new World(harbour());
    world.metrics.fail(fault);
    const { reply, card } = await world.tell("cpu of quay-1");
    expect(verdictOf(reply)).toMatch(/could not ask/i);
    expect(reply.reply_text).not.toMatch(/\bno such series\b|\bno data\b|stopped|is down/i);
    expect(reply.values).toEqual([]);
    expect(reply.degraded).toHaveLength(1);
    expect(card.tone).toBe("danger");
    expect(reply.sources.every(({ readings }) => typeof readings === "object")).toBe(true);
  });

  it("says that it could not ask when only looking for the reason fails", async () => {
    const world = new World(harbour({ series: [cpu("capstan-4", { until: NOW - HOUR })] }));
    world.metrics.fail((promql) => (promql.includes("max_over_time(timestamp") ? "unreachable" : undefined));
    expect(verdictOf(await world.ask("cpu of capstan-4"))).toMatch(/could not ask/i);
  });

  it("says each of them in words of its own", async () => {
    const stopped = { series: [cpu("capstan-4", { until: NOW - HOUR })] };
    const lines = await Promise.all([
      verdict("cpu of capstan-4", { series: [cpu("capstan-4", { value: 0 })] }),
      verdict("cpu of capstan-4", stopped),
      verdict("cpu of capstan-4", { series: [...stopped.series, up("capstan-4", 0)] }),
      verdict("cpu of capstan-4", { series: [cpu("capstan-4", { until: NOW - 40 * HOUR })] }),
      verdict("cpu of capstan-4", { series: [cpu("capstan-4", { value: Number.NaN })] }),
      verdict("cpu of capstan-4"),
    ]);
    expect(new Set(lines.map(({ line }) => line)).size).toBe(6);
  });
});

describe("a latency that is 0/0", () => {
  it("is not a number, and neither zero nor missing", async () => {
    const { line, reply } = await verdict("p95 latency of pilothouse", {
      series: [
        {
          metric: "http_request_duration_seconds",
          labels: { service: "pilothouse", job: "harbour" },
          value: Number.NaN,
        },
      ],
    });
    expect(line).toMatch(/not a number/i);
    expect(line).not.toMatch(/no such series|stopped|is 0\b/);
    expect(reply.values).toEqual([]);
  });

  it("is left out of a list and counted", async () => {
    const { reply } = await verdict("p95 latency by service", {
      series: [
        {
          metric: "http_request_duration_seconds",
          labels: { service: "pilothouse", job: "harbour" },
          value: Number.NaN,
        },
      ],
    });
    expect(reply.values.map(({ labels }) => labels.service).sort()).toEqual(["ferrydesk", "lighthouse", "tidetable"]);
    expect(reply.reply_text).toMatch(/1 series had no number/);
  });
});

describe("a sample that grows old", () => {
  it("has its age said, and is called stale after two scrapes", async () => {
    const world = new World(harbour({ series: [cpu("capstan-4", { until: NOW })] }));
    const fresh = await world.ask("cpu of capstan-4", { thread: "a" });
    expect(fresh.reply_text).not.toMatch(/stale/i);
    world.now = NOW + 240;
    const old = await world.ask("cpu of capstan-4", { thread: "b" });
    expect(old.reply_text).toMatch(/stale/i);
    expect(old.reply_text).toMatch(/4 min/);
    expect(verdictOf(old)).not.toMatch(/\bnow\.$/);
    expect(old.values).toMatchObject([{ value: 0.5 }]);
  });
});

describe("alerts of the past", () => {
  const fired = (alertname: string, severity: string, at: number) => ({
    labels: { alertname, severity, alertstate: "firing", instance: "quay-1:9100" },
    at,
    value: at,
  });
  const seen = (...samples: ReturnType<typeof fired>[]) =>
    new World(harbour({ answers: [[/^max_over_time\(timestamp\(ALERTS/, samples]] }));

  it("are asked for over the whole window, each step with the time before it", async () => {
    for (const days of [1, 7, 31]) {
      const world = seen();
      await world.ask(`which alerts fired in the last ${days} days?`);
      const sent = world.metrics.sent.find(({ window }) => window !== undefined);
      const lookBack = Number(/\[(\d+)s:/.exec(sent?.promql ?? "")?.[1]);
      expect(lookBack).toBe(sent?.window?.step);
      expect(sent!.window!.start - lookBack).toBeLessThanOrEqual(NOW - days * 86_400);
      expect(sent!.window!.end).toBe(NOW);
    }
  });

  it("have an end when they ended, and are told by severity", async () => {
    const world = seen(fired("TideHigh", "critical", NOW - 2 * HOUR), fired("FogThick", "warning", NOW - 30));
    const all = await world.ask("which alerts fired in the last 24 hours?");
    expect(verdictOf(all)).toMatch(/^2 alerts fired/);
    expect(all.reply_text).toMatch(/TideHigh .* to 08:20 UTC/);
    expect(all.reply_text).toMatch(/FogThick .* until now/);
    expect(verdictOf(await world.ask("critical alerts in the last 24 hours"))).toMatch(/^1 critical alert fired/);
  });

  it("that had ended before the window are not among them", async () => {
    const world = seen(fired("TideHigh", "critical", NOW - 25 * HOUR));
    expect(verdictOf(await world.ask("which alerts fired in the last 24 hours?"))).toMatch(/^No: no alert fired/);
  });
});
