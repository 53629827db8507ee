import type { AuditEntry } from "../core/audit.ts";
import type { Whom } from "../core/personal.ts";

/** Rows by table, each by column as it is stored. */
export type PersonalRows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** What is stored about people, wherever it stands. Nobody else may write meanwhile. */
export interface Personal {
  /** Every row that names them. Tables without one are left out. */
  of(whom: Whom): Promise<PersonalRows>;
  /**
   * Takes them out of every row, `as` standing in their place; what was theirs alone goes. Records of the audit stay as they are, since they
   * hold ids that nobody can tell any more. With the entries in the audit. Gives back how many rows changed or went, by table.
   */
  forget(whom: Whom, as: string, entries: readonly AuditEntry[]): Promise<Readonly<Record<string, number>>>;
}
