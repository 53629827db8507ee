import type { Answer, ModelAccount } from "../core/answer.ts";
import type { Catalogue } from "../core/catalogue.ts";
import type { Question } from "../core/chat.ts";
import type { Deploy } from "../core/deploy.ts";
import type { Identity } from "../core/people.ts";
import type { ProposedAction } from "../core/proposal.ts";
import type { ModelRecord } from "../core/recording.ts";
import type { Inquiry } from "./metrics.ts";
import type { Turn } from "./store.ts";

/** The language model as the bot uses it, and the model's part of answering. A file of its own beside the other ports. */

/** Something a model may do. There is none that changes anything: the strongest writes a proposal that people decide about. */
export type ModelTool = {
  readonly name: string;
  readonly about: string;
  /** JSON Schema of its arguments, as the model is told it. What the model sends is read again by `run`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The result as text for the model. What the model or the world did wrong is a text too, beginning with "Error: ". */
  run(args: unknown, signal: AbortSignal): Promise<string>;
};

export type ModelTask = {
  /** Values for the variables of the prompt. */
  readonly values: Readonly<Record<string, string>>;
  /** The question with everything it needs, as one message. */
  readonly message: string;
  readonly tools: readonly ModelTool[];
  /** Then the tools are taken away, and the model answers with what it has. */
  readonly toolCalls: number;
};

export type ModelEvent =
  /** More of the answer. */
  | { readonly kind: "text"; readonly text: string }
  /** It calls a tool: what it said before was thinking aloud and is no part of the answer. */
  | { readonly kind: "tool"; readonly name: string }
  /** One call has ended, well or badly. `isGuess`: the other side did not say, so it is worked out from the length. */
  | ({ readonly kind: "used" } & TokensUsed);

/** One use of the language model: an investigation or a small call. */
export type ModelUse = {
  readonly kind: "investigate" | "intent";
  /** answered, nothing, failed, stopped or budget. */
  readonly outcome: string;
  /** Tokens. */
  readonly input: number;
  readonly output: number;
  /** In the configured currency. */
  readonly cost: number;
  /** Sentences that were left out. */
  readonly dropped: number;
  readonly seconds: number;
};

export type TokensUsed = { readonly input: number; readonly output: number; readonly isGuess: boolean };

/** A language model, where one is configured. Its answers are text from outside like any other. */
export interface Model {
  readonly name: string;
  /** Names and versions of the prompts, such as "investigate 1 (5f3c21ab)". */
  readonly prompts: { readonly investigate: string; readonly intent: string };
  /** Whether a sentence repeats what the model is told to do, which is nobody's business. */
  isInstruction(sentence: string): boolean;
  /**
   * Lets the model look into something with tools. Ends when it has answered. Throws `UnreachableError` or `RefusedError` when it cannot go on,
   * and the signal's reason when that fires; the connection is closed then, and when the reader leaves early.
   */
  investigate(task: ModelTask, signal: AbortSignal): AsyncIterable<ModelEvent>;
  /**
   * Which of these intents a question has: one of the names offered, or undefined when the model does not know. `pay` is told what the call
   * took, also when it fails. Throws as above.
   */
  readIntent(
    question: string,
    intents: readonly string[],
    signal: AbortSignal,
    pay?: (used: TokensUsed) => void,
  ): Promise<{ readonly intent: string | undefined }>;
  /**
   * A conversation in a few points, each about one of these turns (by its index from 0). What comes back is the model's word: nothing of it was
   * compared with what was said. `pay` and what is thrown as above.
   */
  summarise(
    turns: readonly { readonly author: string; readonly said: string }[],
    signal: AbortSignal,
    pay?: (used: TokensUsed) => void,
  ): Promise<{ readonly points: readonly { readonly turn: number; readonly said: string }[] }>;
}

/** A question with what the templates made of it. */
export type Case = {
  readonly question: Question;
  /** The question as it was read. */
  readonly text: string;
  readonly history: readonly Turn[];
  readonly zone: string;
  readonly catalogue: Catalogue;
  readonly ask: Inquiry;
  /** The answer without a model, which stands when this comes to nothing. */
  readonly found: Answer;
  readonly person: Identity;
  /** Deployments that ended since then (unix seconds), newest first, and the query that told of them; undefined where no metric does. */
  readonly deploys?: (since: number, signal: AbortSignal) => Promise<Deploys | undefined>;
  /** Told how far it is, as often as that changes. */
  readonly watch?: (progress: Progress) => void;
  /** Fires when somebody wants no further look; its reason is a sentence that says who. What was found by then is the answer. */
  readonly enough?: AbortSignal;
};

export type Deploys = { readonly promql: string; readonly list: readonly Deploy[] };

/** What the small call has of a question that is to be sorted. */
export type Sorted = Pick<Case, "question" | "text" | "enough">;

/** How far an investigation is. */
export type Progress = {
  /** The answer as it stands: what the templates found, and what the model said so far and may stay. */
  readonly answer: Answer;
  /** What is being done: "Looking for metrics (1 of at most 8 steps)." */
  readonly status: string;
};

export type Investigated =
  | {
      readonly kind: "said";
      readonly answer: Answer;
      readonly account: ModelAccount;
      /** What it said and did, to be looked at again later. */
      readonly record: ModelRecord;
    }
  /** Why the answer without a model stands, as a sentence. */
  | {
      readonly kind: "nothing";
      readonly why: string;
      readonly account?: ModelAccount;
      readonly record?: ModelRecord;
      /** What it proposed on the way stands all the same: sentences about it, and the wishes. */
      readonly proposed?: readonly string[];
      readonly proposals?: readonly ProposedAction[];
    };

/** The model's part of answering. Never throws but for the signal's reason. */
export type Investigator = {
  /** The intent the model reads, one of those offered. Undefined when it cannot be asked, does not know or was stopped. */
  readIntent(one: Sorted, intents: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  investigate(one: Case, signal: AbortSignal): Promise<Investigated>;
};
