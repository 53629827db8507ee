import { graphemesOf } from "../util/graphemes.ts";
import { inert } from "../util/inert.ts";

/** Text in a picture: how wide it gets in DejaVu Sans, where it is cut, and how it stands in XML. */

// Advance widths of U+0020 to U+007E in hundredths of the font size: the font's own hmtx table.
// biome-ignore format: sixteen a line
const ASCII = [
  32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34,
  64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53,
  100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
  60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50,
  50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61,
  63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
];
/** Size of small print in pixels. */
export const SMALL = 13;

/** As wide as the widest letters: of what is not in the table, rather too much room than too little. */
const OTHER = 100;

/** Pixels that a text takes at a font size of `size` pixels, about; exact for ASCII up to rounding and kerning. */
export function widthOf(text: string, size: number): number {
  let sum = 0;
  for (const letter of text) sum += ASCII[letter.codePointAt(0)! - 32] ?? OTHER;
  return (sum * size) / 100;
}

/** More of a name than fits any picture; cut before costly work on it. */
const LONGEST = 1000;

/** Text from outside, harmless (`inert`) and short enough to be worth measuring. */
export function labelOf(text: string): string {
  return inert(text.slice(0, LONGEST)).trim();
}

/** The start of a text that is at most `room` pixels wide, with "…" where something had to go; cut between graphemes. */
export function shortened(text: string, room: number, size: number): string {
  if (widthOf(text, size) <= room) return text;
  let kept = "";
  let left = room - widthOf("…", size);
  for (const { segment } of graphemesOf(text)) {
    left -= widthOf(segment, size);
    if (left < 0) break;
    kept += segment;
  }
  return kept === "" ? "" : `${kept.trimEnd()}…`;
}

/** A text in at most `most` lines of `room` pixels, broken at spaces; what is left over is cut off with "…". */
export function lines(text: string, room: number, size: number, most: number): string[] {
  const found: string[] = [];
  let rest = text;
  while (rest !== "" && found.length < most - 1 && widthOf(rest, size) > room) {
    let end = rest.lastIndexOf(" ", rest.length - 1);
    while (end > 0 && widthOf(rest.slice(0, end), size) > room) end = rest.lastIndexOf(" ", end - 1);
    if (end <= 0) break;
    found.push(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
  return rest === "" ? found : [...found, shortened(rest, room, size)];
}

/** Text for XML 1.0, in content or in a quoted attribute. Characters that XML does not have are left out. */
export function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
