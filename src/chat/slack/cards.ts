import type { Button, Card } from "../../core/card.ts";
import { CHAT_COMMANDS } from "../../core/command-table.ts";
import { type Rendered, renderCard } from "./render.ts";

/** What the bot says about itself in Slack. */

/** Questions to begin with, in the home tab, in greetings and as suggested prompts. */
export const EXAMPLES: readonly string[] = [
  "status",
  "which alerts are firing?",
  "anything unusual?",
  "top 5 services by errors",
];

/** The list of commands. `unknown` is what was typed when it could not be used. */
export function helpCard(command: string, unknown?: string): Card {
  const title = unknown === undefined ? "What you can ask me" : `I need a little more than "${unknown.slice(0, 80)}"`;
  return {
    title,
    tone: "info",
    blocks: [
      { kind: "list", items: commandLines(command) },
      {
        kind: "text",
        text: "Any other words are taken as a question, here, in a thread where you mention me, or in a direct message.",
      },
      { kind: "buttons", buttons: exampleButtons() },
    ],
  };
}

/** For a channel that the bot was just added to. */
export function greetingCard(command: string): Card {
  return {
    title: "Hello! I answer questions about your systems from their metrics",
    tone: "info",
    blocks: [
      {
        kind: "text",
        text: `Mention me with a question and I answer in its thread, with the query I used. Or type ${command} and a question. I only read: nothing is changed by asking.`,
      },
      { kind: "list", items: commandLines(command) },
      { kind: "buttons", buttons: exampleButtons() },
    ],
  };
}

/** Small words for one person alone, such as a refusal. */
export function renderPrivate(card: Card): Rendered {
  return renderCard(card, { zone: "UTC", now: 0, native: false });
}

/** The same answer with what was asked, and by whom, above it: others in the channel did not see the command. */
export function withQuestion(card: Card, name: string, text: string): Card {
  const asked = text.length > 500 ? `${text.slice(0, 500)}…` : text;
  return { ...card, blocks: [{ kind: "note", text: `${name} asked: ${asked}` }, ...card.blocks] };
}

export function commandLines(command: string): string[] {
  return CHAT_COMMANDS.map(({ name, usage, summary }) => {
    return `${command} ${usage === "" ? name : `${name} ${usage}`}: ${summary}`;
  });
}

export function exampleButtons(): Button[] {
  return EXAMPLES.map((text) => ({ label: text, style: "plain", action: { kind: "ask", text } }));
}
