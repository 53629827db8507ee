import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { visitorHere } from "../../src/chat/terminal/visitor.ts";
import { checkNotifiers } from "../../src/cli/checks/notifiers.ts";
import { type Serving, serve } from "../../src/cli/serve.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { Log } from "../../src/util/log.ts";
import { mailServer } from "../fakes/notifiers/mailbox.ts";
import { receiver } from "../fakes/notifiers/receiver.ts";

/** The whole bot with a mail server and a webhook, both real, and one target that never answers. */

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const nothing = () => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };

async function aWorld() {
  const folder = mkdtempSync(join(tmpdir(), "notifiers-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const [mail, hook, dead] = [await mailServer(), await receiver("shared"), await receiver("shared")];
  for (const one of [mail, hook, dead]) undo.push(one.close);
  dead.state.hangs = true;
  writeFileSync(join(folder, "key"), "shared\n");
  writeFileSync(
    join(folder, "smartcloudops.yaml"),
    [
      "notifiers:",
      "  email:",
      `    - {name: mail, host: 127.0.0.1, port: ${mail.port}, tls: none, from: bot@example.com, to: [ann@example.com]}`,
      "  webhook:",
      `    - {name: hook, url: "${hook.url}", secret_file: key}`,
      `    - {name: dead, url: "${dead.url}", secret_file: key}`,
      `people: {ann: {terminal: ["${visitorHere().user.id}"]}}`,
      "roles: {sre: {people: [ann]}}",
      "responders: [sre]",
      "routes:",
      "  - {name: all, notify: [dead, mail, hook]}",
    ].join("\n"),
  );
  const loaded = loadConfig({ env: { PORT: "0", SMARTCLOUDOPS_DATA: join(folder, "data") }, cwd: folder });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const start = async (): Promise<Serving> => {
    const serving = await serve(loaded.config as Config, { log, onBrokenStore: nothing });
    undo.push(() => serving.stop(100));
    return serving;
  };
  return { mail, hook, dead, start, config: loaded.config };
}

const alert = (status: "firing" | "resolved") => ({
  version: "4",
  status,
  groupKey: "{}:{}",
  receiver: "bot",
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: "http://alertmanager",
  alerts: [
    {
      status,
      labels: { alertname: "HighErrorRate", severity: "critical", service: "checkout" },
      annotations: { summary: "5 % of requests fail" },
      startsAt: new Date(Date.now() - 60_000).toISOString(),
      endsAt: status === "resolved" ? new Date().toISOString() : "0001-01-01T00:00:00Z",
      generatorURL: "",
      fingerprint: "f1",
    },
  ],
});

const patience = { timeout: 15_000, interval: 50 };

describe("an alert of a bot with notifiers", () => {
  it("reaches each of them once, over a restart, while one of them hangs", async () => {
    const { mail, hook, dead, start } = await aWorld();
    const first = await start();
    const post = (port: number, body: unknown) =>
      fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await post(first.port, alert("firing"))).status).toBe(200);
    await vi.waitFor(() => {
      expect(mail.mails).toHaveLength(1);
      expect(hook.posts).toHaveLength(1);
      expect(dead.state.asked).toBe(1);
    }, patience);
    expect(mail.mails[0]?.headers.get("subject")).toBe("Critical: checkout: HighErrorRate");
    expect(hook.posts[0]?.body).toMatchObject({ event: "opened", incident: { severity: "critical", status: "open" } });
    await first.stop(100);
    const second = await start();
    expect((await post(second.port, alert("resolved"))).status).toBe(200);
    await vi.waitFor(() => {
      expect(mail.mails).toHaveLength(2);
      expect(hook.posts).toHaveLength(2);
    }, patience);
    expect(hook.posts.map(({ body }) => body["event"])).toEqual(["opened", "resolved"]);
    const ready = (await (await fetch(`http://127.0.0.1:${second.port}/readyz`)).json()) as unknown;
    expect(JSON.stringify(ready)).toContain("notifier/mail");
    const metrics = await (await fetch(`http://127.0.0.1:${second.port}/metrics`)).text();
    expect(metrics).toContain('smartcloudops_chat_messages_total{platform="notifier/hook",outcome="sent"} 1');
    expect(metrics).toContain('smartcloudops_chat_messages_total{platform="notifier/hook",outcome="given_up"} 0');
  }, 60_000);

  it("is tested through its routes by whoever may, marked as a test", async () => {
    const { mail, hook, dead, start } = await aWorld();
    dead.state.hangs = false;
    const { app } = await start();
    const { user } = visitorHere();
    const place = { platform: "terminal", channel: user.id, thread: "t" };
    const { card } = await app.ask({ id: "q1", place, user, text: "test route all", at: Date.now() / 1000 });
    expect(card.title).toBe("The test arrived in all 3 places.");
    expect(JSON.stringify(card)).toContain("all → notifier mail: arrived");
    expect(mail.mails[0]?.headers.get("subject")).toMatch(/^TEST: an alert of route all/);
    expect(hook.posts[0]?.body).toMatchObject({ event: "test" });
  }, 60_000);

  it("is looked at by the doctor, who sends nothing", async () => {
    const { mail, hook, config } = await aWorld();
    const checks = await checkNotifiers({
      ...config,
      notifiers: config.notifiers.filter(({ name }) => name !== "dead"),
    });
    expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual(["notifier mail ok", "notifier hook ok"]);
    await mail.close();
    hook.state.status = 401;
    const again = await checkNotifiers({
      ...config,
      notifiers: config.notifiers.filter(({ name }) => name !== "dead"),
    });
    expect(again.map(({ state }) => state)).toEqual(["failed", "failed"]);
    expect(mail.mails).toEqual([]);
    expect(hook.posts).toEqual([]);
  }, 60_000);
});
