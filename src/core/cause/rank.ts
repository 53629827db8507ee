/** What an explanation needs, to be weighed against others. */
export type Weighed = {
  /** 0..1: how likely something of this kind explains such a symptom, and how near it is to the thing in question. */
  readonly prior: number;
  /** 0..1: size of the change. */
  readonly strength: number;
  /** Unix seconds when it began, if known. */
  readonly since: number | undefined;
};

const HOUR = 3600;

/**
 * How well a beginning fits the symptom's: 1 from `reach` seconds before it to `slack` after it, halved with every further
 * `reach` before, and little for what began clearly later, which is rather an effect. 0.6 when unknown.
 * @param slack seconds by which either beginning may be wrong (the step of the query it was read from)
 */
export function closeness(
  since: number | undefined,
  onset: number | undefined,
  reach = 0.75 * HOUR,
  slack = 600,
): number {
  if (since === undefined || onset === undefined) return 0.6;
  const early = onset - since;
  if (early < -slack) return Math.max(0.15, 0.5 * 2 ** (-(-early - slack) / HOUR));
  return early <= reach ? 1 : Math.max(0.1, 2 ** (-(early - reach) / reach));
}

/** 0..1. Size counts for less than kind and time: a small change at the right moment beats a big one at a wrong one. */
export function score(
  { prior, strength, since }: Weighed,
  onset: number | undefined,
  reach?: number,
  slack?: number,
): number {
  return prior * (0.4 + 0.6 * strength) * closeness(since, onset, reach, slack);
}

/** Best first; equal ones keep their order. */
export function ranked<T extends Weighed>(
  list: readonly T[],
  onset: number | undefined,
  reach?: number,
  slack?: number,
): (T & { readonly score: number })[] {
  return list.map((one) => ({ ...one, score: score(one, onset, reach, slack) })).sort((a, b) => b.score - a.score);
}
