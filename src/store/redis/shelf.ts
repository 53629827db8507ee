import type { Shelf, Shelvable } from "../../ports/shelf.ts";
import { ShelfRow } from "../rows.ts";
import type { Db, Op } from "./client.ts";
import type { RedisLedger } from "./ledger.ts";
import { atMost, named, parsed, put, rowOf, still } from "./rows.ts";

const TABLE = "shelves";

/** A `Shelf` in Redis. What stands on it is the bot's own JSON, so only what every such thing has is looked at closely. */
export function redisShelf<T extends Shelvable>(shelf: string, db: Db, ledger: RedisLedger): Shelf<T> {
  const read = (text: string) => parsed(ShelfRow, rowOf(text)) as unknown as T;
  const all = async (index: string, limit?: number) =>
    (await db.page(TABLE, index, limit === undefined ? {} : { limit })).map(({ text }) => read(text));
  const idOf = (id: string) => named(shelf, id);

  return {
    async get(id) {
      const text = await db.get(TABLE, idOf(id));
      return text === undefined ? undefined : read(text);
    },
    open: () => all(`open ${shelf}`),
    save: (items, entries) =>
      ledger.commit(async () => {
        const before = await db.many(
          TABLE,
          items.map(({ id }) => idOf(id)),
        );
        const revisionOf = (text: string | undefined) => (text === undefined ? 0 : read(text).revision);
        if (items.some(({ revision }, i) => revision !== revisionOf(before[i]) + 1)) return { result: false };
        const shownOf = (text: string | undefined) => (text === undefined ? 0 : Number(rowOf(text)["shown"]));
        return {
          result: true,
          checks: items.map(({ id }, i) => still(TABLE, idOf(id), before[i])),
          entries,
          writes: () => items.map((item, i) => putShelved(shelf, item, shownOf(before[i]))),
        };
      }),
    unshown: (limit) => all(`unshown ${shelf}`, atMost(limit)),
    async shown(id, revision) {
      await ledger.commit(async () => {
        const text = await db.get(TABLE, idOf(id));
        if (text === undefined || Number(rowOf(text)["shown"]) >= revision) return { result: undefined };
        const write = putShelved(shelf, read(text), revision);
        return { result: undefined, checks: [still(TABLE, idOf(id), text)], writes: () => [write] };
      });
    },
  };
}

/** The operation that stores a thing of a shelf. */
export function putShelved(shelf: string, item: Shelvable, shown: number): Op {
  const { id, revision, endedAt } = item;
  return put(
    TABLE,
    named(shelf, id),
    { shown, body: JSON.stringify(item) },
    {
      ...(endedAt === undefined ? { [`open ${shelf}`]: 0 } : { age: endedAt }),
      ...(shown < revision && { [`unshown ${shelf}`]: 0 }),
    },
  );
}
