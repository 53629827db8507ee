import { drawn, type LineChart } from "./chart.ts";
import { html, mrkdwn, plainText } from "./text.ts";

// biome-ignore lint/suspicious/noExplicitAny: blocks are what somebody else sent, and were checked when they were taken
export type Block = any;

export type Shown = {
  /** Of the message, so that a click can name it. */
  readonly message: string;
  /** The name behind the id of a person or channel. */
  readonly nameOf: (id: string) => string;
};

/** Blocks as HTML. Buttons carry the message, the block and the element that they are, as `data-press`. */
export function blocksHtml(blocks: readonly Block[], shown: Shown): string {
  return blocks.map((block, i) => blockHtml(block, i, shown)).join("\n");
}

function blockHtml(block: Block, index: number, shown: Shown): string {
  switch (block.type) {
    case "header":
      return `<h3>${textHtml(block.text, shown)}</h3>`;
    case "section":
      return block.accessory === undefined
        ? `<p>${textHtml(block.text, shown)}</p>`
        : `<div class="beside"><p>${textHtml(block.text, shown)}</p>${button(block.accessory, [shown.message, index, 0])}</div>`;
    case "context":
      return `<div class="context">${block.elements.map((one: Block) => `<span>${textHtml(one, shown)}</span>`).join(" ")}</div>`;
    case "divider":
      return "<hr>";
    case "actions":
      return `<div class="actions">${block.elements.map((one: Block, at: number) => button(one, [shown.message, index, at])).join("")}</div>`;
    case "context_actions":
      return `<div class="actions">${block.elements.map((one: Block, at: number) => feedback(one, [shown.message, index, at])).join("")}</div>`;
    case "image":
      return image(block);
    case "data_table":
      return table(block);
    case "data_visualization":
      return drawn(block as LineChart);
    case "rich_text":
      return `<p>${block.elements.map((one: Block) => one.elements.map((part: Block) => richHtml(part, shown)).join("")).join("<br>")}</p>`;
    default:
      return `<p class="context">A block of type ${html(String(block.type))}, which this page does not draw.</p>`;
  }
}

function textHtml(text: Block, { nameOf }: Shown): string {
  return text.type === "mrkdwn" ? mrkdwn(text.text, nameOf) : plainText(text.text);
}

type Address = readonly [message: string, block: number, element: number, side?: "positive" | "negative"];

function button(one: Block, address: Address): string {
  const looks = one.style === undefined ? "" : ` class="${html(one.style)}"`;
  const asks = one.confirm === undefined ? "" : ` data-confirm="${html(JSON.stringify(dialog(one.confirm)))}"`;
  return `<button type="button"${looks}${asks} data-press="${html(JSON.stringify(address))}">${plainText(one.text.text)}</button>`;
}

/** What a confirmation says, as HTML. */
function dialog({ title, text, confirm, deny, style }: Block): Readonly<Record<string, string>> {
  const said = Object.entries({ title, text, confirm, deny }).map(([part, block]) => [part, plainText(block.text)]);
  return { ...Object.fromEntries(said), style: style === "danger" ? "danger" : "primary" };
}

function feedback(one: Block, [message, block, element]: Address): string {
  const side = (which: "positive" | "negative") => {
    const { text, accessibility_label: label } = one[`${which}_button`];
    const address: Address = [message, block, element, which];
    return `<button type="button" class="small" aria-label="${html(label ?? text.text)}" data-press="${html(JSON.stringify(address))}">${plainText(text.text)}</button>`;
  };
  return side("positive") + side("negative");
}

/** Only what was uploaded here: a page elsewhere is never asked for. */
function image(block: Block): string {
  const title = block.title === undefined ? "" : `<figcaption>${plainText(block.title.text)}</figcaption>`;
  const id = block.slack_file?.id;
  if (typeof id !== "string") return `<p class="context">A picture from elsewhere: ${html(block.alt_text)}</p>`;
  return `<figure>${title}<img src="/window/files/${encodeURIComponent(id)}" alt="${html(block.alt_text)}"></figure>`;
}

function table(block: Block): string {
  const row = (tag: "th" | "td") => (cells: Block[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${html(cell.text)}</${tag}>`).join("")}</tr>`;
  const [head, ...body] = block.rows as Block[][];
  return `<table><caption>${html(block.caption)}</caption><thead>${row("th")(head ?? [])}</thead><tbody>${body.map(row("td")).join("")}</tbody></table>`;
}

/** What people type arrives as rich text. */
function richHtml(part: Block, { nameOf }: Shown): string {
  if (part.type === "user") return `<span class="mention">@${html(nameOf(part.user_id))}</span>`;
  return html(String(part.text ?? "")).replaceAll("\n", "<br>");
}
