import type { SQLInputValue } from "node:sqlite";
import { z } from "zod";
import { withoutPerson } from "../../core/personal.ts";
import type { Personal } from "../../ports/personal.ts";
import { once } from "../../util/once.ts";
import { TABLES_OF_PEOPLE } from "../personal.ts";
import type { Ledger } from "../seal.ts";
import type { Statements } from "./statements.ts";

const AnyRow = once(() => z.record(z.string(), z.unknown()));
const PAGE = 200;
const NUMBER = "rowid of it";

/** What is stored about people, in SQLite. Forgetting is one transaction. */
export function sqlitePersonal(sql: Statements, ledger: Ledger): Personal {
  function* rowsOf(table: string): Generator<{ readonly number: number; readonly row: Record<string, unknown> }> {
    for (let after = -1; ; ) {
      const page = sql.all(
        AnyRow,
        `SELECT rowid AS "${NUMBER}", * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`,
        [after],
      );
      for (const { [NUMBER]: number, ...row } of page) {
        after = Number(number);
        yield { number: after, row };
      }
      if (page.length < PAGE) return;
    }
  }

  return {
    async of(whom) {
      const found = TABLES_OF_PEOPLE.map((table) => [
        table,
        [...rowsOf(table)].flatMap(({ row }) => (withoutPerson(table, row, whom, "") === undefined ? [] : [row])),
      ]);
      return Object.fromEntries(found.filter(([, rows]) => rows!.length > 0));
    },
    async forget(whom, as, entries) {
      return ledger.together(() => {
        ledger.seal(entries);
        const counts: Record<string, number> = {};
        for (const table of TABLES_OF_PEOPLE)
          for (const { number, row } of rowsOf(table)) {
            const next = withoutPerson(table, row, whom, as);
            if (next === undefined) continue;
            counts[table] = (counts[table] ?? 0) + 1;
            if (next === "gone") sql.run(`DELETE FROM ${table} WHERE rowid = ?`, [number]);
            else {
              const changed = Object.entries(next).filter(([name, value]) => value !== row[name]);
              const sets = changed.map(([name]) => `"${name}" = ?`).join(", ");
              const values = changed.map(([, value]) => value as SQLInputValue);
              sql.run(`UPDATE ${table} SET ${sets} WHERE rowid = ?`, [...values, number]);
            }
          }
        return counts;
      });
    },
  };
}
