import { CorruptStateError } from "./errors.ts";

/**
 * Everything that a detector remembers of one series, in one block of memory: what is stored is what is computed on, so a
 * restart between two points changes no score. Numbers that are added to for long are 64 bits wide, the others 32.
 */
export type Memory = {
  readonly bytes: Uint8Array;
  /** Running numbers, at the places named in `AT`. */
  readonly now: Float64Array;
  /** The weekly profile: for each of its 168 hours the mean (less the origin), the mean absolute deviation, and the weeks seen. */
  readonly week: Float32Array;
  /** Weights, covariance and last inputs of the predictor. */
  readonly predictor: Float32Array;
  /** Peaks of the score that count as recurring: score, weight and hour since the first point of each. */
  readonly peaks: Float32Array;
  /** A summary of the past of each statistic, see `tails.ts`. */
  readonly tails: Float32Array;
};

/** Places in `Memory.now`. */
export const AT = {
  /** Points used. */
  seen: 0,
  firstMs: 1,
  lastMs: 2,
  /** The first value: kept apart so that 32 bits are enough for the rest. */
  origin: 3,
  /** Smallest value seen. */
  least: 4,
  /** Points in a row that were not newer than the newest. */
  late: 5,
  /** Last raw value of a counter. */
  counted: 6,
  /** Hours far from everything known. */
  stray: 7,
  /** Since when it has been unusual (ms), 0 when it is not, and when it last was. */
  sinceMs: 8,
  unusualMs: 9,
  /** Last alert (ms). */
  alertMs: 10,
  /** What a score has to exceed to be news. */
  silence: 11,
  /** Days watched, forgotten like the peaks. */
  days: 12,
  previous: 13,
  beforePrevious: 14,
  /** Weights that make up for the start of a running mean, one for each of its six memories. */
  filled: 15,
  short: 21,
  hour: 22,
  sixHours: 23,
  steadySixHours: 24,
  day: 25,
  dayVariance: 26,
  stepsShort: 27,
  stepsLong: 28,
  nearVariance: 29,
  changeVariance: 30,
  seasonScale: 31,
  seasonHour: 32,
  seasonHalfDay: 33,
  seasonDay: 34,
  residualVariance: 35,
  predictorCentre: 36,
  predictorScale: 37,
  /** Since when it has been learning (ms): the first point, or the one after a new level was accepted. */
  learningMs: 38,
  /** What an alert has to exceed clearly to be one. */
  said: 39,
  count: 40,
} as const;

export const WEEK_HOURS = 168;
export const INPUTS = 5;
export const PEAKS = 24;
/** Numbers of one tail: 28 places with their weights, 8 values not yet sorted in, and 11 that were reckoned from them. */
export const PLACES = 28;
export const WAITING = 8;
export const TAIL = 2 * PLACES + WAITING + 11;
export const STATISTICS = 14;

/** Raised with every change of what the numbers mean: older memories are learned anew. */
const VERSION = 1;
const MAGIC = 0x53434f00 | VERSION;
const HEADER = 8;

const WIDE = AT.count * 8;
const SIZES = [3 * WEEK_HOURS, INPUTS * (INPUTS + 2), 3 * PEAKS, STATISTICS * TAIL] as const;

/** Bytes of a stored memory: the same for every series and age. */
export const MEMORY_BYTES = HEADER + WIDE + 4 * SIZES.reduce((sum, size) => sum + size, 0);

/** Forgets what the series is like, and keeps when it was watched and what was said of it: for a level that nothing before knew. */
export function learnAnew(memory: Memory): void {
  const { now } = memory;
  const kept = [
    AT.firstMs,
    AT.lastMs,
    AT.counted,
    AT.sinceMs,
    AT.unusualMs,
    AT.alertMs,
    AT.silence,
    AT.said,
    AT.days,
  ].map((place) => [place, now[place]!] as const);
  for (const part of [now, memory.week, memory.predictor, memory.tails]) part.fill(0);
  for (const [place, value] of kept) now[place] = value;
}

export function newMemory(): Memory {
  return memoryOn(new ArrayBuffer(MEMORY_BYTES));
}

function memoryOn(buffer: ArrayBuffer): Memory {
  let start = HEADER + WIDE;
  const next = (size: number) => {
    const part = new Float32Array(buffer, start, size);
    start += 4 * size;
    return part;
  };
  return {
    bytes: new Uint8Array(buffer),
    now: new Float64Array(buffer, HEADER, AT.count),
    week: next(SIZES[0]),
    predictor: next(SIZES[1]),
    peaks: next(SIZES[2]),
    tails: next(SIZES[3]),
  };
}

/** A copy, with a check sum. */
export function writeMemory({ bytes }: Memory): Uint8Array {
  const copy = bytes.slice();
  const head = new Uint32Array(copy.buffer, 0, 2);
  head[0] = MAGIC;
  head[1] = checkSum(copy.buffer);
  return copy;
}

/** Throws `CorruptStateError` unless `writeMemory` of this version gave exactly these bytes. */
export function readMemory(bytes: Uint8Array): Memory {
  // A copy: it starts where numbers may, and nobody else writes into it.
  const copy = new Uint8Array(bytes);
  if (copy.length < HEADER) throw new CorruptStateError(`it has ${copy.length} bytes`);
  const [magic = 0, sum] = new Uint32Array(copy.buffer, 0, 2);
  if (magic >>> 8 !== MAGIC >>> 8) throw new CorruptStateError("it does not begin as one");
  if (magic !== MAGIC) throw new CorruptStateError(`it is of version ${magic & 0xff}, this one is ${VERSION}`);
  if (copy.length !== MEMORY_BYTES)
    throw new CorruptStateError(`it has ${copy.length} bytes in place of ${MEMORY_BYTES}`);
  if (checkSum(copy.buffer) !== sum) throw new CorruptStateError("its check sum is another");
  return memoryOn(copy.buffer);
}

/** FNV-1a over words of 32 bits. */
function checkSum(buffer: ArrayBufferLike): number {
  const words = new Uint32Array(buffer, HEADER);
  let sum = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) sum = Math.imul(sum ^ words[i]!, 0x01000193);
  return sum >>> 0;
}
