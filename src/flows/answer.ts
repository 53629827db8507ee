import { answerCard, askReply, draftCard, shownEvidence } from "../cards/answer-card.ts";
import { type Answer, type AskReply, answerOf, askButton, type ModelAccount } from "../core/answer.ts";
import { withBasis } from "../core/basis.ts";
import type { Card } from "../core/card.ts";
import type { Catalogue } from "../core/catalogue.ts";
import type { Question, User } from "../core/chat.ts";
import type { ConceptPacks } from "../core/concept.ts";
import { conceptIndex, type Subject } from "../core/language/subject.ts";
import { type Memory, memoryOf, type Understanding, understand } from "../core/language/understand.ts";
import type { Identity } from "../core/people.ts";
import { unitOfQuery } from "../core/query-unit.ts";
import { bounded, type ModelRecord } from "../core/recording.ts";
import type { MetricUnit } from "../core/units.ts";
import type { Onlooker, Suggester } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { AlertRouter, Metrics } from "../ports/metrics.ts";
import type { Investigator } from "../ports/model.ts";
import type { Store, Turn as StoredTurn } from "../ports/store.ts";
import { RefusedError, reasonOf, UnreachableError } from "../util/errors.ts";
import { across, acrossOf } from "./answer/across.ts";
import { createAsker } from "./answer/asker.ts";
import { asksForBasis, explain } from "./answer/explain.ts";
import { further, type LookedOn } from "./answer/further.ts";
import { formOf } from "./answer/query.ts";
import { chooseSource } from "./answer/sources.ts";
import { readTeaching } from "./answer/teach.ts";
import type { Turn } from "./answer/turn.ts";

export type AnswerDeps = {
  /** The first is the default. */
  readonly sources: readonly Metrics[];
  /** "closed": there is one, and whoever asks may not read it. */
  readonly alertmanager: AlertRouter | "closed" | undefined;
  readonly store: Store;
  readonly packs: ConceptPacks;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly suggest: Suggester;
  readonly identify: (user: User) => Identity;
  /** A language model's part, where one is configured. */
  readonly investigator?: Investigator;
  /** Somebody who looks on while the model looks further. */
  readonly onlooker?: Onlooker;
  /** IANA zone of people whose own is not known. */
  readonly timezone: string;
  readonly limits: { readonly questionLength: number };
  /** The clock was set by hand (`--now`): queries carry its time. */
  readonly fixedTime?: boolean;
  readonly telemetry?: { understood(seconds: number): void };
};

export type Answered = {
  readonly card: Card;
  readonly reply: AskReply;
  /** Its proposals have cards of their own. */
  readonly shownApart?: true;
};

/** A question at most this old is about now. */
const LIVE_SECONDS = 10;

/** How many turns of a thread are read back. */
const HISTORY = 40;

/** A question -> a card, with the evidence kept. One arrow: question, store and Prometheus in; card out. */
export async function answer(deps: AnswerDeps, question: Question, signal: AbortSignal): Promise<Answered> {
  const { store } = deps;
  const now = question.at;
  if (deps.sources.length === 0) return withoutSource(question);
  const zone = question.user.zone ?? deps.timezone;
  const { history, lessons, unread } = await recall(store, question);
  const chosen = chooseSource(deps.sources, question.text, memoryIn(history));
  const cut = question.text.length > deps.limits.questionLength;
  const text = cut ? question.text.slice(0, deps.limits.questionLength) : question.text;
  if (asksForBasis(text)) {
    const { answer: explained, evidence } = await explain(store, question, history, now, zone);
    const shown = evidence.map((one) => ({ ...one, background: false }));
    return finish(deps, question, { ...explained, intent: "help" }, shown, undefined, unread);
  }
  const taught = new Map(lessons.map((lesson) => [lesson.word, lesson.meaning]));
  const teaching = readTeaching(text, new Set(taught.keys()));
  const seen = { history, taught, zone, signal };
  const places = teaching === undefined ? acrossOf(deps.sources, text) : undefined;
  if (places !== undefined) {
    const found = await across(places, (source, rest) => turnOn(deps, { ...question, text: rest }, source, rest, seen));
    if (found !== undefined) {
      const evidence = found.turns.flatMap(({ ask }) => ask.evidence);
      const degraded = found.turns.flatMap(({ ask }) => ask.degraded);
      return finish(deps, question, { ...found.answer, intent: found.turns[0]!.read.intent }, evidence, undefined, [
        ...unread,
        ...degraded,
      ]);
    }
  }
  const asked = teaching?.kind === "meant" ? teaching.text : (chosen.rest ?? text);
  const turn = await turnOn(deps, question, chosen.source, asked, seen);
  if (typeof turn === "string") return finish(deps, question, unreachable(turn), [], undefined, unread);
  const { read, ask } = turn;
  const responded = await further(turn, teaching, deps.investigator, lookOn(deps.onlooker, ask));
  const notes = [
    ...responded.answer.notes,
    ...(cut ? [`Your question was cut after ${deps.limits.questionLength} characters.`] : []),
    ...(read.window?.tooLong && ask.evidence.length > 0 ? [`The window was cut to ${LONGEST_DAYS} days.`] : []),
    ...(deps.sources.length > 1 && !FORGETTABLE.has(responded.answer.intent ?? read.intent)
      ? [`Source: ${chosen.source.name}${chosen.named ? "" : " (the default; name another to ask it)"}.`]
      : []),
  ];
  const unitOf = (promql: string) => unitOfQuery(promql, turn.catalogue);
  const { subject, account, record } = responded;
  const how = { read, subject, account, record, unitOf };
  return finish(deps, question, { ...responded.answer, notes }, ask.evidence, how, [
    ...unread,
    ...ask.degraded,
    ...responded.degraded,
  ]);
}

/** A question as it is read against one source; why not, where that cannot be asked. */
async function turnOn(
  deps: AnswerDeps,
  question: Question,
  source: Metrics,
  text: string,
  seen: Pick<Turn, "history" | "zone" | "signal"> & { readonly taught: ReadonlyMap<string, string> },
): Promise<Turn | string> {
  const { history, taught, zone, signal } = seen;
  const now = question.at;
  const catalogue = await catalogueOf(source, signal);
  if (!catalogue.ok) return catalogue.reason;
  const memory = memoryIn(history);
  const alertNames = alertNamesOf(catalogue.value);
  const context = { catalogue: catalogue.value, packs: deps.packs, now, zone, memory, lessons: taught, alertNames };
  const started = deps.clock();
  const read = withinReach(understand(text, context));
  deps.telemetry?.understood(deps.clock() - started);
  return {
    ...{ question, history, signal, now, zone, read },
    ask: createAsker(source, now, signal, Math.abs(deps.clock() - now) < LIVE_SECONDS && !deps.fixedTime),
    catalogue: catalogue.value,
    packs: deps.packs,
    index: conceptIndex(deps.packs, catalogue.value),
    ...{ store: deps.store, sources: deps.sources, alertmanager: deps.alertmanager },
    ...{ newId: deps.newId, suggest: deps.suggest },
    person: deps.identify(question.user),
  };
}

/** No query reaches further: what was asked of a longer time is answered for its last 31 days. */
const LONGEST_DAYS = 31;

function withinReach(read: Understanding): Understanding {
  const { window } = read;
  if (window?.tooLong !== true) return read;
  const seconds = LONGEST_DAYS * 86_400;
  return { ...read, window: { ...window, from: window.to - seconds, seconds } };
}

/** How the model's part is looked on at. */
function lookOn(onlooker: Onlooker | undefined, ask: ReturnType<typeof createAsker>): LookedOn {
  if (onlooker === undefined) return {};
  const { show, enough } = onlooker;
  return {
    watch: (progress) =>
      show(draftCard(progress.answer, progress.status, shownEvidence(progress.answer, ask.evidence))),
    ...(enough !== undefined && { enough }),
  };
}

type Read = {
  readonly read: Understanding;
  readonly subject: Subject | undefined;
  readonly account?: ModelAccount | undefined;
  readonly unitOf: (promql: string) => MetricUnit;
  readonly record?: ModelRecord | undefined;
};

async function finish(
  deps: AnswerDeps,
  question: Question,
  found: Answer,
  evidence: ReturnType<typeof createAsker>["evidence"],
  how: Read | undefined,
  degraded: readonly string[] = [],
): Promise<Answered> {
  const intent = found.intent ?? how?.read.intent ?? "metric_query";
  const card = answerCard(found, shownEvidence(found, evidence), degraded);
  const reply = askReply({
    id: question.id,
    intent,
    slots: how === undefined ? {} : slotsOf(how),
    answer: found,
    card,
    evidence,
    degraded,
  });
  const lost = await remember(deps, question, found, reply, evidence, how, intent, degraded);
  const apart = found.shownApart === true && { shownApart: true as const };
  return lost === undefined
    ? { card, reply, ...apart }
    : { card, reply: { ...reply, degraded: [...(reply.degraded ?? []), lost] }, ...apart };
}

/** What this place said and taught before. A store that cannot be read costs the memory, not the answer. */
async function recall(store: Store, { place }: Question) {
  try {
    const [history, lessons] = await Promise.all([store.conversations.recent(place, HISTORY), store.lessons.of(place)]);
    return { history, lessons, unread: [] };
  } catch (error) {
    return {
      history: [],
      lessons: [],
      unread: [`What was said and taught here before could not be read: ${reasonOf(error)}`],
    };
  }
}

/** Keeps the conversation and the evidence. A store that cannot be written costs the memory, not the answer. */
async function remember(
  { store, newId }: AnswerDeps,
  question: Question,
  found: Answer,
  reply: AskReply,
  evidence: ReturnType<typeof createAsker>["evidence"],
  how: Read | undefined,
  intent: string,
  degraded: readonly string[],
): Promise<string | undefined> {
  const { place, user } = question;
  const answered = found.values.flatMap((value) => Object.values(value.labels)).slice(0, 5);
  const memory: Memory | undefined =
    how === undefined || FORGETTABLE.has(intent)
      ? undefined
      : {
          ...memoryOf(how.read, how.subject, answered, question.at),
          intent: intent as Memory["intent"],
          form: how.subject === undefined ? undefined : formOf(how.read, how.subject.bound),
        };
  try {
    await store.conversations.append(place, {
      id: question.id,
      at: question.at,
      author: "person",
      user,
      text: question.text.slice(0, 4000),
      memory: undefined,
    });
    await store.conversations.append(place, {
      id: newId(),
      at: question.at,
      author: "bot",
      user: undefined,
      text: reply.reply_text.slice(0, 8000),
      memory,
    });
    await store.evidence.save({
      id: question.id,
      place,
      at: question.at,
      text: reply.reply_text.slice(0, 8000),
      evidence: how === undefined ? evidence : withBasis(found, evidence, how.unitOf),
      ...(how?.account !== undefined && { model: how.account }),
      recording: bounded({
        version: 1,
        question: question.text.slice(0, 4000),
        answer: found,
        degraded,
        ...(how?.record && { model: how.record }),
      }),
    });
    return undefined;
  } catch (error) {
    return `This answer could not be kept: ${reasonOf(error)}`;
  }
}

/** Small talk in between does not end what a thread was about, and is about no source. */
const FORGETTABLE: ReadonlySet<string> = new Set(["smalltalk", "help", "hostile", "out_of_scope", "logs"]);

function memoryIn(history: readonly StoredTurn[]): Memory | undefined {
  return history.findLast((said) => said.author === "bot" && said.memory !== undefined && said.memory !== null)
    ?.memory as Memory | undefined;
}

async function catalogueOf(
  source: Metrics,
  signal: AbortSignal,
): Promise<{ ok: true; value: Catalogue } | { ok: false; reason: string }> {
  try {
    return { ok: true, value: await source.catalogue(signal) };
  } catch (error) {
    if (signal.aborted || !(error instanceof UnreachableError || error instanceof RefusedError)) throw error;
    return { ok: false, reason: error.message };
  }
}

function alertNamesOf(catalogue: Catalogue): ReadonlySet<string> {
  return new Set((catalogue.metrics.get("ALERTS")?.labels.get("alertname") ?? []).map((name) => name.toLowerCase()));
}

function unreachable(reason: string): Answer {
  return answerOf("I could not ask Prometheus, so I cannot answer that.", {
    tone: "danger",
    details: [reason, "This says nothing about the system itself. Run `smartcloudops doctor` to see what is wrong."],
    next: [askButton("status")],
  });
}

function withoutSource(question: Question): Answered {
  const found = answerOf("No Prometheus is configured, so there is nothing to ask.", {
    tone: "warning",
    details: ["Set PROMETHEUS_URL, or add a source to the configuration. To try the bot without one: npm run demo."],
  });
  const card = answerCard(found, [], []);
  return {
    card,
    reply: askReply({ id: question.id, intent: "help", slots: {}, answer: found, card, evidence: [], degraded: [] }),
  };
}

/** What was understood, for `ask --json`. */
function slotsOf({ read, subject }: Read): Record<string, unknown> {
  const slots: Record<string, unknown> = {};
  for (const mention of read.mentions) {
    const entity = mention.entities[0];
    if (entity !== undefined) slots[entity.kind] ??= entity.name;
  }
  if (subject !== undefined) {
    slots["concept"] = subject.bound.concept.id;
    slots["metric"] = subject.bound.metric.name;
  }
  if (read.quantile !== undefined) slots["quantile"] = read.quantile;
  if (read.window !== undefined) slots["window"] = { from: iso(read.window.from), to: iso(read.window.to) };
  if (read.at !== undefined) slots["at"] = iso(read.at.at);
  if (read.offset !== undefined) slots["offset_seconds"] = read.offset.seconds;
  if (read.ahead !== undefined) slots["ahead_seconds"] = read.ahead.seconds;
  if (read.schedule !== undefined) slots["cron"] = read.schedule.cron;
  if (read.aggregation !== undefined) slots["aggregation"] = read.aggregation;
  if (read.ranking !== undefined) slots["ranking"] = { direction: read.ranking.direction, k: read.ranking.k };
  if (read.action?.imperative) slots["action"] = read.action.type;
  if (read.by !== undefined) slots["by"] = read.by;
  if (read.unknown.length > 0) slots["unknown"] = read.unknown.map((one) => one.text);
  return slots;
}

function iso(at: number): string {
  return new Date(at * 1000).toISOString();
}
