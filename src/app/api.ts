import type { Ask, Overrides } from "../app.ts";
import type { Config } from "../config.ts";
import { reachOf } from "../core/access.ts";
import { BASE, type Caller, type Endpoint } from "../http/api/endpoint.ts";
import { apiRoutes } from "../http/api/index.ts";
import type { LimiterOf, Token } from "../http/api/tokens.ts";
import type { Clock } from "../ports/clock.ts";
import type { Route } from "../ports/http.ts";
import type { AlertRouter, Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { ReadOnlyError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { askEndpoint } from "./api/ask.ts";
import { auditEndpoint } from "./api/audit.ts";
import { recordEndpoints } from "./api/records.ts";
import { NO_ACTIONS, readingRouter, readingStore } from "./reading.ts";

/** The HTTP API, put together: what it has, and who may call it. */

type Deps = {
  readonly store: Store;
  readonly sources: readonly Metrics[];
  /** A bot that only reads. */
  readonly ask: Ask;
  readonly clock: Clock;
};

/** Every address of the API. */
export function endpointsOf(config: Config, { store, sources, ask, clock }: Deps): readonly Endpoint[] {
  return [
    askEndpoint({ ask, clock, zone: config.timezone, questionLength: config.limits.questionLength }),
    ...recordEndpoints({ store, sources }),
    auditEndpoint(store),
  ];
}

/** Its routes; none where no token is configured. */
export function createApi(
  config: Config,
  deps: Deps & { readonly version: string; readonly log: Log; readonly limiterOf: LimiterOf },
): readonly Route[] {
  const { clock, store, version, log, limiterOf } = deps;
  return apiRoutes({
    endpoints: endpointsOf(config, deps),
    tokens: config.api.tokens.map((token) => tokenOf(token, deps.sources)),
    limiterOf,
    version,
    clock,
    called: async (caller, { name, method, path }, noted) => {
      log.info({ program: caller.name, route: `${method} ${BASE}${path}` }, "a program calls the API");
      await store.audit.append(callEntries(caller, name, noted));
    },
  });
}

/** What a bot for programs is built with, besides the parts of the one it stands beside. */
export function readingParts(store: Store, alertmanager: AlertRouter | undefined): Overrides {
  return {
    store: readingStore(store),
    remedy: { actions: NO_ACTIONS },
    suggest: async () => ({ kind: "refused", reason: new ReadOnlyError().message }),
    ...(alertmanager !== undefined && { alertmanager: readingRouter(alertmanager) }),
  };
}

function callEntries({ name }: Caller, operation: string, noted: string) {
  return [
    {
      actor: `token:${name}`,
      platform: "api",
      action: "read",
      id: operation,
      hash: "",
      from: "",
      to: "",
      reason: noted,
    },
  ];
}

/** What its entry opens, by the same rule as for people. A token that opens nothing is known, and refused each time. */
function tokenOf(
  { name, secret, scopes, sources, environments, perMinute }: Config["api"]["tokens"][number],
  all: readonly Metrics[],
): Token {
  const rule = {
    people: ["members" as const],
    ...(sources !== undefined && { sources }),
    ...(environments !== undefined && { environments }),
  };
  const reach = reachOf({ rules: [rule], roles: {} }, asVisitor(name), all);
  const open = reach.allowed ? reach.sources : [];
  return { name, secret, scopes, perMinute, sources: open };
}

function asVisitor(name: string) {
  const user = { platform: "api", id: name, name };
  return { user, place: { platform: "api", channel: name, thread: "" }, isGuest: false, isExternal: false };
}
