import type { Shelf, Shelvable } from "../../ports/shelf.ts";
import type { Ledger } from "../seal.ts";
import { copy } from "./copy.ts";

export type Shelved = { readonly shelf: string; readonly item: Shelvable; readonly shown: number };

/** A `Shelf` in memory. `all` keeps the order in which things came in, those of other shelves among them. */
export function memoryShelf<T extends Shelvable>(
  shelf: string,
  all: Map<string, Shelved>,
  ledger: Ledger,
  use: <R>(work: () => R) => Promise<R>,
): Shelf<T> {
  const keyOf = (id: string) => JSON.stringify([shelf, id]);
  const find = (wanted: (one: Shelved) => boolean) =>
    [...all.values()].filter((one) => one.shelf === shelf && wanted(one)).map(({ item }) => copy(item) as T);
  return {
    get: (id) => use(() => find(({ item }) => item.id === id)[0]),
    open: () => use(() => find(({ item }) => item.endedAt === undefined)),
    save: (items, entries) =>
      use(() => {
        if (items.some(({ id, revision }) => revision !== (all.get(keyOf(id))?.item.revision ?? 0) + 1)) return false;
        return ledger.together(() => {
          if (entries.length > 0) ledger.seal(entries);
          for (const item of items)
            all.set(keyOf(item.id), { shelf, item: copy(item), shown: all.get(keyOf(item.id))?.shown ?? 0 });
          return true;
        });
      }),
    unshown: (limit) => use(() => find(({ item, shown }) => shown < item.revision).slice(0, Math.max(0, limit))),
    shown: (id, revision) =>
      use(() => {
        const found = all.get(keyOf(id));
        if (found !== undefined && found.shown < revision) all.set(keyOf(id), { ...found, shown: revision });
      }),
  };
}
