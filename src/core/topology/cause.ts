import type { Dependency } from "./join.ts";

/** What explains an incident of several things, as who calls whom and what began first tell it. */
export type LikelyCause = {
  readonly name: string;
  /** When it began, unix seconds. */
  readonly at: number;
  /** All that call it and are in the incident began later, or at once. Else something that calls it began before: then it is a guess. */
  readonly isFirst: boolean;
  /** Those that lead to it, the earliest first, by their shortest way. */
  readonly callers: readonly { readonly name: string; readonly at: number; readonly way: Dependency["way"] }[];
};

/**
 * The thing that others in the incident call and that calls none of them; of several such, the one that more lead to, then the earliest. Undefined where
 * there is no dependency.
 */
export function likelyCause(dependencies: readonly Dependency[]): LikelyCause | undefined {
  const began = new Map<string, number>();
  const begins = (name: string, at: number) => began.set(name, Math.min(began.get(name) ?? at, at));
  for (const { way, callerAt, calleeAt } of dependencies) {
    begins(way[0]?.caller ?? "", callerAt);
    begins(way.at(-1)?.callee ?? "", calleeAt);
  }
  const callers = new Set(dependencies.map(({ way }) => way[0]?.caller));
  const last = [...began.keys()].filter((name) => !callers.has(name));
  const found = last
    .map((name) => ({ name, at: began.get(name) ?? 0, callers: leadingTo(name, dependencies, began) }))
    .sort((a, b) => b.callers.length - a.callers.length || a.at - b.at)[0];
  return found && { ...found, isFirst: found.callers.every(({ at }) => at >= found.at) };
}

function leadingTo(
  name: string,
  dependencies: readonly Dependency[],
  began: ReadonlyMap<string, number>,
): LikelyCause["callers"] {
  const ways = new Map<string, Dependency["way"]>();
  const add = (to: string, after: Dependency["way"]) => {
    for (const { way } of dependencies) {
      const caller = way[0]?.caller ?? "";
      if (way.at(-1)?.callee !== to || ways.has(caller) || caller === name) continue;
      ways.set(caller, [...way, ...after]);
      add(caller, [...way, ...after]);
    }
  };
  add(name, []);
  return [...ways]
    .map(([caller, way]) => ({ name: caller, at: began.get(caller) ?? 0, way }))
    .sort((a, b) => a.at - b.at);
}
