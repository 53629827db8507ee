import { sentStartOf } from "../core/incident/alert.ts";
import { isHeartbeat } from "../core/incident/heartbeat.ts";
import { isReceived } from "../core/incident/receivers.ts";
import type { AlertEvent, AlertRecord } from "../core/incident.ts";
import type { Clock } from "../ports/clock.ts";
import type { Take } from "../ports/incidents.ts";
import type { AlertList, ListedAlert } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";

export type ReconcileDeps = {
  readonly list: AlertList;
  /** Names of all lists that are read. The first takes over what those listed that are no more. */
  readonly lists: readonly string[];
  readonly store: Pick<Store, "incidents">;
  readonly clock: Clock;
  readonly take: Take;
  /** Of Alertmanager's receivers, the bot's. Undefined for all that somebody reads. */
  readonly receivers?: readonly string[] | undefined;
};

/**
 * An alert that was in the list and is missing for so long, and in so many looks in a row, is over. Alertmanager forgets its alerts when
 * it restarts, until Prometheus sends them again, which it does at least once in a minute (`--rules.alert.resend-delay`) and at most a
 * few later.
 */
const GONE_SECONDS = 300;
const GONE_LOOKS = 3;
/** Looks further apart are not in a row: the process slept, or another one looked meanwhile. */
const APART_SECONDS = 300;
const MOST_GONE = 10_000;
/** The list that alerts were in whose record names none. */
const ALERTMANAGER = "alertmanager";

/**
 * A list of all that fires -> incidents: for where no webhook reaches the bot, and for what a webhook never says, as that an alert was over
 * while a silence was on. What is muted, or for others, makes no incident, and ends none. Rejects when the list cannot be read: nothing changes then, and
 * what was missing before is counted anew, because the list may come back empty.
 */
export function reconcile({
  list,
  lists,
  store,
  clock,
  take,
  receivers,
}: ReconcileDeps): (signal: AbortSignal) => Promise<void> {
  const missing = createMissing();
  const isListed = ({ isListed: isAnywhere, listedBy = ALERTMANAGER }: AlertRecord) =>
    isAnywhere === true && (listedBy === list.name || (!lists.includes(listedBy) && lists[0] === list.name));
  return async (signal) => {
    const listed = await list.read(signal).catch((problem: unknown) => {
      missing.forget();
      throw problem;
    });
    if (listed === undefined) return missing.forget();
    const at = clock();
    const isApart = (one: ListedAlert) => one.isMuted || !isReceived(one.receivers, receivers);
    const apart = listed.filter(isApart);
    const known = new Set(
      apart.length === 0
        ? []
        : (await store.incidents.alerts(apart.map(({ fingerprint }) => fingerprint)))
            .filter(({ endsAt }) => endsAt === undefined)
            .map(({ fingerprint }) => fingerprint),
    );
    // A sign of life is one, whomever it is routed to; of the way through Alertmanager, where there is one, its own list alone is.
    const isSign = list.name === ALERTMANAGER || !lists.includes(ALERTMANAGER);
    const isTold = (one: ListedAlert) =>
      known.has(one.fingerprint) || (isHeartbeat(one.labels["alertname"]) ? isSign : !isApart(one));
    const told = listed.filter(isTold);
    await take(told.map((one) => eventOf(one, list.name, at)));
    const there = new Set(listed.map(({ fingerprint }) => fingerprint));
    const unseen = await store.incidents.unseenSince(at, MOST_GONE);
    const gone = missing.in(
      unseen.filter((one) => isListed(one) && !there.has(one.fingerprint)),
      at,
    );
    await take(
      gone.map((one) => ({
        fingerprint: one.fingerprint,
        status: "resolved" as const,
        labels: one.labels,
        // The list no longer has its words.
        annotations: { summary: one.summary },
        startsAt: sentStartOf(one),
        endsAt: at,
        at,
      })),
    );
  };
}

/** What was missing in the looks until now: since when, and how often. */
function createMissing() {
  let before = new Map<string, { readonly since: number; readonly looks: number }>();
  let lastLook = 0;
  return {
    forget: () => before.clear(),
    /** Takes what is missing in a look at `at`, and gives back those that are over by that. */
    in(alerts: readonly AlertRecord[], at: number): readonly AlertRecord[] {
      if (at - lastLook > APART_SECONDS) before.clear();
      lastLook = at;
      before = new Map(
        alerts.map(({ fingerprint, seenAt }) => {
          const found = before.get(fingerprint);
          // Somebody else told of it since.
          const isSame = found !== undefined && seenAt < found.since;
          return [fingerprint, isSame ? { ...found, looks: found.looks + 1 } : { since: at, looks: 1 }];
        }),
      );
      return alerts.filter(({ fingerprint }) => {
        const { since = at, looks = 0 } = before.get(fingerprint) ?? {};
        return looks >= GONE_LOOKS && at - since >= GONE_SECONDS;
      });
    },
  };
}

function eventOf(
  { fingerprint, labels, annotations, startsAt, generatorUrl }: ListedAlert,
  listedBy: string,
  at: number,
): AlertEvent {
  return {
    fingerprint,
    status: "firing",
    labels,
    annotations,
    startsAt,
    ...(generatorUrl !== "" && { generatorUrl }),
    at,
    isListed: true,
    listedBy,
  };
}
