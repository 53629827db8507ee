import type { Answer } from "../../core/answer.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatValue } from "../../core/units.ts";
import type { EndOf } from "./forecast-outlook.ts";
import { valueAhead } from "./forecast-value.ts";
import { whenReached } from "./forecast-when.ts";
import type { Turn } from "./turn.ts";

/** When something runs out, or what it will be: a forecast from its history with a band, or a straight line through the recent past. */
export async function forecast(turn: Turn, subject: Subject): Promise<Answer> {
  const wantsWhen =
    /\b(?:when|how long|until|any|which|surviv\w*|make it|run(?:s|ning)? out|full|fill\w*|exhaust\w*|reach\w*|last|wann|voll|erschopft|cuando|llen[ao]\w*|agot\w*|quand|plein\w*|epuis\w*|quando|chei[ao]|encher|kab|bhar\w*|empty|drain\w*|clear\w*|leer|vaci\w*|vide\w*|vazi\w*|khali)\b/i.test(
      turn.read.plain,
    );
  const limit = limitOf(turn, subject) ?? (wantsWhen ? wholeOf(turn, subject) : undefined);
  if (limit !== undefined && (wantsWhen || turn.read.ahead === undefined)) return whenReached(turn, subject, limit);
  return valueAhead(turn, subject);
}

/** What counts as the end: empty for free space, 100 % for shares, a threshold that the question names. */
function limitOf(turn: Turn, subject: Subject): EndOf | undefined {
  const { concept } = subject.bound;
  const named = turn.read.threshold?.valueIn(concept.unit);
  if (named !== undefined)
    return {
      subject,
      value: named,
      words: `at ${formatValue(named, concept.unit)}`,
      rising: turn.read.threshold?.op.startsWith("<") !== true,
    };
  const swap: Readonly<Record<string, string>> = {
    "host.disk": "host.disk_free",
    "host.disk_used": "host.disk_free",
    "host.memory": "host.memory_free",
    "volume.usage": "volume.free",
  };
  const other = turn.index.byId.get(swap[concept.id] ?? "");
  if (other !== undefined)
    return {
      subject: { ...subject, bound: other },
      value: 0,
      words: concept.id === "host.memory" ? "exhausted" : "full",
      rising: false,
    };
  if (["host.disk_free", "host.memory_free", "volume.free"].includes(concept.id))
    return { subject, value: 0, words: "full", rising: false };
  if (concept.unit === "ratio" && concept.worse === "up" && concept.warn !== undefined)
    return { subject, value: 1, words: "at 100 %", rising: true };
  if (concept.id === "slo.budget") return { subject, value: 0, words: "used up", rising: false };
  return undefined;
}

/** What a count or an amount is a part of, where a question asks when that is used up; and when a queue is empty. */
function wholeOf({ read, index }: Turn, subject: Subject): EndOf | undefined {
  const share = index.byId.get(SHARES[subject.bound.concept.id] ?? "");
  if (share !== undefined) return { subject: { ...subject, bound: share }, value: 1, words: "at 100 %", rising: true };
  const free = subject.bound.concept.id === "volume.used" ? index.byId.get("volume.free") : undefined;
  if (free !== undefined) return { subject: { ...subject, bound: free }, value: 0, words: "full", rising: false };
  if (subject.bound.concept.unit !== "count") return undefined;
  if (EMPTY.test(read.plain)) return { subject, value: 0, words: "empty", rising: false };
  const reached = Number(REACHED.exec(read.plain)?.[1]?.replaceAll(",", "") ?? Number.NaN);
  return Number.isFinite(reached)
    ? { subject, value: reached, words: `at ${formatValue(reached, "count")}`, rising: true }
    : undefined;
}

const SHARES: Readonly<Record<string, string>> = {
  "redis.memory": "redis.memory_ratio",
  "pg.connections": "pg.connections_ratio",
};
/** "reach 30000 messages": a bare count, which is no comparison. */
const REACHED = /\b(?:reach(?:es)?|hits?|erreicht|llega a|atteint|atteindra|atinge) (\d[\d,]*(?:\.\d+)?)\b/;
const EMPTY = /\b(?:empty|drain\w*|clear\w*|gone|worked off|leer|abgearbeitet|vaci\w*|vide\w*|vazi\w*|khali)\b/;
