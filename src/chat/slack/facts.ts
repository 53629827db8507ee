import type { Block } from "../../core/card.ts";
import { exact } from "../../util/inert.ts";
import type { SlackBlock } from "./render.ts";

/** Longest text of one element. Slack names no limit for rich text: this is the one of other texts. */
const LONGEST = 3000;

type Facts = (Block & { kind: "facts" })["items"];

/**
 * Names and values as rich text, in which Slack reads neither markup nor entities and shows every character as it came.
 * Undefined when a part is longer than Slack takes: then none of it is shown as if it were whole.
 */
export function factsBlock(items: Facts): SlackBlock | undefined {
  const elements: object[] = [];
  let line: object[] = [];
  const flush = () => {
    if (line.length > 0) elements.push({ type: "rich_text_section", elements: line });
    line = [];
  };
  const texts: string[] = [];
  const text = (words: string, style?: { readonly bold: true }) => {
    texts.push(words);
    return { type: "text", text: words, ...(style !== undefined && { style }) };
  };
  for (const { name, value } of items) {
    const [first = "", ...more] = value.split("\n").map(exact);
    const isFirst = line.length === 0;
    line.push(text(`${isFirst ? "" : "\n"}${exact(name)}:`, { bold: true }));
    if (first !== "") line.push(text(` ${first}`));
    if (more.length === 0) continue;
    flush();
    elements.push({ type: "rich_text_preformatted", elements: [text(more.join("\n") || " ")] });
  }
  flush();
  const fits = elements.length > 0 && texts.every((words) => words.length <= LONGEST);
  return fits ? { type: "rich_text", elements } : undefined;
}
