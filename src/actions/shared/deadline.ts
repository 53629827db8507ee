import { setTimeout as sleep } from "node:timers/promises";

/** A limit of time that ends by itself or by somebody else's signal. */
export type Deadline = {
  /** Fires at the deadline, or when the outer signal does. */
  readonly signal: AbortSignal;
  /** True when the time was up, false when it was the outer signal or nothing yet. */
  passed(): boolean;
  /** Milliseconds left: 0 once it fired. */
  leftMs(): number;
  /** Lets go of the timer and the outer signal. Always call it. */
  clear(): void;
};

/** Starts a limit of `ms` milliseconds. It keeps no process alive. */
export function startDeadline(ms: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  const started = performance.now();
  let isPassed = false;
  const timer = setTimeout(
    () => {
      isPassed = true;
      controller.abort(new DOMException(`no end within ${ms / 1000} s`, "TimeoutError"));
    },
    Math.max(0, Math.min(ms, 2 ** 31 - 1)),
  );
  timer.unref();
  const leave = () => controller.abort(outer?.reason);
  if (outer?.aborted === true) leave();
  else outer?.addEventListener("abort", leave, { once: true });
  return {
    signal: controller.signal,
    passed: () => isPassed,
    leftMs: () => (controller.signal.aborted ? 0 : Math.max(0, ms - (performance.now() - started))),
    clear: () => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", leave);
    },
  };
}

/** Waits. False when the signal fired meanwhile. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  return await sleep(ms, true, { signal }).catch(() => false);
}

/** Stops waiting for `work` when the signal fires, and throws the signal's reason then. The work itself goes on. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
