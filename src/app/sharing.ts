import { randomUUID } from "node:crypto";
import type { Config } from "../config.ts";
import type { Shared } from "../flows/receive.ts";
import { createLead, type Lead } from "../jobs/lead.ts";
import type { Clock } from "../ports/clock.ts";
import type { Lease, Store } from "../ports/store.ts";

/** How this process shares its work with others on the same store. Undefined where it is the only one. */
export type Sharing = {
  /** For the inbox of a platform. */
  readonly inbox: Shared;
  /** For an attempt to deliver a message. */
  readonly attempt: () => Lease;
  /** For a job that one of them at a time does. */
  readonly lead: (job: string) => Lead;
  /** Seconds after which it looks at the latest for what the others did: nobody here is woken by that. */
  readonly lookEvery: number;
};

/** Seconds after which what a process had in hand when it died is another's. Renewed while it works on it. */
const INBOX_LEASE = 15;
const RENEW_MS = 4000;
/** Longer than any platform's adapter takes for one attempt. */
const ATTEMPT_LEASE = 60;

export function sharingOf(config: Pick<Config, "redis">, store: Store, clock: Clock): Sharing | undefined {
  if (config.redis === undefined) return undefined;
  const owner = randomUUID();
  const leaseOf = (seconds: number) => (): Lease => ({ owner, now: clock(), until: clock() + seconds });
  return {
    inbox: { lease: leaseOf(INBOX_LEASE), every: (work) => every(RENEW_MS, work) },
    attempt: leaseOf(ATTEMPT_LEASE),
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
