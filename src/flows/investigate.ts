import { checkSentence, HAS_SECRET, IS_INSTRUCTION } from "../core/gate/check.ts";
import { Sentences } from "../core/gate/sentences.ts";
import type { Judged } from "../core/gate.ts";
import { type ModelRecord, type ModelTurn, pack } from "../core/recording.ts";
import { rfc3339 } from "../core/zone.ts";
import type { Runbooks } from "../ports/changes.ts";
import type { Suggester } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Case, Investigated, Investigator, Model, ModelTool, ModelUse, Sorted } from "../ports/model.ts";
import type { Spending } from "../ports/store.ts";
import { RefusedError, reasonOf, UnreachableError } from "../util/errors.ts";
import { type Budgets, openPurse, type Price, type Purse } from "./investigate/budget.ts";
import type { Context } from "./investigate/context.ts";
import { type Cleaner, cleaner } from "./investigate/data.ts";
import type { History } from "./investigate/history.ts";
import type { Masks } from "./investigate/masks.ts";
import { masksOf, messageOf } from "./investigate/message.ts";
import { Notebook } from "./investigate/notebook.ts";
import { accountOf, answerFrom, leftOut } from "./investigate/outcome.ts";
import { draftOf, statusOf, stepOf } from "./investigate/progress.ts";
import { runbookIds } from "./investigate/propose.ts";
import type { Records } from "./investigate/records.ts";
import type { Search } from "./investigate/search.ts";
import { toolsFor } from "./investigate/tools.ts";

export type InvestigateDeps = {
  readonly model: Model;
  readonly spending: Spending;
  readonly budgets: Budgets;
  readonly price: Price | undefined;
  readonly toolCalls: number;
  /** Milliseconds for the model's part of one answer. */
  readonly totalMs: number;
  /** What was said before in a thread. */
  readonly history: History;
  /** The whole at a glance. */
  readonly context: Context;
  readonly records: Records;
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
export const INTENT_MS = 8000;

/** Putting a long thread into points must not hold up an answer for long. */
const SUMMARY_MS = 6000;

/** The model's part of answering, on these parts. */
export function createInvestigator(deps: InvestigateDeps): Investigator {
  return {
    investigate: (one, signal) => investigate(deps, one, signal),
    readIntent: (one, intents, signal) => readIntent(deps, one, intents, signal),
  };
}

async function readIntent(
  deps: InvestigateDeps,
  { question, text, enough }: Sorted,
  intents: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const started = deps.clock();
  let purse: Purse | undefined;
  const limit = AbortSignal.any([
    signal,
    AbortSignal.timeout(Math.min(INTENT_MS, deps.totalMs)),
    ...(enough ? [enough] : []),
  ]);
  const count = (outcome: string) => observe(deps, "intent", outcome, purse, 0, started);
  try {
    purse = await openPurse(deps, question, question.at);
    if (purse.over() !== undefined) return count("budget");
    const pay = purse.pay;
    const { intent } = await deps.model.readIntent(cleaner(deps.redact)(text, 1000), intents, limit, (used) => {
      void pay(used);
    });
    count("answered");
    return intents.find((one) => one === intent);
  } catch (problem) {
    if (signal.aborted) throw problem;
    if (enough?.aborted && limit.reason === enough.reason) return count("stopped");
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
  const ended = new AbortController();
  const limit = AbortSignal.any([
    signal,
    ended.signal,
    AbortSignal.timeout(deps.totalMs),
    ...(one.enough ? [one.enough] : []),
  ]);
  let purse: Purse | undefined;
  let notes: Notebook | undefined;
  const turns: ModelTurn[] = [];
  let sentences = new Sentences();
  let judged: Judged[] = [];
  const dropped = () => judged.filter(({ kept }) => !kept).length;
  const nothing = (outcome: string, why: string): Investigated => {
    observe(deps, "investigate", outcome, purse, dropped(), started);
    const account = purse === undefined || purse.total().calls === 0 ? undefined : accountOf(deps, purse, judged);
    return {
      kind: "nothing",
      why,
      ...(account && { account }),
      ...(turns.length > 0 && { record: recordOf(deps, turns, judged, notes) }),
      ...(notes && { proposed: notes.proposed, proposals: notes.proposals }),
    };
  };
  const said = (outcome: string, from: Notebook, paid: Purse, stopped?: string): Investigated => {
    observe(deps, "investigate", outcome, paid, dropped(), started);
    const answer = answerFrom(deps, one, from, paid, judged, stopped);
    return {
      kind: "said",
      answer,
      account: accountOf(deps, paid, judged),
      record: recordOf(deps, turns, judged, from),
    };
  };
  try {
    purse = await openPurse(deps, one.question, one.question.at);
    const spent = purse.over();
    if (spent !== undefined) return nothing("budget", `${spent} This is the answer without it.`);
    const clean = cleaner(deps.redact);
    const known = new Notebook(one.ask, one.text, one.found, one.zone);
    notes = known;
    const masks = deps.pseudonyms ? masksOf(one) : masksOf(undefined);
    let status = statusOf(undefined, 0, deps.toolCalls);
    let steps = 0;
    const tell = () => one.watch?.({ answer: draftOf(one, deps.model.name, known, judged, status), status });
    const search: Search = {
      one,
      ask: one.ask,
      catalogue: one.catalogue,
      notes,
      clean,
      masks,
      runbooks: await deps.runbooks(),
      suggest: deps.suggest,
      records: deps.records,
      hasSecret: (text) => deps.redact(text) !== text,
      alertText: deps.alertText,
      at: rfc3339,
      began(tool, args) {
        status = statusOf(stepOf(tool, args, known.hasName), ++steps, deps.toolCalls);
        tell();
      },
      signal: limit,
    };
    tell();
    const { pay } = purse;
    const [before, context] = await Promise.all([
      deps.history(one, clean, (used) => void pay(used), AbortSignal.any([limit, AbortSignal.timeout(SUMMARY_MS)])),
      deps.context(one, known, clean, limit),
    ]);
    limit.throwIfAborted();
    const events = deps.model.investigate(
      {
        values: {
          now: rfc3339(one.question.at),
          zone: clean(one.zone),
          source: masks.hide(clean(one.ask.source.name)),
          runbooks: runbookIds(search),
        },
        message: masks.hide(messageOf(one, clean, before, context)),
        tools: toolsFor(search).map((tool) => recorded(tool, turns, masks, clean)),
        toolCalls: deps.toolCalls,
      },
      limit,
    );
    let length = 0;
    const take = (complete: readonly string[]) => {
      for (const sentence of complete) {
        const restored = masks.restore(sentence);
        // What repeats a secret goes as a whole, also where a word of it would do no harm.
        const visible = deps.redact(restored);
        turns.push({ kind: "said", text: visible });
        if (visible !== restored) judged.push({ kept: false, sentence: visible, reason: HAS_SECRET });
        else if (deps.model.isInstruction(restored))
          judged.push({ kept: false, sentence: restored, reason: IS_INSTRUCTION });
        else judged.push(known.onQueries(checkSentence(restored, known)));
      }
      if (complete.length > 0) tell();
    };
    for await (const event of events) {
      if (event.kind === "used") await purse.pay(event);
      if (event.kind === "text" && !ended.signal.aborted) {
        length += event.text.length;
        if (length > LONGEST_ANSWER) ended.abort(new LongEnough());
        else take(sentences.push(event.text));
      }
      if (event.kind !== "tool") continue;
      [sentences, judged, length] = [new Sentences(), [], 0];
      // An answer that is written is paid for: only going on would cost more.
      const over = purse.over();
      if (over !== undefined) return nothing("budget", `${over} This is the answer without it.`);
    }
    take(sentences.end());
    return judged.some(({ kept }) => kept) ? said("answered", notes, purse) : nothing("nothing", noneLeft(judged));
  } catch (problem) {
    if (signal.aborted) throw problem;
    if (purse !== undefined && notes !== undefined) {
      // What is cut off in the middle ends with its last whole sentence.
      if (ended.signal.aborted && judged.some(({ kept }) => kept)) return said("answered", notes, purse);
      if (one.enough?.aborted) return said("stopped", notes, purse, `${reasonOf(one.enough.reason)}.`);
    }
    deps.report(problem);
    return nothing("failed", `${whyFailed(problem, deps)} This is the answer without it.`);
  }
}

/** The model writes on and on: what it wrote by now is its answer. */
class LongEnough extends Error {}

function noneLeft(judged: readonly Judged[]): string {
  return `${leftOut(judged.length)} Nothing of what the model said is left, so this is the answer without it.`;
}

function whyFailed(problem: unknown, { totalMs }: InvestigateDeps): string {
  if (problem instanceof UnreachableError || problem instanceof RefusedError) return `${problem.message}.`;
  if (problem instanceof Error && problem.name === "TimeoutError")
    return `The language model took longer than ${totalMs / 1000} s.`;
  return "The language model's part failed.";
}

/** Characters: a page. Whoever writes more than that for an answer has lost the thread, and each sentence takes time to check. */
const LONGEST_ANSWER = 4000;

/** A tool that notes each call with what it gave, as people read it: with the names that the model does not see. */
function recorded(tool: ModelTool, turns: ModelTurn[], masks: Masks, clean: Cleaner): ModelTool {
  return {
    ...tool,
    async run(args, signal) {
      const result = await tool.run(args, signal);
      const asked = clean(masks.restore(JSON.stringify(args) ?? ""), LONGEST_ARGUMENTS);
      turns.push({ kind: "called", tool: tool.name, args: asked, result: masks.restore(result) });
      return result;
    },
  };
}

const LONGEST_ARGUMENTS = 5000;

function recordOf(
  { model }: InvestigateDeps,
  turns: readonly ModelTurn[],
  judged: readonly Judged[],
  notes: Notebook | undefined,
): ModelRecord {
  return {
    prompt: model.prompts.investigate,
    turns,
    judged,
    ...(notes && { known: pack(notes.keptFacts, notes.names, notes.when) }),
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
