import { graphemesOf } from "./graphemes.ts";

/**
 * Text from outside, made harmless to look at: it shows what is there and does nothing. Hidden, reordering and control
 * characters become visible escapes (Unicode TR 36 and 39 list why; "Trojan Source", CVE-2021-42574, shows how).
 */

/**
 * NFC; a newline or tab becomes a space (newlines stay with `keepNewlines`); lone surrogates, controls, bidi and
 * invisible characters are shown as \u{HEX}; more than two combining marks in a row are cut to two and "…".
 */
export function inert(text: string, opts: { readonly keepNewlines?: boolean } = {}): string {
  const spaced = text.normalize("NFC").replace(/\r\n?/g, "\n").replace(/\t/g, " ");
  const lines = opts.keepNewlines === true ? spaced : spaced.replaceAll("\n", " ");
  return lines.replace(/(\p{M}{2})\p{M}+/gu, "$1…").replace(HIDDEN, escapeOf);
}

// C0 but newline, C1, soft hyphen, Arabic letter mark, fillers that look like nothing, zero-width and bidi marks, line and
// paragraph separators, embeddings, word joiners and isolates, interlinear marks, lone surrogates, tags and the
// variation selectors beyond emoji's (both can carry hidden text).
const HIDDEN =
  /[\0-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{d800}-\u{dfff}\u{e0000}-\u{e01ef}]/gu;

/**
 * A label value or name from outside, for use in a sentence: `inert`, and what chat platforms act on is defused where one
 * can see it (mentions, broadcast words, links hidden behind text, URLs inside a longer value). A value that is one plain
 * URL, host:port or path stays as it is. At most `max` (default 200) characters as people count them.
 */
export function inertName(value: string, opts: { readonly max?: number } = {}): string {
  const shown = inert(value)
    .replace(/<(?=[!@#]|\/?at>|[a-z][a-z0-9+.-]{1,20}:)/gi, "\\u{3C}")
    .replace(/@(?=(?:everyone|here|channel|all|group)\b)/gi, "\\u{40}")
    .replaceAll("](", "]\\u{28}");
  const isPlainUrl = /^[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>()[\]|`*"'\\]+$/i.test(shown);
  const defused = isPlainUrl ? shown : shown.replace(/\b([a-z][a-z0-9+.-]{0,20}):\/\//gi, "$1\\u{3A}//");
  return capped(defused, opts.max ?? 200);
}

/**
 * Text from outside that has to be read whole, such as what a change is run with: `inertName` of which nothing is lost.
 * What would hide, act, look like something else or change in normalisation is written as \u{HEX}; so are newlines, and
 * the second of two spaces. `inert` leaves the result alone, and reading the escapes back gives the text.
 */
export function exact(text: string): string {
  if (!/[^\x20-\x7e]| {2}|^ | $|[&<@]|\]\(|:\/\/|\{\{/.test(text)) return text;
  const shown = text
    .replace(HIDDEN, escapeOf)
    .replace(/\n|(?! )\p{Zs}|(?<= ) |^ | $/gu, escapeOf)
    .replace(/(\p{M}{2})(\p{M}+)/gu, (_, two: string, more: string) => two + escapesOf(more))
    .replace(/&(?=#?\w{1,20};)/g, escapeOf)
    .replace(/<(?=[!@#]|\/?at>|[a-z][a-z0-9+.-]{1,20}:)/gi, escapeOf)
    .replace(/@(?=(?:everyone|here|channel|all|group)\b)/gi, escapeOf)
    .replace(/(?<=\])\(/g, escapeOf)
    .replace(/(?<=[a-z][a-z0-9+.-]{0,20}):(?=\/\/)/gi, escapeOf)
    .replace(/\{(?=\{\s*(?:DATE|TIME)\s*\()/gi, escapeOf);
  if (shown.normalize("NFC") === shown) return shown;
  // What normalisation changes alone, and what it joins to the character before: marks, and the later jamo of a syllable.
  return shown.replace(/./gsu, (c) => (c.normalize("NFC") === c && !/[\p{M}\u1161-\u11ff]/u.test(c) ? c : escapeOf(c)));
}

function escapeOf(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16).toUpperCase()}}`;
}

function escapesOf(characters: string): string {
  return Array.from(characters, escapeOf).join("");
}

/** Cuts between characters as people see them, and never inside one of our own escapes. */
function capped(text: string, max: number): string {
  if (text.length <= max) return text;
  let count = 0;
  let end = 0;
  // Segmenting costs microseconds per character: a megabyte must not be segmented to keep 200 of it.
  for (const { index, segment } of graphemesOf(text.slice(0, max * 20))) {
    if (count === max) break;
    count++;
    end = index + segment.length;
  }
  if (end >= text.length) return text;
  const opened = /\\u\{?[0-9A-F]{0,6}$|\\$/.exec(text.slice(Math.max(0, end - 10), end));
  if (opened !== null && /^\\u\{[0-9A-F]{1,6}\}/.test(text.slice(end - opened[0].length))) end -= opened[0].length;
  const left = Array.from(text.slice(end)).length;
  return `${text.slice(0, end)}… (${left.toLocaleString("en-US")} more ${left === 1 ? "character" : "characters"})`;
}
