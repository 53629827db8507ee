import type { Period } from "../../core/digest/counts.ts";
import type { Store } from "../../ports/store.ts";

/** What is exported: rows of one kind, and the page that they stand on. */

/** `cells`: what stands in the columns, where that is not the JSON itself. */
export type Row = {
  /** When it began, unix seconds. */
  readonly at: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly cells?: Readonly<Record<string, unknown>>;
};

export type Kind = {
  readonly title: string;
  readonly columns: readonly string[];
  /** Rows that began within the period, oldest first. */
  readonly read: (store: Store, period: Period) => Promise<readonly Row[]>;
  /** The column that a chart of them counts by. */
  readonly group: string;
};

export type Page = Omit<Kind, "read"> & { readonly period: Period; readonly zone: string };
