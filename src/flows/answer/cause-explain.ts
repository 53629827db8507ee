import type { Value } from "../../core/answer.ts";
import type { Weighed } from "../../core/cause/rank.ts";
import type { Bound } from "../../core/concept.ts";
import type { Labels } from "../../core/series.ts";
import type { Focus } from "./cause-focus.ts";
import type { history } from "./cause-signals.ts";
import type { Symptom } from "./cause-symptom.ts";
import { say } from "./rows.ts";
import type { Turn } from "./turn.ts";

/** One possible explanation, with its number. `line` reads as a sentence without its full stop. */
export type Explanation = Weighed & {
  /** It began before the time looked at: `since` is only a bound. */
  readonly open?: boolean;
  /** Same kinds are said once in the verdict. "state" explanations have a cause themselves, "event" ones are the first in a chain. */
  readonly kind: string;
  readonly chain: "event" | "state";
  readonly line: string;
  readonly values: readonly Value[];
  /** The query that tells since when; asked only for the best ones. */
  readonly track?: { readonly promql: string; readonly labels: Labels; readonly before: number };
  /** The service that was deployed, for a proposal to roll it back. */
  readonly deployed?: string;
};

/** What every search for explanations is given. `onset` and `at` are unix seconds. */
export type Search = {
  readonly turn: Turn;
  readonly focus: Focus;
  readonly symptom: Symptom;
  readonly at: number;
  readonly onset: number;
  readonly past: ReturnType<typeof history>;
  /** Node by pod. */
  readonly nodeOf: ReadonlyMap<string, string>;
};

/** "12.4 s against 310 ms usual at this time of day". */
export function against(bound: Bound, after: number, before: number): string {
  return `${say(bound, after)} against ${say(bound, before)} usual`;
}

/** How often it multiplied, when that says more than the two numbers: " (×13)". */
export function times(after: number, before: number): string {
  const ratio = after / before;
  return Number.isFinite(ratio) && ratio >= 1.5 ? ` (×${Number(ratio.toPrecision(2))})` : "";
}

export function figureOf(bound: Bound, name: string, labels: Labels, value: number, at: number): Value {
  return {
    name: name === "" ? bound.concept.name : `${bound.concept.name} of ${name}`,
    value,
    unit: bound.concept.unit,
    labels,
    at,
  };
}
