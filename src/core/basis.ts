import type { Answer } from "./answer.ts";
import type { Evidence } from "./reading.ts";
import type { Labels } from "./series.ts";
import { formatValue, type MetricUnit, UNITS } from "./units.ts";

/** What a query gave, as it came: the newest point of each of its first series. */
export type Given = { readonly labels: Labels; readonly value: number; readonly at: number };

/** Evidence with what it gave, before it is kept. */
export type GivenEvidence = Evidence & { readonly given?: readonly Given[]; readonly background?: boolean };

/** Series of one query that are kept, and labels of one of them. */
export const MOST_GIVEN = 6;
const MOST_LABELS = 12;
const LONGEST_LABEL = 200;

/**
 * The evidence of an answer with what each query gave and which of the answer's sentences state that: a model's sentences by the queries that
 * the gate found for them, others by the value as it is written in them. Queries in the background are kept as they are. `unitOf` tells a query's unit where the answer does not.
 */
export function withBasis(
  answer: Pick<Answer, "verdict" | "details" | "list" | "values" | "said">,
  evidence: readonly GivenEvidence[],
  unitOf: (promql: string) => MetricUnit,
): readonly Evidence[] {
  const own = [answer.verdict, ...answer.details, ...(answer.list ?? [])];
  return evidence.map(({ given = [], ...one }) => {
    if (one.background === true) return one;
    const values = given.map(({ labels, value, at }) => {
      const stated = answer.values.find((stands) => stands.value === value);
      const unit = UNITS.find((known) => known === stated?.unit);
      const { unit: otherwise, scale } = unitOf(one.promql);
      return unit === undefined
        ? { labels: fewLabels(labels), value: value * scale, unit: otherwise, at }
        : { labels: fewLabels(labels), value, unit, at };
    });
    const written = values.map(({ value, unit }) => formatValue(value, unit));
    const sentences = [
      ...own.filter((sentence) => written.some((value) => standsIn(value, sentence))),
      ...(answer.said?.sentences ?? []).filter(({ promql }) => promql.includes(one.promql)).map(({ text }) => text),
    ];
    return { ...one, ...(values.length > 0 && { values }), ...(sentences.length > 0 && { sentences }) };
  });
}

/** "64" does not stand in "640 messages" or "0.64". */
function standsIn(value: string, sentence: string): boolean {
  for (let at = sentence.indexOf(value); at >= 0; at = sentence.indexOf(value, at + 1)) {
    const [before = "", after = ""] = [sentence[at - 1], sentence.slice(at + value.length)];
    if (!/[\d.,]/.test(before) && !/^(?:\d|[.,]\d)/.test(after)) return true;
  }
  return false;
}

function fewLabels(labels: Labels): Labels {
  const kept = Object.entries(labels).slice(0, MOST_LABELS);
  return Object.fromEntries(kept.map(([name, value]) => [name, value.slice(0, LONGEST_LABEL)]));
}
