import { lastSignOf, NO_SIGN_OF_LIFE, noSignOfLife, signOfLife } from "../core/incident/heartbeat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Take } from "../ports/incidents.ts";
import type { Store } from "../ports/store.ts";

export type SignOfLifeDeps = {
  readonly store: Pick<Store, "incidents">;
  readonly clock: Clock;
  readonly take: Take;
  /** Seconds within which one has to come, as it is set now; undefined where nobody waits for any. */
  readonly within: () => number | undefined;
};

/** Seconds between two looks at most. */
const LOOK_EVERY = 30;
/** Looks further apart than this: the process slept, the store was away, or another one looked meanwhile. */
const apart = (within: number): number => Math.max(45, Math.min(120, within / 4));

/**
 * A dead man's switch: an incident when the alert that always fires (Watchdog) did not come for so long, because then the others may not come
 * either. It ends with the next one that comes. Whoever begins to look waits for half of that time at least, and for all of it where none is known
 * to have come. Resolves with the seconds until the next look; rejects when the store cannot be read or written.
 */
export function watchForSigns({ store, clock, take, within }: SignOfLifeDeps): () => Promise<number> {
  let since = -Infinity;
  let lastLook = -Infinity;
  let last: number | undefined;
  return async () => {
    const seconds = within();
    const now = clock();
    const [known] = await store.incidents.alerts([NO_SIGN_OF_LIFE]);
    if (seconds === undefined || now - lastLook > apart(seconds)) since = now;
    lastLook = now;
    const fires = known !== undefined && known.endsAt === undefined;
    if (seconds === undefined) {
      // Nobody waits for them any more.
      if (fires) await take([signOfLife(now)]);
      return LOOK_EVERY;
    }
    if (fires) return LOOK_EVERY;
    // Retention may forget when it came.
    last = lastSignOf(known) ?? last;
    const due = last === undefined ? since + seconds : Math.max(last + seconds, since + seconds / 2);
    if (now >= due) await take([noSignOfLife(seconds, due, now)]);
    return Math.min(LOOK_EVERY, Math.max(1, due - now));
  };
}
