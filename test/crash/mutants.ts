import { setTimeout as sleep } from "node:timers/promises";
import type { Proposal } from "../../src/core/proposal.ts";
import type { RemedyDeps } from "../../src/flows/remedy/deps.ts";

/** Mistakes that the crash test must find: each is one that a real bot could make. */
export const MUTANTS = [
  "effect before its note",
  "redo what was cut off",
  "last writer wins",
  "say yes, write later",
  "never look back",
] as const;
export type Mutant = (typeof MUTANTS)[number];

export function mutate(mutant: Mutant | undefined, deps: RemedyDeps): RemedyDeps {
  if (mutant === undefined) return deps;
  const { proposals } = deps.store;
  return { ...deps, store: { ...deps.store, proposals: { ...proposals, ...wrongly(mutant, proposals) } } };
}

type Proposals = RemedyDeps["store"]["proposals"];

/** A moment in which others read what is being written. */
const SLOW_MS = 5;

function wrongly(mutant: Mutant, proposals: Proposals): Partial<Proposals> {
  const forced: Proposals["replace"] = async (next, entries) => {
    const stored = await proposals.get(next.id);
    return proposals.replace({ ...next, revision: (stored?.revision ?? 0) + 1 }, entries);
  };
  switch (mutant) {
    case "effect before its note": {
      // That it started is only remembered, and noted together with the result.
      const remembered = new Map<string, Proposal>();
      return {
        get: async (id) => remembered.get(id) ?? proposals.get(id),
        replace: async (next, entries) => {
          if (next.status !== "started") {
            remembered.delete(next.id);
            return forced(next, entries);
          }
          remembered.set(next.id, next);
          return "done";
        },
      };
    }
    case "redo what was cut off":
      return {
        replace: (next, entries) =>
          proposals.replace(next.status === "unknown" ? { ...next, status: "approved" } : next, entries),
      };
    case "last writer wins":
      return {
        replace: async (next, entries) => {
          await sleep(SLOW_MS);
          return forced(next, entries);
        },
      };
    case "say yes, write later":
      return {
        replace: async (next, entries) => {
          if (next.status !== "approved") return proposals.replace(next, entries);
          setTimeout(() => proposals.replace(next, entries).catch(() => {}), 30);
          return "done";
        },
      };
    case "never look back":
      return {
        replace: async (next, entries) => (next.status === "unknown" ? "done" : proposals.replace(next, entries)),
      };
  }
}
