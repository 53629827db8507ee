import type { Clock } from "../ports/clock.ts";
import type { Detection } from "../ports/detection.ts";

/** Which of several processes does a job that one at a time should do: whoever holds its claim in the store, for as long as it renews it. */
export type Lead = {
  /** Takes or renews the claim where it can be had. Rejects when the store cannot be asked. */
  readonly leads: () => Promise<boolean>;
  /** Lets another one have it at once. */
  readonly release: () => Promise<void>;
};

/** Seconds after which another process takes over from one that died; renewed when a third of it is over. */
const LEASE_SECONDS = 15;

export function createLead(
  claims: Pick<Detection, "claim" | "release">,
  job: string,
  owner: string,
  clock: Clock,
): Lead {
  let until = 0;
  let asking: Promise<boolean> | undefined;

  async function ask(now: number): Promise<boolean> {
    const next = now + LEASE_SECONDS;
    const won = await claims.claim(job, now, owner, now, next);
    until = won === "lost" ? 0 : next;
    return won !== "lost";
  }

  return {
    async leads() {
      const now = clock();
      // A clock that was set back says nothing about the claim.
      if (until - now > (LEASE_SECONDS * 2) / 3 && until - now <= LEASE_SECONDS) return true;
      asking ??= ask(now).finally(() => {
        asking = undefined;
      });
      return asking;
    },
    async release() {
      if (until === 0) return;
      until = 0;
      await claims.release(job, owner);
    },
  };
}
