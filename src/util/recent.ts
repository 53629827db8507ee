/** How long what `recent` found is good for, and how long one caller waits. Milliseconds. */
export type RecentTimes = { readonly keepMs: number; readonly keepFailureMs: number; readonly patienceMs: number };

/**
 * Shares one look at something that costs: however many ask, one `work` runs at a time, what it came to is told again for
 * `keepMs` (`keepFailureMs` when it rejected), and nobody waits longer than `patienceMs` after it began. Who would have to
 * gets a rejection that says `late`; the work goes on, and those who ask later get what it came to. `now` is in
 * milliseconds.
 */
export function recent<T>(
  work: () => Promise<T>,
  late: string,
  { keepMs, keepFailureMs, patienceMs }: RecentTimes,
  now: () => number,
): () => Promise<T> {
  let latest: { readonly result: Promise<T>; readonly began: number; until: number } | undefined;

  function begin(): NonNullable<typeof latest> {
    const mine = { result: work(), began: now(), until: Number.POSITIVE_INFINITY };
    mine.result.then(
      () => {
        mine.until = now() + keepMs;
      },
      () => {
        mine.until = now() + keepFailureMs;
      },
    );
    return mine;
  }

  return () => {
    if (latest === undefined || now() >= latest.until) latest = begin();
    const { result, began, until } = latest;
    return until === Number.POSITIVE_INFINITY ? within(result, began + patienceMs - now(), late) : result;
  };
}

/** Waits at most so long. What has settled already is told though no time is left. */
function within<T>(work: Promise<T>, ms: number, late: string): Promise<T> {
  const tooLate = Promise.withResolvers<T>();
  const timer = setTimeout(() => tooLate.reject(new Error(late)), Math.max(0, ms));
  return Promise.race([work, tooLate.promise]).finally(() => clearTimeout(timer));
}
