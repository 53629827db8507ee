import { describe, expect, it } from "vitest";
import { historyText, type Part, partsOf, scrapeText } from "../../src/demo/exposition.ts";
import { DEPLOYS } from "../../src/demo/incidents.ts";
import { ALERT_RULES } from "../../src/demo/rules.ts";
import { createWorld, valueIn, type World } from "../../src/demo/world.ts";

const NOW = Date.UTC(2026, 4, 12, 13, 37, 5) / 1000;
const world = createWorld({ now: NOW });

function textOf(of: World, part: Part): string {
  return [...historyText(of, part)].join("");
}

/** An hour is enough to compare; the parts that are really written take seconds. */
const lastHour: Part = { from: world.end - 3600, until: world.end + 1 };

describe("the demo's world", () => {
  it("is the same for the same moment and seed, and another for another seed", () => {
    const again = textOf(createWorld({ now: NOW }), lastHour);
    expect(again).toBe(textOf(world, lastHour));
    expect(textOf(createWorld({ now: NOW, seed: 8 }), lastHour)).not.toBe(again);
  });

  it("goes on live exactly where history ends", () => {
    const last = new Map<string, string>();
    for (const line of textOf(world, lastHour).split("\n")) {
      const match = /^(\S.*) (\S+) (\d+)$/.exec(line);
      if (match !== null && Number(match[3]) === world.end) last.set(match[1]!, match[2]!);
    }
    let compared = 0;
    for (const target of world.targets) {
      for (const line of (scrapeText(world, target, world.end) ?? "").split("\n")) {
        const match = /^([a-z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line);
        if (match === null) continue;
        const inner = [match[2], `job="${target.job}"`, `instance="${target.instance}"`].filter(Boolean).join(",");
        expect(last.get(`${match[1]}{${inner}}`), line).toBe(match[3]);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(600);
  });

  it("moves on smoothly after its end: no counter jumps", () => {
    for (const family of world.families.values()) {
      if (family.type === "gauge") continue;
      for (const series of family.series) {
        const before = series.value(world.end)! - series.value(world.end - 300)!;
        const after = series.value(world.end + 300)! - series.value(world.end)!;
        expect(after, series.name).toBeGreaterThanOrEqual(0);
        expect(after, `${series.name} ${JSON.stringify(series.labels)}`).toBeLessThanOrEqual(before * 2 + 60);
      }
    }
  });

  it("lets counters fall only when their service was released", () => {
    const releases = DEPLOYS.map(({ ago }) => world.end - ago);
    const fell = new Set<string>();
    for (const family of world.families.values()) {
      if (family.type === "gauge") continue;
      for (const series of family.series) {
        let before = Number.NEGATIVE_INFINITY;
        for (let at = world.origin; at <= world.end; at += 600) {
          const value = series.value(at)!;
          if (value < before) {
            fell.add(series.target.job);
            expect(
              releases.some((release) => release > at - 600 && release <= at),
              `${series.name} at ${at}`,
            ).toBe(true);
          }
          before = value;
        }
      }
    }
    expect([...fell].sort()).toEqual(["cadvisor", "shop"]);
  });

  it("fills every histogram bucket at least as much as the one below", () => {
    const family = world.families.get("http_request_duration_seconds")!;
    for (const at of [world.origin, world.end - 86_400, world.end, world.end + 90]) {
      const perInstance = Map.groupBy(
        family.series.filter(({ name }) => name.endsWith("_bucket")),
        ({ target }) => target.instance,
      );
      expect(perInstance.size).toBe(11);
      for (const buckets of perInstance.values()) {
        const counts = buckets.map((series) => series.value(at)!);
        expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      }
    }
  });

  it("has no values for a target while it is down, and says so in `up`", () => {
    const down = world.targets.filter((target) => world.isDown(target, world.end));
    expect(down).toEqual([{ job: "node", instance: world.story.down.instance }]);
    const { since } = world.story.down;
    const load = world.families
      .get("node_load1")!
      .series.find(({ target }) => target.instance === world.story.down.instance)!;
    expect(valueIn(world, load, since - 60)).toBeTypeOf("number");
    expect(valueIn(world, load, since + 60)).toBeUndefined();
    const up = world.own.find(({ name, labels }) => name === "up" && labels.instance === world.story.down.instance)!;
    expect([up.value(since - 60), up.value(since + 60)]).toEqual([1, 0]);
  });

  it("never leaves a gap in which Prometheus would find nothing", () => {
    const times = new Map<string, number>();
    for (const line of textOf(world, { from: world.end - 40_000, until: world.end - 30_000 }).split("\n")) {
      const match = /^((?:node_load1|node_uname_info|http_requests_total)\{.*\}) \S+ (\d+)$/.exec(line);
      if (match === null) continue;
      const at = Number(match[2]);
      expect(at - (times.get(match[1]!) ?? at)).toBeLessThan(300);
      times.set(match[1]!, at);
    }
    expect(times.size).toBeGreaterThan(50);
  });

  it("cuts two weeks into parts that leave out and repeat nothing", () => {
    const parts = partsOf(world).toReversed();
    expect(parts[0]!.from).toBe(world.origin);
    expect(parts.at(-1)!.until).toBe(world.end + 1);
    for (let index = 1; index < parts.length; index++) expect(parts[index]!.from).toBe(parts[index - 1]!.until);
    for (const part of parts) expect(Math.floor(part.from / 194_400)).toBe(Math.floor((part.until - 1) / 194_400));
  });

  it("tells a story that its own series bear out", () => {
    const { story } = world;
    const rule = new Set(ALERT_RULES.map(({ alert }) => alert));
    expect(story.alerts.length).toBe(8);
    expect(story.alerts.filter((name) => !rule.has(name))).toEqual([]);
    const mean = (at: number) => {
      const of = (suffix: string) =>
        world.families
          .get("http_request_duration_seconds")!
          .series.filter((series) => series.name.endsWith(suffix) && series.labels.service === story.service)
          .reduce((sum, series) => sum + series.value(at)! - series.value(at - 300)!, 0);
      return of("_sum") / of("_count");
    };
    expect(mean(world.end) / mean(story.deployedAt)).toBeGreaterThan(4);
    const free = world.families
      .get("node_filesystem_avail_bytes")!
      .series.find(({ target, labels }) => target.instance === "pg-1:9100" && labels.mountpoint === story.disk.mount)!;
    const pace = (free.value(world.end - 3600)! - free.value(world.end)!) / 3600;
    expect(free.value(world.end)! / pace).toBeCloseTo(story.disk.fullAt - world.end, -3);
  });

  it("has a modest number of series of the usual exporters", () => {
    const count = [...world.families.values()].reduce((sum, family) => sum + family.series.length, 0);
    expect(count).toBeGreaterThan(500);
    expect(count).toBeLessThan(900);
    for (const name of [
      "node_cpu_seconds_total",
      "container_memory_working_set_bytes",
      "kube_pod_info",
      "pg_stat_activity_count",
      "redis_memory_used_bytes",
      "rabbitmq_queue_messages",
      "probe_ssl_earliest_cert_expiry",
      "ci_pipeline_runs_total",
      "slo_objective_ratio",
      "login_failures_total",
    ]) {
      expect(world.families.has(name), name).toBe(true);
    }
  });
});
