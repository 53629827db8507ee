import type { Card } from "./card.ts";

/** An answer that is still being worked on: whoever looks on is shown it, and the answer takes its place. */
export type Draft = {
  /** All that is known so far, with a button that ends the look. */
  readonly card: Card;
  /** What is being done now, in one line. */
  readonly status: string;
  /** What a language model said so far and may stay: sentence by sentence, each with the marks of its queries. */
  readonly said: readonly string[];
};
