import {
  type Button,
  type Called,
  type Card,
  type Chart,
  type EvidenceLine,
  listLine,
  plainText,
  saysWho,
  secondLine,
  type Tone,
} from "../../core/card.ts";
import { chartLine } from "../../core/chart-line.ts";
import { inert, inertName } from "../../util/inert.ts";
import { never } from "../../util/never.ts";
import { CHART, lineChart } from "./chart.ts";
import { decideButton, isDecision } from "./decide-button.ts";
import { factsBlock } from "./facts.ts";
import { bare, cutBare, cutEscaped, escaped, pieces } from "./text.ts";

/** One block of Block Kit, as plain data. */
export type SlackBlock = { readonly type: string } & Readonly<Record<string, unknown>>;

export type Rendered = { readonly text: string; readonly blocks: readonly SlackBlock[] };

/** How a card is to be shown. `zone` is an IANA name. */
export type Look = {
  /** Unix seconds: when it is said. */
  readonly now: number;
  readonly zone: string;
  /** Whether charts and tables go as data that Slack draws, or as pictures and plain text. */
  readonly native: boolean;
  /** Uploaded pictures of the card's charts in their order; undefined where there is none. */
  readonly pictures?: readonly (string | undefined)[];
  /** The answer that people may call helpful or not. */
  readonly answer?: string;
  /** Small print of ours at the end, such as what could not be shown. */
  readonly remark?: string;
  /** False where the message does not show what is decided about. */
  readonly canDecide?: false;
};

/** Slack's limits, and the sum over all blocks that it accepts without saying so anywhere. */
export const LIMIT = {
  blocks: 50,
  section: 3000,
  header: 150,
  context: 2000,
  sum: 10_000,
  buttonsPerRow: 5,
  label: 75,
  value: 2000,
  url: 3000,
  tableRows: 100,
  tableColumns: 20,
  text: 3000,
} as const;

// Signs that have a name when read aloud. The circle is told by its colour alone, so a word stands beside it.
const TONES: Readonly<Record<Tone, string>> = { info: "ℹ️", good: "✅", warning: "⚠️", danger: "🔴 Problem:" };

/**
 * A card as a message: `text` for notifications, `blocks` for the window. Everything in it stays within Slack's limits;
 * what does not fit is counted, with a word on how to get it. All text of the card is shown as it is: nothing of it is
 * read as markup, calls anybody or links anywhere, the addresses of evidence aside. A note that comes first stands above
 * the title, unless it is all there is.
 */
export function renderCard(card: Card, look: Look): Rendered {
  const [first] = card.blocks;
  const above = first?.kind === "note" && card.blocks.length > 1 ? [first] : [];
  const rest = card.blocks.slice(above.length);
  const page = new Page();
  const queries = rest.flatMap((block) => (block.kind === "evidence" ? block.items.map(evidence) : []));
  const titles = titleBlocks(card);
  const facts = rest.flatMap((block) => (block.kind === "facts" ? [factsBlock(block.items)] : []));
  const whole = facts.filter((block) => block !== undefined);
  // Nobody decides about what they cannot read whole.
  const isWhole = whole.length === facts.length && page.wouldFit([...titles, ...whole, ...tailOf(rest, look)]);
  const last = tailOf(rest, isWhole ? look : { ...look, canDecide: false });
  // An answer without its query cannot be checked: a long list must not push it out.
  const mayKeep = queries.length <= 10 && lengthOf(queries) <= LIMIT.section;
  const kept = mayKeep && page.wouldFit([...titles, ...whole, ...queries.flat(), ...last]) ? queries.flat() : [];
  const tail = [...kept, ...last];
  page.reserve(tail);
  if (isWhole) page.reserve(whole);
  for (const note of above) for (const block of contexts(note.text)) page.add([block], "text");
  for (const block of titles) page.add([block], "text");
  let charts = 0;
  let shown = 0;
  let tables = 0;
  let lines = 0;
  for (const block of rest) {
    switch (block.kind) {
      case "text":
        addText(page, block.text, sections);
        break;
      case "list":
        addList(page, block.items);
        break;
      case "lines":
        for (const { text, button } of block.items) page.add([lineWithButton(text, button, lines++)], "item");
        break;
      case "facts":
        if (isWhole) page.keep(whole[shown++]!);
        else
          addList(
            page,
            block.items.map(({ name, value }) => `${name}: ${value}`),
          );
        break;
      case "table":
        addTable(page, block.columns, block.rows, look.native && tables++ === 0);
        break;
      case "chart":
        addChart(page, block.chart, charts++, look);
        break;
      case "said":
        addText(page, saysWho(block.by), contexts);
        for (const text of block.paragraphs) addText(page, text, sections);
        break;
      case "evidence":
        if (kept.length === 0) for (const item of block.items) page.add(evidence(item), "query");
        break;
      case "note":
        addText(page, block.text, contexts);
        break;
      case "buttons":
        break;
      case "calls":
        if (block.people.length > 0) page.add([calls(block.people)], "text");
        break;
      default:
        never(block);
    }
  }
  return { text: notification(card), blocks: [...page.done(), ...tail] };
}

/** A card as text alone, where Slack takes no blocks of it. `remark` says why. */
export function renderText(card: Card, remark: string): Rendered {
  const page = new Page();
  const last = contexts(remark);
  page.reserve(last);
  for (const block of sections(`${TONES[card.tone]} ${plainText(card)}`)) page.add([block], "text");
  return { text: notification(card), blocks: [...page.done(), ...last] };
}

/** The title and the first words: what a phone shows. Escaped, never empty; an address in it is taken apart, as Slack makes links here. */
function notification(card: Card): string {
  const words = `${card.title}\n${secondLine(card)}`.trim();
  return cutEscaped(words === "" ? "An answer" : words.replaceAll("://", ": //"), LIMIT.text);
}

// ---------------------------------------------------------------- what fits

type Part = "text" | "item" | "row" | "query" | "chart";

const NAMES: Readonly<Record<Part, readonly [string, string]>> = {
  text: ["piece of text", "pieces of text"],
  item: ["line", "lines"],
  row: ["row", "rows"],
  query: ["query", "queries"],
  chart: ["chart", "charts"],
};

/** Blocks in order, as long as they fit. What came after the first that did not is counted, not shown. */
class Page {
  readonly #blocks: SlackBlock[] = [];
  readonly #left = new Map<Part, number>();
  #chars = 400; // for the sentence about what did not fit
  #reserved = 1;

  /** Keeps room for blocks that come last whatever happens. */
  reserve(blocks: readonly SlackBlock[]): void {
    this.#reserved += blocks.length;
    this.#chars += lengthOf(blocks);
  }

  /** Whether all of these fit on what is left of the page. */
  wouldFit(blocks: readonly SlackBlock[]): boolean {
    return (
      this.#chars + lengthOf(blocks) <= LIMIT.sum &&
      this.#blocks.length + this.#reserved + blocks.length <= LIMIT.blocks
    );
  }

  /** A block that room was kept for. */
  keep(block: SlackBlock): void {
    this.#blocks.push(block);
    this.#reserved--;
  }

  /** Units of text that still fit. */
  get room(): number {
    return this.isFull ? 0 : LIMIT.sum - this.#chars;
  }

  get isFull(): boolean {
    return this.#left.size > 0 || this.#blocks.length + this.#reserved >= LIMIT.blocks;
  }

  /** All of these blocks or none. `count` is how many parts they show. */
  add(blocks: readonly SlackBlock[], part: Part, count = 1): boolean {
    const length = lengthOf(blocks);
    const fits =
      this.#left.size === 0 &&
      this.#chars + length <= LIMIT.sum &&
      this.#blocks.length + blocks.length + this.#reserved <= LIMIT.blocks;
    if (!fits) {
      this.miss(part, count);
      return false;
    }
    this.#blocks.push(...blocks);
    this.#chars += length;
    return true;
  }

  miss(part: Part, count: number): void {
    if (count > 0) this.#left.set(part, (this.#left.get(part) ?? 0) + count);
  }

  done(): SlackBlock[] {
    if (this.#left.size === 0) return this.#blocks;
    const said = [...this.#left].map(([part, n]) => `${n} more ${NAMES[part][n === 1 ? 0 : 1]}`).join(", ");
    const how = "ask about one thing by its name, or for the top 5, to see the rest.";
    return [...this.#blocks, context(`${said}: ${how}`)];
  }
}

/** Units of text in blocks, as Slack counts them: everything a person can read, and what a button carries. */
export function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + lengthOf(one), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, one]) => sum + (UNREAD.has(key) ? 0 : lengthOf(one)), 0);
}

const UNREAD = new Set(["type", "action_id", "block_id", "style", "value"]);

// ---------------------------------------------------------------- blocks

function plain(text: string): { readonly type: "plain_text"; readonly text: string; readonly emoji: false } {
  return { type: "plain_text", text, emoji: false };
}

function section(text: string): SlackBlock {
  return { type: "section", text: plain(text) };
}

/** `text` is escaped already. */
function context(text: string): SlackBlock {
  return { type: "context", elements: [plain(text)] };
}

function sections(text: string): SlackBlock[] {
  return pieces(text, LIMIT.section).map(section);
}

function contexts(text: string): SlackBlock[] {
  return pieces(text, LIMIT.context).map(context);
}

/** The one place where a message calls somebody: ids that have the form of one, and nothing that anybody wrote. */
function calls(people: readonly Called[]): SlackBlock {
  const said = people.map(({ name, accounts }) => {
    const id = accounts["slack"]?.find((one) => /^[UW][A-Z0-9]{1,20}$/.test(one));
    return id === undefined ? { type: "text", text: escaped(inertName(name)) } : { type: "user", user_id: id };
  });
  const elements = said.flatMap((one, at) => (at === 0 ? [one] : [{ type: "text", text: " " }, one]));
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements }] };
}

/** The verdict as a header, or as text when it is too long for one. */
function titleBlocks(card: Card): SlackBlock[] {
  const title = `${TONES[card.tone]} ${card.title.replace(/\s+/g, " ").trim()}`;
  const whole = escaped(title);
  return whole.length <= LIMIT.header ? [{ type: "header", text: plain(whole) }] : sections(title);
}

/** Buttons of lines are numbered from here on: those at the end of a message are fewer. */
const FIRST_LINE = 100;

/** Slack draws the button beside the text. One that carries too much is left out. */
function lineWithButton(text: string, button: Button, index: number): SlackBlock {
  const [first = ""] = pieces(`• ${text}`, LIMIT.section);
  const accessory = buttonOf(button, FIRST_LINE + index);
  return { ...section(first), ...(accessory !== undefined && { accessory }) };
}

/** Text that certainly has no room is not taken apart: a page of it costs milliseconds. */
function addText(page: Page, text: string, split: (text: string) => SlackBlock[]): void {
  if (page.isFull) page.miss("text", 1);
  else for (const one of split(text)) page.add([one], "text");
}

function addList(page: Page, items: readonly string[]): void {
  let text = "";
  let count = 0;
  const flush = () => {
    if (count > 0) page.add([section(text)], "item", count);
    text = "";
    count = 0;
  };
  for (const [i, item] of items.entries()) {
    if (page.isFull) {
      flush();
      page.miss("item", items.length - i);
      return;
    }
    const [line = "", ...more] = pieces(listLine(item, "• "), LIMIT.section);
    // Small sections, so that little is left out when the message is nearly full.
    if (text.length + line.length > LIMIT.section / 3) flush();
    text = text === "" ? line : `${text}\n${line}`;
    count++;
    if (more.length === 0) continue;
    flush();
    for (const one of more) page.add([section(one)], "text");
  }
  flush();
}

function addTable(page: Page, columns: readonly string[], rows: readonly (readonly string[])[], asData: boolean): void {
  if (columns.length === 0) return;
  const fits = asData && columns.length <= LIMIT.tableColumns && rows.length > 0;
  if (fits && addDataTable(page, columns, rows)) return;
  addMonospace(page, columns, rows);
}

/** Slack's own table, which people can sort and page through. False when not even one row fits. */
function addDataTable(page: Page, columns: readonly string[], rows: readonly (readonly string[])[]): boolean {
  const cell = (text: string) => ({ type: "raw_text", text: bare(text) || "–" });
  const head = columns.map(cell);
  const body: (typeof head)[] = [];
  let left = page.room - lengthOf(head) - 100;
  for (const row of rows.slice(0, LIMIT.tableRows)) {
    const cells = columns.map((_, c) => cell(row[c] ?? ""));
    left -= lengthOf(cells);
    if (left < 0) break;
    body.push(cells);
  }
  if (body.length === 0) return false;
  const table: SlackBlock = {
    type: "data_table",
    caption: cutBare(columns.join(", "), 80) || "Table",
    page_size: Math.min(100, Math.max(5, Math.min(body.length, 20))),
    rows: [head, ...body],
  };
  if (!page.add([table], "row", body.length)) return false;
  page.miss("row", rows.length - body.length);
  return true;
}

const FENCE = "```";

function addMonospace(page: Page, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const shown = (text: string) => inert(text).replaceAll(FENCE, "'''");
  const all = [columns, ...rows].map((row) => columns.map((_, c) => shown(row[c] ?? "")));
  const widths = columns.map((_, c) => Math.min(40, Math.max(...all.map((row) => row[c]!.length))));
  const lines = all.map((row) =>
    escaped(
      row
        .map((cell, c) => cell.padEnd(widths[c]!))
        .join("  ")
        .trimEnd(),
    ),
  );
  const most = LIMIT.section - 2 * FENCE.length - 2;
  let group: string[] = [];
  const flush = () => {
    if (group.length > 0) page.add([fenced(group.join("\n"))], "row", group.length);
    group = [];
  };
  for (const line of lines) {
    if (group.length > 0 && group.join("\n").length + line.length + 1 > Math.min(most, 1000)) flush();
    if (line.length <= most) group.push(line);
    else page.miss("row", 1);
  }
  flush();
}

function fenced(text: string): SlackBlock {
  return { type: "section", text: { type: "mrkdwn", text: `${FENCE}\n${text}\n${FENCE}`, verbatim: true } };
}

function addChart(page: Page, chart: Chart, index: number, look: Look): void {
  const lines = [chartLine(chart, look.zone, look.now)];
  const picture = look.pictures?.[index];
  const native = look.native && index < CHART.perMessage ? lineChart(chart, look.zone) : undefined;
  const drawn: SlackBlock[] = [];
  if (native !== undefined) {
    drawn.push(native.block);
    lines.push(...native.remarks);
  }
  if (native === undefined && picture !== undefined) {
    const alt = cutEscaped(lines.join(". "), LIMIT.context);
    drawn.push({ type: "image", slack_file: { id: picture }, alt_text: alt || "Chart" });
  }
  const [words = "", ...more] = pieces(lines.join("\n"), LIMIT.context);
  if (page.add([...drawn, context(words)], "chart")) for (const one of more) page.add([context(one)], "text");
}

/** A query in fixed width, and the address where a person can see it. Backticks would end the fixed width. */
function evidence({ promql, source, url, mark, opens = "Open in Prometheus" }: EvidenceLine): SlackBlock[] {
  const link = linkOf(url);
  const words = pieces(promql.replaceAll("`", "'"), LIMIT.context - 200);
  const name = cutEscaped(source, 100);
  return words.map((text, i) => {
    const fixed = text.split("\n").map((line) => (line.trim() === "" ? line : `\`${line}\``));
    const said = `${i === 0 && mark !== undefined ? `${mark} ` : ""}${i === 0 && name !== "" ? `${unmarked(name)}: ` : ""}${fixed.join("\n")}`;
    const opened = i === words.length - 1 && link !== undefined ? [`<${link}|${cutEscaped(opens, 60)}>`] : [];
    return {
      type: "context",
      elements: [said, ...opened].map((one) => ({ type: "mrkdwn", text: one, verbatim: true })),
    };
  });
}

/** Characters that would make text bold or struck through beside the query. */
function unmarked(text: string): string {
  return text.replace(/[*_~`]/g, " ");
}

/** An address for Slack's link notation, or undefined when it is none that a browser should open. */
function linkOf(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return undefined;
  const safe = href.replaceAll("&", "&amp;").replaceAll("|", "%7C").replaceAll("<", "%3C").replaceAll(">", "%3E");
  return safe.length <= LIMIT.context - 200 ? safe : undefined;
}

// ---------------------------------------------------------------- what comes last

function tailOf(blocks: Card["blocks"], look: Look): SlackBlock[] {
  const buttons = blocks.flatMap((block) => (block.kind === "buttons" ? block.buttons : []));
  const decisions = buttons.filter(isDecision);
  const wanted = look.canDecide === false ? buttons.filter((button) => !isDecision(button)) : buttons;
  const made = wanted.map((button, i) => (button.label.trim() === "" ? undefined : buttonOf(button, i)));
  const usable = made.filter((button) => button !== undefined);
  const shown = usable.slice(0, 4 * LIMIT.buttonsPerRow);
  const rows: SlackBlock[] = [];
  for (let at = 0; at < shown.length; at += LIMIT.buttonsPerRow)
    rows.push({ type: "actions", elements: shown.slice(at, at + LIMIT.buttonsPerRow) });
  const unusable = wanted.filter((_, i) => made[i] === undefined);
  const elsewhere = unusable.filter(isDecision).map(({ label }) => `“${label}”`);
  const missing = wanted.length - shown.length - elsewhere.length;
  const command = `smartcloudops proposals show ${decisions[0]?.action.proposal ?? ""}`;
  return [
    ...rows,
    ...(look.canDecide === false && decisions.length > 0
      ? [context(cutEscaped(`${TOO_LONG}: ${command}`, LIMIT.context))]
      : []),
    ...(elsewhere.length > 0
      ? [
          context(
            cutEscaped(`${elsewhere.join(", ")}: too much for a button. In the terminal: ${command}`, LIMIT.context),
          ),
        ]
      : []),
    ...(missing > 0
      ? [context(`${missing} more suggestions have no room on a button: type what you want to know.`)]
      : []),
    ...(look.remark === undefined ? [] : contexts(look.remark)),
    ...(look.answer === undefined ? [] : [feedback(look.answer)]),
  ];
}

const TOO_LONG =
  "This is too long for Slack to show whole, so it cannot be decided about here. Read it and decide in the terminal";

/** `ask:<n>`, `enough:<n>`, `decide:<what>:<n>`: the ids in one message must differ. Undefined when it carries more than Slack takes. */
function buttonOf(button: Button, index: number): SlackBlock | undefined {
  const text = plain(cutEscaped(button.label.replace(/\s+/g, " ").trim(), LIMIT.label));
  const style = button.style === "plain" ? {} : { style: button.style };
  if (isDecision(button)) {
    const carried = decideButton(button, index);
    return carried === undefined ? undefined : { type: "button", text, ...carried, ...style };
  }
  const value = JSON.stringify(button.action);
  if (value.length > LIMIT.value) return undefined;
  return { type: "button", action_id: `${button.action.kind}:${index}`, text, value, ...style };
}

function feedback(answer: string): SlackBlock {
  const button = (label: string, helpful: boolean) => ({
    text: plain(label),
    accessibility_label: helpful ? "This answer was helpful" : "This answer was not helpful",
    value: JSON.stringify({ answer, helpful }),
  });
  return {
    type: "context_actions",
    elements: [
      {
        type: "feedback_buttons",
        action_id: "feedback",
        positive_button: button("Helpful", true),
        negative_button: button("Not helpful", false),
      },
    ],
  };
}
