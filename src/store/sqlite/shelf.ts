import type { Shelf, Shelvable } from "../../ports/shelf.ts";
import { ShelfRow } from "../rows.ts";
import type { Ledger } from "../seal.ts";
import { atMost, type Statements } from "./statements.ts";

/** A `Shelf` on SQLite. What stands on it is the bot's own JSON, so only what every such thing has is looked at closely. */
export function sqliteShelf<T extends Shelvable>(shelf: string, sql: Statements, ledger: Ledger): Shelf<T> {
  const all = (text: string, values: readonly (string | number)[]) =>
    sql.all(ShelfRow, text, values).map((one) => one as unknown as T);
  return {
    async get(id) {
      return all("SELECT body FROM shelves WHERE shelf = ? AND id = ?", [shelf, id])[0];
    },
    async open() {
      return all("SELECT body FROM shelves WHERE shelf = ? AND ended IS NULL ORDER BY seq", [shelf]);
    },
    async save(items, entries) {
      return ledger.together(() => {
        const known = new Map(
          all("SELECT body FROM shelves WHERE shelf = ? AND id IN (SELECT value FROM json_each(?))", [
            shelf,
            JSON.stringify(items.map(({ id }) => id)),
          ]).map(({ id, revision }) => [id, revision]),
        );
        if (items.some(({ id, revision }) => revision !== (known.get(id) ?? 0) + 1)) return false;
        if (entries.length > 0) ledger.seal(entries);
        for (const one of items)
          sql.run(
            `INSERT INTO shelves (shelf, id, at, revision, ended, shown, body) VALUES (?, ?, ?, ?, ?, 0, ?)
             ON CONFLICT (shelf, id) DO UPDATE SET revision = excluded.revision, ended = excluded.ended, body = excluded.body`,
            [shelf, one.id, one.madeAt, one.revision, one.endedAt ?? null, JSON.stringify(one)],
          );
        return true;
      });
    },
    async unshown(limit) {
      return all("SELECT body FROM shelves WHERE shelf = ? AND shown < revision ORDER BY seq LIMIT ?", [
        shelf,
        atMost(limit),
      ]);
    },
    async shown(id, revision) {
      sql.run("UPDATE shelves SET shown = ?1 WHERE shelf = ?2 AND id = ?3 AND shown < ?1", [revision, shelf, id]);
    },
  };
}
