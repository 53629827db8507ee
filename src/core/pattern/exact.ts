/** Exact tests of small counts, and how many of them may be believed. */

/**
 * Probability that at least `hits` of `trials` have what they have, when `others` more, of which `otherHits` have it, are no different: the
 * upper tail of the hypergeometric distribution. R. A. Fisher, Statistical Methods for Research Workers, 5th ed. (1934), § 21.02.
 */
export function fisherTail(hits: number, trials: number, otherHits: number, others: number): number {
  const all = trials + others;
  const marked = hits + otherHits;
  const whole = logChoose(all, marked);
  let sum = 0;
  for (let k = hits; k <= Math.min(trials, marked); k++)
    sum += Math.exp(logChoose(trials, k) + logChoose(others, marked - k) - whole);
  return Math.min(1, sum);
}

/**
 * The largest probability that still counts, when so many were looked at and a share `rate` of those that count may be wrong: 0 when none does.
 * Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57 (1995).
 */
export function believedUpTo(probabilities: readonly number[], rate: number): number {
  const sorted = [...probabilities].sort((a, b) => a - b);
  return sorted.findLast((p, at) => p <= ((at + 1) / sorted.length) * rate) ?? 0;
}

/** Logarithm of how many ways there are to take `k` of `n`; minus infinity where there is none. */
function logChoose(n: number, k: number): number {
  return k < 0 || k > n ? Number.NEGATIVE_INFINITY : logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

const FACTORIALS = [0];

function logFactorial(n: number): number {
  for (let i = FACTORIALS.length; i <= n; i++) FACTORIALS.push(FACTORIALS[i - 1]! + Math.log(i));
  return FACTORIALS[n]!;
}
