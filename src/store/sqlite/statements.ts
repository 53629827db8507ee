import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { StoreError, storeError } from "../errors.ts";
import type { RowSchema } from "../rows.ts";

export type Statements = ReturnType<typeof statements>;

/** Statements, prepared when first used, with errors as sentences. */
export function statements(db: DatabaseSync, path: string) {
  const prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  function guarded<T>(work: () => T): T {
    if (!db.isOpen) throw new StoreError("closed", `the store in ${path} was used after it had been closed`);
    try {
      return work();
    } catch (cause) {
      throw storeError(path, cause);
    }
  }

  function statement(text: string) {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    const made = db.prepare(text);
    prepared.set(text, made);
    return made;
  }

  /** Returns how many rows changed. */
  function run(text: string, values: readonly SQLInputValue[]): number {
    return guarded(() => Number(statement(text).run(...values).changes));
  }

  return {
    run,
    inserted: (text: string, values: readonly SQLInputValue[]): boolean => run(text, values) > 0,
    all<T>(schema: RowSchema<T>, text: string, values: readonly SQLInputValue[]): T[] {
      return guarded(() => statement(text).all(...values)).map((row) => {
        const read = schema().safeParse(row);
        if (read.success) return read.data;
        const what = read.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ");
        throw new StoreError(
          "corrupt",
          `a row in ${path} cannot be read: ${what}. It was damaged or edited by hand: delete that row, or restore a backup.`,
        );
      });
    },
    /** Commits within `work` do not wait for the disk: whoever calls this has to. */
    unsynced<T>(work: () => T): T {
      return guarded(() => {
        db.exec("PRAGMA synchronous = NORMAL");
        try {
          return work();
        } finally {
          db.exec("PRAGMA synchronous = FULL");
        }
      });
    },
    /** All or nothing. IMMEDIATE, since a transaction that starts as a reader can fail when it turns writer. */
    together<T>(work: () => T): T {
      return guarded(() => {
        statement("BEGIN IMMEDIATE").run();
        try {
          const result = work();
          statement("COMMIT").run();
          return result;
        } catch (cause) {
          if (db.isTransaction) db.exec("ROLLBACK");
          throw cause;
        }
      });
    },
  };
}

/** SQLite takes a negative limit for "no limit". */
export function atMost(limit: number): number {
  return Math.max(0, Math.floor(limit));
}
