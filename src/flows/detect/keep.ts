import type { Anomaly } from "../../core/watch/anomaly.ts";
import type { TrackEvent } from "../../core/watch/track.ts";
import type { DetectDeps } from "./deps.ts";
import type { Tally } from "./tally.ts";

/** Anomalies between a round and the store. */

type KeepDeps = Pick<DetectDeps, "store">;

/** What is known already goes on as what it was, from how it is stored: it came back, or its points were read before by somebody who is gone. */
export async function recall(
  { store }: KeepDeps,
  happened: readonly { readonly id: string; readonly event: TrackEvent }[],
  open: Map<string, Anomaly>,
): Promise<void> {
  for (const { id } of happened.filter(({ id, event }) => event !== "over" && !open.has(id))) {
    const kept = await store.detection.anomaly(id);
    if (kept !== undefined) open.set(id, kept);
  }
}

/** Writes what changed, in one transaction, and notes it: what is open, and the tally of the round. */
export async function keep(
  { store }: KeepDeps,
  change: Parameters<KeepDeps["store"]["detection"]["commit"]>[0],
  open: Map<string, Anomaly>,
  tally: Tally,
): Promise<void> {
  const { anomalies = [] } = change;
  if (change.watch === undefined && anomalies.length === 0) return;
  await store.detection.commit(change);
  for (const one of anomalies) {
    if (one.status === "open") open.set(one.id, one);
    else open.delete(one.id);
    tally.changed(one);
  }
}
