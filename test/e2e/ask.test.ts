import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openBot } from "../../src/cli/bot.ts";
import { loadConfig } from "../../src/config.ts";
import type { AskReply } from "../../src/core/answer.ts";
import { measure } from "../../src/demo/ready.ts";
import { runTour } from "../../src/demo/tour.ts";
import { door, programs } from "./processes.ts";
import { realServers } from "./real.ts";
import type { RealPrometheus } from "./servers.ts";

/** The whole program, as a process, on a real Prometheus and Alertmanager with two weeks of a shop's history. */

const { newHome, launch, run, clean } = programs();
const { servers, serversIfAny } = realServers();
afterAll(clean);

const settings = ({ url, alertmanagerUrl }: RealPrometheus) => ({
  PROMETHEUS_URL: url,
  ALERTMANAGER_URL: alertmanagerUrl,
});

const CPU_OF = (host: string) => `1 - avg(rate(node_cpu_seconds_total{mode="idle",instance="${host}:9100"}[5m]))`;

describe("a running bot", { timeout: 180_000 }, () => {
  it("passes the tour, refuses a second start, and ends on SIGTERM", async ({ skip }) => {
    const prometheus = servers(skip);
    const home = newHome();
    const env = settings(prometheus);
    const started = launch(["start"], { home, env });
    await started.says('"ready"');

    const loaded = loadConfig({ env: { ...env, SMARTCLOUDOPS_DATA: join(home, "data") }, cwd: home });
    if (!loaded.ok) throw new Error("these settings have problems");
    const bot = await openBot(loaded.config);
    expect(bot.isRemote).toBe(true);
    const user = { platform: "terminal", id: "mira", name: "mira" };
    let asked = 0;
    const ask = async (text: string, thread: string): Promise<AskReply> => {
      const place = { platform: "terminal", channel: user.id, thread };
      asked += 1;
      return (await bot.ask({ id: `tour-${asked}`, place, user, text, at: Date.now() / 1000 })).reply;
    };
    const { ok, lines } = await runTour(ask, prometheus.world);
    await bot.stop();
    expect(asked).toBeGreaterThanOrEqual(12);
    expect(ok, lines.join("\n")).toBe(true);

    const second = await run(["start"], { home, env });
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^smartcloudops: .*(?:already|another|running)/m);
    expect(second.stderr).not.toMatch(/\.ts:\d/);

    started.child.kill("SIGTERM");
    expect((await started.ended).code).toBe(0);
  });

  it("answers what Prometheus says, also when `ask` finds it through its socket", async ({ skip }) => {
    const prometheus = servers(skip);
    const home = newHome();
    const started = launch(["start"], { home, env: settings(prometheus) });
    await started.says('"ready"');
    const { database } = prometheus.world.story;
    const before = await measure(prometheus.url, CPU_OF(database));
    const { code, stdout } = await run(["ask", "--json", `cpu of ${database}`], { home });
    expect(code).toBe(0);
    const reply = JSON.parse(stdout) as AskReply;
    expect(Math.abs(reply.values[0]!.value - before!.value)).toBeLessThan(0.15);
    expect(reply.reply_text).toContain(database);
    started.child.kill("SIGTERM");
    await started.ended;
  });
});

describe("ask", { timeout: 120_000 }, () => {
  it("says in words what Prometheus measures, with the query", async ({ skip }) => {
    const prometheus = servers(skip);
    const { story } = prometheus.world;
    const { code, stdout } = await run(["ask", `how many messages are in ${story.queue}?`], {
      env: settings(prometheus),
    });
    expect(code).toBe(0);
    expect(stdout).toContain(story.queue);
    expect(stdout).toContain("rabbitmq_queue_messages");
  });

  it("as of another time gives what was then, as Prometheus itself says", async ({ skip }) => {
    const prometheus = servers(skip);
    const { database } = prometheus.world.story;
    const then = Math.floor(prometheus.world.end - 3 * 86_400);
    const args = ["ask", "--json", "--now", new Date(then * 1000).toISOString(), `cpu of ${database}`];
    const { stdout } = await run(args, { env: settings(prometheus) });
    const [value] = (JSON.parse(stdout) as AskReply).values;
    const url = `${prometheus.url}/api/v1/query?time=${then}&query=${encodeURIComponent(CPU_OF(database))}`;
    const truth = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
    expect(value?.value).toBeCloseTo(Number(truth.data.result[0]?.value[1]), 6);
    expect(value?.at).toBe(new Date(then * 1000).toISOString().replace(".000Z", "Z"));
  });

  it("takes a batch, each line a conversation of its own, and goes on after a line it cannot read", async ({
    skip,
  }) => {
    const prometheus = servers(skip);
    const { database, service, down } = prometheus.world.story;
    const home = newHome();
    const lines = [
      { id: "turns", turns: [`cpu of ${database}`, "and memory?"] },
      { id: 7, text: `p95 latency of ${service}` },
      { id: "alone", text: "and memory?" },
      { id: "down", text: `cpu of ${down.host}` },
      { id: "long", text: `cpu of ${database} ${"really ".repeat(3000)}` },
    ];
    const file = join(home, "questions.jsonl");
    writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\nthis is no JSON\n`);
    const { code, stdout, stderr } = await run(["ask", "--batch", file, "--json"], { home, env: settings(prometheus) });
    expect(code, stderr).toBe(0);
    const replies = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AskReply & { readonly id: unknown });
    expect(replies.map(({ id }) => id).slice(0, 5)).toEqual(["turns", 7, "alone", "down", "long"]);
    expect(replies).toHaveLength(6);
    const [turns, latency, alone, gone, long] = replies;
    expect(turns?.promql.join()).toContain("node_memory");
    expect(turns?.promql.join()).toContain(database);
    expect(latency?.promql.join()).toContain("0.95");
    expect(alone?.promql.join()).not.toContain(database);
    expect(gone?.values).toEqual([]);
    expect(long?.reply_text).toMatch(/cut after/);
  });

  it.each([
    ["nobody listens there", () => "http://127.0.0.1:9"],
    ["something else than Prometheus listens there", ({ alertmanagerUrl }: RealPrometheus) => alertmanagerUrl],
  ])("ends with 1 and says that it could not ask when %s", async (_, urlOf) => {
    const real = serversIfAny();
    const url = real === undefined ? "http://127.0.0.1:9" : urlOf(real);
    const { code, stdout, stderr } = await run(["ask", "--json", "cpu of app-1"], { env: { PROMETHEUS_URL: url } });
    expect(code).toBe(1);
    const reply = JSON.parse(stdout) as AskReply;
    expect(reply.reply_text).toMatch(/could not ask/);
    expect(reply.values).toEqual([]);
    expect(stderr).not.toMatch(/\.ts:\d/);
  });

  it("is told apart from its own misuse", async () => {
    const nothing = await run(["ask"]);
    expect(nothing).toMatchObject({ code: 2, stdout: "" });
    expect(nothing.stderr).toMatch(/^smartcloudops: ask wants a question/);
    const half = await run(["ask", "status"], { env: { PROMETHEUS_URL: "prometheus:9090" } });
    expect(half.code).toBe(78);
    expect(half.stderr).toContain("PROMETHEUS_URL");
  });
});

describe("Prometheus that goes away in the middle of a conversation", { timeout: 120_000 }, () => {
  it("is said to be away, and nothing is invented", async ({ skip }) => {
    const prometheus = servers(skip);
    const { database } = prometheus.world.story;
    const way = await door(prometheus.url);
    const home = newHome();
    const started = launch(["start"], { home, env: { PROMETHEUS_URL: way.url } });
    await started.says('"ready"');
    const ask = async () => {
      const { stdout } = await run(["ask", "--json", `cpu of ${database}`], { home });
      return JSON.parse(stdout) as AskReply;
    };
    expect((await ask()).values).toHaveLength(1);
    way.shut();
    const without = await ask();
    expect(without.reply_text).toMatch(/could not ask/);
    expect(without.values).toEqual([]);
    expect(without.degraded?.length).toBeGreaterThan(0);
    expect(started.child.exitCode).toBeNull();
    started.child.kill("SIGTERM");
    expect((await started.ended).code).toBe(0);
    way.close();
  });
});

describe("chat by pipe", { timeout: 120_000 }, () => {
  it("answers line after line in one thread, and ends with the input", async ({ skip }) => {
    const prometheus = servers(skip);
    const { database } = prometheus.world.story;
    const input = `cpu of ${database}\nand memory?\n`;
    const { code, stdout, stderr } = await run(["chat"], { input, env: settings(prometheus) });
    expect(code, stderr).toBe(0);
    const cpu = stdout.indexOf("node_cpu_seconds_total");
    const memory = stdout.indexOf("node_memory_");
    expect(cpu).toBeGreaterThan(-1);
    expect(memory).toBeGreaterThan(cpu);
    expect(stdout.slice(memory)).toContain(database);
    expect(stdout).not.toContain("\u001b[");
  });
});

describe("doctor", { timeout: 120_000 }, () => {
  it("ends with 0 when everything is there, and 1 with the cure when Prometheus is not", async ({ skip }) => {
    const prometheus = servers(skip);
    const well = await run(["doctor", "--json"], { env: settings(prometheus) });
    expect(well.code, well.stdout).toBe(0);
    expect(JSON.parse(well.stdout)).toMatchObject({ ok: true });
    const ill = await run(["doctor"], { env: { PROMETHEUS_URL: "http://127.0.0.1:9" } });
    expect(ill.code).toBe(1);
    expect(ill.stdout).toMatch(/✗.*(?:127\.0\.0\.1:9|prometheus)/i);
    expect(ill.stdout).toMatch(/→ \S/);
  });
});
