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
/** Looks further apart than this: the process slept, or another one looked meanwhile. It waits anew from then on. */
const APART = 120;

/**
 * A dead man's switch: an incident when the alert that always fires (Watchdog) did not come for so long, because then the others may not come
 * either. It ends with the next one that comes. Whoever begins to look gives it the whole time once more. Resolves with the seconds until the next
 * look; rejects when the store cannot be read or written.
 */
export function watchForSigns({ store, clock, take, within }: SignOfLifeDeps): () => Promise<number> {
  let since = -Infinity;
  let lastLook = -Infinity;
  return async () => {
    const seconds = within();
    const now = clock();
    if (seconds === undefined || now - lastLook > APART) since = now;
    lastLook = now;
    const [known] = await store.incidents.alerts([NO_SIGN_OF_LIFE]);
    const fires = known !== undefined && known.endsAt === undefined;
    if (seconds === undefined) {
      // Nobody waits for them any more.
      if (fires) await take([signOfLife(now)]);
      return LOOK_EVERY;
    }
    if (fires) return LOOK_EVERY;
    const due = Math.max(lastSignOf(known) ?? since, since) + seconds;
    if (now >= due) await take([noSignOfLife(seconds, due, now)]);
    return Math.min(LOOK_EVERY, Math.max(1, due - now));
  };
}
