import { graphemesOf } from "../../util/graphemes.ts";
import { inert } from "../../util/inert.ts";

/** Plain text in Adaptive Cards, and how many bytes of a card it takes. */

/** Text for a TextRun, where no markdown is read. What a client would compute, `{{DATE(…)}}`, is taken apart. */
export function plain(text: string): string {
  return inert(text).replace(/\{(?=\{\s*(?:DATE|TIME)\s*\()/gi, "{ ");
}

/** Text for a TextBlock: what its markdown acts on gets a backslash. An underscore inside a word does nothing there. */
export function escaped(text: string): string {
  return plain(text)
    .replace(/[\\`*[\]<~]/g, "\\$&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/^(\s*)([-+#>])/, "$1\\$2")
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, "$1\\$2");
}

/** Bytes that a value takes in JSON. */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The text when it takes at most `room` bytes of JSON, else its start and how many characters are missing. */
export function cut(text: string, room: number): string {
  if (bytesOf(text) <= room) return text;
  const spare = room - 64;
  let end = Math.min(text.length, Math.max(0, spare));
  while (end > 0 && bytesOf(text.slice(0, end)) > spare) end = Math.floor(end * 0.9);
  // The last character may be half of one that people see, such as a flag: whole ones are counted from a space on.
  const from = text.lastIndexOf(" ", end) + 1;
  const whole = [...graphemesOf(text.slice(from, end + 64))].findLast(({ index }) => from + index <= end);
  end = whole === undefined ? end : from + whole.index;
  const left = text.length - end;
  return `${text.slice(0, end)}… (${left.toLocaleString("en-US")} more characters)`;
}
