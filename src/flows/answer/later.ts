import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import {
  awaited,
  conditionOf,
  endsSchedule,
  laterKind,
  reminderOf,
  rhythm,
  sayCron,
} from "../../core/change/schedule.ts";
import { fold } from "../../core/language/normalise.ts";
import { readTimes } from "../../core/language/time.ts";
import { inertName } from "../../util/inert.ts";
import { lately } from "./focus.ts";
import { propose, type Wish } from "./propose.ts";
import type { Turn } from "./turn.ts";

const CANCELS =
  /^(?:please |bitte |por favor )*(?:cancel|delete|remove|stop|unsubscribe|end|disable|losch\w*|abbestell\w*|beende\w*|cancela\w*|elimina\w*|quita|para|annule\w*|supprime\w*|arrete\w*|desliga\w*|remova|pare)\b|\b(?:unsubscribe|abbestell\w*|band karo|cancel karo)\b/;
const LISTS =
  /^(?:please |bitte )*(?:list|show|which|what|my|are there|any|welche|zeig\w*|muestra|cuales|liste|quels?|quelles|mostra\w*|quais|kaun)\b/;
const THINGS = [
  "queue",
  "service",
  "deployment",
  "host",
  "node",
  "database",
  "domain",
  "project",
  "pod",
  "horizontalpodautoscaler",
  "flag",
  "job",
];

/** A message wanted later: a digest that repeats, a reminder, or a watch. A wish of this kind is noted as a proposal that nothing can run; planned digests have words of their own (core/digest/wish.ts). */
export async function later(turn: Turn): Promise<Answer> {
  const { read } = turn;
  const text = fold(read.plain);
  if (CANCELS.test(text) || endsSchedule(read.plain))
    return answerOf("There is no such schedule, so nothing was cancelled.", {
      details: ["A planned digest is ended with: digest remove NAME."],
      next: [askButton("digests")],
    });
  if (LISTS.test(text) && read.schedule === undefined)
    return answerOf("I keep no reminders, and no watches that were asked for in chat.", {
      details: ["Digests are planned: ask for digests. What is watched by itself stands under anomalies."],
      next: [askButton("digests"), askButton("anomalies")],
    });
  switch (laterKind(read.text, read.schedule !== undefined)) {
    case "reminder":
      return reminder(turn);
    case "watch":
      return watch(turn);
    case "digest":
      return digest(turn);
  }
}

async function digest(turn: Turn): Promise<Answer> {
  const { read } = turn;
  const when = whenOf(turn);
  const what =
    /\b(?:summary|report|digest|overview|recap|zusammenfassung|bericht|uberblick|resumen|informe|resume|rapport|resumo|relatorio|status)\b/.test(
      fold(read.plain),
    )
      ? "summary"
      : "report";
  if (when === undefined)
    return answerOf(`When should the ${what} come?`, {
      intent: "clarify",
      details: ["Which time and how often? For example: send me a summary every day at 9:00."],
      next: [askButton("send me a summary every day at 9:00"), askButton("send me a report every Monday at 9:00")],
    });
  const about = read.mentions.flatMap((mention) => mention.entities[0]?.name ?? [])[0];
  const target = [when.rhythm, what].filter((part) => part !== "").join(" ");
  return noted(
    turn,
    { type: "schedule", target: about === undefined ? target : `${target} of ${about}`, params: when.params },
    when.said,
  );
}

async function reminder(turn: Turn): Promise<Answer> {
  const { read, now, zone } = turn;
  const when = whenOf(turn);
  const about = reminderOf(read.plain, readTimes(read.plain, now, zone));
  if (when === undefined)
    return answerOf("When should I remind you?", {
      intent: "clarify",
      details: ["Which time? For example: remind me in 2 hours to check the disk."],
      next:
        about === ""
          ? []
          : [askButton(`remind me in 1 hour to ${about}`), askButton(`remind me tomorrow at 9:00 to ${about}`)],
    });
  if (about === "")
    return answerOf("What should I remind you of?", {
      intent: "clarify",
      details: ["For example: remind me in 2 hours to check the disk."],
    });
  return noted(turn, { type: "schedule", target: `reminder: ${about}`, params: when.params }, when.said);
}

async function watch(turn: Turn): Promise<Answer> {
  const { read } = turn;
  const named =
    read.mentions.flatMap((mention) => mention.entities.find((entity) => THINGS.includes(entity.kind)) ?? [])[0] ??
    read.mentions[0]?.entities[0];
  const [unknown] = read.unknown;
  if (named === undefined && unknown?.sure === true) {
    return answerOf(`I know nothing called ${inertName(unknown.text)}, so there is nothing to watch.`, {
      tone: "warning",
      intent: "schedule",
      details:
        unknown.near.length === 0
          ? []
          : [`Did you mean ${unknown.near.map((entity) => inertName(entity.name)).join(", ")}?`],
    });
  }
  const [recent, ...others] =
    named === undefined &&
    /\b(?:it|its|that|this|es|das|lo|eso|le|la|ca|isso|ele|ela|uska|usko)\b/.test(fold(read.plain))
      ? lately(turn, THINGS)
      : [];
  const before = others.length === 0 ? recent : undefined;
  const names = read.mentions.map((mention) => mention.text);
  const condition = conditionOf(read.plain, names);
  const [subject] = read.subjects;
  const metric =
    subject !== undefined && subject.score >= 0.3
      ? `${read.quantile === undefined ? "" : `p${Math.round(read.quantile * 1000) / 10} `}${subject.bound.concept.name}`
      : undefined;
  const waits = condition === undefined ? awaited(read.plain) : undefined;
  const target =
    named?.name ??
    before?.name ??
    (condition === undefined
      ? waits?.replace(/^(?:the|a|an|der|die|das|el|la|le|o|os)\s+/i, "").split(/\s+/)[0]
      : undefined) ??
    (metric === undefined ? undefined : subject?.bound.concept.name);
  if (target === undefined)
    return answerOf("What should be watched, and for what?", {
      intent: "clarify",
      details: ["Please name a thing and a limit. For example: tell me when the queue goes over 30000."],
    });
  if (condition === undefined && waits === undefined && metric === undefined) {
    return answerOf(`What should I watch ${inertName(target)} for?`, {
      intent: "clarify",
      details: ["Which measure and which limit? For example: tell me when its error rate goes over 5 %."],
      next: [
        askButton(`tell me when the error rate of ${target} goes over 5 %`),
        askButton(`tell me when cpu of ${target} goes over 90 %`),
      ],
    });
  }
  const params: Record<string, string | number> = {};
  const measured = metric ?? (condition !== undefined && named?.kind === "queue" ? "messages in the queue" : undefined);
  if (measured !== undefined) params["metric"] = measured;
  if (condition !== undefined) {
    params["op"] = condition.op;
    params["threshold"] = condition.threshold;
    if (condition.unit !== "") params["unit"] = condition.unit;
  }
  if (waits !== undefined) params["condition"] = waits;
  const said =
    condition === undefined
      ? waits === undefined
        ? "for its usual range"
        : `until ${inertName(waits)}`
      : `until it is ${condition.op.startsWith(">") ? "above" : "below"} ${inertName(condition.text)}`;
  return noted(
    turn,
    {
      type: "watch",
      target,
      params,
      ...(named === undefined && before !== undefined
        ? { facts: [`I took ${inertName(before.name)} from what was said before.`] }
        : {}),
    },
    said,
  );
}

async function noted(turn: Turn, wish: Wish, said: string): Promise<Answer> {
  const answer = await propose(turn, [wish]);
  const metric = wish.params["metric"];
  const what =
    wish.type === "watch"
      ? `watch ${inertName(wish.target)}${metric === undefined ? "" : ` (${inertName(String(metric))})`}`
      : inertName(wish.target);
  return {
    ...answer,
    verdict: `Noted, and nothing will run: ${what}, ${said}.`,
  };
}

type When = {
  readonly params: Readonly<Record<string, string | number>>;
  readonly said: string;
  readonly rhythm: string;
};

function whenOf({ read, now, zone }: Turn): When | undefined {
  if (read.schedule !== undefined) {
    const { cron } = read.schedule;
    const where = read.schedule.zone ?? zone;
    return { params: { cron, zone: where }, said: sayCron(cron, where), rhythm: rhythm(cron) };
  }
  let at = read.ahead?.to;
  // A bare clock time is read as the last one; a reminder comes at the next.
  if (at === undefined && read.at !== undefined)
    at = read.at.at > now ? read.at.at : read.at.at > now - 86_400 ? read.at.at + 86_400 : undefined;
  if (at === undefined) return undefined;
  const iso = `${new Date(at * 1000).toISOString().slice(0, 16)}Z`;
  return {
    params: { at: new Date(at * 1000).toISOString() },
    said: `once, at ${iso.replace("T", " ").replace("Z", " UTC")}`,
    rhythm: "",
  };
}
