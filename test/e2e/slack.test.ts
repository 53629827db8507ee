import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { freePorts } from "../../src/demo/ports.ts";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { programs } from "./processes.ts";
import { realServers } from "./real.ts";
import { sharedStory } from "./shared-story.ts";

/** The whole program in a Slack of our own, in both modes, on a real Prometheus. */

const { newHome, launch, run, clean } = programs();
const { servers } = realServers();
afterAll(clean);

const CHANNEL = "C0GENERAL1";

describe.each(["socket", "http"] as const)("Slack in %s mode", (mode) => {
  it("gives the terminal's answer in the thread, with its number and a chart, once; and what waited is said after a restart", {
    timeout: 120_000,
  }, async ({ skip }) => {
    const real = servers(skip);
    const slack = await new FakeSlack().start();
    const home = newHome();
    const [port] = await freePorts(1);
    const env = {
      PROMETHEUS_URL: real.url,
      ALERTMANAGER_URL: real.alertmanagerUrl,
      PORT: `${port}`,
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      ...(mode === "socket" ? { SLACK_APP_TOKEN: slack.appToken } : { SLACK_SIGNING_SECRET: slack.signingSecret }),
    };
    const mention = (text: string) => eventBody(mentionEvent(text));
    const tell = async (body: Record<string, unknown>) => {
      if (mode === "socket") return slack.deliver("events_api", body);
      const signed = slack.signed(body, Math.floor(Date.now() / 1000));
      const answer = await fetch(`http://127.0.0.1:${port}/slack/events`, { method: "POST", ...signed });
      expect(answer.status).toBe(200);
      return 1;
    };
    const messages = async (count: number) => {
      for (const deadline = Date.now() + 15_000; Date.now() < deadline && slack.sent(CHANNEL).length < count; )
        await sleep(50);
      return slack.sent(CHANNEL);
    };
    try {
      const first = launch(["start"], { home, env });
      await first.says('"ready"');
      const { question, isToldBy } = await sharedStory(real, run);
      const asked = mention(question);
      await tell(asked);
      await tell(asked); // Slack was not sure that it arrived
      const [said, ...more] = await messages(1);
      await sleep(1000);
      expect([...more, ...slack.sent(CHANNEL).slice(1)]).toEqual([]);
      expect(said?.thread_ts).toBe((asked["event"] as { ts: string }).ts);
      isToldBy(said?.text ?? "");
      const chart = said?.blocks.find((block) => block["type"] === "data_visualization");
      expect(JSON.stringify(chart)).toContain("orders");

      slack.faults.push({ method: "chat.postMessage", times: 1000, kind: "status", status: 503 });
      await tell(mention("status"));
      await first.says("could not be delivered yet");
      first.child.kill("SIGTERM");
      expect((await first.ended).code).toBe(0);
      slack.faults.length = 0;
      const second = launch(["start"], { home, env });
      await second.says('"ready"');
      expect(await messages(2)).toHaveLength(2);
      second.child.kill("SIGTERM");
      expect((await second.ended).code).toBe(0);
    } finally {
      await slack.stop();
    }
  });
});
