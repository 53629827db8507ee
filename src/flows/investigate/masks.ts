import { escapeRegex } from "../../core/concept.ts";

/** Other names for hosts and people on the way to the model, and back. */
export type Masks = { hide(text: string): string; restore(text: string): string };

export const NO_MASKS: Masks = { hide: (text) => text, restore: (text) => text };

/** The longest ones are kept. */
const MOST_NAMES = 20_000;
/** Names of several words, which are people's: more would make one pattern too large. */
const MOST_PHRASES = 200;
const WORD = /^[\w-][\w.-]*$/;

/** Names of one kind ("host", "person") become "host-a1", … in their order. Names of under three characters stay: they are words too. */
export function masksFor(names: Readonly<Record<string, readonly string[]>>): Masks {
  const pairs = Object.entries(names).flatMap(([kind, all]) =>
    [...new Set(all.map((name) => name.toLowerCase()))]
      .filter((name) => name.length >= 3)
      .map((name, at) => [name, `${kind}-a${at + 1}`] as const),
  );
  const kept = pairs.sort(([a], [b]) => b.length - a.length).slice(0, MOST_NAMES);
  if (kept.length === 0) return NO_MASKS;
  const there = new Map(kept);
  const back = new Map<string, string>(kept.map(([name, mask]) => [mask, name]));
  // Names of one word are looked up word by word: one pattern of thousands of names takes a third of a second to make.
  const phrases = kept.filter(([name]) => !WORD.test(name)).slice(0, MOST_PHRASES);
  const pattern = phrases.length === 0 ? undefined : patternOf(phrases.map(([name]) => name));
  const other = (name: string) => there.get(name.toLowerCase());
  const masks = new RegExp(`(?<![\\w.-])(?:${Object.keys(names).map(escapeRegex).join("|")})-a\\d+(?!\\w)`, "gi");
  return {
    hide: (text) =>
      (pattern === undefined ? text : text.replace(pattern, (name) => other(name) ?? name)).replace(
        /[\w.-]+/g,
        (run) => {
          const name = run.replace(/\.+$/, "");
          const mask = other(name);
          return mask === undefined ? run : mask + run.slice(name.length);
        },
      ),
    restore: (text) => text.replace(masks, (mask) => back.get(mask.toLowerCase()) ?? mask),
  };
}

function patternOf(names: readonly string[]): RegExp {
  return new RegExp(`(?<![\\w.-])(?:${names.map(escapeRegex).join("|")})(?![\\w-]|\\.\\w)`, "gi");
}
