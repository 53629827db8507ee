import { formatDuration } from "../../core/units.ts";
import type { Action } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { inert } from "../../util/inert.ts";
import { argumentsOf, entryName, integer } from "../shared/patterns.ts";
import { actionOf, type PostgresWorld, reads } from "./action.ts";

/** `postgres/activity`: sessions that do something, the longest first, and what each waits for. */
export function activity(world: PostgresWorld): Action {
  return actionOf<unknown>(
    {
      ...reads,
      name: "postgres/activity",
      schema: argumentsOf({ database: entryName.optional() }),
      forbids: () => undefined,
      async run(_, db, session) {
        const rows = await session.rows(
          `select pid, usename, application_name, state, coalesce(wait_event_type || '/' || wait_event, '-') as waits,
             extract(epoch from now() - coalesce(query_start, backend_start))::float8 as seconds, left(query, 200) as query,
             array_to_string(pg_blocking_pids(pid), ',') as blocked_by
           from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state is distinct from 'idle'
           order by query_start nulls last limit 50`,
        );
        const [counts = {}] = await session.rows(
          "select count(*)::int4 as sessions, current_setting('max_connections')::int4 as most from pg_stat_activity where backend_type = 'client backend'",
        );
        const lines = rows.map(
          (row) =>
            `${row["pid"]} ${row["usename"] ?? "?"} ${row["state"] ?? "(hidden)"} ${formatDuration(Number(row["seconds"] ?? 0))} waits for ${row["waits"]}${row["blocked_by"] === "" ? "" : `, blocked by ${row["blocked_by"]}`}: ${inert(String(row["query"] ?? ""))}`,
        );
        return {
          outcome: "succeeded",
          output: [
            ...lines,
            `${rows.length} of the sessions of ${db.database} are at something; ${counts["sessions"]} of ${counts["most"]} connections are taken.`,
          ].join("\n"),
        };
      },
    },
    world,
  );
}

const LOG_BYTES = 256 * 1024;
const NO_LOG = "The server keeps no log of its own: logging_collector is off, or its log goes elsewhere.";

/** `postgres/log`: the last lines of the server's log, where the role may read it. */
export function log(world: PostgresWorld): Action {
  return actionOf<{ readonly lines: number }>(
    {
      ...reads,
      name: "postgres/log",
      schema: argumentsOf({ database: entryName.optional(), lines: integer(1, 2000) }),
      forbids: () => undefined,
      async run({ lines }, db, session) {
        try {
          // pg_monitor may list the folder; that it may not ask which file is the current one was mended in PostgreSQL 16 only.
          const [file] = await session.rows(
            `select current_setting('log_directory') || '/' || name as path, size::text as size from pg_ls_logdir()
             where name !~ '[.](csv|json)$' order by modification desc, name desc limit 1`,
          );
          if (file === undefined) return { outcome: "failed", output: NO_LOG };
          const start = Math.max(0, Number(file["size"]) - LOG_BYTES);
          // As bytes: a cut through a character is an error to a server that reads text.
          const [read = {}] = await session.rows("select pg_read_binary_file($1, $2::bigint, $3::bigint) as bytes", [
            file["path"],
            start,
            LOG_BYTES,
          ]);
          const text = Buffer.from(read["bytes"] as Uint8Array)
            .toString("utf8")
            .trimEnd();
          return { outcome: "succeeded", output: text.split("\n").slice(-lines).join("\n") };
        } catch (problem) {
          if (!(problem instanceof RefusedError)) throw problem;
          if (/could not open directory/.test(problem.message)) return { outcome: "failed", output: NO_LOG };
          if (problem.status !== 403) throw problem;
          return {
            outcome: "failed",
            output: `${problem.message}. To read the log, ${db.user} has to be a member of pg_monitor and may execute pg_read_binary_file(text, bigint, bigint).`,
          };
        }
      },
    },
    world,
  );
}
