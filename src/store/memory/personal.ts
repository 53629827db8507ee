import { withoutPerson } from "../../core/personal.ts";
import type { Personal } from "../../ports/personal.ts";
import type { Ledger } from "../seal.ts";

type Row = Readonly<Record<string, unknown>>;

/** A table in memory, its values as rows. */
export type PersonalTable = {
  readonly table: string;
  readonly rows: () => readonly { readonly key: string; readonly row: Row }[];
  readonly set: (key: string, row: Row) => void;
  readonly drop: (key: string) => void;
};

/** A map as such a table: `more` gives columns that its key holds. */
export function tableOf<V>(
  table: string,
  map: Map<string, V>,
  more: (parts: readonly string[]) => Row = () => ({}),
): PersonalTable {
  const partsOf = (key: string): readonly string[] => {
    try {
      return JSON.parse(key) as readonly string[];
    } catch {
      return [];
    }
  };
  return {
    table,
    rows: () => [...map].map(([key, value]) => ({ key, row: { ...more(partsOf(key)), ...(value as Row) } })),
    set: (key, row) => {
      const added = Object.keys(more(partsOf(key)));
      map.set(key, Object.fromEntries(Object.entries(row).filter(([name]) => !added.includes(name))) as V);
    },
    drop: (key) => map.delete(key),
  };
}

/** What is stored about people, in memory. `actors` are forgotten by the audit's own means. */
export function memoryPersonal(
  tables: () => readonly PersonalTable[],
  actors: { readonly rows: () => readonly Row[]; readonly drop: (row: Row) => void },
  ledger: Ledger,
  use: <T>(work: () => T) => Promise<T>,
): Personal {
  return {
    of: (whom) =>
      use(() => {
        const found: Record<string, Row[]> = {};
        for (const { table, rows } of tables())
          for (const { row } of rows())
            if (withoutPerson(table, row, whom, "") !== undefined) found[table] = [...(found[table] ?? []), row];
        const known = actors.rows().filter((row) => withoutPerson("actors", row, whom, "") !== undefined);
        return structuredClone({ ...found, ...(known.length > 0 && { actors: known }) });
      }),
    forget: (whom, as, entries) =>
      use(() =>
        ledger.together(() => {
          ledger.seal(entries);
          const counts: Record<string, number> = {};
          for (const { table, rows, set, drop } of tables())
            for (const { key, row } of rows()) {
              const next = withoutPerson(table, row, whom, as);
              if (next === undefined) continue;
              counts[table] = (counts[table] ?? 0) + 1;
              if (next === "gone") drop(key);
              else set(key, next);
            }
          for (const row of actors.rows()) {
            if (withoutPerson("actors", row, whom, as) === undefined) continue;
            counts["actors"] = (counts["actors"] ?? 0) + 1;
            actors.drop(row);
          }
          return counts;
        }),
      ),
  };
}
