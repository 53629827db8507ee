import { drawable } from "./plot.ts";
import type { Point } from "./series.ts";

/**
 * At most `most` (4 or more) of the points, in order of time: the first, the last, and the lowest and the highest of each
 * of equally long stretches between them, so that no spike is lost and no value is made up. This is MinMax aggregation
 * as described by Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 7 (2014). Points
 * without a finite value are left out. Throws RangeError when `most` is below 4, too few for what is promised.
 */
export function thin(points: readonly Point[], most: number): Point[] {
  if (!(most >= 4)) throw new RangeError(`A series can be thinned to 4 points or more: ${most} were asked for.`);
  const kept = drawable(points);
  if (kept.length <= most) return kept;
  const [first, last] = [kept[0]!, kept.at(-1)!];
  const stretches = Math.floor((most - 2) / 2);
  const length = (last[0] - first[0]) / stretches || 1;
  const chosen = new Set<number>([0, kept.length - 1]);
  const stretchOf = (i: number) => Math.min(stretches - 1, Math.floor((kept[i]![0] - first[0]) / length));
  for (let from = 1; from < kept.length - 1; ) {
    let [to, lowest, highest] = [from, from, from];
    for (; to < kept.length - 1 && stretchOf(to) === stretchOf(from); to++) {
      if (kept[to]![1] < kept[lowest]![1]) lowest = to;
      if (kept[to]![1] > kept[highest]![1]) highest = to;
    }
    chosen.add(lowest).add(highest);
    from = to;
  }
  return [...chosen].sort((a, b) => a - b).map((i) => kept[i]!);
}
