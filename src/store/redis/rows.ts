import type { Lease } from "../../ports/store.ts";
import { StoreError } from "../errors.ts";
import type { RowSchema } from "../rows.ts";
import type { Db, Op, Range } from "./client.ts";

/** Rows as SQLite has them, by column: one JSON object each. `body` holds JSON as text. */
export type Row = Readonly<Record<string, unknown>>;

/** By which indexes a row is found, and its score in each. */
export type Indexes = Readonly<Record<string, number>>;

/** Names are put together so that none can be taken for another. */
export function named(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** The operation that stores a row, new or not, and where it is found from now on. */
export function put(table: string, id: string, row: Row, indexes: Indexes): Op {
  return ["put", table, id, JSON.stringify(row), ...Object.entries(indexes).flat()];
}

/** The check that a row is still the text that was read, or still not there. */
export function still(table: string, id: string, text: string | undefined): Op {
  return text === undefined ? ["none", `t:${table}`, id] : ["is", `t:${table}`, id, text];
}

/** Reads a row's text. Throws `StoreError` ("corrupt") for one that was damaged. */
export function rowOf(text: string): Row {
  try {
    return JSON.parse(text) as Row;
  } catch {
    throw corrupt("it is not JSON");
  }
}

/** A row as its schema reads it. Throws `StoreError` ("corrupt"). */
export function parsed<T>(schema: RowSchema<T>, row: Row): T {
  const read = schema().safeParse(row);
  if (read.success) return read.data;
  throw corrupt(read.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; "));
}

function corrupt(what: string): StoreError {
  return new StoreError(
    "corrupt",
    `a row in Redis cannot be read: ${what}. It was damaged or edited by hand: delete that row, or restore a backup.`,
  );
}

/** One table with its schema and its indexes. */
export type Table<T> = {
  get(id: string): Promise<T | undefined>;
  page(index: string, range?: Range): Promise<T[]>;
  /** Stores a row that is not there yet: false when it is. Writes after it are made in the same step. */
  add(id: string, row: Row, ...more: readonly Op[]): Promise<boolean>;
  /** Changes a row, if it is there and `by` gives another: false when nothing was changed. */
  change(id: string, by: (row: Row) => Row | undefined, ...more: readonly Op[]): Promise<boolean>;
  put(id: string, row: Row): Op;
};

export function table<T>(
  db: Db,
  name: string,
  schema: RowSchema<T>,
  indexesOf: (row: Row, id: string) => Indexes,
): Table<T> {
  const putRow = (id: string, row: Row) => put(name, id, row, indexesOf(row, id));
  return {
    async get(id) {
      const text = await db.get(name, id);
      return text === undefined ? undefined : parsed(schema, rowOf(text));
    },
    async page(index, range) {
      return (await db.page(name, index, range)).map(({ text }) => parsed(schema, rowOf(text)));
    },
    async add(id, row, ...more) {
      return (await db.step([still(name, id, undefined), putRow(id, row), ...more])) === "ok";
    },
    async change(id, by, ...more) {
      for (;;) {
        const text = await db.get(name, id);
        const next = text === undefined ? undefined : by(rowOf(text));
        if (next === undefined) return false;
        if ((await db.step([still(name, id, text), putRow(id, next), ...more])) === "ok") return true;
      }
    },
    put: putRow,
  };
}

/** No more than asked for; 0 for a limit below. */
export function atMost(limit: number): number {
  return Math.max(0, Math.floor(limit));
}

/** Whether somebody else has that row in hand. */
export function isAnothers({ owner, held }: Row, lease: Lease | undefined): boolean {
  return lease !== undefined && held !== undefined && owner !== lease.owner && Number(held) > lease.now;
}
