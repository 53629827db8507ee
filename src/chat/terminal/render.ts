import { styleText } from "node:util";
import {
  type Block,
  type Button,
  buttonsIn,
  type Card,
  type ClickMeaning,
  callLine,
  type EvidenceLine,
  saysWho,
  type Tone,
} from "../../core/card.ts";
import { exact, inert } from "../../util/inert.ts";
import { never } from "../../util/never.ts";
import { chartText } from "./chart.ts";
import { chopped, cut, pad, widthOf, wrap, wrapWhole } from "./text.ts";

/** What the terminal at hand can show. `zone` is an IANA name; `links` means OSC 8 hyperlinks. */
export type Look = {
  readonly width: number;
  readonly colour: boolean;
  readonly links: boolean;
  readonly zone: string;
  /** Buttons as numbers to type, or as questions to ask next where nobody can answer. */
  readonly buttons: "numbered" | "plain";
};

type Style = Parameters<typeof styleText>[0];

// The symbol says the same as the colour: a pipe, a screen reader and colour-blind eyes lose nothing.
const TONES: Readonly<Record<Tone, { readonly symbol: string; readonly style: Style }>> = {
  info: { symbol: "•", style: ["bold"] },
  good: { symbol: "✓", style: ["bold", "green"] },
  warning: { symbol: "▲", style: ["bold", "yellow"] },
  danger: { symbol: "✖", style: ["bold", "red"] },
};

/**
 * A card as terminal text that ends in a newline. No line is wider than the look's width, addresses aside. All text of
 * the card is inert: it can neither move the cursor nor colour, hide or link anything.
 */
export function renderCard(card: Card, look: Look): string {
  const tone = TONES[card.tone];
  const title = wrap(inert(card.title.replace(/\s+/g, " ").trim()), look.width - 2).map(
    (line, i) => `${i === 0 ? tone.symbol : " "} ${line}`,
  );
  const first = choiceOffset(card);
  const parts = card.blocks
    .map((block, i) => renderBlock(block, look, first[i] ?? 0))
    .filter((lines) => lines.length > 0);
  return `${[title.map((line) => paint(tone.style, line, look)), ...parts].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** The buttons of a card in the order of their numbers. */
export function choicesOf(card: Card): readonly Button[] {
  return card.blocks.flatMap(buttonsIn);
}

/** For each block, how many buttons came before it. */
function choiceOffset(card: Card): number[] {
  let count = 0;
  return card.blocks.map((block) => {
    const before = count;
    count += buttonsIn(block).length;
    return before;
  });
}

function renderBlock(block: Block, look: Look, buttonsBefore: number): string[] {
  switch (block.kind) {
    case "text":
      return paragraphs(block.text, look.width);
    case "note":
      return paragraphs(block.text, look.width).map((line) => paint("dim", line, look));
    case "list":
      return block.items.flatMap((item) => hang(item, "- ", look.width));
    case "lines":
      return block.items.flatMap((item, i) => lineWithButton(item, look, buttonsBefore + i + 1));
    case "facts":
      return facts(block.items, look);
    case "table":
      return table(block.columns, block.rows, look);
    case "chart":
      return chartText(block.chart, { width: look.width, zone: look.zone });
    case "said":
      return [
        ...paragraphs(saysWho(block.by), look.width).map((line) => paint("dim", line, look)),
        ...block.paragraphs.flatMap((text) =>
          paragraphs(text, look.width - 2).map((line) => `${paint("dim", "│", look)} ${line}`),
        ),
      ];
    case "evidence":
      return block.items.flatMap((item) => evidence(item, look));
    case "calls":
      return paragraphs(callLine(block.people), look.width);
    case "buttons":
      return buttons(block.buttons, look, buttonsBefore);
    default:
      return never(block);
  }
}

/** Line breaks of the text stand; every other control character becomes visible. */
function paragraphs(text: string, width: number): string[] {
  return text.split(/\r\n|\n/).flatMap((line) => wrap(inert(line), width));
}

function hang(text: string, lead: string, width: number): string[] {
  return paragraphs(text, width - widthOf(lead)).map((line, i) => (i === 0 ? lead : " ".repeat(widthOf(lead))) + line);
}

// ---------------------------------------------------------------- facts

const WIDEST_NAME = 28;
const GUTTER = "  │ ";

/**
 * Names and values side by side, every character of them. Lines of a value after its first stand behind a bar, broken
 * where the width ends: joined, they are the text again.
 */
function facts(items: (Block & { kind: "facts" })["items"], look: Look): string[] {
  const widest = Math.max(...items.map(({ name }) => widthOf(exact(name))), 0);
  const column = Math.min(WIDEST_NAME, widest, Math.floor(look.width / 2)) + 2;
  return items.flatMap(({ name, value }) => {
    const [first = "", ...more] = value.split("\n").map(exact);
    const names = wrapWhole(exact(name), column - 2);
    const values = wrapWhole(first, look.width - column);
    const rows = Array.from({ length: Math.max(names.length, values.length) }, (_, i) => {
      const right = values[i] ?? "";
      const left = right === "" ? (names[i] ?? "") : pad(names[i] ?? "", column);
      return `${paint("dim", left, look)}${right}`;
    });
    const fixed = more.flatMap((line) => chopped(line, look.width - GUTTER.length).map((part) => `${GUTTER}${part}`));
    return [...rows, ...fixed];
  });
}

// ---------------------------------------------------------------- tables

const GAP = "  ";

function table(columns: readonly string[], rows: readonly (readonly string[])[], look: Look): string[] {
  const head = columns.map((cell) => inert(cell));
  const body = rows.map((row) => head.map((_, c) => inert(row[c] ?? "")));
  const widths = shrink(
    head.map((name, c) => Math.max(widthOf(name), ...body.map((row) => widthOf(row[c]!)))),
    look.width - GAP.length * (head.length - 1),
  );
  if (widths === undefined) return records(head, body, look);
  const align = head.map((_, c): "left" | "right" =>
    body.length > 0 && body.every((row) => /^([-−+]?\d.*)?$/.test(row[c]!)) ? "right" : "left",
  );
  const lay = (row: readonly string[]): string[] => {
    // A cell that is too long goes on below itself: nothing of it is lost.
    const cells = row.map((cell, c) => wrap(cell, widths[c]!));
    const height = Math.max(1, ...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, i) =>
      cells
        .map((lines, c) => pad(lines[i] ?? "", widths[c]!, align[c]!))
        .join(GAP)
        .trimEnd(),
    );
  };
  return [...lay(head).map((line) => paint("underline", line, look)), ...body.flatMap(lay)];
}

const NARROWEST = 6;

/** Takes from the widest columns until they fit. Undefined when they would become too narrow to read. */
function shrink(natural: readonly number[], room: number): number[] | undefined {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest] === undefined || widths[widest] <= NARROWEST) return undefined;
    widths[widest]--;
    excess--;
  }
  return widths;
}

/** A table without room: each row as "column: value" lines. */
function records(head: readonly string[], body: readonly (readonly string[])[], look: Look): string[] {
  return body.flatMap((row, r) => [
    ...(r === 0 ? [] : [""]),
    ...head.flatMap((name, c) => wrap(`${name}: ${row[c]}`, look.width)),
  ]);
}

// ---------------------------------------------------------------- evidence and buttons

function evidence(item: EvidenceLine, look: Look): string[] {
  const url = webAddress(item.url);
  const lead = item.mark === undefined ? "  " : `  ${item.mark} `;
  const lines = hang(`${item.promql}  (${item.source})`, lead, look.width).map((line) => paint("dim", line, look));
  if (url === undefined) return lines;
  if (look.links) return lines.map((line) => `\u001b]8;;${url}\u001b\\${line}\u001b]8;;\u001b\\`);
  return [...lines, paint("dim", `  ${url}`, look)];
}

/** The address in its percent-encoded form, in which no control character is left. Only pages, no other schemes. */
function webAddress(url: string | undefined): string | undefined {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed !== null && (parsed.protocol === "https:" || parsed.protocol === "http:") ? parsed.href : undefined;
}

function buttons(all: readonly Button[], look: Look, before: number): string[] {
  if (all.length === 0) return [];
  if (look.buttons === "plain") return [...asked(all, look), ...decided(all, look)];
  return all.flatMap((button, i) => {
    const number = String(before + i + 1);
    const lines = hang(button.label.replace(/\s+/g, " "), `${number}  `, look.width);
    return lines.map((line, l) => (l === 0 ? paint("cyan", number, look) + line.slice(number.length) : line));
  });
}

/** A number to choose it by, or what to ask. */
function lineWithButton({ text, button }: (Block & { kind: "lines" })["items"][number], look: Look, number: number) {
  if (look.buttons === "plain")
    return [...hang(text, "- ", look.width), ...hang(`ask: “${button.action.text}”`, "    ", look.width)];
  const mark = String(number);
  return hang(text, `${mark}  `, look.width).map((line, l) =>
    l === 0 ? paint("cyan", mark, look) + line.slice(mark.length) : line,
  );
}

function asked(all: readonly Button[], look: Look): string[] {
  const texts = all.flatMap(({ action }) => (action.kind === "ask" ? [`“${action.text}”`] : []));
  return texts.length === 0 ? [] : hang(texts.join(" · "), "Next: ", look.width);
}

/** How to decide where nobody can be asked on the spot. */
function decided(all: readonly Button[], look: Look): string[] {
  const actions = all.flatMap(({ action }) => (action.kind === "decide" ? [action] : []));
  const [first] = actions;
  if (first === undefined) return [];
  const words = actions.map(({ decision }) => commandOf(decision)).join("|");
  return hang(`smartcloudops proposals ${words} ${first.proposal}`, "Decide: ", look.width);
}

/** A decision as the command line calls it. */
export function commandOf(decision: ClickMeaning): string {
  return decision.replaceAll("_", "-");
}

/** Text in a style, when the terminal shows colours. */
export function paint(style: Style, text: string, look: Pick<Look, "colour">): string {
  return look.colour ? styleText(style, text, { validateStream: false }) : text;
}

/** One line of plain untrusted text for a prompt or a list. */
export function oneLine(text: string, width: number): string {
  return cut(inert(text.replace(/\s+/g, " ").trim()), width);
}
