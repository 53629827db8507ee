import { z } from "zod";
import { formatValue } from "../../core/units.ts";
import type { Action, Ran } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { isAllowed } from "../shared/glob.ts";
import { argumentsOf, entryName } from "../shared/patterns.ts";
import { actionOf, identityOf, type PostgresWorld } from "./action.ts";
import { type Database, OURS, type Rows, type Session, serviceOf } from "./client.ts";

const NAME = "must be a table with its schema, such as public.orders: letters, digits and underscores";

const schema = argumentsOf({
  database: entryName.optional(),
  table: z.string(NAME).regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}\.[A-Za-z_][A-Za-z0-9_]{0,62}$/, NAME),
  analyze: z.boolean("must be true or false").default(false),
});

/** `postgres/vacuum`: VACUUM of one allowed table, never FULL: it takes no lock that stops readers or writers. */
export function vacuum(world: PostgresWorld): Action {
  return actionOf<z.output<typeof schema>>(
    {
      name: "postgres/vacuum",
      changes: true,
      schema,
      forbids: ({ table }, db) =>
        isAllowed(db.tables, table)
          ? undefined
          : `${table} is none of the tables that may be vacuumed in ${db.name} (${db.tables.join(", ") || "none is configured"}).`,
      async look({ table, analyze }, db, session) {
        const row = await tableOf(table, db, session);
        const dead = Number(row["dead"] ?? 0);
        return {
          identity: { ...(await identityOf(db, session)), table: String(row["oid"]) },
          precondition: { vacuums: String(row["vacuums"] ?? "0") },
          captured: {},
          facts: [
            `${table} takes ${formatValue(Number(row["bytes"]), "bytes")}, with ${formatValue(Number(row["live"] ?? 0), "count")} live and ${formatValue(dead, "count")} dead rows.`,
            row["last"] === null
              ? "It was never vacuumed as far as the statistics go."
              : `It was vacuumed last at ${row["last"]} UTC.`,
          ],
          blast: {
            kind: "known",
            text: `${table} in ${db.name}: reading and writing go on, with more load on the disks${analyze ? ", and its statistics are taken anew" : ""}.`,
          },
        };
      },
      simulate: ({ table }, db) => ({ kind: "cannot", why: `VACUUM of ${table} in ${db.name} has no dry run.` }),
      async run({ table, analyze }, db, session, context): Promise<Ran> {
        const row = await tableOf(table, db, session);
        if (context.identity["table"] !== undefined && String(row["oid"]) !== context.identity["table"])
          return {
            outcome: "failed",
            output: `${table} is another table than the one that was shown. Nothing was done.`,
          };
        if (String(row["vacuums"] ?? "0") !== context.precondition["vacuums"])
          return { outcome: "failed", output: `${table} was vacuumed since this was shown. Nothing was done.` };
        // The server writes the name itself, from its own catalogue.
        await session.rows(`vacuum (${analyze ? "analyze, " : ""}verbose) ${String(row["quoted"])}`);
        const after = await tableOf(table, db, session);
        const said = session.notices.join("\n");
        // A role without the right gets a warning and no error.
        if (/permission denied to (?:vacuum|analyze)|only (?:table|superuser).* can vacuum|skipping it/i.test(said))
          return {
            outcome: "failed",
            output: `${said}\nThe role ${db.user} may not vacuum ${table}: its owner may, and pg_maintain from PostgreSQL 17 on.`,
          };
        const dead = formatValue(Number(after["dead"] ?? 0), "count");
        return { outcome: "succeeded", output: `${said}\n${table} was vacuumed. It has ${dead} dead rows now.`.trim() };
      },
      async probe({ table }, db, session, { key, precondition }) {
        const [running] = await session.rows(
          "select 1 from pg_stat_activity where application_name = $1 and state = 'active'",
          [`${OURS}${key}`],
        );
        if (running !== undefined) return { found: "unknown", text: `VACUUM of ${table} still runs.` };
        const row = await tableOf(table, db, session);
        if (String(row["vacuums"] ?? "0") === precondition["vacuums"])
          return { found: "not_run", text: `No VACUUM of ${table} was completed since.` };
        return { found: "ran", text: `${table} was vacuumed at ${row["last"]} UTC.` };
      },
    },
    world,
  );
}

async function tableOf(table: string, db: Database, session: Session): Promise<Rows[number]> {
  const [name, relation] = table.split(".");
  const [row] = await session.rows(
    `select c.oid::text as oid, format('%I.%I', n.nspname, c.relname) as quoted, pg_total_relation_size(c.oid)::text as bytes,
       s.n_live_tup::text as live, s.n_dead_tup::text as dead, s.vacuum_count::text as vacuums,
       to_char(greatest(s.last_vacuum, s.last_autovacuum) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as last
     from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid
     where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'm')`,
    [name, relation],
  );
  if (row === undefined) throw new RefusedError(serviceOf(db), 404, `there is no table ${table} in ${db.database}`);
  return row;
}
