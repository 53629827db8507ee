import { type Call, keyOfCall } from "./call.ts";

/** An edge as it is remembered. `usual`: its rate, evened out over about an hour, so that an outage does not take it away at once. */
export type KnownCall = Call & { readonly usual: number };

/** Who calls whom, of all places. `calls` by `keyOfCall`. */
export type Graph = {
  readonly calls: ReadonlyMap<string, KnownCall>;
  /** Environments and clusters that it has edges of; undefined among them where an edge says none. */
  readonly environments: ReadonlySet<string | undefined>;
  readonly clusters: ReadonlySet<string | undefined>;
  /** What it calls there, and whether it is known there at all. */
  readonly from: (place: GraphPlace, caller: string) => readonly KnownCall[];
  readonly has: (place: GraphPlace, name: string) => boolean;
};

/** Where an edge is: nothing of one place has to do with another. */
export type GraphPlace = { readonly environment: string | undefined; readonly cluster: string | undefined };

/** An edge that nobody saw for so long is forgotten, in seconds; and more edges than this are not kept. */
export const FADES_SECONDS = 7 * 86_400;
export const MOST_CALLS = 5000;
const EVEN_OUT_SECONDS = 3600;

export const NO_GRAPH: Graph = graphOf([]);

/**
 * What is known after another look. Edges that it did not see are kept with their last rate until they fade; beyond `MOST_CALLS` the least used go. Of
 * one edge that a look has twice, the first counts.
 */
export function remember(graph: Graph, seen: readonly Call[], now: number): Graph {
  const calls = new Map<string, KnownCall>();
  for (const call of seen) {
    const key = keyOfCall(call);
    const known = graph.calls.get(key);
    if (calls.has(key)) continue;
    // A look back into the past takes nothing away from what is newer.
    if (known !== undefined && known.seenAt > call.seenAt) continue;
    const share = known === undefined ? 1 : 1 - 2 ** (-Math.max(0, call.seenAt - known.seenAt) / EVEN_OUT_SECONDS);
    calls.set(key, { ...call, usual: (known?.usual ?? 0) * (1 - share) + call.rate * share });
  }
  for (const [key, known] of graph.calls)
    if (!calls.has(key) && known.seenAt > now - FADES_SECONDS) calls.set(key, known);
  const all = [...calls.values()];
  return graphOf(all.length <= MOST_CALLS ? all : all.sort((a, b) => b.usual - a.usual).slice(0, MOST_CALLS));
}

function graphOf(all: readonly KnownCall[]): Graph {
  const from = new Map<string, KnownCall[]>();
  const names = new Set<string>();
  const key = ({ environment, cluster }: Partial<GraphPlace>, name: string) =>
    JSON.stringify([environment ?? null, cluster ?? null, name]);
  for (const call of all) {
    const caller = key(call, call.caller);
    const its = from.get(caller);
    if (its === undefined) from.set(caller, [call]);
    else its.push(call);
    names.add(caller).add(key(call, call.callee));
  }
  return {
    calls: new Map(all.map((call) => [keyOfCall(call), call])),
    environments: new Set(all.map(({ environment }) => environment)),
    clusters: new Set(all.map(({ cluster }) => cluster)),
    from: (place, caller) => from.get(key(place, caller)) ?? [],
    has: (place, name) => names.has(key(place, name)),
  };
}

/** A caller's way to something that it calls, of at most `most` edges, the shortest; of those the busiest. `least`: the share of its caller's calls that each edge has at least. */
export function wayBetween(
  graph: Graph,
  place: GraphPlace,
  caller: string,
  callee: string,
  { most, least }: { readonly most: number; readonly least: number },
): readonly KnownCall[] | undefined {
  let ways: (readonly KnownCall[])[] = [[]];
  const seen = new Set([caller]);
  for (let length = 1; length <= most; length++) {
    const further: (readonly KnownCall[])[] = [];
    for (const way of ways) {
      const out = graph.from(place, way.at(-1)?.callee ?? caller);
      const total = out.reduce((sum, { usual }) => sum + usual, 0);
      for (const call of out) if (call.usual >= least * total && !seen.has(call.callee)) further.push([...way, call]);
    }
    const arrived = further.filter((way) => way.at(-1)?.callee === callee);
    if (arrived.length > 0) return arrived.sort((a, b) => slowest(b) - slowest(a))[0];
    for (const way of further) seen.add(way.at(-1)?.callee ?? "");
    ways = further;
  }
  return undefined;
}

/** Edges to the first of these names that anything calls there, the busiest first. Where a place is not said, any counts, if it is only one. */
export function callersOf(
  graph: Graph,
  { environment, cluster }: GraphPlace,
  names: readonly string[],
): readonly KnownCall[] {
  const fits = (said: string | undefined, own: string | undefined, known: ReadonlySet<string | undefined>) =>
    said === own || (said === undefined && known.size === 1);
  const there = [...graph.calls.values()].filter(
    (call) => fits(environment, call.environment, graph.environments) && fits(cluster, call.cluster, graph.clusters),
  );
  for (const name of names) {
    const found = there.filter(({ callee }) => callee === name);
    if (found.length > 0) return found.sort((a, b) => b.usual - a.usual);
  }
  return [];
}

function slowest(way: readonly KnownCall[]): number {
  return Math.min(...way.map(({ usual }) => usual));
}
