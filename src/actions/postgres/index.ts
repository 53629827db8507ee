import type { Action } from "../../ports/changes.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { redactLines } from "../shared/output.ts";
import type { PostgresWorld } from "./action.ts";
import type { Database } from "./client.ts";
import { cancelQueries } from "./queries.ts";
import { activity, log } from "./reads.ts";
import { dropSlot } from "./slots.ts";
import { vacuum } from "./vacuum.ts";

export type { Database } from "./client.ts";

/** What can be done to PostgreSQL, over a connection of its own for each piece of work. The driver is loaded at the first one. */
export function createPostgresActions(databases: readonly Database[], deps: ActionDeps): readonly Action[] {
  const secrets = [...deps.secrets, ...databases.flatMap(({ password }) => (password === undefined ? [] : [password]))];
  const world: PostgresWorld = { databases, redact: redactLines(secrets) };
  return [cancelQueries, vacuum, dropSlot, activity, log].map((make) => make(world));
}
