export type EventLoop = {
  /**
   * Seconds for which what comes in at a random moment waits until it is looked at, on average: of the last two stretches of some
   * seconds the better one, so that a single pause, as at the start, does not count.
   */
  readonly wait: () => number;
  readonly stop: () => void;
};

/** Milliseconds between two looks at the clock. */
const TICK = 20;

/**
 * Measures how busy this process's event loop is, by how late a timer comes. Who comes in at a random moment falls into a pause of length x
 * with a probability in proportion to x, and waits half of it: E(x²) / 2 E(x), the waiting time paradox. Not Node's `monitorEventLoopDelay`:
 * it loses the first pause after each reset, so that the longest ones would go unseen.
 */
export function watchEventLoop(stretchMs = 2500): EventLoop {
  let [before, last] = [0, 0];
  let [sum, squares] = [0, 0];
  let seen = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const pause = now - seen;
    seen = now;
    sum += pause;
    squares += pause * pause;
    if (sum < stretchMs) return;
    before = last;
    last = Math.max(0, squares / (2 * sum) - TICK / 2) / 1000;
    [sum, squares] = [0, 0];
  }, TICK);
  timer.unref();
  return { wait: () => Math.min(before, last), stop: () => clearInterval(timer) };
}
