import { type Answer, answerOf } from "../../core/answer.ts";
import type { Question } from "../../core/chat.ts";
import { fold } from "../../core/language/normalise.ts";
import type { Evidence } from "../../core/reading.ts";
import type { Labels } from "../../core/series.ts";
import { formatValue, UNITS } from "../../core/units.ts";
import { sayMoment } from "../../core/zone.ts";
import type { Store, Turn } from "../../ports/store.ts";
import { inertName } from "../../util/inert.ts";

/** What people say who want to see what an answer rests on, as a whole question. */
const WHY_SO = [
  "(?:and )?why (?:do|did|would) you (?:say|think|claim|believe|conclude)(?: (?:that|so|this|it))?",
  "how (?:do|did|would|can) you (?:know|find out|figure)(?: (?:that|this|it|so))?",
  "where (?:does|do|did) (?:that|this|the|it|those|these)(?: (?:number|figure|value|claim|answer)s?)? come from",
  "where do you (?:get|have|take) (?:that|this|it)(?: from)?",
  "what (?:is|are|was) (?:that|this|it|your answer|these) (?:based|resting|founded) on",
  "what makes you (?:say|think|believe) (?:that|so|this)",
  "(?:please )?(?:show|give)(?: me)? (?:the|your|some) (?:evidence|proof|sources?|queries)",
  "(?:can you )?prove (?:it|that)",
  "says who|what is your (?:evidence|source|proof)|are you sure(?: about (?:that|this|it))?|really",
  "warum sagst du (?:das|so was|sowas)|wieso sagst du das|woher weisst du das|woher kommt (?:das|die zahl|diese zahl)",
  "worauf (?:beruht|basiert|stutzt sich) (?:das|diese antwort)|bist du sicher",
  "(?:por que|como) (?:dices|afirmas) eso|como lo sabes|de donde (?:sale|viene) (?:eso|ese numero)|en que te basas",
  "pourquoi (?:dis[- ]tu|tu dis|dites[- ]vous|vous dites) (?:ca|cela)|comment (?:le )?(?:sais[- ]tu|savez[- ]vous)(?: ca)?|d'ou vient ce (?:chiffre|nombre)",
  "por que (?:voce )?diz isso|como (?:voce )?sabe(?: disso)?|de onde vem (?:isso|esse numero)|em que se baseia",
  "(?:aap|tum|tu) (?:aisa|yeh|ye) ky(?:u|o)n (?:keh|kah|bol)\\w*(?: (?:rahe|raha|rahi))?(?: (?:ho|hai|hain))?|(?:tumhe|aapko|tujhe) kaise pata",
];
const PATTERN = new RegExp(`^(?:${WHY_SO.join("|")})\\s*[?!.]*$`);
const LONGEST = 120;

/** Whether somebody wants to see what the last answer rests on. */
export function asksForBasis(text: string): boolean {
  return (
    text.length <= LONGEST &&
    PATTERN.test(
      fold(text)
        .replace(/\s+/g, " ")
        .trim()
        .replace(/^[¿¡]\s*/, ""),
    )
  );
}

export type Explained = { readonly answer: Answer; readonly evidence: readonly Evidence[] };

/** Answers back in the thread that are looked at for one that rests on queries. */
const LOOKED_BACK = 5;
const LINES = 12;

/**
 * What the last answer of the thread rests on, from what was kept of it: each query with what it gave and when, and the sentences that
 * state it. Nothing is asked anew, so it tells the same when Prometheus or the model is away.
 */
export async function explain(
  store: Store,
  { sources }: Question,
  history: readonly Turn[],
  now: number,
  zone: string,
): Promise<Explained> {
  const asked = history.filter(({ author, text }) => author === "person" && !asksForBasis(text));
  for (const { id, text } of asked.slice(-LOOKED_BACK).toReversed()) {
    const kept = await store.evidence.get(id);
    if (kept === undefined || kept.evidence.length === 0) continue;
    const open = kept.evidence.filter(({ source }) => sources?.includes(source) !== false);
    const shown = open.filter(({ values, sentences }) => values !== undefined || sentences !== undefined);
    return { answer: told(text, kept.at, shown, kept.evidence.length - open.length, now, zone), evidence: shown };
  }
  return {
    answer: answerOf("Nothing that I said in this thread rests on a query.", {
      details: ["Ask about your systems first; then I show which query gave which number."],
    }),
    evidence: [],
  };
}

function told(
  question: string,
  at: number,
  evidence: readonly Evidence[],
  closed: number,
  now: number,
  zone: string,
): Answer {
  // What a sentence states comes first: that is what was asked.
  const ordered = [...evidence].sort((a, b) => Number(b.sentences !== undefined) - Number(a.sentences !== undefined));
  const lines = ordered.slice(0, LINES).map((one) => lineOf(one, now, zone));
  const queries = `${evidence.length} ${evidence.length === 1 ? "query" : "queries"}`;
  const short = inertName(question, { max: 80 });
  return answerOf(`My answer to “${short}” ${sayMoment(at, now, zone)} rests on ${queries}:`, {
    list: lines,
    values: evidence.flatMap(({ promql, values = [] }) =>
      values.map(({ labels, value, unit, at: when }) => ({ name: promql, value, unit, labels, at: when })),
    ),
    notes: [
      "From what was kept then: nothing was asked anew.",
      ...(evidence.length > LINES ? [`${evidence.length - LINES} more are not shown.`] : []),
      ...(closed > 0 ? [`${closed} more asked a source that is closed to you.`] : []),
    ],
  });
}

function lineOf(
  { promql, source, end, readings, values = [], sentences = [] }: Evidence,
  now: number,
  zone: string,
): string {
  const times = new Set(values.map(({ at }) => sayMoment(at, now, zone)));
  const given = values.map(({ labels, value, unit, at }) => {
    const known = UNITS.find((one) => one === unit) ?? "none";
    const when = times.size > 1 ? ` ${sayMoment(at, now, zone)}` : "";
    return `${formatValue(value, known)}${nameOf(labels)}${when}`;
  });
  const once = times.size === 1 ? ` ${[...times][0]}` : "";
  const failed = typeof readings === "number" ? undefined : readings.failed;
  const nothing = readings === 0 ? `no series ${sayMoment(end, now, zone)}` : `${String(readings)} series`;
  const more =
    typeof readings === "number" && readings > values.length ? ` and ${readings - values.length} more series` : "";
  const gave =
    failed !== undefined
      ? `failed: ${inertName(failed)}`
      : values.length > 0
        ? `${given.join(", ")}${once}${more}`
        : nothing;
  const stated = sentences.map((sentence) => `“${sentence}”`).join(" ");
  return `${inertName(promql, { max: 300 })} (${source}) gave ${gave}${stated === "" ? "" : `. Stated in: ${stated}`}`;
}

function nameOf(labels: Labels): string {
  const parts = Object.entries(labels).flatMap(([name, value]) =>
    name === "__name__" ? [] : [inertName(value, { max: 40 })],
  );
  return parts.length === 0 ? "" : ` (${parts.slice(0, 4).join(" ")})`;
}
