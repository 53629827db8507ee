import type { Answer } from "./answer.ts";
import type { Measure } from "./gate/measure.ts";
import { spellingsOf } from "./gate/spelling.ts";
import type { Fact, Judged, Known } from "./gate.ts";
import type { Labels } from "./series.ts";

/** What is kept of an answer besides its evidence, so that it can be drawn again and judged again without asking anybody. */
export type Recording = {
  readonly version: 1;
  /** The question as it was asked. */
  readonly question: string;
  /** What was found out; the card is drawn from it. Undefined when that was too large to keep. */
  readonly answer?: Answer;
  readonly degraded: readonly string[];
  /** A language model's part. */
  readonly model?: ModelRecord;
};

/** One thing that a model said or did. What it was told by a tool is text of the systems looked at, as it was sent. */
export type ModelTurn =
  | { readonly kind: "said"; readonly text: string }
  | { readonly kind: "called"; readonly tool: string; readonly args: string; readonly result: string };

export type ModelRecord = {
  /** Name, version and hash of the prompt. */
  readonly prompt: string;
  readonly turns: readonly ModelTurn[];
  /** What the gate decided about each sentence of the answer. */
  readonly judged: readonly Judged[];
  /** What the gate knew. Undefined when that was too large to keep. */
  readonly known?: PackedKnown;
};

/** What the gate knew, each set of labels and each measure once. */
export type PackedKnown = {
  readonly labels: readonly Labels[];
  readonly measures: readonly Measure[];
  readonly beside: readonly (readonly string[])[];
  readonly facts: readonly PackedFact[];
  readonly names: readonly string[];
  readonly when?: NonNullable<Known["when"]>;
};

type PackedFact = Pick<Fact, "value" | "family" | "origin" | "query" | "at"> & {
  /** Indices in the lists above. */
  readonly labels?: number;
  readonly measure?: number;
  readonly beside?: number;
};

/** Characters of JSON that are kept of one answer. */
const MOST_KEPT = 400_000;
/** What a model says or is told in one turn is kept up to here. */
const TURN_KEPT = 20_000;

/** The recording within its bounds: what is too large goes, the gate's knowledge first. */
export function bounded(recording: Recording): Recording {
  const { model } = recording;
  const cut: Recording =
    model === undefined ? recording : { ...recording, model: { ...model, turns: model.turns.map(cutTurn) } };
  const tries: readonly (() => Recording)[] = [
    () => cut,
    () => ({ ...cut, ...(cut.model && { model: without(cut.model, "known") }) }),
    () => without({ ...cut, ...(cut.model && { model: without(cut.model, "known") }) }, "answer"),
  ];
  return (
    tries.map((attempt) => attempt()).find((one) => JSON.stringify(one).length <= MOST_KEPT) ?? {
      version: 1,
      question: recording.question.slice(0, TURN_KEPT),
      degraded: [],
    }
  );
}

function cutTurn(turn: ModelTurn): ModelTurn {
  return turn.kind === "said"
    ? { ...turn, text: turn.text.slice(0, TURN_KEPT) }
    : { ...turn, args: turn.args.slice(0, TURN_KEPT), result: turn.result.slice(0, TURN_KEPT) };
}

function without<T extends object, K extends keyof T>(whole: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = whole;
  return rest;
}

/** Facts and names as they are kept. */
export function pack(facts: readonly Fact[], names: readonly string[], when: Known["when"]): PackedKnown {
  const [labels, measures, beside] = [
    new Map<Labels, number>(),
    new Map<Measure, number>(),
    new Map<ReadonlySet<string>, number>(),
  ];
  const indexIn = <T>(known: Map<T, number>, one: T | undefined): number | undefined => {
    if (one === undefined) return undefined;
    const at = known.get(one) ?? known.size;
    known.set(one, at);
    return at;
  };
  const packed = facts.map((fact): PackedFact => {
    const { value, family, origin, query, at } = fact;
    const places = {
      labels: indexIn(labels, fact.labels),
      measure: indexIn(measures, fact.measure),
      beside: indexIn(beside, fact.beside),
    };
    return defined({ value, family, origin, query, at, ...places }) as PackedFact;
  });
  return {
    labels: [...labels.keys()],
    measures: [...measures.keys()],
    beside: [...beside.keys()].map((words) => [...words]),
    facts: packed,
    names,
    ...(when && { when }),
  };
}

/** What the gate knew, as it judges by it. */
export function unpack({ labels, measures, beside, facts, names, when }: PackedKnown): Known {
  const known = new Set(names);
  const words = beside.map((list): ReadonlySet<string> => new Set(list));
  return {
    facts: facts.map((fact) => {
      const places = {
        labels: fact.labels === undefined ? undefined : labels[fact.labels],
        measure: fact.measure === undefined ? undefined : measures[fact.measure],
        beside: fact.beside === undefined ? undefined : words[fact.beside],
      };
      return defined({ ...fact, ...places }) as Fact;
    }),
    hasName: (name) => spellingsOf(name).some((one) => known.has(one)),
    ...(when && { when }),
  };
}

function defined(whole: object): object {
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
}
