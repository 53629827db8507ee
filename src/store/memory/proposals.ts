import { HOLDING, OPEN, type Proposal } from "../../core/proposal.ts";
import type { Proposals } from "../../ports/store.ts";
import { EPOCH, restoredPart } from "../restored.ts";
import { sameKey } from "../same.ts";
import { insistOnEntries, type Ledger } from "../seal.ts";
import { copy } from "./copy.ts";

export type Kept = { readonly proposal: Proposal; readonly changed: number; readonly shown: number };

/** `Proposals` in memory. `all` keeps them in the order they came in; `use` is the store's own door. */
export function memoryProposals(
  all: Map<string, Kept>,
  ledger: Ledger,
  use: <T>(work: () => T) => Promise<T>,
): Proposals {
  const { restored, acceptRestored } = restoredPart(ledger);
  const some = (wanted: (one: Proposal) => boolean) =>
    [...all.values()].find(({ proposal }) => wanted(proposal))?.proposal;

  return {
    insert: (given, entries) =>
      use(() => {
        insistOnEntries(entries);
        const proposal = copy(given);
        const same = sameKey(proposal);
        const taken = all.get(proposal.id)?.proposal;
        if (taken !== undefined) return { kind: "exists" as const, proposal: copy(taken) };
        const open = some((one) => OPEN.has(one.status) && sameKey(one) === same);
        if (open !== undefined && OPEN.has(proposal.status)) return { kind: "same" as const, proposal: copy(open) };
        ledger.together(() => all.set(proposal.id, { proposal, changed: ledger.seal(entries), shown: 0 }));
        return { kind: "inserted" as const };
      }),
    get: (id) =>
      use(() => {
        const found = all.get(id);
        return found && copy(found.proposal);
      }),
    find: ({ status, target, runbook, since, until = Number.POSITIVE_INFINITY, limit, skip = 0, oldestFirst }) =>
      use(() => {
        const found = [...all.values()]
          .map(({ proposal }) => proposal)
          .filter((one) => status?.includes(one.status) ?? true)
          .filter(({ spec }) => target === undefined || spec.target.key === target)
          .filter(({ spec }) => runbook === undefined || spec.runbook?.id === runbook)
          .filter(({ spec }) => since === undefined || spec.createdAt >= since)
          .filter(({ spec }) => spec.createdAt <= until)
          .sort((a, b) => a.spec.createdAt - b.spec.createdAt);
        if (oldestFirst !== true) found.reverse();
        return found.slice(skip, skip + Math.max(0, limit)).map(copy);
      }),
    replace: (given, entries) =>
      use(() => {
        insistOnEntries(entries);
        const next = copy(given);
        const before = all.get(next.id);
        if (before?.proposal.revision !== next.revision - 1 || before.proposal.hash !== next.hash)
          return "stale" as const;
        const holder = some(
          (one) => one.id !== next.id && HOLDING.has(one.status) && one.spec.target.key === next.spec.target.key,
        );
        if (HOLDING.has(next.status) && holder !== undefined) return "held" as const;
        ledger.together(() => all.set(next.id, { ...before, proposal: next, changed: ledger.seal(entries) }));
        return "done" as const;
      }),
    unshown: (limit) =>
      use(() =>
        [...all.values()]
          .filter(({ proposal, shown }) => shown < proposal.revision)
          .sort((a, b) => a.changed - b.changed)
          .slice(0, Math.max(0, limit))
          .map(({ proposal }) => copy(proposal)),
      ),
    shown: (id, revision) =>
      use(() => {
        const found = all.get(id);
        if (found !== undefined && (revision === 0 || found.shown < revision))
          all.set(id, { ...found, shown: revision });
      }),
    epoch: () => use(() => ledger.meta.get(EPOCH) ?? ""),
    restored: () => use(restored),
    acceptRestored: (by, claimed) => use(() => acceptRestored(by, claimed)),
  };
}
