import type { Db } from "./client.ts";

const ROWS = 500;

/** Pages of a table's rows, in the order in which they came. */
export async function* tableOf(
  db: Db,
  table: string,
): AsyncGenerator<readonly { readonly id: string; readonly text: string }[]> {
  const stands = await db.read((redis, prefix) => redis.hgetall(`${prefix}m:${table}`));
  const ids = Object.entries(stands)
    .map(([id, json]) => ({ id, at: String((JSON.parse(json) as readonly string[])[0]) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ id }) => id);
  for (let at = 0; at < ids.length; at += ROWS) {
    const page = ids.slice(at, at + ROWS);
    const texts = await db.many(table, page);
    yield page.flatMap((id, i) => (texts[i] === undefined ? [] : [{ id, text: texts[i] }]));
  }
}
