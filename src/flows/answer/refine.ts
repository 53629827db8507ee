import { fold } from "../../core/language/normalise.ts";
import type { ConceptIndex, Subject } from "../../core/language/subject.ts";
import { threshold } from "../../core/language/threshold.ts";
import type { Understanding } from "../../core/language/understand.ts";

export type Refined = { readonly read: Understanding; readonly subject: Subject };

const OUT =
  /\b(?:out of|over|exhaust\w*|violat\w*|breach\w*|blown|blew|spent|missed|missing|burn(?:ed|t) through|used up|broken|not met|failing|depleted|aufgebraucht|uberschritten|verletzt|agotad\w*|epuise\w*|esgotad\w*|khatam)\b/;
const NEAR = /\b(?:near|close to|almost|about to|approaching|nearly|nahe|fast voll|casi|cerca|presque|quase|proche)\b/;

/**
 * Limits that a question implies without a number: certificates "in the next two weeks", deployments "in the last 12 h",
 * budgets "exhausted", deployments "unavailable", autoscalers "maxed out".
 */
export function refine(read: Understanding, subject: Subject, index: ConceptIndex): Refined {
  if (read.threshold !== undefined) return { read, subject };
  const { concept } = subject.bound;
  const text = fold(read.plain);
  const listing = subject.filters.every((filter) => filter.label !== subject.bound.names["self"]);
  const limited = (op: ">" | ">=" | "<" | "<=", value: number, change: Partial<Understanding> = {}): Refined => ({
    read: { ...read, ...change, threshold: threshold(op, value, "base"), limitImplied: true },
    subject,
  });
  const count = index.byId.get("deploy.count");
  if (concept.id === "deploy.last" && count !== undefined && read.aggregation === "count")
    return { read: { ...read, text: `${read.text} ` }, subject: { ...subject, bound: count } };
  switch (concept.id) {
    case "cert.expiry":
      if (/\b(?:has|already|have)\b.*\bexpired\b|\babgelaufen\b/.test(text)) return limited("<=", 0);
      if (
        read.ahead === undefined &&
        listing &&
        /\b(?:first|next|soonest|earliest|zuerst|nachste\w*|primero|proxim[oa]|premier\w*|prochain\w*|primeiro|pehle)\b/.test(
          text,
        )
      ) {
        return {
          read: { ...read, intent: "top_k", ranking: { direction: "low", k: 1, explicit: true, implies: undefined } },
          subject,
        };
      }
      return read.ahead === undefined || read.intent === "forecast"
        ? read.ahead === undefined
          ? { read, subject }
          : limited("<", read.ahead.seconds, { ahead: undefined })
        : limited("<", read.ahead.seconds);
    case "deploy.version":
    case "deploy.count":
    case "deploy.last": {
      const last = index.byId.get("deploy.last");
      if (
        last !== undefined &&
        listing &&
        /\b(?:most recent\w*|latest|newest|last (?:thing|one)|recently|zuletzt|neueste\w*|ultim[oa]|mas reciente|dernier\w*|recent)\b/.test(
          text,
        ) &&
        read.window === undefined
      ) {
        return {
          read: {
            ...read,
            intent: "top_k",
            ranking: {
              direction: "low",
              k: read.ranking?.explicit ? read.ranking.k : 1,
              explicit: true,
              implies: undefined,
            },
          },
          subject: { ...subject, bound: last },
        };
      }
      if (last === undefined || read.window === undefined || !listing || read.aggregation === "count")
        return { read, subject };
      const seconds = read.window.to - read.window.from;
      return {
        read: { ...read, window: undefined, threshold: threshold("<=", seconds, "base") },
        subject: { ...subject, bound: last },
      };
    }
    case "slo.budget":
      return listing && OUT.test(text) ? limited("<=", 0) : { read, subject };
    case "slo.burn":
      return { read, subject };
    default:
  }
  if (!listing || concept.warn === undefined || concept.worse !== "up") return { read, subject };
  if (concept.unit === "count" && concept.warn === 1 && read.aggregation !== "sum") return limited(">=", 1);
  if (concept.id === "hpa.usage" && /\bmax\w*|\blimit\b|\bceiling\b/.test(text)) return limited(">=", 1);
  if (NEAR.test(text)) return limited(">=", concept.warn);
  return { read, subject };
}

/** The measures a question lists ("cpu and memory of …"): subjects that each explain other words of it, best first. */
export function listedSubjects(subjects: readonly Subject[]): readonly Subject[] {
  const [first] = subjects;
  if (first === undefined) return [];
  const chosen = [first];
  const covered = new Set(first.covered);
  const named = new Set(first.mentions.flatMap((mention) => [mention.first, mention.end - 1]));
  for (const subject of subjects.slice(1)) {
    const own = [...subject.covered].filter((at) => at >= 0 && !covered.has(at) && !named.has(at));
    if (
      own.length === 0 ||
      subject.score < Math.max(0.5, first.score - 0.12) ||
      subject.bound.concept.about !== first.bound.concept.about ||
      subject.bound.concept.id.startsWith("metric:")
    )
      continue;
    chosen.push(subject);
    for (const at of own) covered.add(at);
  }
  return chosen.length <= 4 ? chosen : chosen.slice(0, 4);
}
