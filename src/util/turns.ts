export type Turns = {
  /** Settles as the work does. */
  <T>(work: () => Promise<T>): Promise<T>;
  /**
   * For a part of a work in which it only waits for somebody else: meanwhile another has its place, and it takes its turn again
   * afterwards. To be called from within a work only.
   */
  aside<T>(part: () => Promise<T>): Promise<T>;
};

/** Lets at most `most` works run at once; the others begin in the order in which they came. */
export function turns(most: number): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;
  async function enter(): Promise<void> {
    if (running < most) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next(); // it takes this place over, so that nobody else can
  }
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    await enter();
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
      await enter();
    }
  }
  return Object.assign(inTurn, { aside });
}
