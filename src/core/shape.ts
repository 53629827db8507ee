import type { Point } from "./series.ts";

/** A line in a few points: what somebody would say who looked at its picture. Values that are no numbers are left out and counted. */
export type Shape = {
  readonly count: number;
  readonly gaps: number;
  readonly first: Point;
  readonly last: Point;
  readonly min: Point;
  readonly max: Point;
  /** At most `TREND` points in order of time: the lowest and highest of each part, so that no spike is skipped. */
  readonly trend: readonly Point[];
  /** The largest step from one point to the next. Undefined for a line that never moves. */
  readonly jump:
    | { readonly before: number; readonly at: number; readonly from: number; readonly to: number }
    | undefined;
};

const TREND = 12;

/** Undefined when no point has a number. `points` in order of time. */
export function shapeOf(points: readonly Point[]): Shape | undefined {
  const finite = points.filter(([, value]) => Number.isFinite(value));
  const [first] = finite;
  const last = finite.at(-1);
  if (first === undefined || last === undefined) return undefined;
  let jump: Shape["jump"];
  for (const [at, [time, to]] of finite.entries()) {
    const [before, from] = finite[at - 1] ?? [time, to];
    if (from !== to && Math.abs(to - from) > Math.abs((jump?.to ?? 0) - (jump?.from ?? 0)))
      jump = { before, at: time, from, to };
  }
  return {
    count: finite.length,
    gaps: points.length - finite.length,
    first,
    last,
    min: lowest(finite),
    max: highest(finite),
    trend: trendOf(finite),
    jump,
  };
}

function trendOf(points: readonly Point[]): readonly Point[] {
  if (points.length <= TREND) return points;
  const parts = TREND / 2;
  const picked: Point[] = [];
  for (let part = 0; part < parts; part++) {
    const own = points.slice(
      Math.floor((part * points.length) / parts),
      Math.floor(((part + 1) * points.length) / parts),
    );
    const [low, high] = [lowest(own), highest(own)];
    picked.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
  }
  return picked;
}

function lowest(points: readonly Point[]): Point {
  return points.reduce((best, point) => (point[1] < best[1] ? point : best));
}

function highest(points: readonly Point[]): Point {
  return points.reduce((best, point) => (point[1] > best[1] ? point : best));
}
