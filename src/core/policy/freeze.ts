import type { Risk } from "../runbook.ts";
import { endOfWindow, isInWindow, type Window } from "../window.ts";

/** Time in which nothing but the risks of `allow` may run. */
export type Freeze = Window & { readonly name: string; readonly allow: readonly Risk[] };

/** The freeze that forbids this risk at that moment (unix seconds), and when it ends; undefined when none does. */
export function frozen(
  freezes: readonly Freeze[],
  at: number,
  risk: Risk,
): { readonly name: string; readonly zone: string; readonly until: number } | undefined {
  const holding = freezes.flatMap((freeze) => {
    if (freeze.allow.includes(risk) || !isInWindow(freeze, at)) return [];
    return [{ name: freeze.name, zone: freeze.zone, until: endOfWindow(freeze, at) }];
  });
  return holding.toSorted((a, b) => b.until - a.until)[0];
}
