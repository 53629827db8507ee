export type Turns = {
  /** Settles as the work does. Rejects with the signal's reason when that fires before the work has begun. */
  <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /**
   * For a part of a work in which it only waits for somebody else: meanwhile another has its place, and it takes the next one that
   * is free afterwards. To be called from within a work only.
   */
  aside<T>(part: () => Promise<T>): Promise<T>;
};

/** Lets at most `most` works run at once; the others begin in the order in which they came. */
export function turns(most: number): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;
  async function enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (running < most) {
      running++;
      return;
    }
    const turn = Promise.withResolvers<void>();
    const giveUp = () => {
      const at = waiting.indexOf(turn.resolve);
      if (at < 0) return; // its turn has come
      waiting.splice(at, 1);
      turn.reject(signal?.reason);
    };
    waiting.push(turn.resolve);
    signal?.addEventListener("abort", giveUp, { once: true });
    await turn.promise.finally(() => signal?.removeEventListener("abort", giveUp));
  }
  /** Whoever had a place before needs it for a moment only. */
  async function enterAgain(): Promise<void> {
    if (running < most) running++;
    else await new Promise<void>((resolve) => waiting.unshift(resolve));
  }
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next(); // it takes this place over, so that nobody else can
  }
  async function inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }
  async function aside<T>(part: () => Promise<T>): Promise<T> {
    leave();
    try {
      return await part();
    } finally {
      await enterAgain();
    }
  }
  return Object.assign(inTurn, { aside });
}
