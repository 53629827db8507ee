import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChatBot, chatEnv, startChatBot } from "../bench/chat-bot.ts";
import { smallPrometheus } from "../e2e/small-prometheus.ts";
import { startBotFramework } from "../fakes/bot-framework/index.ts";
import { ANN, BEN, buttonsIn, CHANNEL, clickOn } from "../fakes/remedy-world.ts";
import { eventBody, FakeSlack, mentionEvent, TEAM } from "../fakes/slack/index.ts";
import { below, exactly, type Outcome, type Run, rank, told } from "./figures.ts";
import { startTarget, type Target } from "./target.ts";
import { runbookFor, WEBHOOK_TOKEN } from "./world.ts";

/** Ten times what a busy team is: six questions and twelve alerts a minute, a change in five minutes, watches read every five minutes. */
const QUESTIONS_A_SECOND = 1;
const ALERTS_A_SECOND = 2;
const CHANGE_SECONDS = 30;
const WATCH_SECONDS = 30;
const SERVICES = 40;
/** A third of the requests fail for a minute out of five: something to find, and to explain. */
const FAILS = { every: 300, seconds: 60, share: 0.3 };
/** From then on nothing may grow. */
const SETTLED = 1 / 3;
/** What was asked last is answered, and what was approved last has run. */
const ENDING_MS = 10_000;

/** What people ask of a service: numbers, charts, lists, what there is none of. */
const QUESTIONS = [
  "error rate of checkout",
  "requests of checkout over the last 15 minutes",
  "graph of requests per second of checkout last hour",
  "which instances of checkout are down?",
  "compare requests of checkout with 10 minutes ago",
  "top 5 instances of checkout by requests",
  "anomalies",
  "incidents",
  "what is wrong with checkout?",
  "cpu of checkout",
  "`sum by (instance) (rate(http_requests_total[1m]))`",
  "how will requests of checkout be in an hour?",
] as const;

const ASKERS = Array.from({ length: 10 }, (_, at) => `U0ASKER00${at}`);

type Look = { readonly heap: number; readonly rss: number; readonly descriptors: number };

/**
 * One bot on a real Prometheus at ten times its normal load for `size` seconds: questions with charts, alerts, watches of what fails at times, and changes that
 * are approved and run. From a third of the time on, it takes no more memory and no more descriptors.
 */
export async function soak(run: Run): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "soak-"));
  const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
  try {
    return await soakIn(folder, stops, run);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** `stops`: what ends what it starts, the last first. */
async function soakIn(folder: string, stops: (() => unknown)[], { size, show }: Run): Promise<Outcome> {
  const prometheus = await smallPrometheus(folder, (reason) => {
    throw new Error(`There is no Prometheus to run this on: ${reason}`);
  });
  stops.push(() => prometheus.stop());
  const [slack, framework, target] = [await new FakeSlack().start(), await startBotFramework(), await startTarget()];
  stops.push(
    () => target.stop(),
    () => framework.close(),
    () => slack.stop(),
  );
  writeSettings(folder, target.url);
  for (const id of ASKERS) slack.people.set(id, { id, name: id, real_name: id, tz: "UTC", team_id: TEAM });
  const bot = await startChatBot({
    ...chatEnv(slack, framework),
    PROMETHEUS_URL: prometheus.url,
    SMARTCLOUDOPS_CONFIG: join(folder, "smartcloudops.yaml"),
    ALERTMANAGER_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
  });
  stops.push(() => bot.stop());
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const waits: number[] = [];
  const refused: number[] = [];
  let [questions, alerts, changes] = [0, 0, 0];
  const timed = async (path: string, headers: Record<string, string>, body: string) => {
    const at = performance.now();
    const status = await post(bot, path, headers, body);
    waits.push(performance.now() - at);
    if (status !== 200) refused.push(status);
  };
  const say = (text: string, user: string) => {
    const event = eventBody(mentionEvent(text, { user }));
    const { headers, body } = slack.signed(event, Math.floor(Date.now() / 1000));
    void timed("/slack/events", headers, body);
  };
  const ask = () => {
    say(QUESTIONS[questions % QUESTIONS.length]!, ASKERS[questions % ASKERS.length]!);
    questions++;
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
  const change = () => {
    changes++;
    say("restart checkout", ANN);
  };
  /** Ben approves what is asked for. */
  const clicked = new Set<string>();
  const approve = () => {
    for (const message of slack.sent(CHANNEL).slice(-200)) {
      const button = buttonsIn(message.blocks).find(({ action_id: id }) => id.startsWith("decide:approve:"));
      if (button === undefined || clicked.has(button.value)) continue;
      clicked.add(button.value);
      const click = clickOn(slack, message, "approve", BEN, { thread: message.thread_ts ?? "" });
      const { headers, body } = slack.signed(click, Math.floor(Date.now() / 1000), "click");
      void timed("/slack/events", headers, body);
    }
  };
  const fail = () => {
    const isFailing = seconds() % FAILS.every > FAILS.every - FAILS.seconds;
    prometheus.set({ failing: isFailing ? FAILS.share : 0 });
    approve();
  };
  change();
  const timers = [
    setInterval(ask, 1000 / QUESTIONS_A_SECOND),
    setInterval(alert, 1000 / ALERTS_A_SECOND),
    setInterval(change, 1000 * CHANGE_SECONDS),
    setInterval(fail, 1000),
  ];
  const pass = async (until: number) => {
    for (; seconds() < until; await sleep(1000)) show(seconds() / size, `${Math.round(seconds())} of ${size} s`);
  };
  await pass(size * SETTLED);
  const before = await look(bot);
  await pass(size);
  const after = await look(bot);
  for (const timer of timers.slice(0, -1)) clearInterval(timer);
  await sleep(ENDING_MS);
  clearInterval(timers.at(-1));
  const answered = slack.sent(CHANNEL).filter((message) => message.thread_ts !== undefined).length;
  const found = await metricsOf(bot);
  const mistakes = bot.log.filter((line) => /a mistake of the bot|a request failed/.test(line));
  const mb = (value: number) => `${value.toFixed(1)} MB`;
  return {
    broken: mistakes.slice(0, 5).map((line) => line.slice(0, 400)),
    figures: [
      told("questions, alerts, changes asked for", `${questions}, ${alerts}, ${changes}`),
      told("messages in threads, changes run, rounds of watching", `${answered}, ${runs(target)}, ${found.rounds}`),
      exactly("changes run twice", [...target.calls.values()].filter((times) => times > 1).length, 0),
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
}

function writeSettings(folder: string, url: string): void {
  const settings = {
    people: { ann: { name: "Ann", slack: [ANN] }, ben: { name: "Ben", slack: [BEN] } },
    roles: { oncall: { people: ["ann", "ben"] } },
    routes: [{ slack: [CHANNEL] }],
    approvals: {
      default: { approvals: 1, approvers: ["oncall"], approve_within: "10m", execute_within: "10m" },
      limits: { open_per_thread: 100, per_channel_hour: 1000, per_target_hour: 1000 },
    },
    schedules: { detect: { every: `${WATCH_SECONDS}s`, post: [{ slack: CHANNEL }] } },
    runbooks: {
      ...{ builtin: false, folders: ["./runbooks"], modes: { default: "act" } },
      executors: {
        http: [
          {
            name: "harbour",
            base_url: url,
            hosts: ["127.0.0.1"],
            allow_private: true,
            idempotent: false,
            status_path: "/status/{key}",
          },
        ],
      },
    },
    limits: { channel_questions_per_minute: 1000 },
  };
  writeFileSync(join(folder, "smartcloudops.yaml"), JSON.stringify(settings));
  runbookFor(folder, "service");
}

const runs = ({ calls }: Target): number => [...calls.values()].reduce((sum, times) => sum + times, 0);

async function metricsOf({ port }: ChatBot): Promise<{ readonly rounds: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counts = [...text.matchAll(/^smartcloudops_watch_rounds_total\{.*\} (\d+)/gm)];
  return { rounds: counts.reduce((sum, [, count]) => sum + Number(count), 0) };
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
