import type { Card } from "../../core/card.ts";
import { CHAT_COMMANDS } from "../../core/command-table.ts";

const BUTTONS = [
  { label: "How are things?", text: "status" },
  { label: "Firing alerts", text: "alerts" },
  { label: "Anything unusual?", text: "anything unusual?" },
];

/** What the bot can do. `unknown` is what somebody typed that is a command without its words. */
export function helpCard(unknown: string | undefined): Card {
  const command = CHAT_COMMANDS.find(({ name }) => name === unknown?.toLowerCase());
  const title =
    command === undefined
      ? "Ask about your systems in plain words"
      : `“${command.name}” needs to know more: ${command.name} ${command.usage}`;
  return {
    title,
    tone: "info",
    blocks: [
      { kind: "text", text: "Such as: what is slow since noon? Or begin with one of these words:" },
      {
        kind: "list",
        items: CHAT_COMMANDS.map(({ name, usage, summary }) => `${`${name} ${usage}`.trim()}: ${summary}`),
      },
      { kind: "note", text: "In channels and group chats, mention me first. In a chat of two, just ask." },
      buttons(),
    ],
  };
}

/** Said once where the bot was added. */
export function greetingCard(isPersonal: boolean): Card {
  return {
    title: "Hello. I answer questions about your systems from Prometheus, with the query shown",
    tone: "info",
    blocks: [
      {
        kind: "text",
        text: isPersonal
          ? "Just ask: how is everything doing? Say help to see what I understand."
          : "Mention me and ask: how is everything doing? Mention me and say help to see what I understand.",
      },
      buttons(),
    ],
  };
}

function buttons(): Card["blocks"][number] {
  return {
    kind: "buttons",
    buttons: BUTTONS.map(({ label, text }) => ({ label, style: "plain", action: { kind: "ask", text } })),
  };
}
