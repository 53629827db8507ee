import type { Button, Chart, Tone } from "./card.ts";
import type { ProposedAction } from "./proposal.ts";
import type { Evidence } from "./reading.ts";
import type { Labels } from "./series.ts";

/** One number that an answer states. `at` is unix seconds. */
export type Value = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly labels: Labels;
  readonly at: number;
};

/** What was found out, before it becomes a card. Strings are plain sentences, names in them already inert. */
export type Answer = {
  /** First line: verdict, number, unit, place. */
  readonly verdict: string;
  readonly tone: Tone;
  /** What is usual, what changed, what it means. One sentence each. */
  readonly details: readonly string[];
  readonly list?: readonly string[];
  readonly table?: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };
  readonly chart?: Chart;
  readonly values: readonly Value[];
  /** Small print: data age, what was not looked at. */
  readonly notes: readonly string[];
  /** The templates looked and could not settle it: worth a further look. */
  readonly isOpen?: true;
  /** What a language model wrote: shown apart and marked as such. */
  readonly said?: SaidByModel;
  /** Questions worth asking next; at most three are shown. Candidates of a clarification are all shown. */
  readonly next: readonly Button[];
  readonly proposals: readonly ProposedAction[];
  /** All that the answer says stands on the cards of its proposals too. */
  readonly shownApart?: true;
  /** When set, the intent was decided only while answering (a question that turned out to be ambiguous, say). */
  readonly intent?: string;
};

/** Sentences of a model that passed the gate, each with the queries that its numbers come from. */
export type SaidByModel = {
  readonly by: string;
  readonly sentences: readonly {
    readonly text: string;
    readonly promql: readonly string[];
    /** The next one begins on a line of its own. */
    readonly endsLine?: true;
  }[];
};

/** What using the model came to, kept with the answer. */
export type ModelAccount = {
  readonly model: string;
  readonly prompt: string;
  readonly calls: number;
  readonly input: number;
  readonly output: number;
  /** Undefined without a configured price. */
  readonly cost?: number;
  /** Sentences that stayed, and those that did not with why. */
  readonly kept: number;
  readonly dropped: readonly { readonly sentence: string; readonly reason: string }[];
};

/** `ask --json`, one object. Field names and shapes are a public contract. */
export type AskReply = {
  readonly intent: string;
  readonly slots: Readonly<Record<string, unknown>>;
  readonly reply_text: string;
  readonly promql: readonly string[];
  readonly values: readonly {
    readonly name: string;
    readonly value: number;
    readonly unit: string;
    readonly labels: Labels;
    readonly at: string;
  }[];
  readonly proposed_actions: readonly ProposedAction[];
  readonly sources: readonly {
    readonly promql: string;
    readonly source: string;
    readonly start: string;
    readonly end: string;
    readonly step: number;
    readonly readings: Evidence["readings"];
  }[];
  /** By which `replay` finds it. Left out where no answer came to be. */
  readonly answer_id?: string;
  readonly degraded?: readonly string[];
};

/** An answer with only a verdict; the rest is given where it differs. */
export function answerOf(verdict: string, rest: Partial<Answer> = {}): Answer {
  return { verdict, tone: "info", details: [], values: [], notes: [], next: [], proposals: [], ...rest };
}

/** A button that asks `text` in the same conversation. */
export function askButton(label: string, text: string = label): Button {
  return { label, style: "plain", action: { kind: "ask", text } };
}
