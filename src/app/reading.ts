import type { Actions } from "../ports/changes.ts";
import type { AlertRouter } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { ReadOnlyError } from "../util/errors.ts";

/** Ports through which nothing can be changed, for whoever may only read. */

type Reads = {
  readonly [K in keyof Store as Store[K] extends (...args: never[]) => unknown
    ? never
    : K]: readonly (keyof Store[K])[];
};

const SHELF = ["get", "open", "unshown"] as const;

/** What may be called. All else is refused, also what is added later. A conversation, its evidence and what it cost are the question's own. */
const READS: Reads = {
  conversations: ["recent", "append"],
  places: ["get", "all"],
  inbox: ["left"],
  evidence: ["get", "since", "save"],
  lessons: ["of"],
  proposals: ["get", "find", "unshown", "epoch", "restored"],
  incidents: ["get", "find", "earliest", "generation", "live", "alerts", "alertsOf", "unseenSince", "unshown"],
  silences: SHELF,
  overrides: SHELF,
  rollouts: SHELF,
  models: SHELF,
  waste: SHELF,
  looks: SHELF,
  digests: ["newest", "find", "plans"],
  runs: ["of", "since"],
  audit: ["range", "head", "actors", "accounts"],
  stop: ["read"],
  outbox: ["fateOf", "referenceOf", "answerOf", "waiting"],
  feedback: ["count"],
  spending: ["of", "add"],
  forecasts: ["due", "made", "scores", "keep"],
  personal: [],
  detection: ["states", "rounds", "anomaly", "anomalies", "unshown", "postedOf", "opinions", "records"],
};

/** The same store, of which only reading is possible: everything else rejects with `ReadOnlyError`. Closing it does nothing. */
export function readingStore(store: Store): Store {
  const ports = Object.entries(READS).map(([name, reads]) => [
    name,
    only(store[name as keyof Reads], reads as readonly PropertyKey[]),
  ]);
  return {
    ...(Object.fromEntries(ports) as unknown as Pick<Store, keyof Reads>),
    prune: refuse,
    // Leaves nothing but the time of the look, which the bot itself looks at every minute.
    check: () => store.check(),
    latest: () => store.latest(),
    close: async () => {},
  };
}

/** The same Alertmanager, without silences being written or ended. */
export function readingRouter(router: AlertRouter): AlertRouter {
  return only(router, ["alerts", "silences", "matching", "check"]);
}

/** No action at all: neither run nor tried nor looked at. */
export const NO_ACTIONS: Actions = {
  get: () => undefined,
  all: () => [],
  whyMissing: () => new ReadOnlyError().message,
  stop: async () => {},
};

function only<T extends object>(port: T, reads: readonly PropertyKey[]): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return reads.includes(name) ? value.bind(target) : refuse;
    },
  });
}

async function refuse(): Promise<never> {
  throw new ReadOnlyError();
}
