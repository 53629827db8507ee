import { graphemesOf } from "../../util/graphemes.ts";

/** Fitting text into terminal columns. Widths are in cells; a cell is one Latin letter wide. */

/** Cells that a string takes: two for wide East Asian letters and emoji, none for marks that combine. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += cells(segment);
  return width;
}

function cells(grapheme: string): number {
  if (/^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(grapheme)) return 0;
  if (/\p{Emoji_Presentation}|\u{FE0F}/u.test(grapheme)) return 2;
  return WIDE.test(grapheme) ? 2 : 1;
}

// The wide and full-width blocks of Unicode's EastAsianWidth.txt, in whole ranges.
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;

/** Breaks one line at spaces, and inside a word only when the word alone is too long. Nothing is lost but spaces. */
export function wrap(line: string, width: number): string[] {
  const room = Math.max(1, width);
  if (widthOf(line) <= room) return [line];
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    const joined = current === "" ? word : `${current} ${word}`;
    if (widthOf(joined) <= room) {
      current = joined;
      continue;
    }
    if (current !== "") lines.push(current);
    const pieces = chop(word, room);
    lines.push(...pieces.slice(0, -1));
    current = pieces.at(-1) ?? "";
  }
  if (current !== "" || lines.length === 0) lines.push(current);
  return lines;
}

/** Breaks a line so that its pieces, joined, are the line again: spaces stay at the end of a piece, or begin the next. */
export function wrapWhole(line: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let current = "";
  let used = 0;
  for (const part of line.match(/[^ ]+| +/g) ?? []) {
    const more = widthOf(part);
    if (used + more <= room) {
      current += part;
      used += more;
      continue;
    }
    // A space that found no room goes with the word after it.
    const isBlank = current.trim() === "";
    if (!isBlank) lines.push(current);
    const pieces = chop(isBlank ? current + part : part, room);
    lines.push(...pieces.slice(0, -1));
    current = pieces.at(-1) ?? "";
    used = widthOf(current);
  }
  return [...lines, current];
}

/** A line in pieces of at most that width. */
export function chopped(line: string, width: number): string[] {
  return chop(line, Math.max(1, width));
}

/** Cuts a word into pieces of at most `room` cells, never inside a grapheme. */
function chop(word: string, room: number): string[] {
  if (/^[\x20-\x7e]+$/.test(word)) return word.match(new RegExp(`.{1,${room}}`, "g")) ?? [];
  const pieces: string[] = [];
  let piece = "";
  let width = 0;
  for (const { segment } of graphemesOf(word)) {
    const next = cells(segment);
    if (width + next > room && piece !== "") {
      pieces.push(piece);
      piece = "";
      width = 0;
    }
    piece += segment;
    width += next;
  }
  return [...pieces, piece];
}

/** The start of a line, with `…` when something had to go. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return "";
  let kept = "";
  let used = 1;
  for (const { segment } of graphemesOf(text)) {
    used += cells(segment);
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Adds spaces up to the width, on the side that `align` leaves free. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "left" ? text + space : space + text;
}
