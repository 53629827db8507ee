import { drawable, gapOf, type Scale, scaleOf, shareOf, spanOf } from "./plot.ts";
import type { Point } from "./series.ts";

const BARS = "▁▂▃▄▅▆▇█";

/** What several sparklines share, so that they can be compared: the same stretch of time (unix seconds) and one scale. */
export type Frame = { readonly from: number; readonly to: number; readonly scale: Scale };

/**
 * A series as `width` letters, one bar for each slice of time. Of several points in a slice the one farthest from the
 * mean stands, so a spike is kept. Where nothing was measured there is a space; a series without points is "". Without a
 * frame it goes from its own first to its last point, and on the scale of a chart of it alone.
 */
export function sparkline(points: readonly Point[], width: number, frame?: Frame): string {
  const kept = drawable(points);
  const room = Math.floor(width);
  if (kept.length === 0 || room < 1) return "";
  const [first, last] = spanOf(kept);
  const { from, to, scale } = frame ?? { from: first, to: last, scale: scaleOf({}, kept) };
  const slots = slotsOf(kept, room, from, to);
  // Fewer points than columns leave slots empty that were measured all the same: carry on, but not over a real gap.
  const carry = to > from ? Math.ceil(Math.min(1, gapOf(kept) / (to - from)) * room) : 0;
  let held = -1;
  return slots
    .map((value, slot) => {
      if (value !== undefined) held = slot;
      const shown = value ?? (held >= 0 && slot - held < carry ? slots[held] : undefined);
      if (shown === undefined) return " ";
      return BARS[Math.min(BARS.length - 1, Math.floor(shareOf(shown, scale) * BARS.length))];
    })
    .join("");
}

function slotsOf(points: readonly Point[], room: number, from: number, to: number): (number | undefined)[] {
  const mean = points.reduce((sum, [, v]) => sum + v / points.length, 0);
  const slots: (number | undefined)[] = new Array(room).fill(undefined);
  for (const [at, value] of points) {
    const slot = to > from ? Math.min(room - 1, Math.max(0, Math.floor(((at - from) / (to - from)) * room))) : 0;
    const held = slots[slot];
    if (held === undefined || Math.abs(value - mean) > Math.abs(held - mean)) slots[slot] = value;
  }
  return slots;
}
