import { z } from "zod";
import { formatValue } from "../../core/units.ts";
import type { Action, Ran } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { argumentsOf, entryName } from "../shared/patterns.ts";
import { actionOf, identityOf, type PostgresWorld } from "./action.ts";
import { OURS, type Session, serviceOf } from "./client.ts";

const NAME = "must be the name of a replication slot: lower-case letters, digits and underscores";

const schema = argumentsOf({
  database: entryName.optional(),
  slot: z.string(NAME).regex(/^[a-z0-9_]{1,63}$/, NAME),
});

/** `postgres/drop_slot`: drops a replication slot that nobody uses, so that the server need not keep its WAL any more. */
export function dropSlot(world: PostgresWorld): Action {
  return actionOf<z.output<typeof schema>>(
    {
      name: "postgres/drop_slot",
      changes: true,
      schema,
      forbids: () => undefined,
      async look({ slot }, db, session) {
        const row = await slotOf(slot, session);
        if (row === undefined) throw new RefusedError(serviceOf(db), 404, `there is no replication slot ${slot}`);
        if (row["active"] === true)
          throw new RefusedError(
            serviceOf(db),
            409,
            `the replication slot ${slot} is in use by process ${row["active_pid"]}: only an unused one is dropped`,
          );
        const kept = row["kept"] === null ? "an unknown amount" : formatValue(Number(row["kept"]), "bytes");
        const kind = {
          type: String(row["type"]),
          plugin: String(row["plugin"] ?? ""),
          slot_database: String(row["database"] ?? ""),
        };
        return {
          identity: { ...(await identityOf(db, session)), slot, ...kind },
          precondition: { active: false, restart_lsn: String(row["lsn"] ?? "") },
          captured: { slot, ...kind, restart_lsn: String(row["lsn"] ?? "") },
          facts: [
            `${slot} is an unused ${kind.type} slot${kind.plugin === "" ? "" : ` of ${kind.plugin}`}, and keeps ${kept} of WAL.`,
            "Whoever read from it has to be set up anew: the position cannot be brought back.",
          ],
          blast: {
            kind: "known",
            text: `The replication slot ${slot} on ${db.name}, and whatever replica or consumer was to go on from it.`,
          },
        };
      },
      simulate: ({ slot }) => ({ kind: "cannot", why: `Dropping the slot ${slot} has no dry run.` }),
      async run({ slot }, _, session, { identity, precondition }): Promise<Ran> {
        // One statement sees that it is the same and unused, and drops it; the server refuses one that came into use in between.
        const dropped = await session.rows(
          `select pg_drop_replication_slot(slot_name) from pg_replication_slots
           where slot_name = $1 and not active and slot_type = $2 and coalesce(plugin, '') = $3 and coalesce(restart_lsn::text, '') = $4`,
          [slot, identity["type"] ?? "", identity["plugin"] ?? "", String(precondition["restart_lsn"] ?? "")],
        );
        const left = await slotOf(slot, session);
        if (dropped.length === 0)
          return {
            outcome: "failed",
            output:
              left === undefined
                ? `There is no slot ${slot} any more. Nothing was done.`
                : `The slot ${slot} is in use or was used since this was shown. Nothing was done.`,
          };
        if (left !== undefined)
          return { outcome: "failed", output: `The server reported no error, yet there is a slot ${slot}.` };
        return { outcome: "succeeded", output: `The slot ${slot} was dropped.` };
      },
      async probe({ slot }, _, session, { key }) {
        const [running] = await session.rows(
          "select 1 from pg_stat_activity where application_name = $1 and state = 'active'",
          [`${OURS}${key}`],
        );
        if (running !== undefined) return { found: "unknown", text: `The slot ${slot} is still being dropped.` };
        return (await slotOf(slot, session)) === undefined
          ? { found: "ran", text: `There is no slot ${slot} any more.` }
          : { found: "not_run", text: `The slot ${slot} is still there.` };
      },
    },
    world,
  );
}

async function slotOf(slot: string, session: Session) {
  const [row] = await session.rows(
    `select active, active_pid, slot_type as type, plugin::text as plugin, database::text as database, restart_lsn::text as lsn,
       case when pg_is_in_recovery() then null else pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text end as kept
     from pg_replication_slots where slot_name = $1`,
    [slot],
  );
  return row;
}
