import type { Call } from "../core/topology/call.ts";
import { type Graph, NO_GRAPH, remember } from "../core/topology/graph.ts";
import { type CallsQuery, callsQueries, readCalls } from "../core/topology/metrics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import { isNo } from "../util/errors.ts";

export type TopologyDeps = {
  readonly sources: readonly Metrics[];
  readonly clock: Clock;
  /** A source could not be asked, or can be asked again: said once each time that it changes. */
  readonly report: (level: "warn" | "info", message: string, data: Readonly<Record<string, unknown>>) => void;
};

export type TopologyLearner = {
  /** What is known by now. */
  readonly graph: () => Graph;
  /** Looks at every source where it is time to. Resolves with the seconds until the next look. Rejects only when the signal fires. */
  readonly look: (signal: AbortSignal) => Promise<number>;
};

const EVERY_SECONDS = 300;
/**
 * A first look asks about these moments, too, in seconds before now: what is silent at this moment, since it is down or works by night, was called then. Prometheus remembers it, so
 * nothing of it is stored here.
 */
const LOOK_BACK: readonly number[] = [3600, 6 * 3600, 86_400, 3 * 86_400, 7 * 86_400 - 3600];
/** All queries of one look at one source. */
const PATIENCE_MS = 30_000;

/**
 * Metrics of calls -> the graph of who calls whom: one grouped query for each metric that the catalogue has of them (at most `MOST_QUERIES` of a
 * source, `MOST_EDGES` series each), every five minutes.
 */
export function learnTopology({ sources, clock, report }: TopologyDeps): TopologyLearner {
  let graph = NO_GRAPH;
  /** Sources that were looked at, and when each is to be looked at again. */
  const looked = new Set<string>();
  const due = new Map<string, number>();
  const silent = new Set<string>();

  async function lookAt(source: Metrics, signal: AbortSignal): Promise<void> {
    const now = clock();
    const isFirst = !looked.has(source.name);
    const queries = callsQueries(await source.catalogue(signal));
    // What is newest counts most, so it comes last.
    const moments = isFirst ? [...LOOK_BACK].reverse().map((ago) => now - ago) : [];
    for (const at of [...moments, now]) {
      const seen: Call[] = [];
      for (const query of queries) seen.push(...(await callsAt(source, query, at, signal)));
      graph = remember(graph, seen, now);
    }
    looked.add(source.name);
    const edges = graph.calls.size;
    if (isFirst && edges > 0) report("info", "who calls whom is known", { source: source.name, edges });
  }

  return {
    graph: () => graph,
    async look(stopping) {
      for (const source of sources) {
        if (clock() < (due.get(source.name) ?? 0)) continue;
        due.set(source.name, clock() + EVERY_SECONDS);
        const signal = AbortSignal.any([stopping, AbortSignal.timeout(PATIENCE_MS)]);
        try {
          await lookAt(source, signal);
          if (silent.delete(source.name)) report("info", "who calls whom can be read again", { source: source.name });
        } catch (problem) {
          stopping.throwIfAborted();
          if (!isNo(problem) && !signal.aborted) throw problem;
          if (silent.has(source.name)) continue;
          silent.add(source.name);
          report("warn", "who calls whom could not be read: what is known of it counts until it fades", {
            source: source.name,
            err: problem,
          });
        }
      }
      return Math.max(1, Math.min(EVERY_SECONDS, ...[...due.values()].map((at) => at - clock())));
    },
  };
}

async function callsAt(source: Metrics, query: CallsQuery, at: number, signal: AbortSignal): Promise<readonly Call[]> {
  const { name, environment, cluster } = source;
  const where = {
    source: name,
    ...(environment !== undefined && { environment }),
    ...(cluster !== undefined && { cluster }),
  };
  return readCalls(query, await source.instant(query.promql, at, signal), where, at);
}
