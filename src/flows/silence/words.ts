import type { Card } from "../../core/card.ts";

/** Words for one person about a silence. */
export function note(title: string, tone: Card["tone"] = "info"): Card {
  return { title, tone, blocks: [] };
}

/** Why there is no silence, and the cure. */
export function refused(title: string, cure?: string): Card {
  return { title, tone: "warning", blocks: cure === undefined ? [] : [{ kind: "text", text: cure }] };
}
