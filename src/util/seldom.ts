/**
 * Calls `work` at once, and while it is asked for again within `ms` milliseconds, once more at their end for all of these calls. Does not
 * keep the process alive.
 */
export function seldom(ms: number, work: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isWanted = false;
  const rest = () => {
    timer = setTimeout(() => {
      timer = undefined;
      if (!isWanted) return;
      isWanted = false;
      work();
      rest();
    }, ms);
    timer.unref();
  };
  return () => {
    if (timer !== undefined) {
      isWanted = true;
      return;
    }
    work();
    rest();
  };
}
