import type { Card } from "../core/card.ts";
import { chooseSource } from "../flows/answer/sources.ts";
import type { Metrics } from "../ports/metrics.ts";

/** What is said of sources that are closed to whoever asks. */

const CURE = {
  kind: "text",
  text: "The bot's owner can change that under `access` in its configuration.",
} as const;

export const NOTHING_OPEN: Card = {
  title: "I cannot look: no source is open to you here.",
  tone: "warning",
  blocks: [CURE],
};

/**
 * The name of the source that a question names and that is not among those open to whoever asks, if there is one: the
 * numbers of another source are no answer to it.
 */
export function closedSource(all: readonly Metrics[], open: readonly Metrics[], text: string): string | undefined {
  if (open.length === all.length) return undefined;
  const { source, named } = chooseSource(all, text, undefined);
  return named && !open.includes(source) ? source.name : undefined;
}

export function notOpen(name: string): Card {
  return { title: `I may not look into ${name} for you here.`, tone: "info", blocks: [CURE] };
}
