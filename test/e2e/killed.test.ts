import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { chatEnv } from "../bench/chat-bot.ts";
import { personal } from "../fakes/bot-framework/activities.ts";
import { startBotFramework } from "../fakes/bot-framework/index.ts";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { programs } from "./processes.ts";

/** The whole program with both platforms, killed without warning between an acknowledgement and its answer. */

const { newHome, launch, clean } = programs();
afterAll(clean);

/** Questions on each platform, fewer than one person may ask in a minute. */
const COUNT = 10;

/** A Prometheus that takes every request and answers none. */
async function silentPrometheus() {
  const server = createServer();
  const asked = once(server, "request");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

it("answers every question that it had acknowledged once it is back, and each once", { timeout: 120_000 }, async () => {
  const [slack, framework, prometheus] = [
    await new FakeSlack().start(),
    await startBotFramework(),
    await silentPrometheus(),
  ];
  const home = newHome();
  const [port] = await freePorts(1);
  const env = { ...chatEnv(slack, framework), PORT: `${port}` };
  const mentions = Array.from({ length: COUNT }, (_, i) => eventBody(mentionEvent(`\`up > ${i}\``)));
  const activities = Array.from({ length: COUNT }, (_, i) => personal(framework.url, `\`up < ${i}\``));
  const token = await framework.sign();
  const send = async (path: string, request: RequestInit) => {
    const { status } = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", ...request });
    return status;
  };
  const sendAll = () =>
    Promise.all([
      ...mentions.map((body) => send("/slack/events", slack.signed(body, Math.floor(Date.now() / 1000)))),
      ...activities.map((activity) =>
        send("/api/messages", {
          headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
          body: JSON.stringify(activity),
        }),
      ),
    ]);
  const said = () => slack.sent("C0GENERAL1").length + framework.messages().length;
  try {
    const first = launch(["start"], { home, env: { ...env, PROMETHEUS_URL: prometheus.url } });
    await first.says('"ready"');
    expect(new Set(await sendAll())).toEqual(new Set([200]));
    await prometheus.asked;
    first.child.kill("SIGKILL");
    await first.ended;
    expect(said()).toBe(0);

    const second = launch(["start"], { home, env: { ...env, PROMETHEUS_URL: "http://127.0.0.1:9" } });
    await second.says('"ready"');
    expect(new Set(await sendAll())).toEqual(new Set([200])); // the platforms were not sure that they arrived
    await expect.poll(said, { timeout: 60_000 }).toBe(2 * COUNT);
    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
    const threads = slack.sent("C0GENERAL1").map(({ thread_ts }) => thread_ts);
    expect(new Set(threads).size).toBe(COUNT);
    expect(framework.messages()).toHaveLength(COUNT);
  } finally {
    prometheus.close();
    await slack.stop();
    await framework.close();
  }
});
