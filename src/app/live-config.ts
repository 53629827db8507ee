import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config.ts";

/** Settings that a running bot takes anew. Everything else takes a restart: it holds connections, secrets or stores. */
const TAKEN_ANEW = {
  routes: "routes",
  maintenance: "maintenance",
  incidents: "incidents",
  oncall: "on-call",
  people: "people",
  roles: "roles",
  access: "access",
  policy: "approvals",
  responders: "responders",
  detection: "watches",
  digests: "digests",
  runbooks: "runbooks",
  costs: "costs",
} as const satisfies Partial<Record<keyof Config, string>>;

type TakenAnew = keyof typeof TAKEN_ANEW;

const isTakenAnew = (key: string): key is TakenAnew => Object.hasOwn(TAKEN_ANEW, key);

/** A configuration whose parts of TAKEN_ANEW are those of the last `take`: whoever reads them when needed has the newest. */
export type LiveConfig = {
  readonly config: Config;
  readonly take: (next: Config) => void;
};

export function liveConfig(first: Config): LiveConfig {
  let now = first;
  const config = { ...first };
  for (const key of Object.keys(TAKEN_ANEW)) {
    if (isTakenAnew(key)) Object.defineProperty(config, key, { enumerable: true, get: () => now[key] });
  }
  return {
    config: Object.freeze(config),
    take: (next) => {
      // What carries changes out stays connected as it was.
      now = { ...next, runbooks: { ...next.runbooks, executors: first.runbooks.executors } };
    },
  };
}

/** What differs between two configurations, as people call it: what can be taken anew, and what takes a restart. */
export function differences(
  was: Config,
  is: Config,
): { readonly taken: readonly string[]; readonly restart: readonly string[] } {
  const keys = (Object.keys(is) as (keyof Config)[]).filter((key) => key !== "notices" && !isSame(was[key], is[key]));
  const onlyFolders = isSame(was.runbooks.executors, is.runbooks.executors);
  const isOnlyExecutors = isSame({ ...was.runbooks, executors: 0 }, { ...is.runbooks, executors: 0 });
  return {
    taken: keys.flatMap((key) =>
      isTakenAnew(key) && !(key === "runbooks" && isOnlyExecutors) ? [TAKEN_ANEW[key]] : [],
    ),
    restart: [...keys.filter((key) => !isTakenAnew(key)), ...(onlyFolders ? [] : ["runbooks.executors"])],
  };
}

/** Whether two settings are the same, secrets included, wherever in the file they stand. */
export function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(bare(a), bare(b));
}

function bare(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("reveal" in value && typeof value.reveal === "function") return value.reveal();
  if (value instanceof Map || value instanceof Set) return [...value].map(bare);
  if (Array.isArray(value)) return value.map(bare);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "where" && key !== "cronWhere")
      .map(([key, one]) => [key, bare(one)]),
  );
}
