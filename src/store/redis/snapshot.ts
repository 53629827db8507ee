import type { AuditRecord } from "../../core/audit.ts";
import type { Db } from "./client.ts";
import { recordOf } from "./ledger.ts";

/** A whole store in Redis as it was at one moment, held in memory. */
export type Snapshot = {
  /** Rows of a table in the order in which they came. */
  readonly rows: (table: string) => readonly { readonly id: string; readonly text: string }[];
  readonly records: readonly AuditRecord[];
  readonly meta: Readonly<Record<string, string>>;
};

/** Reads these tables, the audit and what the store knows of itself in one transaction, which holds up everybody else on that Redis meanwhile. */
export async function snapshotOf(db: Db, tables: readonly string[]): Promise<Snapshot> {
  const replies = await db.read(async (redis, prefix) => {
    const all = redis.multi().lrange(`${prefix}audit`, 0, -1).hgetall(`${prefix}meta`);
    for (const table of tables) all.hgetall(`${prefix}m:${table}`).hgetall(`${prefix}t:${table}`);
    return ((await all.exec()) ?? []).map(([problem, reply]) => {
      if (problem !== null) throw problem;
      return reply;
    });
  });
  const [records, meta, ...hashes] = replies as [
    readonly string[],
    Record<string, string>,
    ...Record<string, string>[],
  ];
  return {
    records: records.map(recordOf),
    meta,
    rows(table) {
      const at = 2 * tables.indexOf(table);
      const [stands = {}, texts = {}] = [hashes[at], hashes[at + 1]];
      return Object.entries(stands)
        .map(([id, json]) => ({ id, text: texts[id] ?? "", at: String((JSON.parse(json) as readonly string[])[0]) }))
        .sort((a, b) => (a.at < b.at ? -1 : 1));
    },
  };
}
