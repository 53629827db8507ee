import type { Catalogue } from "../../core/catalogue.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { groupFor } from "../../core/watch/group.ts";
import type { Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports.ts";
import type { DetectDeps } from "./deps.ts";
import { explain } from "./explain.ts";
import { groupOfLack } from "./record.ts";

const MOST_UNSHOWN = 2000;

export type Known = {
  /** Everything that is open, by id. */
  readonly open: ReadonlyMap<string, Anomaly>;
  readonly catalogue: Catalogue;
  readonly watches: ReadonlyMap<string, Watch>;
};

/**
 * What shares of a round found of that source and nobody was told of yet -> the same with the message it belongs to and its explanation, of a higher
 * revision where that is something. Each share knew only of what was open before the round. One whose round was not ended, since
 * its process died, is among those of the next. Never throws but for `signal`.
 */
export async function settle(
  deps: Parameters<typeof explain>[0] &
    Pick<DetectDeps, "packs"> & { readonly store: Pick<DetectDeps["store"], "detection"> },
  source: Metrics,
  { open, catalogue, watches }: Known,
  signal: AbortSignal,
): Promise<readonly Anomaly[]> {
  const unshown = await deps.store.detection.unshown(MOST_UNSHOWN);
  const fresh = unshown.filter((one) => one.source === source.name && open.has(one.id) && isFresh(one));
  if (fresh.length === 0) return [];
  const all = new Map(open);
  const grouped: Anomaly[] = [];
  for (const one of fresh.sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1))) {
    const others = [...all.values()].filter(({ id }) => id !== one.id);
    const isAlone = one.group === one.id && !others.some(({ group }) => group === one.id);
    const group = !isAlone
      ? one.group
      : one.kind === "unusual"
        ? groupFor(one, others)
        : groupOfLack(one, others, deps.clock());
    const next = { ...one, group };
    all.set(one.id, next);
    grouped.push(next);
  }
  const explained = new Map<string, Anomaly>();
  for (const [id, own] of Map.groupBy(grouped, (one) => one.watch)) {
    const watch = watches.get(id);
    if (watch === undefined) continue;
    const unusual = own.filter(({ kind }) => kind === "unusual");
    for (const one of await explain(deps, { source, watch, catalogue, packs: deps.packs, signal }, unusual))
      explained.set(...one);
  }
  return grouped.flatMap((one, at) => {
    const next = explained.get(one.id) ?? one;
    const isNews = next !== one || one.group !== fresh[at]?.group;
    return isNews ? [{ ...next, revision: one.revision + 1 }] : [];
  });
}

/** Not explained yet: its course is not there. Lacks have none. */
function isFresh({ kind, points, revision }: Anomaly): boolean {
  if (kind === "unusual") return points.length === 0;
  return (kind === "gone" || kind === "silent") && revision === 1;
}
