import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChatBot, chatEnv, startChatBot } from "../bench/chat-bot.ts";
import { startBotFramework } from "../fakes/bot-framework/index.ts";
import { eventBody, FakeSlack, mentionEvent } from "../fakes/slack/index.ts";
import { below, exactly, type Outcome, type Run, rank, told } from "./figures.ts";
import { WEBHOOK_TOKEN } from "./world.ts";

/** Ten times what a busy team is: six questions and twelve alerts a minute. */
const QUESTIONS_A_SECOND = 1;
const ALERTS_A_SECOND = 2;
const SERVICES = 40;
/** From then on nothing may grow. */
const SETTLED = 1 / 3;

type Look = { readonly heap: number; readonly rss: number; readonly descriptors: number };

/** One bot at ten times its normal load for `size` seconds: from a third of the time on, it takes no more memory and no more descriptors. */
export async function soak({ size, show }: Run): Promise<Outcome> {
  const [slack, framework] = [await new FakeSlack().start(), await startBotFramework()];
  const bot = await startChatBot({ ...chatEnv(slack, framework), ALERTMANAGER_WEBHOOK_TOKEN: WEBHOOK_TOKEN });
  try {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const waits: number[] = [];
    const refused: number[] = [];
    let [questions, alerts] = [0, 0];
    const timed = async (path: string, headers: Record<string, string>, body: string) => {
      const at = performance.now();
      const status = await post(bot, path, headers, body);
      waits.push(performance.now() - at);
      if (status !== 200) refused.push(status);
    };
    const ask = () => {
      const { headers, body } = slack.signed(
        eventBody(mentionEvent(`\`up > ${questions++ % 500}\``)),
        Math.floor(Date.now() / 1000),
      );
      void timed("/slack/events", headers, body);
      if (questions % 60 === 0) forget(slack);
    };
    const alert = () => {
      // As it is for days: the same things break and are mended.
      const isOver = Math.floor(alerts / SERVICES) % 2 === 1;
      const labels = { alertname: "Slow", service: `service-${alerts++ % SERVICES}`, severity: "warning" };
      const times = {
        startsAt: new Date(Date.now() - 60_000).toISOString(),
        ...(isOver && { endsAt: new Date().toISOString() }),
      };
      const body = JSON.stringify({
        version: "4",
        alerts: [{ status: isOver ? "resolved" : "firing", labels, ...times }],
      });
      void timed(
        "/webhooks/alertmanager",
        { authorization: `Bearer ${WEBHOOK_TOKEN}`, "content-type": "application/json" },
        body,
      );
    };
    const timers = [setInterval(ask, 1000 / QUESTIONS_A_SECOND), setInterval(alert, 1000 / ALERTS_A_SECOND)];
    const pass = async (until: number) => {
      for (; seconds() < until; await sleep(1000)) show(seconds() / size, `${Math.round(seconds())} of ${size} s`);
    };
    await pass(size * SETTLED);
    const before = await look(bot);
    await pass(size);
    for (const timer of timers) clearInterval(timer);
    await sleep(2000); // what was asked is answered
    const after = await look(bot);
    const mistakes = bot.log.filter((line) => /a mistake of the bot|a request failed/.test(line));
    const mb = (value: number) => `${value.toFixed(1)} MB`;
    return {
      broken: mistakes.slice(0, 5).map((line) => line.slice(0, 400)),
      figures: [
        told("questions, alerts", `${questions}, ${alerts}`),
        told("heap after a collection, at a third and at the end", `${mb(before.heap)}, ${mb(after.heap)}`),
        told("memory as the system counts it", `${mb(before.rss)}, ${mb(after.rss)}`),
        below("the heap's growth", after.heap - before.heap, 4, "MB"),
        below("the memory's growth", after.rss - before.rss, 16, "MB"),
        { ...below("descriptors more", after.descriptors - before.descriptors, 3, ""), wanted: "flat" },
        exactly("unhandled rejections, and requests that failed", mistakes.length, 0),
        exactly("exits of the process", bot.exitCode() === null ? 0 : 1, 0),
        exactly("answers other than 200", refused.length, 0),
        told("p99 until it was taken", `${rank(waits, 0.99).toFixed(0)} ms`),
      ],
    };
  } finally {
    await bot.stop();
    await slack.stop();
    await framework.close();
  }
}

async function look(bot: ChatBot): Promise<Look> {
  const heap = await bot.heapAfterGc();
  return { heap, rss: bot.rss(), descriptors: readdirSync(`/proc/${bot.pid}/fd`).length };
}

async function post({ port }: ChatBot, path: string, headers: Record<string, string>, body: string): Promise<number> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** The stand-in would otherwise remember everything that it was ever told. */
function forget(slack: FakeSlack): void {
  for (const list of [slack.calls, slack.ephemerals, slack.responses]) list.length = 0;
}
