import { type DetectorOptions, type Direction, SeriesDetector, type Usual, type Verdict } from "./detector.ts";
import { explainForest, type Forest, fitForest, randomOf, scoreForest } from "./forest.ts";
import { inverted } from "./inverse.ts";
import {
  featuresIn,
  JOINT,
  type JointMemory,
  newJointMemory,
  PART_ROWS,
  PARTS,
  readJointMemory,
  writeJointMemory,
} from "./joint-memory.ts";
import { MEMORY_BYTES } from "./memory.ts";
import { learn, quantileOf } from "./tails.ts";

export type JointOptions = Pick<DetectorOptions, "stepSeconds" | "threshold"> & {
  /** How many: 3 to 8. */
  readonly metrics: number;
  readonly trees: number;
  /** Share of points that count as unusual together; see `JointDetector`. */
  readonly contamination: number;
  /** The same forest for the same seed and rows. */
  readonly seed: number;
};

/** One metric that sets a point apart. */
export type Carrier = {
  /** Which one, in the order of the values. */
  readonly metric: number;
  /** Its share of what sets the point apart, 0 to 1. */
  readonly share: number;
  readonly value: number;
  readonly direction: "up" | "down";
  /** Where nine of ten of its values are when the other metrics are as they are. */
  readonly expected: Usual;
};

/** How its score is watched: as a single series is by default. */
const WATCHED = { direction: "up", sensitivity: "normal" } as const;
/** Values that fade to 1/e: a week of them. */
const MEMORY_SECONDS = 7 * 86_400;
/** Rows before deviations are cut down, and how far they are then. */
const SETTLED = 60;
const CLIP = 4;
const MOST = 8;
/** Added to each metric's own variance, so that metrics that always go together stay solvable. */
const RIDGE = 0.02;
/** Seconds, and least points, of the running mean of a feature, and of the score. */
const SHORT = { seconds: 300, points: 2 };
const STEADY = { seconds: 600, points: 5 };
/** The first trees are grown after so many hours and rows, and after that a part of them so often. */
const FIRST_HOURS = 12;
const FIRST_ROWS = 160;
const ANEW_HOURS = 24;
/** It has to last so long, and for so many points, and ends after so many that are usual. */
const LASTING_SECONDS = 900;
const LASTING_POINTS = 5;
const CALM_POINTS = 2;
/** What was rare enough for an alert, and no trouble yet, may still become one for so long after it was last beyond the cut. */
const ALARM_MS = 3_600_000;
/** So much of the range of what was seen a row may lie beyond it: so far single points of quiet things do. */
const FAR = 0.5;
/** A metric carries it with at least so much of an even share. */
const CARRIES = 0.6;

const HOUR_MS = 3_600_000;

/**
 * Watches several metrics of one thing together: cpu that is high while traffic is low, each of them usual by itself. Causal; its memory
 * is bounded and one block. Never throws on a point.
 *
 * Each metric is scaled robustly (running mean and deviation, outliers cut down), and of each is kept what the others do not explain: its
 * distance from what they let expect, by the inverse of how they go together (Idé, Lozano, Abe and Liu, "Proximity-based anomaly
 * detection using sparse structure learning", SDM 2009). A forest cuts one feature at a time and is blind between two that go together
 * (Hariri, Kind and Brunner, "Extended isolation forest", TKDE 33, 2021); along these features it is not. An isolation forest on them, and on their
 * mean over some points, scores each point; a fifth of its trees is grown anew every day, from rows drawn evenly from that day
 * (Vitter, "Random sampling with a reservoir", 1985). How rare a score is in its own past is judged as for any single series, by a
 * `SeriesDetector`; and it has to last.
 */
export class JointDetector {
  readonly #options: JointOptions;
  readonly #memory: JointMemory;
  readonly #series: SeriesDetector;
  readonly #parts: Forest[] = [];
  readonly #features: Float64Array;
  readonly #scaled: Float64Array;
  readonly #values: Float64Array;
  /** Of each feature, the ends of what the trees were grown from. */
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  #precision: Float64Array;

  constructor(options: JointOptions, stored?: Uint8Array) {
    const { metrics, stepSeconds, threshold = 1 } = options;
    const detector = { stepSeconds, threshold, ...WATCHED };
    this.#options = options;
    const own = stored === undefined ? 0 : stored.length - MEMORY_BYTES;
    this.#memory =
      stored === undefined ? newJointMemory(metrics) : readJointMemory(stored.subarray(0, Math.max(0, own)), metrics);
    this.#series =
      stored === undefined ? new SeriesDetector(detector) : SeriesDetector.fromBytes(stored.subarray(own), detector);
    this.#features = new Float64Array(featuresIn(metrics));
    this.#low = new Float64Array(featuresIn(metrics));
    this.#high = new Float64Array(featuresIn(metrics));
    this.#scaled = new Float64Array(metrics);
    this.#values = new Float64Array(metrics);
    this.#precision = new Float64Array(metrics * metrics);
    if (this.#memory.now[JOINT.grown]! > 0) for (let part = 0; part < PARTS; part++) this.#grow(part);
  }

  /** Unix ms of the newest row. 0 before the first. */
  get last(): number {
    return this.#memory.now[JOINT.lastMs]!;
  }

  /** Memory as bytes, for the store. */
  toBytes(): Uint8Array {
    const own = writeJointMemory(this.#memory);
    const series = this.#series.toBytes();
    const all = new Uint8Array(own.length + series.length);
    all.set(own);
    all.set(series, own.length);
    return all;
  }

  /** What `toBytes` gave. Throws `CorruptStateError` for anything else. */
  static fromBytes(bytes: Uint8Array, options: JointOptions): JointDetector {
    return new JointDetector(options, bytes);
  }

  /**
   * Judges one row, a value of each metric at `at` (unix ms), and learns from it. `directions`: for each metric, which way from what the others
   * let expect is trouble. The verdict's value is the forest's score (0.5 is usual, near
   * 1 is set apart), its alert comes once that was rare and has lasted. Undefined while the first rows are gathered, and for rows that are
   * late or hold something that is no number.
   */
  observe(at: number, values: readonly number[], directions: readonly Direction[]): Verdict | undefined {
    const { now, scores } = this.#memory;
    if (!(at > now[JOINT.lastMs]!) || values.some((value) => !Number.isFinite(value))) return undefined;
    now[JOINT.lastMs] = at;
    this.#values.set(values);
    this.#takeIn(values);
    if (now[JOINT.seen]! <= SETTLED) return undefined;
    const found = this.#parts.length === PARTS ? this.#score() : undefined;
    this.#draw(at);
    if (found === undefined) return undefined;
    // One point alone says little, and a score cannot grow beyond 1: what tells is that it stays up.
    const before = now[JOINT.score]!;
    const score = before === 0 ? found : before + (found - before) / this.#pointsOf(STEADY);
    now[JOINT.score] = score;
    const cut = quantileOf(scores, 0, 1 - this.#options.contamination);
    learn(scores, 0, score, this.#fading);
    const verdict = this.#series.observe(at, score);
    return this.#lasting(verdict, score > cut, directions);
  }

  /** Metrics that set the newest row apart, the one that does most first. Empty where none stands out. */
  carriers(): readonly Carrier[] {
    if (this.#parts.length < PARTS) return [];
    const metrics = this.#values.length;
    const shares = new Float64Array(metrics);
    for (const part of this.#parts) {
      const own = explainForest(part, this.#features);
      for (let i = 0; i < own.length; i++) shares[i % metrics]! += own[i]! / PARTS;
    }
    return [...shares]
      .map((share, metric) => ({ metric, share, ...this.#expectation(metric) }))
      .filter(({ share, value, expected }) => {
        const isOut = value < expected.low || value > expected.high;
        return isOut && share >= CARRIES / metrics;
      })
      .sort((a, b) => b.share - a.share);
  }

  get #fading(): number {
    return MEMORY_SECONDS / this.#options.stepSeconds;
  }

  #pointsOf({ seconds, points }: typeof SHORT): number {
    return Math.max(points, seconds / this.#options.stepSeconds);
  }

  /** Scales the values, fills the features, and learns how metrics go together. */
  #takeIn(values: readonly number[]): void {
    const { now, mean, variance, together } = this.#memory;
    const metrics = values.length;
    const seen = now[JOINT.seen]!;
    now[JOINT.seen] = seen + 1;
    const share = 1 / Math.min(seen + 1, this.#fading);
    const isSettled = seen >= SETTLED;
    const scaled = this.#scaled;
    for (let i = 0; i < metrics; i++) {
      const off = seen === 0 ? 0 : values[i]! - mean[i]!;
      const deviation = Math.sqrt(variance[i]!);
      scaled[i] = deviation > 0 ? Math.max(-MOST, Math.min(MOST, off / deviation)) : 0;
    }
    if (isSettled) this.#unexplained();
    const cut = (value: number) => (isSettled ? Math.max(-CLIP, Math.min(CLIP, value)) : value);
    for (let i = 0; i < metrics; i++)
      for (let j = 0; j < metrics; j++) {
        const at = i * metrics + j;
        together[at] = together[at]! + share * (cut(scaled[i]!) * cut(scaled[j]!) - together[at]!);
      }
    for (let i = 0; i < metrics; i++) {
      if (seen === 0) mean[i] = values[i]!;
      const deviation = Math.sqrt(variance[i]!);
      const off = values[i]! - mean[i]!;
      const held = isSettled ? Math.max(-CLIP * deviation, Math.min(CLIP * deviation, off)) : off;
      // A constant that begins to move: there is no deviation to cut it down to.
      const moved = isSettled && deviation === 0 ? off : held;
      mean[i] = mean[i]! + share * moved;
      variance[i] = variance[i]! + share * (moved * moved - variance[i]!);
    }
  }

  /** What the others do not explain of each metric, in its deviations, and the running mean of that. */
  #unexplained(): void {
    const { together, short } = this.#memory;
    const metrics = this.#scaled.length;
    const points = this.#pointsOf(SHORT);
    this.#precision = inverted(together, metrics, RIDGE);
    for (let i = 0; i < metrics; i++) {
      let sum = 0;
      for (let j = 0; j < metrics; j++) sum += this.#precision[i * metrics + j]! * this.#scaled[j]!;
      const off = sum / this.#precision[i * metrics + i]!;
      short[i] = short[i]! + (off - short[i]!) / points;
      this.#features[i] = off;
      this.#features[metrics + i] = short[i]!;
    }
  }

  /**
   * The score of all trees: the mean path over all of them, as of one forest. A path ends where no row was seen any more, however far beyond
   * that this one is, so how far is added once it is more than half of the range that was seen: the score counts double at one and a half of it.
   */
  #score(): number {
    const row = { data: this.#features, columns: this.#features.length };
    let log = 0;
    for (const part of this.#parts) log += Math.log(scoreForest(part, row)[0]!);
    let far = 0;
    for (let i = 0; i < row.columns; i++) {
      const [low, high] = [this.#low[i]!, this.#high[i]!];
      const beyond = Math.max(low - row.data[i]!, row.data[i]! - high);
      if (beyond > 0 && high > low) far = Math.max(far, beyond / (high - low));
    }
    return Math.exp(log / PARTS) * (1 + Math.log2(1 + Math.max(0, far - FAR)));
  }

  /** Draws rows for the next trees, and grows these when it is time. */
  #draw(at: number): void {
    const { now, rows } = this.#memory;
    const columns = this.#features.length;
    const isFirst = now[JOINT.grown] === 0;
    if (now[JOINT.drawn] === 0) now[JOINT.drawingMs] = at;
    const drawn = now[JOINT.drawn]!;
    now[JOINT.drawn] = drawn + 1;
    // The first time all parts are filled at once, later the place after them.
    const places = isFirst ? PARTS * PART_ROWS : PART_ROWS;
    const place = drawn < places ? drawn : Math.floor(randomOf(this.#options.seed + drawn)() * (drawn + 1));
    const spread = isFirst ? (place % PARTS) * PART_ROWS + Math.floor(place / PARTS) : PARTS * PART_ROWS + place;
    if (place < places) rows.set(this.#features, spread * columns);
    const hours = (at - now[JOINT.drawingMs]!) / HOUR_MS;
    if (isFirst) {
      if (hours < FIRST_HOURS || now[JOINT.drawn]! < FIRST_ROWS) return;
      for (let part = 0; part < PARTS; part++) {
        now[JOINT.counts + part] = Math.floor(Math.min(places, now[JOINT.drawn]!) / PARTS);
        now[JOINT.seeds + part] = part * this.#options.trees;
        this.#grow(part);
      }
    } else {
      if (hours < ANEW_HOURS || now[JOINT.drawn]! < PART_ROWS) return;
      const part = (now[JOINT.grown]! - 1) % PARTS;
      rows.copyWithin(part * PART_ROWS * columns, PARTS * PART_ROWS * columns);
      now[JOINT.counts + part] = PART_ROWS;
      now[JOINT.seeds + part] = (now[JOINT.grown]! + PARTS) * this.#options.trees;
      this.#grow(part);
    }
    now[JOINT.grown] = now[JOINT.grown]! + 1;
    now[JOINT.drawn] = 0;
  }

  #grow(part: number): void {
    const { now, rows } = this.#memory;
    const columns = this.#features.length;
    const from = part * PART_ROWS * columns;
    const data = Float64Array.from(rows.subarray(from, from + now[JOINT.counts + part]! * columns));
    const { trees, seed } = this.#options;
    const own = Math.max(1, Math.round(trees / PARTS));
    for (let column = 0; column < columns; column++) {
      const own = this.#seenOf(column);
      this.#low[column] = own[0] ?? 0;
      this.#high[column] = own.at(-1) ?? 0;
    }
    this.#parts[part] = fitForest(
      { data, columns },
      { trees: own, sample: PART_ROWS, seed: seed + now[JOINT.seeds + part]! },
    );
  }

  /** Values of a feature that the trees were grown from, in order. */
  #seenOf(feature: number): readonly number[] {
    const { now, rows } = this.#memory;
    const columns = this.#features.length;
    const values: number[] = [];
    for (let part = 0; part < PARTS; part++)
      for (let row = 0; row < now[JOINT.counts + part]!; row++)
        values.push(rows[(part * PART_ROWS + row) * columns + feature]!);
    return values.sort((a, b) => a - b);
  }

  /** An alert once the score was rare, has lasted, and goes a way that is trouble. */
  #lasting(verdict: Verdict, isBeyond: boolean, directions: readonly Direction[]): Verdict {
    const { now } = this.#memory;
    if (isBeyond) {
      if (now[JOINT.beyond] === 0) now[JOINT.beganMs] = verdict.at;
      now[JOINT.beyond] = now[JOINT.beyond]! + 1;
      now[JOINT.calm] = 0;
    } else if (now[JOINT.beyond]! > 0) {
      now[JOINT.calm] = now[JOINT.calm]! + 1;
      if (now[JOINT.calm]! >= CALM_POINTS) for (const place of [JOINT.beyond, JOINT.calm]) now[place] = 0;
    }
    if (verdict.at - now[JOINT.alarmMs]! > ALARM_MS) now[JOINT.alarmMs] = 0;
    if (verdict.isAlert || (isBeyond && now[JOINT.alarmMs]! > 0)) now[JOINT.alarmMs] = verdict.at;
    const beyond = now[JOINT.beyond]!;
    const lasts = beyond >= LASTING_POINTS && beyond * this.#options.stepSeconds >= LASTING_SECONDS;
    const isAlert = isBeyond && lasts && now[JOINT.alarmMs]! > 0 && isTrouble(this.carriers(), directions);
    const since = beyond > 0 ? now[JOINT.beganMs]! : verdict.at;
    if (isAlert) return { ...verdict, isAlert, severity: "warning", since, quiet: undefined };
    return { ...verdict, isAlert, severity: undefined, since, quiet: verdict.quiet ?? { kind: "usual" } };
  }

  /** Where the others let this metric be, by the rows that the trees were grown from. */
  #expectation(metric: number): Pick<Carrier, "value" | "expected" | "direction"> {
    const { variance } = this.#memory;
    const deviation = Math.sqrt(variance[metric]!);
    const value = this.#values[metric]!;
    const typical = value - this.#features[metric]! * deviation;
    const usual = this.#seenOf(metric);
    const at = (q: number) => typical + (usual[Math.floor(q * (usual.length - 1))] ?? 0) * deviation;
    return { value, direction: value < typical ? "down" : "up", expected: { low: at(0.05), typical, high: at(0.95) } };
  }
}

/** One that goes the way that is trouble; or all that carry it have no such way. */
function isTrouble(carriers: readonly Carrier[], directions: readonly Direction[]): boolean {
  if (carriers.length === 0) return false;
  const sided = carriers.filter(({ metric }) => (directions[metric] ?? "both") !== "both");
  return sided.length === 0 || sided.some(({ metric, direction }) => directions[metric] === direction);
}
