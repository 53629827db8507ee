import { withoutPerson } from "../../core/personal.ts";
import type { Personal } from "../../ports/personal.ts";
import { TABLES_OF_PEOPLE } from "../personal.ts";
import { type SqlRow, TRANSFERS, type Transfer } from "../transfer-rows.ts";
import type { Db } from "./client.ts";
import type { RedisLedger } from "./ledger.ts";
import { rowOf, still } from "./rows.ts";
import { tableOf } from "./tables.ts";

const OF_PEOPLE = TRANSFERS.filter(({ table }) => TABLES_OF_PEOPLE.includes(table));
/** In Redis an answer's line stands apart from the whole of it. */
const BESIDE: Readonly<Record<string, string>> = { answered: "answers" };

/** What is stored about people, in Redis. The record comes first, then each row is a step: what is cut off is done again. */
export function redisPersonal(db: Db, ledger: RedisLedger): Personal {
  async function* rowsOf({ redis, toSql }: Transfer) {
    for await (const page of tableOf(db, redis))
      for (const { id, text } of page) yield { id, text, row: toSql(rowOf(text), id) as SqlRow };
  }

  return {
    async of(whom) {
      const found: Record<string, SqlRow[]> = {};
      for (const transfer of OF_PEOPLE)
        for await (const { row } of rowsOf(transfer)) {
          if (withoutPerson(transfer.table, row, whom, "") === undefined) continue;
          found[transfer.table] = [...(found[transfer.table] ?? []), row];
        }
      return found;
    },
    async forget(whom, as, entries) {
      await ledger.commit(async () => ({ result: undefined, entries }));
      const counts: Record<string, number> = {};
      for (const transfer of OF_PEOPLE) {
        const { table, redis, toRedis } = transfer;
        for await (const { id, text, row } of rowsOf(transfer)) {
          const next = withoutPerson(table, row, whom, as);
          if (next === undefined) continue;
          counts[table] = (counts[table] ?? 0) + 1;
          const beside = BESIDE[redis];
          await db.step([
            still(redis, id, text),
            ...(next === "gone"
              ? [["del", redis, id], ...(beside === undefined ? [] : [["del", beside, id]])]
              : toRedis(next)),
          ]);
        }
      }
      return counts;
    },
  };
}
