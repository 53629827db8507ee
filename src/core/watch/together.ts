import type { Point } from "../series.ts";

/** Id of the watch that several metrics of one thing together are; that of another source than the first has its name before it. */
export const TOGETHER = "together";

/** Whether a key of kept states belongs to it: it follows no series of its own. */
export function isTogether(key: string): boolean {
  const [id = ""] = key.split("@");
  return id === TOGETHER || id.endsWith(`/${TOGETHER}`);
}

/** Moments that all of these metrics have a value of, later than `after`, with the values in their order. Points are in order of time. */
export function rowsOf(
  metrics: readonly (readonly Point[])[],
  after: number,
): readonly { readonly at: number; readonly values: readonly number[] }[] {
  const [first, ...others] = metrics;
  const places = others.map(() => 0);
  return (first ?? []).flatMap(([at, value]) => {
    if (at <= after) return [];
    const values = [value];
    for (const [index, points] of others.entries()) {
      let place = places[index]!;
      while (place < points.length && points[place]![0] < at) place++;
      places[index] = place;
      const point = points[place];
      if (point?.[0] === at) values.push(point[1]);
    }
    return values.length === metrics.length ? [{ at, values }] : [];
  });
}
