import { fold } from "./time/fold.ts";
import { AFTER, BEFORE, LENGTH, lengthOf } from "./time/words.ts";

/** A length of time found in a text. `start` and `end` are offsets in that text, `end` exclusive. */
export type Duration = { readonly seconds: number; readonly start: number; readonly end: number };

const ANY_LENGTH = new RegExp(`${BEFORE}${LENGTH}${AFTER}`, "g");

/**
 * Every length of time in a text, in digits, PromQL ("1h30m") or words, in six languages, in order. Code in backticks and
 * quotations are not read. Months count 30 days, years 365, "a couple" two and "a few" three.
 */
export function readDurations(text: string): Duration[] {
  const folded = fold(text);
  const found: Duration[] = [];
  for (const match of folded.text.matchAll(ANY_LENGTH)) {
    const seconds = lengthOf(match[0]);
    if (seconds === undefined || !(seconds > 0)) continue;
    found.push({ seconds, start: folded.origin(match.index), end: folded.origin(match.index + match[0].length) });
  }
  return found;
}

/** The length of time that the whole text is, in seconds, or undefined when it says anything else. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  const [only] = readDurations(trimmed);
  return only !== undefined && only.start === 0 && only.end === trimmed.length ? only.seconds : undefined;
}

/** Seconds -> a PromQL duration ("1h30m", "5m", "1d"), to the millisecond. Less than one is "1ms", since "0s" selects nothing. */
export function promDuration(seconds: number): string {
  let rest = Number.isFinite(seconds) ? Math.max(1, Math.round(seconds * 1000)) : 1;
  let text = "";
  for (const [size, name] of PROM_UNITS) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) text += `${n}${name}`;
  }
  return text;
}

// Not weeks and years: people read "14d" faster than "2w", and PromQL takes both.
const PROM_UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
  [1, "ms"],
];
