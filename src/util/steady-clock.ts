/** A clock that never goes back. Times in unix seconds. */
export type SteadyClock = {
  readonly now: () => number;
  /** Somebody saw that it was so late already, such as a store that was written then. */
  readonly atLeast: (time: number) => void;
  /** The last jump forward: from when to when. */
  readonly leapt: () => Leap | undefined;
};

export type Leap = { readonly from: number; readonly to: number };

/** How far a clock may step before it is said. */
const STEP = 30;

/**
 * The wall clock, held up where it jumps back: from then on time passes as `elapsed` counts, which nobody sets, until the wall clock
 * has caught up. `wall` is unix seconds, `elapsed` seconds from anywhere. `stepped` is told of a jump: by how many seconds, negative
 * for one back. Jumps forward are followed, since they cannot be told from a machine that slept.
 */
export function steadyClock({
  wall,
  elapsed,
  stepped,
}: {
  readonly wall: () => number;
  readonly elapsed: () => number;
  readonly stepped: (seconds: number) => void;
}): SteadyClock {
  let base = { time: wall(), elapsed: elapsed() };
  let isBehind = false;
  let leap: Leap | undefined;

  function now(): number {
    const passed = Math.max(0, elapsed() - base.elapsed);
    const held = base.time + passed;
    const shown = wall();
    if (shown >= held) {
      if (shown - held > STEP) {
        leap = { from: held, to: shown };
        stepped(shown - held);
      }
      base = { time: shown, elapsed: elapsed() };
      isBehind = false;
      return shown;
    }
    if (!isBehind && held - shown > STEP) {
      isBehind = true;
      stepped(shown - held);
    }
    return held;
  }

  return {
    now,
    leapt: () => leap,
    atLeast(time) {
      if (time > now()) {
        const behind = time - wall();
        base = { time, elapsed: elapsed() };
        if (behind > STEP) {
          isBehind = true;
          stepped(-behind);
        }
      }
    },
  };
}
