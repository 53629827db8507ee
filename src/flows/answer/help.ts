import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { type Topic, topicOf } from "../../core/change/topics.ts";
import { isOfProgram } from "../../core/chat.ts";
import { inertName } from "../../util/inert.ts";
import { onlyReads } from "./only-reads.ts";
import type { Turn } from "./turn.ts";

/** Questions that work everywhere. */
export const EXAMPLES = ["status", "top 5 hosts by cpu", "show active alerts"] as const;

/** Of these a program can have nothing done. */
const FOR_PEOPLE: ReadonlySet<Topic> = new Set(["silence", "ack", "change", "schedule", "approve", "teach"]);

/** What it can do, with names that exist here. */
export function help(turn: Turn): Answer {
  const topic = topicOf(turn.read.text);
  const isProgram = isOfProgram(turn.question);
  if (topic !== undefined && isProgram && FOR_PEOPLE.has(topic)) return onlyReads(turn, "help");
  if (topic !== undefined) return helpWith(turn, topic);
  const { catalogue } = turn;
  const service = catalogue.ofKind("service")[0]?.name;
  const host = catalogue.ofKind("host")[0]?.name;
  const list = [
    `Numbers: ${service === undefined ? "p95 latency of a service" : `p95 latency of ${inertName(service)}`}, ${host === undefined ? "cpu of a host" : `cpu of ${inertName(host)} in the last 3 hours`}, top 5 hosts by memory`,
    "Overview: status, what's broken, anything unusual, how is a service doing",
    "Alerts: show active alerts, critical alerts, alerts for a host, which alerts are pending",
    "Comparison and time: traffic compared to yesterday, error rate at 03:00, since Monday",
    "Ahead: when will the disk be full, which certificates expire in two weeks",
    "Causes: why is a service slow, what changed",
    "Delivery: versions, deploys, pipelines, error budgets",
    ...(isProgram
      ? []
      : [
          "Changes: restart, scale, roll back; noted as a proposal that waits for approval, never run from text",
          "Words of your own: here, shop means checkout",
        ]),
    "PromQL: put a query in code ticks to run it, or ask which PromQL gives something",
  ];
  return answerOf(
    "Ask me about your systems in plain words; I answer with a number from Prometheus and the query behind it.",
    { list, next: EXAMPLES.map((text) => askButton(text)) },
  );
}

type Explained = {
  readonly verdict: string;
  readonly details: readonly string[];
  readonly examples: readonly string[];
};

/** One topic with examples that work here. */
function helpWith({ catalogue }: Turn, topic: Topic): Answer {
  const alert = catalogue.metrics.get("ALERTS")?.labels.get("alertname")?.[0] ?? "HighErrorRate";
  const service = (catalogue.ofKind("deployment")[0] ?? catalogue.ofKind("service")[0])?.name ?? "checkout";
  const host = catalogue.ofKind("host")[0]?.name ?? "web-1";
  const waits =
    "It becomes a proposal whose card has the buttons; no text in the chat approves it, and nothing runs before the people whom the policy names have clicked.";
  const explained: Readonly<Record<Topic, Explained>> = {
    silence: {
      verdict: "To silence an alert, name it and say for how long.",
      details: [
        `An alert, a service, a host or a matcher can be silenced; without a length it is 1 hour, and 30 days are the most.`,
        waits,
      ],
      examples: [`silence ${alert} for 2h`, `silence everything on ${host} for 45m`, "show silences"],
    },
    ack: {
      verdict: "To acknowledge an alert, name it.",
      details: [waits],
      examples: [`ack ${alert}`, "show active alerts"],
    },
    change: {
      verdict: "To ask for a change, say what and on which thing.",
      details: [
        "Restart, scale, roll back, cordon and drain, free disk, purge a queue, flush a cache, flags, limits, pipelines; several in one request are fine.",
        waits,
      ],
      examples: [`restart ${service}`, `scale ${service} to 4 replicas`, `roll back ${service}`],
    },
    schedule: {
      verdict: "To be told later, say what and when.",
      details: [
        "A digest comes by the calendar once it is planned. What goes out of its usual range is told without being asked for; further watches stand in the file, under `watches`.",
        "Reminders, and watches that are asked for in chat, are noted and not kept: nothing will come of them.",
      ],
      examples: ["digest add morning daily at 08:00 on weekdays", "digests", "anomalies"],
    },
    approve: {
      verdict: "Proposals are approved with buttons by the people whom the policy names, never by text.",
      details: [
        "They stand on the proposal's card; in the terminal, `smartcloudops proposals approve ID` asks instead.",
      ],
      examples: ["approvals"],
    },
    teach: {
      verdict: "To teach me a word, say what it means here.",
      details: ["It counts in this channel only. A word may stand for a thing or a measure, never for a change."],
      examples: ["here, shop means checkout", "what did we teach you", "forget shop"],
    },
    promql: {
      verdict: "Put PromQL in code ticks to run it, or ask which PromQL gives something.",
      details: ["Queries only read, and are bounded in range, series and time."],
      examples: ["`sum(up)`", `which promql gives cpu of ${host}`],
    },
    forecast: {
      verdict: "To look ahead, ask when something will be full or how much it will be.",
      details: ["A forecast says how sure it is, and what it rests on."],
      examples: [`when will the disk of ${host} be full`, "which certificates expire in two weeks"],
    },
    alerts: {
      verdict: "To see alerts, ask for all of them, or for those of a thing or a severity.",
      details: ["Firing and pending ones are told apart."],
      examples: ["show active alerts", `alerts for ${service}`, "critical alerts"],
    },
    chart: {
      verdict: "To see a chart, ask for one with a measure and a time.",
      details: [],
      examples: [`chart cpu of ${host} in the last 3 hours`],
    },
    compare: {
      verdict: "To compare, name two things or two times.",
      details: [],
      examples: [`cpu of ${host} compared to yesterday`],
    },
    privacy: {
      verdict:
        "I keep the questions and answers of a thread, the evidence of each answer, the words a channel taught me, and proposals.",
      details: ["They are deleted after the configured retention."],
      examples: ["what did we teach you"],
    },
  };
  const { verdict, details, examples } = explained[topic];
  return answerOf(verdict, {
    intent: "help",
    details,
    list: examples.map((text) => `For example: ${inertName(text)}`),
    next: examples.map((text) => askButton(text)),
  });
}
