import type { Card } from "../../src/core/card.ts";
import type { Draft } from "../../src/core/draft.ts";

/** An answer on its way: what the templates found, and these sentences of a model. */
export function aDraft(status: string, said: readonly string[] = [], question = "q1"): Draft {
  const card: Card = {
    title: "Nothing unusual for orders.",
    tone: "info",
    blocks: [
      { kind: "text", text: "P95 latency of orders is 397 ms." },
      ...(said.length > 0 ? [{ kind: "said" as const, by: "scripted", paragraphs: [said.join(" ")] }] : []),
      { kind: "note", text: status },
      {
        kind: "buttons",
        buttons: [{ label: "Stop looking", style: "plain", action: { kind: "enough", question } }],
      },
    ],
  };
  return { card, status, said };
}

/** The answer that takes its place. */
export const FINISHED: Card = { title: "Orders is slow since its deployment.", tone: "warning", blocks: [] };
