import type { Writable } from "node:stream";
import type { Draft } from "../../core/draft.ts";
import { type Look, renderCard } from "./render.ts";

/** An answer on its way, in a terminal. */
export type LiveRegion = {
  /** Draws the newest draft in the place of the one before. */
  show(draft: Draft): void;
  /** Takes it away again: the answer is printed next. */
  end(): void;
};

/** Lines that stay free, so that the line of the prompt and of the spinner never scroll the region. */
const SPARE = 3;

/** Draws only on a terminal that can move its cursor: elsewhere what was printed stands, and the answer would come twice. */
export function liveRegion(
  output: Writable & { readonly isTTY?: boolean; readonly rows?: number },
  look: Look,
): LiveRegion {
  let lines = 0;
  const erase = () => {
    // The line of the spinner is the one below.
    if (lines > 0) output.write(`\r\u001b[2K\u001b[${lines}F\u001b[0J`);
    lines = 0;
  };
  return {
    show({ card }) {
      if (output.isTTY !== true || !look.links) return;
      const blocks = card.blocks.filter(({ kind }) => kind !== "buttons" && kind !== "evidence");
      const all = renderCard({ ...card, blocks }, look)
        .trimEnd()
        .split("\n");
      const most = Math.max(1, (output.rows ?? 24) - SPARE);
      const shown = all.slice(-most);
      erase();
      output.write(`${shown.join("\n")}\n`);
      lines = shown.length;
    },
    end: erase,
  };
}
