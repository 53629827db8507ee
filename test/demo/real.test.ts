import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Binaries, findBinaries } from "../../src/demo/binaries.ts";
import { historyText, scrapeText } from "../../src/demo/exposition.ts";
import { createProcesses } from "../../src/demo/processes.ts";
import { measure } from "../../src/demo/ready.ts";
import { startDemo } from "../../src/demo/run.ts";
import { prometheusYaml, rulesYaml } from "../../src/demo/settings.ts";
import { createWorld } from "../../src/demo/world.ts";
import { realServers } from "../e2e/real.ts";

const folder = mkdtempSync(join(tmpdir(), "demo-real-"));
const { servers, serversIfAny } = realServers();
let programs: Binaries;

beforeAll(async () => {
  if (serversIfAny() === undefined) return;
  const found = await findBinaries(join(import.meta.dirname, "../../.demo"), () => undefined);
  if ("missing" in found) throw new Error(found.missing);
  programs = found;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("with the real programs", () => {
  it("promtool accepts what the exporter says, the settings, the rules and the history", async ({ skip }) => {
    servers(skip);
    const world = createWorld({ now: Date.now() / 1000 });
    const processes = createProcesses();
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const rules = file("rules.yml", rulesYaml());
    await processes.run(programs.promtool, [
      "check",
      "config",
      file("prometheus.yml", prometheusYaml(world, { exporter: 1, alertmanager: 2 }, rules)),
    ]);
    const text = [...historyText(world, { from: world.end - 7200, until: world.end + 1 })].join("");
    const out = await processes.run(programs.promtool, [
      "tsdb",
      "create-blocks-from",
      "openmetrics",
      file("history.om", text),
      join(folder, "blocks"),
    ]);
    const samples = text.split("\n").length - 2;
    const imported = [...out.matchAll(/^[0-9A-Z]{26} .*/gm)].map(([line]) => Number(line.trim().split(/\s+/)[4]));
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(samples);
    // The linter reads standard input, and wants units and suffixes as in new metrics; what it must not find is bad syntax.
    const page = file(
      "scrape.txt",
      world.targets.map((target) => scrapeText(world, target, world.end) ?? "").at(3) ?? "",
    );
    const check = {
      command: "/bin/sh",
      before: ["-c", 'page=$1; shift; exec "$@" < "$page"', "sh", page, programs.promtool.command],
    };
    await processes.run(check, [...programs.promtool.before, "check", "metrics"]);
    await processes.stopAll();
  });

  it("Prometheus shows one line from history to now, with no gap at the seam", async ({ skip }) => {
    const { url, world } = servers(skip);
    const count = async (promql: string) => (await measure(url, promql))?.value;
    const across = Math.ceil(Date.now() / 1000 - world.end) + 300;
    expect(await count(`count_over_time(node_load1{instance="app-1:9100"}[${across}s])`)).toBeGreaterThan(4);
    expect(await count(`resets(node_cpu_seconds_total{instance="app-1:9100",cpu="0",mode="idle"}[${across}s])`)).toBe(
      0,
    );
    expect(await count("count(count_over_time(up[14d:1h]))")).toBe(world.targets.length);
    expect(await count("count(http_requests_total offset 13d)")).toBeGreaterThan(30);
  });

  it("Prometheus itself finds the target down and the story's alerts firing, since when they began", async ({
    skip,
  }) => {
    const { url, world } = servers(skip);
    const { down } = world.story;
    expect((await measure(url, "up == 0"))?.labels).toMatchObject({ job: down.job, instance: down.instance });
    const answer = (await (await fetch(`${url}/api/v1/alerts`)).json()) as {
      data: { alerts: { state: string; activeAt: string; labels: Record<string, string> }[] };
    };
    const firing = answer.data.alerts.filter(({ state }) => state === "firing");
    expect(firing.map(({ labels }) => labels.alertname).sort()).toEqual(world.story.alerts);
    const slow = firing.find(({ labels }) => labels.alertname === "LatencyHigh")!;
    expect(slow.labels.service).toBe(world.story.service);
    expect(Math.abs(Date.parse(slow.activeAt) / 1000 - (world.story.deployedAt + 360))).toBeLessThan(30);
    expect((await measure(url, 'count(ALERTS{alertstate="firing"} offset 7d) or vector(0)'))?.value).toBeTypeOf(
      "number",
    );
    expect((await measure(url, "count(count by (alertname) (count_over_time(ALERTS[13d])))"))?.value).toBeGreaterThan(
      12,
    );
  });

  it("Prometheus knows type and help of what it scraped", async ({ skip }) => {
    const { url } = servers(skip);
    const answer = (await (await fetch(`${url}/api/v1/metadata?metric=http_request_duration_seconds`)).json()) as {
      data: Record<string, { type: string; help: string }[]>;
    };
    expect(answer.data.http_request_duration_seconds?.[0]).toMatchObject({
      type: "histogram",
      help: expect.stringContaining("seconds"),
    });
  });

  it("Alertmanager holds the alerts and the silence of the host that is away", async ({ skip }) => {
    const { alertmanagerUrl, world } = servers(skip);
    const silences = (await (await fetch(`${alertmanagerUrl}/api/v2/silences`)).json()) as {
      comment: string;
      matchers: { value: string }[];
    }[];
    expect(silences.map(({ matchers }) => matchers[0]?.value)).toEqual([world.story.down.instance]);
    const alerts = (await (await fetch(`${alertmanagerUrl}/api/v2/alerts`)).json()) as {
      labels: Record<string, string>;
    }[];
    expect([...new Set(alerts.map(({ labels }) => labels.alertname))].sort()).toEqual(world.story.alerts);
  });

  it("leaves no process and no data when it is called off half-way", async ({ skip }) => {
    servers(skip);
    const stop = new AbortController();
    const run = startDemo({
      folder,
      now: () => Date.now() / 1000,
      signal: stop.signal,
      report: ({ step, fraction }) => {
        if (step.startsWith("writing") && fraction > 0.05) stop.abort(new Error("enough"));
      },
    });
    await expect(run).rejects.toThrow("enough");
    const { readdirSync, readFileSync } = await import("node:fs");
    expect(readdirSync(folder).filter((name) => name.startsWith("run-"))).toEqual([]);
    if (process.platform !== "linux") return;
    const commands = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8");
        } catch {
          return "";
        }
      });
    expect(commands.filter((command) => command.includes(`${folder}/run-`))).toEqual([]);
  });
});
