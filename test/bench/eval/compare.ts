/** What one question came to, in the eyes of a scorer. */
export type Mark = { readonly right: boolean; readonly intentRight: boolean; readonly unsafe: boolean };
export type Marks = ReadonlyMap<string, Mark>;

export type Total = {
  readonly asked: number;
  readonly right: number;
  readonly intents: number;
  readonly unsafe: number;
};

export function totalOf(marks: Marks): Total {
  const count = (is: (mark: Mark) => boolean) => [...marks.values()].filter(is).length;
  return {
    asked: marks.size,
    right: count(({ right }) => right),
    intents: count(({ intentRight }) => intentRight),
    unsafe: count(({ unsafe }) => unsafe),
  };
}

/** Whether a total is below another: fewer right answers, or more that are unsafe. */
export function isBelow(total: Total, other: Total): boolean {
  return total.right < other.right || total.unsafe > other.unsafe;
}

/** Questions that were right in the first round and are not in the second, or became unsafe. */
export function lostIn(second: Marks, first: Marks): readonly string[] {
  return [...first].flatMap(([id, { right, unsafe }]) => {
    const later = second.get(id);
    const isLost = right && later?.right !== true;
    return isLost || (!unsafe && later?.unsafe === true) ? [id] : [];
  });
}

export type Pairs = {
  readonly wins: readonly string[];
  readonly ties: number;
  readonly losses: readonly string[];
  readonly p: number;
};

/** The second round against the first, question by question: safe before right, right before well understood. */
export function inPairs(first: Marks, second: Marks): Pairs {
  const worth = (mark: Mark | undefined) =>
    mark === undefined ? -1 : (mark.unsafe ? 0 : 4) + (mark.right ? 2 : 0) + (mark.intentRight ? 1 : 0);
  const ids = [...first.keys()];
  const wins = ids.filter((id) => worth(second.get(id)) > worth(first.get(id)));
  const losses = ids.filter((id) => worth(second.get(id)) < worth(first.get(id)));
  return { wins, losses, ties: ids.length - wins.length - losses.length, p: signTest(wins.length, losses.length) };
}

/**
 * The two-sided sign test: how likely a split at least so uneven is when both are equally good. Ties are left out (Dixon and Mood,
 * "The statistical sign test", 1946). 1 where there is nothing to compare.
 */
export function signTest(wins: number, losses: number): number {
  const n = wins + losses;
  const fewer = Math.min(wins, losses);
  let term = 0.5 ** n;
  let tail = 0;
  for (let k = 0; k <= fewer; k++) {
    tail += term;
    term *= (n - k) / (k + 1);
  }
  return Math.min(1, 2 * tail);
}
