import { TRANSFERS } from "./transfer-rows.ts";

/** Tables whose rows may name people: all that a move to another store takes along, but what is dealt with within minutes. */
export const TABLES_OF_PEOPLE: readonly string[] = TRANSFERS.map(({ table }) => table).filter(
  (table) => table !== "inbox" && table !== "seen_events",
);
