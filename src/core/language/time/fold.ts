/** A text made easy to match, and the way back from a place in it to the place in the original. */
export type Folded = {
  /** Lower case, without accents, "ß" as "ss", every run of white space one space; code and quotations blanked. */
  readonly text: string;
  /** Offset in `text` (0 to its length) -> offset in the original. */
  readonly origin: (offset: number) => number;
};

/** Stands for what must not be read. It is no word character, no digit and no space, so no rule reaches across it. */
export const BLANK = "\u0001";

/** Folds in linear time. Text in backticks, double quotes and single quotes around words is blanked: it is not speech. */
export function fold(original: string): Folded {
  const masked = original.replace(QUOTED, (found) => BLANK.repeat(found.length));
  const out: string[] = [];
  const from: number[] = [];
  let afterSpace = false;
  for (let i = 0; i < masked.length; i++) {
    const c = masked[i]!;
    const folded = foldOne(c);
    if (folded === " " && afterSpace) continue;
    for (const piece of folded) {
      out.push(piece);
      from.push(i);
    }
    if (folded !== "") afterSpace = folded === " ";
  }
  from.push(masked.length);
  return { text: out.join(""), origin: (offset) => from[offset] ?? masked.length };
}

const QUOTED =
  /```[^`]{0,4000}```|`[^`\n]{1,500}`|"[^"\n]{1,500}"|“[^”\n]{1,500}”|„[^“”\n]{1,500}[“”]|«[^»\n]{1,500}»|(?<=^|[\s(])'[^'\n]{1,200}'(?=$|[\s.,;:?!)])/g;

function foldOne(c: string): string {
  const code = c.charCodeAt(0);
  if (code < 128) return code >= 65 && code <= 90 ? c.toLowerCase() : code <= 32 && c !== BLANK ? " " : c;
  if (code >= 0x300 && code <= 0x36f) return ""; // a combining accent belongs to the letter before it
  if (c === "ß") return "ss";
  if (c === "’" || c === "‘" || c === "ʼ") return "'";
  if (c === "–" || c === "—" || c === "‑") return "-";
  if (/\s/.test(c)) return " ";
  const base = c.normalize("NFD")[0]!.toLowerCase();
  return base.length === 1 ? base : c;
}
