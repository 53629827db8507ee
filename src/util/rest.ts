import { setTimeout as sleep } from "node:timers/promises";

/**
 * A rest between pieces of work, so that what comes meanwhile is dealt with together. Called after each piece with how many things it
 * dealt with: resolves at once while they are fewer than `many` within `ms` milliseconds, and after `ms` otherwise.
 */
export function restWhenBusy(ms: number, many: number): (things: number) => Promise<void> {
  let [since, count] = [Number.NEGATIVE_INFINITY, 0];
  return async (things) => {
    const now = performance.now();
    if (now - since > ms) [since, count] = [now, 0];
    count += things;
    if (count < many) return;
    await sleep(ms);
    [since, count] = [performance.now(), 0];
  };
}
