import { cutoff, type Retention, TABLES, type Table } from "../retention.ts";
import type { Db, Found, Op } from "./client.ts";
import { isOfLive } from "./incidents.ts";
import { isStillShown } from "./outbox.ts";

/** Rows deleted in one step, and steps for one table in one call. */
const ROWS = 500;
const STEPS = 200;

/** What retention leaves alone however old it is, beyond what no age is kept of. */
const KEPT: Partial<Record<Table, (db: Db, texts: readonly string[]) => Promise<readonly boolean[]>>> = {
  alerts: isOfLive,
  outbox: isStillShown,
};

/** Deletes what is past its retention, in bounded steps. Returns how many rows went, per table. */
export async function prune(db: Db, retention: Retention, now: number): Promise<Record<string, number>> {
  const gone: Record<string, number> = {};
  for (const table of TABLES) {
    const before = cutoff(table, retention, now);
    gone[table] = before === undefined ? 0 : await pruneTable(db, table, before);
  }
  return gone;
}

async function pruneTable(db: Db, table: Table, before: number): Promise<number> {
  let gone = 0;
  let skip = 0;
  for (let step = 0; step < STEPS; step++) {
    const old = await db.page(table, "age", { max: `(${before}`, skip, limit: ROWS });
    const isKept = await KEPT[table]?.(
      db,
      old.map(({ text }) => text),
    );
    const over = old.filter((_, i) => isKept?.[i] !== true);
    // Only what is still as old as it was: it may have been renewed since.
    if (over.length > 0) await db.step(over.flatMap((one) => removal(table, one, before)));
    gone += over.length;
    skip += old.length - over.length;
    if (old.length < ROWS) break;
  }
  return gone;
}

function removal(table: Table, { id }: Found, before: number): readonly Op[] {
  return [["expire", table, id, before], ...(table === "answers" ? [["del", "answered", id] as const] : [])];
}
