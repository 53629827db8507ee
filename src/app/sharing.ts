import { randomUUID } from "node:crypto";
import type { Config } from "../config.ts";
import { createLead, type Lead } from "../jobs/lead.ts";
import type { Clock } from "../ports/clock.ts";
import type { Shared, Store } from "../ports/store.ts";

/** How this process shares its work with others on the same store. Undefined where it is the only one. */
export type Sharing = {
  /** For what is in hand of an inbox, and of an outbox. */
  readonly inHand: Shared;
  /** For a job that one of them at a time does. */
  readonly lead: (job: string) => Lead;
  /** Seconds after which it looks at the latest for what the others did: nobody here is woken by that. */
  readonly lookEvery: number;
};

/** Seconds after which what a process had in hand when it died is another's. Renewed while it works on it. */
const LEASE = 15;
const RENEW_MS = 4000;

export function sharingOf(config: Pick<Config, "redis">, store: Store, clock: Clock): Sharing | undefined {
  if (config.redis === undefined) return undefined;
  const owner = randomUUID();
  return {
    inHand: {
      lease: () => ({ owner, now: clock(), until: clock() + LEASE }),
      every: (work) => every(RENEW_MS, work),
    },
    lead: (job) => createLead(store.detection, job, owner, clock),
    lookEvery: 1,
  };
}

/** Repeats work that never rejects, never twice at once, without keeping the process alive. */
function every(ms: number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work().finally(() => {
      running = undefined;
    });
  }, ms).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
