import type { StoryBot } from "./bot.ts";

/** What somebody does in a story, in the one thread it takes place in. */
export type Step =
  | { readonly say: string; readonly as?: "command" /** Who asks; a member unless told. */; readonly by?: "guest" }
  | { readonly press: string };

/** One answer as a person meets it, whatever the surface. */
export type Shown = {
  /** The verdict, without the surface's own sign for its tone. */
  readonly headline: string;
  /** Everything there is to read, in order, queries and what buttons say among it. */
  readonly words: string;
  readonly hasChart: boolean;
  readonly buttons: readonly string[];
  /** Only the person who asked sees it. */
  readonly isPrivate: boolean;
};

/** One surface with the bot on it. */
export type Stage = {
  readonly bot: StoryBot;
  /** Resolves with the answer once it is there. Throws when none comes. */
  readonly act: (step: Step) => Promise<Shown>;
  /** All that the surface was sent so far, ids replaced by fixed words: what a golden file holds. */
  readonly golden: () => string;
  readonly stop: () => Promise<void>;
};

const PATIENCE_MS = 15_000;

/** Waits until there is something, and returns it. */
export async function arrival<T>(find: () => T | undefined, what: string, bot?: StoryBot): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const found = find();
    if (found !== undefined) return found;
    if (Date.now() > end) {
      const log = bot === undefined ? "not looked at" : [...bot.trouble, ...bot.warnings].join("\n");
      throw new Error(`${what} did not come within ${PATIENCE_MS / 1000} s. The bot's log: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Ids, which differ each time, as fixed words. */
export function withoutIds(text: string): string {
  return (
    text
      .replace(/slack:(command|click):[\d.]+/g, "slack:$1:<trigger>")
      .replace(/slack:([A-Z0-9]+):\d+\.\d+/g, "slack:$1:<message>")
      .replace(/\bid-\d+\b/g, "<id>")
      // A proposal's hash covers a random number.
      .replace(/\bcode [0-9a-f]{8}\b/g, "code <code>")
      .replace(/\|<id>\|[\w-]{22}"/g, '|<id>|<code>"')
      .replace(/"code": "[\w-]{22}"/g, '"code": "<code>"')
  );
}

/** Text without white space, for comparing what one surface breaks into lines and another does not. */
export function squeezed(text: string): string {
  return text.replace(/\s+/g, "");
}
