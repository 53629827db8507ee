import { monitorEventLoopDelay } from "node:perf_hooks";

export type EventLoop = {
  /**
   * Seconds for which what comes in at a random moment waits until it is looked at, on average over the last whole stretch of some
   * seconds. One long pause counts less than many that follow each other.
   */
  readonly wait: () => number;
  readonly stop: () => void;
};

/** Milliseconds. */
const RESOLUTION = 20;
const NANO = 1e9;

/**
 * Measures how busy this process's event loop is, by Node's own histogram of delays. Who comes in at a random moment falls into a pause of
 * length x with a probability in proportion to x, and waits half of it: E(x²) / 2 E(x), the waiting time paradox.
 */
export function watchEventLoop(everyMs = 5000): EventLoop {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  delays.enable();
  let wait = 0;
  const timer = setInterval(() => {
    wait = delays.count === 0 ? 0 : waitOf(delays.mean / NANO, delays.stddev / NANO);
    delays.reset();
  }, everyMs);
  timer.unref();
  return {
    wait: () => wait,
    stop() {
      clearInterval(timer);
      delays.disable();
    },
  };
}

/** Both in seconds. An idle loop's pauses are the resolution. */
function waitOf(mean: number, deviation: number): number {
  return Math.max(0, (mean * mean + deviation * deviation) / (2 * mean) - RESOLUTION / 2000);
}
