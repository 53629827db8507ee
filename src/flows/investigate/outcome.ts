import { type Answer, askButton, type ModelAccount, type Value } from "../../core/answer.ts";
import type { Chart } from "../../core/card.ts";
import { saidFrom } from "../../core/gate/said.ts";
import type { Judged } from "../../core/gate.ts";
import { formatValue } from "../../core/units.ts";
import { sayMoment } from "../../core/zone.ts";
import type { Case, Model } from "../../ports/model.ts";
import { inertName } from "../../util/inert.ts";
import { type Price, type Purse, sayCost } from "./budget.ts";
import type { Notebook, Sheet } from "./notebook.ts";

/** The parts that an outcome is told with. */
export type Told = { readonly model: Pick<Model, "name" | "prompts">; readonly price: Price | undefined };

/**
 * The answer of the templates with what the model found; its text stands apart, and all numbers beside it are code's. `stopped` is the
 * sentence that says who ended the look early.
 */
export function answerFrom(
  deps: Told,
  one: Case,
  notes: Notebook,
  purse: Purse,
  judged: readonly Judged[],
  stopped?: string,
): Answer {
  const said = saidFrom(deps.model.name, judged, (index) => notes.promqlAt(index));
  const dropped = judged.length - said.sentences.length;
  const queries = new Set(said.sentences.flatMap(({ promql }) => promql));
  const cited = notes.sheets.filter(({ promql }) => queries.has(promql));
  const found = baseOf(one, notes, said.sentences.length > 0);
  const chart = found.chart ?? chartOf(cited);
  const looked = stopped === undefined ? [] : notes.sheets.map(lineOf).slice(0, LINES);
  return {
    ...found,
    ...(said.sentences.length > 0 && { said }),
    ...(chart && { chart }),
    details: [...found.details, ...notes.proposed],
    ...(looked.length > 0 && { list: [...(found.list ?? []), ...looked] }),
    proposals: [...found.proposals, ...notes.proposals],
    next: [askButton("Why do you say that?"), ...found.next],
    values: [...found.values, ...valuesOf(stopped === undefined ? cited : notes.sheets, one.ask.now)],
    notes: [
      ...found.notes,
      ...(stopped === undefined ? [] : [`${stopped} This is what was found until then.`]),
      ...(dropped > 0 ? [leftOut(dropped)] : []),
      ...[...notes.recalled].flatMap(([promql, at]) =>
        queries.has(promql) ? [`${promql} was asked ${sayMoment(at, one.ask.now, one.zone)}.`] : [],
      ),
      ...(purse.total().calls > 0 ? [footer(deps, purse, one.question.id)] : []),
    ],
  };
}

function baseOf({ found }: Case, { sheets }: Notebook, hasSaid: boolean): Answer {
  if (found.intent !== "clarify") return found;
  const { intent: _, ...rest } = found;
  const queries = `${sheets.length} ${sheets.length === 1 ? "query" : "queries"}`;
  const verdict = hasSaid ? `I looked into it with ${queries}:` : `I looked into it with ${queries}, to no conclusion.`;
  return { ...rest, verdict, tone: "info", details: [], values: [], next: [] };
}

const LINES = 8;
const SERIES_SHOWN = 3;

/** What a query of the model came to, by code: "up: 1 (job a), 0 (job b)". */
function lineOf({ promql, unit, series }: Sheet): string {
  const shown = series.slice(0, SERIES_SHOWN).flatMap(({ labels, points }) => {
    const last = points.at(-1);
    return last === undefined ? [] : [`${formatValue(last[1] * unit.scale, unit.unit)} (${nameOf(labels)})`];
  });
  const more = series.length > shown.length ? ` and ${series.length - shown.length} more` : "";
  return `${inertName(promql, { max: 120 })}: ${shown.join(", ")}${more}`;
}

const CHART_SERIES = 5;

/** The first range query that a kept sentence rests on, as a picture. */
function chartOf(sheets: readonly Sheet[]): Chart | undefined {
  const sheet = sheets.find(({ series }) => series.some(({ points }) => points.length > 2));
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

/** What these queries came to last, for `ask --json`. */
function valuesOf(sheets: readonly Sheet[], now: number): readonly Value[] {
  return sheets
    .flatMap(({ promql, unit, series }) =>
      series.flatMap(({ labels, points }) => {
        const [at, value] = points.at(-1) ?? [now, Number.NaN];
        return Number.isFinite(value) ? [{ name: promql, value: value * unit.scale, unit: unit.unit, labels, at }] : [];
      }),
    )
    .slice(0, VALUES);
}

function footer({ model, price }: Told, purse: Purse, answer: string): string {
  const { calls, input, output, isGuess, cost } = purse.total();
  const parts = [
    `${calls} ${calls === 1 ? "call" : "calls"}`,
    `${isGuess ? "about " : ""}${(input + output).toLocaleString("en-US")} tokens`,
    ...(cost === undefined ? [] : [sayCost(cost, price)]),
  ];
  return `Model ${model.name}: ${parts.join(", ")}. Prompt ${model.prompts.investigate}. Answer ${inertName(answer)}.`;
}

/** What it came to, for the record. */
export function accountOf({ model }: Told, purse: Purse, judged: readonly Judged[]): ModelAccount {
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

/** How many sentences did not stay, and why, in a sentence. */
export function leftOut(count: number): string {
  if (count === 0) return "The model said nothing.";
  return count === 1
    ? "1 sentence was left out: no query returned what it says."
    : `${count} sentences were left out: no query returned what they say.`;
}
