import {
  type Block,
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
import { exact, inertName } from "../../util/inert.ts";
import { never } from "../../util/never.ts";
import { chartElement, chartLines } from "./chart.ts";
import { decideAction, isDecision } from "./decide-action.ts";
import { bytesOf, cut, escaped, plain } from "./text.ts";

/** How a card is to look. `zone` is an IANA name. */
export type Look = {
  /** Unix seconds: when it is said. */
  readonly now: number;
  readonly zone: string;
  /** Charts that Teams draws, pictures, or their words alone. */
  readonly charts: "native" | "image" | "none";
  /** PNG of charts of this card, for `image`. */
  readonly pictures?: ReadonlyMap<Chart, Uint8Array>;
};

export type Rendered = {
  /** An Adaptive Card 1.5. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Plain text for notifications. */
  readonly summary: string;
};

type Element = Readonly<Record<string, unknown>>;

/** Teams refuses messages of about 28 kB; what it adds on the way is not ours to count. Bytes of JSON. */
export const CARD_BYTES = 23_500;
/** Teams shows no more than six buttons. */
const MOST_BUTTONS = 6;
const BUTTON_BYTES = 4000;
/** Buttons that decide bring their forms with them. */
const DECIDE_BYTES = 9000;
const TITLE_LENGTH = 300;

// Words as well as colours: neither a screen reader nor colour-blind eyes lose anything.
const TONES: Readonly<Record<Tone, { readonly word: string; readonly color: string }>> = {
  info: { word: "", color: "Default" },
  good: { word: "OK: ", color: "Good" },
  warning: { word: "Warning: ", color: "Warning" },
  danger: { word: "Problem: ", color: "Attention" },
};

/**
 * A card as Adaptive Card 1.5, at most `CARD_BYTES` of JSON. What does not fit is counted in a line of its own. Text of
 * the card stays text: runs read no markdown, the title has it escaped, links go to addresses of `evidence` alone.
 */
export function renderCard(card: Card, look: Look): Rendered {
  const title = card.title.replace(/\s+/g, " ").trim();
  const heading = headingOf(title, card.tone);
  const facts = card.blocks.flatMap((block) => (block.kind === "facts" ? factLines(block.items) : []));
  const frameOf = (actions: readonly Element[]) => ({
    ...EMPTY,
    fallbackText: cut(plain(title), 600),
    body: [heading],
    ...(actions.length === 0 ? {} : { actions }),
  });
  const full = actionsOf(card, true);
  // Nobody decides about what they cannot read whole.
  const needed = bytesOf(frameOf(full.actions)) + bytesOf(facts) + bytesOf(full.others) + 2 * MORE_BYTES;
  const canDecide = needed <= CARD_BYTES;
  const { actions, others } = canDecide ? full : actionsOf(card, false);
  const blocks: readonly Block[] = [
    ...(title.length > TITLE_LENGTH ? [{ kind: "text" as const, text: title }] : []),
    ...card.blocks,
    ...(others.length === 0 ? [] : [{ kind: "note" as const, text: others.join("\n") }]),
  ];
  const frame = frameOf(actions);
  const entities = card.blocks.flatMap((block) => (block.kind === "calls" ? mentionsOf(block.people) : []));
  const called = entities.length === 0 ? frame : { ...frame, msteams: { ...EMPTY.msteams, entities } };
  return {
    content: { ...called, body: [heading, ...fitted(blocks, look, CARD_BYTES - bytesOf(called), canDecide)] },
    summary: cut(plain(`${TONES[card.tone].word}${title}${title.endsWith(":") ? ` ${secondLine(card)}` : ""}`), 500),
  };
}

const EMPTY = {
  type: "AdaptiveCard",
  $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
  version: "1.5",
  msteams: { width: "Full" },
} as const;

/** A card as the text of a message, where cards are refused. At most some 20 kB. */
export function renderText(card: Card): string {
  const lines = plainText(card).split(/\r?\n/).map(plain).join("\n");
  return cut(lines, 20_000);
}

/** The one place where a card calls somebody: learn.microsoft.com, "Format cards in Microsoft Teams", mention support. */
function callsOf(people: readonly Called[]): Element {
  const said = people.map((one) => (accountOf(one) === undefined ? nameOf(one) : `<at>${nameOf(one)}</at>`));
  return { type: "TextBlock", text: said.join(" "), wrap: true };
}

function mentionsOf(people: readonly Called[]): readonly Element[] {
  return people.flatMap((one) => {
    const id = accountOf(one);
    if (id === undefined) return [];
    return [{ type: "mention", text: `<at>${nameOf(one)}</at>`, mentioned: { id, name: nameOf(one) } }];
  });
}

/** The object id in Microsoft Entra, without the tenant before it. */
function accountOf({ accounts }: Called): string | undefined {
  return accounts["teams"]
    ?.map((one) => one.split("/").at(-1)!)
    .find((one) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(one));
}

/** Without anything that markdown or the mention itself would read. */
function nameOf({ name }: Called): string {
  return (
    inertName(name, { max: 80 })
      .replace(/[^\p{L}\p{M}\p{N} .'-]/gu, "")
      .trim() || "somebody"
  );
}

function headingOf(title: string, tone: Tone): Element {
  const { word, color } = TONES[tone];
  const text = title.length > TITLE_LENGTH ? cut(title, TITLE_LENGTH) : title;
  return {
    type: "TextBlock",
    text: `${word}${escaped(text)}`,
    style: "heading",
    weight: "Bolder",
    size: "Medium",
    wrap: true,
    ...(color === "Default" ? {} : { color }),
  };
}

// ---------------------------------------------------------------- what fits

/** Small print first, because it says what the rest is worth; then the answer from its top; the queries last. */
const RANK: Readonly<Record<Block["kind"], number>> = {
  note: 0,
  facts: 1,
  text: 1,
  list: 1,
  lines: 1,
  table: 1,
  said: 1,
  chart: 1,
  evidence: 2,
  buttons: 3,
  calls: 0,
};
const MORE_BYTES = 400;

/** The blocks as elements in their own order, in at most `room` bytes, with a last line that counts what is missing. */
function fitted(blocks: readonly Block[], look: Look, room: number, factsFirst: boolean): Element[] {
  const rank = ({ kind }: Block) => (kind === "facts" && factsFirst ? -1 : RANK[kind]);
  let left = room - MORE_BYTES;
  let missing = 0;
  const order = blocks.map((_, i) => i).sort((a, b) => rank(blocks[a]!) - rank(blocks[b]!) || a - b);
  const made = new Map<number, readonly Element[]>();
  for (const i of order) {
    const part = renderBlock(blocks[i]!, look, left, i);
    made.set(i, part.elements);
    missing += part.missing;
    left -= bytesOf(part.elements);
  }
  const more =
    missing === 0 ? [] : [runs([`${missing} more: ask about one of them by name to see it.`], { isSubtle: true })];
  return [...blocks.flatMap((_, i) => made.get(i) ?? []), ...more];
}

type Part = { readonly elements: readonly Element[]; readonly missing: number };

const NOTHING: Part = { elements: [], missing: 0 };

function renderBlock(block: Block, look: Look, room: number, index: number): Part {
  switch (block.kind) {
    case "text":
      return lines(block.text.split(/\r?\n/), {}, room);
    case "note":
      return lines(block.text.split(/\r?\n/), { size: "Small", isSubtle: true }, room);
    case "list":
      return lines(
        block.items.map((item) => listLine(item, "• ")),
        {},
        room,
      );
    case "lines":
      return whole(block.items.map(lineWithButton), room);
    case "facts":
      return whole(factLines(block.items), room);
    case "table":
      return table(block.columns, block.rows, room);
    case "chart":
      return chart(block.chart, look, room);
    case "said":
      return said(block, room);
    case "evidence":
      return evidence(block.items, room, index);
    case "buttons":
      return NOTHING;
    case "calls":
      return whole(block.people.length === 0 ? [] : [callsOf(block.people)], room);
    default:
      return never(block);
  }
}

type Font = {
  readonly size?: "Small";
  readonly isSubtle?: true;
  readonly fontType?: "Monospace";
  readonly weight?: "Bolder";
};

/** A paragraph of plain runs: markdown is read in none of them. */
function runs(texts: readonly string[], font: Font = {}): Element {
  return { type: "RichTextBlock", inlines: texts.map((text) => ({ type: "TextRun", text: plain(text), ...font })) };
}

/**
 * Names and values as plain runs: a FactSet would read markdown out of them. Lines of a value after its first are in
 * fixed width.
 */
function factLines(items: (Block & { kind: "facts" })["items"]): Element[] {
  return items.flatMap(({ name, value }) => {
    const [first = "", ...more] = value.split("\n").map(exact);
    const run = (text: string, font: Font): Element => ({ type: "TextRun", text, ...font });
    const said = [run(`${exact(name)}: `, { weight: "Bolder" }), ...(first === "" ? [] : [run(first, {})])];
    const fixed = more.map((line) => ({
      type: "RichTextBlock",
      spacing: "Small",
      inlines: [run(line, { fontType: "Monospace", size: "Small" })],
    }));
    return [{ type: "RichTextBlock", spacing: "Small", inlines: said }, ...fixed];
  });
}

/** All of them, or as many as fit. */
function whole(elements: readonly Element[], room: number): Part {
  const shown = firstThatFit(elements, room);
  return { elements: shown, missing: elements.length - shown.length };
}

/** A paragraph with its button beside it. */
function lineWithButton({ text, button }: (Block & { kind: "lines" })["items"][number]): Element {
  const column = (width: "stretch" | "auto", item: Element): Element => ({ type: "Column", width, items: [item] });
  const actions = { type: "ActionSet", actions: [actionOf(button)] };
  return {
    type: "ColumnSet",
    spacing: "Small",
    columns: [column("stretch", runs([`• ${text}`])), column("auto", actions)],
  };
}

/** As many paragraphs as fit, one for each line that is not empty. The first is cut when it alone is too long. */
function lines(texts: readonly string[], font: Font, room: number): Part {
  const wanted = texts.filter((text) => text.trim() !== "").map((text) => runs([text], font));
  const elements = firstThatFit(wanted, room);
  if (elements.length > 0 || wanted.length === 0) return { elements, missing: wanted.length - elements.length };
  const text = texts.find((one) => one.trim() !== "")!;
  if (room < 500) return { elements: [], missing: wanted.length };
  return { elements: [runs([cut(plain(text), room - 250)], font)], missing: wanted.length - 1 };
}

function firstThatFit(elements: readonly Element[], room: number): Element[] {
  let left = room - 2;
  const count = elements.findIndex((element) => {
    left -= bytesOf(element) + 1;
    return left < 0;
  });
  return elements.slice(0, count === -1 ? elements.length : count);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[], room: number): Part {
  const cell = (text: string, font: Font): Element => ({ type: "TableCell", items: [runs([text], font)] });
  const row = (cells: readonly string[], font: Font): Element => ({
    type: "TableRow",
    cells: columns.map((_, c) => cell(cells[c] ?? "", font)),
  });
  const frame = {
    type: "Table",
    firstRowAsHeader: true,
    columns: columns.map(() => ({ width: 1 })),
    rows: [row(columns, { weight: "Bolder" })],
  };
  if (columns.length === 0) return NOTHING;
  const body = firstThatFit(
    rows.map((cells) => row(cells, {})),
    room - bytesOf(frame) - 4,
  );
  if (body.length === 0 && rows.length > 0) return { elements: [], missing: rows.length };
  if (bytesOf(frame) + 4 > room) return { elements: [], missing: 1 };
  return { elements: [{ ...frame, rows: [...frame.rows, ...body] }], missing: rows.length - body.length };
}

// ---------------------------------------------------------------- charts, queries, buttons

function chart(one: Chart, look: Look, room: number): Part {
  const words = lines(chartLines(one, look.zone, look.now), { size: "Small" }, room);
  const left = room - bytesOf(words.elements);
  const element = look.charts === "native" ? chartElement(one, look.zone) : pictureElement(one, look);
  const fits = element !== undefined && bytesOf(element) + 4 <= left;
  return { elements: fits ? [element, ...words.elements] : words.elements, missing: words.missing };
}

function pictureElement(one: Chart, look: Look): Element | undefined {
  const png = look.charts === "image" ? look.pictures?.get(one) : undefined;
  if (png === undefined) return undefined;
  const url = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  return { type: "Image", url, altText: plain(one.title).slice(0, 200), size: "Stretch" };
}

/** A box of its own, so that nobody takes a model's words for the bot's. */
function said({ by, paragraphs }: Block & { kind: "said" }, room: number): Part {
  const frame = { type: "Container", style: "emphasis", items: [] };
  const part = lines([saysWho(by), ...paragraphs], {}, room - bytesOf(frame) - 4);
  return part.elements.length === 0 ? part : { ...part, elements: [{ ...frame, items: part.elements }] };
}

/** Hidden until somebody asks for them: few read queries on a phone at night, and those who do want all of them. */
function evidence(items: readonly EvidenceLine[], room: number, index: number): Part {
  if (items.length === 0) return NOTHING;
  const id = `queries-${index}`;
  const toggle = {
    type: "ActionSet",
    actions: [{ type: "Action.ToggleVisibility", title: `Queries (${items.length})`, targetElements: [id] }],
  };
  const frame = { type: "Container", id, isVisible: false, items: [] };
  const shown = firstThatFit(items.map(evidenceLine), room - bytesOf([toggle, frame]) - 8);
  if (shown.length === 0) return { elements: [], missing: items.length };
  return { elements: [toggle, { ...frame, items: shown }], missing: items.length - shown.length };
}

function evidenceLine({ promql, source, url, mark, opens = "open in Prometheus" }: EvidenceLine): Element {
  const query = {
    type: "TextRun",
    text: plain(mark === undefined ? promql : `${mark} ${promql}`),
    fontType: "Monospace",
    size: "Small",
  };
  const from = { type: "TextRun", text: ` (${plain(source)})`, size: "Small", isSubtle: true };
  const page = webAddress(url);
  const link = {
    type: "TextRun",
    text: ` ${plain(opens)}`,
    size: "Small",
    selectAction: { type: "Action.OpenUrl", url: page },
  };
  return { type: "RichTextBlock", inlines: page === undefined ? [query, from] : [query, from, link] };
}

/** The address in its percent-encoded form. Only pages, no other schemes. */
function webAddress(url: string | undefined): string | undefined {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed !== null && (parsed.protocol === "https:" || parsed.protocol === "http:") ? parsed.href : undefined;
}

/** The buttons as actions, and a sentence for each of those for which there is no room. */
function actionsOf(
  card: Card,
  canDecide: boolean,
): { readonly actions: readonly Element[]; readonly others: readonly string[] } {
  const buttons = card.blocks.flatMap((block) => (block.kind === "buttons" ? block.buttons : []));
  const decisions = buttons.filter(isDecision);
  const wanted = canDecide ? buttons : buttons.filter((button) => !isDecision(button));
  const room = decisions.length > 0 ? DECIDE_BYTES : BUTTON_BYTES;
  const actions = firstThatFit(wanted.slice(0, MOST_BUTTONS).map(actionOf), room);
  const command = `smartcloudops proposals show ${decisions[0]?.action.proposal ?? ""}`;
  const missing = wanted
    .slice(actions.length)
    .map(({ action, label }) =>
      action.kind === "enough"
        ? `“${label}” has no room here.`
        : action.kind === "ask"
          ? `You can also ask: ${action.text}`
          : `“${label}” has no room here. In the terminal: ${command}`,
    );
  const others = canDecide || decisions.length === 0 ? missing : [`${TOO_LONG}: ${command}`, ...missing];
  return { actions, others };
}

const TOO_LONG =
  "This is too long for Teams to show whole, so it cannot be decided about here. Read it and decide in the terminal";

/** `Action.Submit` is what clients do that know no `Action.Execute`. */
function actionOf(button: Button): Element {
  if (isDecision(button)) return decideAction(button);
  const { label, style, action } = button;
  if (action.kind === "decide") return never(action as never);
  const title = cut(plain(label), 120);
  const looks = style === "primary" ? { style: "positive" } : style === "danger" ? { style: "destructive" } : {};
  const data = { action };
  return {
    type: "Action.Execute",
    title,
    verb: action.kind,
    data,
    ...looks,
    fallback: { type: "Action.Submit", title, data, ...looks },
  };
}
