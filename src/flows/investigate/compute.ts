import { quantitiesIn } from "../../core/gate/claims.ts";
import { type Measure, NUMBER_OF_THINGS } from "../../core/gate/measure.ts";
import type { Quantity } from "../../core/gate/quantity.ts";
import type { Fact } from "../../core/gate.ts";
import type { Labels } from "../../core/series.ts";
import type { ModelTool } from "../../ports/model.ts";
import { ArgumentError, optionalText, readArgs, shape, text, textsOf } from "./arguments.ts";
import { fenced } from "./data.ts";
import type { Noted } from "./notebook.ts";
import type { Search } from "./search.ts";

/** Arithmetic: what a model works out by itself may not be said. */

const OPERATIONS = [
  "difference",
  "ratio",
  "change",
  "complement",
  "sum",
  "average",
  "count_above",
  "count_below",
] as const;
type Operation = (typeof OPERATIONS)[number];

/** How many values each takes. */
const TAKES: Readonly<Record<Operation, readonly [least: number, most: number]>> = {
  difference: [2, 2],
  ratio: [2, 2],
  change: [2, 2],
  complement: [1, 1],
  sum: [2, 20],
  average: [2, 20],
  count_above: [1, 20],
  count_below: [1, 20],
};

/** The tool `compute`: each operation on values that queries of this turn returned, by their names. What it makes may be said. */
export function computeTool({ notes, clean }: Search): ModelTool {
  const valueCalled = (name: string): Noted => {
    const found = notes.values.get(name);
    if (found === undefined)
      throw new ArgumentError(`there is no value ${JSON.stringify(clean(name))}. Names are as in q1.s1.last.`);
    return found;
  };
  /** A bound is a value too, or a number of the question: else any number could be said by way of it. */
  const boundCalled = (said: string | undefined, family: Quantity["family"]): Quantity => {
    if (said === undefined) throw new ArgumentError("than must tell what to compare with.");
    const value = notes.values.get(said)?.quantity;
    const asked = quantitiesIn(said).find((one) =>
      notes.facts.some((fact) => fact.origin === "question" && fact.family === one.family && fact.value === one.value),
    );
    const bound = value ?? asked;
    if (bound === undefined || bound.family !== family)
      throw new ArgumentError("than must be the name of a value in the same unit, or a number of the question.");
    return bound;
  };
  return {
    name: "compute",
    about:
      "Arithmetic on values that queries returned. difference: first minus second. ratio: first divided by second. change: by which share the first differs from the second. complement: what a share leaves of the whole, 100 % minus it. sum, average: of all. count_above, count_below: how many are above or below `than`.",
    parameters: shape(
      {
        operation: { type: "string", enum: OPERATIONS },
        of: {
          type: "array",
          items: { type: "string" },
          description: 'Names of values, such as ["q1.s1.last", "q1.s1.first"]',
        },
        than: text("For counts: the name of a value, or a number of the question with its unit"),
      },
      ["operation", "of"],
    ),
    async run(args) {
      const read = readArgs(args);
      const operation = OPERATIONS.find((one) => one === read["operation"]);
      if (operation === undefined) throw new ArgumentError(`operation must be one of ${OPERATIONS.join(", ")}.`);
      const names = textsOf(read, "of", 20);
      const [least, most] = TAKES[operation];
      if (names.length < least || names.length > most)
        throw new ArgumentError(
          `${operation} takes ${most === 1 ? "one value" : most === 2 ? "two values" : `${least} to ${most} values`}.`,
        );
      const values = names.map(valueCalled);
      const families = new Set(values.map(({ quantity }) => quantity?.family));
      const [family] = families;
      if (families.size !== 1 || family === undefined) throw new ArgumentError(MIXED);
      const numbers = values.map(({ quantity }) => quantity!.value);
      const isCount = operation === "count_above" || operation === "count_below";
      const bound = isCount ? boundCalled(optionalText(read, "than"), family).value : 0;
      const made = worked(operation, numbers, family, bound);
      if (!made.every(({ value }) => Number.isFinite(value))) throw new ArgumentError(MIXED);
      const about = isCount ? { measure: NUMBER_OF_THINGS } : commonOf(values);
      const query = notes.basisOf(values.map(({ promql }) => promql));
      const from = query === undefined ? {} : { query };
      notes.facts.push(...made.map((quantity): Fact => ({ ...quantity, ...about, ...from, origin: "computed" })));
      if (isCount)
        notes.facts.push({ value: names.length, family: "count", origin: "computed", measure: NUMBER_OF_THINGS });
      return fenced({ [operation]: Number(made[0]!.value.toPrecision(6)), of: names.map((name) => clean(name)) });
    },
  };
}

const MIXED = "these values cannot be put together so: their units differ, or it divides by zero.";

function worked(
  operation: Operation,
  numbers: readonly number[],
  family: Quantity["family"],
  bound: number,
): readonly Quantity[] {
  const [a = 0, b = 0] = numbers;
  const sum = numbers.reduce((total, one) => total + one, 0);
  switch (operation) {
    case "difference":
      return [{ value: a - b, family }];
    case "sum":
      return [{ value: sum, family }];
    case "average":
      return [{ value: sum / numbers.length, family }];
    case "ratio":
      return [
        { value: a / b, family: "factor" },
        { value: a / b, family: "ratio" },
      ];
    case "change":
      return [{ value: (a - b) / b, family: "ratio" }];
    case "complement": {
      const isShare = family === "ratio" || family === "plain";
      if (!isShare || a < 0 || a > 1) throw new ArgumentError("complement takes a share between 0 and 1.");
      return [{ value: 1 - a, family: "ratio" }];
    }
    case "count_above":
      return [{ value: numbers.filter((one) => one > bound).length, family: "count" }];
    case "count_below":
      return [{ value: numbers.filter((one) => one < bound).length, family: "count" }];
  }
}

/** What all of the values have in common: the labels that are the same, and the measure when it is one. */
function commonOf(values: readonly Noted[]): { readonly labels?: Labels; readonly measure?: Measure } {
  const [first, ...others] = values;
  if (first === undefined) return {};
  const same = Object.entries(first.labels).filter(([name, value]) =>
    others.every(({ labels }) => labels[name] === value),
  );
  const topics = first.measure.topics.filter((topic) => others.every(({ measure }) => measure.topics.includes(topic)));
  return {
    ...(same.length > 0 && { labels: Object.fromEntries(same) }),
    ...(topics.length > 0 && { measure: { topics } }),
  };
}
