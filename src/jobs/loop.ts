import { loggedApart } from "../util/log.ts";

/** Work that is done again and again, never twice at once. */
export type Loop = {
  /** There is something to do now. A call during a round makes another round after it. */
  readonly wake: () => void;
  /** Ends the rounds: lets the one under way end by itself within `graceMs`, and then tells it to. */
  readonly stop: (graceMs: number) => Promise<void>;
};

const LONGEST_MS = 60_000;
/** For what a round notes once it was told to end. */
const LAST_WORDS_MS = 500;

/**
 * `round` resolves with the seconds after which it wants to be called again, or undefined to wait for `wake`. When it
 * rejects, `onProblem` hears of it and it is called again after `retrySeconds`. Does not keep the process alive.
 */
export function startLoop(
  round: (signal: AbortSignal) => Promise<number | undefined>,
  onProblem: (problem: unknown) => void,
  retrySeconds = 5,
  /** Called again after so long at the latest, whatever a round wants: for what nobody here is woken by. */
  longestSeconds?: number,
): Loop {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isStopping = false;

  async function run(): Promise<void> {
    let pause: number | undefined;
    do {
      isWanted = false;
      pause = await round(stopping.signal).catch((problem: unknown) => {
        onProblem(problem);
        return retrySeconds;
      });
    } while (isWanted && !isStopping);
    running = undefined;
    const wanted = Math.min(pause ?? Number.POSITIVE_INFINITY, longestSeconds ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(wanted) && !isStopping) {
      timer = setTimeout(wake, Math.min(LONGEST_MS, Math.max(1, wanted * 1000)));
      timer.unref();
    }
  }

  function wake(): void {
    if (isStopping) return;
    clearTimeout(timer);
    if (running === undefined) running = loggedApart(run);
    else isWanted = true;
  }

  return {
    wake,
    async stop(graceMs) {
      isStopping = true;
      clearTimeout(timer);
      if (running === undefined) return;
      const late = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref());
      await Promise.race([running, late(graceMs)]);
      stopping.abort(new Error("the bot is stopping"));
      await Promise.race([running, late(LAST_WORDS_MS)]);
    },
  };
}
