import { lookOf, oneLine, paint } from "../../chat/terminal/index.ts";
import type { Call } from "../command.ts";
import type { Check } from "./check.ts";

const MARKS = { ok: ["✓", "green"], failed: ["✗", "red"], advice: ["!", "yellow"], skipped: ["–", "dim"] } as const;

/** A check as a line for the terminal, with its cure below where there is one. */
export function lineOf(check: Check, call: Pick<Call, "stdout" | "env">): string {
  const look = lookOf(call.stdout, call.env, "UTC");
  const [mark, style] = MARKS[check.state];
  // Whole lines: a reason that is cut off helps nobody.
  const whole = Number.POSITIVE_INFINITY;
  const line = `${paint(style, mark, look)} ${check.name}: ${oneLine(check.found, whole)}\n`;
  return "cure" in check ? `${line}  → ${oneLine(check.cure, whole)}\n` : line;
}
