import type { Document, LineCounter, Node } from "yaml";

/** Line and column, counted from 1. */
export type Spot = { readonly line: number; readonly column: number };

/** Where the node at `path` stands; where there is none, the nearest one around it. */
export function spotOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): Spot {
  for (let length = path.length; length >= 0; length--) {
    const steps = path.slice(0, length).map((step) => (typeof step === "number" ? step : String(step)));
    const node = document.getIn(steps, true) as Node | null | undefined;
    if (typeof node === "object" && node?.range) return spotAt(lines, node.range[0]);
  }
  return { line: 1, column: 1 };
}

/** Where the character of that number stands. */
export function spotAt(lines: LineCounter, offset: number): Spot {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** The path that a sentence begins with: `steps[0].with.name is …` is about `steps`, 0, `with`, `name`. */
export function pathIn(sentence: string): readonly (string | number)[] {
  const [start = ""] = /^[\w-]+(?:\.[\w-]+|\[\d+\])*/.exec(sentence) ?? [];
  return [...start.matchAll(/\[(\d+)\]|[\w-]+/g)].map(([word, number]) =>
    number === undefined ? word : Number(number),
  );
}
