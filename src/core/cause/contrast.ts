import type { Labels, Series } from "../series.ts";
import { MAD_TO_SIGMA, mad, median } from "../stats.ts";

/** One series at a moment against the same time of earlier days. */
export type Contrast = {
  readonly labels: Labels;
  readonly after: number;
  /** Median of the earlier days; 0 for a series that did not exist then. */
  readonly before: number;
  readonly known: boolean;
  readonly up: boolean;
  /** 0..1: by how much it changed, on a logarithmic scale; eightfold or more is 1. 0 within its own spread. */
  readonly strength: number;
};

const EIGHTFOLD = Math.log(8);

/**
 * Compares the last point of each series with the median of its earlier ones, which are taken at the same time of day.
 * @param floor a change between values this small does not count (in the measure's unit); it is added to both sides
 * @param scale "complement" for shares where the missing part matters (a hit ratio: 94 % to 61 % is 6 % to 39 % missing)
 */
export function contrasts(
  series: readonly Series[],
  at: number,
  floor: number,
  scale: "plain" | "complement" = "plain",
): Contrast[] {
  const found: Contrast[] = [];
  for (const { labels, points } of series) {
    const last = points.at(-1);
    if (last === undefined || Math.abs(last[0] - at) > 1 || !Number.isFinite(last[1])) continue;
    const earlier = points
      .slice(0, -1)
      .map(([, value]) => value)
      .filter(Number.isFinite);
    const before = median(earlier) ?? 0;
    const after = last[1];
    const spread = 3 * MAD_TO_SIGMA * (mad(earlier) ?? 0);
    const shown = scale === "complement" ? [1 - before, 1 - after] : [before, after];
    const log = Math.abs(Math.log((Math.abs(shown[1] ?? 0) + floor) / (Math.abs(shown[0] ?? 0) + floor)));
    const within = Math.abs(after - before) <= spread;
    found.push({
      labels,
      after,
      before,
      known: earlier.length > 0,
      up: after > before,
      strength: within ? 0 : Math.min(1, log / EIGHTFOLD),
    });
  }
  return found;
}

/**
 * Which single label value carries a change: the value whose series make up most of the total change, when it is at least
 * `share` of it and it moved more in proportion than all of them together. Undefined when the change is spread.
 */
export function drillDown(
  list: readonly Contrast[],
  share = 0.6,
):
  | {
      readonly label: string;
      readonly value: string;
      readonly share: number;
      readonly before: number;
      readonly after: number;
    }
  | undefined {
  const labels = new Set(list.flatMap((one) => Object.keys(one.labels)));
  let best: { label: string; value: string; share: number; before: number; after: number } | undefined;
  for (const label of labels) {
    const groups = new Map<string, { before: number; after: number }>();
    for (const one of list) {
      const value = one.labels[label] ?? "";
      const group = groups.get(value) ?? { before: 0, after: 0 };
      groups.set(value, { before: group.before + one.before, after: group.after + one.after });
    }
    if (groups.size < 2) continue;
    const total = [...groups.values()].reduce((sum, group) => sum + Math.abs(group.after - group.before), 0);
    if (total === 0) continue;
    const all = [...groups.values()].reduce(
      (sum, group) => ({ before: sum.before + group.before, after: sum.after + group.after }),
      { before: 0, after: 0 },
    );
    for (const [value, group] of groups) {
      const part = Math.abs(group.after - group.before) / total;
      const grew = relative(group) > 1.05 * relative(all) || relative(all) === 0;
      if (part >= share && grew && value !== "" && part > (best?.share ?? 0))
        best = { label, value, share: part, ...group };
    }
  }
  return best;
}

function relative({ before, after }: { readonly before: number; readonly after: number }): number {
  return Math.abs(after - before) / (Math.abs(before) + 1e-9);
}
