/** Seconds between two computed points of a track. Between them a track is a straight line. */
export const CELL = 240;

/** A quantity over time, computed once per cell and remembered. */
export type Track = {
  /** The quantity at `at` (unix seconds, not before the origin). */
  at(at: number): number;
  /** What it sums up to from the origin to `at`, in quantity times seconds. Never falls while the quantity is not negative. */
  total(at: number): number;
  /** From `at` on, which must not be earlier than the last such time, the quantity is computed anew; until then all stays. */
  turn(at: number): void;
};

/** Seconds between two computed points after a turn: what people do to the shop shows at once. */
const CELL_AFTER_TURN = 5;

/**
 * A track of `compute`, which must depend on nothing but the time, until the track is turned. `origin` is where sums start
 * (unix seconds). History and the live exporter read the same track, which is why they meet without a seam.
 */
export function createTrack(origin: number, compute: (at: number) => number): Track {
  const pieces = [{ from: origin, before: 0, piece: createPiece(origin, CELL, compute) }];
  const of = (at: number) => pieces.findLast(({ from }) => from <= at) ?? pieces[0]!;
  return {
    at: (at) => of(at).piece.at(at),
    total(at) {
      const { before, piece } = of(at);
      return before + piece.total(at);
    },
    turn(at) {
      const last = pieces.at(-1)!;
      pieces.push({
        from: at,
        before: last.before + last.piece.total(at),
        piece: createPiece(at, CELL_AFTER_TURN, compute),
      });
    },
  };
}

/** A stretch of a track: points every `cell` seconds. */
function createPiece(origin: number, cell: number, compute: (at: number) => number): Pick<Track, "at" | "total"> {
  let points = new Float64Array(1024);
  let sums = new Float64Array(1024);
  let known = 0;

  function reach(index: number): void {
    if (index >= points.length) {
      const size = Math.max(index + 1024, Math.ceil(points.length * 1.6));
      points = grown(points, size);
      sums = grown(sums, size);
    }
    for (; known <= index; known++) {
      points[known] = compute(origin + known * cell);
      sums[known] = known === 0 ? 0 : sums[known - 1]! + ((points[known - 1]! + points[known]!) / 2) * cell;
    }
  }

  return {
    at(at) {
      const cells = (at - origin) / cell;
      const index = Math.max(0, Math.floor(cells));
      reach(index + 1);
      return points[index]! + (points[index + 1]! - points[index]!) * (cells - index);
    },
    total(at) {
      const cells = (at - origin) / cell;
      const index = Math.max(0, Math.floor(cells));
      reach(index + 1);
      const part = cells - index;
      const low = points[index]!;
      return sums[index]! + (low + ((points[index + 1]! - low) * part) / 2) * part * cell;
    },
  };
}

function grown(values: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(size);
  next.set(values);
  return next;
}
