import { GUARD_LIMITS, guard } from "./guard.ts";

/** The longest range query that a watch makes. */
const DAYS = 14;

/** What is known of a query that is to be asked again and again. */
export type Look =
  | { readonly ok: true; readonly windowSeconds: number; readonly metrics: readonly string[]; readonly isBare: boolean }
  | { readonly ok: false; readonly reason: string };

/** Whether the guard lets a query pass as a watch: over two weeks at once. Never throws. */
export function lookAtQuery(promql: string): Look {
  const step = Math.ceil((DAYS * 86_400) / (GUARD_LIMITS.points - 1));
  const verdict = guard(promql, { kind: "range", start: 0, end: DAYS * 86_400, step });
  if (!verdict.ok) return verdict;
  const { maxRangeSeconds, metrics, functions } = verdict.info;
  const isBare = functions.length === 0 && metrics.length === 1 && /^[\w:]+\s*(?:\{[^{}]*\})?\s*$/.test(promql);
  return { ok: true, windowSeconds: maxRangeSeconds, metrics, isBare };
}
