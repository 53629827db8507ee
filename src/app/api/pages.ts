import * as z from "zod";
import { HttpProblem } from "../../http/route.ts";

/** Lists in pages, newest first. */

const MOST = 200;
/** Records looked at for one page: with filters that fit nothing, a page may be short while `next` goes on. */
const MOST_LOOKED_AT = 2000;
const BATCH = 250;

/** What every list takes. */
export function pageQuery<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.strictObject({
    ...shape,
    since: moment("Only what began then or later. RFC 3339, with its zone."),
    until: moment("Only what began then or before. RFC 3339, with its zone."),
    limit: z.coerce.number().pipe(z.int().min(1).max(MOST)).default(50).describe("Entries of a page, at most."),
    cursor: z.string().max(200).optional().describe("`next` of the page before."),
  });
}

function moment(what: string) {
  return z.iso
    .datetime({ offset: true, error: "must be a time in RFC 3339 with its zone, as in 2026-01-15T10:00:00Z" })
    .optional()
    .describe(what);
}

/** Several of these words, parted by commas. */
export function listOf<const T extends readonly string[]>(words: T, what: string) {
  const split = (value: unknown) => (typeof value === "string" ? value.split(",") : value);
  return z
    .preprocess(split, z.array(z.enum(words, `must be of ${words.join(", ")}, parted by commas`)).max(words.length))
    .optional()
    .describe(what);
}

export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item).describe("Newest first."),
    next: z.string().nullable().describe("Cursor of the page after; null at the end. A page may be short before it."),
  });
}

export type PageWish = {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

/** Entries of one very moment that pages go through: each page reads anew those that were looked at. */
const MOST_AT_ONE_MOMENT = 10_000;

/** Where a page ended: the time of its last entry, unix seconds, and how many of that very time were looked at. */
const Cursor = z.tuple([z.number(), z.int().min(0).max(MOST_AT_ONE_MOMENT)]);

/**
 * One page. `read` gives the newest that began `until` then or before, at most `limit`. What is added meanwhile is newer, so pages that
 * follow do not shift. Throws `HttpProblem` for a cursor that is none.
 */
export async function pageOf<T>(
  wish: PageWish,
  feed: {
    readonly read: (until: number | undefined, limit: number) => Promise<readonly T[]>;
    readonly atOf: (one: T) => number;
    readonly keep: (one: T) => boolean;
  },
): Promise<{ items: T[]; next: string | null }> {
  const since = secondsOf(wish.since) ?? Number.NEGATIVE_INFINITY;
  let [until, seen] = wish.cursor === undefined ? [secondsOf(wish.until), 0] : readCursor(wish.cursor);
  const items: T[] = [];
  const end = () => ({ items, next: until === undefined ? null : writeCursor([until, seen]) });
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const batch = (await feed.read(until, seen + BATCH)).slice(seen);
    for (const one of batch) {
      const at = feed.atOf(one);
      if (at < since) return { items, next: null };
      if (items.length === wish.limit) return end();
      [until, seen] = [at, at === until ? seen + 1 : 1];
      looked++;
      if (feed.keep(one)) items.push(one);
    }
    if (batch.length < BATCH) return { items, next: null };
  }
  return end();
}

export function secondsOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text) / 1000;
}

export function writeCursor(value: z.infer<typeof Cursor>): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

export function readCursor(text: string): z.infer<typeof Cursor> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    throw new HttpProblem(400, "bad_request", "cursor: must be `next` of an earlier page, as it was given.");
  }
}
