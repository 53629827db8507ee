import { escapeRegex } from "../../core/concept.ts";

/** Other names for hosts and people on the way to the model, and back. */
export type Masks = { hide(text: string): string; restore(text: string): string };

export const NO_MASKS: Masks = { hide: (text) => text, restore: (text) => text };

/** More names than these would make one pattern too large: the longest ones are kept. */
const MOST_NAMES = 5000;

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
  const pattern = new RegExp(
    `(?<![\\w.-])(?:${kept.map(([name]) => escapeRegex(name)).join("|")})(?![\\w-]|\\.\\w)`,
    "gi",
  );
  const masks = new RegExp(`(?<![\\w.-])(?:${Object.keys(names).map(escapeRegex).join("|")})-a\\d+(?!\\w)`, "gi");
  return {
    hide: (text) => text.replace(pattern, (name) => there.get(name.toLowerCase()) ?? name),
    restore: (text) => text.replace(masks, (mask) => back.get(mask.toLowerCase()) ?? mask),
  };
}
