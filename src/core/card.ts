import { never } from "../util/never.ts";
import type { Point } from "./series.ts";

/**
 * A message in the bot's own words. Surfaces translate it; nothing here knows them. Every string is plain text:
 * no markup of any platform is ever read out of it, and each surface escapes it for its own syntax.
 */
export type Card = {
  /** First line: the verdict. It must make sense alone, as a phone notification does. */
  readonly title: string;
  readonly tone: Tone;
  readonly blocks: readonly Block[];
};

export type Tone = "info" | "good" | "warning" | "danger";

export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  /** Lines of which each has a button of its own, that asks more about it. */
  | { readonly kind: "lines"; readonly items: readonly { readonly text: string; readonly button: AskButton }[] }
  | { readonly kind: "table"; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
  /**
   * Names and values that must be read whole: nothing of them is ever cut. Where they do not fit, buttons that decide are
   * not shown either. Lines of a value after its first are shown in fixed width.
   */
  | { readonly kind: "facts"; readonly items: readonly { readonly name: string; readonly value: string }[] }
  | { readonly kind: "chart"; readonly chart: Chart }
  /**
   * What a language model wrote: surfaces set it apart and say who wrote it. One paragraph each; "[2]" at an end is the mark of the query
   * that its numbers come from.
   */
  | { readonly kind: "said"; readonly by: string; readonly paragraphs: readonly string[] }
  /** The queries behind the answer. `url` opens the same query in Prometheus. */
  | { readonly kind: "evidence"; readonly items: readonly EvidenceLine[] }
  /** Small print: data age, what was not looked at, what is degraded. */
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "buttons"; readonly buttons: readonly Button[] }
  /** Calls these people, so that their phones tell them, where they have an account on the platform. */
  | { readonly kind: "calls"; readonly people: readonly Called[] };

/**
 * Somebody who is called. Accounts by platform, as the configuration has them or the platform vouched for them: never from a label, an
 * alert or anything else that somebody wrote.
 */
export type Called = { readonly name: string; readonly accounts: Readonly<Record<string, readonly string[]>> };

export type EvidenceLine = {
  readonly promql: string;
  readonly source: string;
  readonly url?: string;
  /** What the link says, where it leads to something other than Prometheus. */
  readonly opens?: string;
  /** What text refers to it by: "[2]". */
  readonly mark?: string;
};

/** Lines over time. Units are those of `core/units.ts`. */
export type Chart = {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[];
  /** Usual range at this hour, drawn behind the lines. */
  readonly band?: { readonly low: number; readonly high: number };
  readonly threshold?: number;
  /** Things that happened: unix seconds and a short name. */
  readonly events?: readonly { readonly at: number; readonly name: string }[];
};

export type Button = {
  readonly label: string;
  readonly style: "primary" | "danger" | "plain";
  /** What the click means. The platform carries it there and back unread. */
  readonly action: ButtonAction;
};

/** A button that asks something, as if typed. */
export type AskButton = Button & { readonly action: ButtonAction & { readonly kind: "ask" } };

/** What a click on a proposal's card can mean. */
export const DECISIONS = [
  "approve",
  "break_glass",
  "reject",
  "dry_run",
  "details",
  "change",
  "withdraw",
  "undo",
  "it_ran",
  "it_did_not",
  "look_again",
  "re_enable",
  "resume",
] as const;
export type Decision = (typeof DECISIONS)[number];

/**
 * What a click on an incident's message, or on a silence's, can mean. None of it changes a system that is looked after: `fix` writes a
 * proposal, `silence` shows what one would match.
 */
export const RESPONSES = [
  "acknowledge",
  "unacknowledge",
  "snooze",
  "wake",
  "fix",
  "silence",
  "silence_write",
  "silence_drop",
  "silence_end",
] as const;
export type ResponseName = (typeof RESPONSES)[number];

/** Everything that a click can decide, as platforms carry it. */
export const CLICKS = [...DECISIONS, ...RESPONSES] as const;
export type ClickMeaning = (typeof CLICKS)[number];

export function isResponse(meaning: ClickMeaning): meaning is ResponseName {
  return RESPONSES.some((one) => one === meaning);
}

/**
 * `ask`: the click asks `text` in the same conversation, as if typed. `enough`: no further look into that question, whose id it is; what
 * is known by then is the answer. `decide`: it decides about a proposal; `code` is
 * part of the hash of what was shown (base64url of its first 16 bytes). Or it is a response to an incident, whose id stands in
 * `proposal`; `code` says for how long then, in seconds. `confirm` is asked before the click counts, and `fields` are filled in by
 * the person.
 */
export type ButtonAction =
  | { readonly kind: "ask"; readonly text: string }
  | { readonly kind: "enough"; readonly question: string }
  | {
      readonly kind: "decide";
      readonly decision: ClickMeaning;
      readonly proposal: string;
      readonly code: string;
      readonly confirm?: { readonly title: string; readonly text: string };
      readonly fields?: readonly Field[];
    };

/** Something a person fills in after a click. */
export type Field = {
  readonly id: string;
  readonly label: string;
  readonly isRequired: boolean;
  readonly value?: string;
};

/** For somebody whose question waited too long, or failed or was cut off again and again. */
export const ASK_AGAIN: Card = {
  title: "Something kept me from answering your question. Please ask again.",
  tone: "warning",
  blocks: [],
};

/** The card as plain text: `ask`, notifications, screen readers, logs, and platforms that lack a block. */
export function plainText(card: Card): string {
  return [card.title, ...card.blocks.map(blockText)].filter((part) => part !== "").join("\n");
}

/** A line of a list behind its mark. A ranking brings its own numbers, which then are the marks. */
export function listLine(item: string, mark: string): string {
  return /^\d{1,3}\. /.test(item) ? item : `${mark}${item}`;
}

/** The buttons of a block, in the order in which they are read. */
export function buttonsIn(block: Block): readonly Button[] {
  if (block.kind === "lines") return block.items.map(({ button }) => button);
  return block.kind === "buttons" ? block.buttons : [];
}

/** What a phone shows below the title: the first sentence, or the first lines of the list that a title with a colon announces. */
export function secondLine({ title, blocks }: Card): string {
  const list = blocks.find((block) => block.kind === "list");
  if (title.trimEnd().endsWith(":") && list !== undefined) return list.items.slice(0, GLANCED).join(" · ");
  const text = blocks.find((block) => block.kind === "text" || block.kind === "said");
  return text === undefined ? "" : text.kind === "text" ? text.text : (text.paragraphs[0] ?? "");
}

/** The line above what a model wrote. */
export function saysWho(by: string): string {
  return `AI-generated by ${by}. Each number in it was compared with what its query returned:`;
}

const GLANCED = 3;

/** Who is called, where nobody can be: "For Ann and Ben". */
export function callLine(people: readonly Called[]): string {
  const names = people.map(({ name }) => name);
  return names.length === 0 ? "" : `For ${names.join(names.length === 2 ? " and " : ", ")}`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
    case "note":
      return block.text;
    case "list":
      return block.items.map((item) => `- ${item}`).join("\n");
    case "lines":
      return block.items.map(({ text }) => `- ${text}`).join("\n");
    case "table":
      return [block.columns, ...block.rows].map((row) => row.join(" | ")).join("\n");
    case "facts":
      return block.items.map(({ name, value }) => `${name}: ${value}`).join("\n");
    case "chart":
      return "";
    case "said":
      return [saysWho(block.by), ...block.paragraphs].join("\n");
    case "evidence":
      return block.items.map(({ promql, mark }) => `${mark === undefined ? "" : `${mark} `}\`${promql}\``).join("\n");
    case "buttons":
      return block.buttons.length === 0 ? "" : `Next: ${block.buttons.map((button) => button.label).join(" · ")}`;
    case "calls":
      return callLine(block.people);
    default:
      return never(block);
  }
}
