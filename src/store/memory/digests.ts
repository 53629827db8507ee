import type { KeptDigest } from "../../core/digest/digest.ts";
import type { PlanRecord } from "../../core/digest/schedule.ts";
import type { Digests } from "../../ports/digests.ts";
import type { Ledger } from "../seal.ts";
import { copy } from "./copy.ts";

/** `Digests` in memory, in the map that it is given; `use` is the store's own door. */
export function memoryDigests(
  all: Map<string, KeptDigest>,
  ledger: Ledger,
  use: <T>(work: () => T) => Promise<T>,
): Digests {
  const plans = new Map<string, PlanRecord>();
  const newestFirst = () => [...all.values()].reverse().sort((a, b) => b.slot - a.slot);
  return {
    keep: (digest) =>
      use(() => {
        if (all.has(digest.id)) return false;
        all.set(digest.id, copy(digest));
        return true;
      }),
    revise: (digest) =>
      use(() => {
        if (all.get(digest.id)?.revision !== digest.revision - 1) return false;
        all.set(digest.id, copy(digest));
        return true;
      }),
    newest: (name) =>
      use(() => {
        const found = newestFirst().find((one) => one.name === name);
        return found && copy(found);
      }),
    find: ({ since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, limit }) =>
      use(() =>
        newestFirst()
          .filter(({ slot }) => slot >= since && slot <= until)
          .slice(0, Math.max(0, limit))
          .map(copy),
      ),
    plans: () => use(() => [...plans.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(copy)),
    plan: (record, entries) =>
      use(() => {
        if (record.revision !== (plans.get(record.name)?.revision ?? 0) + 1) return false;
        return ledger.together(() => {
          if (entries.length > 0) ledger.seal(entries);
          plans.set(record.name, copy(record));
          return true;
        });
      }),
  };
}
