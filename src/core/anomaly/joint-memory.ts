import { CorruptStateError } from "./errors.ts";
import { TAIL } from "./memory.ts";

/**
 * What is remembered of several metrics of one thing together, in one block of memory, as `memory.ts` keeps a single one: running means,
 * how they go together, and the rows that the forest was grown from. Trees are not kept: the same rows and seed grow the same ones.
 */
export type JointMemory = {
  readonly bytes: Uint8Array;
  readonly metrics: number;
  /** Running numbers, at the places named in `JOINT`. */
  readonly now: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** How metrics go together, in deviations of each: about a correlation. Row after row. */
  readonly together: Float64Array;
  /** A running mean of each feature over some points. */
  readonly short: Float64Array;
  /** Rows of features: those that each fifth of the trees was grown from, and those that the next fifth will be. */
  readonly rows: Float32Array;
  /** A summary of past scores, see `tails.ts`. */
  readonly scores: Float32Array;
};

/** Places in `JointMemory.now`. */
export const JOINT = {
  /** Rows learned from, and those that the rows to grow from were drawn from since the last time. */
  seen: 0,
  drawn: 1,
  lastMs: 2,
  /** Since when rows are drawn for the next trees (ms). */
  drawingMs: 3,
  /** How often trees were grown anew; 0 for never. */
  grown: 4,
  /** Points beyond the cut in a row, those that were not lately, and when they began (ms). */
  beyond: 5,
  calm: 6,
  beganMs: 7,
  /** When it was last beyond the cut after a score that was rare enough for an alert (ms), 0 for not lately. */
  alarmMs: 8,
  /** Rows that each part of the trees was grown from, and the seed of that part. */
  counts: 9,
  seeds: 14,
  /** The score's running mean, 0 before the first. */
  score: 19,
  count: 20,
} as const;

/** Parts of the forest that are grown anew one at a time. */
export const PARTS = 5;
/** Rows that a part is grown from. Liu et al. find that 128 rows in all are enough; here every part of the trees has its own. */
export const PART_ROWS = 64;
export const LEAST_METRICS = 3;
export const MOST_METRICS = 8;

const VERSION = 1;
const MAGIC = 0x4a4f4900 | VERSION;
const HEADER = 8;

/** Numbers of one row: each metric's own and its running mean. */
export function featuresIn(metrics: number): number {
  return 2 * metrics;
}

export function newJointMemory(metrics: number): JointMemory {
  if (metrics < LEAST_METRICS || metrics > MOST_METRICS)
    throw new RangeError(
      `Metrics that are judged together are ${LEAST_METRICS} to ${MOST_METRICS}: these are ${metrics}.`,
    );
  return memoryOn(new ArrayBuffer(bytesFor(metrics)), metrics);
}

/** Bytes of a stored memory. */
export function bytesFor(metrics: number): number {
  const wide = JOINT.count + 2 * metrics + metrics * metrics + featuresIn(metrics);
  return HEADER + 8 * wide + 4 * ((PARTS + 1) * PART_ROWS * featuresIn(metrics) + TAIL);
}

function memoryOn(buffer: ArrayBuffer, metrics: number): JointMemory {
  let start = HEADER;
  const wide = (size: number) => {
    const part = new Float64Array(buffer, start, size);
    start += 8 * size;
    return part;
  };
  const narrow = (size: number) => {
    const part = new Float32Array(buffer, start, size);
    start += 4 * size;
    return part;
  };
  return {
    bytes: new Uint8Array(buffer),
    metrics,
    now: wide(JOINT.count),
    mean: wide(metrics),
    variance: wide(metrics),
    together: wide(metrics * metrics),
    short: wide(featuresIn(metrics)),
    rows: narrow((PARTS + 1) * PART_ROWS * featuresIn(metrics)),
    scores: narrow(TAIL),
  };
}

/** A copy, marked as one of this version. */
export function writeJointMemory({ bytes, metrics }: JointMemory): Uint8Array {
  const copy = bytes.slice();
  new Uint32Array(copy.buffer, 0, 2).set([MAGIC, metrics]);
  return copy;
}

/** Throws `CorruptStateError` unless `writeJointMemory` of this version gave these bytes for so many metrics. */
export function readJointMemory(bytes: Uint8Array, metrics: number): JointMemory {
  const copy = new Uint8Array(bytes);
  if (copy.length !== bytesFor(metrics))
    throw new CorruptStateError(`it has ${copy.length} bytes in place of ${bytesFor(metrics)}`);
  const [magic, of] = new Uint32Array(copy.buffer, 0, 2);
  if (magic !== MAGIC || of !== metrics) throw new CorruptStateError("it is of another version or of other metrics");
  return memoryOn(copy.buffer, metrics);
}
