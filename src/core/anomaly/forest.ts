/**
 * An isolation forest (Liu, Ting and Zhou, "Isolation forest", ICDM 2008) on typed arrays: rows that a few random cuts set apart from
 * the others are anomalous. Used over several metrics of one entity together, and to say which feature sets a row apart; a
 * single metric is judged by `detector.ts`, which is better at it (README, "Detection").
 */

export type ForestOptions = {
  /** 100 by default: 500 gain nothing. */
  readonly trees?: number;
  /** Rows that each tree sees, 256 by default (the paper's). */
  readonly sample?: number;
  /** The same forest for the same seed and rows. */
  readonly seed?: number;
  /** Share of the rows that are taken for anomalies: sets `cut`. Without it the cut is the paper's 0.6. */
  readonly contamination?: number;
};

/** Rows one after the other, `columns` numbers each. */
export type Matrix = { readonly data: Float64Array; readonly columns: number };

export type Forest = {
  readonly columns: number;
  readonly trees: number;
  readonly sample: number;
  readonly seed: number;
  readonly contamination: number | undefined;
  /** Score beyond which a row counts as anomalous. */
  readonly cut: number;
  /** Nodes of all trees, `stride` places for each tree, the children of a node side by side. */
  readonly stride: number;
  /** The feature that a node cuts, -1 in a leaf. */
  readonly feature: Int16Array;
  /** Where it cuts; in a leaf the length of the path to it, what is below estimated. */
  readonly at: Float64Array;
  /** The left child; the right one follows it. */
  readonly child: Int32Array;
  /** How often it was refitted, which decides the trees that go next. */
  readonly refits: number;
};

/** From about here on rows are set apart for sure (Liu et al., section 2). */
const USUAL_CUT = 0.6;
const EULER = 0.5772156649015329;

/** Mean length of an unsuccessful search in a binary tree of `n`: what a leaf of n rows stands for (equation 1). */
export function meanPath(n: number): number {
  if (n <= 1) return 0;
  return n === 2 ? 1 : 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/** Grows a forest. Rows with a number that is not finite are not learned from. Throws `RangeError` without two rows to learn from. */
export function fitForest(matrix: Matrix, options: ForestOptions = {}): Forest {
  const { trees = 100, sample = 256, seed = 1, contamination } = options;
  const isShare = contamination === undefined || (contamination > 0 && contamination < 0.5);
  if (!(trees >= 1) || !(sample >= 2) || !isShare)
    throw new RangeError("A forest wants at least one tree, a sample of two, and a contamination between 0 and 0.5.");
  const rows = finiteRows(matrix);
  if (rows.length < 2)
    throw new RangeError(`A forest wants at least two rows of finite numbers: it got ${rows.length}.`);
  const size = Math.min(sample, rows.length);
  const stride = 2 * size - 1;
  const forest = {
    columns: matrix.columns,
    trees,
    sample: size,
    seed,
    contamination,
    cut: USUAL_CUT,
    stride,
    feature: new Int16Array(trees * stride),
    at: new Float64Array(trees * stride),
    child: new Int32Array(trees * stride),
    refits: 0,
  };
  for (let tree = 0; tree < trees; tree++) grow(forest, tree, matrix, rows, seed + tree);
  return { ...forest, cut: cutOf(forest, matrix, rows) };
}

/**
 * A forest of which `share` of the trees, the oldest first, were grown anew on these rows: it follows a slow change without
 * forgetting all at once. The given forest stays as it is.
 */
export function refitForest(forest: Forest, matrix: Matrix, share = 0.2): Forest {
  if (matrix.columns !== forest.columns)
    throw new RangeError(`The forest knows ${forest.columns} features: these rows have ${matrix.columns}.`);
  const rows = finiteRows(matrix);
  if (rows.length < forest.sample) return forest;
  const count = Math.max(1, Math.round(forest.trees * share));
  const next = {
    ...forest,
    feature: forest.feature.slice(),
    at: forest.at.slice(),
    child: forest.child.slice(),
    refits: forest.refits + 1,
  };
  for (let i = 0; i < count; i++) {
    const tree = (forest.refits * count + i) % forest.trees;
    const from = tree * forest.stride;
    for (const part of [next.feature, next.at, next.child]) part.fill(0, from, from + forest.stride);
    grow(next, tree, matrix, rows, forest.seed + forest.trees + forest.refits * count + i);
  }
  return { ...next, cut: cutOf(next, matrix, rows) };
}

/** Scores from 0 to 1 (equation 2): 0.5 is usual, near 1 is set apart at once. A row with a number that is not finite scores 0.5. */
export function scoreForest(forest: Forest, { data, columns }: Matrix): Float64Array {
  const { trees, stride, feature, at, child } = forest;
  const rows = data.length / columns;
  const paths = new Float64Array(rows);
  // Tree by tree: one tree stays in the cache while all rows walk it.
  for (let tree = 0; tree < trees; tree++) {
    const root = tree * stride;
    for (let row = 0, start = 0; row < rows; row++, start += columns) {
      let node = root;
      let cut = feature[node]!;
      while (cut >= 0) {
        node = root + child[node]! + (data[start + cut]! < at[node]! ? 0 : 1);
        cut = feature[node]!;
      }
      paths[row]! += at[node]!;
    }
  }
  const scale = -1 / (trees * meanPath(forest.sample));
  for (let row = 0; row < rows; row++) {
    const score = 2 ** (paths[row]! * scale);
    paths[row] = isWhole(data, row * columns, columns) ? score : 0.5;
  }
  return paths;
}

/**
 * Which features set a row apart: for each, the share (0 to 1, adding up to 1) of what its cuts shortened the path by, against halving
 * the rows at each cut. All 0 for a row that nothing sets apart. (Depth-based importance: Carletti et al., DIFFI, 2019,
 * for one row.)
 */
export function explainForest(forest: Forest, row: Float64Array): Float64Array {
  const { trees, stride, feature, at, child, sample } = forest;
  const shares = new Float64Array(forest.columns);
  for (let tree = 0; tree < trees; tree++) {
    const root = tree * stride;
    let [node, depth] = [root, 0];
    const path: number[] = [];
    while (feature[node]! >= 0) {
      path.push(feature[node]!);
      node = root + child[node]! + (row[feature[node]!]! < at[node]! ? 0 : 1);
      depth++;
    }
    // The last cut is the one that set it apart; those before count for less, as they hold more others.
    const gained = Math.max(0, meanPath(sample) - at[node]!);
    for (const [i, cut] of path.entries()) shares[cut]! += gained * 2 ** (i + 1 - depth);
  }
  const sum = shares.reduce((all, one) => all + one, 0);
  if (sum > 0) for (let i = 0; i < shares.length; i++) shares[i]! /= sum;
  return shares;
}

type Growing = Pick<Forest, "columns" | "stride" | "sample" | "feature" | "at" | "child">;

/** What growing one tree works on: its rows, column after column so that a cut reads one stretch of memory. */
type Ground = { readonly own: Float64Array; readonly order: Uint32Array; feature: number; at: number };

function grow(forest: Growing, tree: number, matrix: Matrix, rows: Int32Array, seed: number): void {
  const { stride, sample, columns, feature, at, child } = forest;
  const root = tree * stride;
  const most = Math.ceil(Math.log2(sample));
  const random = randomOf(seed);
  const ground = drawn(matrix, rows, sample, random);
  // Nodes that wait: where they are, which part of the order they hold, how deep they lie.
  const waiting = [0, 0, sample, 0];
  let next = 1;
  while (waiting.length > 0) {
    const depth = waiting.pop()!;
    const end = waiting.pop()!;
    const start = waiting.pop()!;
    const node = waiting.pop()!;
    if (depth >= most || end - start < 2 || !pickCut(ground, columns, start, end, random)) {
      feature[root + node] = -1;
      at[root + node] = depth + meanPath(end - start);
      continue;
    }
    const middle = divide(ground, start, end);
    feature[root + node] = ground.feature;
    at[root + node] = ground.at;
    child[root + node] = next;
    waiting.push(next + 1, middle, end, depth + 1, next, start, middle, depth + 1);
    next += 2;
  }
}

/** Picks a feature that differs among the rows, and a place between its least and greatest. False when all rows are alike. */
function pickCut(ground: Ground, columns: number, start: number, end: number, random: () => number): boolean {
  const { own, order } = ground;
  const size = order.length;
  const first = Math.floor(random() * columns);
  for (let i = 0; i < columns; i++) {
    const feature = (first + i) % columns;
    const column = feature * size;
    let least = own[column + order[start]!]!;
    let most = least;
    for (let row = start + 1; row < end; row++) {
      const value = own[column + order[row]!]!;
      if (value < least) least = value;
      else if (value > most) most = value;
    }
    if (!(most > least)) continue;
    const at = least + random() * (most - least);
    ground.feature = feature;
    // Never the least itself: both sides hold a row.
    ground.at = at > least ? at : most;
    return true;
  }
  return false;
}

/** Rows below the cut to the left. Returns where the right ones begin. */
function divide({ own, order, feature, at }: Ground, start: number, end: number): number {
  const column = feature * order.length;
  let [left, right] = [start, end - 1];
  while (left <= right) {
    const row = order[left]!;
    if (own[column + row]! < at) left++;
    else {
      order[left] = order[right]!;
      order[right] = row;
      right--;
    }
  }
  return left;
}

/** `count` of the rows without repetition: the first of a shuffle (Fisher and Yates) that leaves `rows` in another order. */
function drawn({ data, columns }: Matrix, rows: Int32Array, count: number, random: () => number): Ground {
  const own = new Float64Array(count * columns);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(random() * (rows.length - i));
    const row = rows[other]!;
    rows[other] = rows[i]!;
    rows[i] = row;
    order[i] = i;
    for (let column = 0, from = row * columns, to = i; column < columns; column++, from++, to += count)
      own[to] = data[from]!;
  }
  return { own, order, feature: 0, at: 0 };
}

function finiteRows({ data, columns }: Matrix): Int32Array {
  const rows: number[] = [];
  for (let row = 0; (row + 1) * columns <= data.length; row++)
    if (isWhole(data, row * columns, columns)) rows.push(row);
  return Int32Array.from(rows);
}

function isWhole(data: Float64Array, start: number, columns: number): boolean {
  for (let i = start; i < start + columns; i++) if (!Number.isFinite(data[i]!)) return false;
  return true;
}

/** The score that `contamination` of these rows exceed; of at most 4,096 of them, spread evenly. */
function cutOf(forest: Forest, { data, columns }: Matrix, rows: Int32Array): number {
  if (forest.contamination === undefined) return USUAL_CUT;
  const count = Math.min(4096, rows.length);
  const some = new Float64Array(count * columns);
  for (let i = 0; i < count; i++) {
    const row = rows[Math.floor((i * rows.length) / count)]!;
    some.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  const scores = scoreForest(forest, { data: some, columns }).sort();
  return scores[Math.min(count - 1, Math.floor((1 - forest.contamination) * count))]!;
}

/** Numbers from 0 to below 1, the same ones for the same seed: mulberry32, public domain, Tommy Ettinger 2017. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
