import { sentStartOf } from "../core/incident/alert.ts";
import type { AlertEvent } from "../core/incident.ts";
import type { Take } from "../ports/incidents.ts";
import type { AlertRouter, Clock, ListedAlert, Store } from "../ports.ts";

export type ReconcileDeps = {
  readonly router: AlertRouter;
  readonly store: Pick<Store, "incidents">;
  readonly clock: Clock;
  readonly take: Take;
};

/**
 * An alert that was in the list and is missing for so long is over. Alertmanager forgets its alerts when it restarts, until Prometheus
 * sends them again, which it does at least once in a minute (`--rules.alert.resend-delay`) and at most a few later.
 */
const GONE_SECONDS = 300;
const MOST_GONE = 10_000;

/**
 * Alertmanager's own list -> incidents: for where no webhook reaches the bot, and for what a webhook never says, as that an alert was over
 * while a silence was on. What is muted makes no incident, and ends none. Rejects when the list cannot be read; nothing changes then.
 */
export function reconcile({ router, store, clock, take }: ReconcileDeps): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    const listed = await router.alerts(signal);
    const at = clock();
    const muted = listed.filter(({ isMuted }) => isMuted);
    const known = new Set(
      muted.length === 0
        ? []
        : (await store.incidents.alerts(muted.map(({ fingerprint }) => fingerprint)))
            .filter(({ endsAt }) => endsAt === undefined)
            .map(({ fingerprint }) => fingerprint),
    );
    const told = listed.filter(({ isMuted, fingerprint }) => !isMuted || known.has(fingerprint));
    await take(told.map((one) => eventOf(one, at)));
    const there = new Set(listed.map(({ fingerprint }) => fingerprint));
    const unseen = await store.incidents.unseenSince(at - GONE_SECONDS, MOST_GONE);
    const gone = unseen.filter(({ isListed, fingerprint }) => isListed === true && !there.has(fingerprint));
    await take(
      gone.map((one) => ({
        fingerprint: one.fingerprint,
        status: "resolved" as const,
        labels: one.labels,
        annotations: {},
        startsAt: sentStartOf(one),
        endsAt: at,
        at,
      })),
    );
  };
}

function eventOf({ fingerprint, labels, annotations, startsAt, generatorUrl }: ListedAlert, at: number): AlertEvent {
  return {
    fingerprint,
    status: "firing",
    labels,
    annotations,
    startsAt,
    ...(generatorUrl !== "" && { generatorUrl }),
    at,
    isListed: true,
  };
}
