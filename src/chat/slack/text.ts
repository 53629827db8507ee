import { graphemesOf } from "../../util/graphemes.ts";
import { inert } from "../../util/inert.ts";

/** Text as Slack takes it. Three characters are its syntax: https://docs.slack.dev/messaging/formatting-message-text */

/** Text of a card for a `text` field of any kind: it shows what is there, links nothing and calls nobody. */
export function escaped(text: string): string {
  return entities(inert(text, { keepNewlines: true }));
}

function entities(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Characters as people see them. Segmenting costs microseconds for each, which plain letters need not pay. */
function* charactersOf(text: string): Generator<string> {
  if (/^[\n\x20-\x7e]*$/.test(text)) yield* text;
  else for (const { segment } of graphemesOf(text)) yield segment;
}

/** Text for places where Slack reads no entities (cells and labels of charts): what would call somebody, or link somewhere, is defused. */
export function bare(text: string): string {
  return inert(text).replace(/<(?=[!@#a-z])/gi, "\\u{3C}");
}

/** What a person typed in Slack's own notation, as they saw it. `self` is the bot's user id, whose mentions go. */
export function readText(text: string, self: string | undefined): string {
  return text
    .slice(0, 20_001) // one more than a question may have: it is told that it was cut
    .replace(/<([^<>]{1,3000})>/g, (_, inner: string) => shownOf(inner, self))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/[ \t]+/g, " ")
    .trim();
}

function shownOf(inner: string, self: string | undefined): string {
  const bar = inner.indexOf("|");
  const target = bar === -1 ? inner : inner.slice(0, bar);
  const label = bar === -1 ? "" : inner.slice(bar + 1);
  if (target.startsWith("@")) return target.slice(1) === self ? " " : `@${label.replace(/^@/, "") || target.slice(1)}`;
  if (target.startsWith("#")) return `#${label || target.slice(1)}`;
  if (target.startsWith("!")) return label || `@${target.slice(1)}`;
  if (label !== "" && target.replace(/^(https?:\/\/|mailto:)/, "").replace(/\/$/, "") === label) return label;
  return target;
}

/** The start of a text, cut between characters as people see them so that it is at most `most` units escaped. */
export function cutEscaped(text: string, most: number): string {
  const clean = inert(text, { keepNewlines: true });
  return cut(clean, entities(clean), most, entities);
}

/** `cutEscaped` for places without entities. */
export function cutBare(text: string, most: number): string {
  const clean = bare(text.slice(0, most * 20));
  return cut(clean, clean, most, (one) => one);
}

function cut(clean: string, whole: string, most: number, shown: (one: string) => string): string {
  if (whole.length <= most) return whole;
  let kept = "";
  for (const one of charactersOf(clean.slice(0, most + 1))) {
    const next = shown(one);
    if (kept.length + next.length > most - 1) break;
    kept += next;
  }
  return `${kept}…`;
}

/**
 * Text in pieces that are at most `most` units long once escaped, broken at line ends, then at spaces, then between
 * characters. Joined, they are the text again but for the white space at the breaks. Pieces come escaped.
 */
export function pieces(text: string, most: number): string[] {
  const done: string[] = [];
  let current = "";
  const add = (part: string, glue: string) => {
    if (current !== "" && current.length + glue.length + part.length > most) {
      if (current.trim() !== "") done.push(current);
      current = part;
    } else current = current === "" ? part : `${current}${glue}${part}`;
  };
  for (const line of inert(text, { keepNewlines: true }).split("\n")) {
    const whole = entities(line);
    if (whole.length <= most) add(whole, "\n");
    else for (const [i, word] of words(line, most).entries()) add(word, i === 0 ? "\n" : " ");
  }
  if (current.trim() !== "") done.push(current);
  return done;
}

/** Words, escaped. One that is too long alone comes in parts. */
function words(line: string, most: number): string[] {
  return line.split(" ").flatMap((word) => {
    const whole = entities(word);
    if (whole.length <= most) return [whole];
    const parts: string[] = [];
    let part = "";
    for (const one of charactersOf(word)) {
      const next = entities(one);
      if (part !== "" && part.length + next.length > most) {
        parts.push(part);
        part = "";
      }
      part += next.slice(0, most); // one character may be a page of joined emoji
    }
    return [...parts, part];
  });
}
