/** Wraps a source of metrics so that what Prometheus takes can be told from what the bot itself takes. */
import type { Metrics } from "../../src/ports/metrics.ts";

/** Milliseconds during which at least one request was under way, and how many requests were made. */
export type Spent = { ms: number; requests: number };

const ASKED = ["instant", "range", "alerts", "rules", "targets", "check"] as const;

/** The same source; `take()` gives what was spent since the last call. Requests side by side count once. */
export function timed(source: Metrics): { readonly source: Metrics; readonly take: () => Spent } {
  let spent: Spent = { ms: 0, requests: 0 };
  let underWay = 0;
  let since = 0;
  const watch = async <T>(work: () => Promise<T>): Promise<T> => {
    if (underWay++ === 0) since = performance.now();
    spent.requests++;
    try {
      return await work();
    } finally {
      if (--underWay === 0) spent.ms += performance.now() - since;
    }
  };
  const wrapped: Record<string, unknown> = {};
  for (const name of ASKED) {
    const call = source[name] as (...args: unknown[]) => Promise<unknown>;
    wrapped[name] = (...args: unknown[]) => watch(() => call.apply(source, args));
  }
  return {
    source: Object.assign(Object.create(source) as Metrics, wrapped),
    take() {
      const taken = spent;
      spent = { ms: 0, requests: 0 };
      return taken;
    },
  };
}

/** The value below which that share of the values lies (nearest rank). NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
