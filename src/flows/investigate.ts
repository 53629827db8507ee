import type { Answer, ModelAccount, SaidByModel, Value } from "../core/answer.ts";
import type { Chart } from "../core/card.ts";
import { Sentences } from "../core/gate/sentences.ts";
import { type Judged, judge } from "../core/gate.ts";
import { rfc3339 } from "../core/zone.ts";
import type { Case, Investigated, Investigator, Model, ModelUse } from "../ports/model.ts";
import type { Clock, Runbooks, Spending, Suggester } from "../ports.ts";
import { RefusedError, UnreachableError } from "../util/errors.ts";
import { inertName } from "../util/inert.ts";
import { type Budgets, openPurse, type Price, type Purse, sayCost } from "./investigate/budget.ts";
import { cleaner } from "./investigate/data.ts";
import { masksOf, messageOf } from "./investigate/message.ts";
import { Notebook } from "./investigate/notebook.ts";
import { runbookIds } from "./investigate/propose.ts";
import type { Search } from "./investigate/search.ts";
import { strayAddress } from "./investigate/stray.ts";
import { toolsFor } from "./investigate/tools.ts";

export type InvestigateDeps = {
  readonly model: Model;
  readonly spending: Spending;
  readonly budgets: Budgets;
  readonly price: Price | undefined;
  readonly toolCalls: number;
  /** Milliseconds for the model's part of one answer. */
  readonly totalMs: number;
  readonly alertText: "off" | "summary" | "full";
  readonly pseudonyms: boolean;
  readonly runbooks: () => Promise<Runbooks>;
  readonly suggest: Suggester;
  /** Masks secrets in a text. */
  readonly redact: (text: string) => string;
  readonly clock: Clock;
  readonly report: (problem: unknown) => void;
  readonly telemetry?: { modelUsed(event: ModelUse): void };
};

/** The small call must not hold up an answer for long. */
const INTENT_MS = 8000;

/** The model's part of answering, on these parts. */
export function createInvestigator(deps: InvestigateDeps): Investigator {
  return {
    investigate: (one, signal) => investigate(deps, one, signal),
    readIntent: (one, intents, signal) => readIntent(deps, one, intents, signal),
  };
}

async function readIntent(
  deps: InvestigateDeps,
  { question, text }: Pick<Case, "question" | "text">,
  intents: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const started = deps.clock();
  let purse: Purse | undefined;
  const count = (outcome: string) => observe(deps, "intent", outcome, purse, 0, started);
  try {
    purse = await openPurse(deps, question, question.at);
    if (purse.over() !== undefined) return count("budget");
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.min(INTENT_MS, deps.totalMs))]);
    const { intent, used } = await deps.model.readIntent(cleaner(deps.redact)(text, 1000), intents, limit);
    await purse.pay(used);
    count("answered");
    return intents.find((one) => one === intent);
  } catch (problem) {
    if (signal.aborted) throw problem;
    deps.report(problem);
    return count("failed");
  }
}

/**
 * A question that the templates could not settle -> what a model found out with tools, each sentence held against what its queries
 * returned. When that comes to nothing, says why: the answer without the model stands.
 */
async function investigate(deps: InvestigateDeps, one: Case, signal: AbortSignal): Promise<Investigated> {
  const started = deps.clock();
  let purse: Purse | undefined;
  let notes: Notebook | undefined;
  const nothing = (outcome: string, why: string, judged: readonly Judged[] = []): Investigated => {
    observe(deps, "investigate", outcome, purse, judged.filter(({ kept }) => !kept).length, started);
    const account = purse === undefined || purse.total().calls === 0 ? undefined : accountOf(deps, purse, judged);
    return {
      kind: "nothing",
      why,
      ...(account && { account }),
      ...(notes && { proposed: notes.proposed, proposals: notes.proposals }),
    };
  };
  try {
    purse = await openPurse(deps, one.question, one.question.at);
    const spent = purse.over();
    if (spent !== undefined) return nothing("budget", `${spent} This is the answer without it.`);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.totalMs)]);
    const clean = cleaner(deps.redact);
    notes = new Notebook(one.ask, one.text, one.found);
    const masks = deps.pseudonyms ? masksOf(one) : masksOf(undefined);
    const search: Search = {
      one,
      ask: one.ask,
      catalogue: one.catalogue,
      notes,
      clean,
      masks,
      runbooks: await deps.runbooks(),
      suggest: deps.suggest,
      alertText: deps.alertText,
      at: rfc3339,
      signal: limit,
    };
    const events = deps.model.investigate(
      {
        values: {
          now: rfc3339(one.question.at),
          zone: clean(one.zone),
          source: masks.hide(clean(one.ask.source.name)),
          runbooks: runbookIds(search),
        },
        message: masks.hide(messageOf(one, clean)),
        tools: toolsFor(search),
        toolCalls: deps.toolCalls,
      },
      limit,
    );
    let sentences = new Sentences();
    let judged: Judged[] = [];
    let length = 0;
    const take = (complete: readonly string[]) => {
      for (const sentence of complete) judged.push(judgeOne(masks.restore(sentence), notes!));
    };
    for await (const event of events) {
      if (event.kind === "text") {
        length += event.text.length;
        if (length > LONGEST_ANSWER) break;
        take(sentences.push(event.text));
      }
      if (event.kind === "used") await purse.pay(event);
      if (event.kind !== "tool") continue;
      [sentences, judged, length] = [new Sentences(), [], 0];
      // An answer that is written is paid for: only going on would cost more.
      const over = purse.over();
      if (over !== undefined) return nothing("budget", `${over} This is the answer without it.`);
    }
    // What is cut off in the middle says how much it took no more.
    if (length > LONGEST_ANSWER) await purse.pay({ input: 0, output: Math.ceil(length / 4), isGuess: true });
    else take(sentences.end());
    const kept = judged.filter((each) => each.kept);
    if (kept.length === 0)
      return nothing(
        "nothing",
        `${leftOut(judged.length)} Nothing of what the model said is left, so this is the answer without it.`,
        judged,
      );
    observe(deps, "investigate", "answered", purse, judged.length - kept.length, started);
    return {
      kind: "said",
      answer: answerFrom(deps, one, notes, purse, judged),
      account: accountOf(deps, purse, judged),
    };
  } catch (problem) {
    if (signal.aborted) throw problem;
    deps.report(problem);
    return nothing("failed", `${whyFailed(problem, deps)} This is the answer without it.`);
  }
}

function whyFailed(problem: unknown, { totalMs }: InvestigateDeps): string {
  if (problem instanceof UnreachableError || problem instanceof RefusedError) return `${problem.message}.`;
  if (problem instanceof Error && problem.name === "TimeoutError")
    return `The language model took longer than ${totalMs / 1000} s.`;
  return "The language model's part failed.";
}

/** Characters: a page. Whoever writes more than that for an answer has lost the thread, and each sentence takes time to check. */
const LONGEST_ANSWER = 4000;
const LONGEST_SENTENCE = 600;

/** Sentences of a model that may be read as more than a sentence are left out like invented ones. */
function judgeOne(sentence: string, notes: Notebook): Judged {
  if (sentence.length > LONGEST_SENTENCE) return { kept: false, sentence, reason: "It is too long for a sentence." };
  const stray = strayAddress(sentence, notes.hasName);
  if (stray !== undefined) return { kept: false, sentence, reason: stray };
  return judge(sentence, notes);
}

function leftOut(count: number): string {
  if (count === 0) return "The model said nothing.";
  return count === 1
    ? "1 sentence was left out: it had a number or name that no query returned."
    : `${count} sentences were left out: they had numbers or names that no query returned.`;
}

/** The answer of the templates with what the model found; its text stands apart, and all numbers beside it are code's. */
function answerFrom(
  deps: InvestigateDeps,
  one: Case,
  notes: Notebook,
  purse: Purse,
  judged: readonly Judged[],
): Answer {
  const kept = judged.filter((each) => each.kept);
  const dropped = judged.length - kept.length;
  const said: SaidByModel = {
    by: deps.model.name,
    sentences: kept.map(({ sentence, queries }) => ({
      text: plainSentence(sentence),
      promql: queries.flatMap((index) => notes.promqlAt(index) ?? []),
      ...(/\n/.test(sentence) && { endsLine: true as const }),
    })),
  };
  const asked = notes.sheets.length;
  const isOpen = one.found.intent === "clarify";
  const { intent: _, ...found } = one.found;
  const base: Answer = isOpen
    ? {
        ...found,
        verdict: `I looked into it with ${asked} ${asked === 1 ? "query" : "queries"}:`,
        tone: "info",
        details: [],
        values: [],
        next: [],
      }
    : found;
  const chart =
    base.chart ??
    chartOf(
      notes,
      kept.flatMap(({ queries }) => queries),
    );
  return {
    ...base,
    said,
    ...(chart && { chart }),
    details: [...base.details, ...notes.proposed],
    proposals: [...base.proposals, ...notes.proposals],
    values: [
      ...base.values,
      ...valuesOf(
        notes,
        kept.flatMap(({ queries }) => queries),
        one.ask.now,
      ),
    ],
    notes: [...base.notes, ...(dropped > 0 ? [leftOut(dropped)] : []), footer(deps, purse)],
  };
}

/** No marks of Markdown, and nothing that a chat could take for a mention or a link. */
function plainSentence(sentence: string): string {
  const bare = sentence
    .replace(/^\s*#{1,6}\s+/, "")
    .replace(/^\s*[*-]\s+/, "• ")
    .replace(/\*\*|__|`/g, "")
    .trim();
  return inertName(bare, { max: 600 });
}

const CHART_SERIES = 5;

/** The first range query that a kept sentence rests on, as a picture. */
function chartOf(notes: Notebook, queries: readonly number[]): Chart | undefined {
  const sheet = notes.sheets.find(
    ({ query, series }) => queries.includes(query) && series.some(({ points }) => points.length > 2),
  );
  if (sheet === undefined) return undefined;
  const { unit, promql } = sheet;
  return {
    title: promql.length > 80 ? `${promql.slice(0, 80)}…` : promql,
    unit: unit.unit,
    series: sheet.series.slice(0, CHART_SERIES).map(({ labels, points }) => ({
      name: nameOf(labels),
      points: points.map(([at, value]) => [at, value * unit.scale] as const),
    })),
  };
}

function nameOf(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).flatMap(([name, value]) => (name === "__name__" ? [] : [inertName(value)]));
  return parts.length === 0 ? "value" : parts.join(" ");
}

const VALUES = 20;

/** What the queries that kept sentences rest on came to last, for `ask --json`. */
function valuesOf(notes: Notebook, queries: readonly number[], now: number): readonly Value[] {
  return notes.sheets
    .filter(({ query }) => queries.includes(query))
    .flatMap(({ promql, unit, series }) =>
      series.flatMap(({ labels, points }) => {
        const [at, value] = points.at(-1) ?? [now, Number.NaN];
        return Number.isFinite(value) ? [{ name: promql, value: value * unit.scale, unit: unit.unit, labels, at }] : [];
      }),
    )
    .slice(0, VALUES);
}

function footer({ model, price }: InvestigateDeps, purse: Purse): string {
  const { calls, input, output, isGuess, cost } = purse.total();
  const parts = [
    `${calls} ${calls === 1 ? "call" : "calls"}`,
    `${isGuess ? "about " : ""}${(input + output).toLocaleString("en-US")} tokens`,
    ...(cost === undefined ? [] : [sayCost(cost, price)]),
  ];
  return `Model ${model.name}: ${parts.join(", ")}. Prompt ${model.prompts.investigate}.`;
}

function accountOf({ model }: InvestigateDeps, purse: Purse, judged: readonly Judged[]): ModelAccount {
  const { calls, input, output, cost } = purse.total();
  return {
    model: model.name,
    prompt: model.prompts.investigate,
    calls,
    input,
    output,
    ...(cost !== undefined && { cost }),
    kept: judged.filter(({ kept }) => kept).length,
    dropped: judged.flatMap((each) =>
      each.kept ? [] : [{ sentence: each.sentence.slice(0, 500), reason: each.reason }],
    ),
  };
}

function observe(
  { telemetry, clock }: InvestigateDeps,
  kind: "investigate" | "intent",
  outcome: string,
  purse: Purse | undefined,
  dropped: number,
  started: number,
): undefined {
  const { input, output, cost } = purse?.total() ?? { input: 0, output: 0, cost: 0 };
  telemetry?.modelUsed({ kind, outcome, input, output, cost: cost ?? 0, dropped, seconds: clock() - started });
}
