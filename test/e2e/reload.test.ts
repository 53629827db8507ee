import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { BEN, buttonsIn, remedyWorld } from "../fakes/remedy-world.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { until } from "./alertmanager.ts";
import { programs } from "./processes.ts";

/** The whole program, told by a real signal to take its settings anew. */

const [OLD, NEW] = ["C0GENERAL1", "C0OPS00001"];
const { newHome, launch, clean } = programs();
const open: { stop(): Promise<unknown> | unknown }[] = [];
afterAll(clean);
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

/** A Prometheus that knows one gauge and keeps the queries it was asked. */
async function prometheus(): Promise<{ url: string; asked: Set<string> }> {
  const asked = new Set<string>();
  const server: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    const query = new URLSearchParams(await textOf(request)).get("query") ?? url.searchParams.get("query");
    if (query !== null) asked.add(query);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ status: "success", data: dataOf(url.pathname) }));
  });
  const dataOf = (path: string): unknown => {
    if (path.endsWith("/buildinfo")) return { version: "3.7.1" };
    if (path.endsWith("/metadata")) return { queue_depth: [{ type: "gauge", help: "Jobs waiting.", unit: "" }] };
    if (path.endsWith("/values")) return ["queue_depth"];
    if (path.endsWith("/series")) return [{ __name__: "queue_depth", instance: "web-1:9100", job: "shop" }];
    if (path.endsWith("/query_range")) return { resultType: "matrix", result: [] };
    return path.endsWith("/query") ? { resultType: "vector", result: [] } : {};
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({ stop: () => server.closeAllConnections() ?? server.close() });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const settings = (channel: string, watch: string) => `routes:
  - slack: [${channel}]
watches:
  - { name: mine, promql: "${watch}" }
schedules: { detect: { automatic: false, every: 10s } }
runbooks: { folders: [books] }
`;

describe("SIGHUP", { timeout: 120_000 }, () => {
  it("takes routes, watches and runbooks anew; with a mistake in one of them everything stays, and is told", async () => {
    const slack = await new FakeSlack().start();
    open.push(slack);
    slack.channels.set(NEW, { isArchived: false, isMember: true });
    const { url, asked } = await prometheus();
    const [port] = await freePorts(1);
    const home = newHome();
    const file = join(home, "smartcloudops.yaml");
    mkdirSync(join(home, "books"));
    writeFileSync(file, settings(OLD, "sum(queue_depth)"));
    const env = {
      ...{ PROMETHEUS_URL: url, PORT: `${port}`, SLACK_API_URL: slack.apiUrl },
      ...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken },
    };
    const bot = launch(["start"], { home, env });
    await bot.says('"ready"');
    const metric = async (name: string) =>
      Number(
        new RegExp(`^smartcloudops_config_${name} (\\S+)$`, "m").exec(
          await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
        )?.[1],
      );
    const fire = (service: string) =>
      fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          version: "4",
          groupKey: service,
          status: "firing",
          receiver: "bot",
          alerts: [
            {
              status: "firing",
              labels: { alertname: "Down", service, severity: "critical" },
              annotations: {},
              startsAt: new Date().toISOString(),
              endsAt: "0001-01-01T00:00:00Z",
              fingerprint: service,
            },
          ],
        }),
      });
    const status = async () => (await launch(["ask", "status", "--json"], { home, env }).ended).stdout;

    expect(await metric("reload_success")).toBe(1);
    const began = await metric("reload_success_timestamp_seconds");
    await fire("orders");
    await until(() => slack.sent(OLD).length === 1, "the first message");
    expect(await status()).not.toContain("could not be taken anew");

    // A route is right, and a runbook is not: neither is taken.
    writeFileSync(file, settings(NEW, "max(queue_depth)"));
    writeFileSync(join(home, "books", "bounce.yaml"), "id: bounce\ntitle: 5\n");
    bot.child.kill("SIGHUP");
    const said = await bot.says("were not taken anew");
    expect(said).toMatch(/bounce\.yaml:2:8: title/);
    expect(await metric("reload_success")).toBe(0);
    expect(await metric("reload_success_timestamp_seconds")).toBe(began);
    expect(await status()).toMatch(/could not be taken anew at .*bounce\.yaml:2:8.* more\).*Those of .* go on/s);
    await fire("billing");
    await until(() => slack.sent(OLD).length === 2, "the second message, where the first one was");
    expect(slack.sent(NEW)).toEqual([]);
    expect(asked.has("max(queue_depth)")).toBe(false);

    // Corrected, and with something that takes a restart.
    writeFileSync(join(home, "books", "bounce.yaml"), "");
    const good = readFileSync(new URL("../../src/actions/runbooks/health-check.yaml", import.meta.url), "utf8");
    writeFileSync(join(home, "books", "bounce.yaml"), good.replace("id: health-check", "id: bounce"));
    writeFileSync(file, `${settings(NEW, "max(queue_depth)")}limits: { questions_per_minute: 7 }\n`);
    bot.child.kill("SIGHUP");
    expect(await bot.says('"the settings were taken anew"')).toMatch(/"changed":\["routes","watches"\]/);
    expect(await bot.says("take effect at the next start only")).toMatch(/"settings":\["limits"\]/);
    expect(await metric("reload_success")).toBe(1);
    expect(await metric("reload_success_timestamp_seconds")).toBeGreaterThan(began);
    await fire("mailer");
    await until(() => slack.sent(NEW).length === 1, "the third message, where the new route leads");
    await until(() => asked.has("max(queue_depth)"), "the query of the new watch");
    expect(slack.sent(OLD)).toHaveLength(2);
    expect(await status()).not.toContain("could not be taken anew");

    bot.child.kill("SIGTERM");
    expect((await bot.ended).code).toBe(0);
  });

  it("refuses what leads to something that is there after a restart only", async () => {
    const home = newHome();
    const file = join(home, "smartcloudops.yaml");
    writeFileSync(join(home, "key"), "a-secret-of-32-characters-or-more-1234");
    const bot = launch(["start"], { home, env: {} });
    await bot.says('"ready"');
    writeFileSync(
      file,
      "notifiers: { webhook: [{ name: pager, url: 'http://127.0.0.1:1/', secret_file: key }] }\nroutes: [{ notify: [pager] }]\n",
    );
    bot.child.kill("SIGHUP");
    expect(await bot.says("were not taken anew")).toMatch(
      /smartcloudops\.yaml:2:10 routes\[0\]: leads to the notifier pager, which is new/,
    );
    bot.child.kill("SIGTERM");
    expect((await bot.ended).code).toBe(0);
  });
});

describe("a runbook that is edited while its proposal waits", () => {
  it("is not what was shown: the approval ends it, nothing runs, and the next proposal has the new one", {
    timeout: 60_000,
  }, async () => {
    const world = await remedyWorld("socket");
    open.push(world);
    const book = join(world.folder, "runbooks", "restart-desk.yaml");
    const text = readFileSync(book, "utf8");
    const find = () => world.serving().app.store.proposals.find({ limit: 10 });
    const soon = { timeout: 20_000, interval: 20 };
    const shown = async (count: number) => {
      await world.say("restart ferrydesk");
      return vi.waitFor(async () => {
        const all = await find();
        expect(all).toHaveLength(count);
        expect(buttonsIn(world.card()?.blocks ?? []).length).toBeGreaterThan(0);
        return all;
      }, soon);
    };
    await shown(1);
    const card = world.card()!;

    // A mistake changes nothing: what is shown is what would run.
    writeFileSync(book, "id: [");
    await world.serving().reload();
    writeFileSync(book, text.replace(/^title: .*$/m, "title: Restart a desk at once"));
    await world.serving().reload();
    await world.press(card, "approve", BEN);
    const [ended] = await vi.waitFor(async () => {
      const all = await find();
      expect(all[0]?.status).toBe("superseded");
      return all;
    }, soon);
    expect(ended?.votes).toEqual([]);
    expect(world.shop.effects).toEqual([]);
    await vi.waitFor(() => expect(world.aside().join()).toMatch(/was changed since this was shown/), soon);

    const [next] = await shown(2);
    expect(next?.spec.runbook?.version).not.toBe(ended?.spec.runbook?.version);
  });
});
