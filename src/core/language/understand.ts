import type { Catalogue } from "../catalogue.ts";
import type { Concept, ConceptPacks } from "../concept.ts";
import { escapeRegex } from "../concept.ts";
import type { ActionType } from "./actions.ts";
import { classify, type HostileReason, type Intent, isHostile, isUrgent } from "./classify.ts";
import { readCues } from "./cues.ts";
import { delexicalise } from "./delexicalise.ts";
import { decideIntent } from "./intent.ts";
import { findAction, findAggregation, findQuantile, findRanking, findThreshold } from "./lexicon.ts";
import { findMentions, type Mention } from "./link.ts";
import { type Normalised, normalise, type Token, tokens } from "./normalise.ts";
import { type Guess, type MetricWord, readUnknown, type UnknownName } from "./spelling.ts";
import { absentConcept, conceptIndex, findSubjects, type Subject } from "./subject.ts";
import { type Threshold, threshold } from "./threshold.ts";
import { readTimes, type TimeExpression } from "./time.ts";
import { canonical } from "./vocabulary.ts";

export type Window = Extract<TimeExpression, { kind: "window" }>;
export type Moment = Extract<TimeExpression, { kind: "at" }>;
export type Offset = Extract<TimeExpression, { kind: "offset" }>;
export type Ahead = Extract<TimeExpression, { kind: "future" }>;
export type Repeating = Extract<TimeExpression, { kind: "schedule" }>;

export type Aggregation = "max" | "min" | "avg" | "sum" | "count" | "rate" | "current";
export type Ranking = {
  readonly direction: "high" | "low";
  readonly k: number;
  readonly explicit: boolean;
  readonly implies: string | undefined;
};

/** A question as read: what it wants, and about what. Everything an answer needs besides the outside world. */
export type Understanding = {
  readonly intent: Intent;
  readonly ranked: readonly { readonly intent: Intent; readonly p: number }[];
  /** As typed, without markup. */
  readonly text: string;
  /** Without greeting and filler. */
  readonly plain: string;
  readonly language: Normalised["language"];
  readonly tokens: readonly Token[];
  readonly code: readonly string[];
  readonly hostile: HostileReason | undefined;
  readonly urgent: boolean;
  readonly brief: boolean;
  readonly mentions: readonly Mention[];
  readonly subjects: readonly Subject[];
  /** Words in a name's place that name nothing known. */
  readonly unknown: readonly UnknownName[];
  /** Words of metrics' names that may stand for a thing: see `readUnknown`. */
  readonly metricWords: readonly MetricWord[];
  readonly guesses: readonly Guess[];
  /** A known concept that fits best and has no metrics here. */
  readonly absent: Concept | undefined;
  readonly window: Window | undefined;
  readonly at: Moment | undefined;
  readonly offset: Offset | undefined;
  readonly ahead: Ahead | undefined;
  readonly schedule: Repeating | undefined;
  readonly quantile: number | undefined;
  readonly aggregation: Aggregation | undefined;
  readonly ranking: Ranking | undefined;
  readonly threshold: Threshold | undefined;
  /** `type`: the canonical verb. `imperative`: it is asked for, not asked about. `start`: where in `plain` it stands. */
  /** The limit was not said as a number but follows from the words ("unavailable", "expired"). */
  readonly limitImplied?: boolean;
  readonly action: { readonly type: ActionType; readonly imperative: boolean; readonly start: number } | undefined;
  /** A label of the chosen subject to break down by. */
  readonly by: string | undefined;
  readonly per: "s" | "min" | "hour" | "day" | undefined;
  readonly yesNo: boolean;
  readonly asksForBad: boolean;
  readonly wantsShare: boolean;
  readonly wantsChart: boolean;
  /** It was completed from what was said before in the thread. */
  readonly continued: boolean;
  /** How the question that this one continues was answered, and the question itself. */
  readonly formBefore: "rate" | "count" | undefined;
  readonly textBefore: string | undefined;
};

/** What a thread remembers of the last question, to complete the next one. JSON. */
export type Memory = {
  readonly intent: Intent;
  readonly text: string;
  readonly names: readonly string[];
  readonly subject: string | undefined;
  readonly words: readonly string[];
  readonly quantile: number | undefined;
  readonly answered: readonly string[];
  readonly window?: { readonly from: number; readonly to: number; readonly live: boolean } | undefined;
  readonly aggregation?: Aggregation | undefined;
  readonly ranking?: Ranking | undefined;
  /** Whether the last answer was a speed or a number of events. */
  readonly form?: "rate" | "count" | undefined;
};

export type Context = {
  readonly catalogue: Catalogue;
  readonly packs: ConceptPacks;
  /** Unix seconds. */
  readonly now: number;
  readonly zone: string;
  readonly memory: Memory | undefined;
  /** Word -> meaning, taught in this channel. */
  readonly lessons: ReadonlyMap<string, string>;
  readonly alertNames: ReadonlySet<string>;
};

/** Reads one question. Never throws on any text; longer texts than the caller's limit should be cut before. */
export function understand(original: string, context: Context): Understanding {
  const first = clearest(original, context);
  const { memory } = context;
  if (memory === undefined || !needsMemory(first, memory)) return first;
  return read(original, context, memory);
}

/** A long story is read by its clearest sentence: the request mostly comes last. */
function clearest(original: string, context: Context): Understanding {
  const whole = read(original, context, undefined);
  if (whole.tokens.length < LONG_STORY || whole.hostile !== undefined || whole.action?.imperative === true)
    return whole;
  let best = whole;
  for (const part of whole.text
    .split(SENTENCES)
    .filter((one) => one.trim().split(/\s+/).length >= 3)
    .slice(-6)) {
    const one = read(part, context, undefined);
    if (one.hostile === undefined && clarity(one) > clarity(best) + 0.05) best = one;
  }
  return best === whole ? whole : { ...best, text: whole.text, urgent: whole.urgent };
}

const LONG_STORY = 18;
const SENTENCES =
  /[.!?;\n]+\s|,\s+(?=(?:and |so |but |or )?(?:can|could|please|would|what|how|why|which|is|are|do|does|show|tell|kann|konntest|was|wie|puede|peux|pode)\b)/i;

function clarity(read: Understanding): number {
  const [subject] = read.subjects;
  return (
    (subject?.score ?? 0) +
    (subject !== undefined && subject.mentions.length > 0 ? 0.3 : 0) +
    (read.action?.imperative === true ? 0.6 : 0)
  );
}

function read(original: string, context: Context, memory: Memory | undefined): Understanding {
  const { catalogue, now, zone } = context;
  const normal = normalise(original);
  const taught = applyLessons(normal.plain, context.lessons);
  const plain = taught
    .replace(/\/(?=(?:s|sec|min|h|hr|day)\b)/g, " per ")
    .replace(/\b(?:response|reply|answer) times?\b/gi, "latency")
    .replace(/\bhits?\b(?=\s+\d)/gi, "reaches")
    .replace(/\bby the end of (?=\d)/gi, "in ")
    .replace(/\blag rah[aie]\b/gi, " ");
  const parts = tokens(plain);
  const cues = readCues(normal.text);
  const times = readTimes(plain, now, zone);
  const quantile = findQuantile(plain);
  const limit = findThreshold(plain);
  const rankedWords = findRanking(plain);
  const ranking =
    rankedWords === undefined
      ? undefined
      : {
          start: rankedWords.start,
          end: rankedWords.end,
          direction: rankedWords.value.direction === "desc" ? ("high" as const) : ("low" as const),
          k: rankedWords.value.k,
          explicit: rankedWords.value.explicitK,
          implies: rankedWords.value.concept,
        };
  const aggregation = findAggregation(plain);
  const action = NOUNS_OF_CHANGE.test(plain) ? undefined : findAction(plain);
  const sameTime = SAME_TIME.exec(plain);
  const howBad = HOW_BAD.exec(plain);
  const queryWord =
    /\b(?:promql|quer(?:y|ies)|expression)\b(?=\s+(?:for|that|to|which|gives?|shows?|returns?|do i)\b)/i.exec(plain);
  const taken = takenTokens(parts, [
    ...times,
    ...(sameTime === null ? [] : [{ start: sameTime.index, end: sameTime.index + sameTime[0].length }]),
    ...(queryWord === null ? [] : [{ start: queryWord.index, end: queryWord.index + queryWord[0].length }]),
    ...(howBad === null ? [] : [{ start: howBad.index, end: howBad.index + "how bad".length }]),
    ...(quantile === undefined ? [] : [quantile]),
    ...(limit === undefined ? [] : [limit]),
  ]);
  let mentions = findMentions(parts, taken, catalogue).filter(
    (mention) => !WHOLE.test(parts[mention.first - 1]?.fold ?? ""),
  );
  const index = conceptIndex(context.packs, catalogue);
  const ranks = ranking === undefined ? new Set<number>() : takenTokens(parts, [ranking]);
  const spelled = readUnknown({ tokens: parts, taken: new Set([...taken, ...ranks]), mentions, catalogue, index });
  mentions = [...mentions, ...spelled.mentions].sort((a, b) => a.first - b.first);
  const corrected = spelled.tokens;
  const rankTokens = ranking === undefined ? new Set<number>() : takenTokens(parts, [ranking]);
  const carried = memory === undefined ? [] : carriedMentions(memory, mentions, catalogue, cues.pointsBack);
  const allMentions = [...mentions, ...carried];
  const implied = [
    ...(ranking?.implies === undefined ? [] : [ranking.implies]),
    ...(quantile === undefined ? [] : ["latency"]),
    ...(statusCode(allMentions) ? ["request"] : []),
    ...(NO_LIMIT.test(plain) ? ["without"] : []),
    ...(/\bv\d+\.\d+/i.test(plain) && action?.imperative !== true ? ["version"] : []),
  ];
  const subjectTaken = new Set([
    ...taken,
    ...[...rankTokens].filter((at) => ranking?.implies !== undefined || isRankWord(corrected[at])),
  ]);
  let subjects = findSubjects({
    tokens: corrected,
    taken: subjectTaken,
    mentions: allMentions,
    implied,
    catalogue,
    index,
  });
  const absent = absentConcept(
    { tokens: corrected, taken: subjectTaken, mentions: allMentions, implied, catalogue, index },
    subjects[0]?.score ?? 0,
  );
  let usedMemorySubject = false;
  const top = subjects[0];
  const freshWords =
    top !== undefined &&
    [...top.covered].some((at) => at >= 0 && !mentions.some((mention) => at >= mention.first && at < mention.end));
  if (
    memory !== undefined &&
    (subjects[0]?.score ?? 0) < 0.6 + (memory.subject === undefined ? 1 : 0) &&
    !(freshWords && (subjects[0]?.score ?? 0) > (cues.pointsBack ? 0.6 : 0.45)) &&
    memory.words.length > 0
  ) {
    const again = findSubjects({
      tokens: corrected,
      taken: new Set(corrected.keys()),
      mentions: allMentions,
      implied: memory.words,
      catalogue,
      index,
    });
    const kept = again.find((subject) => subject.bound.concept.id === memory.subject) ?? again[0];
    if (kept !== undefined) {
      subjects = [{ ...kept, score: Math.max(kept.score, 0.8) }, ...again.filter((one) => one !== kept)];
      usedMemorySubject = true;
    }
  }
  const delexicalised = delexicalise({
    tokens: corrected,
    text: plain,
    times,
    mentions,
    alertNames: context.alertNames,
    subject: subjects[0],
  });
  const { ranked } = classify(delexicalised);
  const pick = <K extends TimeExpression["kind"]>(kind: K): Extract<TimeExpression, { kind: K }> | undefined =>
    times.find((time): time is Extract<TimeExpression, { kind: K }> => time.kind === kind);
  const windows = times.filter((time) => time.kind === "window").sort((a, b) => b.seconds - a.seconds);
  const sameTimeBefore = sameTime !== null && pick("offset") === undefined ? moment(now - 86_400) : undefined;
  const partial = {
    ranked,
    text: normal.text,
    plain,
    language: normal.language,
    tokens: corrected,
    code: normal.code,
    hostile: isHostile(original),
    urgent: isUrgent(plain),
    brief: isUrgent(plain),
    mentions: allMentions,
    subjects,
    unknown: spelled.unknown,
    metricWords: spelled.metricWords,
    guesses: spelled.guesses,
    absent,
    window: sameTimeBefore === undefined ? (windows[0] ?? keptWindow(memory, times, now)) : undefined,
    at: sameTimeBefore ?? earliest(times) ?? (times.length === 0 ? monthNamed(plain, now) : undefined),
    offset: pick("offset"),
    ahead: /\b(?:tomorrow (?:at )?(?:the |this )?(?:same )?time|same time tomorrow|morgen um diese zeit)\b/i.test(plain)
      ? tomorrow(now)
      : pick("future"),
    schedule: pick("schedule"),
    quantile: quantile?.value ?? (usedMemorySubject ? memory?.quantile : undefined),
    aggregation:
      aggregation?.value ??
      (howBad !== null && windows.length > 0 ? "max" : undefined) ??
      (memory !== undefined && times.length === 0 ? memory.aggregation : undefined),
    ranking:
      ranking ?? (memory?.intent === "top_k" && cues.continues && mentions.length === 0 ? memory.ranking : undefined),
    threshold:
      limit === undefined
        ? HALF.test(plain)
          ? threshold(LESS_HALF.test(plain) ? "<" : ">", 0.5, "ratio")
          : undefined
        : threshold(limit.value.op, limit.value.value, limit.value.unit),
    action:
      action === undefined ? undefined : { type: action.value, imperative: action.imperative, start: action.start },
    by: labelFor(cues.by, subjects[0], corrected),
    per: cues.per,
    yesNo: cues.yesNo,
    asksForBad: cues.asksForBad,
    wantsShare: cues.wantsShare,
    wantsChart: cues.wantsChart,
    continued: memory !== undefined,
    formBefore: memory?.form,
    textBefore: memory?.text,
  };
  return { ...partial, intent: decideIntent(partial, context, memory, usedMemorySubject) };
}

/** A question that lacks a thing or a measure, and that continues or points back, is completed from the thread. */
function needsMemory(read: Understanding, memory: Memory): boolean {
  const cues = readCues(read.text);
  if (read.hostile !== undefined) return false;
  const words = read.tokens.length;
  const hasSubject = (read.subjects[0]?.score ?? 0) >= 0.45;
  const hasThing = read.mentions.length > 0;
  const complete = hasSubject && hasThing;
  if (complete && !cues.continues) return false;
  if (cues.continues) return true;
  if (cues.pointsBack && !hasThing && words <= 14) return true;
  if (memory.intent === "clarify" || memory.intent === "help") return words <= 4 && !hasSubject;
  return (
    words <= 5 &&
    (!hasThing || !hasSubject) &&
    (hasThing || hasSubject || read.window !== undefined || read.offset !== undefined) &&
    (!STANDS_ALONE.test(read.plain) || (hasThing && !hasSubject && words <= 2))
  );
}

const STANDS_ALONE =
  /\b(?:status|alerts?|help|top|all|every|everything|any|which|list|overview|hosts?|services?|show)\b|^\S+\?*$/i;

function carriedMentions(
  memory: Memory,
  mentions: readonly Mention[],
  catalogue: Catalogue,
  pointsBack: boolean,
): Mention[] {
  const kinds = new Set(mentions.flatMap((mention) => mention.entities.map((entity) => entity.kind)));
  const names = pointsBack && memory.names.length === 0 ? memory.answered.slice(0, 1) : memory.names;
  const carried: Mention[] = [];
  for (const name of names) {
    const entities = catalogue.named(name);
    if (entities.length === 0) continue;
    if (mentions.some((mention) => mention.strong) || entities.some((entity) => kinds.has(entity.kind))) continue;
    carried.push({ first: -1, end: -1, text: name, entities, strong: true });
  }
  return carried;
}

/** A follow-up that names no time of its own keeps the window of the question it continues, ending now if that one did. */
function keptWindow(memory: Memory | undefined, times: readonly TimeExpression[], now: number): Window | undefined {
  const kept = memory?.window;
  if (kept === undefined || times.length > 0) return undefined;
  const seconds = kept.to - kept.from;
  const to = kept.live ? now : kept.to;
  return { kind: "window", start: 0, end: 0, words: "", from: to - seconds, to, seconds };
}

function moment(at: number): Moment {
  return { kind: "at", at, start: 0, end: 0, words: "" };
}

/** "3am two months ago" is read as two moments: the one further back bounds what can be known. */
function earliest(times: readonly TimeExpression[]): Moment | undefined {
  return times.filter((time) => time.kind === "at").sort((a, b) => a.at - b.at)[0];
}

function tomorrow(now: number): Ahead {
  return { kind: "future", seconds: 86_400, to: now + 86_400, start: 0, end: 0, words: "tomorrow" };
}

const SAME_TIME =
  /\b(?:yesterday (?:at )?(?:this|the same|same) time|(?:this|same) time yesterday|gestern um diese(?:lbe)? (?:zeit|uhrzeit)|ayer a (?:esta|la misma) hora|hier a la meme heure|ontem a (?:esta|mesma) hora)\b/i;

const HALF =
  /\b(?:more than|over|above|mehr als|uber|mas de|plus de|mais de|less than|under|below|weniger als|unter|menos de|moins de)\s+(?:a\s+|the\s+|die\s+|der\s+|la\s+|a\s+)?(?:half|halfte|h[aä]lfte|mitad|moiti[eé]|metade)\b/i;
const LESS_HALF = /\b(?:less|under|below|weniger|unter|menos|moins)\b/i;

const MONTHS = [
  "january|januar|enero|janvier|janeiro",
  "february|februar|febrero|fevrier|fevereiro",
  "march|marz|marzo|mars|marco",
  "april|abril|avril",
  "may|mai|mayo|maio",
  "june|juni|junio|juin|junho",
  "july|juli|julio|juillet|julho",
  "august|agosto|aout",
  "september|septiembre|septembre|setembro",
  "october|oktober|octubre|octobre|outubro",
  "november|noviembre|novembre|novembro",
  "december|dezember|diciembre|decembre|dezembro",
];

/** "in march": the middle of the last such month. Mostly before what Prometheus keeps, which the answer then says. */
function monthNamed(text: string, now: number): Moment | undefined {
  const month = MONTHS.findIndex((names) =>
    new RegExp(`\\b(?:in|im|en|em|last|this past)\\s+(?:${names})\\b`, "i").test(text),
  );
  if (month < 0) return undefined;
  const today = new Date(now * 1000);
  const year =
    month > today.getUTCMonth() || (month === today.getUTCMonth() && today.getUTCDate() < 16)
      ? today.getUTCFullYear() - 1
      : today.getUTCFullYear();
  return moment(Date.UTC(year, month, 15, 12) / 1000);
}

/** "the whole platform" is everything, even where a namespace has that name. */
const WHOLE = /^(?:whole|entire|complete|overall|ganze[nrs]?|gesamte[nrs]?|toute|todo|toda|todas|todos|pura|poora)$/;

/** "rollback ratio", "restart count": measures, not orders. */
const NOUNS_OF_CHANGE =
  /\b(?:rollbacks?|restarts?|deploys?|kills?|acks?)\s+(?:ratio|rates?|count|number|frequency|history|times?)\b/i;

const HOW_BAD = /\bhow (?:bad|high|slow|far|much worse)\b.*\b(?:get|got|go|went|become|became)\b/i;

/** Tokens inside any of the spans. */
function takenTokens(
  parts: readonly Token[],
  spans: readonly { readonly start: number; readonly end: number }[],
): Set<number> {
  const taken = new Set<number>();
  parts.forEach((token, at) => {
    if (spans.some((span) => token.start < span.end && token.end > span.start)) taken.add(at);
  });
  return taken;
}

/** A status code as a label value: requests are meant. */
function statusCode(mentions: readonly Mention[]): boolean {
  return mentions.some(
    (mention) =>
      /^[1-5]\d\ds?$/.test(mention.text) &&
      mention.entities.some((entity) => entity.at.some((place) => /code|status/.test(place.label))),
  );
}

const NO_LIMIT = /\b(?:no|without|missing|lack\w*|ohne|keine?|sin|sans|sem)\b.{0,20}\blimits?\b/i;

const RANK_WORDS =
  /^(?:top|most|least|highest|lowest|worst|best|first|bottom|max|min|mas|plus|meiste\w*|hochste\w*|niedrigste\w*|mayor|menor|maior|sabse|zyada|kam|more|less|fewest|greatest|\d+)$/;

function isRankWord(token: Token | undefined): boolean {
  return token !== undefined && RANK_WORDS.test(token.fold);
}

function labelFor(word: string | undefined, subject: Subject | undefined, parts: readonly Token[]): string | undefined {
  if (word === undefined || subject === undefined) return undefined;
  // "top 5 hosts by cpu": the measure itself, not a label of it
  const at = parts.findIndex((token) => token.fold === word);
  if (
    subject.covered.has(at) &&
    subject.bound.concept.says.some((phrase) => phrase.split(" ").some((one) => canonical(word).includes(one)))
  )
    return undefined;
  const labels = [...subject.bound.metric.labels.keys()];
  const singular = word.replace(/s$/, "");
  const direct = labels.find((label) => label === word || label === singular);
  if (direct !== undefined) return direct;
  const alias: Record<string, readonly string[]> = {
    host: ["instance", "node"],
    server: ["instance", "node"],
    machine: ["instance"],
    database: ["datname"],
    status: ["code", "status"],
    endpoint: ["route", "handler", "instance"],
    state: ["state"],
    disk: ["mountpoint"],
    mount: ["mountpoint"],
    service: ["service", "app", "job"],
    dienst: ["service"],
    servicio: ["service"],
    region: ["region"],
  };
  return (
    alias[singular]?.find((label) => labels.includes(label)) ??
    labels.find((label) => label.startsWith(singular) || label.endsWith(`_${singular}`))
  );
}

/** "here, shop means checkout": the taught word is read as its meaning. */
function applyLessons(text: string, lessons: ReadonlyMap<string, string>): string {
  let out = text;
  for (const [word, meaning] of lessons) {
    out = out.replace(new RegExp(`(?<![\\w-])${escapeRegex(word)}(?![\\w-])`, "gi"), () => meaning);
  }
  return out;
}

/** The words that lead to the subject again; when the question named none, those of the concept itself. */
function memoryWords(read: Understanding, subject: Subject | undefined, used: readonly string[]): readonly string[] {
  if (subject === undefined) return [];
  const words = [...new Set([...used, ...(read.ranking?.implies === undefined ? [] : [read.ranking.implies])])];
  return words.length > 0 ? words : (subject.bound.concept.says[0]?.split(" ") ?? []);
}

/** What the thread should remember of this question. `answered` are the names the answer gave first. */
export function memoryOf(
  read: Understanding,
  subject: Subject | undefined,
  answered: readonly string[],
  now: number,
): Memory {
  const used =
    subject === undefined ? [] : [...subject.covered].filter((at) => at >= 0).map((at) => read.tokens[at]?.fold ?? "");
  const nameTokens = new Set(
    (subject?.mentions ?? read.mentions).flatMap((mention) => mention.text.toLowerCase().split(/\s+/)),
  );
  return {
    intent: read.intent,
    text: read.plain.slice(0, 500),
    names: read.mentions
      .filter((mention) => subject === undefined || subject.mentions.includes(mention) || mention.strong)
      .map((mention) => mention.entities[0]?.name ?? mention.text),
    subject: subject?.bound.concept.id,
    words: memoryWords(
      read,
      subject,
      used.filter((word) => word !== "" && !nameTokens.has(word)),
    ),
    quantile: read.quantile,
    answered: answered.slice(0, 5),
    window:
      read.window === undefined
        ? undefined
        : { from: read.window.from, to: read.window.to, live: Math.abs(read.window.to - now) < 90 },
    aggregation: read.aggregation,
    ranking: read.ranking,
  };
}
