import type { Catalogue } from "../../core/catalogue.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { groupFor } from "../../core/watch/group.ts";
import type { Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
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
  const fresh = await freshOf(deps, source, open);
  if (fresh.length === 0) return [];
  const settled = new Map(open);
  for (const { id } of fresh) settled.delete(id);
  const grouped: Anomaly[] = [];
  for (const one of fresh) {
    const others = [...settled.values()];
    const group = one.kind === "unusual" ? groupFor(one, others) : groupOfLack(one, others, deps.clock());
    const next = { ...one, group };
    settled.set(one.id, next);
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

/** What watches find. */
const FOUND: ReadonlySet<Anomaly["kind"]> = new Set(["unusual", "gone", "restarting", "silent"]);

/** Those that no message was made of, in the order of their beginning. */
async function freshOf(
  { store }: { readonly store: Pick<DetectDeps["store"], "detection"> },
  source: Metrics,
  open: ReadonlyMap<string, Anomaly>,
): Promise<readonly Anomaly[]> {
  const unshown = await store.detection.unshown(MOST_UNSHOWN);
  const fresh: Anomaly[] = [];
  for (const one of unshown) {
    if (!FOUND.has(one.kind) || one.source !== source.name || !open.has(one.id)) continue;
    if (one.revision === 1 || (one.points.length === 0 && (await store.detection.postedOf(one.group)).length === 0))
      fresh.push(one);
  }
  return fresh.sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1));
}
