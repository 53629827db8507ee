import type { Clock } from "../../ports/clock.ts";
import type { Detection } from "../../ports/detection.ts";

export type Holding = {
  readonly claims: Pick<Detection, "claim">;
  readonly job: string;
  /** As it was claimed, at the moment `since` of `elapsed`. */
  readonly slot: number;
  readonly since: number;
  readonly owner: string;
  readonly leaseSeconds: number;
  /** Unix seconds, and seconds that never go back. */
  readonly clock: Clock;
  readonly elapsed: Clock;
};

/**
 * Renews a claim on the slot of a job for as long as the work on it lasts, so that it is another's soon after this process died. `signal` aborts when
 * somebody else has it, and when it could not be renewed while it was good: the work ends there. `end` resolves when nothing is renewed any more.
 */
export function hold({ claims, job, slot, since, owner, leaseSeconds, clock, elapsed }: Holding): {
  readonly signal: AbortSignal;
  readonly end: () => Promise<void>;
} {
  const lost = new AbortController();
  let until = since + leaseSeconds;
  let renewals = 0;
  let renewing: Promise<void> | undefined;

  async function renew(): Promise<void> {
    const asked = elapsed();
    // Later than the one before, and long before the next slot: so it counts as one that is ours already.
    const next = slot + ++renewals / 1000;
    const won = await claims.claim(job, next, owner, clock(), clock() + leaseSeconds);
    if (won === "won") until = asked + leaseSeconds;
    else lost.abort(new Error("another process has taken the work over"));
  }

  const timer = setInterval(
    () => {
      if (elapsed() >= until) lost.abort(new Error("the claim on the work could not be renewed in time"));
      else
        renewing ??= renew()
          .catch(() => undefined) // it is good for a while, and tried again
          .finally(() => {
            renewing = undefined;
          });
    },
    (leaseSeconds * 1000) / 3,
  ).unref();

  return {
    signal: lost.signal,
    async end() {
      clearInterval(timer);
      await renewing;
    },
  };
}
