import { z } from "zod";

/**
 * What is kept with an answer to a slash command, so that it can still be given where the bot is no member, also after a
 * restart. The address is a secret: whoever has it can speak in that channel.
 */
export type Hint = {
  /** Where Slack takes answers to the command. Absent when it gave none, or takes none any more. */
  readonly url?: string | undefined;
  /** Unix seconds until when. */
  readonly until: number;
  /** How many answers were sent there, each noted before it left. */
  readonly uses: number;
  /** How many of them may have been shown although nobody said so. */
  readonly unsure: number;
  /** Who asked: their direct messages are where the answer goes when it cannot go into the channel. */
  readonly user: string;
};

/** Slack takes five answers within half an hour: https://docs.slack.dev/interactivity/handling-user-interaction */
const SECONDS = 29 * 60;
const MOST_USES = 5;
/** So that an answer is shown twice at worst. */
const MOST_UNSURE = 2;

const Shape = z.object({
  url: z.string().optional(),
  until: z.number(),
  uses: z.number(),
  unsure: z.number(),
  user: z.string(),
});

/** The hint for a command that came at `now` (unix seconds), as text for the outbox. */
export function commandHint(user: string, url: string | undefined, now: number): string {
  return writeHint({ url, until: now + SECONDS, uses: 0, unsure: 0, user });
}

export function writeHint(hint: Hint): string {
  return JSON.stringify(hint);
}

/** Undefined when there is none that we wrote. */
export function readHint(text: string | undefined): Hint | undefined {
  if (text === undefined) return undefined;
  try {
    return Shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Whether another answer may go to its address. `now` is unix seconds. */
export function isUsable(hint: Hint, now: number): hint is Hint & { readonly url: string } {
  return hint.url !== undefined && now < hint.until && hint.uses < MOST_USES && hint.unsure < MOST_UNSURE;
}
