import type { ClickMeaning } from "./card.ts";
import { readStop } from "./change/stop.ts";
import { readCommand } from "./command-table.ts";

/** `first`: a decision that somebody took, or the emergency stop. Questions, and all else, are `usual`. */
export type Urgency = "first" | "usual";

/** These decide nothing, and wait for other systems. */
const ONLY_LOOKS: ReadonlySet<ClickMeaning> = new Set(["dry_run", "details", "fix", "silence"]);

export function urgencyOfClick(meaning: ClickMeaning): Urgency {
  return ONLY_LOOKS.has(meaning) ? "usual" : "first";
}

/** Of what somebody typed to the bot, without its mention. */
export function urgencyOfText(typed: string): Urgency {
  const read = readCommand(typed);
  return read.kind === "ask" && readStop(read.text) !== undefined ? "first" : "usual";
}
