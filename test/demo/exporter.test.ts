import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startExporter } from "../../src/demo/exporter.ts";
import { alertmanagerYaml, prometheusYaml, rulesYaml } from "../../src/demo/settings.ts";
import { createWorld } from "../../src/demo/world.ts";

const world = createWorld({ now: Date.UTC(2026, 4, 12, 13, 37) / 1000 });
let now = world.end + 10;
let exporter: Awaited<ReturnType<typeof startExporter>>;

beforeAll(async () => {
  exporter = await startExporter(world, () => now);
});
afterAll(() => exporter.stop());

const scrape = (job: string, instance: string) =>
  fetch(`http://127.0.0.1:${exporter.port}/metrics?${new URLSearchParams({ job, instance })}`);

describe("the live exporter", () => {
  it("answers for one target, with type and help, without the labels that the scrape adds", async () => {
    const response = await scrape("node", "app-1:9100");
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    const text = await response.text();
    expect(text).toMatch(
      /# HELP node_cpu_seconds_total \S.*\n# TYPE node_cpu_seconds_total counter\nnode_cpu_seconds_total\{cpu="0",mode="idle"\} \d/,
    );
    expect(text).not.toMatch(/instance=|job=|pg_up/);
  });

  it("moves with the clock", async () => {
    const value = async () =>
      Number(
        /node_cpu_seconds_total\{cpu="0",mode="idle"\} (\S+)/.exec(
          await (await scrape("node", "app-1:9100")).text(),
        )?.[1],
      );
    const before = await value();
    now += 60;
    const passed = (await value()) - before;
    expect(passed).toBeGreaterThan(10);
    expect(passed).toBeLessThan(60);
  });

  it("fails for the target that is down, and knows no others", async () => {
    expect((await scrape("node", world.story.down.instance)).status).toBe(503);
    expect((await scrape("node", "nobody:1")).status).toBe(404);
  });
});

describe("the servers' settings", () => {
  it("scrape every target under its real name, through the exporter only", () => {
    const settings = JSON.parse(prometheusYaml(world, { exporter: 4242, alertmanager: 4243 }, "/r.yml"));
    const scraped = settings.scrape_configs.flatMap(
      (job: { job_name: string; static_configs: [{ targets: string[] }] }) =>
        job.static_configs[0].targets.map((instance) => ({ job: job.job_name, instance })),
    );
    expect(scraped.toSorted(byName)).toEqual(world.targets.toSorted(byName));
    for (const job of settings.scrape_configs)
      expect(job.relabel_configs.at(-1)).toEqual({ target_label: "__address__", replacement: "127.0.0.1:4242" });
  });

  it("have ten alert rules and more, and tell nobody outside", () => {
    expect(JSON.parse(rulesYaml()).groups[1].rules.length).toBeGreaterThanOrEqual(10);
    expect(JSON.parse(alertmanagerYaml()).receivers).toEqual([{ name: "nobody" }]);
  });
});

function byName(a: { job: string; instance: string }, b: { job: string; instance: string }): number {
  return `${a.job} ${a.instance}`.localeCompare(`${b.job} ${b.instance}`);
}
